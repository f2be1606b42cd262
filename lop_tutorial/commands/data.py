"""`lop-tutorial data`: image sets on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from lop_tutorial.commands.values import Root, parse_split

console = Console()
data_app = typer.Typer(help="Image sets on this machine: fetch, convert, list, check.", no_args_is_help=True)


@data_app.command("add")
def data_add(
    name: Annotated[str, typer.Argument(help="What to call the set: lower-case letters, digits, - and _.")],
    source: Annotated[Path, typer.Option("--from", help="A folder or an archive; the format is recognised.")],
    split: Annotated[str | None, typer.Option(help="official, or TRAIN:TEST images of each class, as 600:100.")] = None,
    replace_it: Annotated[bool, typer.Option("--replace", help="Replace a set of that name.")] = False,
    root: Root = None,
) -> None:
    """Convert images into the one form that experiments read.

    Formats: CIFAR-100 as torchvision has it, a folder of images per class, Tiny ImageNet-200, the official
    downsampled ImageNet-32, Continual ImageNet's .npy files, sheets of images per class.
    """
    from lop_tutorial.data import add
    from lop_tutorial.data.progress import progress_bars

    with progress_bars(console) as progress:
        image_set = add(
            name,
            source,
            root=root,
            split=parse_split(split),
            replace=replace_it,
            progress=progress,
            tell=lambda text: console.print(text, highlight=False, soft_wrap=True),
        )
    _describe(image_set)


@data_app.command("get")
def data_get(
    which: Annotated[str, typer.Argument(help="cifar100 or tinyimagenet.")],
    replace_it: Annotated[bool, typer.Option("--replace", help="Replace a set of that name.")] = False,
    root: Root = None,
) -> None:
    """Download a public image set and convert it; a broken download goes on where it stopped."""
    from lop_tutorial.data import get
    from lop_tutorial.data.progress import progress_bars

    with progress_bars(console) as progress:
        image_set = get(which, root=root, replace=replace_it, progress=progress)
    _describe(image_set)


@data_app.command("list")
def data_list(root: Root = None) -> None:
    """List the image sets that are here."""
    from lop_tutorial.data import damaged_sets, data_root, list_sets

    sets, damaged = list_sets(root), damaged_sets(root)
    if sets:
        table = Table(box=SIMPLE_HEAD)
        for column in ("name", "classes", "train", "test", "size", "sha256", "source"):
            table.add_column(column, no_wrap=column != "source", overflow="fold")
        for card in sets:
            train, test = (sum(card.counts[split]) for split in ("train", "test"))
            size = f"{card.bytes / 2**20:.0f} MiB"
            table.add_row(
                card.name,
                str(len(card.classes)),
                f"{train:,}",
                f"{test:,}",
                size,
                card.sha256[:12],
                card.source,
            )
        console.print(table)
    elif not damaged:
        console.print("No image sets yet: `lop-tutorial data get cifar100`, or `data add NAME --from PATH`.")
    for name, reason in damaged.items():
        console.print(f"{name} is damaged: {reason}", highlight=False, soft_wrap=True)
    console.print(f"Place: {data_root(root)}", highlight=False)


@data_app.command("verify")
def data_verify(
    name: Annotated[str | None, typer.Argument(help="A set's name; none: every set.")] = None,
    root: Root = None,
) -> None:
    """Read every byte of a set and compare it with the hash taken when it was converted."""
    from lop_tutorial.data import DataError, damaged_sets, list_sets, verify

    bad = []
    for each in [name] if name else sorted({card.name for card in list_sets(root)} | set(damaged_sets(root))):
        try:
            verify(each, root=root)
        except DataError as error:
            if name:
                raise
            bad.append(each)
            console.print(f"{each} is damaged: {error}", highlight=False, soft_wrap=True)
        else:
            console.print(f"{each}: every image as it was converted")
    if bad:
        raise ValueError(f"damaged image sets: {', '.join(bad)}")


def _describe(image_set: Any) -> None:
    train, test = (sum(image_set.counts[split]) for split in ("train", "test"))
    console.print(
        f"{image_set.name}: {len(image_set.classes)} classes, {train:,} training and {test:,} test images, "
        f"sha256 {image_set.sha256[:12]}",
        highlight=False,
    )
