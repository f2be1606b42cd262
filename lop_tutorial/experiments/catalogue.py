"""The experiments of the book, by name and profile: the paper's tables, and those that are ours alone."""

from __future__ import annotations

from dataclasses import replace

from lop_tutorial.experiments.lifetimes import LIFETIMES
from lop_tutorial.experiments.step_search import STEP_SEARCH, STEP_SEARCH_PLAIN
from lop_tutorial.experiments.tables import TABLES
from lop_tutorial.experiments.warm_start import WARM_STARTS
from lop_tutorial.running.plan import Plan
from lop_tutorial.training import Training

# Chapter 1: a network so small that ten of them live their lives in under a minute on one core.
FIRST_LOOK = Plan(
    name="first_look",
    about="A small network on continual class pairs",
    network="mlp",
    network_settings={"hidden": (32, 32, 32)},
    procedural={"number": 40, "size": 8, "train": 200},
    image_size=8,
    train_per_class=200,
    training=Training(step_size=0.1, epochs=10, batch_size=40),
    tasks=50,
)


# The two types of loss of plasticity, by the width of the representation alone: two Gaussian classes in 20 dimensions,
# new ones at every task; three hidden layers of 32 tanh units, then the representation, tanh too.
def two_types(width: int) -> Plan:
    """The toy experiment with a representation of `width` dimensions; every choice of it is ours."""
    return Plan(
        name=f"width_{width}",
        about=f"Toy points, a representation of {width} dimensions",
        network="mlp",
        network_settings={"hidden": (32, 32, 32, width), "activation": "tanh", "init": "normal", "scaled_head": True},
        data="points",
        training=Training(
            step_size=0.1, epochs=100, batch_size=32, loss="squared_error", head="fresh", keep_momentum=False
        ),
        methods=(
            "none",
            "retrained",
            "g_mixup:M=1:intra=0",
            "g_mixup:M=1:intra=1:intra_weight=1",
            "g_mixup:M=1:intra_weight=1",
        ),
        seeds=tuple(range(8)),
        tasks=80,
        measures=("exponents",),
    )


TYPE1, TYPE2 = replace(two_types(2), name="type1"), replace(two_types(256), name="type2")
WIDTH = replace(
    two_types(256),
    name="width",
    about="Toy points, representations from 1 to 256 dimensions",
    methods=("none", "retrained"),
    widths=(1, 2, 4, 8, 16, 32, 64, 128, 256),
)

# The same on pictures: two classes of 8 x 8 pixels a task, a narrow and a wide representation. Half the toys' step.
REAL_IMAGES = replace(
    two_types(256),
    name="real_images",
    about="Class pairs, representations of 2 and 256 dimensions",
    network_settings={**two_types(256).network_settings, "hidden": (64, 64, 64, 256)},
    data="procedural",
    procedural={"number": 40, "size": 8, "train": 200},
    image_size=8,
    train_per_class=200,
    test_per_class=50,
    training=replace(two_types(256).training, step_size=0.05, epochs=10, batch_size=40),
    methods=("none", "retrained", "g_mixup:M=1:intra_weight=1"),
    tasks=60,
    measures=("exponents", "health"),
    measure_every=3,
    widths=(2, 256),
)

PLANS: dict[str, dict[str, Plan]] = TABLES | {
    "death": LIFETIMES,
    "step_search": STEP_SEARCH,
    "step_search_plain": STEP_SEARCH_PLAIN,
    "first_look": {
        "quick": FIRST_LOOK,
        "colab": replace(FIRST_LOOK, seeds=tuple(range(10)), tasks=100),
        "full": replace(FIRST_LOOK, seeds=tuple(range(20)), tasks=500),
    },
    "type1": {"quick": TYPE1, "full": replace(TYPE1, seeds=tuple(range(20)), tasks=200)},
    "type2": {"quick": TYPE2, "full": replace(TYPE2, seeds=tuple(range(20)), tasks=200)},
    "real_images": {"quick": REAL_IMAGES, "full": replace(REAL_IMAGES, seeds=tuple(range(20)), tasks=200)},
    "warm_start": WARM_STARTS,
    "width": {"quick": WIDTH, "full": replace(WIDTH, seeds=tuple(range(20)), tasks=200)},
}


def plan(name: str, profile: str = "quick") -> Plan:
    """The plan of that name; ValueError says which there are."""
    if name not in PLANS:
        raise ValueError(f"experiment is {name!r}; known are {', '.join(PLANS)}")
    if profile not in PLANS[name]:
        raise ValueError(f"profile is {profile!r}; {name} has {', '.join(PLANS[name])}")
    return PLANS[name][profile]
