"""A user's own class by its address, `my_package.module:MyClass`, on a command line and in a run's files."""

from __future__ import annotations

import importlib
import os
import sys
from typing import TypeVar

Kind = TypeVar("Kind")


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
    except Exception as error:  # the module is the user's, and may fail in any way
        raise ValueError(f"{address}: {module_name} cannot be imported ({type(error).__name__}: {error})") from error
    own = getattr(module, name, None)
    if not (isinstance(own, type) and issubclass(own, kind)):
        raise ValueError(f"{address}: {module_name} has no class {name} that is derived from {kind.__name__}")
    return own
