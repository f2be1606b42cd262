"""Any network: layers by name, networks never seen here, and none of them changed by being measured."""

import copy
import math
import warnings

import numpy as np
import pytest
import torch
import torchvision
from torch import nn

from lop_tutorial.geometry import ftle, layers_up_to, singular_vectors
from lop_tutorial.networks import MLP, ConvNet, SmallConv

OUTPUTS = 9


def vision_transformer():
    network = torchvision.models.VisionTransformer(
        32, 8, 2, num_heads=4, hidden_dim=48, mlp_dim=64, num_classes=OUTPUTS
    )
    nn.init.normal_(network.heads.head.weight)  # zero by default
    return network


FOREIGN = {  # with the layers with weights on their longest way, counted in their papers or their code
    "squeezenet": (lambda: torchvision.models.squeezenet1_1(num_classes=OUTPUTS), 18),
    "mobilenet": (lambda: torchvision.models.mobilenet_v3_small(num_classes=OUTPUTS), 54),
    "resnet": (lambda: torchvision.models.resnet18(num_classes=OUTPUTS), 18),
    "shufflenet": (lambda: torchvision.models.shufflenet_v2_x0_5(num_classes=OUTPUTS), 51),
    "transformer": (vision_transformer, 8),
}


LARGE = ("resnet", "shufflenet")  # with what the others, and the package's own ResNet-18, have too


@pytest.mark.filterwarnings("ignore:There is a performance drop")  # of attention under vmap
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.product] * (name in LARGE)) for name in FOREIGN]
)
def test_networks_from_torchvision(name):
    make, depth = FOREIGN[name]
    torch.manual_seed(0)
    network, x = make().eval(), torch.randn(1, 3, 32, 32)
    assert layers_up_to(network, x, "") == depth
    jacobian = torch.func.jacrev(copy.deepcopy(network).double())(x.double()).reshape(OUTPUTS, -1).detach().numpy()
    sigma = np.linalg.svd(jacobian, compute_uv=False)
    expected = np.log(np.where(sigma > 1e-14 * sigma[0], sigma, 1e-300)) / depth
    expected[expected < -300 / depth] = -np.inf  # squeezenet ends in a ReLU: some outputs do not move
    exact = ftle(network, x, "", k=None, dtype=torch.float64)
    np.testing.assert_allclose(exact[0], expected, rtol=0, atol=1e-10)
    assert ftle(network, x, "", method="lanczos").item() == pytest.approx(expected[0], abs=1e-3)


class Branching(nn.Module):
    """Two branches, a layer that runs twice, one whose output is overwritten in place, and one that never runs."""

    def __init__(self):
        super().__init__()
        self.first, self.shared, self.side = nn.Linear(6, 6), nn.Linear(6, 6), nn.Linear(6, 6)
        self.overwrite, self.idle = nn.ReLU(inplace=True), nn.Linear(6, 6)

    def forward(self, x):
        h = self.shared(self.overwrite(self.first(x)))
        return self.shared(h).tanh() + self.side(x), h


def test_layers_by_name():
    network, x = Branching().double(), torch.randn(4, 6, dtype=torch.float64)
    weight = {name: layer.weight.detach().numpy() for name, layer in network.named_children() if name != "overwrite"}
    assert [layers_up_to(network, x, name) for name in ("first", "overwrite", "shared", "side")] == [1, 1, 3, 1]

    sigma = np.linalg.svd(weight["first"], compute_uv=False)
    np.testing.assert_allclose(ftle(network, x, "first", k=None), np.log([sigma] * 4), atol=1e-12)
    alive = (network.first(x) > 0).numpy()[:, :, None]
    with np.errstate(divide="ignore"):
        rectified = np.log(np.linalg.svd(alive * weight["first"], compute_uv=False)[:, 0])
        twice = np.log(np.linalg.svd(weight["shared"] @ weight["shared"] @ (alive * weight["first"]), compute_uv=False))
    np.testing.assert_allclose(ftle(network, x, "overwrite")[:, 0], rectified, atol=1e-12)
    np.testing.assert_allclose(ftle(network, x, "shared")[:, 0], twice[:, 0] / 3, atol=1e-12)
    np.testing.assert_allclose(ftle(network, x, "shared", depth=2)[:, 0], twice[:, 0] / 2, atol=1e-12)
    with pytest.raises(TypeError, match=r"layer '' gives a tuple"):
        ftle(network, x, "")
    with pytest.raises(TypeError, match=r"'idle' does not run"):
        ftle(network, x, "idle")


