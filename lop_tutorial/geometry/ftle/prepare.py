"""How exponents are measured: what is refused, which path is taken, and how many samples at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn

from lop_tutorial.geometry.ftle.chunks import bytes_linearised, in_chunks, room
from lop_tutorial.geometry.ftle.golub_kahan import leading
from lop_tutorial.geometry.ftle.jacobian import jacobian, singular
from lop_tutorial.geometry.ftle.linearised import Function, Linearised
from lop_tutorial.geometry.ftle.target import module_of, run, target_of
from lop_tutorial.geometry.inputs import must_be_dense
from lop_tutorial.seeds import torch_generator

METHODS = ("auto", "exact", "lanczos")

_LINES_A_VALUE = 32
"""The exact path takes about as long for this many lines of a Jacobian as Lanczos for one value: 25 to 50, measured."""


@dataclass(frozen=True)
class Measurement:
    """A function, the samples at which to measure it, and the method. Made by `prepare`, used inside `exactly()`."""

    function: Function
    depth: int
    x: Tensor
    outputs: int
    inputs: int
    both_ways: bool
    """Whether there are products with J as well as with J^T."""
    k: int
    method: str
    tolerance: float
    chunk: int | None
    seed: int

    @property
    def by_rows(self) -> bool:
        return self.outputs <= self.inputs or not self.both_ways

    @property
    def lines(self) -> int:
        """How many products the exact path takes."""
        return self.outputs if self.by_rows else self.inputs

    def singular(self, *, vectors: bool = False) -> tuple[Float[Tensor, "batch ..."], ...]:
        """The k largest singular values of each sample's Jacobian, and with `vectors` the left and right vectors.

        Values that are rounding, at most 8 units in the last place of the largest, are 0.
        """
        values, *others = self._exact(self.x, vectors) if self.method == "exact" else self._lanczos(vectors)
        rounding = 8 * torch.finfo(self.x.dtype).eps * values[:, :1]
        return values.where(~(values <= rounding), 0.0), *others

    def _exact(self, x: Float[Tensor, "samples *shape"], vectors: bool) -> tuple[Float[Tensor, "samples ..."], ...]:
        space = room(x.device)
        at_once = max(1, space // bytes_linearised(self.function, x, both_ways=not self.by_rows))
        chunk = self.chunk or max(1, min(len(x), at_once, space // (24 * self.outputs * self.inputs)))
        copies = 1 if self.chunk else max(1, min(self.lines // 8, at_once // chunk))

        def work(part: slice) -> tuple[Tensor, ...]:
            matrix = jacobian(self.function, x[part], by_rows=self.by_rows, copies=copies)
            return singular(matrix, self.k, vectors=vectors)

        return in_chunks(work, len(x), chunk)

    def _lanczos(self, vectors: bool) -> tuple[Float[Tensor, "batch ..."], ...]:
        x, lines = self.x, self.lines
        numbers = 32 * lines + 6 * max(self.outputs, self.inputs)  # a sample's share of the spaces that Lanczos spans
        each = bytes_linearised(self.function, x, both_ways=True) + numbers * x.element_size()
        chunk = self.chunk or max(1, min(len(x), room(x.device) // each))

        def work(part: slice) -> tuple[Tensor, ...]:
            samples = range(len(x))[part]
            draws = [torch_generator(self.seed, "ftle", sample) for sample in samples]
            starts = torch.stack([torch.randn(self.k, lines, dtype=x.dtype, generator=draw) for draw in draws])
            values, certain = leading(
                self.function,
                x[part],
                starts.to(x.device),
                by_rows=self.by_rows,
                tolerance=self.tolerance * self.depth,
                vectors=vectors,
            )
            return *values, certain

        *found, certain = in_chunks(work, len(x), chunk)
        if not certain.all():
            for those, exact in zip(found, self._exact(x[~certain], vectors), strict=True):
                those[~certain] = exact
        return tuple(found)


def prepare(
    network: nn.Module | Function,
    x: Shaped[Tensor, "batch *shape"],
    layer: str | None,
    k: int | None,
    *,
    depth: int | None = None,
    method: str = "auto",
    tolerance: float = 1e-3,
    dtype: torch.dtype | None = None,
    chunk: int | None = None,
    seed: int = 0,
) -> Measurement:
    """Checks the arguments of `ftle`, and chooses what was left open; ValueError or TypeError where they are wrong."""
    _check_kinds(x=(x, Tensor), layer=(layer, str | None))
    _check_kinds(k=(k, int | None), depth=(depth, int | None), chunk=(chunk, int | None))
    must_be_dense("x", x)
    dtype = _dtype(network, x, dtype)
    _check_input(x)
    if method not in METHODS:
        raise ValueError(f"method is {method!r}; it must be one of {', '.join(METHODS)}")
    if chunk is not None and chunk < 1:
        raise ValueError(f"chunk is {chunk}; it must be at least 1, or None for as many samples as fit")
    x = x.detach().to(dtype)
    function, depth = target_of(network, layer, depth, x[:1], dtype)
    outputs, both_ways = _try(function, x)
    inputs = x[0].numel()
    most = min(outputs, inputs)
    if k is not None and not 1 <= k <= most:
        raise ValueError(
            f"k is {k}; a Jacobian of {outputs} outputs by {inputs} inputs has {most} exponents: k must be from 1 to "
            f"{most}, or None for all"
        )
    lines = most if both_ways else outputs
    if method == "auto":
        method = "lanczos" if both_ways and k is not None and lines > _LINES_A_VALUE * k else "exact"
    elif method == "lanczos" and not both_ways:
        raise ValueError("method='lanczos' needs derivatives both ways, this network has none forwards; use 'exact'")
    if method == "lanczos" and not tolerance >= 64 * torch.finfo(dtype).eps:
        raise ValueError(
            f"tolerance is {tolerance}; in {dtype} it must be at least {64 * torch.finfo(dtype).eps:.0e}. "
            "A finer one needs dtype=torch.float64, or method='exact'"
        )
    return Measurement(
        function, depth, x, outputs, inputs, both_ways, most if k is None else k, method, tolerance, chunk, seed
    )


def _check_kinds(**given: tuple[Any, Any]) -> None:
    for name, (value, kind) in given.items():
        if not isinstance(value, kind):
            way_out = {"x": "a tensor, as torch.as_tensor makes one", "layer": "a module's name, or left out"}
            wanted = way_out.get(name, "a whole number, or left out")
            shown = "" if name == "x" else f" ({value!r})"
            raise TypeError(f"{name} is a {type(value).__name__}{shown}; it must be {wanted}")


def _dtype(network: nn.Module | Function, x: Tensor, dtype: torch.dtype | None) -> torch.dtype:
    """As asked, or the widest of the input's and the weights', float32 at least."""
    if not x.is_floating_point():
        raise TypeError(f"x is {x.dtype}; derivatives need a floating-point input: x.float(), scaled as in training")
    if dtype not in (None, torch.float32, torch.float64):
        raise ValueError(f"dtype is {dtype}; exponents are computed in torch.float32 or torch.float64")
    if dtype is None:
        dtype = torch.promote_types(x.dtype, torch.float32)
        module = module_of(network)
        for weights in () if module is None else module.parameters():
            if weights.is_floating_point() or weights.is_complex():
                dtype = torch.promote_types(dtype, weights.dtype.to_real())
    return dtype


def _check_input(x: Tensor) -> None:
    if x.ndim < 2:
        raise ValueError(
            f"x has shape {tuple(x.shape)}; it must be (batch, *shape of one input): x[None] for one input"
        )
    if x.numel() == 0:
        raise ValueError(f"x has shape {tuple(x.shape)}; there must be at least one sample, and one number in it")
    finite = x.isfinite().flatten(1).all(dim=1)
    if not finite.all():
        first = int((~finite).nonzero()[0])
        raise ValueError(f"x has NaN or infinity in {int((~finite).sum())} of {len(x)} samples, the first at {first}")


def _try(function: Function, x: Float[Tensor, "batch *shape"]) -> tuple[int, bool]:
    """How many outputs there are, and whether there are products with J as well as with J^T."""
    few = x[:3]
    another = few[:1] / 2 + 0.25  # unlike the samples, also where there is only one of them
    with torch.no_grad():
        together = run(function, torch.cat([few[:2], another]))[: len(few[:2])]
        alone = torch.cat([run(function, each) for each in few[:2].split(1)])
    if not alone.numel():
        raise ValueError("the network gives no numbers for this input: its output has a dimension of size 0")
    if ((together - alone).abs() > 1e-2 * alone.abs().max()).any():
        raise ValueError(
            "the output of a sample changes with the samples beside it, or from one call to the next; a Jacobian needs "
            "a function of one sample alone. Is there dropout, or batch normalisation in training mode?"
        )
    linear = Linearised(function, few)
    if not linear.depends:
        raise ValueError("the output cannot be differentiated with respect to x: is there detach or no_grad inside?")
    try:
        return linear.outputs, linear.agree()
    except (RuntimeError, NotImplementedError):
        return linear.outputs, False
