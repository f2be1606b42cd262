"""`lop-tutorial examine`: what the suspects say of a network of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

console = Console(highlight=False)


def examine_network(
    weights: Annotated[Path, typer.Argument(help="The network's weights: torch.save(network.state_dict(), FILE).")],
    network: Annotated[str, typer.Option(help="Its class, made without arguments: my_package.module:MyNetwork.")],
    data: Annotated[
        Path,
        typer.Option(help="What it is about to learn: torch.save((x, y), FILE), y counted from 0, one for each x."),
    ],
    layer: Annotated[
        str | None, typer.Option(help="The module that makes its representation. Default: its method `representation`.")
    ] = None,
    start: Annotated[Path | None, typer.Option(help="The weights that it began with, if they were kept.")] = None,
    loss: Annotated[str, typer.Option(help="cross_entropy or squared_error.")] = "cross_entropy",
) -> None:
    """Say what every suspect says of a network before a task, beside a fresh one: ranks, units, curvature, exponents.

    Files are read as tensors alone: nothing in them is run.
    """
    from torch import Tensor, nn

    from lop_tutorial.geometry.examination import examine
    from lop_tutorial.own_classes import class_at
    from lop_tutorial.training import LOSSES

    if loss not in LOSSES:
        raise ValueError(f"loss is {loss!r}; it must be one of {', '.join(LOSSES)}")
    own = class_at(network, nn.Module)
    try:
        made = own()
    except (Exception, SystemExit) as error:  # the class is the user's, and may fail in any way
        raise ValueError(f"{network} cannot be made without arguments ({type(error).__name__}: {error})") from error
    try:
        made.load_state_dict(_tensors(weights))
    except (RuntimeError, TypeError) as error:
        said = str(error).splitlines()[-1].strip()
        raise ValueError(f"{weights} does not hold the weights of {network}: {said}") from error
    pair = _tensors(data)
    if not (isinstance(pair, tuple | list) and len(pair) == 2 and all(isinstance(part, Tensor) for part in pair)):
        raise ValueError(f"{data} does not hold two tensors; write it with torch.save((x, y), {data.name!r})")
    began = None if start is None else _tensors(start)
    try:
        found = examine(made, (pair[0], pair[1]), layer=layer, start=began, loss=LOSSES[loss])
    except TypeError as error:  # of what the files hold, not of how it was called
        raise ValueError(str(error)) from error
    console.print(str(found))


def _tensors(path: Path):  # type: ignore[no-untyped-def]  # whatever tensors were saved
    """What torch.save put there; ValueError where it is no such file, or holds more than tensors."""
    import torch

    if not path.is_file():
        raise ValueError(f"there is no file {path}")
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except OSError:
        raise
    except Exception as error:  # of bytes that are no tensors, each kind has an error of its own
        raise ValueError(f"{path} holds no tensors alone; save a state_dict or a pair of tensors, no module") from error
