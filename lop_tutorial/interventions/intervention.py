"""The interface of methods against loss of plasticity: hooks at fixed moments of training."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Hashable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Protocol, runtime_checkable

from jaxtyping import Float
from torch import Tensor

from lop_tutorial.interventions.examples import Examples
from lop_tutorial.networks import Network, Units
from lop_tutorial.seeds import Draw

Loss = Callable[[Tensor, Tensor], Tensor]


@runtime_checkable
class Optimiser(Protocol):
    """What a hook may touch of an optimiser: the tensors it keeps for each weight, by name."""

    @property
    def state(self) -> Any: ...


@runtime_checkable
class LearnerState(Protocol):
    """What a hook may read and change of a learner."""

    @property
    def network(self) -> Network: ...

    @property
    def optimiser(self) -> Optimiser: ...

    @property
    def units(self) -> list[Units]:
        """The network's hidden layers, as `network.units()` gives them."""

    @property
    def activations(self) -> list[Float[Tensor, "batch unit position"]]:
        """What the units put out in this step's forward pass, a tensor a hidden layer; empty unless `watches`."""

    @property
    def gradients(self) -> Mapping[str, Float[Tensor, "*weight"]]:
        """The loss's gradients in this step by their weights' names; `before_step` may change them in place."""

    @property
    def memory(self) -> MutableMapping[str, Tensor]:
        """The method's own tensors, as `remember` made them; changed in place or replaced by name."""

    @property
    def draw(self) -> Draw:
        """The source of the method's random numbers before and after a step, and at the start of a task."""

    def restart(self) -> None:
        """Fresh weights, a fresh optimiser and a fresh memory."""


@dataclass(frozen=True)
class Intervention:
    """A method and its hyper-parameters: override the moments it acts on, leave the rest.

    The hooks run inside the training step. They must not branch on a tensor's value nor copy one to the host; what is
    to be changed is selected by masks of fixed shape. A method of strength zero changes nothing, to the last bit.
    What a method has to remember from step to step it keeps in the learner's `memory`, never in itself.
    """

    title: ClassVar[str]
    """The name in tables and figures; without one, the class's."""

    source: ClassVar[str] = ""
    """The paper the method comes from, as a key of the book's bibliography."""

    watches: ClassVar[bool] = False
    """Whether the learner keeps the hidden units' activations of each step for `after_step`."""

    def __init_subclass__(cls, **rest: Any) -> None:
        super().__init_subclass__(**rest)
        if "title" not in vars(cls):
            cls.title = cls.__name__

    def acts(self, hook: str) -> bool:
        """Whether the method overrides a moment, by its name."""
        return getattr(type(self), hook) is not getattr(Intervention, hook)

    def check(self, loss: str) -> None:
        """ValueError where the method cannot go with the training's loss, one of `training.LOSSES`."""

    def build(self, make: Callable[[], Network]) -> Network:
        """Makes the network, at the start and whenever the learner restarts."""
        return make()

    def remember(self, network: Network) -> dict[str, Tensor]:
        """The memory a new network begins with, on the network's device."""
        return {}

    def start_task(self, learner: LearnerState) -> None:
        """Before a task other than the first: the network still is what the last task left."""

    def batch(
        self,
        x: Float[Tensor, "batch *shape"],
        y: Float[Tensor, "batch outputs"],
        draw: Draw,
        examples: Examples,
    ) -> tuple[Float[Tensor, "batch *shape"], Float[Tensor, "batch outputs"]]:
        """The inputs and one-hot labels of a step, before the network sees them.

        `examples` are all that the task trains on, with the places of the batch among them.
        """
        return x, y

    def loss(
        self, default: Loss, logits: Float[Tensor, "batch outputs"], y: Float[Tensor, "batch outputs"]
    ) -> Float[Tensor, ""]:
        """The loss of a batch; `default` is the one that the training settings name."""
        return default(logits, y)

    def penalty(self, learner: LearnerState) -> Float[Tensor, ""] | None:
        """Added to the loss, or None."""
        return None

    def before_step(self, learner: LearnerState) -> None:
        """After the gradients are known, before the optimiser's step, without gradients of its own."""

    def after_step(self, learner: LearnerState) -> None:
        """After the optimiser's step, without gradients."""

    def end_task(self, learner: LearnerState) -> None:
        """After a task's last step, before the network is measured on it."""


