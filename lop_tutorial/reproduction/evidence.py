"""Where a claim's numbers come from: stored runs, boiled down to one value a seed. NaN is a learner that diverged."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from jaxtyping import Float64
from scipy.stats import spearmanr

from lop_tutorial.reproduction.inheritance import HELD_OUT, stored_lives
from lop_tutorial.reproduction.results import Results
from lop_tutorial.reproduction.runs import stored, stored_path
from lop_tutorial.reproduction.study import read, select

Seeds = Float64[np.ndarray, " seed"]
Measured = Callable[[], np.ndarray]


@cache
def _results(run: str, width: int | None = None) -> Results:
    found = stored(run).results
    return found if width is None else found.at(width)


def _tenths(results: Results, method: str, quantity: str) -> tuple[Seeds, Seeds]:
    """Means over the first and the last tenth of the tasks, one a seed; what was not measured is skipped."""
    diverged = np.isnan(results.curves(method)).any(axis=1)
    values = np.where(diverged[:, None], 0, results.curves(method, quantity))  # they are NaN in the end, below
    parts = np.array_split(values, 10, axis=1)
    first, last = (np.where(diverged, np.nan, np.nanmean(part, axis=1)) for part in (parts[0], parts[-1]))
    return first, last


def tenths(run: str, method: str, quantity: str) -> tuple[Seeds, Seeds]:
    """A stored run's means over its first and its last tenth."""
    return _tenths(_results(run), method, quantity)


def change(run: str, method: str, quantity: str) -> Measured:
    """Last tenth minus first tenth."""

    def measured() -> np.ndarray:
        first, last = tenths(run, method, quantity)
        return last - first

    return measured


def late(run: str, method: str, quantity: str, *, minus: str | None = None) -> Measured:
    """The last tenth, minus that of another method with the same seeds."""

    def measured() -> np.ndarray:
        value = tenths(run, method, quantity)[1]
        return value if minus is None else value - tenths(run, minus, quantity)[1]

    return measured


def share(run: str, method: str, quantity: str, rose: bool) -> Measured:
    """Seed by seed, whether the quantity ended higher (or lower) than it began; minus infinity is lower."""

    def measured() -> np.ndarray:
        first, last = tenths(run, method, quantity)
        return last > first if rose else last < first

    return measured


def by_seed(run: str, method: str, quantity: str, than: str, *, higher: bool) -> Measured:
    """Seed by seed, whether a quantity is higher (or lower) over the last tenth than that of another method."""

    def measured() -> np.ndarray:
        mine, other = (tenths(run, name, quantity)[1] for name in (method, than))
        return mine > other if higher else mine < other

    return measured


def study(name: str, quantity: str, method: str, minus: str, **wanted: str | int) -> Measured:
    """A quantity of a stored study, one method minus another with the same seeds."""

    def measured() -> np.ndarray:
        table = read(stored_path(name) / "table.csv")
        return select(table, quantity, method=method, **wanted) - select(table, quantity, method=minus, **wanted)

    return measured


def log_factor(place: str, width: int) -> Measured:
    """log beta or log alpha: the exponent after a task minus that before it, mean over tasks; seeds held out."""

    def measured() -> np.ndarray:
        starts, ends = stored_lives().starts_and_ends(place, width, HELD_OUT)
        return (ends - starts).mean(axis=1)

    return measured


def fitted_sum(place: str, width: int, *, inverse: bool = False) -> Measured:
    """The change from before the first to after the last task as a share of the summed factors, or the inverse."""

    def measured() -> np.ndarray:
        starts, ends = stored_lives().starts_and_ends(place, width, HELD_OUT)
        whole, parts = ends[:, -1] - starts[:, 0], (ends - starts).sum(axis=1)
        return parts / whole if inverse else whole / parts

    return measured


def damage(place: str, width: int, accuracy: str, *, same_age: bool = False) -> Measured:
    """Spearman's correlation over tasks of the exponent before learning with the accuracy after it; seeds held out.

    With `same_age`, each task's mean over the networks is taken away from both: what all of them have in common as
    tasks go by then counts no more.
    """

    def measured() -> np.ndarray:
        lives = stored_lives()
        starts, _ = lives.starts_and_ends(place, width, HELD_OUT)
        outcome = lives.curves(accuracy, width, HELD_OUT)
        if same_age:
            starts, outcome = (values - values.mean(axis=0) for values in (starts, outcome))
        return np.array([spearmanr(x, y).statistic for x, y in zip(starts, outcome, strict=True)])

    return measured


def width_contrast(one: int, other: int, what: str) -> Measured:
    """How far No Intv. is from Retrained over the last tenth, at one width minus at another: "train", or the "gap"."""

    def at(width: int) -> np.ndarray:
        results = _results("width", width)
        train, test = (
            _tenths(results, "none", part)[1] - _tenths(results, "retrained", part)[1]
            for part in ("train_accuracy", "test_accuracy")
        )
        return train if what == "train" else train - test

    return lambda: at(one) - at(other)


def sign(name: str, width: int, what: str, ends: int = 10) -> Measured:
    """Training accuracy ("training"), or its distance to test accuracy ("gap"), minus Retrained's; real images."""

    def measured() -> np.ndarray:
        results = _results(f"real_images_{name}", width)
        train, test = (
            (results.curves("none", part) - results.curves("retrained", part))[:, -ends:].mean(axis=1)
            for part in ("train_accuracy", "test_accuracy")
        )
        return train if what == "training" else train - test

    return measured


def tail(name: str, width: int, which: str, ends: int = 10) -> Measured:
    """Seed by seed, whether the "low" tail within classes is lower, the "high" one between them higher; real images."""

    def measured() -> np.ndarray:
        results = _results(f"real_images_{name}", width)
        quantity = {"low": "ftle_within_q05", "high": "ftle_between_q95"}[which]
        mine, fresh = (np.nanmean(results.curves(m, quantity)[:, -ends:], axis=1) for m in ("none", "retrained"))
        return mine < fresh if which == "low" else mine > fresh

    return measured
