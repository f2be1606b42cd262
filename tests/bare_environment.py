"""An environment that never saw the project, and has nothing but what is installed there."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

NEEDED = 14e9  # bytes: with torch an environment is 6 GB, and pip unpacks what it is made of beside it
LIST = ["-m", "pip", "list", "--format=json", "--disable-pip-version-check"]


def python_of(version: str) -> str | None:
    """A Python of this version, such as 3.13, from the path or among those that pyenv keeps."""
    kept = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv").glob(f"versions/{version}.*/bin/python")
    for found in (shutil.which(f"python{version}"), *map(str, sorted(kept))):
        if found and subprocess.run([found, "-c", "import ensurepip, venv"], capture_output=True).returncode == 0:
            return found
    return None


class Bare:
    """A virtual environment and an empty folder in which its programs run."""

    def __init__(self, folder: Path, python: str) -> None:
        self.venv, self.empty = folder / "venv", folder / "empty"
        subprocess.run([python, "-m", "venv", str(self.venv)], check=True)
        self.empty.mkdir()
        self.python = self.venv / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")

    def call(self, *arguments: str, where: Path | None = None, **more: str) -> subprocess.CompletedProcess[str]:
        """What its Python gives for these arguments, in the empty folder or another; `more` are variables there."""
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "JUPYTER", "LOP_"))}
        return subprocess.run(
            [str(self.python), *arguments], cwd=where or self.empty, env=clean | more, capture_output=True, text=True
        )

    def install(self, *what: str) -> None:
        done = self.call("-m", "pip", "install", "--quiet", "--no-cache-dir", *what)
        assert done.returncode == 0, done.stderr

    def packages(self) -> dict[str, str]:
        return {package["name"]: package["version"] for package in json.loads(self.call(*LIST).stdout)}


@contextmanager
def bare(python: str) -> Iterator[Bare]:
    """Gone afterwards: it takes gigabytes. Without room for it the test is skipped."""
    with tempfile.TemporaryDirectory() as name:
        if (free := shutil.disk_usage(name).free) < NEEDED:
            pytest.skip(f"the packages need {NEEDED / 1e9:.0f} GB of disk here, and {free / 1e9:.1f} GB are free")
        yield Bare(Path(name), python)
