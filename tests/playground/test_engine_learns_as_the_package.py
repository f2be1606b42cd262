"""The page's engine against `Learner` and `ftle`: the same weights, batches, mixing and new units, in float64."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import pytest
import torch

from lop_tutorial.experiments import plan
from lop_tutorial.geometry import ftle, unit_shares
from lop_tutorial.interventions import Examples, generalized_mixup, intervention
from lop_tutorial.networks import MLP
from lop_tutorial.playground import CBP, Settings
from lop_tutorial.training import Learner
from lop_tutorial.training.divergence import Divergence

LENGTHS = (100, 10)
"""Epochs of the two tasks, of two steps each: 200 steps, and 20 more with another head."""

PROGRAM = """
return given.map(({ choices, cbp, weights, heads, tasks }) => {
  const settings = E.experiment(choices, cbp);
  const said = (numbers) => ({ normal: () => numbers.shift() });
  const learner = new E.Learner(settings, said(weights));
  const found = tasks.map(({ x, labels, steps }, t) => {
    if (t) learner.begin(said(heads));
    const losses = steps.map(({ rows, partner, m, fresh }) => {
      const [n, wide] = [rows.length, settings.inputs];
      const take = (places) => [
        Float64Array.from(places.flatMap((row) => x[row])),
        Float64Array.from(places.flatMap((row) => [0, 1].map((k) => Number(labels[row] === k)))),
      ];
      let [inputs, y] = take(rows);
      if (partner) {
        const mixed = [new Float64Array(n * wide), new Float64Array(2 * n)];
        E.mix(inputs, y, ...take(partner), n, m, settings.bump, ...mixed);
        [inputs, y] = mixed;
      }
      return learner.step(inputs, y, n, (k, row) => fresh[k][row]);
    });
    const all = Float64Array.from(x.flat());
    return {
      losses,
      weights: learner.network.weights.map(({ value }) => [...value]),
      exponents: [...E.exponents(learner.network, all, labels.length)],
      accuracy: E.accuracy(learner.network, all, labels),
      silent: E.silentUnits(learner.network, all, labels.length),
    };
  });
  return found;
});
"""


@dataclass
class Life:
    """What a learner of the package went through, and what became of it."""

    given: dict[str, Any]
    losses: list[list[float]] = field(default_factory=list)
    weights: list[list[np.ndarray]] = field(default_factory=list)
    exponents: list[np.ndarray] = field(default_factory=list)
    accuracies: list[float] = field(default_factory=list)
    dead: list[float] = field(default_factory=list)


def live(settings: Settings, monkeypatch: pytest.MonkeyPatch, method: str | None = None) -> Life:
    """Two tasks of a learner of the package in float64, everything that it drew written down."""
    experiment = settings.plan()
    method = method or experiment.methods[0]
    recorded: dict[str, list[Any]] = {"orders": [], "partners": [], "mixing": [], "fresh": [], "losses": []}

    def keep(owner: Any, name: str, kind: str) -> None:
        original = getattr(owner, name)

        def kept(*given: Any, **more: Any) -> Any:
            found = original(*given, **more)
            recorded[kind].append(found.detach().clone())
            return found

        monkeypatch.setattr(owner, name, kept)

    keep(Learner, "batches", "orders")
    keep(Examples, "partners", "partners")
    keep(generalized_mixup, "beta_from", "mixing")
    keep(MLP, "fresh_weight", "fresh")
    see = Divergence.see
    monkeypatch.setattr(Divergence, "see", lambda self, loss: (recorded["losses"].append(loss.item()), see(self, loss)))

    learner = Learner(experiment.make_network, experiment.training, intervention(method), seed=3)
    network = learner.network
    first = [layer.incoming.weight for layer in network.units()] + [network.head.weight]
    spread = [w.shape[1] ** -0.5 for w in first[:-1]] + [1.0]
    drawn = [(w.detach() / s).flatten().tolist() for w, s in zip(first, spread, strict=True)]
    cbp = {name: getattr(learner.intervention, name, None) for name in CBP}
    life = Life(
        {
            "choices": asdict(settings),
            "cbp": cbp,
            "weights": [w for some in drawn for w in some],
            "heads": [],
            "tasks": [],
        }
    )
    for index, epochs in enumerate(LENGTHS):
        task = experiment.stream(3).task(index)
        for values in recorded.values():
            values.clear()
        for done in learner.epochs(task, epochs):
            if index and not done:
                life.given["heads"] = learner.network.head.weight.flatten().tolist()
        learner.end()
        rows = torch.cat(recorded["orders"]).tolist()
        steps: list[dict[str, Any]] = [{"rows": each} for each in rows]
        for step, partner, m in zip(steps, recorded["partners"], recorded["mixing"], strict=False):
            alone = partner == torch.tensor(step["rows"])
            step |= {"partner": partner.tolist(), "m": m.masked_fill(alone, 1.0).tolist()}
        for place, step in enumerate(steps):
            layers = len(experiment.network_settings["hidden"])
            step["fresh"] = [each.tolist() for each in recorded["fresh"][place * layers : (place + 1) * layers]]
        life.given["tasks"].append({"x": task.train_x.tolist(), "labels": task.train_y.tolist(), "steps": steps})
        life.losses.append(list(recorded["losses"]))
        life.weights.append([p.detach().numpy().ravel().copy() for p in learner.network.parameters()])
        life.exponents.append(ftle(learner.network, task.train_x)[:, 0].numpy())
        life.accuracies.append(learner.evaluate(task.train_x, task.train_y, 2)[1])
        life.dead.append(unit_shares(learner.network, task.train_x).dead)
    return life


@pytest.fixture
def in_float64(monkeypatch):
    """The package computes in float64 throughout, also where it says .float()."""
    monkeypatch.setattr(torch.Tensor, "float", torch.Tensor.double)
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


CASES = {
    "plain": Settings(),
    "wide": Settings(width=24),
    "one unit": Settings(width=1),
    "linear, head kept": Settings(units="linear", head="keep", step_size=0.05),
    "relu, cross-entropy, head zero": Settings(width=8, units="relu", loss="cross_entropy", head="zero"),
    "inter": Settings(method="inter", width=3),
    "intra": Settings(method="intra", amount=0.5),
    "both, cross-entropy": Settings(method="both", amount=0.5, loss="cross_entropy", width=8),
    "L2 init": Settings(method="l2_init", amount=0.01),
    "CBP": Settings(method="cbp", amount=0.01, width=8),
    "CBP, head zero": Settings(method="cbp", amount=0.003, head="zero", units="relu", width=8),
}
"""Settings that nobody tuned the engine on; between them every control of the page."""


@pytest.mark.parametrize("name", CASES)
def test_losses_weights_and_exponents_are_the_package_s(name, engine, in_float64, monkeypatch):
    life = live(CASES[name], monkeypatch)
    (found,) = engine(PROGRAM, [life.given])
    for task in range(len(LENGTHS)):
        assert len(life.losses[task]) == 2 * LENGTHS[task]
        np.testing.assert_allclose(found[task]["losses"], life.losses[task], rtol=0, atol=1e-6)
        for ours, theirs in zip(found[task]["weights"], life.weights[task], strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-6)
        exponents = [-np.inf if each is None else each for each in found[task]["exponents"]]  # JSON has no infinity
        np.testing.assert_allclose(exponents, life.exponents[task], rtol=0, atol=1e-6)
        assert found[task]["accuracy"] == life.accuracies[task]
        if CASES[name].units == "relu":
            assert found[task]["silent"] >= life.dead[task]


@pytest.mark.parametrize("count", ["all", "mature"])
def test_units_are_replaced_by_either_rule(count, engine, in_float64, monkeypatch):
    settings = replace(CASES["CBP"], amount=0.01)
    life = live(settings, monkeypatch, f"cbp:replacement_rate=0.01:count={count}")
    (found,) = engine(PROGRAM, [life.given])
    for ours, theirs in zip(found[0]["weights"], life.weights[0], strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-6)


def test_settings_are_those_of_the_stored_experiments():
    for name, width in (("type1", 2), ("type2", 256)):
        stored = plan(name)
        ours = Settings(width=width).plan()
        for what in ("network_settings", "training", "data", "points"):
            assert getattr(ours, what) == getattr(stored, what)
