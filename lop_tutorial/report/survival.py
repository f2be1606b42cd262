"""How long networks live, read off stored runs: survival curves, laws in the step size, and what they predict.

Estimators are those of lifelines (`pip install lop-tutorial[analysis]`). A learner that is alive when its run ends, or
diverges, is censored: it is known to have lived that long, and no more.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64
from lifelines import KaplanMeierFitter, WeibullAFTFitter
from pandas import DataFrame

from lop_tutorial.running.death import DEAD_AFTER, died_in, failed_in
from lop_tutorial.running.results import Interval
from lop_tutorial.running.run import Run

FORMS: dict[str, Callable[[float], float]] = {"power": math.log, "exponential": lambda step_size: 1 / step_size}
"""What log time is linear in: log step size, so that time goes as a power of it; or 1 / step size."""
EVENTS = {"death": died_in, "failure": failed_in}
"""What a life lasts until: the functions that find its task. A network fails before it dies, or as it dies."""
DRAWS = 4000
HALF = 0.5 + 1e-9
"""A product of shares alive that is one half, but for rounding, counts as one half."""


@dataclass(frozen=True)
class Lifetimes:
    """Times that the learners of one step size lived, in tasks, steps or whatever goes by; and whether each died."""

    step_size: float
    times: Float64[np.ndarray, " learner"]
    died: Bool[np.ndarray, " learner"]

    @property
    def median(self) -> Interval:
        """Kaplan and Meier's median with its 95 % interval; infinite where too few died to know."""
        times, shares = self.curve()
        return Interval(*(np.asarray(min(times[share <= HALF], default=np.inf)) for share in shares.T))

    def curve(self) -> tuple[Float64[np.ndarray, " time"], Float64[np.ndarray, "time 3"]]:
        """Times, and the share alive after each with the ends of its 95 % interval (Kaplan and Meier)."""
        fitted = KaplanMeierFitter().fit(self.times, self.died)
        share = np.column_stack([fitted.survival_function_, fitted.confidence_interval_])
        return fitted.survival_function_.index.to_numpy(dtype=float), share.astype(float)


def lifetimes(
    run: Run,
    dead_after: int = DEAD_AFTER,
    method: str = "none",
    clock: str = "tasks",
    event: str = "death",
    outputs: int = 2,
) -> Lifetimes:
    """How long a run's learners lived, by `clock`: "tasks", or a column of metrics.csv that is summed over the tasks.

    `event` is one of `EVENTS`; a task has `outputs` classes to guess from. A learner that met the event in task t,
    counted from 0, has lived t tasks, at least one. ValueError for another event, and where a learner of an unfinished
    run is still on its way.
    """
    if event not in EVENTS:
        raise ValueError(f"event is {event!r}; it must be one of {', '.join(EVENTS)}")
    if not run.finished:
        raise ValueError(f"{run.folder} is not finished: learners in it are still on their way")
    times, died, results = [], [], run.results
    accuracies = results.curves(method, "train_accuracy")
    passed = np.ones_like(accuracies) if clock == "tasks" else results.curves(method, clock)
    for accuracy, each in zip(accuracies, passed, strict=True):
        lived = accuracy[~np.isnan(accuracy)]
        death = EVENTS[event](lived.tolist(), dead_after, outputs)
        times.append(np.cumsum(each)[max(1, len(lived) if death is None else death) - 1])
        died.append(death is not None)
    step_size = run.config.get("step_sizes", {}).get(method, run.config["training"]["step_size"])
    return Lifetimes(step_size, np.array(times, dtype=float), np.array(died))


@dataclass(frozen=True)
class Law:
    """log time = constant + slope f(step size) + scale log(-log u), for uniform u: Weibull lives with one shape.

    f is that of `FORMS`; with the form "power", time goes as step size to the power `slope`. `draws` are constant,
    slope and log scale, drawn from the normal distribution of their estimates.
    """

    form: str
    constant: float
    slope: float
    scale: float
    aic: float
    draws: Float64[np.ndarray, "draw 3"]

    @property
    def slope_interval(self) -> Interval:
        """The slope with its 95 % interval."""
        return Interval(np.asarray(self.slope), *np.quantile(self.draws[:, 1], [0.025, 0.975]))

    @property
    def shape(self) -> Interval:
        """Weibull's shape, 1 / scale, with its 95 % interval: above 1 the risk grows with age, at 1 it does not."""
        return Interval(np.asarray(1 / self.scale), *np.exp(-np.quantile(self.draws[:, 2], [0.975, 0.025])))

    def time(self, step_size: float, dead: float = 0.5) -> Interval:
        """When a share of learners is dead, with a 95 % interval for what the data leave open of the law."""
        late, f = np.log(-np.log1p(-dead)), FORMS[self.form](step_size)
        log_time = self.constant + self.slope * f + self.scale * late
        drawn = self.draws[:, 0] + self.draws[:, 1] * f + np.exp(self.draws[:, 2]) * late
        low, high = np.exp(np.quantile(drawn, [0.025, 0.975]))
        return Interval(np.asarray(math.exp(log_time)), low, high)

    def dead_by(self, step_size: float, time: float | int, learners: int) -> Interval:
        """How many of new learners are dead by a time: the mean, and 95 % of what may be seen."""
        draw = np.random.default_rng(0)
        f = FORMS[self.form](step_size)
        late = (np.log(time) - self.draws[:, 0] - self.draws[:, 1] * f) / np.exp(self.draws[:, 2])
        seen = draw.binomial(learners, -np.expm1(-np.exp(late)))
        return Interval(np.asarray(seen.mean()), *np.quantile(seen, [0.025, 0.975]))


def fit(lives: Sequence[Lifetimes], form: str = "power") -> Law:
    """The law of these lives, by maximum likelihood; ValueError for fewer than two step sizes at which anyone died."""
    if form not in FORMS:
        raise ValueError(f"form is {form!r}; it must be one of {', '.join(FORMS)}")
    deadly = {each.step_size for each in lives if each.died.any()}
    if len(deadly) < 2:
        raise ValueError(f"learners died at {len(deadly)} step sizes; a law needs two at least")
    table = DataFrame(
        {
            "time": np.concatenate([each.times for each in lives]),
            "died": np.concatenate([each.died for each in lives]),
            "f": np.concatenate([np.full(len(each.times), FORMS[form](each.step_size)) for each in lives]),
        }
    )
    middle, spread = table["f"].mean(), table["f"].std()  # the likelihood is climbed more surely from there
    table["f"] = (table["f"] - middle) / spread
    fitted = WeibullAFTFitter().fit(table, "time", "died")
    order = [("lambda_", "Intercept"), ("lambda_", "f"), ("rho_", "Intercept")]
    estimates = fitted.params_[order].to_numpy()
    drawn = np.random.default_rng(0).multivariate_normal(estimates, fitted.variance_matrix_.loc[order, order], DRAWS)

    def in_f(values: Float64[np.ndarray, "draw 3"]) -> Float64[np.ndarray, "draw 3"]:
        slope = values[:, 1] / spread
        return np.column_stack([values[:, 0] - slope * middle, slope, -values[:, 2]])

    constant, slope, log_scale = in_f(estimates[None])[0]
    return Law(form, constant, slope, float(np.exp(log_scale)), float(fitted.AIC_), in_f(drawn))
