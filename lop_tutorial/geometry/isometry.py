"""How far a network is from keeping lengths: its singular values against one.

A layer, or a network, is an isometry where every singular value of its Jacobian is one: it neither stretches nor
squeezes. Rosseau et al. (2026, arXiv 2606.09762) hold that networks stay able to learn where this nearly holds, and
penalise each layer's weights for leaving it: `weight_isometry` is their penalty. `jacobian_isometry` asks the same of
the whole way from the input to the representation, as Pennington et al. (2017) define dynamical isometry; that the
distance is a mean of squares is our choice, since they give a condition and no number.

Both are 0 for an isometry, without unit, and grow without bound. A convolution's weights are taken as a matrix, maps
out x (maps in times positions in the kernel): another matrix than its Jacobian, and our choice, too.
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn

from lop_tutorial.geometry.ftle import ftle
from lop_tutorial.geometry.inputs import must_be_real
from lop_tutorial.geometry.measurable import must_have_weights, must_show_layers


def gram_deviation(weight: Float[Tensor, "rows *columns"]) -> float:
    r"""$\lVert W^\top W - I\rVert_F^2$, or of $W W^\top$ where W has fewer rows than columns: sum of (s^2 - 1)^2.

    The sum goes over the min(rows, columns) singular values s. In float64. ValueError where W is no matrix or holds
    NaN or inf.
    """
    must_be_real("weight", weight)
    if weight.ndim < 2 or not weight.numel():
        raise ValueError(f"the weights have the shape {list(weight.shape)}; they need rows and columns")
    if not weight.isfinite().all():
        raise ValueError("the weights hold NaN or inf; has the network diverged?")
    values = torch.linalg.svdvals(weight.detach().double().flatten(1))
    return float((values.square() - 1).square().sum())


def weight_isometry(network: nn.Module) -> float:
    """`gram_deviation`, summed over all linear layers and convolutions, the last one included."""
    must_show_layers(network)
    must_have_weights(network)
    layers = [part for part in network.modules() if isinstance(part, nn.Linear | nn.modules.conv._ConvNd)]
    if not layers:
        raise ValueError(f"{type(network).__name__} has no linear layer and no convolution to measure")
    return sum(gram_deviation(layer.weight) for layer in layers)


def jacobian_isometry(network: nn.Module, x: Shaped[Tensor, "batch *shape"], layer: str | None = None) -> float:
    """The mean of (s - 1)^2 over samples and singular values s of the Jacobian from the input to a layer.

    The layer is the representation where none is named, as in `ftle`, and what cannot be measured raises the same
    errors. NaN where a Jacobian is not finite.
    """
    values = ftle(network, x, layer, k=None, depth=1, method="exact", dtype=torch.float64).exp()
    return float((values - 1).square().mean())
