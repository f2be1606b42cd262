"""A page about runs, as Markdown and as HTML, with all of its numbers as a table."""

from __future__ import annotations

import base64
import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from markdown_it import MarkdownIt

from lop_tutorial.atomic import write_bytes, write_text
from lop_tutorial.report.run_report import RunReport
from lop_tutorial.running.origin import code_of
from lop_tutorial.running.run import Run, stored_path


def find_runs(wanted: Sequence[str], here: Path = Path("runs")) -> list[Run]:
    """The runs of these folders, or of that name in `results/`; without any, all in `here` with rows, newest last.

    A folder that holds runs, and is none itself, stands for all of them.

    ValueError where one is not there, or is no run.
    """
    if not wanted:
        if not (runs := _runs_in(here)):
            raise ValueError(f"no run in {here.resolve()}: name run folders, or make one with `lop-tutorial reproduce`")
        return runs
    return [run for name in wanted for run in _named(name)]


def _named(name: str) -> list[Run]:
    if not Path(name).exists():
        try:
            folder = stored_path(name)
        except ValueError as error:
            raise ValueError(f"there is no folder {name}, and {error}") from None
        return [Run.open(folder)]
    is_run = (Path(name) / "config.json").exists()
    return (not is_run and _runs_in(Path(name))) or [Run.open(Path(name))]


def _runs_in(folder: Path) -> list[Run]:
    """All with rows, newest last."""
    paths = sorted(folder.glob("*/metrics.csv"), key=lambda path: path.stat().st_mtime)
    return [Run.open(path.parent) for path in paths]


def write_page(reports: Sequence[RunReport], pictures: Mapping[Path, bytes], folder: Path) -> None:
    """report.md, report.html (one file that needs no other), numbers.csv and the pictures, in `folder`.

    `pictures` are learning curves as PNG, by the run's folder.
    """
    names = {path: f"curves-{number}.png" for number, path in enumerate(pictures, start=1)}
    head = "# Reproduction\n\n" + (
        "Ours beside the paper's (Wang et al. 2025). Every number is computed from the run folders named here, and "
        "stands in numbers.csv with more digits. The choices that the paper leaves open are listed in "
        "`lop_tutorial/experiments/tables.py`."
    )
    summary = "\n".join(["| run | experiment | data | state |", "|:--|:--|:--|:--|", *map(_summary, reports)])

    def page(picture: Mapping[Path, str]) -> str:
        parts = [section(report, picture.get(report.run.folder)) for report in reports]
        return "\n\n".join([head, summary, *parts]) + "\n"

    markdown = page(names)
    inline = {path: f"data:image/png;base64,{base64.b64encode(png).decode()}" for path, png in pictures.items()}
    body = MarkdownIt("commonmark", {"html": False}).enable("table").render(page(inline))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("run", "method", "quantity", "tasks", "mean", "low", "high", "seeds", "paper"))
    for report in reports:
        if report.results.rows:
            writer.writerows(report.numbers())
    folder.mkdir(parents=True, exist_ok=True)  # what cannot be told leaves no half of a page
    for path, name in names.items():
        write_bytes(folder / name, pictures[path])
    write_text(folder / "report.md", markdown)
    write_text(folder / "report.html", _HTML.replace("BODY", body))
    write_text(folder / "numbers.csv", out.getvalue())


def _summary(report: RunReport) -> str:
    config = report.config
    profile = config.get("profile", "")
    return f"| {report.name} | {config['name']}, {profile} | {config['data']} | {report.progress()} |"


def section(report: RunReport, picture: str | None) -> str:
    """A run's part of the page, in Markdown; `picture` is where its learning curves lie."""
    origin, config = report.run.environment, report.config
    hashed = f" (content {str(config['data_sha256'])[:12]})" if "data_sha256" in config else ""
    parts = [
        f"## {report.name}",
        f"{config['about']}; {config['data']} images{hashed}; profile {config.get('profile', '–')}.",
        report.progress(),
        f"`{origin['command']}`, {origin['date']}, {origin['device']}, {code_of(origin)}.",
        *filter(None, [report.former_defaults()]),
    ]
    if not report.results.rows:
        return "\n\n".join([*parts, "No task is done yet."])
    if picture:
        alt = f"Learning curves of {report.name}: accuracy over tasks, a band for each method"
        parts.append(f"![{alt}]({picture})")
    parts += ["### Accuracy", report.accuracies().markdown(" ")]
    order = report.order()
    if order:
        parts.append(order)
    differences = report.differences()
    if differences:
        parts += ["### Differences", differences.markdown(" ")]
    differs = report.differs()
    if differs:
        parts += ["### What differs from the paper's protocol", "\n".join(f"- {line}" for line in differs)]
    return "\n\n".join(parts)


_HTML = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Reproduction</title>
<style>
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 68rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; display: block; overflow-x: auto; font-size: 90% }
td { font-variant-numeric: tabular-nums }
th, td { padding: 0.2rem 0.7rem; border-bottom: 1px solid #8884; vertical-align: top }
img { max-width: 100%; background: white }
code { overflow-wrap: anywhere }
</style></head>
<body>
BODY</body></html>
"""
