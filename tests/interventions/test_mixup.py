"""Mixup: the labels tell who was mixed with whom and how much, and the inputs must agree."""

import pytest
import torch

from lop_tutorial.interventions import Examples, Mixup
from lop_tutorial.seeds import draw_for


def mixed(alpha, n, shape=()):
    x = torch.randn(n, *shape, generator=torch.Generator().manual_seed(0)) + 3
    return x, *Mixup(alpha).batch(x, torch.eye(n), draw_for(1, "mixing"), Examples.of(x, torch.arange(n), n))


@pytest.mark.parametrize("shape", [(4,), (2, 3, 3)])
def test_inputs_and_labels_are_the_same_mixture_of_two(shape):
    x, mixed_x, y = mixed(0.7, 50, shape)
    torch.testing.assert_close(mixed_x.flatten(1), y @ x.flatten(1))  # each sample is a class of its own
    torch.testing.assert_close(y.sum(dim=1), torch.ones(50))
    assert (y >= 0).all()
    assert ((y > 0).sum(dim=1) <= 2).all()
    partners = (y - torch.diag(y.diag())).argmax(dim=1)
    with_other = y.diag() < 1
    assert len(set(partners[with_other].tolist())) == with_other.sum()  # a permutation
    assert len(set(y.diag().tolist())) > 40  # one m for each pair


@pytest.mark.parametrize("alpha", [0.2, 1, 5.0])
def test_the_weights_are_beta(alpha):
    """Beta(a, a) has mean 1/2 and variance 1 / (4 (2 a + 1))."""
    _, _, y = mixed(alpha, 3000, (1,))
    m = y.diag().double()
    assert m.mean().item() == pytest.approx(0.5, abs=0.03)
    assert m.var().item() == pytest.approx(1 / (4 * (2 * alpha + 1)), rel=0.1)


@pytest.mark.parametrize("alpha", [-1, float("nan")])
def test_a_wrong_alpha_is_named(alpha):
    with pytest.raises(ValueError, match=f"alpha is {alpha}; it must be a finite number from 0 up"):
        Mixup(alpha)
