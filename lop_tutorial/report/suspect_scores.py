"""How well a suspect tells, before a task, how well it will be learned: rank correlations and held-out skill.

The scores of `results/suspects.md`, where they were fixed before the trial ran. Regressions need scikit-learn:
`pip install lop-tutorial[analysis]`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from jaxtyping import Bool, Float64
from scipy.stats import rankdata

from lop_tutorial.running.results import Interval, interval
from lop_tutorial.running.table import Table

GAPS = ("train_gap", "test_gap")
"""Accuracies at a task's end, less those of a fresh network with the same seed on the same task."""
_REFERENCE = "retrained"


@dataclass(frozen=True)
class States:
    """Networks before tasks, as columns of equal length. Without the fresh networks, from which gaps are taken."""

    columns: dict[str, np.ndarray]

    def __getitem__(self, name: str) -> np.ndarray:
        return self.columns[name]

    def __len__(self) -> int:
        return len(self.columns["seed"])

    def at(self, mask: Bool[np.ndarray, " state"]) -> States:
        """Those where the mask is true."""
        return States({name: values[mask] for name, values in self.columns.items()})

    def where(self, **wanted: object) -> States:
        """Those with these entries; a tuple asks for any of its own: `states.where(setting="type1", seed=(0, 1))`."""
        mask = np.ones(len(self), dtype=bool)
        for name, value in wanted.items():
            mask &= np.isin(self[name], value if isinstance(value, tuple) else (value,))
        return self.at(mask)

    @property
    def seeds(self) -> list[int]:
        return sorted(set(self["seed"].tolist()))


def states_of(table: Table) -> States:
    """The states of a trial's table, with their gaps. Left out are those without one: it, or the fresh one, diverged.

    ValueError where the table is no trial's, or a setting has no fresh networks at all.
    """
    place = ("setting", "seed", "task")
    lacking = {*place, "method", "train_accuracy", "test_accuracy"} - {*table.columns}
    if lacking:
        raise ValueError(f"the table has no {', '.join(sorted(lacking))}, so it is none of a trial of the suspects")
    fresh = {tuple(row[k] for k in place): row for row in table.rows if row["method"] == _REFERENCE}
    settings = {setting for setting, *_ in fresh}
    rows = []
    for row in table.rows:
        if row["method"] == _REFERENCE:
            continue
        if row["setting"] not in settings:
            raise ValueError(f"no fresh networks stand beside those of {row['setting']}; run the part {_REFERENCE!r}")
        reference = fresh.get(tuple(row[k] for k in place), {"train_accuracy": math.nan, "test_accuracy": math.nan})
        gaps = {f"{what}_gap": row[f"{what}_accuracy"] - reference[f"{what}_accuracy"] for what in ("train", "test")}
        if all(math.isfinite(gap) for gap in gaps.values()):
            rows.append(row | gaps)
    names = Table(tuple(rows)).columns
    return States({name: np.array([row[name] for row in rows]) for name in names})


def rank_correlation(x: Float64[np.ndarray, " n"], y: Float64[np.ndarray, " n"]) -> float:
    """Spearman's. Infinities have ranks; pairs with NaN are left out. NaN where either does not vary."""
    there = ~(np.isnan(x) | np.isnan(y))
    if there.sum() < 2:
        return math.nan
    ranks = [rankdata(values[there]) for values in (x, y)]
    if any(np.ptp(each) == 0 for each in ranks):
        return math.nan
    return float(np.corrcoef(*ranks)[0, 1])


def over_all(states: States, suspect: str, gap: str) -> float:
    """The rank correlation of a suspect with a gap, over all states."""
    return rank_correlation(states[suspect].astype(float), states[gap].astype(float))


def within_age(states: States, suspect: str, gap: str) -> float:
    """The same among networks at one task number, averaged over task numbers; those where it is NaN are left out."""
    return _averaged(partial(over_all, suspect=suspect, gap=gap), states, "task")


