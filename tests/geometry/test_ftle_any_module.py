"""Modules as people write them: in place, with locks, compiled, complex; and those that are refused by name."""

import threading
import warnings

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from lop_tutorial.geometry import ftle, hidden_activations, unit_shares
from lop_tutorial.geometry.chaos import separations


def brute_force(function, x):
    """log sigma of each sample's Jacobian, row by row of plain autograd in float64, by NumPy."""
    found = []
    for sample in x.double():
        z = sample[None].clone().requires_grad_()
        outputs = function(z.clone()).flatten()
        rows = [torch.autograd.grad(y, z, retain_graph=True)[0].flatten() for y in outputs]
        found.append(np.linalg.svd(torch.stack(rows).numpy(), compute_uv=False)[0])
    with np.errstate(divide="ignore"):
        return np.log(found)


class Clipped(nn.Module):
    def __init__(self):
        super().__init__()
        self.out = nn.Linear(4, 3)

    def forward(self, x):
        x[x < 0] = 0
        return self.out(x)


class Normed(Clipped):
    def forward(self, x):
        return self.out(x.sub_(0.5).div_(0.25)).tanh_()


class Rectified(nn.Sequential):
    def __init__(self):
        super().__init__(nn.ReLU(inplace=True), nn.Linear(4, 3), nn.Sigmoid())


class Sorted(Clipped):
    def forward(self, x):
        x.copy_(x.sort(dim=1).values)
        return self.out(x.mul_(2))


IN_PLACE = [Clipped, Normed, Rectified, Sorted]


@pytest.mark.parametrize("method", ["exact", "lanczos"])
@pytest.mark.parametrize("kind", IN_PLACE)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_network_that_works_in_place_on_its_input(kind, method, dtype):
    torch.manual_seed(0)
    network, x = kind().eval().to(dtype), torch.randn(7, 4, dtype=dtype)
    given = x.clone()
    found = ftle(network, x, "", method=method)[:, 0]
    assert torch.equal(x, given)
    expected = brute_force(network.double(), given)
    np.testing.assert_allclose(found.double(), expected, rtol=0, atol=1e-3 if method == "lanczos" else 2e-5)


@pytest.mark.parametrize("kind", IN_PLACE)
def test_activations_leave_the_input_as_it_was(kind):
    torch.manual_seed(0)
    network, x = nn.Sequential(kind(), nn.ReLU()).eval(), torch.randn(7, 4)
    given = x.clone()
    first = hidden_activations(network, x)
    assert unit_shares(network, x) == unit_shares(network, x)
    assert torch.equal(x, given)
    assert all(torch.equal(first[name], again) for name, again in hidden_activations(network, given).items())


def test_a_function_that_works_in_place():
    x = torch.rand(3, 4) + 0.5
    given = x.clone()
    found = ftle(lambda z: z.square_(), x, k=None, depth=1)
    assert torch.equal(x, given)
    torch.testing.assert_close(found, (2 * x).log().sort(dim=1, descending=True).values)


class Locked(nn.Module):
    """Locks, an open file, a result of the graph, a list of its own layers and a method bound to itself."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(4, 5), nn.Linear(5, 3)
        self.lock, self.file = threading.Lock(), open(__file__)  # noqa: SIM115
        self.shared = {"lock": self.lock}
        self.layers, self.step = [self.first, self.second], self.pass_on
        self.kept = self.first(torch.ones(1, 4))

    def pass_on(self, x):
        for layer in self.layers:
            x = layer(x).tanh()
        return x

    def forward(self, x):
        with self.lock:
            return self.step(x)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_network_that_holds_what_cannot_be_copied(dtype):
    torch.manual_seed(0)
    network, x = Locked().train(), torch.randn(5, 4)
    found = ftle(network, x, "", dtype=dtype)[:, 0] * 2
    assert network.training
    assert network.first.weight.dtype == torch.float32
    assert network.first.weight.requires_grad
    with network.file:
        np.testing.assert_allclose(found, brute_force(network.double(), x), rtol=0, atol=1e-5)


def test_separations_in_a_network_that_holds_a_lock():
    network, x = nn.Sequential(nn.Linear(4, 5), nn.Tanh()), torch.randn(2, 4)
    network.lock = threading.Lock()
    found = separations(network, x, x + 1)
    assert found[0].tolist() == pytest.approx([2, 2], rel=1e-6)
    exact = network.double()
    torch.testing.assert_close(found[1], (exact(x.double()) - exact(x.double() + 1)).norm(dim=1).detach())


class Rotated(nn.Module):
    """A complex weight and a complex buffer between real inputs and real outputs; a convolution of complex numbers."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(6, 4, dtype=torch.complex64))
        self.register_buffer("turn", torch.polar(torch.ones(6), torch.arange(6.0)))
        self.kernel = nn.Parameter(torch.randn(2, 1, 3, dtype=torch.complex64))

    def forward(self, x):
        z = functional.linear(x.to(self.weight.dtype), self.weight) * self.turn
        return torch.view_as_real(functional.conv1d(z[:, None], self.kernel)).flatten(1)


