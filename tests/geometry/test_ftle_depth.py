"""l, the number of layers: however they are called; and where it cannot be counted, depth is asked for."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from lop_tutorial.geometry import ftle, layers_up_to


class Functional(nn.Module):
    """Four layers, each called another way."""

    def __init__(self):
        super().__init__()
        self.kernel = nn.Parameter(torch.randn(2, 1, 3))
        self.first, self.second = nn.Parameter(torch.randn(6, 8)), nn.Parameter(torch.randn(6, 6))
        self.third, self.act = nn.Linear(6, 6), nn.Tanh()

    def forward(self, x):
        h = functional.conv1d(x[:, None], self.kernel, padding=1).sum(dim=1)
        h = self.act(functional.linear(h, self.first))
        return functional.linear(h @ self.second.T, self.third.weight, self.third.bias)


class Products(nn.Module):
    """One matrix by every product of PyTorch's, and products of two activations, which are no layers."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.eye(4))

    def forward(self, x):
        w = self.weight
        x = torch.matmul(x, w)
        x = torch.mm(x, w)
        x = torch.einsum("bi,ij->bj", x, w)
        x = torch.addmm(torch.zeros(4, dtype=x.dtype), x, w)
        x = (w @ x.T).T
        x = torch.bmm(x[:, None], w.expand(len(x), 4, 4))[:, 0]
        x = x.matmul(w.view(4, 4))
        score = torch.bmm(x[:, :, None], x[:, None])
        return torch.softmax(score @ score, dim=1).flatten(1)


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention, self.out = nn.MultiheadAttention(4, 2, batch_first=True), nn.Linear(4, 4)

    def forward(self, x):
        x = x.unflatten(1, (2, 4))
        return self.out(self.attention(x, x, x)[0])


class Recurrent(nn.Module):
    def __init__(self, recurrence):
        super().__init__()
        self.recurrence, self.head = recurrence, nn.Linear(5, 3)

    def forward(self, x):
        return self.head(self.recurrence(x.unflatten(1, (2, 4)))[0][:, -1, :5])


class Celled(nn.Module):
    """A cell for each of two steps, or one for both."""

    def __init__(self, kind, shared):
        super().__init__()
        self.cells = nn.ModuleList([kind(4, 5)] * 2 if shared else [kind(4, 5), kind(4, 5)])
        self.head = nn.Linear(5, 3)

    def forward(self, x):
        state = None
        for cell, part in zip(self.cells, x.split(4, dim=1), strict=True):
            state = cell(part, state)
        return self.head(state if isinstance(state, torch.Tensor) else state[0])


class Adapted(nn.Linear):
    """A layer with an adapter of low rank beside it: one layer, whatever functions it calls."""

    def __init__(self):
        super().__init__(8, 8)
        self.down, self.up = nn.Parameter(torch.randn(2, 8)), nn.Parameter(torch.randn(8, 2))

    def forward(self, x):
        return super().forward(x) + functional.linear(functional.linear(x, self.down), self.up)


class Mixing(nn.Module):
    """Multiplies by a fixed matrix, as networks on graphs do."""

    def __init__(self):
        super().__init__()
        self.register_buffer("neighbours", torch.ones(8, 8))
        self.out = nn.Linear(8, 3)

    def forward(self, x):
        return self.out(x @ self.neighbours)


class Branches(nn.Module):
    """One layer, then three ways side by side of one, two and no layers, written into parts of one tensor."""

    def __init__(self):
        super().__init__()
        self.first, self.short, self.one, self.two = (nn.Linear(8, 8) for _ in range(4))

    def forward(self, x):
        h = self.first(x)
        out = torch.zeros(len(x), 3, 8, dtype=x.dtype)
        out[:, 0], out[:, 1], out[:, 2] = self.short(h), self.two(self.one(h)), h
        return out.flatten(1)


class Doubled(torch.autograd.Function):
    """What PyTorch does not show to those who look on."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x):
        return 2 * x

    @staticmethod
    def setup_context(ctx, inputs, output):
        pass

    @staticmethod
    def backward(ctx, gradient):
        return 2 * gradient

    @staticmethod
    def jvp(ctx, tangent):
        return 2 * tangent


class Unseen(nn.Module):
    def __init__(self):
        super().__init__()
        self.before, self.after = nn.Linear(8, 8), nn.Linear(8, 3)

    def forward(self, x):
        return self.after(Doubled.apply(self.before(x)))


COUNTED = [
    (Branches(), "", 3),
    (Unseen(), "", 2),
    (Functional(), "", 4),
    (Functional(), "act", 2),
    (Attention(), "", 2),
    (nn.Sequential(nn.Unflatten(1, (2, 4)), nn.TransformerEncoderLayer(4, 2, 8, batch_first=True)), "", 3),
    (Recurrent(nn.RNN(4, 5, batch_first=True)), "", 2),
    (Recurrent(nn.LSTM(4, 5, num_layers=3, batch_first=True)), "", 4),
    (Recurrent(nn.GRU(4, 5, num_layers=2, bidirectional=True, batch_first=True)), "", 3),
    (Celled(nn.LSTMCell, shared=False), "", 3),
    (Celled(nn.GRUCell, shared=False), "", 3),
    (nn.Sequential(Adapted(), nn.Linear(8, 3)), "", 2),
    (nn.utils.parametrizations.weight_norm(nn.Linear(8, 3)), "", 1),
    (nn.utils.parametrizations.spectral_norm(nn.Linear(8, 3)), "", 1),
]


@pytest.mark.parametrize(("network", "layer", "depth"), COUNTED)
def test_layers_are_counted_however_they_are_called(network, layer, depth):
    x = torch.randn(1, 8)
    assert layers_up_to(network.eval(), x, layer) == depth
    torch.testing.assert_close(ftle(network, x, layer), ftle(network, x, layer, depth=1) / depth)


def test_every_product_with_a_parameter_counts_and_none_of_two_activations():
    assert layers_up_to(Products(), torch.randn(2, 4), "") == 7


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (Celled(nn.LSTMCell, shared=True), "a LSTMCell runs more than once"),
        (Celled(nn.RNNCell, shared=True), "a RNNCell runs more than once"),
        (Mixing(), "matmul multiplies by a matrix of 8 x 8 that is no parameter"),
        (nn.Sequential(nn.ReLU(), nn.Flatten()), "no linear layer or convolution"),
    ],
)
def test_depth_is_asked_for_where_it_is_open(network, message):
    x = torch.randn(2, 8)
    with pytest.raises(ValueError, match=f"{message}.*; pass depth, l itself") as caught:
        ftle(network, x, "")
    assert "\n" not in str(caught.value)
    assert ftle(network, x, "", depth=2).shape == (2, 1)


def test_what_comes_after_the_layer_is_not_asked_about():
    network = nn.Sequential(nn.Linear(8, 8), nn.Tanh(), Mixing())
    assert layers_up_to(network, torch.randn(1, 8), "1") == 1
    with pytest.raises(ValueError, match="cannot be counted"):
        layers_up_to(network, torch.randn(1, 8), "2")


def test_counting_leaves_no_hooks():
    network = Functional()
    layers_up_to(network, torch.randn(1, 8), "act")
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in network.modules())
