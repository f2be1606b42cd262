"""A user's own class by its address, `my_package.module:MyClass`, on a command line and in a run's files."""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

Kind = TypeVar("Kind")
_modules: set[str] = set()
"""Names of the modules that hold the classes asked for."""


def is_address(text: str) -> bool:
    """Whether a text has the form MODULE:CLASS."""
    module, colon, name = text.partition(":")
    return bool(colon) and name.isidentifier() and all(part.isidentifier() for part in module.split("."))


def class_at(address: str, kind: type[Kind]) -> type[Kind]:
    """The class, from a module on the path or in the current folder; ValueError unless it is there and a `kind`."""
    module_name, _, name = address.partition(":")
    if (here := os.getcwd()) not in sys.path:
        sys.path.append(here)  # processes that are started later get this path as well
    try:
        module = importlib.import_module(module_name)
    except (Exception, SystemExit) as error:  # the module is the user's, and may fail in any way, or call exit()
        raise ValueError(f"{address}: {module_name} cannot be imported ({type(error).__name__}: {error})") from error
    _modules.add(module_name)
    own = getattr(module, name, None)
    if not (isinstance(own, type) and issubclass(own, kind)):
        raise ValueError(f"{address}: {module_name} has no class {name} that is derived from {kind.__name__}")
    return own


def where_own_code_failed(error: BaseException) -> str | None:
    """An error that came out of a user's own class in a line: what it was, in which function, file and line.

    None where no function of a module that `class_at` imported was running when it came.
    """
    frames = [(frame, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    own = [(frame, line) for frame, line in frames if frame.f_globals.get("__name__") in _modules]
    if not own:
        return None
    frame, line = own[-1]
    what = str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
    told = " ".join(what.split()) or type(error).__name__
    return f"{told} (in {frame.f_code.co_name}, {os.path.basename(frame.f_code.co_filename)}, line {line})"


@contextmanager
def own_code_told() -> Iterator[None]:
    """Within it, what a user's own class raises, or its exit(), becomes a ValueError that says in which line it was.

    Errors of files and disks stay as they are, and so does every error that is not of a user's class.
    """
    try:
        yield
    except OSError:
        raise
    except (Exception, SystemExit) as error:
        told = where_own_code_failed(error)
        if told is None:
            raise
        raise ValueError(told) from error
