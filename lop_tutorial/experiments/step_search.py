"""Which step size and strength suit each of the tables' methods: two plans, to be run at every step size of a grid.

    lop-tutorial reproduce step_search --profile colab --data tinyimagenet --classes 80:100 --step-size 0.1

Methods without a strength are `step_search_plain`. Every method is tried with as many learners: four strengths, or four
seeds. That is the first round; the best settings then get more seeds. `results/marathon.md` says how many, and what
counts as best; it was written before these plans were run.
"""

from __future__ import annotations

from dataclasses import replace

from lop_tutorial.experiments.tables import PAIRS_COLAB, PAIRS_QUICK
from lop_tutorial.running.plan import Plan

STEP_SIZES = (0.01, 0.025, 0.05, 0.1)
STRENGTHS = (
    *(f"l2_init:strength={value}" for value in (3e-4, 1e-3, 3e-3, 1e-2)),
    *(f"cbp:replacement_rate={value}" for value in (3e-5, 3e-4, 3e-3, 3e-2)),
    *(f"g_mixup:M={value}" for value in (0.1, 0.5, 1, 2)),
)
PLAIN = ("none", "retrained", "layer_norm")


def searched(table1: Plan, **changes: object) -> Plan:
    """Table 1's protocol, with seeds that no table uses; images that no table uses are to be asked for."""
    search = replace(
        table1,
        name="step_search",
        about="Step sizes and strengths of the tables' methods on SmallConv",
        table=None,
        methods=STRENGTHS,
        seeds=(100,),
        tasks=60,
        measures=(),
    )
    return replace(search, **changes)  # type: ignore[arg-type]


def without_strength(search: Plan) -> Plan:
    """The same for the methods that have a step size alone, with as many learners each."""
    return replace(search, name="step_search_plain", methods=PLAIN, seeds=tuple(range(100, 104)))


STEP_SEARCH = {
    "quick": searched(PAIRS_QUICK, procedural=dict(PAIRS_QUICK.procedural) | {"seed": 1}),
    "colab": searched(PAIRS_COLAB),
}
STEP_SEARCH_PLAIN = {profile: without_strength(search) for profile, search in STEP_SEARCH.items()}
