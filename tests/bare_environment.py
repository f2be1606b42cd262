"""An environment that never saw the project, and has nothing but what is installed there. uv makes it, in minutes."""

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

NEEDED = 14e9  # bytes: with torch an environment is 6 GB, and what it is made of is unpacked beside it


def python_of(version: str) -> str | None:
    """A Python of this version, such as 3.13, from the path or among those that pyenv keeps."""
    kept = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv").glob(f"versions/{version}.*/bin/python")
    for found in (shutil.which(f"python{version}"), *map(str, sorted(kept))):
        if found and subprocess.run([found, "-c", "import ensurepip, venv"], capture_output=True).returncode == 0:
            return found
    return None


class Bare:
    """A virtual environment, and an empty folder in which its programs run."""

    def __init__(self, folder: Path, python: str) -> None:
        self.folder, self.venv, self.empty = folder, folder / "venv", folder / "empty"
        for name in ("empty", "home"):
            (folder / name).mkdir()
        ours = ("PYTHON", "JUPYTER", "LOP_", "VIRTUAL_ENV", "XDG_")
        clean = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
        self.variables = clean | {"HOME": str(folder / "home"), "UV_CACHE_DIR": str(folder / "cache")}
        self.python = self.venv / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
        self.uv("venv", "--seed", "--python", python, str(self.venv))

    def uv(self, *arguments: str) -> str:
        """What uv prints."""
        found = pytest.importorskip("uv", reason="uv is not installed here").find_uv_bin()
        command = [found, "--quiet", "--no-python-downloads", *arguments]
        done = subprocess.run(command, env=self.variables, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def install(self, *what: str) -> None:
        self.uv("pip", "install", "--python", str(self.python), *what)

    def packages(self) -> dict[str, str]:
        """What is installed, and its versions."""
        listed = self.uv("pip", "list", "--python", str(self.python), "--format=json")
        return {package["name"]: package["version"] for package in json.loads(listed)}

    def call(self, *arguments: str, where: Path | None = None, **more: str) -> subprocess.CompletedProcess[str]:
        """What its Python gives for these arguments, in the empty folder or another; `more` are variables there."""
        command = [str(self.python), *arguments]
        return subprocess.run(
            command, cwd=where or self.empty, env=self.variables | more, capture_output=True, text=True
        )


@contextmanager
def bare(python: str) -> Iterator[Bare]:
    """Gone afterwards: it takes gigabytes. Without room for it the test is skipped."""
    with tempfile.TemporaryDirectory() as name:
        if (free := shutil.disk_usage(name).free) < NEEDED:
            pytest.skip(f"the packages need {NEEDED / 1e9:.0f} GB of disk here, and {free / 1e9:.1f} GB are free")
        yield Bare(Path(name), python)
