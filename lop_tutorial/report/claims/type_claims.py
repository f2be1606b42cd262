"""What the poster claims of loss of plasticity and its two types."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float64
from scipy.stats import rankdata

from lop_tutorial.report.claims.claim import Claim, Evidence, Number, Side
from lop_tutorial.report.claims.experiment import Experiment, Stored
from lop_tutorial.report.claims.questions import (
    HIGH,
    LOW,
    MARGIN,
    Answers,
    Question,
    Type,
    compared,
    compares,
    each,
    gap_grown,
    late,
    shows_by_exponents,
    tail,
    train_lost,
)

Curves = Float64[np.ndarray, "seed task"]


def lost(experiment: Experiment) -> Answers:
    """No Intv. against a fresh network late; against itself early where no fresh one was trained."""
    if compares(experiment, "none", "retrained"):
        yield "", (Number(late(experiment, "none", "retrained"), "below"),)
    elif compares(experiment, "none") and experiment.benchmark != "increments":
        bins = experiment.bins("none")
        if bins.shape[1] > 1:
            yield "late minus early", (Number(bins[:, -1] - bins[:, 0], "below"),)


def accumulates(place: str, side: Side) -> Question:
    """No Intv.'s median exponents, late against early."""

    def question(experiment: Experiment) -> Answers:
        quantity = f"ftle_{place}_q50"
        if compares(experiment, "none") and quantity in experiment.learners["none"].curves:
            bins = experiment.bins("none", quantity)
            yield "", (compared(bins[:, -1], bins[:, 0], side),)

    return each(question)


def before_and_after(experiment: Experiment, place: str) -> tuple[Curves, Curves] | None:
    """No Intv.'s exponents at each task's own points, before it is learned and after; None where nobody looked."""
    mine = experiment.learners.get("none")
    if mine is None or f"start_{place}" not in mine.curves:
        return None
    return mine.curves[f"start_{place}"], mine.curves[f"end_{place}"]


def one_task(place: str, side: Side) -> Question:
    """log beta or log alpha of the first task, and the mean over all later ones."""

    def question(experiment: Experiment) -> Answers:
        found = before_and_after(experiment, place)
        if found is not None:
            factors = found[1] - found[0]
            yield "first task", (Number(factors[:, 0], side, 0, "per layer"),)
            yield "later tasks", (Number(factors[:, 1:].mean(axis=1), side, 0, "per layer"),)

    return each(question)


def multiply_up(place: str, side: Side) -> Question:
    """Whether the summed factors have the claimed sign, and the whole change is at least 0.8 of their sum."""

    def question(experiment: Experiment) -> Answers:
        found = before_and_after(experiment, place)
        if found is not None:
            start, end = found
            total, change = (end - start).sum(axis=1), end[:, -1] - start[:, 0]
            yield (
                "",
                (
                    Number(total, side, 0, "per layer", "sum of the logarithms"),
                    Number(change - 0.8 * total, side, 0, "per layer", "whole change less 0.8 of the sum"),
                ),
            )

    return each(question)


def _rank_correlation(x: Curves, y: Curves) -> Float64[np.ndarray, " seed"]:
    """Spearman's, of each seed over its tasks."""
    ranks = [rankdata(values, axis=1) for values in (x, y)]
    return np.array([np.corrcoef(one, two)[0, 1] for one, two in zip(*ranks, strict=True)])


def strikes_there(place: str, accuracy: str, side: Side) -> Question:
    """Over tasks, the exponents before learning against the accuracy after it, where that accuracy falls."""

    def question(experiment: Experiment) -> Answers:
        found = before_and_after(experiment, place)
        if found is None:
            return
        bins = experiment.bins("none", accuracy)
        if Number(bins[:, -1] - bins[:, 0], "below", -MARGIN).says != "for":
            return
        start, reached = found[0], experiment.learners["none"].curves[accuracy]
        yield "rank correlation over tasks", (Number(_rank_correlation(start, reached), side, 0, ""),)
        start, reached = (values - values.mean(axis=0) for values in (start, reached))
        yield (
            "the same, less the mean of networks of that age",
            (Number(_rank_correlation(start, reached), side, 0, ""),),
        )

    return each(question)


def accuracies_of(which: Type) -> Question:
    """The accuracies against Retrained of a network that shows this type alone, by its exponents."""
    other: Type = "Type-2" if which == "Type-1" else "Type-1"

    def question(experiment: Experiment) -> Answers:
        if shows_by_exponents(experiment, which) and not shows_by_exponents(experiment, other):
            train = ("below", "training accuracy falls") if which == "Type-1" else ("above", "training accuracy stays")
            yield (
                "",
                (
                    Number(train_lost(experiment), train[0], -MARGIN, label=train[1]),  # type: ignore[arg-type]
                    Number(late(experiment, "none", "retrained"), "below", -MARGIN, label="test accuracy falls"),
                ),
            )

    return each(question)


