"""Laws of how an exponent moves from task to task: fitted to some networks, they predict others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64
from scipy.optimize import minimize_scalar


@dataclass(frozen=True)
class SettlingLaw:
    """Factors depend on where they start, f_t = base - pull s_t, and tasks inherit, s_{t+1} = offset + slope e_t.

    With e_t = s_t + f_t this makes s_{t+1} = s* + rate (s_t - s*): a curve that settles wherever |rate| < 1. A constant
    factor is pull = 0; the product law is pull = 0, slope = 1 and offset = 0. What is random from task to task is left
    out: the prediction is that of the mean.
    """

    offset: float | int
    slope: float | int
    base: float | int
    pull: float | int
    left_out: int = 0
    """How many pairs of exponents the fit could not use, as one of them was not finite."""

    @classmethod
    def fit(cls, starts: Float64[np.ndarray, "seed task"], ends: Float64[np.ndarray, "seed task"]) -> SettlingLaw:
        """Two least-squares lines over all tasks of all seeds. ValueError where too few pairs are finite."""
        base, tilt, lost = _line(starts, ends - np.where(np.isfinite(starts), starts, 0))
        offset, slope, lost_between = _line(ends[:, :-1], starts[:, 1:])
        return cls(offset, slope, base, -tilt, lost + lost_between)

    @property
    def rate(self) -> float:
        """Share of the distance to where exponents settle that is left after a task."""
        return float(self.slope * (1 - self.pull))

    @property
    def settles(self) -> float:
        """s*, where the exponents at the start of tasks settle; ValueError unless |rate| < 1."""
        if not -1 < self.rate < 1:
            raise ValueError(f"the rate is {self.rate}; exponents settle only where it lies between -1 and 1")
        return (self.offset + self.slope * self.base) / (1 - self.rate)

    def predict(self, start: Float64[np.ndarray, " seed"], tasks: int) -> Float64[np.ndarray, "seed task"]:
        """The exponents with which each task begins, the first one given."""
        now, starts = np.asarray(start, dtype=float), []
        for _ in range(tasks):
            starts.append(now)
            now = self.offset + self.slope * (self.base + (1 - self.pull) * now)
        return np.stack(starts, axis=-1)


@dataclass(frozen=True)
class Settling:
    """The curve s_{t+1} = settles + (s_1 - settles) rate^t, which `SettlingLaw` makes, with its two numbers free."""

    settles: float | int
    rate: float | int

    @classmethod
    def fit(cls, starts: Float64[np.ndarray, "seed task"]) -> Settling:
        """The curve nearest to whole lives, each from its own first exponent; all must be finite.

        `SettlingLaw.fit` looks one task ahead, and what is random in a task makes its rate too small, as noise on x
        flattens any fitted line. A whole curve is not misled in this way, but needs whole lives. Rates from 0 to 0.999.
        """
        _must_be_lives(starts)

        def best(rate: float) -> Settling:
            left = rate ** np.arange(starts.shape[1])
            free, known = np.broadcast_to(1 - left, starts.shape), starts[:, :1] * left
            return cls(float(((starts - known) * free).sum() / np.square(free).sum()), rate)

        def missed(rate: float) -> float:
            return error(best(rate).predict(starts[:, 0], starts.shape[1]), starts)

        return best(float(minimize_scalar(missed, bounds=(0, 0.999), method="bounded").x))

    def predict(self, start: Float64[np.ndarray, " seed"], tasks: int) -> Float64[np.ndarray, "seed task"]:
        """The exponents with which each task begins, the first one given."""
        return self.settles + np.outer(np.asarray(start) - self.settles, self.rate ** np.arange(tasks))


@dataclass(frozen=True)
class Growing:
    """The curve s_{t+1} = s_1 + gain log(1 + rate t): that of weights that walk, `theory.random_walk`, point 1.

    Unlike `Settling` it never ends. Were growing weights all there is, `rate` would be the walk's gamma, and 2 gain the
    number of layers' worth of stretch that growth brings, over the depth. Fitted rates lie far above gamma.
    """

    gain: float | int
    rate: float | int

    @classmethod
    def fit(cls, starts: Float64[np.ndarray, "seed task"]) -> Growing:
        """The curve nearest to lives, each from its own first exponent; all must be finite. Rates from 0.001 to 100."""
        _must_be_lives(starts)

        def best(log_rate: float) -> Growing:
            rate = float(np.exp(log_rate))
            grown = np.broadcast_to(np.log1p(rate * np.arange(starts.shape[1])), starts.shape)
            return cls(float(((starts - starts[:, :1]) * grown).sum() / np.square(grown).sum()), rate)

        def missed(log_rate: float) -> float:
            return error(best(log_rate).predict(starts[:, 0], starts.shape[1]), starts)

        return best(float(minimize_scalar(missed, bounds=(np.log(0.001), np.log(100)), method="bounded").x))

    def predict(self, start: Float64[np.ndarray, " seed"], tasks: int) -> Float64[np.ndarray, "seed task"]:
        """The exponents with which each task begins, the first one given."""
        return np.asarray(start)[:, None] + self.gain * np.log1p(self.rate * np.arange(tasks))


@dataclass(frozen=True)
class PowerLaw:
    """The curve s_{t+1} = s_1 + gain t^power: a rival to `Growing` with as many constants, and no walk behind it.

    With a power below 1 it too grows ever more slowly, but for long less slowly than a logarithm.
    """

    gain: float | int
    power: float | int

    @classmethod
    def fit(cls, starts: Float64[np.ndarray, "seed task"]) -> PowerLaw:
        """The curve nearest to lives, each from its own first exponent; all must be finite. Powers from 0.01 to 2."""
        _must_be_lives(starts)

        def best(power: float) -> PowerLaw:
            grown = np.broadcast_to(np.arange(starts.shape[1]) ** power, starts.shape)
            return cls(float(((starts - starts[:, :1]) * grown).sum() / np.square(grown).sum()), power)

        def missed(power: float) -> float:
            return error(best(power).predict(starts[:, 0], starts.shape[1]), starts)

        return best(float(minimize_scalar(missed, bounds=(0.01, 2), method="bounded").x))

    def predict(self, start: Float64[np.ndarray, " seed"], tasks: int) -> Float64[np.ndarray, "seed task"]:
        """The exponents with which each task begins, the first one given."""
        return np.asarray(start)[:, None] + self.gain * np.arange(tasks) ** float(self.power)


def _must_be_lives(starts: Float64[np.ndarray, "seed task"]) -> None:
    if starts.ndim != 2 or starts.shape[1] < 3 or not np.isfinite(starts).all():
        raise ValueError(f"starts has shape {starts.shape}; it must be (seed, task), 3 tasks or more, all finite")


def _line(x: Float64[np.ndarray, "..."], y: Float64[np.ndarray, "..."]) -> tuple[float, float, int]:
    """Offset and slope of the line y(x) nearest to all finite pairs, and how many pairs were left out."""
    finite = np.isfinite(x) & np.isfinite(y)
    if finite.sum() < 3:
        raise ValueError(f"{finite.sum()} pairs of {x.size} are finite; a line needs at least 3")
    slope, offset = np.polyfit(x[finite], y[finite], 1)
    return float(offset), float(slope), int((~finite).sum())


def correlation(x: Float64[np.ndarray, "..."], y: Float64[np.ndarray, "..."]) -> float:
    """Pearson's, over all pairs that are finite."""
    finite = np.isfinite(x) & np.isfinite(y)
    return float(np.corrcoef(x[finite], y[finite])[0, 1])


def error(predicted: Float64[np.ndarray, "seed task"], measured: Float64[np.ndarray, "seed task"]) -> float:
    """Root mean square over all that was measured to be finite."""
    finite = np.isfinite(measured)
    return float(np.sqrt(np.square(predicted[finite] - measured[finite]).mean()))
