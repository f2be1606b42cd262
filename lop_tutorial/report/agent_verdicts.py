"""What stored runs with agents say, by the rules that `results/reinforcement.md` wrote down before they ran."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from jaxtyping import Float64
from scipy.stats import t as student_t

from lop_tutorial.report.loss_type import type_of
from lop_tutorial.running.results import Interval, finite, interval, share
from lop_tutorial.running.table import Table

LATE = 3
"""Phases, the last ones, over which an agent's means are taken."""
Seeds = Float64[np.ndarray, " seed"]


def late(table: Table, quantity: str, **wanted: Any) -> Seeds:
    """A quantity's mean over the last phases, an entry a seed; over those in which it was measured, NaN where in none.

    `wanted` chooses the rows, as `table.where` does.
    """
    return _mean_of_measured(table.select(quantity, **wanted)[:, -LATE:])


def leads(table: Table, method: str, than: str, quantity: str = "return", **wanted: Any) -> Seeds:
    """One method less another, late; an entry a seed."""
    mine, theirs = (late(table, quantity, method=name, **wanted) for name in (method, than))
    return mine - theirs


def lead(table: Table, method: str, than: str, quantity: str = "return", **wanted: Any) -> Interval:
    """`leads` over seeds."""
    return interval(finite(leads(table, method, than, quantity, **wanted)))


def probe_excess(table: Table, method: str = "none", **wanted: Any) -> Seeds:
    """log10 of the error on the probe task over a fresh network's on the same states, late; an entry a seed."""
    own, fresh = (table.select(name, method=method, **wanted)[:, -LATE:] for name in ("probe", "probe_fresh"))
    return _mean_of_measured(np.log10(own / fresh))


def probe_lost(table: Table, method: str = "none", **wanted: Any) -> Interval:
    """`probe_excess` over seeds: above 0, the agent's network is fitted worse than a fresh one."""
    return interval(finite(probe_excess(table, method, **wanted)))


def change_of_lead(table: Table, method: str, than: str, many: int, few: int, quantity: str = "return") -> Interval:
    """The lead of one method over another with `many` updates at a time, less that with `few`, seed by seed."""
    after, before = (leads(table, method, than, quantity, updates=updates) for updates in (many, few))
    return interval(finite(after - before))


def type_by_exponents(table: Table, method: str = "none", **wanted: Any) -> str:
    """Type-1, Type-2, both or neither, against fresh agents, late, as `loss_type` has it: by the share of seeds."""
    signs = []
    for quantity, sign in (("ftle_within_q05", -1), ("ftle_between_q95", 1)):
        mine, fresh = (late(table, quantity, method=name, **wanted) for name in (method, "retrained"))
        known = ~np.isnan(mine + fresh)
        signs.append(bool(known.any()) and bool(share(sign * mine[known] > sign * fresh[known]).low > 0.5))
    return type_of(*signs)


def of_published(mean: float, deviation: float, seeds: int) -> Interval:
    """The t interval of a mean that is told with the standard deviation over seeds."""
    half = float(student_t.ppf(0.975, seeds - 1)) * deviation / math.sqrt(seeds)
    return Interval(*(np.array(value) for value in (mean, mean - half, mean + half)))


def overlap(one: Interval, other: Interval) -> bool:
    """Whether two intervals have a point in common."""
    return bool(one.low <= other.high and other.low <= one.high)


def _mean_of_measured(values: Float64[np.ndarray, "seed phase"]) -> Seeds:
    known = ~np.isnan(values)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(known, values, 0).sum(axis=1) / known.sum(axis=1)