def belongs(which: Type) -> Question:
    """Whether a type of loss is there where it should be, is not where it should not, and fades with the width."""
    measure = train_lost if which == "Type-1" else gap_grown
    word = "training accuracy" if which == "Type-1" else "gap"
    bad: Side = "below" if which == "Type-1" else "above"
    good: Side = "above" if which == "Type-1" else "below"
    bound = -MARGIN if which == "Type-1" else MARGIN

    def question(stored: Stored) -> Iterator[Evidence]:
        compared_to_fresh = [one for one in stored if compares(one, "none", "retrained")]
        for one in compared_to_fresh:
            low = one.dimension <= LOW
            if low or one.dimension >= HIGH:
                side = bad if low == (which == "Type-1") else good
                yield Evidence(f"{one.about}: {word}", (Number(measure(one), side, bound),), stored.name)
        widths = sorted({one.dimension for one in compared_to_fresh})
        if len(widths) == len(compared_to_fresh) > 1:  # one experiment at several widths, on the same streams
            by_width = sorted(compared_to_fresh, key=lambda one: one.dimension)
            doublings = np.log2(widths) - np.log2(widths).mean()
            slope = doublings @ np.stack([measure(one) for one in by_width]) / (doublings @ doublings)
            words = f"{widths[0]} to {widths[-1]} dimensions: {word}, change with every doubling of d"
            yield Evidence(words, (Number(slope, "above", 0),), stored.name)

    return question


def on_real_pictures(which: Type) -> Question:
    """Both signs of a type, against Retrained, in representations that are narrow (Type-1) or wide (Type-2)."""

    def question(experiment: Experiment) -> Answers:
        narrow = experiment.dimension <= LOW
        wide = experiment.dimension >= HIGH
        if not experiment.real or not compares(experiment, "none", "retrained"):
            return
        if narrow if which == "Type-1" else wide:
            if which == "Type-1":
                yield "training accuracy", (Number(train_lost(experiment), "below", -MARGIN),)
            else:
                yield "gap", (Number(gap_grown(experiment), "above", MARGIN),)
            if experiment.has("ftle_within_q05"):
                number = tail(experiment, which)
                yield number.label, (number,)

    return each(question)


def mixed_forms(experiment: Experiment) -> Answers:
    """Both tails of the exponents at once, on real pictures."""
    if experiment.real and compares(experiment, "none", "retrained") and experiment.has("ftle_within_q05"):
        yield "", (tail(experiment, "Type-1"), tail(experiment, "Type-2"))


_BEFORE_AND_AFTER = "Toys whose exponents were measured at each task's own points before it was learned and after."
_FRESH = "No Intv. minus Retrained, late"
_GAP = "the gap from training to test accuracy"

LOSS = (
    Claim(
        "Plasticity is lost",
        "It refers to the degradation of performance on new tasks, which eventually prevents the system from learning "
        "continuously.",
        f"Every experiment with No Intv. Test accuracy, {_FRESH}: below 0. Where no fresh network was trained: late "
        "minus early.",
        each(lost),
        "what_is_loss_of_plasticity",
        "It depends on the step size: with small steps the same network gets better from task to task.",
    ),
)

TYPE1 = (
    Claim(
        "A task makes the exponents within its classes fall",
        "log β = λ_trained − λ_0 < 0 within a class",
        f"{_BEFORE_AND_AFTER} log β of the first task, and the mean of all later ones: below 0.",
        one_task("within", "below"),
        "theory",
    ),
    Claim(
        "Collapse accumulates over tasks",
        "Learning progressively causes within-class regions to collapse, and these collapsed areas accumulate during "
        "continual learning.",
        "Every experiment with No Intv. that measured exponents. The median within classes, late minus early: below "
        "0. Where some are −∞: in more than half of the seeds.",
        accumulates("within", "below"),
        "type_1",
        "It does in narrow representations. In wide ones exponents within classes rise.",
    ),
    Claim(
        "The exponents follow the product of the β",
        "λ_trained,T → −∞ within a class, as the product of β_1, ..., β_T → 0",
        f"{_BEFORE_AND_AFTER} Summed log β: below 0, and the change from before the first task to after the last less "
        "0.8 of that sum: below 0.",
        multiply_up("within", "below"),
        "theory",
        "Between two tasks most of what was lost comes back: the new task's points lie elsewhere.",
    ),
    Claim(
        "It strikes when new representations approach collapsed regions",
        "Type-1 LoP occurs when representations of a new task approach these previously collapsed regions, "
        "characterized by highly negative FTLEs.",
        f"{_BEFORE_AND_AFTER} Where training accuracy falls by more than a point: rank correlation over tasks of the "
        "exponent within classes before learning with the training accuracy after it, above 0; as it is, and among "
        "networks of one age (each on its own task).",
        strikes_there("within", "train_accuracy", "above"),
        "theory",
        "A correlation; intra-class mixing learns well from starts just as collapsed.",
    ),
    Claim(
        "Training and test accuracy both fall",
        "Both training and test accuracies drop sharply, indicating a loss of learning capacity.",
        f"Experiments in which No Intv. shows Type-1 alone by its exponents. Accuracies, {_FRESH}: both below −1 "
        "point.",
        accuracies_of("Type-1"),
        "type_1",
    ),
    Claim(
        "It belongs to low-dimensional representations",
        "According to our theory, Type-1 LoP is more likely to occur in low-dimensional representation spaces.",
        f"Every experiment with No Intv. and Retrained. Training accuracy, {_FRESH}: below −1 point with at most "
        f"{LOW} dimensions, above −1 point with at least {HIGH}; of several widths also the change with every doubling: above "
        "0.",
        belongs("Type-1"),
        "type_2",
        "It also takes units that saturate, and SmallConv, with 64 dimensions, shows it.",
    ),
)

