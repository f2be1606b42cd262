"""Words of the command line as values; ValueError says how to write them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

MOST_SEEDS = 1000
Root = Annotated[
    Path | None,
    typer.Option("--root", help="Where image sets lie. Default: $LOP_DATA, or a folder of the system."),
]


def parse_methods(text: str) -> tuple[str, ...]:
    """ "none, cbp" is ("none", "cbp")."""
    return tuple(method.strip() for method in text.split(",") if method.strip())


def parse_seeds(text: str) -> tuple[int, ...]:
    """ "5" is seeds 0 to 4, "100:108" is 100 to 107, "1,4,7" is just those, and "7," is 7 alone; 1,000 at most."""
    try:
        if ":" in text:
            first, end = map(int, text.split(":"))
            seeds = tuple(range(first, min(end, first + MOST_SEEDS + 1)))
        elif "," in text:
            seeds = tuple(map(int, text.strip(",").split(",")))
        else:
            seeds = tuple(range(min(int(text), MOST_SEEDS + 1)))
    except ValueError:
        seeds = ()
    if not seeds or min(seeds) < 0:
        raise ValueError(f"seeds is {text!r}; write 5 (five seeds from 0), 100:108 (from 100 up to 107) or 1,4,7")
    if len(seeds) > MOST_SEEDS:
        raise ValueError(f"seeds is {text!r}; {MOST_SEEDS:,} seeds are the most")
    return seeds


def parse_step_sizes(text: str) -> tuple[float | None, dict[str, float]]:
    """ "0.1" is one for all methods, "0.1,none=0.01" for all but `none`; "none=0.01" says nothing of the others."""
    common: float | None = None
    own: dict[str, float] = {}
    for part in text.split(","):
        method, equals, number = part.rpartition("=")
        try:
            value = float(number)
        except ValueError:
            raise ValueError(f"step size is {text!r}; write 0.1, or 0.1,none=0.01 where a method has its own") from None
        name = method.strip() if equals else None
        if name in own or (name is None and common is not None):
            raise ValueError(f"step size is {text!r}, which has two for {name or 'all methods'}; give one")
        if name is None:
            common = value
        else:
            own[name] = value
    return common, own


def parse_classes(text: str) -> tuple[int, int]:
    """ "80:100" is the places 80 to 99."""
    try:
        first, end = map(int, text.split(":"))
    except ValueError:
        raise ValueError(f"classes is {text!r}; write two places with a colon, such as 80:100") from None
    return first, end


def parse_split(text: str | None) -> Any:
    """None, "official", or (train, test) from "600:100"."""
    if text is None or text == "official":
        return text
    try:
        train, test = map(int, text.split(":"))
    except ValueError:
        raise ValueError(f"split is {text!r}; write official, or TRAIN:TEST as in 600:100") from None
    return train, test
