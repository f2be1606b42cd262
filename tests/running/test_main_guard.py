"""A script that asks for workers while it is imported is told so before anything is written."""

import subprocess
import sys

import pytest

SCRIPT = """
from dataclasses import replace
from pathlib import Path

from lop_tutorial.experiments import plan
from lop_tutorial.running import carry_out
from lop_tutorial.training import Training

small = replace(plan("first_look"), seeds=(0, 1), tasks=1, training=Training(epochs=1))
{start}    print(len(list(carry_out(small, "quick", Path("run"), workers={workers}))), "rows")
"""
GUARD = 'if __name__ == "__main__":\n'


@pytest.mark.parametrize(
    ("start", "workers", "right"),
    [
        pytest.param(GUARD, 2, True, marks=pytest.mark.product),
        ("if True:\n", 1, True),
        ("\n", 2, False),
    ],
)
def test_workers_need_a_guard(start, workers, right, tmp_path):
    text = SCRIPT.format(start=start, workers=workers)
    (tmp_path / "mine.py").write_text(text if right else text.replace("\n    print", "\nprint"))
    done = subprocess.run([sys.executable, "mine.py"], cwd=tmp_path, capture_output=True, text=True, timeout=600)
    assert (done.returncode == 0) is right, done.stderr
    assert (tmp_path / "run").exists() is right
    if right:
        assert done.stdout == "4 rows\n"
    else:
        assert "mine.py, line 11: 2 workers import this script again; put what it does under if __name__" in done.stderr
