"""How long chapters take: measured, kept in results/timings.csv, shown on the page book/timings.md."""

from __future__ import annotations

import csv
import io
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import nbformat

from lop_tutorial.atomic import write_text
from lop_tutorial.notebook import PROFILES
from lop_tutorial.publishing import BookError, toc
from lop_tutorial.publishing.chapters import run, select

KINDS = {"CPU": "one core of a CPU", "GPU": "a GPU"}
"""What a chapter can be timed on, and what the page calls it."""
_SHOWN_PACKAGES = ("lop-tutorial", "torch", "numpy")
_LONGER = """\
## What takes longer

On two CPU cores, as README has it, and in round numbers:

| what | time |
|:---|---:|
| Set up and build the book | 2 min |
| Run all tests in a fresh clone | 10 min |
| `lop-tutorial reproduce table1 --profile quick` | 3 min |
| the same of Tables 2 to 4 | 4 to 7 min |
| the old and fresh networks of the first page, on CIFAR-100 | 20 min |
| the profile `h200`, on such a GPU | meant for an hour; not measured |
| the profile `full`, the benchmark's own size | not measured |
| chapters in Colab, and in the profile `colab` | not measured |

A run of more than five minutes first says how long it will take and how much memory.
"""


@dataclass(frozen=True)
class Timing:
    """How long a chapter took on one kind of machine."""

    chapter: str
    kind: str
    """CPU or GPU."""
    profile: str
    seconds: float
    machine: str
    date: str
    versions: str


COLUMNS = tuple(field.name for field in fields(Timing))


def store(top: Path) -> Path:
    return top / "results/timings.csv"


def read(top: Path) -> list[Timing]:
    """What is stored; none where nothing has been measured."""
    path = store(top)
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise BookError(f"{path}: its columns must be {', '.join(COLUMNS)}; mend it, or remove it and measure")
        try:
            return [Timing(seconds=float(line.pop("seconds")), **line) for line in reader]
        except (TypeError, ValueError) as error:
            raise BookError(f"{path}, line {reader.line_num}: {error}; mend it, or remove it and measure") from error


def keep(top: Path, new: Timing) -> None:
    """Stores a measurement, in place of the one of the same chapter on the same kind of machine."""
    others = [old for old in read(top) if (old.chapter, old.kind) != (new.chapter, new.kind)]
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for timing in sorted([*others, new], key=lambda each: (each.chapter, each.kind)):
        writer.writerow(asdict(timing))
    write_text(store(top), text.getvalue())


def time_chapters(
    top: Path, names: Iterable[str] = (), profile: str = "quick", *, report: Callable[[str], None] = print
) -> list[Timing]:
    """Runs chapters (none named: all) and stores each one's wall time as it ends; the notebooks stay as they are.

    The profile `quick` runs on the CPU, the others need a GPU. The time is that of a fresh kernel, from its start to
    the last cell.
    """
    selected = select(top, list(names))
    if not store(top).parent.is_dir():
        raise BookError(f"{store(top).parent} is not there: run this at the top of the repository")
    machine = _machine(profile)
    measured = []
    for number, path in enumerate(selected, start=1):
        notebook = nbformat.read(path, as_version=4)
        began = time.perf_counter()
        run(notebook, path, top, profile)
        timing = Timing(path.stem, seconds=round(time.perf_counter() - began, 1), profile=profile, **machine)
        keep(top, timing)
        measured.append(timing)
        report(f"[{number}/{len(selected)}] {path.stem}: {timing.seconds:.1f} s")
    return measured


def _machine(profile: str) -> dict[str, str]:
    """Kind, machine, date and versions of what is measured from now on."""
    import torch

    from lop_tutorial.running.origin import environment

    if profile not in PROFILES:
        raise BookError(f"profile is {profile!r}; it must be one of {', '.join(PROFILES)}")
    if profile != "quick" and not torch.cuda.is_available():
        raise BookError(f"profile is {profile!r}, and torch sees no GPU here; measure quick, or go to a GPU")
    here = environment("cpu" if profile == "quick" else "cuda")
    name = re.fullmatch(r"CPU \((.*)\)", here["device"])
    return {
        "kind": "CPU" if name else "GPU",
        "machine": f"{name[1]}, one of {here['cores']} cores" if name else here["device"],
        "date": here["date"].split()[0],
        "versions": ", ".join(
            [f"python {here['python']}", *(f"{package} {here['packages'][package]}" for package in _SHOWN_PACKAGES)]
        ),
    }


