"""Several methods at once: `retrained+g_mixup` is fresh networks that mix."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from functools import partial

from jaxtyping import Float
from torch import Tensor

from lop_tutorial.interventions.examples import Examples
from lop_tutorial.interventions.intervention import Intervention, LearnerState, Loss, Optimiser, must_be_sound
from lop_tutorial.networks import Network, Units
from lop_tutorial.seeds import Draw


@dataclass(frozen=True)
class Composition(Intervention):
    """Its parts, each acting at each moment in their order; penalties add up.

    Every part has a memory of its own. All take their random numbers from the same sources, one after the other. Two
    parts of one kind, and two that both have a loss of their own, are refused.
    """

    parts: tuple[Intervention, ...]

    def __post_init__(self) -> None:
        for part in self.parts:
            must_be_sound(part)
        kinds = [type(part) for part in self.parts]
        if len(set(kinds)) < len(kinds):
            raise ValueError(f"{self.title} names a method twice; give each once, with all its settings")
        if sum(part.acts("loss") for part in self.parts) > 1:
            raise ValueError(f"{self.title} has several methods with a loss of their own; compose it of one such")

    @property
    def title(self) -> str:  # type: ignore[override]
        """The parts' titles."""
        return " + ".join(part.title for part in self.parts)

    @property
    def watches(self) -> bool:  # type: ignore[override]
        """Whether a part does."""
        return any(part.watches for part in self.parts)

    def acts(self, hook: str) -> bool:
        return any(part.acts(hook) for part in self.parts)

    def check(self, loss: str) -> None:
        for part in self.parts:
            part.check(loss)

    def build(self, make: Callable[[], Network]) -> Network:
        for part in self.parts:
            make = partial(part.build, make)
        return make()

    def remember(self, network: Network) -> dict[str, Tensor]:
        memories = enumerate(part.remember(network) for part in self.parts)
        return {f"{place}.{name}": kept for place, memory in memories for name, kept in memory.items()}

    def start_task(self, learner: LearnerState) -> None:
        for part, seen in self._each(learner):
            part.start_task(seen)

    def batch(
        self, x: Float[Tensor, "batch *shape"], y: Float[Tensor, "batch outputs"], draw: Draw, examples: Examples
    ) -> tuple[Float[Tensor, "batch *shape"], Float[Tensor, "batch outputs"]]:
        for part in self.parts:
            x, y = part.batch(x, y, draw, examples)
        return x, y

    def loss(
        self, default: Loss, logits: Float[Tensor, "batch outputs"], y: Float[Tensor, "batch outputs"]
    ) -> Float[Tensor, ""]:
        own = [part.loss for part in self.parts if part.acts("loss")]
        return own[0](default, logits, y) if own else default(logits, y)

    def penalty(self, learner: LearnerState) -> Float[Tensor, ""] | None:
        terms = [term for part, seen in self._each(learner) if (term := part.penalty(seen)) is not None]
        return sum(terms[1:], start=terms[0]) if terms else None

    def before_step(self, learner: LearnerState) -> None:
        for part, seen in self._each(learner):
            part.before_step(seen)

    def after_step(self, learner: LearnerState) -> None:
        for part, seen in self._each(learner):
            part.after_step(seen)

    def end_task(self, learner: LearnerState) -> None:
        for part, seen in self._each(learner):
            part.end_task(seen)

    def _each(self, learner: LearnerState) -> Iterator[tuple[Intervention, LearnerState]]:
        """Every part with the learner as it sees it."""
        for place, part in enumerate(self.parts):
            yield part, _Seen(learner, f"{place}.")


class _Seen:
    """A learner, whatever it restarts to, with a part's own memory in place of all."""

    def __init__(self, learner: LearnerState, prefix: str) -> None:
        self._learner, self.memory = learner, _Memory(learner, prefix)

    @property
    def network(self) -> Network:
        return self._learner.network

    @property
    def optimiser(self) -> Optimiser:
        return self._learner.optimiser

    @property
    def units(self) -> list[Units]:
        return self._learner.units

    @property
    def activations(self) -> list[Tensor]:
        return self._learner.activations

    @property
    def gradients(self) -> Mapping[str, Float[Tensor, "*weight"]]:
        return self._learner.gradients

    @property
    def draw(self) -> Draw:
        return self._learner.draw

    def restart(self) -> None:
        self._learner.restart()


class _Memory(MutableMapping[str, Tensor]):
    """Those entries of a learner's memory whose names begin with a prefix, without it."""

    def __init__(self, learner: LearnerState, prefix: str) -> None:
        self._learner, self._prefix = learner, prefix

    def __getitem__(self, name: str) -> Tensor:
        return self._learner.memory[self._prefix + name]

    def __setitem__(self, name: str, value: Tensor) -> None:
        self._learner.memory[self._prefix + name] = value

    def __delitem__(self, name: str) -> None:
        del self._learner.memory[self._prefix + name]

    def __iter__(self) -> Iterator[str]:
        return (name.removeprefix(self._prefix) for name in self._learner.memory if name.startswith(self._prefix))

    def __len__(self) -> int:
        return sum(1 for _ in self)
