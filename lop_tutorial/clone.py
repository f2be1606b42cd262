"""A clone of the repository that is on the path without having been installed."""

from __future__ import annotations

import re
import shlex
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]


def version_of_clone(top: Path = TOP) -> str:
    """The version that the clone's pyproject.toml names, with "+clone".

    ImportError, with the command that installs all, where a package is missing that this one needs.
    """
    try:
        project = tomllib.loads((top / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    except (OSError, ValueError, KeyError):
        raise ImportError(f"{top} is neither installed nor a whole clone; clone the repository anew") from None
    needed = [re.split(r"[^\w.-]", dependency)[0] for dependency in project["dependencies"]]
    if missing := [name for name in needed if not _is_installed(name)]:
        command = shlex.join([sys.executable, "-m", "pip", "install", "-e", f"{top}[notebook]"])
        raise ImportError(
            f"lop_tutorial lies in {top} but is not installed, and {', '.join(missing)} "
            f"{'are' if len(missing) > 1 else 'is'} missing; install all with: {command}"
        )
    return f"{project['version']}+clone"


def _is_installed(package: str) -> bool:
    try:
        version(package)
    except PackageNotFoundError:
        return False
    return True
