"""The paper's claims in the words of its poster (Wang et al. 2025), each with the evidence that stored runs give."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float64

from lop_tutorial.reproduction.claim import Claim, Evidence
from lop_tutorial.reproduction.runs import stored, stored_path
from lop_tutorial.reproduction.study import read, select

INTER, INTRA, BOTH = "g_mixup:M=1:intra=0", "g_mixup:M=1:intra=1:intra_weight=1", "g_mixup:M=1:intra_weight=1"

Seeds = Float64[np.ndarray, " seed"]


def tenths(run: str, method: str, quantity: str) -> tuple[Seeds, Seeds]:
    """Means over the first and the last tenth of a stored run's tasks, one a seed; what was not measured is skipped."""
    curves = stored(run).results.curves(method, quantity)
    diverged = np.isnan(stored(run).results.curves(method)).any(axis=1)
    parts = np.array_split(curves, 10, axis=1)
    first, last = (np.where(diverged, np.nan, np.nanmean(part, axis=1)) for part in (parts[0], parts[-1]))
    return first, last


def change(run: str, method: str, quantity: str) -> Callable[[], Seeds]:
    """Last tenth minus first tenth."""

    def measured() -> Seeds:
        first, last = tenths(run, method, quantity)
        return last - first

    return measured


def late(run: str, method: str, quantity: str, *, minus: str | None = None) -> Callable[[], Seeds]:
    """The last tenth, minus that of another method with the same seeds."""

    def measured() -> Seeds:
        value = tenths(run, method, quantity)[1]
        return value if minus is None else value - tenths(run, minus, quantity)[1]

    return measured


def share(run: str, method: str, quantity: str, rose: bool) -> Callable[[], np.ndarray]:
    """Seed by seed, whether the quantity ended higher (or lower) than it began; minus infinity is lower."""

    def measured() -> np.ndarray:
        with np.errstate(invalid="ignore"):
            first, last = tenths(run, method, quantity)
        return last > first if rose else last < first

    return measured


def study(name: str, quantity: str, method: str, minus: str, **wanted: str | int) -> Callable[[], Seeds]:
    """A quantity of a stored study, one method minus another with the same seeds."""

    def measured() -> Seeds:
        table = read(stored_path(name) / "table.csv")
        return select(table, quantity, method=method, **wanted) - select(table, quantity, method=minus, **wanted)

    return measured


LOSS = (
    Claim(
        "Plasticity is lost",
        "It refers to the degradation of performance on new tasks, which eventually prevents the system from learning "
        "continuously.",
        (
            Evidence(
                "Test accuracy on the last tasks, No Intv. minus a fresh network, CIFAR-100 pairs, step 0.1",
                study("methods", "test_late", "none", "retrained", data="cifar100"),
                "below",
                0,
                "methods",
                "what_others_do",
                "points",
            ),
            Evidence(
                "The same on pairs of Tiny ImageNet's classes",
                study("methods", "test_late", "none", "retrained", data="tinyimagenet"),
                "below",
                0,
                "methods",
                "what_others_do",
                "points",
            ),
            Evidence(
                "Test accuracy, last tenth minus first tenth of 50 tasks, No Intv., procedural images, step 0.01",
                change("first_look_step_0.01", "none", "test_accuracy"),
                "below",
                0,
                "first_look_step_0.01",
                "what_is_loss_of_plasticity",
                "points",
            ),
        ),
        "It depends on the step size: at a step of 0.01 the same network gets better from task to task.",
    ),
)

TYPE1 = (
    Claim(
        "Type-1: the exponents within classes fall, task after task",
        "Learning progressively causes within-class regions to collapse, and these collapsed areas accumulate during "
        "continual learning.",
        (
            Evidence(
                "The median exponent within classes ended lower than it began, No Intv., d = 2",
                share("type1", "none", "ftle_within_q50", rose=False),
                "above",
                0.5,
                "type1",
                "generalized_mixup",
                "seeds",
            ),
        ),
    ),
    Claim(
        "Type-1: training and test accuracy both fall",
        "Both training and test accuracies drop sharply, indicating a loss of learning capacity.",
        (
            Evidence(
                "Training accuracy, last tenth minus first tenth, No Intv., d = 2",
                change("type1", "none", "train_accuracy"),
                "below",
                0,
                "type1",
                "generalized_mixup",
                "points",
            ),
            Evidence(
                "Test accuracy, last tenth minus first tenth, No Intv., d = 2",
                change("type1", "none", "test_accuracy"),
                "below",
                0,
                "type1",
                "generalized_mixup",
                "points",
            ),
        ),
    ),
)

PARTS: dict[str, tuple[Claim, ...]] = {
    "Loss of plasticity": LOSS,
    "Type-1: the collapse of representation space": TYPE1,
}
"""All claims, under the poster's headings."""
