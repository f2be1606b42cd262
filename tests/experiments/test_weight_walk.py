"""Networks that are changed between tasks, what is measured of their walk, and the rows that the book shows."""

import re
from dataclasses import replace

import numpy as np
import pytest
import torch

from lop_tutorial.experiments import heads, shorter_steps
from lop_tutorial.experiments import weight_walk as walk
from lop_tutorial.experiments.catalogue import two_types
from lop_tutorial.experiments.inheritance import FITTED, WIDTHS, follow
from lop_tutorial.geometry import within
from lop_tutorial.running.experiment import fill
from lop_tutorial.running.table import load


def short(width):
    plan = two_types(width)
    return replace(plan, training=replace(plan.training, epochs=2))


def test_resizing_scales_weights_and_biases_alike():
    network = short(2).make_network()
    with torch.no_grad():
        network.body[1].bias.fill_(0.5)
    before = [layer.weight.detach().clone() for layer in walk.weights_of(network)]
    wanted = [2 * size for size in walk.sizes(network)]
    head = network.head.weight.detach().clone()
    walk.resize(network, wanted)
    assert walk.sizes(network) == pytest.approx(wanted)
    for layer, old in zip(walk.weights_of(network), before, strict=True):
        torch.testing.assert_close(layer.weight.detach(), 2 * old)
    assert network.body[1].bias.tolist() == [1.0] * 32
    assert torch.equal(network.head.weight, head)
    with pytest.raises(ValueError, match="1 sizes for 4 layers"):
        walk.resize(network, [1.0])


def test_a_walk_measures_what_it_says():
    """Against one learner by itself."""
    experiment = short(2)
    found = walk.walk(experiment, (3, 4), 2)
    learner, stream = experiment.learner("none", seed=3), experiment.stream(3)
    points, states = walk.reference_points(stream), []
    for number in range(3):
        vector = torch.cat([layer.weight.detach().flatten() for layer in walk.weights_of(learner.network)[:-1]])
        labels = torch.zeros(len(points), dtype=torch.long)
        exponents = torch.cat(list(within(learner.network, points, labels, dtype=torch.float64).values()))
        states.append((vector.clone(), exponents.quantile(0.5, interpolation="nearest").item()))
        if number < 2:
            learner.learn(stream.task(number))
    for number in range(2):
        before, after = states[number], states[number + 1]
        row = {
            name: found.select(name, seed=3)[0, number] for name in ("reference_before", "reference", "step", "away")
        }
        assert row["reference_before"] == pytest.approx(before[1], abs=2e-2)
        assert row["reference"] == pytest.approx(after[1], abs=2e-2)
        assert row["step"] == pytest.approx(float((after[0] - before[0]).norm()), rel=1e-2)
        assert row["away"] == pytest.approx(float((after[0] - states[0][0]).norm()), rel=1e-2)
    assert walk.first_size(experiment, 3) == pytest.approx(float(states[0][0].norm()))
    assert found.select("size", width=2, seed=3)[0, 1] == pytest.approx(float(states[2][0].norm()), rel=1e-2)


def test_open_units_and_points_are_shares():
    found = walk.walk(short(256), (0,), 1)
    assert 0.9 < found.select("open", width=256, seed=0)[0, 0] <= found.select("any_open", width=256, seed=0)[0, 0] == 1


def test_kept_sizes_are_those_of_birth_and_the_new_born_have_those_of_the_old():
    experiment, keep, seen = short(2), walk.KeepSize(), {}

    def prepare(learner, task):
        keep(learner, task)
        seen.setdefault(learner.seed, []).append(walk.sizes(learner.network))

    follow(experiment, (0, 1), 3, prepare=prepare)
    for seed in (0, 1):
        born = walk.sizes(experiment.learner("none", seed=seed).network)
        np.testing.assert_allclose(seen[seed], [born] * 3, rtol=1e-4)
    old = walk.walk(experiment, (0, 1), 2)
    young = walk.newborn(experiment, old, (0, 1))
    assert [row["first"] for row in young.rows] == [2, 2]
    network, task = experiment.learner("none", seed=1).network, experiment.stream(1).task(2)
    walk.resize(network, old.rows[-1]["sizes"][-1])
    exponents = torch.cat(list(within(network, task.train_x, task.train_y, dtype=torch.float64).values()))
    expected = exponents.quantile(0.5, interpolation="nearest").item()
    np.testing.assert_allclose(walk.size_alone(experiment, old, (0, 1), (1, 2))[1, 1], expected, atol=1e-4)
    assert young.select("start_within", width=2, seed=1)[0, 0] == pytest.approx(expected, abs=1e-4)


