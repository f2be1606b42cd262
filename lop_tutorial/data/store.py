"""Where image sets lie, and how they are opened and checked.

A set is a folder `<root>/<name>/` with two files:

- `images.npy`: uint8, (images, height, width, 3), class by class, in each class the training images first;
- `set.json`: the `Card` below.

`sha256` is the hash of the content and of nothing else, so the same images under another name, or
converted from another format, have the same one: the SHA-256 of the UTF-8 text

    json.dumps({"classes": [...], "counts": {"test": [...], "train": [...]}, "images": H, "shape": [...]},
               sort_keys=True, separators=(",", ":"))

with `shape` that of one image and `H` the hexadecimal SHA-256 of the raw image bytes in stored order.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import platformdirs

from lop_tutorial.data.image_set import DataError, ImageSet, Split

FORMAT_VERSION = 1
RESERVED = {
    "procedural": "procedural images are drawn from a seed, not stored",
    "points": "experiments call toy points so, which are drawn from a seed",
}
HOW_TO_GET = (
    "fetch one with `lop-tutorial data get cifar100`, or convert files that you have with "
    "`lop-tutorial data add NAME --from PATH`"
)

WAYS = {
    "cifar100": "`lop-tutorial data get cifar100`",
    "tinyimagenet": "`lop-tutorial data get tinyimagenet`",
    "imagenet32": "fetch its ten training files from image-net.org (with an account), then `lop-tutorial data add "
    "imagenet32 --from FOLDER`; without an account, take tinyimagenet in its place",
}
"""How to get a set that plans ask for by name."""


@dataclass(frozen=True)
class Card:
    """What `set.json` says of a set. `bytes` is the size of `images.npy`; `shape` is one image's."""

    name: str
    classes: tuple[str, ...]
    counts: dict[Split, tuple[int, ...]]
    shape: tuple[int, int, int]
    source: str
    sha256: str
    images_sha256: str
    bytes: int
    version: int = FORMAT_VERSION

    @property
    def images(self) -> int:
        """The number of images, of all classes and both splits."""
        return sum(self.counts["train"]) + sum(self.counts["test"])


def data_root(root: str | Path | None = None) -> Path:
    """The folder that holds the sets: `root` if given, else `$LOP_DATA`, else the user's data folder.

    DataError if it is a file.
    """
    chosen = root or os.environ.get("LOP_DATA") or platformdirs.user_data_dir("lop-tutorial", appauthor=False)
    path = Path(chosen).expanduser()
    if os.path.exists(path) and not os.path.isdir(path):  # Path.exists raises where it may not look
        raise DataError(f"{path} is a file; image sets lie in a folder: name one with --root or LOP_DATA")
    return path


def check_name(name: str) -> str:
    """Return `name` if a set may have it, else raise DataError."""
    if name in RESERVED:
        raise DataError(f"{name!r} is not the name of a stored set: {RESERVED[name]}")
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,63}", name):
        raise DataError(
            f"{name!r} cannot name a set: use up to 64 lowercase letters, digits, '-' and '_', "
            "beginning with a letter or digit"
        )
    return name


def hash_images(path: Path, size: int) -> str:
    """The SHA-256 of the last `size` bytes of `images.npy`: all images, in order, without the array's header."""
    with open(path, "rb") as file:
        file.seek(-size, os.SEEK_END)
        return hashlib.file_digest(file, "sha256").hexdigest()


