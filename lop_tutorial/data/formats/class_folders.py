"""A folder of pictures for each class, as torchvision's ImageFolder reads them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from lop_tutorial.data.formats.contents import Block, Contents, Counts
from lop_tutorial.data.formats.pictures import is_picture, shrunk_all

TITLE = "class folders: a folder of pictures for each class, all together or below train/ and test/ (or val/)"
TESTS = ("test", "val", "valid", "validation")
CHUNK = 1024


def recognise(path: Path) -> bool:
    train, test = _parts(path)
    return any(_pictures(folder) for part in (train, test) if part for folder in _folders(part))


def read(path: Path) -> Contents:
    """Classes and pictures by name; without train/ and test/, the first 5/6 of each class train."""
    train, test = _parts(path)
    classes = sorted({folder.name for part in (train, test) if part for folder in _folders(part)})
    first = [_pictures(train / name) for name in classes]
    second = [_pictures(test / name) if test else [] for name in classes]
    files = [a + b for a, b in zip(first, second, strict=True)]
    official: Counts = {"train": tuple(map(len, first)), "test": tuple(map(len, second))}
    sixths: Counts = {
        "train": tuple(len(f) * 5 // 6 for f in files),
        "test": tuple(len(f) - len(f) * 5 // 6 for f in files),
    }

    def blocks(wanted: np.ndarray) -> Iterator[Block]:
        for k, mine in enumerate(files):
            for i in range(0, int(wanted[k]), CHUNK):
                chunk = mine[i : min(i + CHUNK, int(wanted[k]))]
                yield np.full(len(chunk), k), shrunk_all(chunk)

    return Contents(
        source=f"class folders {path.resolve().name}",
        classes=tuple(classes),
        held=tuple(map(len, files)),
        default=official if test else sixths,
        official=official if test else "there are no folders train/ and test/",
        blocks=blocks,
    )


def _parts(path: Path) -> tuple[Path, Path | None]:
    """The folders of the training and the test classes; without such, the folder itself and None."""
    test = next((path / name for name in TESTS if (path / name).is_dir()), None)
    return (path / "train", test) if (path / "train").is_dir() and test else (path, None)


def _folders(path: Path) -> list[Path]:
    if not path.is_dir():
        return []
    return sorted(Path(e) for e in os.scandir(path) if e.is_dir() and not e.name.startswith((".", "__")))


def _pictures(path: Path) -> list[Path]:
    if not path.is_dir():
        return []
    return sorted(p for e in os.scandir(path) if e.is_file() and is_picture(p := Path(e)))
