"""The paper's claims in the words of its poster (Wang et al. 2025), each with the evidence that stored runs give."""

from __future__ import annotations

from lop_tutorial.interventions import title
from lop_tutorial.report.claims.claim import Claim, Evidence, Side
from lop_tutorial.report.claims.evidence import by_seed, change, late, sign, study, tail
from lop_tutorial.report.claims.table_claims import TABLES
from lop_tutorial.report.claims.type_claims import ACCURACY, NARROW, TOY, TYPE1, TYPE2, WIDE

INTER, INTRA, BOTH = "g_mixup:M=1:intra=0", "g_mixup:M=1:intra=1:intra_weight=1", "g_mixup:M=1:intra_weight=1"
_SETS = {"cifar100": "CIFAR-100", "tinyimagenet": "Tiny ImageNet", "procedural": "drawn pictures"}


def _gain(run: str, method: str, what: str, chapter: str, than: str = "none") -> Evidence:
    of = f"{ACCURACY[what]} over the last tenth, {_name(method)} minus {title(than)}, {TOY[run]}"
    return Evidence(of, late(run, method, f"{what}_accuracy", minus=than), "above", 0, run, chapter, "points")


def _exponent(run: str, place: str, method: str, chapter: str, *, higher: bool) -> Evidence:
    word = "higher" if higher else "lower"
    of = f"Median exponent {place} classes over the last tenth, {_name(method)} {word} than No Intv., {TOY[run]}"
    measured = by_seed(run, method, f"ftle_{place}_q50", "none", higher=higher)
    return Evidence(of, measured, "above", 0.5, run, chapter, "seeds")


def _picture(name: str, width: int, what: str, side: Side, bound: float) -> Evidence:
    words = {"train": "Training accuracy", "gap": "Gap from training to test accuracy"}
    of = f"{words[what]} minus Retrained's, tasks 51 to 60, d = {width}, {_SETS[name]}"
    return Evidence(of, sign(name, width, what), side, bound, f"real_images_{name}", "real_images", "points")


def _tail(name: str, width: int, which: str) -> Evidence:
    words = {"low": "Lowest exponents within classes lower", "high": "Highest exponents between classes higher"}
    of = f"{words[which]} than Retrained's, d = {width}, {_SETS[name]}"
    return Evidence(of, tail(name, width, which), "above", 0.5, f"real_images_{name}", "real_images", "seeds")


def _name(method: str) -> str:
    return {INTER: "inter-class mixing", INTRA: "intra-class mixing", BOTH: "G-mixup"}.get(method, title(method))


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
                "Test accuracy, last tenth minus first tenth of 50 tasks, No Intv., drawn pictures, step 0.01",
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

REAL = (
    Claim(
        "Real data, low-dimensional: Type-1",
        "We validate our theoretical prediction on real datasets, confirming the existence of two different types of "
        "LoP",
        tuple(
            each
            for name in ("cifar100", "tinyimagenet")
            for each in (_picture(name, 2, "train", "below", -0.01), _tail(name, 2, "low"))
        ),
    ),
    Claim(
        "Real data, high-dimensional: Type-2",
        "We validate our theoretical prediction on real datasets, confirming the existence of two different types of "
        "LoP",
        tuple(
            each
            for name in ("cifar100", "tinyimagenet")
            for each in (_picture(name, 256, "gap", "above", 0.01), _tail(name, 256, "high"))
        ),
        "Training accuracy falls too, and the gap shrinks. On drawn pictures the same network shows Type-2 alone.",
    ),
    Claim(
        "Real data: mixed forms",
        "and their mixed forms",
        tuple(_tail(name, 256, which) for name in ("cifar100", "tinyimagenet") for which in ("low", "high")),
    ),
)

MIXUP = (
    Claim(
        "Inter-class mixing helps against Type-2 by holding the expansion",
        "Inter-class Mixup, akin to the classical Mixup method, mitigates Type-2 LoP by alleviating over-expansion in "
        "representation space",
        (_gain(WIDE, INTER, "test", "type_2"), _exponent(WIDE, "between", INTER, "type_2", higher=False)),
        "Intra-class mixing recovers more test accuracy, without lowering the exponents: a lower expansion is not what "
        "most of the recovery comes from.",
    ),
    Claim(
        "Intra-class mixing helps against Type-1 by preventing the collapse",
        "Intra-class Mixup, extending classical Mixup by combining samples within the same class using different "
        "labels, mitigates Type-1 LoP by preventing within-class space collapse",
        (_gain(NARROW, INTRA, "train", "type_1"), _exponent(NARROW, "within", INTRA, "type_1", higher=True)),
        "It helps, with exponents as low as without it; and it does so without different labels (M = 0) as well.",
    ),
    Claim(
        "Generalized Mixup helps against both types",
        "Develop a generalized Mixup method that effectively mitigates both types of LoP.",
        (_gain(NARROW, BOTH, "train", "type_1"), _gain(WIDE, BOTH, "test", "type_2")),
        "Of sixteen networks with d = 2 it holds nine; the others fall to chance.",
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
