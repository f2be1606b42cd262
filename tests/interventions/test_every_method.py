"""What holds for every method: it runs, its seed fixes it, strength zero is nothing, no step waits for the device."""

import functools
import re
from itertools import product
from pathlib import Path

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from lop_tutorial.data.procedural import ProceduralImages
from lop_tutorial.interventions import INTERVENTIONS, OTHERS, Examples, intervention
from lop_tutorial.networks import MLP, ResNet18, SmallConv
from lop_tutorial.seeds import draw_for
from lop_tutorial.streams import ClassIncrements
from lop_tutorial.training import Learner, Training

SHORT = Training(step_size=0.02, epochs=2, batch_size=10, head="keep")
NETWORKS = {
    "mlp": lambda stream: MLP(stream.shape, stream.outputs, hidden=(16, 8)),
    "smallconv": lambda stream: SmallConv(stream.shape, stream.outputs),
    "resnet18": lambda stream: ResNet18(stream.shape, stream.outputs, width=0.125),
}
ACTIVE = {  # settings under which eight steps are enough for a method to act; the others act by default
    "cbp": "cbp:maturity=1:replacement_rate=0.1",
    "redo": "redo:every=3:tau=0.9",
    "self_normalised_reset": "self_normalised_reset:rejection=0.9",
    "hare_and_tortoise": "hare_and_tortoise:every=3:decay=0.5",
}
REPLACING = ("cbp", "redo", "self_normalised_reset", "hare_and_tortoise")
"""What a residual network's shortcuts and normalisations matter to most: units, and running averages."""
RUN = [pair for pair in product(INTERVENTIONS, NETWORKS) if pair != ("crelu", "resnet18")]  # which it refuses
NOTHING = [
    "l2:strength=0",
    "shrink_and_perturb:shrink=1:noise=0",
    "shrink_and_perturb:shrink=1:noise=0:every=step",
    "redo:every=0",
    "self_normalised_reset:rejection=0",
    "mixup:alpha=0",
    "spectral:strength=0",
    "hare_and_tortoise:every=0",
    "fire:iterations=0",
    "isometry:strength=0",
    "parseval:strength=0",
    "muon:iterations=0",
    "weight_rescaling:strength=0",
    "upgd:noise=0:protect=false",
]


def deep_ones_later(pairs):
    """All pairs of a method and a network; ResNet-18, on which a case takes a second, with few methods in the suite."""
    return [
        pytest.param(method, network, marks=pytest.mark.product)
        if network == "resnet18" and method.partition(":")[0] not in REPLACING
        else pytest.param(method, network)
        for method, network in pairs
    ]


@pytest.fixture(scope="module")
def stream():
    return ClassIncrements(ProceduralImages(number=6, train=10, test=5, size=12), 0, increment=2)


def trained(method, network, stream, tasks=2, seed=0):
    """A learner after its tasks."""
    one = Learner(lambda: NETWORKS[network](stream), SHORT, intervention(method), seed=seed)
    outcomes = [one.learn(stream.task(t)) for t in range(tasks)]
    return one, outcomes


@pytest.fixture(scope="module")
def untreated(stream):
    """A learner without intervention after its tasks, and their outcomes; trained once."""
    return functools.cache(lambda network, tasks: trained("none", network, stream, tasks))


def everything(one):
    """Weights, buffers and the optimiser's state, by name."""
    found = dict(one.network.state_dict())
    for name, weight in one.network.named_parameters():
        found |= {f"{name}/{key}": value for key, value in one.optimiser.state[weight].items()}
    return found


@pytest.mark.parametrize(("method", "network"), deep_ones_later(RUN))
def test_it_runs_and_is_fixed_by_its_seed(method, network, stream, untreated):
    text = ACTIVE.get(method, method)
    one, outcomes = trained(text, network, stream)
    again, repeated = trained(text, network, stream)
    assert not any(outcome.diverged for outcome in outcomes)
    assert all(bool(value.isfinite().all()) for value in everything(one).values())
    assert outcomes == repeated
    assert all(torch.equal(value, everything(again)[name]) for name, value in everything(one).items())
    assert all(torch.equal(value, again.memory[name]) for name, value in one.memory.items())
    none, _ = untreated(network, 2)
    same = [torch.equal(p, q) for p, q in zip(one.network.parameters(), none.network.parameters(), strict=False)]
    unmoved = method == "none" or (method, network) == ("self_normalised_reset", "resnet18")  # there every map fires
    assert all(same) == unmoved


@pytest.mark.parametrize(("method", "network"), deep_ones_later(product(NOTHING, NETWORKS)))
def test_strength_zero_is_no_intervention_to_the_last_bit(method, network, stream, untreated):
    one, outcomes = trained(method, network, stream)
    none, expected = untreated(network, 2)
    assert outcomes == expected
    now, wanted = everything(one), everything(none)
    assert now.keys() == wanted.keys()
    assert all(torch.equal(now[name], wanted[name]) for name in wanted)


class NeverWaits(TorchDispatchMode):
    """Raises at every operation whose result, or whose size, a host would have to wait for."""

    WAITS = (
        "_local_scalar_dense",
        "nonzero",
        "masked_select",
        "equal",
        "is_nonzero",
        "_unique",
        "unique_dim",
        "bincount",
    )

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        name = operation.overloadpacket.__name__
        if name in self.WAITS:
            raise AssertionError(f"{name} waits for the device")
        if name in ("index", "index_put", "index_put_"):
            assert all(index is None or index.dtype != torch.bool for index in args[1]), "indexing by a mask waits"
        return operation(*args, **(kwargs or {}))


def test_the_watchman_sees_what_waits():
    x = torch.tensor([1.0, -1.0])
    for waits in (
        lambda: x[0].item(),
        lambda: bool(x[0] > 0),
        lambda: x[x > 0],
        lambda: x.nonzero(),
    ):
        with pytest.raises(AssertionError, match="waits"), NeverWaits():
            waits()


@pytest.mark.parametrize(("method", "network"), RUN)
def test_no_step_waits_for_the_device(method, network, stream, monkeypatch):
    one, _ = trained(ACTIVE.get(method, method), network, stream, tasks=1)
    task = stream.task(1)
    one.start(task)
    one.network.train()
    examples, draw = Examples.of(task.train_x, task.train_y, task.outputs), draw_for(0, "mixing")
    batch = examples.at(torch.arange(10))
    for name in ("tolist", "numpy", "cpu"):  # on the CPU, these are no operations that the watchman would see
        monkeypatch.setattr(torch.Tensor, name, lambda *_, name=name: pytest.fail(f"{name} waits for the device"))
    with NeverWaits():
        for _ in range(4):
            one._step(*one.intervention.batch(*batch.take(batch.batch, draw), draw, batch))
        with torch.no_grad():
            one.intervention.end_task(one)


@pytest.mark.parametrize("method", OTHERS)
def test_its_paper_is_in_the_bibliography(method):
    bibliography = (Path(__file__).parents[2] / "book" / "references.bib").read_text(encoding="utf-8")
    assert OTHERS[method].source in re.findall(r"^@\w+\{(\w+),", bibliography, re.MULTILINE)
