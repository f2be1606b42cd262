"""Where a claim's numbers come from: stored runs, boiled down to one value a seed. NaN is a learner that diverged."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from jaxtyping import Float64
from scipy.stats import spearmanr

from lop_tutorial.experiments.inheritance import HELD_OUT, starts_and_ends, stored_inheritance
from lop_tutorial.interventions import without_settings
from lop_tutorial.running.results import Results
from lop_tutorial.running.run import stored
from lop_tutorial.running.table import load

Seeds = Float64[np.ndarray, " seed"]
Measured = Callable[[], Seeds]


@cache
def _results(run: str, width: int | None = None) -> Results:
    found = stored(run).results
    return found if width is None else found.at(width)


def _named(results: Results, name: str) -> str:
    """The method of that name, with the settings that it has in this run; ValueError if there is not just one."""
    if name in results.methods:
        return name
    (only,) = (method for method in results.methods if without_settings(method) == name)
    return only


def _ends(results: Results, method: str, quantity: str, tasks: int | None = None) -> tuple[Seeds, Seeds]:
    """Means over the first and the last `tasks` (a tenth of all), one a seed; what was not measured is skipped."""
    diverged = np.isnan(results.curves(method)).any(axis=1)
    values = np.where(diverged[:, None], 0, results.curves(method, quantity))  # they are NaN in the end, below
    tasks = tasks or max(1, results.tasks // 10)
    first, last = (
        np.where(diverged, np.nan, np.nanmean(part, axis=1)) for part in (values[:, :tasks], values[:, -tasks:])
    )
    return first, last


def _both(results: Results, quantity: str, methods: tuple[str, str], tasks: int | None = None) -> tuple[Seeds, Seeds]:
    """The last tasks of two methods, seed by seed."""
    paired = results.paired(*methods)
    one, other = (_ends(paired, method, quantity, tasks)[1] for method in methods)
    return one, other


def _holds(found: np.ndarray, *of: Seeds) -> Seeds:
    """1 where it was found, 0 where not, NaN where a learner diverged."""
    return np.where(np.isnan(of).any(axis=0), np.nan, found)


def tenths(run: str, method: str, quantity: str) -> tuple[Seeds, Seeds]:
    """A stored run's means over its first and its last tenth."""
    return _ends(_results(run), method, quantity)


def change(run: str, method: str, quantity: str) -> Measured:
    """Last tenth minus first tenth."""

    def measured() -> Seeds:
        first, last = tenths(run, method, quantity)
        return last - first

    return measured


def late(run: str, method: str, quantity: str, *, minus: str | None = None, tasks: int | None = None) -> Measured:
    """The last tenth, or the last `tasks`, minus those of another method with the same seeds."""

    def measured() -> Seeds:
        results = _results(run)
        if minus is None:
            return _ends(results, _named(results, method), quantity, tasks)[1]
        mine, other = _both(results, quantity, (_named(results, method), _named(results, minus)), tasks)
        return mine - other

    return measured


def share(run: str, method: str, quantity: str, rose: bool) -> Measured:
    """Seed by seed, whether the quantity ended higher (or lower) than it began; minus infinity is lower."""

    def measured() -> Seeds:
        first, last = tenths(run, method, quantity)
        return _holds(last > first if rose else last < first, first, last)

    return measured


def by_seed(run: str, method: str, quantity: str, than: str, *, higher: bool) -> Measured:
    """Seed by seed, whether a quantity is higher (or lower) over the last tenth than that of another method."""

    def measured() -> Seeds:
        mine, other = _both(_results(run), quantity, (method, than))
        return _holds(mine > other if higher else mine < other, mine, other)

    return measured


def study(name: str, quantity: str, method: str, minus: str, **wanted: str | int) -> Measured:
    """A quantity of a stored study, one method minus another with the same seeds."""

    def measured() -> Seeds:
        table = load(name).table
        return table.select(quantity, method=method, **wanted) - table.select(quantity, method=minus, **wanted)

    return measured


def log_factor(place: str, width: int) -> Measured:
    """log beta or log alpha: the exponent after a task minus that before it, mean over tasks; seeds held out."""

    def measured() -> Seeds:
        starts, ends = starts_and_ends(stored_inheritance(), place, width, HELD_OUT)
        return (ends - starts).mean(axis=1)

    return measured


def fitted_sum(place: str, width: int, *, inverse: bool = False) -> Measured:
    """The change from before the first to after the last task as a share of the summed factors, or the inverse."""

    def measured() -> Seeds:
        starts, ends = starts_and_ends(stored_inheritance(), place, width, HELD_OUT)
        whole, parts = ends[:, -1] - starts[:, 0], (ends - starts).sum(axis=1)
        return parts / whole if inverse else whole / parts

    return measured


def damage(place: str, width: int, accuracy: str, *, same_age: bool = False) -> Measured:
    """Spearman's correlation over tasks of the exponent before learning with the accuracy after it; seeds held out.

    With `same_age`, each task's mean over the networks is taken away from both: what all of them have in common as
    tasks go by then counts no more.
    """

    def measured() -> Seeds:
        table = stored_inheritance()
        starts, _ = starts_and_ends(table, place, width, HELD_OUT)
        outcome = table.select(accuracy, width=width, seed=HELD_OUT)
        if same_age:
            starts, outcome = (values - values.mean(axis=0) for values in (starts, outcome))
        return np.array([spearmanr(x, y).statistic for x, y in zip(starts, outcome, strict=True)])

    return measured


def width_contrast(one: int, other: int, what: str) -> Measured:
    """How far No Intv. is from Retrained over the last tenth, at one width minus at another: "train", or the "gap"."""
    return lambda: _from_fresh(_results("width", one), what) - _from_fresh(_results("width", other), what)


def sign(name: str, width: int, what: str, ends: int = 10) -> Measured:
    """How far No Intv. is from Retrained over the last tasks, on real images: "train", or the "gap"."""
    return lambda: _from_fresh(_results(f"real_images_{name}", width), what, ends)


def _from_fresh(results: Results, what: str, ends: int | None = None) -> Seeds:
    """Training accuracy ("train"), or its distance to test accuracy ("gap"): No Intv. minus Retrained."""
    (train, fresh_train), (test, fresh_test) = (
        _both(results, f"{part}_accuracy", ("none", "retrained"), ends) for part in ("train", "test")
    )
    change = train - fresh_train
    return change if what == "train" else change - (test - fresh_test)


def tail(name: str, width: int, which: str, ends: int = 10) -> Measured:
    """Seed by seed, whether the "low" tail within classes is lower, the "high" one between them higher; real images."""

    def measured() -> Seeds:
        quantity = {"low": "ftle_within_q05", "high": "ftle_between_q95"}[which]
        mine, fresh = _both(_results(f"real_images_{name}", width), quantity, ("none", "retrained"), ends)
        return _holds(mine < fresh if which == "low" else mine > fresh, mine, fresh)

    return measured