@pytest.mark.parametrize("method", ["exact", "lanczos"])
@pytest.mark.parametrize("dtype", [None, torch.float64])
def test_complex_weights_keep_their_imaginary_parts(method, dtype):
    torch.manual_seed(0)
    network, x = Rotated().eval(), torch.randn(3, 4)
    found = ftle(network, x, "", method=method, dtype=dtype)[:, 0]
    assert found.dtype == (dtype or torch.float32)
    assert network.weight.dtype == torch.complex64
    for tensor in (network.weight, network.turn, network.kernel):
        tensor.data = tensor.data.to(torch.complex128)
    np.testing.assert_allclose(found * 2, brute_force(network, x), rtol=0, atol=1e-3)


def test_complex_outputs_are_refused():
    with pytest.raises(
        TypeError, match=r"the output is torch.complex64; exponents are of real numbers: .*view_as_real"
    ):
        ftle(torch.fft.fft, torch.randn(2, 4), depth=1)


def test_a_compiled_network_is_measured_as_it_was_written():
    torch.manual_seed(0)
    network, x = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3)).eval(), torch.randn(5, 4)
    plain = ftle(network, x, "", k=3)
    compiled = torch.compile(network, backend="eager")
    compiled(x)
    assert torch.equal(ftle(compiled, x, "", k=3), plain)
    assert torch.equal(
        ftle(compiled, x, "_orig_mod.2", k=3, method="lanczos"), ftle(network, x, "2", k=3, method="lanczos")
    )
    assert torch.equal(ftle(lambda z: compiled(z), x, k=3, depth=2), plain)
    assert list(hidden_activations(compiled, x)) == ["_orig_mod.1"]
    network.compile(backend="eager")
    assert torch.equal(ftle(network, x, "", k=3), plain)


def quantised():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.ao.quantization.quantize_dynamic(nn.Sequential(nn.Linear(4, 3)), {nn.Linear})


def scripted():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.jit.script(nn.Sequential(nn.Linear(4, 3)))


def traced_inside():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return nn.Sequential(torch.jit.trace(nn.Linear(4, 3), torch.ones(1, 4)), nn.ReLU())


class HalfQuantised(nn.Module):
    """Beside a quantised branch one that has derivatives: the sum's would be wrong without a word."""

    def __init__(self):
        super().__init__()
        self.real, self.small = nn.Linear(4, 3), quantised()

    def forward(self, x):
        return self.real(x) + self.small(x)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (quantised, r"Linear '0' is quantised and has no derivative; measure the network before"),
        (HalfQuantised, r"Linear 'small.0' is quantised and has no derivative"),
        (scripted, r"RecursiveScriptModule '' is scripted; measure the module that it was made from"),
        (traced_inside, r"'0' is scripted"),
        (
            lambda: nn.Sequential(nn.LazyLinear(3)),
            r"LazyLinear '0' has no weights yet; run the network on a batch once",
        ),
    ],
)
def test_what_has_no_jacobian_is_refused_by_name(make, message):
    with pytest.raises(ValueError, match=message) as caught:
        ftle(make().eval(), torch.randn(5, 4), "")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("normalisation", [nn.BatchNorm1d(4), nn.LayerNorm(4), nn.GroupNorm(1, 4)])
def test_a_batch_of_one(normalisation):
    torch.manual_seed(0)
    network, x = nn.Sequential(nn.Linear(4, 4), normalisation, nn.Tanh()).eval(), torch.randn(3, 4)
    several = ftle(network, x, "")
    for sample in range(3):
        torch.testing.assert_close(ftle(network, x[sample : sample + 1], ""), several[sample : sample + 1])
    np.testing.assert_allclose(several[:, 0].double(), brute_force(network.double(), x), rtol=0, atol=1e-5)


def test_a_batch_of_one_does_not_hide_that_samples_depend_on_each_other():
    """Over its pixels, batch normalisation of one image works; its Jacobian is that of no sample in a larger batch."""
    norm = nn.BatchNorm2d(3)
    for x in (torch.randn(1, 3, 4, 4), torch.randn(1, 3, 4, 4).expand(5, -1, -1, -1)):
        with pytest.raises(ValueError, match="changes with the samples beside it"):
            ftle(lambda z: norm(z), x, depth=1)


def test_inputs_wider_than_the_network():
    torch.manual_seed(0)
    network, x = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3)).eval(), torch.randn(6, 4).double()
    found = ftle(network, x, "")
    assert found.dtype == torch.float64
    activations = hidden_activations(network, x)["1"]
    torch.testing.assert_close(activations, network[:2](x.float()))
    np.testing.assert_allclose(found[:, 0] * 2, brute_force(network.double(), x), rtol=0, atol=1e-12)
