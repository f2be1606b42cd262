"""Bring images from any recognised format into the one stored form: in bounded memory, whole or not at all."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np

from .formats import Contents, Counts, SplitRule, recognise
from .image_set import DataError, ImageSet
from .scratch import publish, scratch_folder
from .store import Card, check_name, chunks_of, data_root, hash_content, hash_images, load, write_card

SHAPE = (32, 32, 3)
Progress = Callable[[str, int, int], None]
"""Called as (what is being done, how many are done, of how many)."""

_FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}


def add(
    name: str,
    source: str | Path,
    *,
    root: str | Path | None = None,
    split: str | tuple[int, int] | None = None,
    replace: bool = False,
    progress: Progress | None = None,
) -> ImageSet:
    """Convert the images at `source` (a folder or an archive, in a format of `formats/`) to the set `name`.

    `split` says which images of each class train and which test: None takes the format's default, "official"
    the split that the files come with, and (n_train, n_test) the first n_train images of each class in their
    stored order (official training images before official test images) and the next n_test.

    Raises DataError, and leaves nothing behind, if the set exists and not `replace`, or if the source is not
    recognised, damaged, incomplete, or too large for the disk.
    """
    base, source = data_root(root), Path(source).expanduser()
    target = base / check_name(name)
    if target.exists() and not replace:
        raise DataError(f"{target}: a set {name!r} is already there; choose another name, or --replace it")
    if not source.exists():
        raise DataError(f"{source}: no such file or folder; give the path of the images or of their archive")
    report = progress or (lambda what, done, total: None)
    with scratch_folder(base, name) as scratch:
        try:
            contents = recognise(source, scratch)
            counts = _counts(contents, split, source)
            built = scratch / "set"
            built.mkdir()
            _write(built, name, contents, counts, report)
            publish(scratch, built, target)
        except OSError as error:
            raise _explained(error, base, source) from error
    return load(name, base)


def _counts(contents: Contents, split: str | tuple[int, int] | None, source: Path) -> Counts:
    """How many images of each class to take for each split."""
    rule: SplitRule | None
    if split is None:
        rule = contents.default
    elif split == "official":
        rule = contents.official
        if rule is None:
            raise DataError(
                f"{source}: no official split in {contents.source}; give a split as (n_train, n_test)"
            )
    elif isinstance(split, tuple) and len(split) == 2:
        rule = split
    else:
        raise DataError(f"split {split!r}: give None, 'official' or (n_train, n_test)")
    if isinstance(rule, tuple):
        train, test = rule
        counts: Counts = {
            "train": (train,) * len(contents.classes),
            "test": (test,) * len(contents.classes),
        }
    else:
        counts = rule
    if not contents.classes:
        raise DataError(f"{source}: no classes in it; give the path of the images or of their archive")
    if len(set(contents.classes)) < len(contents.classes):
        twice = next(c for c in contents.classes if contents.classes.count(c) > 1)
        raise DataError(f"{source}: two classes are named {twice!r}; each class needs its own name")
    for k, name in enumerate(contents.classes):
        train, test, held = counts["train"][k], counts["test"][k], contents.held[k]
        if train < 1 or test < 1:
            empty = "training" if train < 1 else "test"
            raise DataError(
                f"{source}: class {name!r} (of {held} images) would have no {empty} images; every class "
                "needs both: complete the class, leave it out of the source, or give a split as (n_train, n_test)"
            )
        if train + test > held:
            raise DataError(
                f"{source}: class {name!r} holds {held} images, {train} training and {test} test images were "
                "asked for; give a smaller split as (n_train, n_test)"
            )
    return counts


def _write(folder: Path, name: str, contents: Contents, counts: Counts, report: Progress) -> None:
    """Write `images.npy` and `set.json`: every block's images go straight to their place in the file.

    The file is written, not mapped: a full disk is then an error that can be explained, not a bus error.
    """
    wanted = np.asarray(counts["train"]) + np.asarray(counts["test"])
    starts = np.concatenate([[0], np.cumsum(wanted)])
    total = int(starts[-1])
    image_bytes = int(np.prod(SHAPE))
    path = folder / "images.npy"
    free = shutil.disk_usage(folder).free
    if total * image_bytes > free:
        raise OSError(errno.ENOSPC, f"needs {total * image_bytes:,} bytes, {free:,} are free")
    seen = np.zeros(len(wanted), np.int64)
    written = 0
    with open(path, "w+b", buffering=0) as file:
        header = {"descr": "|u1", "fortran_order": False, "shape": (total, *SHAPE)}
        np.lib.format.write_array_header_1_0(file, header)
        offset = file.tell()
        for labels, images in contents.blocks():
            for k in np.unique(labels):
                mine = images[labels == k]
                take = mine[: max(0, int(wanted[k] - seen[k]))]
                file.seek(offset + int(starts[k] + seen[k]) * image_bytes)
                _write_all(file.write, np.ascontiguousarray(take).data.cast("B") if len(take) else b"")
                seen[k] += len(mine)
                written += len(take)
            report("converting", written, total)
            if written == total:
                break
        if written != total:
            k = int(np.argmax(seen < wanted))
            raise DataError(
                f"{contents.source}: class {contents.classes[k]!r} has {seen[k]} images, {wanted[k]} were "
                "announced; fetch the files anew"
            )
        os.fsync(file.fileno())
    images_sha256 = hash_images(chunks_of(np.load(path, mmap_mode="r")))
    write_card(
        folder,
        Card(
            name=name,
            classes=contents.classes,
            counts=counts,
            shape=SHAPE,
            source=contents.source,
            sha256=hash_content(contents.classes, counts, SHAPE, images_sha256),
            images_sha256=images_sha256,
            bytes=path.stat().st_size,
        ),
    )


def _write_all(write: Callable[[memoryview], int | None], data: bytes | memoryview) -> None:
    """An unbuffered write may stop short (a signal, a disk that is almost full): go on to the end."""
    rest = memoryview(data)
    while rest:
        rest = rest[write(rest) or 0 :]


def _explained(error: OSError, root: Path, source: Path) -> DataError:
    if error.errno in _FULL:
        return DataError(
            f"{root}: no space left for this set ({error.strerror}); free some, or choose another folder "
            "with --root or LOP_DATA"
        )
    where = error.filename or source
    return DataError(f"{where}: {error.strerror or error}; check that the file is whole and may be read")
