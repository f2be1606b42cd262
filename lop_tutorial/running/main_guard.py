"""Whether a script may start worker processes where it does: each of them imports the script again."""

from __future__ import annotations

import ast
import inspect
import sys
from pathlib import Path


def must_be_guarded(workers: int) -> None:
    """ValueError where a script asks for worker processes while it is imported: each of them imports it again."""
    main = sys.modules["__main__"]
    path, name = getattr(main, "__file__", None), getattr(main.__spec__, "name", "")
    if workers == 1 or path is None or not Path(path).is_file() or name.endswith("__main__"):
        return
    frame = inspect.currentframe()
    while frame and not (frame.f_code.co_name == "<module>" and frame.f_globals is vars(main)):
        frame = frame.f_back
    if frame is None or Path(path).suffix != ".py":
        return  # called by no line of the script, or by a program that was installed
    for block in ast.parse(Path(path).read_bytes()).body:
        if isinstance(block, ast.If) and block.lineno <= frame.f_lineno <= (block.end_lineno or 0):
            return
    raise ValueError(
        f"{path}, line {frame.f_lineno}: {workers} workers import this script again; put what it does under "
        'if __name__ == "__main__": or ask for workers=1'
    )
