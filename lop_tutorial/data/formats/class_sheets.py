"""Class sheets: one picture a class, 32x32 images side by side, 25 a row, left to right, top to bottom."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from lop_tutorial.data.formats.contents import Block, Contents, Counts, read_words, readable, text_of
from lop_tutorial.data.formats.pictures import pixels
from lop_tutorial.data.image_set import DataError

TITLE = "class sheets: a folder of .webp files, one a class, 800 pixels wide, 25 images of 32x32 a row"
SIDE, ACROSS, TRAIN = 32, 25, 500


def recognise(path: Path) -> bool:
    return path.is_dir() and any(path.glob("*.webp"))


def read(path: Path) -> Contents:
    """Classes in the order of the file names; the first 500 images of each train, the rest test.

    `classes.tsv` (`id<TAB>words`), where there is one, gives the classes their words.
    """
    sheets = sorted(p for p in path.glob("*.webp") if not p.name.startswith("."))
    held = tuple(_held(sheet) for sheet in sheets)
    ids = [sheet.stem for sheet in sheets]
    table = path / "classes.tsv"
    words = read_words(text_of(table), table) if table.exists() else {}
    if missing := sorted(words.keys() - set(ids)):
        raise DataError(f"{path}: class {missing[0]!r} is in {table.name} but has no sheet; fetch {missing[0]}.webp")

    def blocks(wanted: np.ndarray) -> Iterator[Block]:
        for k, sheet in enumerate(sheets):
            images = cut(pixels(sheet))
            yield np.full(len(images), k), images

    official: Counts = {"train": (TRAIN,) * len(held), "test": tuple(max(0, n - TRAIN) for n in held)}
    return Contents(
        source=f"class sheets {path.resolve().name}",
        classes=readable(ids, words),
        held=held,
        default=official,
        official=official,
        blocks=blocks,
    )


def cut(sheet: UInt8[np.ndarray, "height 800 3"]) -> UInt8[np.ndarray, "image 32 32 3"]:
    """The images of a sheet, in order."""
    rows = len(sheet) // SIDE
    tiles = sheet.reshape(rows, SIDE, ACROSS, SIDE, 3).transpose(0, 2, 1, 3, 4)
    return tiles.reshape(-1, SIDE, SIDE, 3)


def _held(sheet: Path) -> int:
    """The number of images on a sheet, from the head of its file."""
    try:
        with Image.open(sheet) as picture:
            width, height = picture.size
    except (OSError, SyntaxError, ValueError) as error:
        raise DataError(f"{sheet}: not a whole picture ({error}); fetch it anew") from error
    if width != SIDE * ACROSS or height % SIDE:
        raise DataError(
            f"{sheet}: {width} x {height} pixels; a sheet is {SIDE * ACROSS} wide and a multiple of {SIDE} high"
        )
    return height // SIDE * ACROSS
