"""Tiny ImageNet-200 as published (Le and Yang 2015): 64x64 pictures, halved to 32x32 by a box filter."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from lop_tutorial.data.formats.contents import Block, Contents, Counts, read_words, readable, text_of
from lop_tutorial.data.formats.pictures import is_picture, shrunk_all
from lop_tutorial.data.image_set import DataError

TITLE = "Tiny ImageNet-200: the folder tiny-imagenet-200 (wnids.txt, train/, val/) or its .zip"


def recognise(path: Path) -> bool:
    return (path / "wnids.txt").is_file() and (path / "train").is_dir()


def read(path: Path) -> Contents:
    """Classes in the order of their WordNet ids; the training pictures train, the validation pictures test.

    The test pictures have no labels and are left aside.
    """
    ids = sorted(text_of(path / "wnids.txt").split())
    table = path / "words.txt"
    words = read_words(text_of(table), table) if table.is_file() else {}
    train = [_training(path / "train" / wnid / "images", wnid) for wnid in ids]
    test = _validation(path / "val", ids)
    files = [a + test[wnid] for wnid, a in zip(ids, train, strict=True)]
    official: Counts = {"train": tuple(map(len, train)), "test": tuple(len(test[wnid]) for wnid in ids)}

    def blocks(wanted: np.ndarray) -> Iterator[Block]:
        for k, mine in enumerate(files):
            yield np.full(wanted[k], k), shrunk_all(mine[: wanted[k]])

    return Contents(
        source="Tiny ImageNet-200, halved to 32x32 with a box filter",
        classes=readable(ids, words),
        held=tuple(map(len, files)),
        default=official,
        official=official,
        blocks=blocks,
    )


def _training(folder: Path, wnid: str) -> list[Path]:
    if not folder.is_dir():
        raise DataError(f"{folder}: missing, but {wnid} is in wnids.txt; fetch the archive anew")
    return sorted(filter(is_picture, folder.iterdir()), key=_by_number)


def _validation(folder: Path, ids: list[str]) -> dict[str, list[Path]]:
    """The pictures of each class that val_annotations.txt (`picture<TAB>wnid<TAB>box`) names."""
    table = folder / "val_annotations.txt"
    if not table.is_file():
        raise DataError(f"{table}: missing; fetch the archive anew")
    known, pictures = set(ids), defaultdict(list)
    for number, line in enumerate(text_of(table).splitlines(), 1):
        name, _, rest = line.partition("\t")
        wnid = rest.split("\t")[0]
        if wnid not in known:
            raise DataError(f"{table}, line {number}: {wnid!r} is not in wnids.txt; fetch the archive anew")
        pictures[wnid].append(folder / "images" / name)
    named = {file for files in pictures.values() for file in files}
    lying = set(filter(is_picture, (folder / "images").iterdir()))
    if odd := sorted(named ^ lying):
        raise DataError(
            f"{odd[0]}: {'in the folder' if odd[0] in lying else 'in val_annotations.txt'} only; fetch the archive anew"
        )
    return pictures


def _by_number(path: Path) -> tuple[int, str]:
    """n01443537_2.JPEG before n01443537_10.JPEG."""
    number = re.search(r"(\d+)$", path.stem)
    return int(number[1]) if number else -1, path.name
