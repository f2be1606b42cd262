"""Augmentation: other pictures of the same things, drawn anew at every step, on the device where the batch lies."""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample, pad

from lop_tutorial.seeds import Draw

Images = Float[Tensor, "batch channel height width"]


def flip_crop_rotate(
    x: Float[Tensor, "batch channel height width"], draw: Draw
) -> Float[Tensor, "batch channel height width"]:
    """Incremental CIFAR-100's augmentation (Dohare et al. 2024): each image flipped, then moved, then turned.

    Flipped left to right with probability 1/2. Padded on all sides by an eighth of its width (4 pixels of 32) with its
    own reflection, and cut out again at any place. Turned anticlockwise about its centre by up to 15 degrees, each
    pixel from the nearest one; what comes from outside is 0, in a scaled image the mean colour.

    Four numbers of `draw` belong to each image. The same rule for smaller images is ours; so is that images whose
    eighth is no whole pixel are padded by one pixel. As the authors' code has it, images are turned to one side only.
    """
    number, width = len(x), x.shape[-1]
    flip, down, right, turn = draw.uniform(number, 4, device=x.device).unbind(dim=1)
    x = torch.where((flip < 0.5).view(-1, 1, 1, 1), x.flip(-1), x)
    return _turned(_moved(x, down, right, max(1, width // 8)), turn * (torch.pi / 12))


def _moved(x: Images, down: Float[Tensor, " batch"], right: Float[Tensor, " batch"], by: int) -> Images:
    """Cuts each image out of its padded self, at shares `down` and `right` of the 2 * `by` + 1 places."""
    _, channels, height, width = x.shape
    padded = pad(x, (by, by, by, by), mode="reflect")
    rows = (down * (2 * by + 1)).long()[:, None] + torch.arange(height, device=x.device)
    columns = (right * (2 * by + 1)).long()[:, None] + torch.arange(width, device=x.device)
    padded = padded.take_along_dim(rows[:, None, :, None].expand(-1, channels, -1, 1), dim=2)
    return padded.take_along_dim(columns[:, None, None, :].expand(-1, channels, 1, -1), dim=3)


def _turned(x: Images, angle: Float[Tensor, " batch"]) -> Images:
    """Each image turned anticlockwise by its angle, in radians; square images only."""
    cos, sin, zero = angle.cos(), angle.sin(), torch.zeros_like(angle)
    where_from = torch.stack([torch.stack([cos, -sin, zero], 1), torch.stack([sin, cos, zero], 1)], 1)
    grid = affine_grid(where_from, list(x.shape), align_corners=False)
    return grid_sample(x, grid, mode="nearest", padding_mode="zeros", align_corners=False)


Augment = Callable[[Tensor, Draw], Tensor]

AUGMENTATIONS: dict[str, Augment | None] = {
    "none": None,
    "flip_crop_rotate": flip_crop_rotate,
}
"""By the name that `Training` knows them under."""
