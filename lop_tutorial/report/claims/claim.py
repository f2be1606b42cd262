"""A claim, the evidence for and against it in stored experiments, and the verdict that follows by one rule."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from jaxtyping import Float64

from lop_tutorial.report.claims.comparison import Learners
from lop_tutorial.report.numbers import counted
from lop_tutorial.running.results import ENOUGH, Interval, finite, interval, share

Says = Literal["against", "open", "for", "too few seeds"]
SAYS: tuple[Says, ...] = ("against", "open", "for", "too few seeds")
Verdict = Literal["supported", "partly supported", "not supported", "open", "too few seeds", "not tested"]
VERDICTS: tuple[Verdict, ...] = (
    *("supported", "partly supported", "not supported"),
    *("open", "too few seeds", "not tested"),
)
Side = Literal["above", "below"]

MOST_DIGITS = 3
"""Behind the point, where fewer would show an interval's end as zero."""
RULE = """\
**Evidence.** Every experiment stored in `results/` that bears on a claim is evidence for or against it. Each claim has
a question that is put to all of them, not a list of those that count. A piece of evidence is one number a seed, or
several, and a bound: the claim says that the mean lies above it, or below. Methods are compared within each seed, on
the same tasks; runs of a search that differ in methods and seeds alone are one experiment. The interval is a 95 % t
interval of the mean over seeds; of a share of seeds it is the exact binomial one.

**What a piece says.** It speaks **for** a claim if the whole interval of each of its numbers lies on the claimed side
of the bound, **against** it if the whole interval of one of them lies on the other side, and is **open** otherwise: a
piece with many numbers, as in claims 26 and 28, is hard to win and easy to lose. With fewer than five seeds it has
**too few seeds** to say anything. A share needs six, since five of five prove nothing. Of a piece whose numbers differ
in this, one that is against decides; else one with too few seeds does.

**Verdict.** A claim is **supported** if every piece with enough seeds speaks for it, **partly supported** if some do,
**not supported** if none does and one at least speaks against it, and **open** if all of them are. Where all pieces
have too few seeds the verdict is **too few seeds**, and where there is no piece, **not tested**. A claim that something
exists is supported as soon as one piece speaks for it. One 95 % interval in twenty misses the true mean: one piece
among many that falls out of line is weak evidence, so look at how many there are.

**What is left out.** Learners that diverged, which are counted. Survival runs, whole and whatever came of them: those
whose plan has `dead_after`, so that a learner stops once it is dead. After death no accuracy was recorded; to assume
chance would be a guess, since some dead networks recover. What such runs say of how long networks live is in
{doc}`chapters/lifetimes`. Warm starts (two tasks of the same classes) and agents are asked the sentences
[at the end](claim-29), and no others.
"""


@dataclass(frozen=True)
class Number:
    """One value a seed, and the side of a bound on which the claim says that their mean lies.

    NaN is a learner that diverged. In the unit "seeds" values are 1 or 0 and their mean is a share. A "change" is a
    difference of quantities that have no unit.
    """

    values: Float64[np.ndarray, " seed"]
    side: Side
    bound: float | int = 0
    unit: Literal["points", "per layer", "change", "seeds", ""] = "points"
    label: str = ""

    @cached_property
    def kept(self) -> Float64[np.ndarray, " kept"]:
        """The values of the learners that did not diverge."""
        return finite(self.values)

    @cached_property
    def interval(self) -> Interval:
        """Mean with its 95 % interval: t, or of a share the exact binomial one (Clopper and Pearson)."""
        return share(self.kept == 1) if self.unit == "seeds" and len(self.kept) else interval(self.kept)

    @cached_property
    def says(self) -> Says:
        """By the whole interval and the number of seeds."""
        if len(self.kept) < ENOUGH + (self.unit == "seeds"):
            return "too few seeds"
        low, high = float(self.interval.low), float(self.interval.high)
        above, below = low > self.bound, high < self.bound
        if self.side == "below":
            above, below = below, above
        return "for" if above else "against" if below else "open"

    def __str__(self) -> str:
        """The mean with its interval, and the number of seeds."""
        scale, digits = (100, 1) if self.unit == "points" else (1, 2)
        signed = self.unit in ("points", "per layer", "change")
        ends = [scale * float(value) for value in (self.interval.low, self.interval.high)]
        while digits < MOST_DIGITS and any(0 < abs(end) < 0.5 * 10**-digits for end in ends):
            digits += 1  # until it can be seen on which side of zero an end lies
        mean, low, high = (_number(scale * float(value), digits, signed) for value in self.interval)
        seeds = counted(len(self.kept), "seed")
        if len(self.kept) < len(self.values):
            seeds += f", {len(self.values) - len(self.kept)} diverged"
        if not len(self.kept):
            return f"all {len(self.values)} diverged"
        if self.unit == "seeds":
            return f"in {int(self.kept.sum())} of {seeds}"
        if len(self.kept) == 1:
            return f"{mean} ({seeds})"
        return f"{mean} ({low} to {high}; {seeds})"


