"""Whatever network a measure is given: the right number, with all left as it was, or one sentence that says why not."""

import math
import threading

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy, one_hot

from lop_tutorial.geometry import (
    between,
    cloned_share,
    distance_from,
    frozen_share,
    ftle,
    gauss_newton_eigenvalues,
    gradient_coherence,
    gradient_norm,
    hessian_eigenvalues,
    hessian_rank,
    hidden_activations,
    hidden_slopes,
    jacobian_isometry,
    kernel_rank,
    segments,
    snapshot,
    tangent_kernel,
    unit_shares,
    weight_isometry,
    weight_magnitude,
    weight_norm,
    within,
)
from lop_tutorial.geometry.chaos import decision_changes, margins_on, plane_through, separations
from lop_tutorial.geometry.examination import examine

pytestmark = [
    pytest.mark.usefixtures("as_users_run"),
    # what torch is about to give up is still in people's networks, and must be refused by name
    pytest.mark.filterwarnings("ignore:torch.ao.quantization is deprecated"),
    pytest.mark.filterwarnings("ignore:torch.quantize_per_tensor"),
    pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated"),
]
DRAW = torch.Generator().manual_seed(3)
X, Y = torch.randn(12, 4, generator=DRAW), torch.tensor([0, 1] * 6)


class Foreign(nn.Module):
    """Two hidden layers behind something that is done to the input."""

    depth = 2

    def __init__(self, before=lambda x: x, activation=None):
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(1)
            self.a, self.b, self.out = nn.Linear(4, 8), nn.Linear(8, 6), nn.Linear(6, 2)
        self.before, self.first, self.second = before, activation or nn.ReLU(), nn.ReLU()

    def representation(self, x):
        return self.second(self.b(self.first(self.a(self.before(x)))))

    def forward(self, x):
        return self.out(self.representation(x))


def clipped(x):
    x[x < 0] = 0
    return x


def holding_a_lock():
    network = Foreign()
    network.lock = threading.Lock()
    return network


def simple(*layers):
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return nn.Sequential(*(layer() for layer in layers))


def quantised():
    return torch.ao.quantization.quantize_dynamic(Foreign(), {nn.Linear}, dtype=torch.qint8)


class Rotated(Foreign):
    """A complex parameter turns the input."""

    def __init__(self):
        super().__init__(before=lambda x: (x * self.phase).real)
        self.phase = nn.Parameter(torch.tensor([3 + 4j, 1, 1j, 0]))


def loss_on(x):
    return lambda network: cross_entropy(network(x)[:, :2], Y[: len(x)])


def labels_of(x):
    return one_hot(Y[: len(x)], 2).float()


OF_WEIGHTS = {
    "weight_norm": lambda network, x: weight_norm(network),
    "weight_magnitude": lambda network, x: weight_magnitude(network),
    "snapshot": lambda network, x: list(snapshot(network).values()),
    "distance_from": lambda network, x: distance_from({}, network),
    "weight_isometry": lambda network, x: weight_isometry(network),
}
OF_GRADIENTS = {
    "gradient_norm": lambda network, x: gradient_norm(network, loss_on(x)),
    "hessian_eigenvalues": lambda network, x: hessian_eigenvalues(network, loss_on(x), 3),
    "hessian_rank": lambda network, x: hessian_rank(network, loss_on(x)),
}
OF_SAMPLES = {
    "gauss_newton": lambda network, x: gauss_newton_eigenvalues(network, x, labels_of(x), cross_entropy),
    "tangent_kernel": lambda network, x: tangent_kernel(network, x, 2),
    "kernel_rank": lambda network, x: kernel_rank(network, x, 2),
    "coherence": lambda network, x: gradient_coherence(network, x, labels_of(x), cross_entropy),
}
OF_LAYERS = {
    "hidden_activations": lambda network, x: list(hidden_activations(network, x).values()),
    "hidden_slopes": lambda network, x: list(hidden_slopes(network, x).values()),
    "unit_shares": unit_shares,
    "cloned_share": cloned_share,
    "frozen_share": frozen_share,
}
OF_INPUTS = {
    "ftle": ftle,
    "jacobian_isometry": jacobian_isometry,
    "within": lambda network, x: list(within(network, x, Y).values()),
    "between": lambda network, x: list(between(network, x, Y, pairs=4).values()),
    "separations": lambda network, x: separations(network, x, x + 0.1),
    "decisions": lambda network, x: decision_changes(network, x, x + 2),
    "margins": lambda network, x: margins_on(network, plane_through(x[:3]), (-1, 1, -1, 1), 4),
    "examine": lambda network, x: list(examine(network, (x, Y)).found.values()),
}
TAKE_X = OF_SAMPLES | OF_LAYERS | OF_INPUTS
ALL = OF_WEIGHTS | OF_GRADIENTS | TAKE_X