TYPE2 = (
    Claim(
        "A task makes the exponents between its classes rise",
        "log α = λ_trained − λ_0 > 0 between classes",
        f"{_BEFORE_AND_AFTER} log α of the first task, and the mean of all later ones: above 0.",
        one_task("between", "above"),
        "theory",
        "With 256 dimensions the first task stretches; later ones begin stretched and end about where they began.",
    ),
    Claim(
        "Stretch accumulates over tasks",
        "Learning progressively causes inter-class regions to expand, and this expansion accumulates during continual "
        "learning.",
        "Every experiment with No Intv. that measured exponents. The median between classes, late minus early: above "
        "0. Where some are −∞: in more than half of the seeds.",
        accumulates("between", "above"),
        "type_2",
        "It does in wide representations. In narrow ones exponents between classes fall.",
    ),
    Claim(
        "The exponents follow the product of the α",
        "λ_trained,T → ∞ between classes, as the product of α_1, ..., α_T → ∞",
        f"{_BEFORE_AND_AFTER} Summed log α: above 0, and the change from before the first task to after the last less "
        "0.8 of that sum: above 0.",
        multiply_up("between", "above"),
        "theory",
    ),
    Claim(
        "It strikes when new representations approach over-stretched regions",
        "Type-2 LoP occurs when representations of a new task approach these overly stretched regions in "
        "representation space, characterized by highly positive FTLEs.",
        f"{_BEFORE_AND_AFTER} Where test accuracy falls by more than a point: rank correlation over tasks of the "
        "exponent between classes before learning with the test accuracy after it, below 0; as it is, and among "
        "networks of one age (each on its own task).",
        strikes_there("between", "test_accuracy", "below"),
        "theory",
    ),
    Claim(
        "Training accuracy stays high while test accuracy falls",
        "Training accuracy remains high due to the chaotic and over-expressive representation space, while test "
        "accuracy degrades, indicating a loss of generalization capacity.",
        f"Experiments in which No Intv. shows Type-2 alone by its exponents. {_FRESH}: training accuracy above −1 "
        "point, test accuracy below −1 point.",
        accuracies_of("Type-2"),
        "type_2",
    ),
    Claim(
        "It belongs to high-dimensional representations",
        "According to our theory, Type-2 LoP is more likely to occur in high-dimensional representation spaces.",
        f"Every experiment with No Intv. and Retrained. {_GAP.capitalize()}, {_FRESH}: above 1 point with at least "
        f"{HIGH} dimensions, below 1 point with at most {LOW}; of several widths also the change with every doubling: "
        "above 0.",
        belongs("Type-2"),
        "type_2",
        "A network that no longer learns its training data has no gap, whatever its width.",
    ),
)

REAL = (
    Claim(
        "Real data, low-dimensional: Type-1",
        "We validate our theoretical prediction on real datasets, confirming the existence of two different types of "
        "LoP",
        f"Experiments on real pictures with at most {LOW} dimensions. Training accuracy, {_FRESH}: below −1 point; and "
        "the 5 % quantile of exponents within classes lower than Retrained's in more than half of the seeds.",
        on_real_pictures("Type-1"),
        "real_images",
    ),
    Claim(
        "Real data, high-dimensional: Type-2",
        "We validate our theoretical prediction on real datasets, confirming the existence of two different types of "
        "LoP",
        f"Experiments on real pictures with at least {HIGH} dimensions. {_GAP.capitalize()}, {_FRESH}: above 1 point; "
        "and the 95 % quantile of exponents between classes higher than Retrained's in more than half of the seeds.",
        on_real_pictures("Type-2"),
        "real_images",
    ),
    Claim(
        "Real data: mixed forms",
        "and their mixed forms",
        "Experiments on real pictures that measured exponents. The lowest within classes lower, and the highest "
        "between them higher, than Retrained's, each in more than half of the seeds. One example is enough.",
        each(mixed_forms),
        "real_images",
        exists=True,
    ),
)
