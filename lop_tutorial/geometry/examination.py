"""The line-up for a network of one's own: every suspect's number on one page, beside a fresh network's."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Int64, Shaped
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from lop_tutorial.geometry.eval_mode import copy_of, eval_mode
from lop_tutorial.geometry.inputs import must_be_real
from lop_tutorial.geometry.line_up import LINE_UP, PER_CLASS, State, some_of_each
from lop_tutorial.geometry.measurable import must_have_weights, must_show_layers, outputs_of
from lop_tutorial.geometry.norms import distance_from, snapshot
from lop_tutorial.geometry.tangent import OutputLoss
from lop_tutorial.seeds import seeded

FIELD = {-1: "less", 0: "", +1: "more"}


@dataclass(frozen=True, repr=False)
class Examination:
    """What the line-up says of a network, and of a fresh one of the same make on the same data."""

    found: dict[str, float]
    """By suspect; NaN where it has no meaning, or could not be measured."""
    fresh: dict[str, float]
    """The same for the network with new weights; empty where it has layers that cannot be drawn anew."""
    reasons: dict[str, str]
    """Why a suspect could not be measured."""
    examples: int

    def __str__(self) -> str:
        width = max(len(suspect.title) for suspect in LINE_UP)
        lines = [f"{'':{width}}  {'now':>10}  {'fresh':>10}  held to be better", ""]
        for suspect in LINE_UP:
            now, fresh = (of.get(suspect.name, math.nan) for of in (self.found, self.fresh))
            lines.append(f"{suspect.title:{width}}  {_short(now)}  {_short(fresh)}  {FIELD[suspect.expected]}")
        lines += ["", f"On {self.examples} examples, before a step on them."]
        lines += [f"{name} is missing: {reason}" for name, reason in self.reasons.items()]
        return "\n".join(lines)

    __repr__ = __str__


def _short(value: float) -> str:
    return f"{'–':>10}" if math.isnan(value) else f"{value:10.4g}"


def examine(
    network: nn.Module,
    data: tuple[Shaped[Tensor, "batch *shape"], Int64[Tensor, " batch"]],
    *,
    layer: str | None = None,
    loss: OutputLoss = cross_entropy,
    start: Mapping[str, Tensor] | None = None,
    per_class: int = PER_CLASS,
    seed: int = 0,
) -> Examination:
    """Every suspect of `LINE_UP` for a network that is about to learn `data`: inputs, and labels counted from 0.

    Looked at are the first `per_class` examples of each class. `layer` names the module whose output is the
    representation, as in `network.named_modules()`; left out, it is `network.representation`. `loss` takes logits and
    one-hot labels, and is a mean over the batch. `start` is a `snapshot` of the weights that the network began with,
    where they are known. Beside it stands the same network with weights drawn anew from `seed`, by each layer's own
    `reset_parameters`.

    What cannot be measured of this network (it has no activation functions that are modules, say) is left out, with
    the reason. The network is left as it was. Raises a ValueError where labels do not go with inputs or outputs, where
    there is no layer of that name, or none is named and the network has no `representation`, where `start` are another
    network's weights, and for a network without weights that could be looked at (quantised, lazy); a TypeError where it
    gives something else than logits.
    """
    x, y = data
    if start is not None:
        _must_be_of(network, start)
    for name, value in (("data[0]", x), ("data[1]", y)):
        must_be_real(name, value)
    if y.is_floating_point() or y.shape != x.shape[:1] or not len(y) or int(y.min()) < 0:
        raise ValueError(
            f"labels are {y.dtype} of shape {tuple(y.shape)} for {len(x)} inputs; data is (inputs, labels), a whole "
            "number from 0 up for each input"
        )
    if x.is_floating_point() and not x.isfinite().all():
        raise ValueError("inputs hold NaN or inf; of such nothing can be measured")
    if x.ndim < 2:
        raise ValueError(f"inputs have the shape {list(x.shape)}; it must be (batch, *shape of one input)")
    must_show_layers(network)
    must_have_weights(network)
    names = [name for name, _ in network.named_modules() if name]
    if layer is None and not hasattr(network, "representation"):
        kind = type(network).__name__
        raise ValueError(f"{kind} has no method `representation`: name a layer, one of {', '.join(names)}")
    if layer is not None and layer not in names:
        raise ValueError(f"layer is {layer!r}; this network has {', '.join(names)}")
    y, classes = y.long(), int(y.max()) + 1
    with eval_mode(network), torch.no_grad():
        outputs = outputs_of(network, x[:PER_CLASS]).shape[1]
    if classes > outputs:
        raise ValueError(
            f"labels go up to {classes - 1}, but {type(network).__name__} has {outputs} outputs; count labels from 0, "
            "as in torch.unique(y, return_inverse=True)[1]"
        )
    chosen = some_of_each(y, classes, per_class)

    def state(one: nn.Module, began: Mapping[str, Tensor] | None) -> State:
        return State(one, x[chosen], y[chosen], classes, loss, began, layer)

    found, reasons = _measured(state(network, start))
    fresh = drawn_anew(network, seed)
    anew = {} if fresh is None else _measured(state(fresh, snapshot(fresh)))[0]
    return Examination(found, anew, reasons, len(chosen))


def _must_be_of(network: nn.Module, start: object) -> None:
    if not isinstance(start, Mapping) or not all(isinstance(value, Tensor) for value in start.values()):
        raise TypeError(f"start is of type {type(start).__name__}; it must hold the network's weights by name")
    distance_from(start, network)


def drawn_anew(network: nn.Module, seed: int) -> nn.Module | None:
    """A copy whose layers' parameters are drawn anew; None where one has parameters and no `reset_parameters`.

    Equal seeds give equal weights on every device: they are drawn on the CPU.
    """
    copied = copy_of(network)
    place = next(copied.parameters()).device
    copied.cpu()
    own = [module for module in copied.modules() if next(module.parameters(recurse=False), None) is not None]
    resets: list[Callable[[], None] | None] = [getattr(module, "reset_parameters", None) for module in own]
    with seeded(seed, "weights", 0):
        for reset in resets:
            if reset is None:
                return None
            reset()
    return copied.to(place)


def _measured(state: State) -> tuple[dict[str, float], dict[str, str]]:
    found, reasons = {}, {}
    for suspect in LINE_UP:
        try:
            found[suspect.name] = float(suspect.of(state))
        except torch.OutOfMemoryError:
            raise
        except (ValueError, RuntimeError, TypeError) as error:
            found[suspect.name], reasons[suspect.title] = math.nan, str(error).splitlines()[0]
    return found, reasons
