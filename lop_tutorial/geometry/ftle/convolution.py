"""Convolutions whose Jacobian costs one convolution a product, in either direction.

Differentiated twice, PyTorch's own convolutions also work out a derivative with respect to the weights that nobody
asked for, and on a CPU they are slow at leading derivatives back to an image of three colours. `convolve` does neither.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Size, Tensor
from torch.nn.functional import conv2d, pad, pixel_shuffle
from torch.nn.grad import conv1d_input, conv2d_input, conv3d_input

_ADJOINTS: dict[Any, Callable[..., Tensor]] = {
    torch.conv1d: conv1d_input,
    torch.conv2d: conv2d_input,
    torch.conv3d: conv3d_input,
}
CONVOLUTIONS = tuple(_ADJOINTS)


def convolve(
    convolution: Callable[..., Tensor],
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int | Sequence[int] = 1,
    padding: str | int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> Tensor:
    """One of `CONVOLUTIONS`; lean where the weights are real and need no gradient."""
    plain = weight.requires_grad or weight.is_complex() or (bias is not None and bias.requires_grad)
    if plain or input.ndim != weight.ndim or isinstance(padding, str):
        return convolution(input, weight, bias, stride, padding, dilation, groups)
    each = weight.ndim - 2
    stride, padding, dilation = ((n,) * each if isinstance(n, int) else tuple(n) for n in (stride, padding, dilation))
    return _Convolution.apply(input, weight, bias, _Geometry(convolution, stride, padding, dilation, groups))


@dataclass(frozen=True)
class _Geometry:
    """A convolution as a linear map W of the input, but for its weights."""

    convolution: Callable[..., Tensor]
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    dilation: tuple[int, ...]
    groups: int

    def apply(self, x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        """W x + b."""
        return self.convolution(x, weight, bias, self.stride, self.padding, self.dilation, self.groups)

    def apply_adjoint(self, z: Tensor, weight: Tensor, shape: Size) -> Tensor:
        """W^T z, for inputs of this shape."""
        if self._leads_to_a_picture(z, weight, shape):
            return _to_a_picture(z, weight, self.padding)
        adjoint = _ADJOINTS[self.convolution]
        return adjoint(shape, weight, z, self.stride, self.padding, self.dilation, self.groups)

    def _leads_to_a_picture(self, z: Tensor, weight: Tensor, shape: Size) -> bool:
        """In float32 on a CPU, to at most four colours and an even number of pixels each way, by steps of one pixel."""
        return (
            z.device.type == "cpu"
            and z.dtype == torch.float32
            and torch.backends.mkldnn.is_available()
            and self.convolution is torch.conv2d
            and shape[1] <= 4
            and self.groups == 1
            and self.stride == self.dilation == (1, 1)
            and all(pixels % 2 == 0 for pixels in shape[2:])
            and all(beside < size for beside, size in zip(self.padding, weight.shape[2:], strict=True))
        )


def _to_a_picture(
    z: Float[Tensor, "batch maps rows columns"],
    weight: Float[Tensor, "maps colours height width"],
    padding: tuple[int, ...],
) -> Float[Tensor, "batch colours rows_of_pixels columns_of_pixels"]:
    """W^T z, with the 2 x 2 pixels of a square as channels.

    A CPU computes 16 output channels at once, and 3 colours would leave most of them idle. So one convolution, in steps
    of two pixels, holds the flipped kernel at the four places of a square.
    """
    flipped = weight.transpose(0, 1).flip(2, 3)
    places = [pad(flipped, (right, 1 - right, down, 1 - down)) for down in (0, 1) for right in (0, 1)]
    height, width = weight.shape[2:]
    around = height - 1 - padding[0], width - 1 - padding[1]
    return pixel_shuffle(conv2d(z, torch.stack(places, 1).flatten(0, 1), stride=2, padding=around), 2)


class _Convolution(torch.autograd.Function):
    """W x + b; differentiated, W^T as a function that can be differentiated in turn."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x: Tensor, weight: Tensor, bias: Tensor | None, geometry: _Geometry) -> Tensor:
        return geometry.apply(x, weight, bias)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor, Tensor | None, _Geometry], output: Tensor) -> None:
        x, ctx.weight, _, ctx.geometry = inputs
        ctx.shape = x.shape

    @staticmethod
    def backward(ctx: Any, z: Tensor) -> tuple[Tensor, None, None, None]:
        return _Adjoint.apply(z, ctx.weight, ctx.geometry, ctx.shape), None, None, None


class _Adjoint(torch.autograd.Function):
    """W^T z; differentiated, W."""

    generate_vmap_rule = True

    @staticmethod
    def forward(z: Tensor, weight: Tensor, geometry: _Geometry, shape: Size) -> Tensor:
        return geometry.apply_adjoint(z, weight, shape)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor, _Geometry, Size], output: Tensor) -> None:
        _, ctx.weight, ctx.geometry, _ = inputs

    @staticmethod
    def backward(ctx: Any, x: Tensor) -> tuple[Tensor, None, None, None]:
        return ctx.geometry.apply(x, ctx.weight), None, None, None
