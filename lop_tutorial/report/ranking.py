"""Methods compared: each method of a sweep's table against the two references."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64
from scipy.stats import rankdata, spearmanr

from lop_tutorial.interventions import title as title_of
from lop_tutorial.interventions import without_settings
from lop_tutorial.report.numbers import short, signed
from lop_tutorial.running.results import ENOUGH, Interval, finite, interval
from lop_tutorial.running.table import Table
from lop_tutorial.seeds import numpy_generator

FACTORS = {
    "weight_norm": "weight norm",
    "effective_rank": "effective rank",
    "dead_units": "dead units (share)",
    "dormant_units": "dormant units (share)",
    "ftle_q50": "median FTLE (per layer)",
}
"""What is measured beside the accuracies (`measures.health`), with its name in figures."""

EMPTY = "–"


@dataclass(frozen=True)
class MethodResult:
    """One method on one image set. Learners that diverged are left out of every mean; `finished` counts the others.

    `above_none` and `above_retrained` are late test accuracies minus the reference's, seed by seed, over the seeds in
    which both finished; there are `pairs_none` and `pairs_retrained` of these. `factors` are medians over the learners
    that finished: one dead network has an exponent of minus infinity, and so would the mean. `networks` has a number
    for each of these: its late test accuracy, that minus Retrained's where both finished, and the factors.
    """

    method: str
    learners: int
    finished: int
    accuracy: dict[str, Interval]
    above_none: Interval
    above_retrained: Interval
    pairs_none: int
    pairs_retrained: int
    factors: dict[str, float]
    networks: dict[str, Float64[np.ndarray, " learner"]]

    @property
    def title(self) -> str:
        """The method's title without settings."""
        return title_of(without_settings(self.method))

    @property
    def late(self) -> float:
        """Mean late test accuracy, NaN where no learner finished."""
        return float(self.accuracy["test_late"].mean)