def page(top: Path) -> str:
    """The page of timings, from what is stored and the chapters that _toc.yml lists."""
    measured = {(timing.chapter, timing.kind): timing for timing in read(top)}
    listed = [Path(each) for each in toc.pages((top / "_toc.yml").read_text(encoding="utf-8"))]
    chapters = [each for each in listed if _notebook(top, each).is_file()]
    titles = {each: toc.title_and_question(_notebook(top, each))[0] for each in chapters}
    kinds = [kind for kind in KINDS if kind == "CPU" or kind in {timing.kind for timing in measured.values()}]
    gaps = any((each.name, kind) not in measured for each in chapters for kind in kinds)
    here = [timing for key, timing in measured.items() if key[0] in {each.name for each in chapters}]
    marks = {setting: chr(ord("a") + k) for k, setting in enumerate(dict.fromkeys(map(_setting, here)))}
    lines = [
        "<!-- Written by `lop-tutorial book timings`. -->",
        "# Timings",
        "",
        _in_short([timing.seconds for timing in here if timing.kind == "CPU"], len(chapters))
        + "Times are from the start of a chapter's kernel to its last output, one run each."
        + (" An empty cell: not measured." if gaps else ""),
        "",
        f"| chapter | {' | '.join(KINDS[kind] for kind in kinds)} |",
        f"|:---|{'---:|' * len(kinds)}",
    ]
    for each in chapters:
        timings = [measured.get((each.name, kind)) for kind in kinds]
        times = [f"{_time(timing.seconds)}{_mark(marks, timing, '&nbsp;')}" if timing else "" for timing in timings]
        lines.append(f"| [{titles[each]}]({each}.ipynb) | {' | '.join(times)} |")
    for setting in marks:
        on = [timing for timing in here if _setting(timing) == setting]
        days = sorted({timing.date for timing in on})
        when = " to ".join(dict.fromkeys((days[0], days[-1])))
        lines += ["", f"{_mark(marks, on[0], after=' ')}Measured {when} on {setting}."]
    if len(marks) > 1:
        lines += ["", "Times of different machines cannot be compared."]
    lines += [
        "",
        "To measure again: `lop-tutorial book timings`, and on a GPU `lop-tutorial book timings --profile colab`.",
        "",
        _LONGER,
    ]
    return "\n".join(lines)


def _in_short(seconds: Sequence[float], chapters: int) -> str:
    """The longest and the sum, in a sentence; nothing unless every chapter was measured."""
    if not chapters or len(seconds) < chapters:
        return ""
    longest, together = _time(max(seconds)), _time(sum(seconds))
    return f"On one core of a CPU no chapter takes longer than {longest}; all of them take {together}. "


def _mark(marks: Mapping[str, str], timing: Timing, before: str = "", after: str = "") -> str:
    """A letter that says on which machine; none where all were measured on the same."""
    return f"{before}<sup>{marks[_setting(timing)]}</sup>{after}" if len(marks) > 1 else ""


def _setting(timing: Timing) -> str:
    return f"{timing.machine} (profile `{timing.profile}`; {timing.versions})"


def _time(seconds: float) -> str:
    return f"{seconds:.0f}&nbsp;s" if seconds < 120 else f"{seconds / 60:.0f}&nbsp;min"


def _notebook(top: Path, page: Path) -> Path:
    return top / "book" / f"{page}.ipynb"


def write_page(top: Path) -> Path:
    """Writes book/timings.md from what is stored."""
    path = top / "book/timings.md"
    if not path.parent.is_dir():
        raise BookError(f"{path.parent} is not there: run this at the top of the repository")
    write_text(path, page(top))
    return path
