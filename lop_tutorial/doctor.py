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
from lop_tutorial.training.cpu import company_changes_bits, processor
from lop_tutorial.training.devices import cuda_trouble, driver, precisions

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
        versions = {package: _version(package) for package in packages}
        text = ", ".join(f"{package} {number or 'missing'}" for package, number in versions.items())
        yield Finding(all(versions.values()), what, text, INSTALL)
    yield Finding(True, "CPU", f"{processor()}, {os.cpu_count()} cores, torch uses {torch.get_num_threads()} threads")
    yield Finding(not company_changes_bits(), "bits on the CPU", *_bits())
    yield from _gpus()
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


def _bits() -> tuple[str, str]:
    """What a learner's last bits depend on, and how not to have them depend on its company."""
    variable = os.environ.get("MKL_CBWR")
    said = "MKL_CBWR is not set" if variable is None else f"MKL_CBWR is {variable}"
    if company_changes_bits():
        return (
            f"{said}: last bits depend on how many learners train together",
            "export MKL_CBWR=AUTO (a run says which)",
        )
    return f"{said}: no learner's bits depend on how many train together", ""


def _gpus() -> Iterator[Finding]:
    """Each GPU with its name, generation and memory, and what torch can multiply in there; or why there is none."""
    trouble = cuda_trouble()
    if trouble and torch.backends.mps.is_available():
        able = ", ".join(precisions("mps"))
        yield Finding(True, "GPU mps", f"Apple's, without float64: not for what measures, nor for cbp; can do {able}")
    elif trouble and not torch.cuda.is_available():
        yield Finding(False, "GPU", trouble, _way_to_a_gpu())
    else:
        driven = f"torch's CUDA {torch.version.cuda}, driver {driver() or 'of unknown version'}"
        for number in range(torch.cuda.device_count()):
            name, wrong = f"cuda:{number}", cuda_trouble(number)
            about = torch.cuda.get_device_properties(number)
            text = f"{about.name} ({about.major}.{about.minor}), {about.total_memory / 2**30:.0f} GiB; {driven}"
            found = f"{text}; {wrong}" if wrong else f"{text}; can do {', '.join(precisions(name))}"
            yield Finding(wrong is None, f"GPU {name}", found, "use --device cpu until then")


def _way_to_a_gpu() -> str:
    """What to do where torch can use none."""
    if torch.version.cuda is None and driver():
        return f"NVIDIA's driver {driver()} is here: install a torch built with CUDA (pytorch.org)"
    if torch.cuda.device_count():
        return "update NVIDIA's driver, or install a torch built for it (pytorch.org)"
    return "not needed for the profile quick; Colab lends a T4 (Runtime menu)"


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
