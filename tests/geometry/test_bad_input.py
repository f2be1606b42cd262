"""Bad input as a user meets it: without the checks of shapes that these tests otherwise run under."""

import pytest

SETUP = """
import math, numpy as np, torch
from torch import nn
from lop_tutorial.geometry import *
h, y, w = torch.randn(12, 5), torch.arange(3).repeat(4), torch.randn(3, 5)
one_hot = nn.functional.one_hot(y)
square, plane = torch.eye(3), nn.Linear(4, 1)
bowl = lambda network: network.weight.square().sum()
"""

CALLS = {
    "neural_collapse(h.numpy(), y, w)": "TypeError: features is of type ndarray; it must be a tensor",
    "neural_collapse(h, y.tolist(), w)": "TypeError: labels is of type list; it must be a tensor",
    "neural_collapse(h, y.float(), w)": "ValueError: labels are torch.float32 of shape [12]; they must be one whole",
    "neural_collapse(h, one_hot, w)": "ValueError: labels are torch.int64 of shape [12, 3]; they must be one",
    "neural_collapse(h, y[:7], w)": "ValueError: 12 features have 7 labels",
    "neural_collapse(h + 0j, y, w)": "ValueError: features holds complex numbers",
    "neural_collapse(h[:, 0], y, w)": "ValueError: features, weight are [[12], [3, 5]]; they go as samples x width",
    "neural_collapse(h[:, :0], y, w[:, :0])": "ValueError: features, weight are [[12, 0], [3, 0]]; they go as",
    "neural_collapse(h, y, w.T)": "ValueError: features, weight are [[12, 5], [5, 3]]; they go as",
    "neural_collapse(h, y, w, torch.tensor(0.0))": "ValueError: features, weight, bias are [[12, 5], [3, 5], []]",
    "neural_collapse(h, y, w, torch.zeros(3, 1))": "ValueError: features, weight, bias are [[12, 5], [3, 5], [3, 1]]",
    "neural_collapse(h, y, w, torch.zeros(2))": "ValueError: features, weight, bias are [[12, 5], [3, 5], [2]]",
    "neural_collapse(h[:0], y[:0], w)": "ValueError: labels are []; they must count",
    "variability(h.numpy(), y)": "TypeError: features is of type ndarray",
    "variability(h[:, 0], y)": "ValueError: features are [12]; they go as samples x width",
    "variability(h, y.float())": "ValueError: labels are torch.float32 of shape [12]; they must count the",
    "variability(h, one_hot)": "ValueError: labels are torch.int64 of shape [12, 3]; they must count the",
    "collapse_axes(h, y[:7])": "ValueError: 12 features have 7 labels",
    "simplex_etf(3.0, 3)": "ValueError: classes is 3.0; a simplex has at least 2 corners",
    "simplex_etf(3, 3.0)": "ValueError: width is 3.0; it must be a whole number from 1 up",
    "gram_deviation(square[0])": "ValueError: the weights have the shape [3]; they need rows and columns",
    "gram_deviation(np.eye(3))": "TypeError: weight is of type ndarray",
    "frozen_units(square[0])": "ValueError: slopes have the shape [3]; it must be (batch, units, ...)",
    "cloned_units(square[0])": "ValueError: activations have the shape [3]; it must be (batch, units, ...)",
    "effective_rank(np.eye(3))": "TypeError: the matrix is of type ndarray",
    "stable_rank(square + 0j)": "ValueError: the matrix holds complex numbers",
    "feature_rank(square, threshold=math.nan)": "ValueError: threshold is nan; it must be a number from 0 up",
    "dead_units(h.numpy())": "TypeError: activations is of type ndarray",
    "dead_units(h, tolerance=-1)": "ValueError: tolerance is -1; it must be a number from 0 up",
    "inactive_units(h, share=2)": "ValueError: share is 2; it must be from 0 to 1",
    "dormant_units(h, tau=math.nan)": "ValueError: tau is nan; it must be a number from 0 up",
    "dormancy_scores(h + 0j)": "ValueError: activations holds complex numbers",
    "ftle(plane, torch.nested.nested_tensor([h[0, :4], h[1, :4]]), '')": "ValueError: x is a nested tensor",
    "hessian_eigenvalues(plane, bowl, 1.5)": "ValueError: k is 1.5; it must be a whole number",
    "hessian_eigenvalues(plane, bowl, max_restarts=0)": "ValueError: max_restarts is 0; it must be a whole number",
    "hessian_eigenvalues(plane, bowl, tolerance=math.nan)": "ValueError: tolerance is nan",
    "hessian_rank(plane, 3)": "TypeError: loss is of type int; it must be a function that takes the network",
    "hessian_rank(plane, lambda network: 1.0)": "TypeError: the loss is of type float; it must be a tensor",
}


pytestmark = pytest.mark.usefixtures("as_users_run")
NAMES: dict = {}
exec(SETUP, NAMES)


@pytest.mark.parametrize("call", CALLS)
def test_one_clear_error(call):
    with pytest.raises((ValueError, TypeError)) as raised:
        eval(call, NAMES)
    assert f"{type(raised.value).__name__}: {raised.value}".startswith(CALLS[call])
