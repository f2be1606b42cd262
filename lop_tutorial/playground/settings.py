"""What can be chosen in the playground, and the plan of the package that trains the same."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from lop_tutorial.experiments.catalogue import two_types
from lop_tutorial.interventions import ContinualBackprop, GeneralizedMixup, L2Init, NoIntervention, Retrained
from lop_tutorial.interventions import intervention as method_of
from lop_tutorial.interventions.intervention import one_of
from lop_tutorial.networks import HEADS
from lop_tutorial.running.plan import Plan
from lop_tutorial.settings_given import must_be_number, must_be_whole
from lop_tutorial.training.learner import LOSSES

WIDTHS = (1, 256)
UNITS = ("tanh", "relu", "linear")
METHODS = ("none", "retrained", "inter", "intra", "both", "l2_init", "cbp")
AMOUNTS = {
    "intra": 1.0,
    "both": 1.0,
    "l2_init": L2Init().strength,
    "cbp": ContinualBackprop().replacement_rate,
}
"""The one number of a method, unless another is given: the bump M, the penalty's strength, the rate of replacement."""
_CARRIED_OUT = ("network", "network_settings", "data", "points", "training", "precision")
"""What of a plan decides how a learner lives."""


@dataclass(frozen=True)
class Settings:
    """Two networks on the toy of `two_types`: an old one with a method, and beside it a fresh one for each task.

    `width` is the number of units in the representation, `units` their activation; the three layers below are tanh.
    `method` is one of METHODS: "inter", "intra" and "both" are Generalized Mixup between classes, within them, or in
    equal shares. `amount` is that method's one number, see AMOUNTS; of a method without one it is 0. `distance` is how
    far apart the two clouds of a task lie, in units of their spread. ValueError says what is not among these.
    """

    width: int = 2
    units: str = "tanh"
    step_size: float | int = 0.1
    method: str = "none"
    amount: float | int | None = None
    head: str = "fresh"
    loss: str = "squared_error"
    distance: float | int = 2.5
    seed: int = 0

    def __post_init__(self) -> None:
        must_be_whole(0, width=self.width, seed=self.seed)
        must_be_number(0, step_size=self.step_size)
        must_be_number(0, 20, distance=self.distance)
        if not WIDTHS[0] <= self.width <= WIDTHS[1]:
            raise ValueError(f"width is {self.width}; the page trains {WIDTHS[0]} to {WIDTHS[1]} units")
        if not 0 < self.step_size <= 10:
            raise ValueError(f"step_size is {self.step_size}; it must be a number above 0, and 10 at most")
        one_of(UNITS, units=self.units)
        one_of(METHODS, method=self.method)
        one_of(HEADS, head=self.head)
        one_of(tuple(LOSSES), loss=self.loss)
        known = AMOUNTS.get(self.method, 0.0)
        amount = known if self.amount is None or not known else self.amount
        must_be_number(0, amount=amount)
        object.__setattr__(self, "amount", amount)
        method_of(self.method_text)  # a rate above 1, say

    @property
    def method_text(self) -> str:
        """The method as plans name it."""
        return {
            "inter": "g_mixup:M=1:intra=0",
            "intra": f"g_mixup:M={self.amount:g}:intra=1:intra_weight=1",
            "both": f"g_mixup:M={self.amount:g}:intra_weight=1",
            "l2_init": f"l2_init:strength={self.amount:g}",
            "cbp": f"cbp:replacement_rate={self.amount:g}",
        }.get(self.method, self.method)

    def plan(self) -> Plan:
        """The experiment: the method, and a retrained network beside it, for a hundred tasks of this seed."""
        base = two_types(self.width)
        shape = {} if self.units == "tanh" else {"last_activation": self.units}
        return replace(
            base,
            name="playground",
            about="Toy points, with the settings of the playground",
            network_settings={**base.network_settings, **shape},
            points={} if self.distance == 2.5 else {"distance": self.distance},
            training=replace(base.training, step_size=self.step_size, head=self.head, loss=self.loss),
            methods=tuple(dict.fromkeys((self.method_text, "retrained"))),
            seeds=(self.seed,),
            tasks=100,
        )

    @classmethod
    def of(cls, plan: Plan) -> Settings:
        """The settings of a plan's first method and seed.

        ValueError where the page cannot train what the plan does; it names the first setting that differs.
        """
        hidden = tuple(plan.network_settings.get("hidden", ()))
        if plan.data != "points" or not hidden:
            raise ValueError(
                f"{plan.name} is no toy of points for an MLP; the playground opens plans like two_types(2)"
            )
        method, amount = _method(plan.methods[0])
        settings = cls(
            width=hidden[-1],
            units=plan.network_settings.get("last_activation") or plan.network_settings.get("activation", "relu"),
            step_size=plan.training.step_size,
            method=method,
            amount=amount,
            head=plan.training.head,
            loss=plan.training.loss,
            distance=plan.points.get("distance", 2.5),
            seed=plan.seeds[0],
        )
        ours = settings.plan()
        for name in _CARRIED_OUT:
            if getattr(ours, name) != getattr(plan, name):
                raise ValueError(f"{name} is {getattr(plan, name)}; the playground has {getattr(ours, name)}")
        return settings


def _method(text: str) -> tuple[str, float | int | None]:
    """A method of METHODS and its amount, from what plans call it."""
    asked = method_of(text)
    name, amount = "", None
    if isinstance(asked, NoIntervention):
        name = "none"
    elif isinstance(asked, Retrained):
        name = "retrained"
    elif isinstance(asked, GeneralizedMixup):
        name, amount = {0.0: "inter", 1.0: "intra"}.get(float(asked.intra), "both"), asked.bump
    elif isinstance(asked, L2Init):
        name, amount = "l2_init", asked.strength
    elif isinstance(asked, ContinualBackprop):
        name, amount = "cbp", asked.replacement_rate
    same = name and method_of(Settings(method=name, amount=amount).method_text)
    if same != asked and name != "inter":
        raise ValueError(f"the playground does not have the method {text!r}; it has {', '.join(METHODS)}")
    return name, amount


PRESETS: tuple[dict[str, Any], ...] = (
    {"name": "Collapse", "about": "Two units: the network stops learning", "choices": Settings(seed=5)},
    {"name": "Stretch", "about": "64 units: it learns by heart and no more", "choices": Settings(width=64)},
    {"name": "Cure", "about": "Two units, mixing within classes", "choices": Settings(method="intra", seed=5)},
    {
        "name": "Too large a step",
        "about": "Two linear units and a large step: numbers run away",
        "choices": Settings(units="linear", step_size=0.2, seed=1),
    },
)
"""What the page offers to begin with: settings of the old network and a seed whose life shows the thing early."""
