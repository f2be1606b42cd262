"""A folder that an experiment is carried out into: by one process at a time, in parts, each with where it came from."""

from __future__ import annotations

import json
import os
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import BaseFileLock, FileLock, Timeout

from lop_tutorial.atomic import must_take_files
from lop_tutorial.running.origin import environment
from lop_tutorial.running.run import NEEDED, write_json


def lock(path: Path, patience: float | int = 0) -> BaseFileLock:
    """The lock of that name, held until it is released or this process ends, however it ends.

    Raises `Timeout` if another process holds it for `patience` seconds. Where the file system has no locks, as some
    network file systems, it warns and goes on: there, nothing but care keeps two processes apart.
    """
    held = FileLock(path, timeout=patience, thread_local=False)
    try:
        held.acquire()
    except Timeout:
        raise
    except OSError as error:
        warnings.warn(f"{path} cannot be locked ({error.strerror}): see that no other process uses it", stacklevel=2)
    return held


@contextmanager
def alone(path: Path, what: str) -> Iterator[None]:
    """While this process alone holds a lock, in a folder that is made where it is missing.

    ValueError says that `what` is in use, and by which process, or that the folder may not be written to.
    """
    must_take_files(path.parent)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        held = lock(path)
    except Timeout:
        pid = holder(path)
        who = "another process" if pid is None else f"process {pid}"
        raise ValueError(f"{what} is in use by {who}; end that first") from None
    try:
        _pid_of(path).write_text(str(os.getpid()))
        yield
    finally:
        _pid_of(path).unlink(missing_ok=True)
        held.release()


def holder(path: Path) -> int | None:
    """The process that holds a lock by `alone`; None if there is none."""
    try:
        pid = int(_pid_of(path).read_text(encoding="utf-8"))
        with FileLock(path, timeout=0):
            return None  # it was killed
    except (Timeout, PermissionError):  # held; or another user's, which cannot be tried
        return pid
    except (FileNotFoundError, ValueError):
        return None


def _pid_of(path: Path) -> Path:
    return path.with_suffix(".pid")


def holds(folder: Path, config: dict[str, Any], usual: dict[str, Any] | None = None) -> bool:
    """Whether a folder holds a part of the experiment with this config.json, or the whole.

    `usual` has the values of settings that are younger than some folders. ValueError if it holds an experiment with
    other settings, or is damaged.
    """
    there = settings_in(folder)
    if there is None:
        return False
    ours, theirs = _flat(config), _flat(_filled(there, usual or {}))
    changed = [name for name in {**theirs, **ours} if ours.get(name, "not set") != theirs.get(name, "not set")]
    if changed:
        values = [f"{name} is {ours.get(name, 'not set')!r}, was {theirs.get(name, 'not set')!r}" for name in changed]
        text = "; ".join(values[:5]) + f"; and {len(values) - 5} more" * (len(values) > 5)
        raise ValueError(f"{folder} was begun with other settings: {text}. Ask for the same, or use --out")
    return True


def _filled(there: dict[str, Any], usual: dict[str, Any]) -> dict[str, Any]:
    """The settings that are there, with the usual ones where there are none; so in each that has settings itself."""
    nested = {
        name: _filled(value, usual[name])
        for name, value in there.items()
        if isinstance(value, dict) and isinstance(usual.get(name), dict)
    }
    return usual | there | nested


def settings_in(folder: Path) -> dict[str, Any] | None:
    """What a folder's config.json says; None if there is none, ValueError if it is damaged."""
    path = folder / "config.json"
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{folder} is a file; name a folder with --out")
    try:
        there = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is damaged ({error}); begin the run anew in another folder") from error
    if not isinstance(there, dict):
        raise ValueError(f"{path} is damaged (it holds no settings); begin the run anew in another folder")
    return there


def is_finished(folder: Path) -> bool:
    """Whether the folder's environment.json says that the run is finished."""
    environment = _environment(folder)
    return environment.get("finished") is True and set(NEEDED["environment.json"]) <= set(environment)


class Origins:
    """The origins of a folder's parts: those of earlier processes, and this process's, which is timed."""

    def __init__(self, folder: Path, device: str) -> None:
        earlier = _environment(folder)
        earlier.pop("finished", None)
        self._folder = folder
        self._origins = [*(earlier.get("parts") or [earlier] * bool(earlier)), environment(device)]
        self._before = sum(origin.get("wall_seconds") or 0 for origin in self._origins)
        self._began = time.perf_counter()
        self.write(finished=False)

    def write(self, finished: bool) -> None:
        """Writes environment.json with the time until now."""
        self._written = time.perf_counter()
        seconds = self._written - self._began
        self._origins[-1]["wall_seconds"] = round(seconds, 1)
        whole = {"finished": finished, "wall_seconds": round(self._before + seconds, 1)}
        parts = {"parts": self._origins} if len(self._origins) > 1 else {}
        write_json(self._folder / "environment.json", self._origins[0] | whole | parts)

    def write_every(self, seconds: float | int) -> None:
        """Writes it if the last time was longer ago."""
        if time.perf_counter() - self._written > seconds:
            self.write(finished=False)


def _environment(folder: Path) -> dict[str, Any]:
    """What environment.json says; nothing where it is missing or damaged."""
    try:
        content = json.loads((folder / "environment.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError, RecursionError):
        return {}
    return content if _sound(content) else {}


def _sound(content: object) -> bool:
    """Whether it is an origin with parts, as `Origins` writes them."""
    if not isinstance(content, dict):
        return False
    parts = content.get("parts") or []
    if not isinstance(parts, list) or not all(isinstance(each, dict) for each in parts):
        return False
    times = [each.get("wall_seconds") or 0 for each in (content, *parts)]
    return all(type(each) in (int, float) and 0 <= each < 1e12 for each in times)


def _flat(config: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """{"training": {"epochs": 3}} is {"training.epochs": 3}."""
    flat: dict[str, Any] = {}
    for name, value in config.items():
        flat |= _flat(value, f"{prefix}{name}.") if isinstance(value, dict) and value else {f"{prefix}{name}": value}
    return flat
