"""What can be done against loss of plasticity, as moments in a learner's life."""

from __future__ import annotations

import inspect
from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from types import FunctionType
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
    def memory(self) -> MutableMapping[str, Tensor]:
        """The method's own tensors, as `remember` made them; changed in place or replaced by name."""

    @property
    def draw(self) -> Draw:
        """The source of the method's random numbers after a step and at the start of a task."""

    def restart(self) -> None:
        """Fresh weights, a fresh optimiser and a fresh memory."""


@dataclass(frozen=True)
class Intervention:
    """A method and its hyper-parameters: override the moments it acts on, leave the rest.

    The hooks run inside the training step. They must not branch on a tensor's value nor copy one to the host; what is
    to be changed is selected by masks of fixed shape. A method of strength zero changes nothing, to the last bit.
    What a method has to remember from step to step it keeps in the learner's `memory`, never in itself.

    TypeError for a class whose public functions are not all hooks (names of others begin with _), and for an instance
    of one that is no dataclass, or has no title.
    """

    title: ClassVar[str]
    """The name in tables and figures."""

    source: ClassVar[str] = ""
    """The paper the method comes from, as a key of the book's bibliography."""

    watches: ClassVar[bool] = False
    """Whether the learner keeps the hidden units' activations of each step for `after_step`."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        hooks, own = (
            [name for name, value in vars(kind).items() if isinstance(value, FunctionType) and name[0] != "_"]
            for kind in (Intervention, cls)
        )
        for name in (name for name in own if name not in hooks):
            near = get_close_matches(name, hooks, n=1, cutoff=0.5)
            meant = f"did you mean {near[0]}?" if near else f"hooks are {', '.join(hooks)}."
            raise TypeError(f"{cls.__name__}.{name} is no hook; {meant} Begin the name of a helper with _")

    def __new__(cls, *_: Any, **__: Any) -> Any:
        must_be_a_method(cls)
        return super().__new__(cls)

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

    def after_step(self, learner: LearnerState) -> None:
        """After the optimiser's step, without gradients."""

    def end_task(self, learner: LearnerState) -> None:
        """After a task's last step, before the network is measured on it."""


HOOKS = tuple(name for name, value in vars(Intervention).items() if isinstance(value, FunctionType) and name[0] != "_")


def must_be_a_method(cls: type[Intervention]) -> None:
    """TypeError for a class that was not made a dataclass, so that its settings are none, or that has no title."""
    if "__dataclass_params__" not in vars(cls):
        raise TypeError(f"{cls.__name__} is no dataclass: put @dataclass(frozen=True) above it, its settings as fields")
    if not hasattr(cls, "title"):
        raise TypeError(f'{cls.__name__} has no title: give it one, as in title: ClassVar[str] = "{cls.__name__}"')


def must_be_sound(method: object) -> None:
    """ValueError for what is no method, such as its class, and for hooks that do not take what they are given."""
    kind = type(method)
    if not isinstance(method, Intervention):
        name = getattr(method, "__name__", kind.__name__)
        way = f"write {name}()" if isinstance(method, type) else "derive its class from Intervention"
        raise ValueError(f"intervention is {name}, which is no Intervention: {way}")
    for name in HOOKS:
        given = list(inspect.signature(getattr(Intervention, name)).parameters)
        try:
            inspect.signature(getattr(kind, name)).bind(*given)
        except TypeError as error:
            told = ", ".join(given[1:])
            raise ValueError(f"{kind.__name__}: its {name} is called with ({told}); {error}") from None


def at_least(low: float | int, **values: float | int) -> None:
    """ValueError for the first of `values` that is not a finite number from `low` up."""
    for name, value in values.items():
        if not low <= value < float("inf"):
            raise ValueError(f"{name} is {value}; it must be a finite number from {low} up")


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
