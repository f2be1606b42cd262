"""The paper's claims in the words of its poster (Wang et al. 2025), each with the evidence that stored runs give."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float64

from lop_tutorial.interventions import title
from lop_tutorial.reproduction.claim import Claim, Evidence, Side
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


def by_seed(run: str, method: str, quantity: str, than: str, *, higher: bool) -> Callable[[], np.ndarray]:
    """Seed by seed, whether a quantity is higher (or lower) over the last tenth than that of another method."""

    def measured() -> np.ndarray:
        mine, other = (tenths(run, name, quantity)[1] for name in (method, than))
        return mine > other if higher else mine < other

    return measured


# The toy runs: a representation of 2 and of 256 dimensions.
NARROW, WIDE = "type1", "type2"
_TOY = {"type1": "d = 2", "type2": "d = 256"}


def _change(run: str, method: str, what: str, side: Side, chapter: str, bound: float = 0) -> Evidence:
    of = f"{what.capitalize()} accuracy, last tenth minus first tenth, {title(method)}, {_TOY[run]}"
    return Evidence(of, change(run, method, f"{what}_accuracy"), side, bound, run, chapter, "points")


def _gain(run: str, method: str, what: str, chapter: str, than: str = "none") -> Evidence:
    of = f"{what.capitalize()} accuracy over the last tenth, {title(method)} minus {title(than)}, {_TOY[run]}"
    return Evidence(of, late(run, method, f"{what}_accuracy", minus=than), "above", 0, run, chapter, "points")


def _lower(run: str, place: str, method: str, than: str, chapter: str, *, higher: bool = False) -> Evidence:
    word = "higher" if higher else "lower"
    of = f"Median exponent {place} classes over the last tenth, {title(method)} {word} than {title(than)}, {_TOY[run]}"
    measured = by_seed(run, method, f"ftle_{place}_q50", than, higher=higher)
    return Evidence(of, measured, "above", 0.5, run, chapter, "seeds")


def _trend(run: str, place: str, rose: bool, chapter: str) -> Evidence:
    of = f"Median exponent {place} classes, {'higher' if rose else 'lower'} at the end than at the start, {_TOY[run]}"
    return Evidence(of, share(run, "none", f"ftle_{place}_q50", rose), "above", 0.5, run, chapter, "seeds")


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
        "The exponents within classes fall, task after task",
        "Learning progressively causes within-class regions to collapse, and these collapsed areas accumulate during "
        "continual learning.",
        (_trend(NARROW, "within", False, "type_1"),),
    ),
    Claim(
        "Training and test accuracy both fall",
        "Both training and test accuracies drop sharply, indicating a loss of learning capacity.",
        (_change(NARROW, "none", "train", "below", "type_1"), _change(NARROW, "none", "test", "below", "type_1")),
    ),
)

TYPE2 = (
    Claim(
        "The exponents between classes rise, task after task",
        "Learning progressively causes inter-class regions to expand, and this expansion accumulates during continual "
        "learning.",
        (_trend(WIDE, "between", True, "type_2"),),
    ),
    Claim(
        "Training accuracy stays high while test accuracy falls",
        "Training accuracy remains high due to the chaotic and over-expressive representation space, while test "
        "accuracy degrades, indicating a loss of generalization capacity.",
        (
            Evidence(
                "Training accuracy over the last tenth, No Intv., d = 256",
                late(WIDE, "none", "train_accuracy"),
                "above",
                0.95,
                WIDE,
                "type_2",
            ),
            _change(WIDE, "none", "test", "below", "type_2"),
        ),
    ),
)

MIXUP = (
    Claim(
        "Inter-class mixup helps against Type-2 by holding the expansion",
        "Inter-class Mixup, akin to the classical Mixup method, mitigates Type-2 LoP by alleviating over-expansion in "
        "representation space",
        (_gain(WIDE, INTER, "test", "type_2"), _lower(WIDE, "between", INTER, "none", "type_2")),
        "Intra-class mixup recovers more test accuracy than inter-class mixup does, without lowering the exponents: a "
        "lower expansion is not what most of the recovery comes from.",
    ),
    Claim(
        "Intra-class mixup helps against Type-1 by preventing the collapse",
        "Intra-class Mixup, extending classical Mixup by combining samples within the same class using different "
        "labels, mitigates Type-1 LoP by preventing within-class space collapse",
        (_gain(NARROW, INTRA, "train", "type_1"), _lower(NARROW, "within", INTRA, "none", "type_1", higher=True)),
    ),
    Claim(
        "Generalized Mixup helps against both types",
        "Develop a generalized Mixup method that effectively mitigates both types of LoP.",
        (
            _gain(NARROW, BOTH, "train", "type_1"),
            _gain(WIDE, BOTH, "test", "type_2"),
            _gain(NARROW, BOTH, "train", "type_1", "retrained"),
            _gain(WIDE, BOTH, "test", "type_2", "retrained"),
        ),
        "The last two ask for more than the poster's sentence does: to learn at least as well as a fresh network.",
    ),
)

PARTS: dict[str, tuple[Claim, ...]] = {
    "Loss of plasticity": LOSS,
    "Type-1: the collapse of representation space": TYPE1,
    "Type-2: over-stretched boundaries and chaos": TYPE2,
    "Generalized Mixup": MIXUP,
}
"""All claims, under the poster's headings."""