def within_method(states: States, suspect: str, gap: str) -> float:
    """`within_age` among networks of one method, averaged over methods; those where it is NaN are left out."""
    return _averaged(partial(within_age, suspect=suspect, gap=gap), states, "method")


def _averaged(score: Callable[[States], float], states: States, column: str) -> float:
    found = np.array([score(states.where(**{column: one})) for one in sorted(set(states[column].tolist()))])
    return float(np.nanmean(found)) if np.isfinite(found).any() else math.nan


def jackknife(score: Callable[[States], float], states: States) -> Interval:
    """A score of all states, with the t interval of its jackknife values over seeds: n x all - (n - 1) x all but one.

    NaN where the score is NaN for all states, or for all but those of some seed.
    """
    seeds = states.seeds
    rest = np.array([score(states.at(states["seed"] != seed)) for seed in seeds])
    values = len(seeds) * score(states) - (len(seeds) - 1) * rest
    return interval(values.astype(float))


Held = Iterable[tuple[States, States]]
"""What a regression is fitted to, and what it is then scored on."""


def seeds_out(states: States, fitted: Sequence[int], held_out: Sequence[int]) -> Held:
    """One regression, for other seeds of the same setting and methods."""
    yield states.where(seed=tuple(fitted)), states.where(seed=tuple(held_out))


def each_out(states: States, what: str, fitted: Sequence[int], held_out: Sequence[int]) -> Held:
    """For each entry of a column (`method`, `setting`) a regression that saw only the others, and other seeds."""
    for one in sorted(set(states[what].tolist())):
        others = states.at(states[what] != one)
        yield others.where(seed=tuple(fitted)), states.where(**{what: one}, seed=tuple(held_out))


def rank_shares(values: Float64[np.ndarray, "*shape"]) -> Float64[np.ndarray, "*shape"]:
    """Each value's place in order, between 0 and 1; ties share one, NaN stays NaN."""
    found, there = np.full(values.shape, np.nan), ~np.isnan(values)
    found[there] = (rankdata(values[there]) - 0.5) / max(1, there.sum())
    return found


def in_ranks(states: States, names: Sequence[str]) -> States:
    """The same, with columns as ranks within their setting, from 0 to 1; NaN stays NaN."""
    columns = dict(states.columns)
    for name in names:
        values = states[name].astype(float)
        ranks = np.full(len(values), np.nan)
        for setting in set(states["setting"].tolist()):
            mine = states["setting"] == setting
            ranks[mine] = rank_shares(values[mine])
        columns[name] = ranks
    return States(columns)


def skill(features: Sequence[str], gap: str, held: Held) -> Float64[np.ndarray, " seed"]:
    """One less the squared error of a regression over that of the mean of what it was fitted to, per held-out seed.

    At most 1; 0 is no better than the mean, below it worse. Errors are summed over all regressions of `held`. Features
    that hold NaN are taken as they are; features should be finite otherwise (`in_ranks`). A seed whose outcomes all
    equal that mean has NaN.
    """
    from sklearn.ensemble import HistGradientBoostingRegressor

    errors: dict[int, list[tuple[float, float]]] = {}
    for fitted, scored in held:
        x, new = (np.column_stack([part[name].astype(float) for name in features]) for part in (fitted, scored))
        model = HistGradientBoostingRegressor(
            max_iter=60, max_depth=3, min_samples_leaf=10, early_stopping=False, random_state=0
        )
        known = ~np.isnan(x).all(axis=0)  # a feature without a value splits nothing
        mean = fitted[gap].mean()
        if known.any():
            predicted = model.fit(x[:, known], fitted[gap]).predict(new[:, known])
        else:
            predicted = np.full(len(scored), mean)
        for seed in scored.seeds:
            mine = scored["seed"] == seed
            error, reference = (float(np.square(scored[gap][mine] - guess).sum()) for guess in (predicted[mine], mean))
            errors.setdefault(seed, []).append((error, reference))
    sums = np.array([np.sum(errors[seed], axis=0) for seed in sorted(errors)]).reshape(-1, 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(sums[:, 1] > 0, 1 - sums[:, 0] / sums[:, 1], np.nan)
