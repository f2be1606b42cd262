"""Where a run comes from: the command, the code, the versions, the machine and the date."""

from __future__ import annotations

import hashlib
import os
import platform
import shlex
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from lop_tutorial import __version__
from lop_tutorial.training.cpu import processor

PACKAGES = ("torch", "torchvision", "numpy", "scipy", "pillow", "matplotlib")
PACKAGE = Path(__file__).resolve().parents[1]
"""The folder of the package, in a clone or installed."""
SOURCES = (".py", ".js", ".csv")
"""Endings of the files that decide what the package does."""


def environment(device: str = "cpu") -> dict[str, Any]:
    """Command, commit, hash of the sources, versions, device, machine and date; no name of a person or a host.

    The processor and `mkl_cbwr` say on which CPUs last bits are to be expected again (see `company_changes_bits`).
    """
    gpu = torch.cuda.get_device_name(device) if device.startswith("cuda") else "Apple GPU" if device == "mps" else None
    return {
        "command": command(sys.argv[1:]),
        "commit": commit(PACKAGE),
        "sources_sha256": sources_sha256(PACKAGE),
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "device": gpu or f"CPU ({processor()})",
        "mkl_cbwr": os.environ.get("MKL_CBWR"),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "packages": {"lop-tutorial": __version__} | {name: version(name) for name in PACKAGES},
    }


def code_of(origin: Mapping[str, Any]) -> str:
    """The code of a stored run in a few words: its commit or, for an installed package, version and hash."""
    if origin["commit"]:
        commit, changed = origin["commit"][:10], origin["commit"][40:]
        return f"commit {commit}{changed}"
    release = f"lop-tutorial {origin.get('packages', {}).get('lop-tutorial', 'of an unknown version')}"
    return f"{release}, sources {origin['sources_sha256'][:10]}" if "sources_sha256" in origin else release


def commit(package: Path) -> str | None:
    """The commit of a package's folder, " with changes" if any file in it differs or is new; None outside of git."""

    def git(*words: str) -> str:
        done = subprocess.run(["git", "-C", str(package), *words], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    try:
        if not git("ls-files", "--", "."):
            return None  # an installed package, in a folder that some other repository ignores
        return git("rev-parse", "HEAD") + (" with changes" if git("status", "--porcelain", "--", ".") else "")
    except (OSError, subprocess.CalledProcessError):
        return None


def sources_sha256(package: Path) -> str:
    """A hash of the names and contents of a package's sources, the same in a clone and in an installed wheel."""
    digest = hashlib.sha256()
    for path in sorted(path for path in package.rglob("*") if path.suffix in SOURCES):
        place = path.relative_to(package)
        if place.parts[0] != "_results":  # stored runs travel with a wheel
            digest.update(f"{place.as_posix()}\0{path.stat().st_size}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def command(words: list[str]) -> str:
    """The command line without the paths of this machine's images and runs."""
    kept, words = ["lop-tutorial"], [part for word in words for part in _apart(word)]
    for before, word in zip(["", *words], words, strict=False):
        if "--root" not in (before, word):
            kept.append(Path(word).name if before == "--out" and Path(word).is_absolute() else word)
    return shlex.join(kept)


def _apart(word: str) -> list[str]:
    """ "--out=there" is "--out", "there"."""
    return word.split("=", 1) if word.startswith("--") else [word]
