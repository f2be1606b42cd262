"""The bars show what is done, and only where they are asked for."""

import io

from data_sources import class_arrays
from rich.console import Console

from lop_tutorial.data import add, progress_bars


def test_bars_reach_their_end(tmp_path):
    class_arrays(tmp_path / "source")
    screen = io.StringIO()
    with progress_bars(Console(file=screen, force_terminal=True, width=100)) as progress:
        add("s", tmp_path / "source", root=tmp_path / "root", split=(5, 2), progress=progress)
        progress("of unknown length", 5, 0)
    last = screen.getvalue().rsplit("converting", 1)[1]
    assert "100%" in last
    assert "of unknown length" in last