HOOKS = tuple(name for name, value in vars(Intervention).items() if not name.startswith("_") and callable(value))
LIKE_A_HOOK = 0.85
"""How close a method's name must be to a hook's to be taken for a slip of the pen."""


def must_be_sound(method: object) -> None:
    """ValueError for what is no method, for settings that are no fields or may change, and for hooks of other names or
    arguments.
    """
    kind = type(method)
    if not isinstance(method, Intervention):
        name = getattr(method, "__name__", kind.__name__)
        way = f"write {name}()" if isinstance(method, type) else "derive its class from Intervention"
        raise ValueError(f"intervention is {name}, which is no Intervention: {way}")
    if loose := sorted(set(getattr(method, "__dict__", {})) - {field.name for field in fields(method)}):
        raise ValueError(
            f"{kind.__name__} keeps {loose[0]!r} outside its fields, where methods of other settings look the same: "
            "decorate the class with @dataclass(frozen=True) and declare its settings as fields"
        )
    for setting in fields(method):
        value = getattr(method, setting.name)
        if isinstance(value, Tensor) or not isinstance(value, Hashable):
            raise ValueError(
                f"{kind.__name__} keeps a {type(value).__name__} as {setting.name!r}, which may change while learners "
                "share the method: take a tuple, and keep what changes in the learner's memory"
            )
        usual = setting.default
        if isinstance(value, bool) and isinstance(usual, int | float) and not isinstance(usual, bool):
            raise ValueError(f"{setting.name} is {value}; it must be a number, as {usual} is")
    own = [name for base in kind.__mro__[: kind.__mro__.index(Intervention)] for name in vars(base)]
    known = {field.name for field in fields(method)} | set(vars(Intervention))
    for name in (name for name in own if not name.startswith("_") and name not in known):
        if callable(getattr(kind, name)) and (close := difflib.get_close_matches(name, HOOKS, 1, LIKE_A_HOOK)):
            raise ValueError(f"{kind.__name__} has {name!r}, which is never called: is {close[0]!r} meant?")
    for name in HOOKS:
        given = list(inspect.signature(getattr(Intervention, name)).parameters)
        try:
            inspect.signature(getattr(kind, name)).bind(*given)
        except TypeError as error:
            told = ", ".join(given[1:])
            raise ValueError(f"{kind.__name__}: its {name} is called with ({told}); {error}") from None


MOST_WHOLE = 2**53
"""Up to here a double holds every whole number, and a tensor takes each."""


def at_least(low: float | int, **values: float | int) -> None:
    """ValueError for the first of `values` that is not a finite number from `low` up."""
    for name, value in values.items():
        if not low <= value < float("inf"):
            raise ValueError(f"{name} is {value}; it must be a finite number from {low} up")
        if isinstance(value, int) and value > MOST_WHOLE:
            raise ValueError(f"{name} is {value}; {MOST_WHOLE:,} is the most that a whole number may be")


def share(**values: float | int) -> None:
    """ValueError for the first of `values` that is not in [0, 1]."""
    for name, value in values.items():
        if not 0 <= value <= 1:
            raise ValueError(f"{name} is {value}; it must be a number from 0 to 1")


def one_of(known: Sequence[str], **values: str) -> None:
    """ValueError for the first of `values` that is not among the known words."""
    for name, value in values.items():
        if value not in known:
            raise ValueError(f"{name} is {value!r}; it must be one of {', '.join(known)}")
