"""The losses of many learners at once: those of each by itself, to the last bit, with their gradients."""

import pytest
import torch
from torch.func import vmap
from torch.nn.functional import huber_loss, one_hot

from lop_tutorial.seeds import torch_generator
from lop_tutorial.training import LOSSES
from lop_tutorial.training.fleet.stacked_losses import KNOWN, stacked_loss

SHAPES = [(1, 32, 2), (3, 100, 2), (4, 37, 5), (2, 7, 100), (5, 1, 3)]


def graded(found, logits):
    """Losses, and the gradient of their sum."""
    (gradient,) = torch.autograd.grad(found.sum(), logits)
    return found.detach(), gradient


@pytest.mark.parametrize("spread", [0.1, 1.0, 40.0])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_known_losses_have_the_bits_of_vmap(loss, shape, spread):
    assert loss in KNOWN
    learners, batch, outputs = shape
    draw = torch_generator(0, "losses", *shape)
    logits = (spread * torch.randn(shape, generator=draw)).requires_grad_()
    hard = one_hot(torch.randint(outputs, (learners, batch), generator=draw), outputs).float()
    for y in (hard, 0.7 * hard + torch.rand(shape, generator=draw)):  # labels of mixtures need not sum to 1
        for mine, theirs in zip(
            graded(stacked_loss(loss, logits, y), logits), graded(vmap(loss)(logits, y), logits), strict=True
        ):
            assert torch.equal(mine, theirs)


def test_each_learner_has_its_own_loss_worked_out_by_hand():
    logits = torch.tensor([[[0.0, 0.0]], [[1.0, 3.0]]])
    y = torch.tensor([[[1.0, 0.0]], [[0.0, 1.0]]])
    torch.testing.assert_close(stacked_loss(LOSSES["squared_error"], logits, y), torch.tensor([0.5, 2.5]))
    entropies = torch.tensor([2.0, 1 + torch.tensor(-2.0).exp()]).log()
    torch.testing.assert_close(stacked_loss(LOSSES["cross_entropy"], logits, y), entropies)


def test_another_loss_is_taken_learner_by_learner():
    logits, y = torch.randn(3, 8, 2), torch.rand(3, 8, 2)
    each = [huber_loss(*own) for own in zip(logits, y, strict=True)]
    torch.testing.assert_close(stacked_loss(huber_loss, logits, y), torch.stack(each))
