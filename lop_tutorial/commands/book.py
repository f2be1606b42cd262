"""`lop-tutorial book ...`: what one does to the book as files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from lop_tutorial.atomic import must_take_files, write_text

console = Console(highlight=False, soft_wrap=True)
book_app = typer.Typer(
    help="The book's chapters: make, run, time, print or grade them; the repository's address.",
    no_args_is_help=True,
)
Top = Annotated[Path, typer.Option("--top", help="The repository.")]
HERE = Path(".")


@book_app.command("new-chapter")
def new_chapter(
    slug: Annotated[str, typer.Argument(help="Its file name: lower-case letters, digits and _.")],
    title: Annotated[str, typer.Argument(help="What stands above it.")],
    part: Annotated[
        str | None, typer.Option(help="Caption of the part of _toc.yml it belongs to. Default: the last numbered one.")
    ] = None,
    top: Top = HERE,
) -> None:
    """Make a small chapter that works, to be edited: a notebook, checks of its exercises, and a test of these."""
    from lop_tutorial.publishing.new_chapter import new_chapter

    for path in new_chapter(top.resolve(), slug, title, part, report=console.print):
        console.print(f"wrote {path.relative_to(top.resolve())}")
    console.print(f"Edit the notebook and the checks, then run `lop-tutorial book refresh {slug}`.")


@book_app.command("refresh")
def refresh(
    chapters: Annotated[list[str] | None, typer.Argument(help="Chapters by file name; none: all.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail if anything would change.")] = False,
    top: Top = HERE,
) -> None:
    """Write the first cell of the chapters, run them, and store their outputs."""
    from lop_tutorial.publishing.chapters import refresh
    from lop_tutorial.publishing.toc import write_listing

    changed = refresh(top.resolve(), chapters or (), check=check, report=console.print)
    if not check:
        write_listing(top.resolve())
    if check and changed:
        raise ValueError(
            f"{len(changed)} chapters are not as a refresh would leave them: run `lop-tutorial book refresh`"
        )


@book_app.command("timings")
def timings(
    chapters: Annotated[list[str] | None, typer.Argument(help="Chapters by file name; none: all.")] = None,
    profile: Annotated[str, typer.Option(help="quick, on the CPU; colab or full, on a GPU.")] = "quick",
    page_only: Annotated[bool, typer.Option("--page-only", help="Measure nothing; write the page anew.")] = False,
    top: Top = HERE,
) -> None:
    """Measure how long chapters take; keep it in results/timings.csv and show it on the page book/timings.md."""
    from lop_tutorial.publishing.timings import time_chapters, write_page

    if not page_only:
        time_chapters(top.resolve(), chapters or (), profile, report=console.print)
    write_page(top.resolve())


@book_app.command("claims")
def claims(top: Top = HERE) -> None:
    """Judge the paper's claims by the stored runs; write the page book/claims.md."""
    from lop_tutorial.publishing.claims_page import write_page

    console.print(f"wrote {write_page(top.resolve()).relative_to(top.resolve())}")


@book_app.command("suspects")
def suspects(top: Top = HERE) -> None:
    """Score the stored trials of the suspects; write their sheets, results/suspects*/scores.csv. A minute or two."""
    from lop_tutorial.report.suspect_sheet import write_held_out_sheet, write_sheet

    trial, held_out = (top.resolve() / "results" / name for name in ("suspects", "suspects_held_out"))
    for path in (write_sheet(trial), write_held_out_sheet(held_out, trial)):
        console.print(f"wrote {path.relative_to(top.resolve())}")


@book_app.command("step-search")
def step_search(
    folder: Annotated[Path, typer.Argument(help="A folder of runs of step_search and step_search_plain.")],
) -> None:
    """Say which step size and strength suit each method, and which jobs the search asks for next."""
    from lop_tutorial.report import best_settings

    searches = best_settings.searches(folder)
    if not searches:
        raise typer.BadParameter(f"{folder} has no finished run of step_search or step_search_plain")
    for (data, classes), runs in searches.items():
        tried = best_settings.settings(runs)
        console.print(f"{data}, classes {classes}")
        for kind in sorted({each.kind for each in tried}):
            for each in best_settings.finalists(tried, kind):
                seeds = len(each.accuracies)
                console.print(f"  {each.method} at step size {each.step_size:g}: {each.mean:.3f}, seeds: {seeds}")
        console.print(*(f"  next: {line}" for line in best_settings.jobs(runs)), sep="\n")


@book_app.command("pdf")
def pdf(
    out: Annotated[Path, typer.Option(help="The file to write.")] = Path("loss_of_plasticity.pdf"),
    top: Top = HERE,
) -> None:
    """Print the whole book to one PDF, with page numbers and working links; needs Chromium."""
    from lop_tutorial.publishing.pdf import make

    if not out.resolve().parent.is_dir():
        raise ValueError(f"folder {out.resolve().parent} is not there: make it, or choose another --out")
    must_take_files(out.resolve().parent)
    make(top.resolve(), out.resolve())
    console.print(f"wrote {out}")


@book_app.command("grade")
def grade(
    notebooks: Annotated[list[Path], typer.Argument(help="Chapters that students handed in.")],
    out: Annotated[Path | None, typer.Option(help="A CSV file to write as well: file, exercise, right.")] = None,
) -> None:
    """Say which exercises of handed-in chapters are right. It runs each of them anew, and all code in it."""
    from lop_tutorial.exercises.grading import grade

    if out is not None:
        if not out.resolve().parent.is_dir():
            raise ValueError(f"folder {out.resolve().parent} is not there: make it, or choose another --out")
        must_take_files(out.resolve().parent)
    lines = ["file,exercise,right"]
    for path in notebooks:
        grades = grade(path)
        missing = [name for name, right in grades.items() if not right]
        console.print(
            f"{path}: {sum(grades.values())} of {len(grades)}" + (f"; not: {', '.join(missing)}" if missing else "")
        )
        lines += [f"{path},{name},{int(right)}" for name, right in grades.items()]
    if out is not None:
        write_text(out, "\n".join(lines) + "\n")
        console.print(f"wrote {out}")


@book_app.command("address")
def address(
    url: Annotated[str | None, typer.Argument(help="https://host/owner/name; none: show it.")] = None,
    top: Top = HERE,
) -> None:
    """Show the repository's address, or change it everywhere it is written."""
    from lop_tutorial.publishing import address

    if url is None:
        console.print(address.read(top.resolve()))
        return
    for path in address.change(top.resolve(), url):
        console.print(f"changed {path.relative_to(top.resolve())}")
