"""Exercises as pages show them: their facts in one line, hints and solutions folded, mistakes named."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

CONF = """
extensions = [
    "myst_parser",
    "sphinx_togglebutton",
    "lop_tutorial.publishing.exercise_directive",
    "lop_tutorial.publishing.folding",
]
myst_enable_extensions = ["colon_fence"]
html_theme = "basic"
"""
WHOLE = """\
# A chapter

Text.

```{exercise} Count them
:label: count-them
:kind: predict
:difficulty: easy
:minutes: 5

How many?

:::{hint}
:class: dropdown

Use your fingers.
:::
```

```{solution-start} count-them
:class: dropdown
```

Ten.

```{solution-end}
```

```{exercise} Again
:label: again
:kind: investigate
:difficulty: hard
:minutes: 1

Why?
```

```{exercise} Measure it
:label: measure-it
:kind: project
:difficulty: medium
:minutes: 120

Write a page.
```
"""


def build(folder: Path, page: str) -> tuple[int, str, str]:
    """Exit code, what was warned of, and the page, from a build in which a warning is an error."""
    (folder / "conf.py").write_text(CONF)
    (folder / "index.md").write_text(page)
    words = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-E", str(folder), str(folder / "_build")]
    done = subprocess.run(words, capture_output=True, text=True)
    built = folder / "_build/index.html"
    return done.returncode, done.stderr, built.read_text() if built.exists() else ""


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> str:
    code, warned, page = build(tmp_path_factory.mktemp("whole"), WHOLE)
    assert code == 0, warned
    return page


def plain(html: str) -> str:
    return re.sub(r"<[^>]+>", "", html)


def test_kind_difficulty_and_minutes_stand_under_the_title_and_read_in_order(page):
    facts = re.findall(r'<p class="admonition-title">(.*?)</p>\s*<p class="exercise-facts">(.*?)</p>', page)
    assert [(plain(title), plain(line)) for title, line in facts] == [
        ("Exercise 1  (Count them)", "Predict · easy · 5 minutes"),
        ("Exercise 2  (Again)", "Investigate · hard · 1 minute"),
        ("Exercise 3  (Measure it)", "Project · medium · 2 hours"),
    ]


def test_hint_and_solution_are_closed_until_opened_and_say_what_they_are(page):
    boxes = re.findall(r"<details([^>]*)>\s*<summary[^>]*>(.*?)</summary>(.*?)</details>", page, re.DOTALL)
    assert [summary for _, summary, _ in boxes] == ["Hint", "Solution to Exercise 1 (Count them)"]
    assert "Use your fingers." in boxes[0][2]
    assert "Ten." in boxes[1][2]
    for attributes, _, _ in boxes:
        assert not re.search(r"\bopen\b|dropdown|toggle", attributes)


def test_no_id_stands_twice(page):
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert "count-them" in ids
    assert len(ids) == len(set(ids))


def test_every_value_that_is_wrong_or_missing_is_named_with_its_rule_and_place(tmp_path):
    wrong = (
        WHOLE.replace(":kind: predict", ":kind: guess")
        .replace(":difficulty: easy\n", "")
        .replace(":minutes: 1\n", ":minutes: soon\n")
        .replace(":difficulty: hard", ":difficulty: Hard")
        .replace(":kind: investigate", ":kind:")
    )
    code, warned, _ = build(tmp_path, wrong)
    assert code != 0
    place = str(tmp_path / "index.md")
    for words in (
        "exercise 'count-them': kind is 'guess'; it must be one of predict, implement, investigate, project",
        "exercise 'count-them': difficulty is missing; it must be one of easy, medium, hard",
        "exercise 'again': minutes is 'soon'; it must be a whole number from 1 up",
        "exercise 'again': difficulty is 'Hard'; it must be one of easy, medium, hard",
        "exercise 'again': kind is missing; it must be one of predict, implement, investigate, project",
    ):
        line = next(line for line in warned.splitlines() if words in line)
        assert re.match(re.escape(place) + r":\d+: WARNING: ", line)
    assert warned.count("WARNING: exercise ") == 5


def test_minutes_are_a_positive_whole_number(tmp_path):
    refused = ["0", "-3", "2.5", "five"]
    again = WHOLE[WHOLE.index("```{exercise} Again") : WHOLE.index("```{exercise} Measure it")]
    more = [again.replace("again", f"again-{n}").replace("s: 1", f"s: {wrong}") for n, wrong in enumerate(refused)]
    code, warned, _ = build(tmp_path, "\n\n".join([WHOLE, *more]))
    assert code != 0
    assert [wrong for wrong in refused if f"minutes is '{wrong}'" not in warned] == []
    assert warned.count("WARNING: exercise ") == len(refused)