def test_the_representation_is_what_the_head_sees():
    network, x = MLP((8,), 2, (10, 12), "tanh"), torch.randn(5, 8)
    torch.testing.assert_close(ftle(network, x), ftle(network, x, "body.4"))
    torch.testing.assert_close(ftle(network, x), ftle(network.representation, x))
    torch.testing.assert_close(ftle(network, x), ftle(lambda x: network.body(x), x, depth=2))
    torch.testing.assert_close(ftle(network, x, ""), ftle(network.forward, x, depth=3))


@pytest.mark.parametrize("activation", [nn.Hardsigmoid, nn.Hardswish, nn.Hardtanh, nn.GELU, nn.ReLU6])
def test_what_pytorch_cannot_differentiate_twice(activation):
    """Hardsigmoid has no second derivative in PyTorch, and Lanczos goes forwards there."""
    network = nn.Sequential(nn.Linear(50, 60), activation(), nn.Linear(60, 45))
    x = torch.randn(4, 50)
    torch.testing.assert_close(
        ftle(network, x, "2", k=2, method="lanczos"), ftle(network, x, "2", k=2, method="exact"), rtol=0, atol=1e-3
    )


class BackwardsOnly(torch.autograd.Function):
    """x to 3 x, with a backward pass that hides from autograd, as some fused kernels do."""

    @staticmethod
    def forward(ctx, x):
        return 3 * x

    @staticmethod
    def backward(ctx, gradient):
        return torch.from_numpy(3 * gradient.detach().numpy())


def test_derivatives_backwards_only():
    x = torch.randn(3, 50)
    found = ftle(BackwardsOnly.apply, x, depth=1)
    torch.testing.assert_close(found, torch.full((3, 1), math.log(3)))
    wide = ftle(lambda x: torch.cat([BackwardsOnly.apply(x)] * 2, dim=1), x, k=None, depth=1)
    torch.testing.assert_close(wide, torch.full((3, 50), math.log(3 * math.sqrt(2))))
    with pytest.raises(ValueError, match=r"has none forwards; use 'exact'"):
        ftle(BackwardsOnly.apply, x, depth=1, method="lanczos")


def state(network):
    """What measuring might have changed."""
    about = [[m.training, len(m._forward_hooks), len(m._forward_pre_hooks)] for m in network.modules()]
    about += [[p.requires_grad, p.grad is None] for p in network.parameters()]
    return about, [value.clone() for value in network.state_dict().values()]


def test_the_network_is_left_as_it_is():
    network = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Dropout(0.5), nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(144, 50)
    )
    network[0].bias.requires_grad_(False)
    network[5].eval()
    x = torch.randn(3, 3, 8, 8)
    before, generator, given = state(network), torch.get_rng_state(), x.clone()
    with pytest.warns(UserWarning, match=r"Sequential is in training mode; exponents are those of its evaluation mode"):
        trained = ftle(network, x, "5", method="lanczos")
    assert state(network)[0] == before[0]
    assert all(map(torch.equal, state(network)[1], before[1]))
    assert torch.equal(torch.get_rng_state(), generator)
    assert torch.equal(x, given)
    network.eval()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        torch.testing.assert_close(ftle(network, x, "5", method="lanczos"), trained)
    assert not trained.requires_grad


def test_training_mode_matters_only_where_it_makes_a_difference():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ftle(MLP((4,), 2).train(), torch.randn(2, 4))
        ftle(nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.0)).train(), torch.randn(2, 4), "1")


