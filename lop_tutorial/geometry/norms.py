"""How far the weights have moved and how hard the loss pulls at them.

Norms go over all parameters of a network, biases and the scales of normalisation layers included, as one long
vector, in float64; complex numbers count as two real ones. A network with NaN in its weights gives NaN. Public codes
also use the mean absolute weight (here `weight_magnitude`), the weight matrices alone, or one norm a layer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from lop_tutorial.geometry.eval_mode import eval_mode
from lop_tutorial.geometry.inputs import must_be_real
from lop_tutorial.geometry.measurable import must_have_weights
from lop_tutorial.geometry.scale import near_one, times_power

Objective = Callable[[nn.Module], Tensor]
"""A loss of a network, for example `lambda network: cross_entropy(network(x), y)`."""


def weight_norm(network: nn.Module) -> float:
    r"""$\lVert\theta\rVert_2$, from 0 up. Grows with the number of weights (Lyle et al. 2023 watch it over tasks)."""
    must_have_weights(network)
    return _norm(dict(network.named_parameters()))


def weight_magnitude(network: nn.Module) -> float:
    """The mean of |w| over all parameters, from 0 up (Dohare et al. 2024)."""
    must_have_weights(network)
    weights = [p.detach().abs().double() for p in network.parameters()]
    if not weights:
        raise ValueError(f"{type(network).__name__} has no weights to take a mean of")
    return float(sum(w.sum() for w in weights)) / sum(w.numel() for w in weights)


def snapshot(network: nn.Module) -> dict[str, Tensor]:
    """A copy of all parameters, by name: where `distance_from` measures from."""
    must_have_weights(network)
    return {name: p.detach().clone() for name, p in network.named_parameters()}


def distance_from(start: Mapping[str, Tensor], network: nn.Module) -> float:
    r"""$\lVert\theta - \theta_0\rVert_2$, from 0 up, where `start` is a `snapshot` or a state_dict.

    Raises a ValueError where `start` lacks a parameter or has it in another shape.
    """
    must_have_weights(network)
    moved = {}
    for name, p in network.named_parameters():
        if name not in start:
            raise ValueError(f"start lacks {name!r}; take a snapshot of the same network")
        if start[name].shape != p.shape:
            raise ValueError(
                f"{name!r} has the shape {list(start[name].shape)} in start and {list(p.shape)} in the network; "
                "take a snapshot of the same network"
            )
        moved[name] = _double(p) - _double(start[name].to(p.device))
    return _norm(moved)


def gradient_norm(network: nn.Module, loss: Objective) -> float:
    r"""$\lVert\nabla_\theta L\rVert_2$ of `loss(network)`, from 0 up.

    In evaluation mode and in the network's own precision; `.grad`, buffers and training flags are left as they were.
    Parameters that need no gradient are left out, those that the loss does not depend on count as zero. Public
    codes differ in what L is (one batch, or all samples, summed or averaged): here it is what `loss` says.
    """
    return _norm(dict(enumerate(gradients(network, loss))))


def gradients(network: nn.Module, loss: Objective, *, again: bool = False) -> list[Tensor]:
    """The gradient of `loss(network)` for each parameter that needs one; with `again` it can be differentiated."""
    parameters = trainable(network)
    if not callable(loss):
        raise TypeError(f"loss is of type {type(loss).__name__}; it must be a function that takes the network")
    with eval_mode(network), torch.enable_grad():
        value = loss(network)
        must_be_real("the loss", value)
        if value.numel() != 1 or not value.requires_grad:
            raise ValueError(
                f"the loss has the shape {list(value.shape)}{'' if value.requires_grad else ' and no gradient'}; "
                "it must be one number that depends on the network's weights"
            )
        return list(torch.autograd.grad(value.sum(), parameters, create_graph=again, materialize_grads=True))


def trainable(network: nn.Module) -> list[nn.Parameter]:
    """The parameters that need a gradient, in the order of `network.parameters()`."""
    must_have_weights(network)
    parameters = [p for p in network.parameters() if p.requires_grad]
    if not parameters:
        raise ValueError(f"{type(network).__name__} has no parameter that needs a gradient; set requires_grad")
    return parameters


def _double(tensor: Tensor) -> Tensor:
    """In float64; a complex number is two real ones, its real and its imaginary part."""
    detached = tensor.detach()
    return (torch.view_as_real(detached) if tensor.is_complex() else detached).double()


def _norm(tensors: Mapping[str, Tensor] | Mapping[int, Tensor]) -> float:
    """Of all numbers together; scaled, so that no square overflows or vanishes."""
    largest = torch.tensor([float(_double(t).abs().max()) for t in tensors.values() if t.numel()], dtype=torch.float64)
    _, exponent = near_one(largest)
    squares = sum(float(times_power(_double(t), -exponent).square().sum()) for t in tensors.values())
    return float(times_power(torch.tensor(squares**0.5, dtype=torch.float64), exponent))
