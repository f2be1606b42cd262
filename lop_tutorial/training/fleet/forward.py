"""The ways of taking all learners' forward passes: layer by layer on stacked weights, or network by network."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.func import functional_call

from lop_tutorial.geometry.eval_mode import copy_of
from lop_tutorial.networks import Network, Watch
from lop_tutorial.training.fleet.layers import CONVOLUTIONS, Pass, readers

WAYS = (*CONVOLUTIONS, "apart")
BRANCHES = 8
"""Streams that a GPU works on at a time, where networks are taken apart."""


class Forward:
    """Logits of all learners, and with `watch` what their hidden units put out.

    `way` is one of `CONVOLUTIONS`, how the convolutions of a stacked `Pass` are taken; or "apart", where each learner's
    network is called by itself, on views of the stacked weights. On CUDA such calls are spread over `BRANCHES` streams:
    inside a recorded step they become branches of a graph, which cost no launches.
    """

    def __init__(self, like: Network, way: str, *, watch: bool) -> None:
        self.way, self.watches = way, watch
        self.network = plain_copy(like)
        self._readers = readers(self.network) if watch else []
        self._seen: list[Tensor] = []
        if watch and way == "apart":
            self._seen = Watch(self.network.units()).activations

    def __call__(
        self, tensors: dict[str, Tensor], x: Float[Tensor, "learner batch *shape"], *, training: bool
    ) -> tuple[Float[Tensor, "learner batch outputs"], Sequence[Float[Tensor, "learner batch *unit"]]]:
        if self.way == "apart":
            return self._apart(tensors, x, training)
        now = Pass(self.network, tensors, self.way, training)
        return now.logits(x), [now.read[name] for name in self._readers]

    def _apart(
        self, tensors: dict[str, Tensor], x: Float[Tensor, "learner batch *shape"], training: bool
    ) -> tuple[Tensor, list[Tensor]]:
        self.network.train(training)
        # unbound at once, weights get their gradients in one piece; running statistics are changed in place
        views = {k: v.unbind() if v.requires_grad else [v[i] for i in range(len(x))] for k, v in tensors.items()}
        logits: list[Tensor] = []
        seen: list[list[Tensor]] = []
        main = torch.cuda.current_stream(x.device) if x.is_cuda else None
        branches = [torch.cuda.Stream(x.device) for _ in range(min(BRANCHES, len(x)))] if main else []
        for branch in branches:
            branch.wait_stream(main)  # type: ignore[arg-type]
        for i, own in enumerate(x.unbind()):
            with torch.cuda.stream(branches[i % len(branches)] if branches else None):
                logits.append(functional_call(self.network, {name: each[i] for name, each in views.items()}, (own,)))
                seen.append(list(self._seen) if training else [])
        for branch in branches:
            main.wait_stream(branch)  # type: ignore[union-attr]
        return torch.stack(logits), [torch.stack(layer) for layer in zip(*seen, strict=True)]


def plain_copy(network: Network) -> Network:
    """The same layers, without anybody watching."""
    copied = copy_of(network)
    assert isinstance(copied, Network)
    for module in copied.modules():
        assert isinstance(module, nn.Module)
        module._forward_pre_hooks.clear()
    return copied
