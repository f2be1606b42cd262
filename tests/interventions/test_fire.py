"""FIRE against the polar decomposition of NumPy."""

import numpy as np
import pytest
import torch

from lop_tutorial.interventions import FIRE
from lop_tutorial.interventions.newton_schulz import QUINTIC, orthogonalised
from lop_tutorial.networks import MLP, SmallConv
from lop_tutorial.streams import ToyPoints
from lop_tutorial.training import Learner, Training


def polar(matrix):
    """The nearest matrix with orthonormal rows or columns."""
    u, _, vt = np.linalg.svd(matrix, full_matrices=False)
    return u @ vt


@pytest.mark.parametrize("shape", [(5, 9), (9, 5), (6, 6), (3, 2, 7, 4)])
def test_newton_and_schulz_end_at_the_polar_factor(shape):
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    np.testing.assert_allclose(orthogonalised(matrix, 40), polar(matrix.numpy()), atol=1e-10)


def test_one_step_by_hand():
    """diag(3, 4) over its length 5 is (0.6, 0.8); 1.5 x - 0.5 x^3 makes (0.792, 0.944) of it. Zeros stay zeros."""
    matrix = torch.tensor([[3.0, 0.0], [0.0, 4.0]])
    torch.testing.assert_close(orthogonalised(matrix, 1), torch.diag(torch.tensor([0.792, 0.944])))
    assert torch.equal(orthogonalised(torch.zeros(2, 3), 10), torch.zeros(2, 3))


def test_five_steps_of_the_quintic_bring_singular_values_near_one_and_keep_their_vectors():
    draw = torch.Generator().manual_seed(0)
    matrix = torch.randn(12, 20, generator=draw, dtype=torch.float64)
    made = orthogonalised(matrix, 5, QUINTIC).numpy()
    u, _, vt = np.linalg.svd(matrix.numpy(), full_matrices=False)
    inner = u.T @ made @ vt.T
    assert ((np.diag(inner) > 0.65) & (np.diag(inner) < 1.25)).all()
    np.testing.assert_allclose(inner, np.diag(np.diag(inner)), atol=1e-8)


def test_weights_of_linear_layers_and_convolutions():
    one = Learner(lambda: SmallConv((3, 12, 12), 4), Training(head="keep"), FIRE(iterations=60))
    before = {name: weight.detach().double().numpy().copy() for name, weight in one.network.named_parameters()}
    with torch.no_grad():
        one.intervention.start_task(one)
    for name, weight in one.network.named_parameters():
        was, now = before[name], weight.detach().double().numpy()
        if was.ndim == 1:
            np.testing.assert_array_equal(now, was)
        elif was.ndim == 2:
            np.testing.assert_allclose(now, np.sqrt(was.shape[0] / was.shape[1]) * polar(was), atol=1e-4)
        else:
            scale = np.sqrt(was.shape[0] / was.shape[1]) / (was.shape[2] * was.shape[3])
            for i, j in np.ndindex(was.shape[2:]):
                np.testing.assert_allclose(now[:, :, i, j], scale * polar(was[:, :, i, j]), atol=1e-4)


def test_momentum_is_cleared_where_weights_were_replaced_and_the_head_follows_the_training():
    one = Learner(lambda: MLP((20,), 2, hidden=(8, 6)), Training(epochs=2, head="zero"), FIRE())
    one.learn(ToyPoints(0).task(0))
    one.start(ToyPoints(0).task(1))
    layer = one.network.body[1]
    assert not one.optimiser.state[layer.weight]["momentum_buffer"].any()
    assert one.optimiser.state[layer.bias]["momentum_buffer"].any()
    assert not one.network.head.weight.any()


def test_negative_iterations_are_refused():
    with pytest.raises(ValueError, match="iterations is -1"):
        FIRE(-1)