def hash_content(
    classes: tuple[str, ...],
    counts: dict[Split, tuple[int, ...]],
    shape: tuple[int, ...],
    images_sha256: str,
) -> str:
    """The content hash that the head of this file defines."""
    content = {
        "classes": list(classes),
        "counts": {split: list(n) for split, n in counts.items()},
        "images": images_sha256,
        "shape": list(shape),
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def write_card(folder: Path, card: Card) -> None:
    """Write `set.json`, and wait until it is on the disk."""
    with open(folder / "set.json", "w", encoding="utf-8") as file:
        json.dump(asdict(card), file, indent=1)
        file.flush()
        os.fsync(file.fileno())


def read_card(folder: Path) -> Card:
    """Read and check `set.json`; DataError if it is damaged or from another version."""
    path = folder / "set.json"
    remedy = "convert the set anew with `lop-tutorial data add ... --replace`"
    try:
        fields: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if fields["version"] != FORMAT_VERSION:
            raise DataError(
                f"{path}: format version {fields['version']!r}, this package reads {FORMAT_VERSION}; {remedy}"
            )
        fields["classes"] = tuple(map(str, fields["classes"]))
        fields["counts"] = {split: tuple(map(int, fields["counts"][split])) for split in ("train", "test")}
        height, width, channels = map(int, fields["shape"])
        fields["shape"] = (height, width, channels)
        card = Card(**fields)
        if any(len(n) != len(card.classes) or min(n) < 1 for n in card.counts.values()):
            raise ValueError("the counts do not fit the classes")
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}; {remedy}") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{path}: damaged ({error}); {remedy}") from error
    return card


def list_sets(root: str | Path | None = None) -> list[Card]:
    """The cards of all sets under the root, by name; folders without a readable card are in `damaged_sets`."""
    base = data_root(root)
    cards = []
    for path in sorted(base.glob("[a-z0-9]*/set.json")) if base.is_dir() else []:
        try:
            cards.append(read_card(path.parent))
        except DataError:
            continue
    return cards


def damaged_sets(root: str | Path | None = None) -> dict[str, str]:
    """What is wrong with sets under the root whose files are missing, unreadable or do not fit together, by name.

    A look at cards and sizes; `verify` reads every byte.
    """
    base = data_root(root)
    damaged = {}
    for path in sorted(base.glob("[a-z0-9]*/")) if base.is_dir() else []:
        if (path / "set.json").exists() or (path / "images.npy").exists():
            try:
                _open(path, read_card(path))
            except DataError as error:
                damaged[path.name] = str(error)
    return damaged


def load(name: str, root: str | Path | None = None) -> ImageSet:
    """Open a stored set: memory-mapped and checked against its card in size, not byte by byte (see `verify`).

    Raises DataError if there is no such set (it says which there are) or its files do not fit together.
    """
    base = data_root(root)
    folder = base / check_name(name)
    if not (folder / "set.json").exists():
        names = ", ".join(card.name for card in list_sets(base)) or "no sets"
        how = WAYS.get(name, HOW_TO_GET)
        raise DataError(f"{folder}: no image set {name!r} here; {base} holds {names}. To get it, {how}")
    return _open(folder, read_card(folder))


def verify(name: str, root: str | Path | None = None) -> ImageSet:
    """Open a set and hash all of it anew; DataError names what differs from its card."""
    opened = load(name, root)
    folder = data_root(root) / name
    card = read_card(folder)
    remedy = "convert the set anew with `lop-tutorial data add ... --replace`"
    images_sha256 = hash_images(folder / "images.npy", opened.images.nbytes)
    if images_sha256 != card.images_sha256:
        raise DataError(
            f"{folder / 'images.npy'}: the images differ from those that were converted "
            f"(SHA-256 {images_sha256}, recorded {card.images_sha256}); {remedy}"
        )
    content = hash_content(card.classes, card.counts, card.shape, images_sha256)
    if content != card.sha256:
        raise DataError(
            f"{folder / 'set.json'}: the class names, counts or shape were changed "
            f"(content hash {content}, recorded {card.sha256}); {remedy}"
        )
    return opened


def _open(folder: Path, card: Card) -> ImageSet:
    path = folder / "images.npy"
    remedy = "convert the set anew with `lop-tutorial data add ... --replace`"
    try:
        size = path.stat().st_size
        if size != card.bytes:
            raise DataError(f"{path}: {size} bytes on disk, {card.bytes} in set.json; {remedy}")
        images = cast(np.ndarray, np.load(path, mmap_mode="r", allow_pickle=False))
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}; {remedy}") from error
    except ValueError as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{path}: not a NumPy array ({error}); {remedy}") from error
    expected = (card.images, *card.shape)
    if images.shape != expected or images.dtype != np.uint8:
        raise DataError(f"{path}: {images.dtype} of shape {images.shape}, set.json says uint8 {expected}; {remedy}")
    return ImageSet(card.name, images, card.classes, card.counts, card.source, card.sha256)
