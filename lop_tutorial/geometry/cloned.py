"""Cloned units: hidden units that say the same as another one of their layer.

Joudaki et al. (2025, arXiv 2510.00304) show that units which compute the same function, and receive the same error
signal, get the same gradient: plain gradient descent never parts them, and the network is no larger than one without
the copies. They call two units duplicates where the cosine between their activations, over samples, is above 0.95. The
cosine is not centred: units that are nearly constant on the samples count as clones of each other.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from lop_tutorial.geometry.activations import hidden_activations
from lop_tutorial.geometry.inputs import must_lie
from lop_tutorial.geometry.units import by_unit


def cloned_units(activations: Float[Tensor, "batch unit *positions"], cosine: float = 0.95) -> Bool[Tensor, " unit"]:
    """Units whose activations have a cosine above `cosine` with those of an earlier unit of the layer.

    Of k equal units k - 1 are clones, as in the authors' code: those that could be taken away. A unit that is zero on
    every sample is dead and no clone. Positions of a map count as further samples. ValueError as for `dead_units`.
    """
    must_lie("cosine", cosine, -1, 1)
    directions = nn.functional.normalize(by_unit(activations), dim=1)
    return ((directions @ directions.T).tril(diagonal=-1) > cosine).any(dim=1)


def cloned_share(network: nn.Module, x: Float[Tensor, "batch *shape"], layers: Sequence[str] | None = None) -> float:
    """The share of all hidden units that are clones on `x`, in [0, 1]."""
    masks = [cloned_units(outputs) for outputs in hidden_activations(network, x, layers).values()]
    return float(torch.cat(masks).double().mean())
