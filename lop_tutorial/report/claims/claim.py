"""A claim, the evidence for it in stored runs, and the verdict that follows by one rule."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from jaxtyping import Float64
from scipy.stats import binomtest

from lop_tutorial.running.results import Interval, finite, interval

Verdict = Literal["supported", "partly supported", "not supported", "not tested"]
VERDICTS: tuple[Verdict, ...] = ("supported", "partly supported", "not supported", "not tested")
Side = Literal["above", "below"]


@dataclass(frozen=True)
class Evidence:
    """One number that the claim says lies above (or below) a bound, measured once a seed.

    `measured` reads the values from a stored run, one a seed; a NaN is a learner that diverged, left out and counted.
    In the unit "seeds" they are 1 or 0, and their mean is a share. `of` says what they are, `run` and `chapter` where
    they stand.
    """

    of: str
    measured: Callable[[], Float64[np.ndarray, " seed"]]
    side: Side
    bound: float | int
    run: str
    chapter: str
    unit: Literal["points", "per layer", "seeds", ""] = ""

    @cached_property
    def values(self) -> Float64[np.ndarray, " seed"]:
        """One a seed, NaN where the learner diverged."""
        return self.measured()

    @property
    def kept(self) -> Float64[np.ndarray, " kept"]:
        """The values of the learners that did not diverge; ValueError if none is left."""
        kept = finite(self.values[:, None])[:, 0]
        if not len(kept):
            raise ValueError(f"{self.run}: every learner diverged, so there is nothing to judge {self.of!r} by")
        return kept

    @cached_property
    def interval(self) -> Interval:
        """Mean and 95 % t interval over seeds; of a share, the exact binomial one (Clopper and Pearson)."""
        if self.unit != "seeds":
            return interval(self.kept)
        found = binomtest(int(self.kept.sum()), len(self.kept)).proportion_ci(0.95)
        return Interval(*(np.array(value) for value in (self.kept.mean(), found.low, found.high)))

    @property
    def supports(self) -> bool:
        """Whether the whole interval lies on the claimed side of the bound."""
        low, high = float(self.interval.low), float(self.interval.high)
        return low > self.bound if self.side == "above" else high < self.bound

    def __str__(self) -> str:
        """The number with its interval, and what the claim says of it."""
        scale = 100 if self.unit == "points" else 1
        digits = 1 if self.unit == "points" else 2
        signed = self.unit in ("points", "per layer")
        mean, low, high, bound = (
            _number(scale * float(value), digits, signed) for value in (*self.interval, self.bound)
        )
        seeds = f"{len(self.kept)} seeds"
        if len(self.kept) < len(self.values):
            seeds += f", {len(self.values) - len(self.kept)} diverged"
        if self.unit == "seeds":
            return f"in {int(self.kept.sum())} of {seeds} (share {low} to {high}; claimed {self.side} {bound})"
        unit = f" {self.unit}" if self.unit else ""
        return f"{mean}{unit} ({low} to {high}, {seeds}; claimed {self.side} {bound})"


@dataclass(frozen=True)
class Claim:
    """A sentence of the paper that can be true or false, in its words, and what bears on it."""

    short: str
    quote: str
    evidence: tuple[Evidence, ...] = ()
    remark: str = ""
    """What a reader must know beside the numbers: where it holds, where not, why it was not tested."""

    @property
    def verdict(self) -> Verdict:
        """Supported if every piece of evidence supports it, partly if some do, not supported if none does."""
        if not self.evidence:
            return "not tested"
        found = [each.supports for each in self.evidence]
        return "supported" if all(found) else "partly supported" if any(found) else "not supported"


def _number(value: float, digits: int, signed: bool) -> str:
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    text = f"{value:+.{digits}f}" if signed else f"{value:.{digits}f}"
    if float(text) == 0:
        text = text.lstrip("+-")
    return text.replace("-", "−")