def test_a_gentle_head_is_a_tenth_as_large_at_every_task():
    experiment = two_types(2)
    shape, settings = experiment.stream(0).shape, experiment.network_settings
    torch.manual_seed(0)
    gentle = heads.GentleHead(shape, 2, **settings)
    drawn = []
    for _ in range(300):
        gentle.reset_head("fresh")
        drawn.append(gentle.head.weight.detach().clone())
    assert torch.stack(drawn).std().item() == pytest.approx(0.1, rel=0.1)


def test_rows_by_head(monkeypatch):
    monkeypatch.setattr(heads, "two_types", short)
    monkeypatch.setattr(heads, "LAST", 1)
    rows = list(heads.by_head("zero", (0, 1), 2))
    assert [(row["method"], row["seed"]) for row in rows] == [(name, seed) for name in heads.METHODS for seed in (0, 1)]
    learner, stream = short(2).learner("none", seed=1), short(2).stream(1)
    learner.training = replace(learner.training, head="zero")
    assert all(0 <= row["open"] <= 1 and row["step"] > 0 for row in rows)
    with pytest.raises(ValueError, match="head is 'old'"):
        list(heads.by_head("old", (0,), 1))
    assert stream.task(0).outputs == 2


def test_what_is_written_can_be_read_again(tmp_path, monkeypatch):
    monkeypatch.setattr(walk, "two_types", short)
    small = replace(walk.EXPERIMENT, parts=({"width": 2},), seeds=(0, 1), tasks=2)
    list(fill(small, tmp_path / "run"))
    found = {kind: load(tmp_path / "run").table.where(kind=kind) for kind in walk.KINDS}
    assert [found[kind].select("start_within").shape for kind in walk.KINDS] == [(2, 2), (2, 2), (2, 1)]
    again = walk.walk(short(2), [0, 1], 2)
    for quantity in ("reference", "size", "sizes"):
        ours, theirs = (table.select(quantity, width=2, seed=1) for table in (found["plain"], again))
        np.testing.assert_allclose(ours, theirs, atol=1e-4)
    assert found["plain"].select("sizes").shape == (2, 2, 4)
    with pytest.raises(ValueError, match="quantity is 'loss'"):
        found["plain"].select("loss")


@pytest.mark.parametrize("name", [walk.EXPERIMENT.name, heads.EXPERIMENT.name, shorter_steps.EXPERIMENT.name])
def test_stored_rows_carry_their_origin(name):
    origin = load(name).environment
    assert re.fullmatch(r"[0-9a-f]{40}", origin["commit"]), "the code must have been committed"
    assert not re.search(r"\s/", origin["command"]), "no path of one machine"
    for key in ("date", "packages", "python", "wall_seconds"):
        assert origin[key]


def test_stored_rows_are_whole():
    walks = walk.stored_walks()
    for kind, number in zip(walk.KINDS, (80, 80, 1), strict=True):
        for width in WIDTHS:
            assert walks[kind].select("start_within", width=width, seed=FITTED).shape == (8, number)
    table = load("heads").table
    for head in heads.FOUR_HEADS:
        for method in heads.METHODS:
            assert table.select("open", head=head, method=method).shape == (8,)
    with pytest.raises(ValueError, match="no row has head 'old'; there is fresh, gentle, zero, keep"):
        table.select("open", head="old")


def test_steps_are_shorter_by_the_share_and_nothing_else_is_changed(monkeypatch):
    plan, usual = shorter_steps.with_shorter_steps(0.4), two_types(2)
    assert plan.training.step_size == pytest.approx(0.4 * usual.training.step_size)
    assert replace(plan, training=usual.training) == usual
    monkeypatch.setattr(shorter_steps, "two_types", short)
    found = {share: list(shorter_steps.shorter(share, (0, 1), 2)) for share in (0.4, 1.0)}
    ours = walk.walk(short(2), [0, 1], 2)
    for quantity in shorter_steps.KEPT:
        np.testing.assert_allclose(found[1.0][1][quantity], ours.select(quantity, width=2, seed=1)[0], rtol=1e-3)
    grown = [found[share][0]["size"][-1] - found[share][0]["size"][0] for share in (0.4, 1.0)]
    assert grown[0] < grown[1]


def test_stored_networks_of_shorter_steps_are_whole():
    table = shorter_steps.stored_shorter_steps()
    for quantity in shorter_steps.KEPT:
        assert table.select(quantity, share=0.4, seed=FITTED).shape == (8, 80)
