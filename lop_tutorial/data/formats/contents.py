"""What a format finds at a path: the classes, how many images each has, and the images, block by block."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lop_tutorial.data.image_set import DataError, Split

Block = tuple[np.ndarray, np.ndarray]
"""Class indices (images,) and the images (images, 32, 32, 3) uint8 of one piece of the source."""

Counts = dict[Split, tuple[int, ...]]
"""The number of training and of test images of each class."""

SplitRule = tuple[int, int] | Counts
"""(n_train, n_test) for every class, or the counts of each class."""


@dataclass(frozen=True)
class Contents:
    """A source that was looked through but not yet converted.

    `held` is the number of images of each class. `blocks(wanted)`, with the number of images wanted of each
    class, gives at least these, in any order of classes, but within a class always in the same order, and
    official training images before official test images; of large sources, one file at a time is in memory.
    `official` is text where the files come with no split: it says why. `left_out` names the files that were not taken.
    """

    source: str
    classes: tuple[str, ...]
    held: tuple[int, ...]
    default: SplitRule
    official: SplitRule | str
    blocks: Callable[[np.ndarray], Iterator[Block]]
    left_out: tuple[str, ...] = ()


def text_of(path: Path) -> str:
    """The text of a file that goes with images; DataError where it is not UTF-8."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: no text in UTF-8 ({error}); correct the file, or fetch it anew") from error


def readable(ids: Sequence[str], words: Mapping[str, str]) -> tuple[str, ...]:
    """A name for each class: the first of its words, its id where it has none, both where words repeat."""
    first = [words.get(i, i).split(",")[0].strip() or i for i in ids]
    return tuple(w if first.count(w) == 1 else f"{w} ({i})" for i, w in zip(ids, first, strict=True))


def read_words(text: str, where: object) -> dict[str, str]:
    """Lines of `id<TAB>words`; DataError if a line is not."""
    words = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        key, tab, value = line.partition("\t")
        if not tab:
            raise DataError(f"{where}, line {number}: {line!r} is not `id<TAB>words`; correct or remove the file")
        words[key.strip()] = value.strip()
    return words
