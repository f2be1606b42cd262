"""Questions about loss of plasticity and its two types: accumulation, factors, signs, widths, real pictures."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float64
from scipy.stats import rankdata

from lop_tutorial.report.claims.claim import Evidence, Number, Side
from lop_tutorial.report.claims.comparison import Comparison, Source
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
    seeds_showing,
    shows_by_exponents,
    train_lost,
)

Curves = Float64[np.ndarray, "seed task"]


def lost(experiment: Comparison) -> Answers:
    """No Intv. against a fresh network late; against itself early where no fresh one was trained."""
    if compares(experiment, "none", "retrained"):
        yield "", (Number(late(experiment, "none", "retrained"), "below"),)
    elif compares(experiment, "none") and experiment.benchmark != "increments":
        bins = experiment.bins("none")
        if bins.shape[1] > 1:
            yield "late minus early", (Number(bins[:, -1] - bins[:, 0], "below"),)


def accumulates(place: str, side: Side) -> Question:
    """No Intv.'s median exponents, late against early."""

    def question(experiment: Comparison) -> Answers:
        quantity = f"ftle_{place}_q50"
        if compares(experiment, "none") and quantity in experiment.learners["none"].curves:
            bins = experiment.bins("none", quantity)
            yield "", (compared(bins[:, -1], bins[:, 0], side),)

    return each(question)


def before_and_after(experiment: Comparison, place: str) -> tuple[Curves, Curves] | None:
    """No Intv.'s exponents at each task's own points, before it is learned and after; None where nobody looked."""
    mine = experiment.learners.get("none")
    if mine is None or f"start_{place}" not in mine.curves:
        return None
    return mine.curves[f"start_{place}"], mine.curves[f"end_{place}"]


def one_task(place: str, side: Side) -> Question:
    """log beta or log alpha of the first task, and the mean over all later ones."""

    def question(experiment: Comparison) -> Answers:
        exponents = before_and_after(experiment, place)
        if exponents is not None:
            factors = exponents[1] - exponents[0]
            yield "first task", (Number(factors[:, 0], side, 0, "per layer"),)
            yield "later tasks", (Number(factors[:, 1:].mean(axis=1), side, 0, "per layer"),)

    return each(question)


def multiply_up(place: str, side: Side) -> Question:
    """Whether the summed factors have the claimed sign, and the whole change is at least 0.8 of their sum."""

    def question(experiment: Comparison) -> Answers:
        exponents = before_and_after(experiment, place)
        if exponents is not None:
            start, end = exponents
            total, change = (end - start).sum(axis=1), end[:, -1] - start[:, 0]
            yield (
                "",
                (
                    Number(total, side, 0, "per layer", "sum of the logarithms"),
                    Number(change - 0.8 * total, side, 0, "per layer", "whole change minus 0.8 of the sum"),
                ),
            )

    return each(question)


def _rank_correlation(x: Curves, y: Curves) -> Float64[np.ndarray, " seed"]:
    """Spearman's, of each seed over its tasks."""
    ranks = [rankdata(values, axis=1) for values in (x, y)]
    return np.array([np.corrcoef(x_ranks, y_ranks)[0, 1] for x_ranks, y_ranks in zip(*ranks, strict=True)])


def strikes_there(place: str, accuracy: str, side: Side) -> Question:
    """Over tasks, the exponents before learning against the accuracy after it, where that accuracy falls."""

    def question(experiment: Comparison) -> Answers:
        exponents = before_and_after(experiment, place)
        if exponents is None:
            return
        bins = experiment.bins("none", accuracy)
        if Number(bins[:, -1] - bins[:, 0], "below", -MARGIN).says != "for":
            return
        start, reached = exponents[0], experiment.learners["none"].curves[accuracy]
        yield "rank correlation over tasks", (Number(_rank_correlation(start, reached), side, 0, ""),)
        start, reached = (values - values.mean(axis=0) for values in (start, reached))
        yield (
            "the same, minus the mean of networks of that age",
            (Number(_rank_correlation(start, reached), side, 0, ""),),
        )

    return each(question)


def accuracies_of(which: Type) -> Question:
    """The accuracies against Retrained of a network that shows this type alone, by its exponents."""
    other: Type = "Type-2" if which == "Type-1" else "Type-1"

    def question(experiment: Comparison) -> Answers:
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

    def question(stored: Source) -> Iterator[Evidence]:
        compared_to_fresh = [experiment for experiment in stored if compares(experiment, "none", "retrained")]
        for experiment in compared_to_fresh:
            low = experiment.dimension <= LOW
            if low or experiment.dimension >= HIGH:
                side = bad if low == (which == "Type-1") else good
                watched, looked_at = experiment.watched()
                number = Number(measure(watched), side, bound)
                yield Evidence(f"{experiment.about}: {word}", (number,), stored.name, word, looked_at.used)
        families: dict[str, dict[int, Comparison]] = {}
        for experiment in compared_to_fresh:  # one experiment at several widths, on the same streams
            if experiment.but_for_width:
                families.setdefault(experiment.but_for_width, {})[experiment.dimension] = experiment
        for family in families.values():
            if len(family) == 1:
                continue
            widths = sorted(family)
            doublings = np.log2(widths) - np.log2(widths).mean()
            slope = doublings @ np.stack([measure(family[width]) for width in widths]) / (doublings @ doublings)
            of = family[widths[0]].about.replace(f"d = {widths[0]}", f"d = {widths[0]} to {widths[-1]}")
            words = f"{of}: {word}, change with every doubling of d"
            yield Evidence(words, (Number(slope, "above", 0),), stored.name)

    return question


def on_real_pictures(which: Type) -> Question:
    """Both signs of a type at once, against Retrained, in representations that are narrow (Type-1) or wide (Type-2).

    Where exponents were not measured, the sign that accuracies give.
    """

    def question(experiment: Comparison) -> Answers:
        narrow = experiment.dimension <= LOW
        wide = experiment.dimension >= HIGH
        if not experiment.real or not compares(experiment, "none", "retrained"):
            return
        if narrow if which == "Type-1" else wide:
            numbers = [
                Number(train_lost(experiment), "below", -MARGIN, label="training accuracy")
                if which == "Type-1"
                else Number(gap_grown(experiment), "above", MARGIN, label="gap")
            ]
            if experiment.has("ftle_within_q05"):
                numbers.append(seeds_showing(experiment, which))
            yield "", tuple(numbers)

    return each(question)


def mixed_forms(experiment: Comparison) -> Answers:
    """Both tails of the exponents at once, on real pictures."""
    if experiment.real and compares(experiment, "none", "retrained") and experiment.has("ftle_within_q05"):
        yield "", (seeds_showing(experiment, "Type-1"), seeds_showing(experiment, "Type-2"))
