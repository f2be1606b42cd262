"""A Sphinx extension: exercises say what kind they are, how hard, and how long they take.

It builds on sphinx-exercise, whose `exercise` it replaces, and asks for three options more:

    ```{exercise} A paired loss
    :label: a-paired-loss
    :kind: implement
    :difficulty: medium
    :minutes: 15

    The question.

    :::{hint}
    :class: dropdown

    The hint, last in the box and folded (see `folding.py`).
    :::
    ```
"""

from __future__ import annotations

from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx_exercise.directive import ExerciseDirective, ExerciseStartDirective

KINDS = ("predict", "implement", "investigate", "project")
DIFFICULTIES = ("easy", "medium", "hard")

logger = logging.getLogger(__name__)


class WithFacts:
    """Before a directive of sphinx-exercise: reads kind, difficulty and minutes, and shows them under the title."""

    arguments: list[str]
    options: dict[str, Any]
    facts: ClassVar[dict[str, Any]] = {
        "kind": directives.unchanged,
        "difficulty": directives.unchanged,
        "minutes": directives.unchanged,
    }

    def run(self) -> list[nodes.Node]:
        shown = self._facts()
        exercise = super().run()  # type: ignore[misc]
        for box in exercise:
            for part in box.findall(nodes.section):
                part["ids"] = [f"{box['label']}-content"]  # sphinx-exercise gives all of them the same
            if shown is not None:
                box.insert(1, shown)  # after the title
        return list(exercise)

    def _facts(self) -> nodes.paragraph | None:
        """The line under the title, such as "Predict · easy · 5 minutes"; None, after a warning, where one is amiss."""
        kind, difficulty = self._one_of("kind", KINDS), self._one_of("difficulty", DIFFICULTIES)
        minutes = self._minutes()
        if kind is None or difficulty is None or minutes is None:
            return None
        badges = [
            nodes.inline("", kind.capitalize(), classes=["exercise-kind"]),
            nodes.inline("", difficulty, classes=["exercise-difficulty"]),
            nodes.inline("", _duration(minutes), classes=["exercise-minutes"]),
        ]
        line = nodes.paragraph(classes=["exercise-facts"])
        for number, badge in enumerate(badges):
            line += [nodes.Text(" · "), badge] if number else [badge]
        return line

    def _one_of(self, option: str, known: tuple[str, ...]) -> str | None:
        value = (self.options.get(option) or "").strip()
        if value not in known:
            self._warn(option, value, f"one of {', '.join(known)}")
            return None
        return value

    def _minutes(self) -> int | None:
        value = (self.options.get("minutes") or "").strip()
        if not value.isdecimal() or int(value) < 1:
            self._warn("minutes", value, "a whole number from 1 up")
            return None
        return int(value)

    def _warn(self, option: str, value: str, rule: str) -> None:
        what = f"{option} is {value!r}" if value else f"{option} is missing"
        name = self.options.get("label") or (self.arguments or ["without a name"])[0]
        where = self.get_location()  # type: ignore[attr-defined]
        logger.warning(f"exercise {name!r}: {what}; it must be {rule}", location=where)


def _duration(minutes: int) -> str:
    """In words: whole hours as hours."""
    number, unit = (minutes // 60, "hour") if minutes % 60 == 0 else (minutes, "minute")
    return f"{number} {unit}{'s' if number > 1 else ''}"


class Exercise(WithFacts, ExerciseDirective):
    """An exercise in one piece."""

    option_spec = ExerciseDirective.option_spec | WithFacts.facts


class ExerciseStart(WithFacts, ExerciseStartDirective):
    """An exercise that holds code cells, up to `exercise-end`."""

    option_spec = ExerciseStartDirective.option_spec | WithFacts.facts


def setup(app: Sphinx) -> dict[str, Any]:
    app.setup_extension("sphinx_exercise")
    app.add_directive("exercise", Exercise, override=True)
    app.add_directive("exercise-start", ExerciseStart, override=True)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
