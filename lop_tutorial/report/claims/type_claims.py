"""What the poster claims of the two types, with the evidence of the toys."""

from __future__ import annotations

from lop_tutorial.report.claims.claim import Claim, Evidence, Side
from lop_tutorial.report.claims.evidence import change, damage, fitted_sum, late, log_factor, share, width_contrast

# The toy runs, with a representation of 2 and of 256 dimensions; their seeds were used for no choice.
NARROW, WIDE = "type1_held_out", "type2_held_out"
ACCURACY = {"train": "Training accuracy", "test": "Test accuracy"}
TOY = {NARROW: "d = 2", WIDE: "d = 256"}


def _change(run: str, what: str, side: Side, chapter: str) -> Evidence:
    of = f"{ACCURACY[what]}, last tenth minus first tenth of 80 tasks, No Intv., {TOY[run]}"
    return Evidence(of, change(run, "none", f"{what}_accuracy"), side, 0, run, chapter, "points")


def _trend(run: str, place: str, rose: bool, chapter: str) -> Evidence:
    of = f"Median exponent {place} classes, {'higher' if rose else 'lower'} at the end than at the start, {TOY[run]}"
    return Evidence(of, share(run, "none", f"ftle_{place}_q50", rose), "above", 0.5, run, chapter, "seeds")


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
