"""A folder of pictures for each class, with all its subfolders, as torchvision's ImageFolder reads them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from lop_tutorial.data.formats.contents import Block, Contents, Counts
from lop_tutorial.data.formats.pictures import is_picture, shrunk_all
from lop_tutorial.data.image_set import DataError

TITLE = "class folders: a folder of pictures for each class, all together or below train/ and test/ (or val/)"
TRAINS = ("train", "training")
TESTS = ("test", "testing", "val", "valid", "validation")
CHUNK = 1024
HIDDEN = (".", "__MACOSX")


def recognise(path: Path) -> bool:
    train, test = _parts(path)
    folders = [folder for part in (train, test) if part for folder in _folders(part)]
    return any(_pictures(folder) for folder in folders) and (
        len(folders) > 1 or any(map(is_picture, folders[0].iterdir()))  # one folder may hold the class folders
    )


def read(path: Path) -> Contents:
    """Classes by name, and all pictures below each by path; without train/ and test/, the first 5/6 of each train."""
    train, test = _parts(path)
    if not test and (alone := _called(TRAINS, path)) and _folders(alone):
        raise DataError(
            f"{path}: {alone.name}/ has folders, but there is no test/ or val/ beside it; give {alone} itself, or "
            "put the test pictures into test/"
        )
    classes = sorted({folder.name for part in (train, test) if part for folder in _folders(part)})
    first = [_pictures(train / name) for name in classes]
    second = [_pictures(test / name) if test else [] for name in classes]
    files = [a + b for a, b in zip(first, second, strict=True)]
    taken = {file for mine in files for file in mine}
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
        left_out=tuple(str(file.relative_to(path)) for file in _files(path) if file not in taken),
    )


def _parts(path: Path) -> tuple[Path, Path | None]:
    """The folders of the training and the test classes; without such, the folder itself and None."""
    train, test = _called(TRAINS, path), _called(TESTS, path)
    return (train, test) if train and test else (path, None)


def _called(names: Sequence[str], path: Path) -> Path | None:
    """The folder in `path` that has the first of these names, in capitals or not."""
    there = {folder.name.lower(): folder for folder in _folders(path)}
    return next((there[name] for name in names if name in there), None)


def _folders(path: Path) -> list[Path]:
    if not path.is_dir():
        return []
    return sorted(Path(e) for e in os.scandir(path) if e.is_dir() and not e.name.startswith(HIDDEN))


def _pictures(path: Path) -> list[Path]:
    """All pictures below a class's folder, which need not be there."""
    return [] if not path.is_dir() else list(filter(is_picture, _files(path)))


def _files(path: Path) -> list[Path]:
    """All files below a folder, those of subfolders after its own, but for what systems hide there."""
    return [
        Path(folder, name)
        for folder, _, names in sorted(_walk(path))
        if not any(part.startswith(HIDDEN) for part in Path(folder).relative_to(path).parts)
        for name in sorted(names)
        if not name.startswith(HIDDEN) and name != "Thumbs.db"
    ]


def _walk(path: Path) -> Iterator[tuple[str, list[str], list[str]]]:
    """`os.walk` through links; DataError for one that leads back to a folder above it, and so round and round."""
    for folder, folders, names in os.walk(path, onerror=_refused, followlinks=True):
        for name in folders:
            link = Path(folder, name)
            if link.is_symlink() and link.resolve() in (Path(folder).resolve(), *Path(folder).resolve().parents):
                raise DataError(f"{link}: this link leads back to a folder above it; remove it")
        yield folder, folders, names


def _refused(error: OSError) -> None:
    raise error
