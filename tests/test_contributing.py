"""The examples of CONTRIBUTING.md run as they stand, one after the other, and its rooms exist."""

import contextlib
import io
import re
from pathlib import Path

import pytest

TOP = Path(__file__).parents[1]
TEXT = (TOP / "CONTRIBUTING.md").read_text(encoding="utf-8")


def test_the_examples_run_and_the_learner_they_build_learns():
    names: dict = {}
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        for block in re.findall(r"^```python\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL):
            exec(compile(block, "CONTRIBUTING.md", "exec"), names)
    for code, comment in re.findall(r"^print\((.*)\)  # (.*)$", TEXT, re.MULTILINE):
        assert comment in printed.getvalue().splitlines(), code
    accuracies = re.findall(r"^task \d: (\S+) train, (\S+) test$", printed.getvalue(), re.MULTILINE)
    assert len(accuracies) == 3
    assert all(float(train) > 0.9 and float(test) > 0.8 for train, test in accuracies)


@pytest.mark.parametrize("room", re.findall(r"^\| `((?:lop_tutorial|book|tests)[\w./]+)`", TEXT, re.MULTILINE))
def test_the_rooms_it_names_are_there(room):
    assert (TOP / room).exists()
