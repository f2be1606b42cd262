"""Bring images from any recognised format into the one stored form, whole or not at all."""

from __future__ import annotations

import errno
import os
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

from lop_tutorial.data.errors import explained
from lop_tutorial.data.formats import Contents, Counts, recognise
from lop_tutorial.data.image_set import DataError, ImageSet
from lop_tutorial.data.progress import Progress, silent
from lop_tutorial.data.scratch import publish, scratch_folder
from lop_tutorial.data.splits import SplitChoice, chosen_counts
from lop_tutorial.data.store import Card, check_name, data_root, hash_content, hash_images, load, write_card

SHAPE = (32, 32, 3)


def add(
    name: str,
    source: str | Path,
    *,
    root: str | Path | None = None,
    split: SplitChoice = None,
    replace: bool = False,
    progress: Progress | None = None,
    tell: Callable[[str], object] = warnings.warn,
) -> ImageSet:
    """Convert the images at `source` (a folder or an archive, in a format of `formats/`) to the set `name`.

    `split` says which images of each class train and which test: None takes the format's default, "official"
    the split that the files come with, and (n_train, n_test) the first n_train images of each class in their
    stored order (official training images before official test images) and the next n_test. `progress` is
    called with images done, `tell` with a line that names files that were left out, if any were.

    Raises DataError, and leaves nothing behind, if the set exists and not `replace`, or if the source is not
    recognised, damaged, incomplete, or too large for the disk.
    """
    base, source = data_root(root), Path(source).expanduser()
    target = base / check_name(name)
    try:
        _check_paths(target, source, replace)
    except OSError as error:
        raise explained(error, base, source) from error
    with scratch_folder(base, name) as scratch:
        unpacked = scratch / "unpacked"
        try:
            contents = recognise(source, unpacked)
            counts = chosen_counts(contents, split, source)
            built = scratch / "set"
            built.mkdir()
            _write(built, name, contents, counts, progress or silent)
            _check_paths(target, source, replace)
            publish(scratch, built, target)
        except OSError as error:
            raise explained(error, base, source) from error
        except DataError as error:  # name a file in an archive by the archive, not by where it was unpacked
            raise DataError(str(error).replace(str(unpacked), str(source))) from error
    if contents.left_out:
        many, few = len(contents.left_out), contents.left_out[:3]
        more = f" and {many - len(few)} more" if many > len(few) else ""
        tell(f"{source}: left out, no picture or in no class's folder: {', '.join(few)}{more}")
    return load(name, base)


def _check_paths(target: Path, source: Path, replace: bool) -> None:
    try:
        os.stat(source)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise DataError(f"{source}: no such file or folder; give the path of the images or of their archive") from error
    if target.exists() and not (target / "set.json").exists():
        raise DataError(f"{target}: something else than an image set lies there; choose another name, or move it")
    if target.exists() and not replace:
        raise DataError(f"{target}: this set is already there; choose another name, or --replace it")


def _write(folder: Path, name: str, contents: Contents, counts: Counts, report: Progress) -> None:
    """Write `images.npy`, every block's images straight to their place, and `set.json`; wait for the disk.

    The file is written, not mapped: a full disk is then an error that can be explained, not a bus error.
    """
    wanted = np.asarray(counts["train"]) + np.asarray(counts["test"])
    starts = np.concatenate([[0], np.cumsum(wanted)])
    total, image_bytes = int(starts[-1]), int(np.prod(SHAPE))
    free = shutil.disk_usage(folder).free
    if total * image_bytes > free:
        raise OSError(errno.ENOSPC, f"{total * image_bytes:,} bytes are needed, {free:,} are free")
    path = folder / "images.npy"
    seen = np.zeros(len(wanted), np.int64)
    written = 0
    report("converting", 0, total)
    with open(path, "w+b", buffering=0) as file:
        header = {"descr": "|u1", "fortran_order": False, "shape": (total, *SHAPE)}
        np.lib.format.write_array_header_1_0(file, header)
        offset = file.tell()
        for labels, images in contents.blocks(wanted):
            order = np.argsort(labels, kind="stable")
            present, first = np.unique(labels[order], return_index=True)
            for k, indices in zip(present, np.split(order, first[1:]), strict=True):
                indices = indices[: wanted[k] - seen[k]]
                file.seek(offset + int(starts[k] + seen[k]) * image_bytes)
                _write_all(file.write, images[indices].tobytes())
                seen[k] += len(indices)
                written += len(indices)
            report("converting", written, total)
            if written == total:
                break
        else:
            k = int(np.argmax(seen < wanted))
            raise DataError(
                f"{contents.source}: class {contents.classes[k]!r} ended after {seen[k]} of {wanted[k]} "
                "images; fetch the files anew"
            )
        os.fsync(file.fileno())
    images_sha256 = hash_images(path, total * image_bytes)
    card = Card(
        name=name,
        classes=contents.classes,
        counts=counts,
        shape=SHAPE,
        source=contents.source,
        sha256=hash_content(contents.classes, counts, SHAPE, images_sha256),
        images_sha256=images_sha256,
        bytes=path.stat().st_size,
    )
    write_card(folder, card)


def _write_all(write: Callable[[memoryview], int | None], data: bytes) -> None:
    """An unbuffered write may stop short (a signal, a disk that is almost full): go on to the end."""
    rest = memoryview(data)
    while rest:
        rest = rest[write(rest) or 0 :]
