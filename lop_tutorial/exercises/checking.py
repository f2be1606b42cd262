"""`check(name, answer)`, which every exercise calls."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from lop_tutorial.exercises import what_is_loss_of_plasticity as chapter_1
from lop_tutorial.exercises.verdicts import Check

CHECKS: dict[str, Check] = {**chapter_1.CHECKS}


def check(name: str, answer: Any) -> None:
    """Prints whether `answer` is right, or one useful word on what is not; it raises only for an unknown name."""
    if name not in CHECKS:
        near = get_close_matches(name, CHECKS, n=1, cutoff=0.3)
        raise ValueError(f"no exercise is called {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
    complaint = CHECKS[name](answer)
    print(f"{name}: right" if complaint is None else f"{name}: not yet. {complaint}")
