"""What a fresh network had on test pictures when it fitted its training pictures as well as an old one does."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64


def at_equal_training(
    reached: Float64[np.ndarray, "*life"],
    train: Float64[np.ndarray, "*life epoch"],
    test: Float64[np.ndarray, "*life epoch"],
) -> Float64[np.ndarray, "*life"]:
    """The test accuracy at which a network's training accuracy first comes up to `reached`.

    `train` and `test` are its accuracies before the first step and after each epoch; between two epochs both are taken
    to move along a straight line. A network that never comes up to it gives its last test accuracy.
    """
    there = train >= reached[..., None]
    after = np.where(there.any(axis=-1), there.argmax(axis=-1), train.shape[-1] - 1)[..., None]
    before = np.maximum(after - 1, 0)
    low, high, from_, to = (
        np.take_along_axis(values, places, axis=-1)[..., 0] for values in (train, test) for places in (before, after)
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(high > low, np.clip((reached - low) / (high - low), 0, 1), 1.0)
    return from_ + share * (to - from_)
