"""ImageNet downsampled to 32x32 (Chrabaszcz et al. 2017): ten files to train, one to validate."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from lop_tutorial.data.formats.contents import Block, Contents, readable
from lop_tutorial.data.formats.planar import class_labels, planar_images
from lop_tutorial.data.image_set import DataError
from lop_tutorial.data.pickles import read_pickle

TITLE = "downsampled ImageNet-32: train_data_batch_1 .. train_data_batch_10 and val_data, as pickles or .npz"
CLASSES = 1000
BENCHMARK = (600, 100)
"""Of each class's training images, as in the public Continual ImageNet benchmark (Dohare et al. 2024)."""


def recognise(path: Path) -> bool:
    return path.is_dir() and any(_find(path, f"train_data_batch_{i}") for i in range(1, 11))


def read(path: Path) -> Contents:
    """Classes 1 .. 1000, by default the first 600 training images of each to train and the next 100 to test.

    Each file is read twice, to count and to convert, and one at a time is in memory. `map_clsloc.txt`
    (`wnid number word`), where it lies beside the files, gives the classes their names.
    """
    train = []
    for i in range(1, 11):
        file = _find(path, f"train_data_batch_{i}")
        if file is None:
            raise DataError(f"{path}: train_data_batch_{i} is missing; fetch all ten training files")
        train.append(file)
    held = np.sum([_count(file) for file in train], axis=0)
    validation = _find(path, "val_data")
    tested = _count(validation) if validation else np.zeros(CLASSES, np.int64)

    def blocks(wanted: np.ndarray) -> Iterator[Block]:
        for file in train + ([validation] if validation else []):
            content = _load(file)
            images = planar_images(content.get("data"), file)
            yield class_labels(content.get("labels"), len(images), CLASSES, 1, file), images

    return Contents(
        source="ImageNet downsampled to 32x32 (Chrabaszcz et al. 2017)",
        classes=_names(path),
        held=tuple((held + tested).tolist()),
        default=BENCHMARK,
        official={"train": tuple(held.tolist()), "test": tuple(tested.tolist())}
        if validation
        else "val_data is missing",
        blocks=blocks,
    )


def _find(path: Path, stem: str) -> Path | None:
    """The file in the folder or in one of its folders (each part's archive has its own)."""
    for pattern in (stem, f"{stem}.npz", f"*/{stem}", f"*/{stem}.npz"):
        if files := sorted(p for p in path.glob(pattern) if p.is_file()):
            return files[0]
    return None


def _count(file: Path) -> np.ndarray:
    content = _load(file)
    labels = class_labels(content.get("labels"), len(planar_images(content.get("data"), file)), CLASSES, 1, file)
    return np.bincount(labels, minlength=CLASSES)


def _load(file: Path) -> dict[str, Any]:
    if file.suffix != ".npz":
        return read_pickle(file)
    try:
        with np.load(file, allow_pickle=False) as arrays:
            return {key: arrays[key] for key in ("data", "labels") if key in arrays}
    except (ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(f"{file}: truncated, or not plain arrays ({error}); fetch the file anew") from error


def _names(path: Path) -> tuple[str, ...]:
    numbers = [f"{k:04d}" for k in range(1, CLASSES + 1)]
    table = next((p / "map_clsloc.txt" for p in (path, path.parent) if (p / "map_clsloc.txt").is_file()), None)
    if table is None:
        return tuple(numbers)
    try:
        rows = [line.split() for line in table.read_text(encoding="utf-8").splitlines() if line.strip()]
        named = {f"{int(number):04d}": (wnid, word) for wnid, number, word in rows}
        wnids = [named[number][0] for number in numbers]
    except (ValueError, KeyError) as error:
        raise DataError(f"{table}: not 1000 lines `wnid number word` ({error}); correct or remove it") from error
    return readable(wnids, {wnid: word.replace("_", " ") for wnid, word in named.values()})
