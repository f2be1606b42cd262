"""The paper's claims in the words of its poster (Wang et al. 2025), each with the evidence that stored runs give."""

from __future__ import annotations

from lop_tutorial.interventions import title
from lop_tutorial.reproduction.claim import Claim, Evidence, Side
from lop_tutorial.reproduction.claims_tables import TABLES
from lop_tutorial.reproduction.evidence import (
    by_seed,
    change,
    damage,
    fitted_sum,
    late,
    log_factor,
    share,
    sign,
    study,
    tail,
    width_contrast,
)

INTER, INTRA, BOTH = "g_mixup:M=1:intra=0", "g_mixup:M=1:intra=1:intra_weight=1", "g_mixup:M=1:intra_weight=1"

# The toy runs, with a representation of 2 and of 256 dimensions; their seeds were used for no choice.
NARROW, WIDE = "type1_held_out", "type2_held_out"
_TOY = {NARROW: "d = 2", WIDE: "d = 256"}
_SETS = {"cifar100": "CIFAR-100", "tinyimagenet": "Tiny ImageNet", "procedural": "drawn pictures"}


def _change(run: str, what: str, side: Side, chapter: str) -> Evidence:
    of = f"{_accuracy(what)}, last tenth minus first tenth of 80 tasks, No Intv., {_TOY[run]}"
    return Evidence(of, change(run, "none", f"{what}_accuracy"), side, 0, run, chapter, "points")


def _gain(run: str, method: str, what: str, chapter: str, than: str = "none") -> Evidence:
    of = f"{_accuracy(what)} over the last tenth, {_name(method)} minus {title(than)}, {_TOY[run]}"
    return Evidence(of, late(run, method, f"{what}_accuracy", minus=than), "above", 0, run, chapter, "points")


def _exponent(run: str, place: str, method: str, chapter: str, *, higher: bool) -> Evidence:
    word = "higher" if higher else "lower"
    of = f"Median exponent {place} classes over the last tenth, {_name(method)} {word} than No Intv., {_TOY[run]}"
    measured = by_seed(run, method, f"ftle_{place}_q50", "none", higher=higher)
    return Evidence(of, measured, "above", 0.5, run, chapter, "seeds")


def _trend(run: str, place: str, rose: bool, chapter: str) -> Evidence:
    of = f"Median exponent {place} classes, {'higher' if rose else 'lower'} at the end than at the start, {_TOY[run]}"
    return Evidence(of, share(run, "none", f"ftle_{place}_q50", rose), "above", 0.5, run, chapter, "seeds")


def _picture(name: str, width: int, what: str, side: Side, bound: float) -> Evidence:
    words = {"train": "Training accuracy", "gap": "Gap from training to test accuracy"}
    of = f"{words[what]} minus Retrained's, tasks 51 to 60, d = {width}, {_SETS[name]}"
    return Evidence(of, sign(name, width, what), side, bound, f"real_images_{name}", "real_images", "points")


def _tail(name: str, width: int, which: str) -> Evidence:
    words = {"low": "Lowest exponents within classes lower", "high": "Highest exponents between classes higher"}
    of = f"{words[which]} than Retrained's, d = {width}, {_SETS[name]}"
    return Evidence(of, tail(name, width, which), "above", 0.5, f"real_images_{name}", "real_images", "seeds")


def _accuracy(what: str) -> str:
    return {"train": "Training accuracy", "test": "Test accuracy"}[what]


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

