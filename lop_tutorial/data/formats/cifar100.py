"""CIFAR-100 as published for Python, and as torchvision keeps it (Krizhevsky 2009)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from lop_tutorial.data.formats.contents import Block, Contents, Counts
from lop_tutorial.data.formats.planar import class_labels, planar_images
from lop_tutorial.data.image_set import DataError
from lop_tutorial.data.pickles import read_pickle

TITLE = "CIFAR-100 for Python: the folder cifar-100-python (train, test, meta), its parent, or its .tar.gz"
FOLDER = "cifar-100-python"


def recognise(path: Path) -> bool:
    return _folder(path) is not None


def read(path: Path) -> Contents:
    """The 100 fine labels in their own order, and the official split."""
    folder = _folder(path)
    assert folder is not None
    meta = read_pickle(folder / "meta").get("fine_label_names")
    if not isinstance(meta, list) or not meta or not all(isinstance(name, str | bytes) for name in meta):
        raise DataError(f"{folder / 'meta'}: no 'fine_label_names'; fetch the file anew")
    classes = tuple(name.decode("latin1") if isinstance(name, bytes) else name for name in meta)
    parts = [_part(folder / part, len(classes)) for part in ("train", "test")]
    train, test = (np.bincount(labels, minlength=len(classes)) for labels, _ in parts)
    official: Counts = {"train": tuple(train.tolist()), "test": tuple(test.tolist())}

    def blocks(wanted: np.ndarray) -> Iterator[Block]:
        yield from parts

    return Contents(
        source="CIFAR-100 (Krizhevsky 2009), cifar-100-python",
        classes=classes,
        held=tuple((train + test).tolist()),
        default=official,
        official=official,
        blocks=blocks,
    )


def _folder(path: Path) -> Path | None:
    for folder in (path, path / FOLDER):
        if (folder / "meta").is_file() and ((folder / "train").is_file() or (folder / "test").is_file()):
            return folder
    return None


def _part(path: Path, classes: int) -> Block:
    if not path.is_file():
        raise DataError(f"{path}: missing; fetch the archive anew")
    content = read_pickle(path)
    images = planar_images(content.get("data"), path)
    return class_labels(content.get("fine_labels"), len(images), classes, 0, path), images
