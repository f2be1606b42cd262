"""Which images of a class train and which test."""

from __future__ import annotations

from pathlib import Path

from lop_tutorial.data.formats import Contents, Counts
from lop_tutorial.data.image_set import DataError

SplitChoice = str | tuple[int, int] | None
"""None for the format's default, "official" for the split that the files come with, or (n_train, n_test)."""


def chosen_counts(contents: Contents, split: SplitChoice, source: Path) -> Counts:
    """How many images of each class to take for each split; DataError where a class has too few."""
    if not contents.classes:
        raise DataError(f"{source}: no classes in it; give the path of the images or of their archive")
    if len(set(contents.classes)) < len(contents.classes):
        twice = next(c for c in contents.classes if contents.classes.count(c) > 1)
        raise DataError(f"{source}: two classes are named {twice!r}; each class needs its own name")
    counts = _requested(contents, split, source)
    for name, train, test, held in zip(contents.classes, counts["train"], counts["test"], contents.held, strict=True):
        if train < 1 or test < 1:
            raise DataError(
                f"{source}: class {name!r} (it holds {held} images) would have no "
                f"{'training' if train < 1 else 'test'} images; complete the class, leave it out, or give a "
                "split as (n_train, n_test)"
            )
        if train + test > held:
            raise DataError(
                f"{source}: class {name!r} holds {held} images, but {train} training and {test} test images "
                "are asked for; complete the class, or give a smaller split as (n_train, n_test)"
            )
    return counts


def _requested(contents: Contents, split: SplitChoice, source: Path) -> Counts:
    if split is None:
        rule = contents.default
    elif split == "official":
        if isinstance(contents.official, str):
            raise DataError(f"{source}: no official split: {contents.official}; give a split as (n_train, n_test)")
        rule = contents.official
    elif isinstance(split, tuple) and len(split) == 2 and all(type(n) is int and n > 0 for n in split):
        rule = split
    else:
        raise DataError(f"split {split!r} is none of: None, 'official', (n_train, n_test) with both at least 1")
    if isinstance(rule, dict):
        return rule
    return {"train": (rule[0],) * len(contents.classes), "test": (rule[1],) * len(contents.classes)}
