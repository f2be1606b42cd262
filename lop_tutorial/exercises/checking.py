"""`check(name, answer)`, which every exercise calls, and `progress()`, which says what is done so far."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from pkgutil import iter_modules
from textwrap import fill
from types import ModuleType
from typing import Any

from lop_tutorial.exercises import chapters
from lop_tutorial.exercises.verdicts import Check

ENDING = "_checks"
"""Of the name of a chapter's module."""

LINE = 80
"""Columns of a verdict; what is longer goes on in the next line, so that a page need not be scrolled sideways."""


@dataclass(frozen=True)
class ChapterChecks:
    """What a module of `exercises.chapters` holds."""

    title: str
    module: str
    checks: dict[str, Check]


def discover(package: ModuleType) -> tuple[ChapterChecks, ...]:
    """The checks of every module `CHAPTER_checks` of a package, by the chapter's name.

    ValueError names a module without `TITLE` or `CHECKS`, and two that have an exercise of the same name.
    """
    chapters: list[ChapterChecks] = []
    owner: dict[str, str] = {}
    modules = [info.name for info in iter_modules(package.__path__) if info.name.endswith(ENDING)]
    for name in sorted(module.removesuffix(ENDING) for module in modules):
        module = import_module(f"{package.__name__}.{name}{ENDING}")
        missing = [wanted for wanted in ("TITLE", "CHECKS") if not hasattr(module, wanted)]
        if missing:
            raise ValueError(f"{module.__name__} has no {missing[0]}; a chapter's module has TITLE and CHECKS")
        for exercise in module.CHECKS:
            if exercise in owner:
                raise ValueError(
                    f"the exercise {exercise!r} is in {owner[exercise]} and in {name}; give one of them another name"
                )
            owner[exercise] = name
        chapters.append(ChapterChecks(module.TITLE, name, dict(module.CHECKS)))
    return tuple(chapters)


CHAPTERS = discover(chapters)
_tried: set[str] = set()
_done: set[str] = set()


def check(name: Any, answer: Any) -> None:
    """Prints whether `answer` is right, or one useful word on what is not; it raises only for an unknown name."""
    chapter = _chapter_of(name)
    _tried.add(name)
    try:
        complaint = chapter.checks[name](answer)
    except Exception as error:  # an unforeseen answer must not end in a traceback through the check
        complaint = f"Your answer could not be read: {type(error).__name__}: {error}"
    if complaint is not None:
        verdict = f"{name}: not yet. {complaint}"
    else:
        _done.add(name)
        verdict = f"{name}: right. {_count(chapter)} in this chapter"
    print("\n".join(fill(line, LINE, break_long_words=False, break_on_hyphens=False) for line in verdict.splitlines()))


def progress() -> None:
    """Prints which exercises are done, for every chapter of which one was tried since the kernel started."""
    begun = [chapter for chapter in CHAPTERS if not _tried.isdisjoint(chapter.checks)]
    if not begun:
        print("No exercise tried yet.")
    for chapter in begun:
        end = "" if chapter.title.endswith(("?", "!")) else ":"
        print(f"{chapter.title}{end} {_count(chapter)} done")
        for name in chapter.checks:
            print(f"  {'done' if name in _done else 'open'}  {name}")


def _count(chapter: ChapterChecks) -> str:
    return f"{sum(name in _done for name in chapter.checks)} of {len(chapter.checks)}"


def _chapter_of(name: Any) -> ChapterChecks:
    if not isinstance(name, str):
        raise ValueError(f"check takes the exercise's name first, then your answer; the name was {type(name).__name__}")
    for chapter in CHAPTERS:
        if name in chapter.checks:
            return chapter
    near = get_close_matches(name, [known for chapter in CHAPTERS for known in chapter.checks], n=1, cutoff=0.3)
    raise ValueError(f"no exercise is called {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
