"""A probe task: how well a copy of a network can still be fitted to something new."""

from __future__ import annotations

import copy

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import mse_loss

from lop_tutorial.networks import MLP, Network
from lop_tutorial.seeds import seeded
from lop_tutorial.training.optimisers import Adam

STATES, STEPS, STEP_SIZE = 128, 200, 1e-3
"""Replayed states of a probe, and the steps of Adam that it gets on all of them at once. Our choice."""


def probe_targets(x: Float[Tensor, "state sensor"], outputs: int, seed: int) -> Float[Tensor, "state output"]:
    """What a random network of tanh units says of the states, each output with mean 0 and variance 1 over them.

    Its weights are N(0, 1 / fan-in), and it sees each sensor scaled to mean 0 and variance 1, so that it bends
    where the states are. A sensor that never changes is left at 0.
    """
    scaled = (x - x.mean(dim=0)) / x.std(dim=0).clamp_min(1e-6)
    with seeded(seed, "probe"):
        teacher = MLP(x.shape[1:], outputs, (64, 64), activation="tanh", init="normal")
    with torch.no_grad():
        said = teacher(scaled)
    return (said - said.mean(dim=0)) / said.std(dim=0, unbiased=False)


@torch.no_grad()
def standardised(network: Network, x: Float[Tensor, "state sensor"]) -> Network:
    """A copy whose outputs have mean 0 and variance 1 over the states, each output by itself.

    Only the last layer is changed, `head`, and it says the same as before in other units. An output that is the same
    in every state has no such copy: its weights are infinite.
    """
    rescaled = copy.deepcopy(network)
    said = network(x)
    size = said.std(dim=0, unbiased=False)
    rescaled.head.weight.div_(size[:, None])
    rescaled.head.bias.sub_(said.mean(dim=0)).div_(size)
    return rescaled


def probe_error(
    network: Network,
    x: Float[Tensor, "state sensor"],
    *,
    seed: int,
    steps: int = STEPS,
    step_size: float = STEP_SIZE,
    own_scale: bool = False,
) -> float:
    """The mean squared error of a copy of the network after `steps` steps of Adam on the `probe_targets`.

    1 is what the best constant would reach, 0 a perfect fit. The network is left as it is. It is the target-fitting
    capacity of Lyle et al. (2022), with their kind of targets; all weights are trained, whatever the agent's method.
    With `own_scale`, targets have the mean and the variance that the network's own outputs had over the states, and the
    error is in units of that variance.
    """
    learner = copy.deepcopy(network).train()
    targets = probe_targets(x, network.head.out_features, seed)
    scale = torch.ones(network.head.out_features)
    if own_scale:
        with torch.no_grad():
            said = network(x)
        scale = said.std(dim=0, unbiased=False)
        targets = targets * scale + said.mean(dim=0)
    optimiser = Adam(learner.parameters(), lr=step_size, fused=True)
    for _ in range(steps):
        optimiser.zero_grad()
        mse_loss(learner(x), targets).backward()
        optimiser.step()
    with torch.no_grad():
        return float(mse_loss(learner.eval()(x) / scale, targets / scale))
