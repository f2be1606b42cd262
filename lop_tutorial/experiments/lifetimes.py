"""How long a network without any intervention lives: one plan, to be run at several step sizes.

    lop-tutorial reproduce death --profile full --classes 0:80 --step-size 0.1

A learner is dead once its training accuracy exceeds that of guessing by no more than a hundredth in five tasks
running; it dies in the first of the five, and stops after the last. What it might have learned later is not asked: at
a step size of 0.1 some networks come back for a while after a dozen such tasks (`results/class_pairs_cifar100`). A
learner that is alive after the plan's last task is censored there, and one that diverges in the task in which it did.
"""

from __future__ import annotations

from dataclasses import replace

from lop_tutorial.experiments.tables import PAIRS_COLAB, PAIRS_QUICK
from lop_tutorial.running.death import DEAD_AFTER
from lop_tutorial.running.plan import Plan

STEP_SIZES = (0.1, 0.085, 0.07, 0.05, 0.04, 0.03, 0.02)


def lifetimes(table1: Plan, **changes: object) -> Plan:
    """Table 1's protocol, No Intv. alone; the path of the weights is measured in every task."""
    life = replace(
        table1,
        name="death",
        about="How long SmallConv lives on class pairs",
        table=None,
        training=replace(table1.training, step_size=STEP_SIZES[0]),
        methods=("none",),
        measures=("path",),
        measure_every=1,
        dead_after=DEAD_AFTER,
    )
    return replace(life, **changes)  # type: ignore[arg-type]


# The runs in `results/` take the tables' classes, 0:80, so that twenty stay unseen, for whoever wants to test the law.
LIFETIMES = {
    "quick": lifetimes(PAIRS_QUICK, seeds=(0, 1, 2, 3), tasks=100),
    "full": lifetimes(PAIRS_COLAB, data="tinyimagenet", seeds=tuple(range(8)), tasks=3000),
}
