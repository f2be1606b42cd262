"""What checks are made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Check = Callable[[Any], str | None]
"""Takes an answer; None means right, a string says what is not."""


def called(answer: Any, *arguments: Any) -> tuple[Any, str | None]:
    """What a function handed in gives, or a friendly word on why it gave nothing."""
    if not callable(answer):
        return None, f"A function was expected, not {type(answer).__name__}; hand in its name without brackets."
    try:
        return answer(*arguments), None
    except Exception as error:
        return None, f"Your function stopped with {type(error).__name__}: {error}"
