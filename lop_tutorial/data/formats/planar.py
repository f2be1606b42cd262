"""Images as CIFAR writes them: 3,072 bytes an image, the red plane, then the green, then the blue."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Int, UInt8

from lop_tutorial.data.image_set import DataError


def planar_images(data: Any, where: object) -> UInt8[np.ndarray, "image 32 32 3"]:
    """Rows of 3,072 bytes as images (a view); DataError if they are anything else."""
    if not isinstance(data, np.ndarray) or data.dtype != np.uint8 or data.ndim != 2 or data.shape[1] != 3072:
        found = f"{data.dtype} of shape {data.shape}" if isinstance(data, np.ndarray) else type(data).__name__
        raise DataError(f"{where}: 'data' is {found}, not uint8 of shape (images, 3072); fetch the file anew")
    return data.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)


def class_labels(labels: Any, images: int, classes: int, first: int, where: object) -> Int[np.ndarray, " image"]:
    """Labels first .. first + classes - 1 as indices from 0; DataError if one is not, or one is missing."""
    try:
        indices = np.asarray(labels)
    except ValueError:  # lists in the list
        indices = np.empty((0, 0))
    if indices.ndim != 1 or (indices.dtype.kind not in "iu" and len(indices)):
        raise DataError(f"{where}: the labels are not a list of whole numbers; fetch the file anew")
    if len(indices) != images:
        raise DataError(f"{where}: {len(indices)} labels for {images} images; fetch the file anew")
    indices = indices.astype(np.int64) - first
    if len(indices) and (indices.min() < 0 or indices.max() >= classes):
        wrong = int(indices.min() if indices.min() < 0 else indices.max()) + first
        raise DataError(f"{where}: label {wrong} is outside {first} .. {first + classes - 1}; fetch the file anew")
    return indices