def numbers(found):
    parts = found if isinstance(found, list | tuple) else [found]
    return torch.cat([torch.as_tensor(part).double().flatten() for part in parts])


IN_PLACE = {
    "clips its input": (lambda: Foreign(clipped), lambda: Foreign(lambda x: x.clamp(min=0))),
    "normalises its input": (
        lambda: Foreign(lambda x: x.sub_(0.5).div_(0.25)),
        lambda: Foreign(lambda x: (x - 0.5) / 0.25),
    ),
    "rectifies in place": (lambda: Foreign(activation=nn.ReLU(inplace=True)), Foreign),
    "is compiled": (lambda: torch.compile(Foreign()), Foreign),
    "holds a lock": (holding_a_lock, Foreign),
}


@pytest.mark.parametrize("measure", [name for name in ALL if name != "distance_from"])
@pytest.mark.parametrize("kind", IN_PLACE)
def test_a_network_that_is_odd_has_the_numbers_of_one_that_is_not(kind, measure):
    odd, plain = (make() for make in IN_PLACE[kind])
    x, before = X.clone(), {name: value.clone() for name, value in odd.state_dict().items()}
    found = numbers(ALL[measure](odd, x))
    assert torch.equal(x, X)
    assert odd.training
    assert all(torch.equal(value, before[name]) for name, value in odd.state_dict().items())
    assert not any(module._forward_pre_hooks or module._forward_hooks for module in odd.modules())
    torch.testing.assert_close(found, numbers(ALL[measure](plain, X)), equal_nan=True)


@pytest.mark.parametrize("measure", TAKE_X)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float16])
def test_inputs_of_another_precision_than_the_weights(dtype, measure):
    found = numbers(TAKE_X[measure](Foreign(), X.to(dtype)))
    rounded = numbers(TAKE_X[measure](Foreign(), X.to(dtype).float()))
    torch.testing.assert_close(found, rounded, atol=1e-3, rtol=1e-3, equal_nan=True)
    torch.testing.assert_close(
        numbers(TAKE_X[measure](Foreign().double(), X)), rounded, atol=2e-2, rtol=2e-2, equal_nan=True
    )


NOT_BY_FTLE = {"separations", "decisions", "margins", "examine"}
REFUSED = {
    "quantised": (quantised, {*ALL} - {*OF_LAYERS, "decisions", "margins"}, "Linear 'a' is quantised"),
    "lazy": (
        lambda: simple(lambda: nn.LazyLinear(8), nn.ReLU, lambda: nn.Linear(8, 2)),
        {*ALL} - {*OF_LAYERS, *OF_INPUTS},
        "LazyLinear '0' has no weights yet",
    ),
    "scripted": (
        lambda: torch.jit.script(simple(lambda: nn.Linear(4, 8), nn.ReLU, lambda: nn.Linear(8, 2))),
        {*OF_SAMPLES, *OF_LAYERS, "weight_isometry", "examine"},
        "RecursiveScriptModule '' is scripted",
    ),
    "complex": (
        Rotated,
        {*OF_SAMPLES, "hessian_eigenvalues", "hessian_rank"},
        "Rotated '' has complex weights",
    ),
    "without statistics": (
        lambda: simple(
            lambda: nn.Linear(4, 8), lambda: nn.BatchNorm1d(8, track_running_stats=False), lambda: nn.Linear(8, 2)
        ),
        {*OF_SAMPLES},
        "BatchNorm1d '1' keeps no running statistics",
    ),
    "a function": (
        lambda: torch.relu,
        {*ALL} - {*OF_INPUTS} | NOT_BY_FTLE,
        "network is of type ",
    ),
    "nothing": (
        lambda: None,
        {*ALL} - {*OF_INPUTS} | NOT_BY_FTLE,
        "network is of type NoneType",
    ),
    "a tuple": (
        lambda: simple(lambda: nn.LSTM(4, 2)),
        {*OF_SAMPLES, "decisions", "margins"},
        "Sequential gives type tuple for ",
    ),
}


