"""Numbers as tables show them."""

from __future__ import annotations


def signed(value: float) -> str:
    """+1.2 or −1.2, with the sign that is as wide as a plus."""
    return f"{value:+.1f}".replace("-", "−")


def short(value: float) -> str:
    """.812 for 0.812."""
    return f"{value:.3f}".removeprefix("0")


def counted(number: int, word: str) -> str:
    """1 seed, 3 seeds."""
    return f"{number} {word}" + "s" * (number != 1)
