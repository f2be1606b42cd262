"""The stored runs with agents, and what the note on them tells, by the rules that stand in it."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from lop_tutorial.experiments.cartpole_reference import PUBLISHED, PUBLISHED_SEEDS
from lop_tutorial.experiments.own import OWN
from lop_tutorial.interventions import title, without_settings
from lop_tutorial.report.agent_verdicts import (
    change_of_lead,
    late,
    lead,
    of_published,
    overlap,
    probe_excess,
    probe_lost,
    type_by_exponents,
)
from lop_tutorial.running.results import interval
from lop_tutorial.running.table import load

RESULTS = Path(__file__).resolve().parents[1] / "results"
NAMES = (
    *("cartpole_reference", "changing_control", "changing_control_held_out", "changing_games"),
    *("replay_ratio", "probe_scales", "small_rewards", "agent_controls"),
)
NOTE = (RESULTS / "reinforcement.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_a_stored_run_is_whole_and_is_what_the_command_runs(name):
    run, asked = load(name), OWN[name]
    assert run.environment["finished"] is True
    assert re.fullmatch(r"[0-9a-f]{40}", run.environment["commit"]), "the code must have been committed"
    assert run.environment["command"].startswith(f"lop-tutorial reproduce {name} ")
    assert run.config == json.loads(json.dumps(asked.as_config()))
    assert len(run.table.rows) == len(asked.parts) * len(asked.seeds)
    for part in asked.parts:
        assert [row["seed"] for row in run.table.where(**part).rows] == list(asked.seeds)


def test_the_agent_is_held_to_the_published_return():
    last = load("cartpole_reference").table.select("last")
    mean, low, high = interval(last)
    assert f"mean {mean:.1f} ({low:.1f} to {high:.1f})" in NOTE
    assert ", ".join(f"{value:.1f}" for value in last) in NOTE
    published = of_published(*PUBLISHED["CartPole-v1"], PUBLISHED_SEEDS)
    assert overlap(interval(last), published)
    assert "The reference is **held**" in NOTE


def test_the_seed_that_fell_did_so_in_the_last_twentieth():
    curves = load("cartpole_reference").table.select("curve")
    assert (curves[3, 10:19] == 500).all()
    assert curves[3, 19] < 300
    assert (curves[[0, 1, 2, 4], 19] > 485).all()


def signed(values, digits):
    """As the note has an interval."""
    return "{} ({} to {})".format(*(f"{float(value):+.{digits}f}".replace("-", "−") for value in values))


@pytest.mark.parametrize(("name", "digits"), [("changing_control", (0, 1)), ("changing_games", (2, 2))])
def test_the_table_of_methods_is_what_the_stored_run_gives(name, digits):
    table = load(name).table
    for method in dict.fromkeys(row["method"] for row in table.rows):
        called = "Injection" if method == "injection" else title(without_settings(method))
        means = [late(table, name, method=method).mean() for name in ("return", "dead_units", "weight_norm")]
        rank = late(table, "effective_rank", method=method).mean()
        cells = [
            called,
            f"{means[0]:.{digits[0]}f}",
            "" if method == "none" else signed(lead(table, method, "none"), digits[1]),
            "" if method == "retrained" else signed(lead(table, method, "retrained"), digits[1]),
            signed(probe_lost(table, method), 2),
            *(f"{means[1]:.2f}", f"{means[2]:.1f}", f"{rank:.1f}"),
        ]
        assert f"| {' | '.join(cells)} |" in NOTE


def test_what_the_note_says_of_games():
    table = load("changing_games").table
    note = " ".join(NOTE.split())
    told = lead(table, "none", "retrained")
    assert told.low < 0 < told.high
    assert f"No Intv. less Retrained is {signed(told, 2)}, and zero is in it" in note
    returns = {method: table.select("return", method=method) for method in ("none", "retrained")}
    ahead = [signed(interval(of), 2) for of in (returns["none"] - returns["retrained"]).T]
    assert f"breakout by {ahead[6]}; in space_invaders it is {ahead[7]}" in note
    assert f"space_invaders, where the game is new to both, it is {ahead[1]}" in note
    lost = probe_lost(table)
    assert lost.low > 1
    assert lost.high < probe_lost(load("changing_control").table).low
    assert f"by {signed(lost, 2)}. Right" in note
    assert f"dead units {signed(lead(table, 'none', 'retrained', 'dead_units'), 2)}" in note
    norms = [late(table, "weight_norm", method=method).mean() for method in ("none", "retrained")]
    assert norms[0] > 1.5 * norms[1]
    assert lead(table, "none", "retrained", "effective_rank").low > 0
    assert type_by_exponents(table) == "Type-2"
    shrunk = "shrink_and_perturb:shrink=0.4:noise=0.1"
    assert all(lead(table, shrunk, than).high < 0 for than in returns)
    in_last_visits = table.select("return", method=shrunk)[:, -2:]
    assert all((interval(in_last_visits - of[:, -2:]).high < 0).all() for of in returns.values())
    assert late(table, "dead_units", method=shrunk).mean() == pytest.approx(0.7, abs=0.05)
    assert lost.mean - probe_lost(table, shrunk).mean == pytest.approx(0.25, abs=0.01)
    assert type_by_exponents(table, shrunk) == "Type-1"
    held = "l2_init:strength=0.001"
    assert f"above No Intv. by {signed(lead(table, held, 'none'), 2)}" in note
    assert f"above Retrained by {signed(lead(table, held, 'retrained'), 2)}" in note
    over_fresh, over_old = (table.select("return", method=held) - of for of in (returns["retrained"], returns["none"]))
    assert f"it is {signed(interval(over_fresh[:, 7]), 2)} above Retrained in the last visit" in note
    assert f"it was level, {signed(interval(over_fresh[:, 1]), 2)}" in note
    assert interval(over_fresh[:, 0]).low < 0 < interval(over_fresh[:, 0]).high
    assert f"below No Intv., by {signed(interval(over_old[:, 6]), 2)}" in note
    assert late(table, "dead_units", method=held).mean() == pytest.approx(0.14, abs=0.005)
    replaced = "redo:every=100"
    fewer = signed(lead(table, replaced, "none", "dead_units"), 2).replace(" (", ", ").rstrip(")")
    assert f"fewer dead units ({fewer})" in note
    assert all(lead(table, replaced, than).low < 0 < lead(table, replaced, than).high for than in returns)


def test_what_the_note_says_of_the_methods_follows_from_the_rules():
    table = load("changing_control").table
    against_fresh = lead(table, "none", "retrained")
    assert against_fresh.low < 0 < against_fresh.mean
    assert probe_lost(table).low > 4
    assert 0.5 < probe_lost(table, "head_reset").mean < 0.8
    dead = lead(table, "none", "retrained", "dead_units")
    assert dead == pytest.approx((0.03, -0.01, 0.06), abs=0.006)
    assert lead(table, "none", "retrained", "effective_rank") == pytest.approx((1.4, 0.8, 2.0), abs=0.06)
    assert type_by_exponents(table) == "Type-2"
    methods = [part["method"] for part in OWN["changing_control"].parts[2:]]
    helps = [method for method in methods if lead(table, method, "none").low > 0]
    costs = [method for method in methods if lead(table, method, "none").high < 0]
    assert helps == []
    assert costs == ["head_reset", "shrink_and_perturb:shrink=0.4:noise=0.1"]


def test_what_the_note_says_of_the_held_out_task():
    table = load("changing_control_held_out").table
    assert f"No Intv. less Retrained {signed(lead(table, 'none', 'retrained'), 1)}, of a return of −446" in NOTE
    assert round(late(table, "return", method="none").mean()) == -446
    assert f"{signed(probe_lost(table), 2)}. By exponents neither type" in NOTE
    assert type_by_exponents(table) == "neither"


def test_the_table_of_replay_ratios_is_what_the_stored_run_gives():
    table = load("replay_ratio").table
    for updates in (1, 4):
        returns = [late(table, "return", method=name, updates=updates).mean() for name in ("none", "retrained")]
        dead, norm = (
            late(table, name, method="none", updates=updates).mean() for name in ("dead_units", "weight_norm")
        )
        cells = [
            f"{updates}",
            *(f"{value:.0f}" for value in returns),
            signed(lead(table, "none", "retrained", updates=updates), 1),
            signed(probe_lost(table, updates=updates), 2),
            *(f"{dead:.2f}", f"{norm:.1f}", type_by_exponents(table, updates=updates)),
        ]
        assert f"| {' | '.join(cells)} |" in NOTE


def test_what_the_note_says_of_more_updates():
    table = load("replay_ratio").table
    note = " ".join(NOTE.split())
    change = change_of_lead(table, "none", "retrained", many=4, few=1)
    assert change.low < 0 < change.high
    assert f"the difference of the two leads is {signed(change, 1)}" in note
    probe = interval(probe_excess(table, updates=4) - probe_excess(table, updates=1))
    assert probe.low > 0
    assert f"the probe is worse, by {signed(probe, 2)}" in note
    gains = [
        interval(late(table, "return", method=name, updates=4) - late(table, "return", method=name, updates=1))
        for name in ("retrained", "none")
    ]
    assert f"bring it {signed(gains[0], 1)}, and the old one {signed(gains[1], 1)}" in note
    dead = [lead(table, "none", "retrained", "dead_units", updates=updates) for updates in (1, 4)]
    assert f"with one update, {signed(dead[0], 2)}, and as many with four, {signed(dead[1], 2)}" in note


def factor(values, digits=0):
    """A geometric mean over seeds with its interval, as the note has it."""
    return "{} ({} to {})".format(*(f"{10 ** float(end):.{digits}f}" for end in interval(np.log10(values))))


def late_mean(values):
    return 10 ** np.log10(values[:, -3:]).mean(axis=1)


def test_what_the_note_says_of_the_probe_s_scales():
    table = load("probe_scales").table
    at = {name: table.select(name) for name in ("size", "probe", "own_scale", "size_one", "fresh", "fresh_size_one")}
    note = " ".join(NOTE.split()).replace("times that of a fresh network treated likewise ", "")
    sizes = [f"{10 ** np.log10(at['size'][:, phase]).mean():.0f}" for phase in (0, 5)]
    assert "grows from {} after the first phase to {} after the sixth".format(*sizes) in note
    start = at["size"] ** 2 + 1
    assert f"grows by a factor of {factor(at['probe'][:, 5] / at['probe'][:, 0])}" in note
    assert f"before the first step by {factor(start[:, 5] / start[:, 0])}" in note
    left = at["size_one"] / at["fresh_size_one"]
    assert factor(10 ** np.log10(left).mean(axis=1), 1).replace(")", "; all phases)") in note
    assert f"after the first phase {factor(left[:, 0], 1).replace(' (', ' times (')}" in note
    assert f"over the last three {factor(late_mean(left) / left[:, 0], 2).replace(' (', ' of that (')}" in note
    gain = 10 ** np.log10(at["fresh"] / at["fresh_size_one"]).mean(axis=1)
    assert f"error by {factor(gain, 1)}" in note
    assert f"the error grows by {factor(late_mean(at['own_scale']) / at['own_scale'][:, 0], 1)}" in note


def test_what_the_note_says_of_small_rewards():
    """The factor of the probe with rewards as they are and a hundredth as large, the rule, and what fails."""
    table, note = load("small_rewards").table, " ".join(NOTE.split())

    def logs(name, scale, fresh=None):
        old = np.log10(table.select(name, reward_scale=scale))
        return old - np.log10(table.select(fresh, reward_scale=scale)) if fresh else old

    usual, small = (logs("probe", scale, "fresh") for scale in (1.0, 0.01))
    late_usual, late_small = (found[:, -3:].mean(axis=1) for found in (usual, small))
    assert f"with small rewards the factor is 14 ({factor(10**late_small, 1).split('(')[1]}" in note
    low, high = (round(10 ** float(end), -3) for end in interval(late_usual)[1:])
    assert f"with rewards as they are {round(10 ** late_usual.mean(), -3):,.0f} ({low:,.0f} to {high:,.0f})" in note
    assert "1.15 is a quarter of 4.68" in note
    assert (late_small.mean(), late_usual.mean()) == pytest.approx((1.15, 4.68), abs=0.005)
    beyond = interval(late_small - late_usual / 2)
    assert "is {:.2f} ({:.2f} to {:.2f})".format(*beyond) in note
    assert beyond.high < 0, "the account stands, by the rule"
    returns = [late(table, "return", reward_scale=scale) for scale in (0.01, 1.0)]
    assert "level, {:.0f} ({:.0f} to +{:.0f})".format(*interval(returns[0] - returns[1])) in note
    assert f"5.4 times ({factor(10 ** (late_small - small[:, 0]), 1).split('(')[1]}" in note
    own = logs("own_scale", 0.01)
    assert f"9.7 times ({factor(10 ** (own[:, -3:].mean(axis=1) - own[:, 0]), 1).split('(')[1]}" in note
    one = logs("size_one", 0.01, "fresh_size_one")
    assert f"grows, too, from {10 ** one[:, 0].mean():.1f} to {10 ** one[:, -3:].mean():.0f};" in note
    size = 10 ** logs("size", 0.01).mean(axis=0)
    assert f"from {size[0]:.2f} after the first phase to {size[-1]:.1f} after the sixth" in note


def test_the_six_agents_are_those_of_the_changing_world():
    """On another machine, where rounding sets lives apart after some phases: the first probes are equal."""
    again, first = (
        load("probe_scales").table.select("probe"),
        load("changing_control").table.select("probe", method="none"),
    )
    assert again[:, 0] == pytest.approx(first[:, 1], rel=0.2)
    assert np.isclose(again[:, 0], first[:, 1], rtol=0.01).sum() >= 4


def test_what_the_note_says_of_the_long_phase():
    run, asked = load("long_phase"), OWN["long_phase"]
    assert run.environment["finished"] is True
    assert run.environment["command"].startswith("lop-tutorial reproduce long_phase ")
    assert run.config == json.loads(json.dumps(asked.as_config()))
    returns = {name: run.table.select("return", agent=name) for name in ("old", "fresh")}
    assert {of.shape for of in returns.values()} == {(6, 9)}
    late_on = {name: np.nanmean(of[:, -3:], axis=1) for name, of in returns.items()}
    usual = {name: np.nanmean(of[:, 1:3], axis=1) for name, of in returns.items()}
    apart = interval(late_on["old"] - late_on["fresh"])
    assert apart.low < 0 < apart.high, "no loss of more than the lower end, by the rule"
    note = " ".join(NOTE.split())
    means = "{:.0f} and {:.0f}".format(*(of.mean() for of in late_on.values()))
    assert f"old less fresh is {signed(apart, 0)} over the last three blocks, {means}" in note
    gains = {name: signed(interval(late_on[name] - usual[name]), 0)[1:] for name in returns}
    assert f"they gain {gains['fresh']}, the old ones {gains['old']}." in note


def test_what_the_note_says_of_the_two_controls():
    table, usual = load("agent_controls").table, load("changing_control").table
    note = " ".join(NOTE.split())
    small = {
        method: {
            name: table.select(name, method=method, reward=0.01)
            for name in ("probe", "fresh", "size_one", "fresh_size_one")
        }
        for method in ("none", "retrained")
    }
    as_it_is = {method: of["probe"] / of["fresh"] for method, of in small.items()}
    one_size = small["none"]["size_one"] / small["none"]["fresh_size_one"]
    assert f"over the last three phases {factor(late_mean(as_it_is['none']))} as they end" in note
    begin = 10 ** np.log10(as_it_is["none"][:, 2:5]).mean(axis=1)
    assert f"as they begin {factor(begin)}" in note
    assert f"a network that learned one phase alone has {factor(late_mean(as_it_is['retrained']), 1)}" in note
    assert f"with age, by {factor(late_mean(as_it_is['none']) / as_it_is['none'][:, 0], 1)}" in note
    assert f"with standardised outputs by {factor(late_mean(one_size) / one_size[:, 0], 1)}" in note
    mine = {name: late(table, "return", method=name, reward=0.01) for name in ("none", "retrained")}
    assert f"old less fresh is {signed(interval(mine['none'] - mine['retrained']), 0)}" in note
    plain = {name: late(usual, "return", method=name) for name in ("none", "retrained")}
    assert f"less than with rewards of 1 by {signed(interval(plain['none'] - mine['none']), 0)[1:]}" in note
    killed = late(table, "return", method="killed")
    for name, said in (("retrained", "less Retrained"), ("none", "less No Intv.")):
        assert f"{said} {signed(interval(killed - plain[name]), 0)}" in note
    again = late(load("small_rewards").table, "return", reward_scale=1.0)
    assert f"run on the same machine, {signed(interval(killed - again), 0)}" in note