TYPE1 = (
    Claim(
        "A task makes the exponents within its classes fall",
        "log β = λ_trained − λ_0 < 0 within a class",
        (
            Evidence(
                "log β, mean over 80 tasks, at the points of the task that is learned, d = 2",
                log_factor("within", 2),
                "below",
                0,
                "inheritance.json",
                "theory",
                "per layer",
            ),
        ),
    ),
    Claim(
        "Collapse accumulates over tasks",
        "Learning progressively causes within-class regions to collapse, and these collapsed areas accumulate during "
        "continual learning.",
        (_trend(NARROW, "within", False, "type_1"),),
    ),
    Claim(
        "The exponents follow the product of the β",
        "λ_trained,T → −∞ within a class, as the product of β_1, ..., β_T → 0",
        (
            Evidence(
                "Change of the exponent over 80 tasks as a share of the summed log β, d = 2",
                fitted_sum("within", 2),
                "above",
                0.8,
                "inheritance.json",
                "theory",
            ),
        ),
        "Between two tasks most of what was lost comes back: the new task's points lie elsewhere. The exponents do "
        "fall, by a fraction of the sum.",
    ),
    Claim(
        "It strikes when new representations approach collapsed regions",
        "Type-1 LoP occurs when representations of a new task approach these previously collapsed regions, "
        "characterized by highly negative FTLEs.",
        (
            Evidence(
                "Rank correlation over tasks, exponent within classes before learning and training accuracy, d = 2",
                damage("within", 2, "train_accuracy"),
                "above",
                0,
                "inheritance.json",
                "theory",
            ),
            Evidence(
                "The same, against the mean of all networks at the same task",
                damage("within", 2, "train_accuracy", same_age=True),
                "above",
                0,
                "inheritance.json",
                "theory",
            ),
        ),
        "A correlation; intra-class mixing learns well from starts just as collapsed.",
    ),
    Claim(
        "Training and test accuracy both fall",
        "Both training and test accuracies drop sharply, indicating a loss of learning capacity.",
        (_change(NARROW, "train", "below", "type_1"), _change(NARROW, "test", "below", "type_1")),
    ),
    Claim(
        "It belongs to low-dimensional representations",
        "According to our theory, Type-1 LoP is more likely to occur in low-dimensional representation spaces.",
        (
            Evidence(
                "Training accuracy over the last tenth, No Intv. minus Retrained: d = 2 minus d = 256",
                width_contrast(2, 256, "train"),
                "below",
                0,
                "width",
                "type_2",
                "points",
            ),
        ),
        "With linear units there is no Type-1 at d = 2 in any setting tried (`results/type1_settings.json`).",
    ),
)

TYPE2 = (
    Claim(
        "A task makes the exponents between its classes rise",
        "log α = λ_trained − λ_0 > 0 between classes",
        (
            Evidence(
                "log α, mean over 80 tasks, at the points of the task that is learned, d = 256",
                log_factor("between", 256),
                "above",
                0,
                "inheritance.json",
                "theory",
                "per layer",
            ),
        ),
        "The first task stretches. Later ones begin stretched already and end about where they began.",
    ),
    Claim(
        "Stretch accumulates over tasks",
        "Learning progressively causes inter-class regions to expand, and this expansion accumulates during continual "
        "learning.",
        (_trend(WIDE, "between", True, "type_2"),),
    ),
    Claim(
        "The exponents follow the product of the α",
        "λ_trained,T → ∞ between classes, as the product of α_1, ..., α_T → ∞",
        (
            Evidence(
                "Summed log α over 80 tasks, d = 256, as a share of the change of the exponent",
                fitted_sum("between", 256, inverse=True),
                "above",
                0.8,
                "inheritance.json",
                "theory",
            ),
        ),
    ),
    Claim(
        "It strikes when new representations approach over-stretched regions",
        "Type-2 LoP occurs when representations of a new task approach these overly stretched regions in "
        "representation space, characterized by highly positive FTLEs.",
        (
            Evidence(
                "Rank correlation over tasks, exponent between classes before learning and test accuracy, d = 256",
                damage("between", 256, "test_accuracy"),
                "below",
                0,
                "inheritance.json",
                "theory",
            ),
            Evidence(
                "The same, against the mean of all networks at the same task",
                damage("between", 256, "test_accuracy", same_age=True),
                "below",
                0,
                "inheritance.json",
                "theory",
            ),
        ),
        "Both drift as tasks go by. Between networks of the same age next to nothing of the correlation is left.",
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
            _change(WIDE, "test", "below", "type_2"),
        ),
    ),
    Claim(
        "It belongs to high-dimensional representations",
        "According to our theory, Type-2 LoP is more likely to occur in high-dimensional representation spaces.",
        (
            Evidence(
                "Growth of the gap from training to test accuracy against Retrained: d = 256 minus d = 2",
                width_contrast(256, 2, "gap"),
                "above",
                0,
                "width",
                "type_2",
                "points",
            ),
        ),
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
