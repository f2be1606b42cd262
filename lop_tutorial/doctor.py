"""What is installed here, and how to get what is not."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

from lop_tutorial.data import damaged_sets, data_root, list_sets

INSTALL = "in a clone of the repository: pip install -r requirements.txt"
GROUPS = {
    "the package": ("torch", "torchvision", "numpy", "scipy", "matplotlib", "pillow", "typer", "rich"),
    "the book": ("jupyter-book", "ipykernel", "ipywidgets", "nbclient"),
    "the tests": ("pytest", "nbval", "hypothesis", "beartype", "ruff", "mypy"),
}
SETS = {
    "cifar100": "lop-tutorial data get cifar100",
    "tinyimagenet": "lop-tutorial data get tinyimagenet",
    "imagenet32": "lop-tutorial data add imagenet32 --from FOLDER (fetched from image-net.org with an account)",
}


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's report."""

    here: bool
    what: str
    found: str
    remedy: str = ""


def examine(root: Path | None = None) -> Iterator[Finding]:
    """Every finding, from Python up to the data."""
    yield Finding(sys.version_info >= (3, 11), "Python", platform.python_version(), "3.11 or newer is needed")
    for what, packages in GROUPS.items():
        found = {package: _version(package) for package in packages}
        text = ", ".join(f"{package} {number or 'missing'}" for package, number in found.items())
        yield Finding(all(found.values()), what, text, INSTALL)
    yield Finding(True, "CPU", f"{os.cpu_count()} cores, torch uses {torch.get_num_threads()} threads")
    if torch.cuda.is_available():
        for number in range(torch.cuda.device_count()):
            yield Finding(True, f"GPU cuda:{number}", torch.cuda.get_device_name(number))
    else:
        yield Finding(
            False,
            "GPU",
            "none that torch can use",
            "not needed for the profile quick; Colab lends a T4 (Runtime menu)",
        )
    place = data_root(root)
    writable = os.access(next(p for p in (place, *place.parents) if p.exists()), os.W_OK)
    yield Finding(writable, "place for image sets", str(place), "set LOP_DATA, or give --root")
    yield Finding(True, "images: procedural", "always there, drawn from a seed")
    damaged = damaged_sets(root)
    here = {card.name: card for card in list_sets(root) if card.name not in damaged}
    for name, remedy in SETS.items():
        if name not in here and name not in damaged:
            yield Finding(False, f"images: {name}", "not here", remedy)
    for name, reason in damaged.items():
        wrong, _, remedy = reason.rpartition("; ")
        yield Finding(False, f"images: {name}", f"damaged: {wrong}", remedy)
    for card in here.values():
        yield Finding(True, f"images: {card.name}", f"{len(card.classes)} classes, {card.images:,} images")


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