@pytest.mark.parametrize(
    ("kind", "measure"), [(kind, each) for kind, (_, some, _) in REFUSED.items() for each in sorted(some)]
)
def test_what_cannot_be_measured_is_refused_by_name(kind, measure):
    make, _, message = REFUSED[kind]
    network = make()
    training = getattr(network, "training", None)
    with pytest.raises((ValueError, TypeError)) as raised:
        ALL[measure](network, X)
    assert str(raised.value).startswith(message)
    assert "\n" not in str(raised.value)
    assert getattr(network, "training", None) == training


def test_complex_weights_count_as_their_real_and_imaginary_parts():
    network, start = Rotated(), snapshot(Rotated())
    rest = math.fsum(float(p.detach().double().square().sum()) for name, p in Foreign().named_parameters())
    assert weight_norm(network) == pytest.approx(math.sqrt(rest + 25 + 1 + 1))
    with torch.no_grad():
        network.phase += torch.tensor([0, 3j, 0, 4])
    assert distance_from(start, network) == pytest.approx(5)
    x, change = X[:4], 1e-4
    slopes = []
    for unit in (1, 1j):
        for place in range(4):
            ends = []
            for sign in (1, -1):
                moved = Rotated().double()
                moved.phase = nn.Parameter(moved.phase.detach().to(torch.complex128))
                with torch.no_grad():
                    moved.phase[place] += sign * change * unit
                ends.append(loss_on(x.double())(moved).item())
            slopes.append((ends[0] - ends[1]) / (2 * change))
    only = Rotated().requires_grad_(False)
    only.phase.requires_grad_(True)
    assert gradient_norm(only, loss_on(x)) == pytest.approx(math.hypot(*slopes), rel=1e-3)


@pytest.mark.parametrize("measure", [*OF_SAMPLES, "decisions"])
@pytest.mark.parametrize(
    "x", [X[:, :3], X[0], X[:0], X.int(), X.numpy()], ids=["narrow", "one", "none", "int", "numpy"]
)
def test_inputs_that_the_network_does_not_take(x, measure):
    with pytest.raises((ValueError, TypeError), match=r"x |start|does not take"):
        TAKE_X[measure](Foreign(), x)


@pytest.mark.parametrize("dtype", [torch.int32, torch.uint8, torch.bool, torch.int16])
def test_labels_of_every_integer_type(dtype):
    found = list(examine(Foreign(), (X, Y.to(dtype))).found.values())
    assert found == pytest.approx(list(examine(Foreign(), (X, Y)).found.values()), nan_ok=True)
    for mine, theirs in zip(within(Foreign(), X, Y.to(dtype)).values(), within(Foreign(), X, Y).values(), strict=True):
        assert torch.equal(mine, theirs)
    assert torch.equal(segments(X, Y.to(dtype), 0, 1), segments(X, Y, 0, 1))


def test_labels_that_skip_a_class():
    """Everything is measured but what needs the class; labels past the outputs are refused."""
    network = Foreign()
    network.out = nn.Linear(6, 4)
    page = examine(network, (X, 3 * Y))
    assert not page.reasons
    assert page.found["nc1"] == pytest.approx(examine(network, (X, Y)).found["nc1"])
    with pytest.raises(ValueError, match="labels go up to 5, but Foreign has 2 outputs; count labels from 0"):
        examine(Foreign(), (X, 5 * Y))


def test_one_class_alone_has_no_exponents_between():
    reasons = examine(Foreign(), (X, torch.zeros_like(Y))).reasons
    assert reasons["median FTLE between"] == "labels are all 0; exponents between classes need two"


@pytest.mark.parametrize("labels", [Y.tolist(), Y.numpy(), Y.float(), Y[:5], Y[:, None]])
def test_labels_that_are_none(labels):
    for call in (lambda: within(Foreign(), X, labels), lambda: segments(X, labels, 0, 1)):
        with pytest.raises((ValueError, TypeError), match=r"^y is "):
            call()


def test_whole_numbers_are_no_places_between_samples():
    with pytest.raises(TypeError, match=r"x is torch.uint8; it must be floating-point: x.float\(\)"):
        segments(X.byte(), Y, 0, 1)
    with pytest.raises(ValueError, match=r"corners have the shape \[2, 4\]; a plane goes through"):
        plane_through(X[:2])