@dataclass(frozen=True, repr=False)
class Ranking:
    """All methods of a study on one image set: first those of which no learner diverged, each part best first."""

    data: str
    of: tuple[MethodResult, ...]

    def __repr__(self) -> str:
        return f"Ranking of {len(self.of)} methods on {self.data}"

    def __iter__(self) -> Iterator[MethodResult]:
        return iter(self.of)

    def __getitem__(self, method: str) -> MethodResult:
        """By its name, with settings or without."""
        for result in self.of:
            if method in (result.method, without_settings(result.method)):
                return result
        raise ValueError(
            f"no method {method!r} on {self.data}; there are {', '.join(result.method for result in self.of)}"
        )

    def correlation(self, factor: str, without: Sequence[str] = ()) -> tuple[float, int]:
        """Spearman's rank correlation of a factor with late test accuracy, over the methods, and how many these are.

        Methods of which any learner diverged are left out: their survivors are a selection. So are those in `without`,
        by their names without settings.
        """
        ranks, late = self._ranks_and_late(factor, without)
        return float(spearmanr(ranks, late).statistic), len(late)

    def correlation_interval(self, factor: str, without: Sequence[str] = (), draws: int = 4000) -> Interval:
        """`correlation` with its 95 % percentile interval, from methods drawn anew with replacement."""
        ranks, late = self._ranks_and_late(factor, without)
        chosen = numpy_generator(0, "methods drawn anew").integers(len(late), size=(draws, len(late)))
        x, y = (rankdata(values[chosen], axis=1) for values in (ranks, late))
        x, y = x - x.mean(axis=1, keepdims=True), y - y.mean(axis=1, keepdims=True)
        size = np.sqrt((x**2).sum(axis=1) * (y**2).sum(axis=1))
        varied = size > 0  # all the same method: no correlation
        low, high = np.percentile((x * y).sum(axis=1)[varied] / size[varied], (2.5, 97.5))
        return Interval(*(np.array(value) for value in (self.correlation(factor, without)[0], low, high)))

    def _ranks_and_late(self, factor: str, without: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        kept = [
            result
            for result in self.of
            if result.finished == result.learners and without_settings(result.method) not in without
        ]
        # minus infinity has a rank as any other number has; SciPy would take it for a hole
        ranks = np.unique([result.factors[factor] for result in kept], return_inverse=True)[1]
        return ranks, np.array([result.late for result in kept])

    def _repr_markdown_(self) -> str:
        header = "| method | test, first | test, last | train, first | train, last | − No Intv. | − Retrained |"
        lines = [header, "|:--|--:|--:|--:|--:|--:|--:|"]
        for result in self.of:
            cells = [title_of(result.method)]
            if result.finished < result.learners:
                lost = result.learners - result.finished
                cells[0] += f"<br>*{lost if result.finished else 'all'} of {result.learners} diverged*"
            for quantity in ("test_early", "test_late", "train_early", "train_late"):
                cells.append(_accuracy(result.accuracy[quantity]))
            for reference in ("none", "retrained"):
                difference, pairs = (getattr(result, f"{what}_{reference}") for what in ("above", "pairs"))
                cells.append(EMPTY if result.method == reference else _difference(difference, pairs))
            lines.append("| " + " | ".join(cells) + " |")
        return "\n".join(lines)


def rank_methods(table: Table, data: str) -> Ranking:
    """Every method of a sweep's table on one image set, against its rows of "none" and "retrained".

    ValueError if it lacks either, or has several step sizes or losses: take the rows of one first.
    """
    for setting in ("step_size", "loss"):
        several = sorted({str(row[setting]) for row in table.rows if row["data"] == data})
        if len(several) > 1:
            raise ValueError(f"{setting} is {', '.join(several)}; methods stand side by side at one only")
    methods = list(dict.fromkeys(str(row["method"]) for row in table.rows if row["data"] == data))
    if not {"none", "retrained"} <= set(methods):
        raise ValueError(f"{data!r} has no rows of both 'none' and 'retrained' in this table")

    def of(method: str, quantity: str) -> Float64[np.ndarray, " seed"]:
        return table.select(quantity, data=data, method=method)

    found = []
    for method in methods:
        late = of(method, "test_late")
        above = [finite(late - of(reference, "test_late")) for reference in ("none", "retrained")]
        there = ~np.isnan(late)
        factors = {name: of(method, f"{name}_late")[there] for name in FACTORS if f"{name}_late" in table.columns}
        found.append(
            MethodResult(
                method,
                len(late),
                int(there.sum()),
                {
                    f"{what}_{when}": interval(of(method, f"{what}_{when}")[there])
                    for what in ("train", "test")
                    for when in ("early", "late")
                },
                interval(above[0]),
                interval(above[1]),
                len(above[0]),
                len(above[1]),
                {name: float(np.median(values)) if len(values) else math.nan for name, values in factors.items()},
                {"test_late": late[there], "above_retrained": above[1], **factors},
            )
        )
    found.sort(
        key=lambda result: (
            result.finished < result.learners,
            result.finished == 0,
            -result.late if result.finished else 0,
        )
    )
    return Ranking(data, tuple(found))


def _accuracy(accuracy: Interval) -> str:
    mean, low, high = (float(value) for value in accuracy)
    if math.isnan(mean):
        return EMPTY
    if math.isnan(low):
        return f"{mean:.3f}"
    return f"{mean:.3f}<br>{short(low)}–{short(high)}"


def _difference(difference: Interval, pairs: int) -> str:
    """In bold where it is clear of 0, and there are seeds enough to say so."""
    mean, low, high = (100 * float(value) for value in difference)
    if math.isnan(mean):
        return EMPTY
    if math.isnan(low):
        return signed(mean)
    clear = pairs >= ENOUGH and (low > 0 or high < 0)
    shown = f"{signed(mean)}<br>{signed(low)} to {signed(high)}"
    return f"**{shown.replace('<br>', '**<br>')}" if clear else shown
