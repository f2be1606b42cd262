"""The paper's claims in the words of its poster (Wang et al. 2025), each with the question that stored runs answer."""

from __future__ import annotations

from lop_tutorial.report.claims.claim import Claim, Side
from lop_tutorial.report.claims.comparison import Comparison
from lop_tutorial.report.claims.questions import (
    NAMES,
    Answers,
    Number,
    Question,
    Type,
    compared,
    compares,
    each,
    late,
    named,
    shows,
)
from lop_tutorial.report.claims.table_claims import TABLES
from lop_tutorial.report.claims.type_claims import LOSS, REAL, TYPE1, TYPE2

_ACCURACY = {"Type-1": "train_accuracy", "Type-2": "test_accuracy"}
_WORD = {"Type-1": "training accuracy", "Type-2": "test accuracy"}


def helps(name: str, *types: Type) -> Question:
    """A form of mixing minus No Intv., late, where No Intv. shows the type of loss that it is to help against."""

    def question(experiment: Comparison) -> Answers:
        method = experiment.choose(name)
        for which in types if method else ():
            if method and shows(experiment, which):
                gain = late(experiment, method, "none", _ACCURACY[which])
                yield f"{which}, {named(experiment, method)}, {_WORD[which]}", (Number(gain, "above"),)

    return each(question)


def holds_exponents(name: str, which: Type, place: str, side: Side) -> Question:
    """Median exponents under a form of mixing against No Intv.'s, late, where No Intv. shows the type of loss."""
    quantity = f"ftle_{place}_q50"

    def question(experiment: Comparison) -> Answers:
        method = experiment.choose(name)
        if method and compares(experiment, "none") and experiment.has(quantity) and shows(experiment, which):
            mine, plain = (values[:, -1] for values in experiment.paired(method, "none", quantity))
            yield named(experiment, method), (compared(mine, plain, side),)

    return each(question)


def _where(name: str, which: str) -> str:
    return f"Experiments with {NAMES[name]} in which No Intv. ends below Retrained and shows {which} by its accuracies."


MIXUP = (
    Claim(
        "Inter-class mixing helps against Type-2",
        "Inter-class Mixup, akin to the classical Mixup method, mitigates Type-2 LoP [...]",
        f"{_where('inter_mixup', 'Type-2')} Late test accuracy, minus No Intv.: above 0.",
        helps("inter_mixup", "Type-2"),
        "generalized_mixup",
    ),
    Claim(
        "Inter-class mixing holds the expansion between classes",
        "[...] by alleviating over-expansion in representation space",
        f"{_where('inter_mixup', 'Type-2')} Late median exponent between classes, minus No Intv.'s: below 0.",
        holds_exponents("inter_mixup", "Type-2", "between", "below"),
        "generalized_mixup",
        "That this is why it helps is not shown: intra-class mixing recovers more test accuracy on the toy of 256 "
        "dimensions, with exponents as high as without it.",
    ),
    Claim(
        "Intra-class mixing helps against Type-1",
        "Intra-class Mixup, extending classical Mixup by combining samples within the same class using different "
        "labels, mitigates Type-1 LoP [...]",
        f"{_where('intra_mixup', 'Type-1')} Late training accuracy, minus No Intv.: above 0.",
        helps("intra_mixup", "Type-1"),
        "generalized_mixup",
        "Different labels are not necessary for most of it on the toy of 2 dimensions: without them 16 networks end at "
        "0.902, with them at 0.952, without mixing at 0.654 (`type1_no_bump`).",
    ),
    Claim(
        "Intra-class mixing prevents the collapse within classes",
        "[...] by preventing within-class space collapse",
        f"{_where('intra_mixup', 'Type-1')} Late median exponent within classes, minus No Intv.'s: above 0; where some "
        "are −∞, in more than half of the seeds.",
        holds_exponents("intra_mixup", "Type-1", "within", "above"),
        "generalized_mixup",
    ),
    Claim(
        "Generalized Mixup helps against both types",
        "Develop a generalized Mixup method that effectively mitigates both types of LoP.",
        "Experiments with G-mixup, both kinds of pairs, in which No Intv. ends below Retrained and shows a type of "
        "loss by its accuracies. Late training accuracy (Type-1) or test accuracy (Type-2), minus No Intv.: above 0.",
        helps("g_mixup", "Type-1", "Type-2"),
        "generalized_mixup",
    ),
)

PARTS: dict[str, tuple[Claim, ...]] = {
    "Loss of plasticity": LOSS,
    "Type-1: the collapse of representation space": TYPE1,
    "Type-2: over-stretched boundaries and chaos": TYPE2,
    "Verifying LoP in real datasets": REAL,
    "Generalized Mixup": MIXUP,
    "The tables": TABLES,
}
"""All claims, under the poster's headings."""
