"""The sweeps whose outcomes lie in `results/`: what was tried before the defaults were chosen."""

from __future__ import annotations

from dataclasses import replace

from lop_tutorial.experiments.catalogue import FIRST_LOOK
from lop_tutorial.experiments.tables import PAIRS_COLAB, PAIRS_QUICK, TABLE2_COLAB
from lop_tutorial.interventions import FIRST_EDITION
from lop_tutorial.running.plan import Plan
from lop_tutorial.running.sweep import Sweep

# Chapter 1's small network on images of 8 x 8 pixels. Seeds that no table uses. A stored sweep names its edition of the
# methods' defaults in config.json; those that name none are of the first.
_SMALL = replace(FIRST_LOOK, tasks=40, seeds=(100, 101, 102, 103, 104))
_SETS = ("cifar100", "tinyimagenet", "procedural")

GENERALIZED_MIXUP = Sweep(
    "generalized_mixup_study",
    "Generalized Mixup: one setting at a time moved away from the default, at three step sizes",
    replace(
        _SMALL,
        methods=(
            "none",
            "retrained",
            "g_mixup",
            "g_mixup:bump=0",
            "g_mixup:bump=0.1",
            "g_mixup:bump=1",
            "g_mixup:bump=2",
            "g_mixup:intra=0",
            "g_mixup:intra=0.25",
            "g_mixup:intra=0.75",
            "g_mixup:intra=1",
            "g_mixup:alpha=0.2",
            "g_mixup:intra_weight=0.1",
            "g_mixup:intra_weight=1",
            "g_mixup:pairing=permutation",
            "g_mixup:bump=0.1:intra_loss=training:unbounded=true",
            "g_mixup:bump=0.5:intra_loss=training:unbounded=true",
        ),
    ),
    step_sizes=(0.05, 0.1, 0.2),
    data=_SETS,
)

GENERALIZED_MIXUP_SQUARED = Sweep(
    "generalized_mixup_study_squared_error",
    "Generalized Mixup where all training is with squared error",
    replace(
        _SMALL,
        training=replace(_SMALL.training, loss="squared_error"),
        methods=(
            "none",
            "retrained",
            "g_mixup:intra_loss=training",
            "g_mixup:intra_loss=training:bump=0",
            "g_mixup:intra_loss=training:intra=0",
            "g_mixup:intra_loss=training:intra=1",
        ),
    ),
    step_sizes=(0.05, 0.1, 0.2),
    losses=("squared_error",),
    data=_SETS,
)

# One to four settings of every method that has any, the same number of learners for each setting.
METHODS_SEARCH = Sweep(
    "methods_search",
    "Settings of the other methods, on streams that no table uses",
    replace(
        _SMALL,
        seeds=(100, 101, 102),
        methods=(
            *(f"l2_init:strength={value}" for value in (1e-4, 1e-3, 3e-3, 1e-2)),
            *(f"l2:strength={value}" for value in (1e-4, 3e-4, 1e-3, 3e-3)),
            *(f"cbp:replacement_rate={value}" for value in (1e-4, 3e-4, 1e-3, 1e-2)),
            *(f"shrink_and_perturb:shrink={kept}:noise={round(1 - kept, 1)}" for kept in (0.9, 0.8, 0.5, 0.2)),
            *(f"redo:tau={tau}:every={every}" for tau in (0.025, 0.1) for every in (10, 100)),
            *(f"self_normalised_reset:rejection={value}" for value in (0.1, 0.01, 1e-3, 1e-4)),
            *(f"mixup:alpha={value}" for value in (0.2, 0.5, 1, 2)),
            *(f"spectral:strength={value}" for value in (1e-4, 1e-3, 3e-3, 1e-2)),
            *(f"hare_and_tortoise:decay={d}:every={n}" for d, n in ((0.9, 100), (0.99, 100), (0.99, 50), (0.97, 20))),
        ),
    ),
    step_sizes=(0.1,),
    data=("cifar100",),
)

# Of each method the setting that did best in the search: the highest late test accuracy where no learner diverged.
METHODS = Sweep(
    "methods",
    "Every method, on the same streams",
    replace(
        _SMALL,
        seeds=tuple(range(8)),
        methods=(
            "none",
            "retrained",
            "l2_init:strength=0.003",
            "layer_norm",
            "cbp:replacement_rate=0.01",
            "g_mixup",
            "l2:strength=0.001",
            "shrink_and_perturb:shrink=0.2:noise=0.8",
            "head_reset",
            "redo:tau=0.025:every=10",
            "self_normalised_reset:rejection=0.01",
            "mixup",
            "crelu",
            "spectral:strength=0.003",
            "hare_and_tortoise:decay=0.97:every=20",
        ),
        measures=("health",),
        measure_every=5,
    ),
    step_sizes=(0.1,),
    data=_SETS,
)


def four_settings_each(table: Plan, **changes: object) -> Plan:
    """A table's accelerated protocol with four settings of each method that has any; its streams are in no table."""
    methods = (
        "none",
        "retrained",
        *(f"l2_init:strength={value}" for value in (1e-4, 1e-3, 3e-3, 1e-2)),
        *(f"cbp:replacement_rate={value}" for value in (3e-4, 1e-3, 3e-3, 1e-2)),
        *(f"g_mixup:bump={value}" for value in (0.1, 0.5, 1, 2)),
    )
    short = replace(table, edition=FIRST_EDITION, tasks=40, seeds=(100, 101), measures=(), methods=methods)
    return replace(short, **changes)  # type: ignore[arg-type]


# Images and, of stored sets, classes that no table uses: tables take the places 0 to 79 of CIFAR-100.
TABLES_SEARCH = Sweep(
    "tables_search",
    "Settings of the tables' methods on SmallConv, on images that no table uses",
    four_settings_each(PAIRS_QUICK, procedural=dict(PAIRS_QUICK.procedural) | {"seed": 1}),
    step_sizes=(0.1,),
)
TABLES_SEARCH_CIFAR100 = Sweep(
    "tables_search_cifar100",
    "Settings of the tables' methods on SmallConv, on 20 classes of CIFAR-100 that no table uses",
    four_settings_each(PAIRS_COLAB, classes=(80, 100)),
    step_sizes=(0.1,),
    data=("cifar100",),
)
TABLES_SEARCH_CONVNET = Sweep(
    "tables_search_convnet",
    "Settings of the tables' methods on ConvNet, on 20 classes of CIFAR-100 that no table uses",
    four_settings_each(TABLE2_COLAB, classes=(80, 100)),
    step_sizes=(0.03,),
    data=("cifar100",),
)

SWEEPS = {
    sweep.name: sweep
    for sweep in (
        GENERALIZED_MIXUP,
        GENERALIZED_MIXUP_SQUARED,
        METHODS_SEARCH,
        METHODS,
        TABLES_SEARCH,
        TABLES_SEARCH_CIFAR100,
        TABLES_SEARCH_CONVNET,
    )
}