@dataclass(frozen=True)
class Evidence:
    """Numbers of one experiment that must all lie where the claim says; `run` is its name in `results/`.

    `what` tells it from other evidence of the same experiment for the same claim; `used` are the learners that it is
    read from, by method.
    """

    of: str
    numbers: tuple[Number, ...]
    run: str
    what: str = ""
    used: Mapping[str, Learners] | None = None

    @cached_property
    def says(self) -> Says:
        """Against if one number is; else too few seeds or open if one is that; for only if all are."""
        found = {number.says for number in self.numbers}
        order: tuple[Says, ...] = ("against", "too few seeds", "open", "for")
        return next(says for says in order if says in found)

    def repeats(self, other: Evidence) -> bool:
        """Whether this is the same question, answered by learners that are all among the other's."""
        if not self.used or not other.used or self.used is other.used or self.what != other.what:
            return False
        return all(method in other.used and mine.among(other.used[method]) for method, mine in self.used.items())


@dataclass(frozen=True)
class Claim:
    """A sentence of a paper that can be true or false, and the question that is put to experiments.

    `asked` says in words what `question` does: it takes everything stored under one name (a `Source`, or what else the
    claims of its kind are read from) and gives the evidence in it, none where it does not bear on the claim. `exists`
    marks a claim of which one example is enough, `by_width` one whose answer hangs on the representation's width.
    """

    short: str
    quote: str
    asked: str
    question: Callable[[Any], Iterable[Evidence]]
    chapter: str
    remark: str = ""
    exists: bool = False
    by_width: bool = False

    def evidence(self, stored: Iterable[Any]) -> Iterator[Evidence]:
        """All evidence in what is stored; what two experiments with the same learners both say counts once."""
        return distinct(piece for each in stored for piece in self.question(each))


def distinct(evidence: Iterable[Evidence]) -> Iterator[Evidence]:
    """Each piece but those that another repeats; of two that repeat each other, the first."""
    found = list(evidence)
    for place, piece in enumerate(found):
        twins = (
            k for k, other in enumerate(found) if piece.repeats(other) and not (k > place and other.repeats(piece))
        )
        if next(twins, None) is None:
            yield piece


def verdict(evidence: Iterable[Evidence], *, exists: bool = False) -> Verdict:
    """The verdict by `RULE`."""
    counts = Counter(each.says for each in evidence)
    if not counts:
        return "not tested"
    judged = sum(counts[says] for says in SAYS if says != "too few seeds")
    if not judged:
        return "too few seeds"
    if not counts["for"]:
        return "not supported" if counts["against"] else "open"
    return "supported" if exists or counts["for"] == judged else "partly supported"


def _number(value: float, digits: int, signed: bool) -> str:
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    text = f"{value:+.{digits}f}" if signed else f"{value:.{digits}f}"
    if float(text) == 0:
        text = text.lstrip("+-")
    return text.replace("-", "−")