@pytest.mark.parametrize("method", ["exact", "lanczos"])
def test_in_whatever_context(method):
    network, x = SmallConv((3, 12, 12), 2), torch.randn(3, 3, 12, 12)
    expected = ftle(network, x, k=2, method=method)
    with torch.no_grad():
        assert torch.equal(ftle(network, x, k=2, method=method), expected)
    with torch.inference_mode():
        assert torch.equal(ftle(network, x.clone(), k=2, method=method), expected)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(ftle(network, x, k=2, method=method), expected)
    assert torch.equal(ftle(network, x.clone().requires_grad_(), k=2, method=method), expected)


def test_precision_follows_the_input_and_the_weights():
    network, x = MLP((6,), 2, (7, 8), "tanh"), torch.randn(3, 6)
    assert ftle(network, x).dtype == torch.float32
    assert ftle(network, x.double()).dtype == torch.float64
    assert ftle(copy.deepcopy(network).double(), x).dtype == torch.float64
    assert ftle(network, x, dtype=torch.float64).dtype == torch.float64
    half = copy.deepcopy(network).to(torch.bfloat16)
    found = ftle(half, x.to(torch.bfloat16))
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, ftle(half.float(), x.to(torch.bfloat16).float()))


def test_wide_and_narrow_convolutions():
    """All kinds of convolutions, both products, against PyTorch's own derivatives."""
    for network, shape in (
        (nn.Conv1d(2, 60, 3, stride=2, padding=1), (2, 40)),
        (nn.Conv2d(3, 5, (5, 2), padding=(1, 0)), (3, 8, 10)),
        (nn.Conv2d(4, 8, 3, dilation=2, groups=2, bias=False), (4, 9, 9)),
        (nn.Conv2d(1, 6, 2, padding=2), (1, 6, 6)),
        (nn.Conv2d(3, 6, 3, padding="same", padding_mode="reflect"), (3, 6, 6)),
        (nn.Conv3d(2, 4, 2, stride=(1, 2, 1)), (2, 4, 5, 4)),
        (nn.ConvTranspose2d(2, 3, 3, stride=2), (2, 5, 5)),
    ):
        x = torch.randn(2, *shape)
        jacobian = torch.autograd.functional.jacobian(network, x[:1]).reshape(-1, x[0].numel())
        expected = torch.linalg.svdvals(jacobian.double())[:3].log().float().expand(2, 3)
        for method in ("exact", "lanczos"):
            found = ftle(network, x, "", k=3, method=method)
            torch.testing.assert_close(found, expected, rtol=0, atol=1e-3 if method == "lanczos" else 1e-5)


def test_weights_that_depend_on_the_input():
    """y = w(x) * x, a convolution whose kernel is the input itself: both ways count."""

    def function(x):
        return torch.stack([nn.functional.conv1d(each[None, None], each[None, None, :3])[0, 0] for each in x])

    x = torch.randn(2, 6, dtype=torch.float64)
    expected = [torch.autograd.functional.jacobian(lambda z: function(z[None])[0], each) for each in x]
    for method in ("exact", "lanczos"):
        found = ftle(function, x, k=2, depth=1, method=method)
        torch.testing.assert_close(found, torch.linalg.svdvals(torch.stack(expected))[:, :2].log(), rtol=0, atol=1e-3)


@pytest.mark.cuda
@pytest.mark.parametrize("method", ["exact", "lanczos"])
def test_a_gpu_measures_the_same(method):
    network, x = ConvNet((3, 24, 24), 2), torch.randn(4, 3, 24, 24)
    expected = ftle(network, x, k=2, method="exact", dtype=torch.float64)
    found = ftle(network.cuda(), x.cuda(), k=2, method=method)
    assert found.is_cuda
    np.testing.assert_allclose(found.cpu(), expected, rtol=0, atol=1e-3)
    vectors = singular_vectors(network, x.cuda(), method=method)
    np.testing.assert_allclose(vectors.ftle.cpu(), expected[:, :1], rtol=0, atol=1e-3)
