"""What the paper's tables claim of methods."""

from __future__ import annotations

from lop_tutorial.report.claims.claim import Claim, Number, Side
from lop_tutorial.report.claims.comparison import Comparison
from lop_tutorial.report.claims.questions import Answers, Question, compares, each, late, named

_SIX = ("none", "retrained", "l2_init", "layer_norm", "cbp")
"""G-mixup's rivals in the tables."""


def falls_to_chance(experiment: Comparison) -> Answers:
    """No Intv.: late minus early, and late against chance; of a single task, which is both, its accuracy alone."""
    if compares(experiment, "none"):
        bins = experiment.bins("none")
        fall = (Number(bins[:, -1] - bins[:, 0], "below", 0, label="late minus early"),) * (bins.shape[1] > 1)
        yield "", (*fall, Number(bins[:, -1], "below", 0.55, "", label="late"))


def against(name: str, than: str, side: Side) -> Question:
    """A method against a reference, late."""

    def question(experiment: Comparison) -> Answers:
        method = experiment.choose(name)
        if method and compares(experiment, than):
            reference = {"none": "No Intv.", "retrained": "Retrained"}[than]
            yield f"{named(experiment, method)} minus {reference}", (Number(late(experiment, method, than), side),)

    return each(question, "pairs")


def keeps_learning(name: str) -> Question:
    """Above No Intv. and below Retrained."""

    def question(experiment: Comparison) -> Answers:
        method = experiment.choose(name)
        if method and compares(experiment, "none", "retrained"):
            yield (
                named(experiment, method),
                (
                    Number(late(experiment, method, "none"), "above", label="minus No Intv."),
                    Number(late(experiment, method, "retrained"), "below", label="minus Retrained"),
                ),
            )

    return each(question, "pairs")


def best_in_every_bin(experiment: Comparison) -> Answers:
    """G-mixup minus all of the tables' other methods that were run, in all bins that are stored."""
    mine = experiment.choose("g_mixup")
    rivals = [rival for name in _SIX if (rival := experiment.choose(name))]
    if mine and rivals:
        yield (
            named(experiment, mine),
            tuple(
                Number(values, "above", label=f"minus {named(experiment, rival)}, bin {number}")
                for rival in rivals
                for number, values in enumerate(experiment.difference(mine, rival).T, start=1)
            ),
        )


def fresh_ends_higher(experiment: Comparison) -> Answers:
    """No Intv. minus Retrained where classes are added."""
    if compares(experiment, "none", "retrained"):
        yield "", (Number(late(experiment, "none", "retrained"), "below"),)


_PAIRS = "Every experiment on pairs of classes of pictures"
_CHOICE = "Where several settings of a method were run, its default counts, or else the best of them."

TABLES = (
    Claim(
        "A network to which nothing is done falls, and ends at chance",
        "Table 1, No Intv.: 0.817, 0.805, 0.562, 0.500, 0.500. Table 2: 0.794, 0.778, 0.604, 0.537, 0.500",
        f"{_PAIRS} with No Intv. Its test accuracy, late minus early: below 0; and late: below 0.55.",
        each(falls_to_chance, "pairs"),
        "continual_imagenet",
        "Networks that were followed until they were dead are left out, by the rule; they tell how long that takes.",
    ),
    *(
        Claim(
            f"{title} keeps a network learning, below one that is retrained",
            f"Last bin of Table 1: {title} {one}, Retrained 0.840, No Intv. 0.500. Of Table 2: {two}, 0.846, 0.500",
            f"{_PAIRS} with {title}, No Intv. and Retrained. Late test accuracy, {title} minus No Intv.: above 0; "
            f"minus Retrained: below 0. {_CHOICE}",
            keeps_learning(name),
            "continual_imagenet",
        )
        for name, title, one, two in (
            ("l2_init", "L2 init", "0.788", "0.807"),
            ("layer_norm", "Layernorm", "0.751", "0.755"),
        )
    ),
    Claim(
        "Continual backpropagation ends above a network that is retrained",
        "Table 1, last bin: CBP 0.857, Retrained 0.840",
        f"{_PAIRS} with CBP and Retrained. Late test accuracy, CBP minus Retrained: above 0. {_CHOICE}",
        against("cbp", "retrained", "above"),
        "continual_imagenet",
    ),
    Claim(
        "Generalized Mixup is the best of the six methods on pairs of classes",
        "Tables 1 and 2: G-mixup has the highest accuracy in every bin.",
        f"{_PAIRS} with G-mixup, against each of the other five that was run: the difference in test accuracy, in "
        f"every bin that is stored (five; of studies the first and the last tasks), above 0. {_CHOICE}",
        each(best_in_every_bin, "pairs"),
        "continual_imagenet",
    ),
    Claim(
        "With classes added, No Intv. ends below Retrained",
        "Last bin of Table 3: No Intv. 0.661, Retrained 0.666. Of Table 4: 0.743, 0.767",
        "Every experiment on class increments with No Intv. and Retrained. Late test accuracy, No Intv. minus "
        "Retrained: below 0.",
        each(fresh_ends_higher, "increments"),
        "incremental_cifar100",
        "The more epochs an increment, the less it is above: fresh weights need them. The two with enough seeds "
        "have twelve and 24 an increment, so that No Intv. was trained for much longer than Retrained.",
    ),
    Claim(
        "Generalized Mixup is the best of the six methods with classes added",
        "Tables 3 and 4: G-mixup has the highest accuracy in every bin, once shared with CBP.",
        "Every experiment on class increments with G-mixup, against each of the other five that was run: the "
        f"difference in test accuracy, in every bin, above 0. {_CHOICE}",
        each(best_in_every_bin, "increments"),
        "incremental_cifar100",
    ),
)
