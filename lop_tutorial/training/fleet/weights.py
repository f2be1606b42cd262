"""The learners' weights as the fleet has them: stacked along a first dimension, with one optimiser for all."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from lop_tutorial.training.learner import Learner
from lop_tutorial.training.optimisers import SGD

LANES = 64
"""Numbers; a multiple of what any CPU takes in one vector, and of a cache line."""


def keep_place(place: Tensor | None, values: Tensor) -> Tensor:
    """`values`, copied to where `place` is if they fit there: what was recorded on a GPU knows addresses only."""
    if place is None or place.shape != values.shape or place.dtype != values.dtype:
        return values
    return place if place.data_ptr() == values.data_ptr() else place.copy_(values)


class Stack:
    """Weights, running statistics and momentum of all learners; made once, then read from them at each task.

    All weights are views of one flat tensor, each at a multiple of `LANES` numbers, and so are their gradients and
    momenta. SGD's kernel on a CPU takes whole vectors at a time and what is left over one by one, which rounds
    otherwise: padded like this nothing is left over, and no learner's bits depend on who else is in the fleet.
    """

    def __init__(self, learners: Sequence[Learner]) -> None:
        first = learners[0].network
        many = len(learners)
        shapes = {name: (many, *weight.shape) for name, weight in first.named_parameters()}
        ends = list(itertools.accumulate(-(-math.prod(shape) // LANES) * LANES for shape in shapes.values()))
        begins = dict(zip(shapes, [0, *ends], strict=False))

        def views(flat: Tensor) -> dict[str, Tensor]:
            return {name: flat[begins[name] :][: math.prod(shape)].view(shape) for name, shape in shapes.items()}

        flat, gradient, momentum = (next(first.parameters()).detach().new_zeros(ends[-1]) for _ in range(3))
        self.weights = {name: weight.requires_grad_() for name, weight in views(flat).items()}
        for name, own in views(gradient).items():
            self.weights[name].grad = own
        self.statistics = {name: value.new_zeros((many, *value.shape)) for name, value in first.named_buffers()}
        kept = {k: v for k, v in learners[0].optimiser.defaults.items() if k in ("momentum", "weight_decay")}
        device = learners[0].device
        # a recorded step reads the step size from where it lies; on a CPU a number is faster
        self._step_size = torch.zeros((), device=device) if device.type == "cuda" else None
        first_size = 0.0 if self._step_size is None else self._step_size
        flat.grad = self._gradient = gradient
        self.optimiser = SGD([flat], lr=first_size, **kept, fused=True)
        self.momentum = views(momentum) if kept["momentum"] else {}
        """The learners' momenta, by the weights' names; empty without momentum."""
        if kept["momentum"]:
            self.optimiser.state[flat]["momentum_buffer"] = momentum

    @property
    def tensors(self) -> dict[str, Tensor]:
        """Weights and running statistics, by their names in the network."""
        return self.weights | self.statistics

    @property
    def gradients(self) -> dict[str, Tensor]:
        """The weights' gradients, by the weights' names."""
        return {name: weight.grad for name, weight in self.weights.items() if weight.grad is not None}

    def clear_gradients(self) -> None:
        """Before a backward pass. They stay where they are: all of them are views of one tensor."""
        self._gradient.zero_()

    def set_step_size(self, step_size: float) -> None:
        """For the steps that follow."""
        if self._step_size is not None:
            self._step_size.fill_(step_size)
        else:
            self.optimiser.param_groups[0]["lr"] = step_size

    @torch.no_grad()
    def read(self, learners: Sequence[Learner]) -> None:
        """Takes over the learners' weights, statistics and momentum."""
        states = [learner.network.state_dict() for learner in learners]
        for name, values in self.tensors.items():
            torch.stack([state[name] for state in states], out=values.detach())
        networks = [dict(learner.network.named_parameters()) for learner in learners]
        for name, values in self.momentum.items():
            moments = [
                learner.optimiser.state.get(network[name], {}).get("momentum_buffer")
                for learner, network in zip(learners, networks, strict=True)
            ]
            blank = torch.zeros_like(values[0])
            torch.stack([blank if moment is None else moment for moment in moments], out=values)

    @torch.no_grad()
    def write_back(self, learners: Sequence[Learner]) -> None:
        """Gives the learners what has become of them."""
        tensors, momentum = self.tensors, self.momentum
        for i, learner in enumerate(learners):
            for name, values in learner.network.state_dict().items():
                values.copy_(tensors[name][i])
            for name, weight in learner.network.named_parameters():
                if name in momentum:
                    own = torch.empty_like(weight).copy_(momentum[name][i])
                    learner.optimiser.state[weight]["momentum_buffer"] = own


class StackedBest:
    """Each learner's weights of the epoch that did best on its task's validation examples so far."""

    def __init__(self) -> None:
        self._accuracy: Tensor | None = None
        self._kept: dict[str, Tensor] = {}

    @torch.no_grad()
    def look(self, accuracy: Float[Tensor, " learner"], stack: Stack) -> None:
        """After an epoch. A network that diverged is never the best: its accuracy is NaN."""
        before = torch.full_like(accuracy, -1.0) if self._accuracy is None else self._accuracy
        better: Bool[Tensor, " learner"] = accuracy > before
        self._accuracy = torch.where(better, accuracy, before)
        for name, values in stack.tensors.items():
            chosen = better.view(-1, *(1,) * (values.ndim - 1))
            self._kept[name] = torch.where(chosen, values, self._kept.get(name, values)).detach()

    @torch.no_grad()
    def put_back(self, stack: Stack) -> None:
        """Into the stack; what never did well stays as it is now."""
        assert self._accuracy is not None
        improved = self._accuracy >= 0
        for name, values in stack.tensors.items():
            chosen = improved.view(-1, *(1,) * (values.ndim - 1))
            values.copy_(torch.where(chosen, self._kept[name], values))
