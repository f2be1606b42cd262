"""One .npy file a class, as the public Continual ImageNet benchmark is released (Dohare et al. 2024)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from lop_tutorial.data.formats.contents import Block, Contents
from lop_tutorial.data.image_set import DataError

TITLE = "class arrays: a folder of .npy files, one a class (0.npy ...), of shape (n, 3, 32, 32) or (n, 32, 32, 3)"
BENCHMARK = (600, 100)


def recognise(path: Path) -> bool:
    return path.is_dir() and any(path.glob("*.npy")) and not (path / "set.json").exists()


def read(path: Path) -> Contents:
    """A class a file, named as the file; by default the first 600 images of each train, the next 100 test."""
    files = {file.stem: file for file in path.glob("*.npy") if not file.name.startswith(".")}
    if all(stem.isdecimal() for stem in files):
        names = [str(k) for k in range(1 + max(map(int, files)))]
        if absent := [name for name in names if name not in files]:
            raise DataError(f"{path}: {absent[0]}.npy is missing; the files must be 0.npy .. {names[-1]}.npy")
    else:
        names = sorted(files)

    def blocks(wanted: np.ndarray) -> Iterator[Block]:
        for k, name in enumerate(names):
            images = as_bytes(_open(files[name])[: wanted[k]], files[name])
            yield np.full(len(images), k), images

    return Contents(
        source=f"class arrays {path.resolve().name}",
        classes=tuple(names),
        held=tuple(len(_open(files[name])) for name in names),
        default=BENCHMARK,
        official="a folder of arrays says of no image that it tests",
        blocks=blocks,
    )


def as_bytes(images: np.ndarray, where: object) -> UInt8[np.ndarray, "image 32 32 3"]:
    """Images with channels first or last, as bytes or as numbers that stand for bytes (0 .. 255, or 0 .. 1 in
    steps of 1/255), as bytes with channels last.

    Raises DataError for other numbers: what was standardised cannot be undone without its mean and scale.
    """
    if images.shape[1:] == (3, 32, 32):
        images = images.transpose(0, 2, 3, 1)
    if images.dtype == np.uint8:
        return images
    remedy = "give the images as they were before they were standardised or resized, best as uint8"
    if images.dtype.kind not in "fiu":
        raise DataError(f"{where}: {images.dtype} are not pixels; {remedy}")
    low, high = images.min(), images.max()
    if not (low >= 0 and high <= 255):  # also if one is not a number
        raise DataError(f"{where}: values from {low:.4g} to {high:.4g}, not bytes from 0 to 255; {remedy}")
    values = images.astype(np.float64)
    slack = 0.0
    if images.dtype.kind == "f" and high <= 1:
        values *= 255
        slack = max(1e-3, 255 * float(np.finfo(images.dtype).eps))
    rounded = np.rint(values)
    if (off := np.abs(values - rounded)).max() > slack:
        raise DataError(f"{where}: {images.flat[off.argmax()]:.6g} stands for no byte; {remedy}")
    return rounded.astype(np.uint8)


def _open(file: Path) -> np.ndarray:
    try:
        images = np.load(file, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise DataError(f"{file}: truncated, or not a plain array ({error}); fetch the file anew") from error
    if images.ndim != 4 or images.shape[1:] not in ((3, 32, 32), (32, 32, 3)):
        raise DataError(
            f"{file}: shape {images.shape}; (images, 3, 32, 32) or (images, 32, 32, 3) is needed: fetch the "
            "file anew, or write it so"
        )
    return images
