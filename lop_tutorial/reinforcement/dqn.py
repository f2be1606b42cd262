"""DQN: a network learns what each action is worth, from transitions that are replayed (Mnih et al. 2015).

The agent is what interventions know as a learner: they act on it through the hooks that supervised learners have, at
the same moments. A phase of the world is to it what a task is to them.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import mse_loss

from lop_tutorial.interventions import Intervention, NoIntervention, must_be_sound
from lop_tutorial.networks import MLP, Network, Watch
from lop_tutorial.reinforcement.control_worlds import Observation, World, world_seed
from lop_tutorial.reinforcement.minatar_games import Game
from lop_tutorial.reinforcement.replay import Replay, Transitions
from lop_tutorial.seeds import derive, draw_for, numpy_generator, seeded
from lop_tutorial.settings_given import must_be_number, must_be_whole
from lop_tutorial.training.optimisers import Adam


@dataclass(frozen=True)
class Settings:
    """How a phase is learned. The defaults are those of CleanRL's `dqn.py`."""

    steps: int = 500_000
    """Steps in the world, in each phase."""
    step_size: float = 2.5e-4
    """Adam's."""
    hidden: tuple[int, ...] = (120, 84)
    discount: float = 0.99
    buffer: int = 10_000
    batch_size: int = 128
    learning_starts: int = 10_000
    """Steps of a phase before the first update."""
    learn_every: int = 10
    """Steps in the world from one update to the next."""
    updates: int = 1
    """Updates at a time. The replay ratio, updates a step, is `updates / learn_every`."""
    target_every: int = 500
    """Steps in the world from one copy of the network into its target to the next."""
    explore_first: float = 1.0
    explore_last: float = 0.05
    explore_share: float = 0.5
    """Actions are random with a probability that falls from `explore_first` to `explore_last` over this share of a
    phase, evenly, and stays there."""

    def __post_init__(self) -> None:
        whole = ("steps", "buffer", "batch_size", "learn_every", "updates", "target_every")
        shares = ("discount", "explore_first", "explore_last", "explore_share")
        must_be_whole(1, **{name: getattr(self, name) for name in whole})
        must_be_number(0, 1, **{name: getattr(self, name) for name in shares})
        must_be_number(0, step_size=self.step_size)
        must_be_whole(0, learning_starts=self.learning_starts)

    def explore(self, step: int) -> float:
        """The probability of a random action at a step of a phase."""
        falling = self.explore_share * self.steps
        slope = (self.explore_last - self.explore_first) / falling if falling else -1.0
        return max(self.explore_first + slope * step, self.explore_last)


@torch.no_grad()
def td_targets(target: Network, batch: Transitions, discount: float) -> Float[Tensor, " batch"]:
    """r + discount * max_a' Q_target(s', a'), and r alone where the episode ended."""
    return batch.reward + discount * target(batch.after).amax(dim=1) * (1 - batch.ended)


def chosen_values(network: Network, batch: Transitions) -> Float[Tensor, " batch"]:
    """Q(s, a) of the actions that were taken."""
    return network(batch.before).gather(1, batch.action)[:, 0]


def must_suit_agents(method: Intervention) -> None:
    """ValueError for a method that changes a batch's labels or the loss that reads them: here there are none.

    Nor is there plain descent, whose gradients others change.
    """
    for hook in ("batch", "loss"):
        if method.acts(hook):
            raise ValueError(
                f"{method.title} needs labels (its hook {hook!r}), and in reinforcement learning there are none"
            )
    if method.acts("before_step"):
        raise ValueError(f"{method.title} changes the gradients of plain descent, and an agent's pass through Adam")


class Agent:
    """A value network, its target, its optimiser and its intervention, in phase after phase.

    Equal seeds give equal agents. Restarting draws new weights, the same ones in every agent of that seed and phase.
    """

    def __init__(
        self,
        observations: int,
        actions: int,
        settings: Settings = Settings(),
        intervention: Intervention = NoIntervention(),
        *,
        seed: int = 0,
    ) -> None:
        must_be_sound(intervention)
        must_suit_agents(intervention)
        intervention.check("squared_error")
        self.observations, self.actions = observations, actions
        self.settings, self.intervention, self.seed = settings, intervention, seed
        self.phases_learned = 0
        self.restart()

    def restart(self) -> None:
        """Fresh weights, a fresh optimiser and a fresh memory of the intervention."""
        self.network = self.fresh_network("weights", self.phases_learned)
        self.target = copy.deepcopy(self.network).eval()
        self.optimiser = Adam(self.network.parameters(), lr=self.settings.step_size, fused=True)
        self.units = self.network.units()
        self.activations = Watch(self.units).activations if self.intervention.watches else []
        self.draw = draw_for(self.seed, "intervention", self.phases_learned)
        self.memory = self.intervention.remember(self.network)

    @property
    def gradients(self) -> dict[str, Tensor]:
        """The loss's gradients by the weights' names, as the last update left them."""
        return {name: weight.grad for name, weight in self.network.named_parameters() if weight.grad is not None}

    def fresh_network(self, *purpose: str | int) -> Network:
        """A network as the agent's own began, with the weights that the seed has for a purpose; in evaluation mode."""
        with seeded(self.seed, *purpose):
            make = partial(MLP, (self.observations,), self.actions, self.settings.hidden)
            return self.intervention.build(make).eval()

    def start(self) -> None:
        """Before a phase: the intervention, unless it is the first, then the target."""
        if self.phases_learned:
            with torch.no_grad():
                self.intervention.start_task(self)
        self.copy_into_target()

    def end(self) -> None:
        """After a phase."""
        with torch.no_grad():
            self.intervention.end_task(self)
        self.phases_learned += 1

    @torch.no_grad()
    def act(self, observation: Observation) -> int:
        """The action that is worth most."""
        return int(self.network(torch.from_numpy(observation)[None]).argmax())

    def update(self, batch: Transitions) -> Tensor:
        """One step down the squared difference between values and targets; gives the loss before it."""
        targets = td_targets(self.target, batch, self.settings.discount)
        self.network.train(self.intervention.watches)  # a `Watch` keeps what a training pass computes
        loss = mse_loss(chosen_values(self.network, batch), targets)
        penalty = self.intervention.penalty(self)
        self.optimiser.zero_grad()
        (loss if penalty is None else loss + penalty).backward()
        self.optimiser.step()
        with torch.no_grad():
            self.intervention.after_step(self)
        self.network.eval()
        return loss.detach()

    @torch.no_grad()
    def copy_into_target(self) -> None:
        """The target becomes the network."""
        for kept, weight in zip(self.target.parameters(), self.network.parameters(), strict=True):
            kept.copy_(weight)


@dataclass
class Lived:
    """What an agent went through in a phase: what it can replay; each episode's return, and the step of its end."""

    replay: Replay
    returns: list[float] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)


def live(agent: Agent, world: World | Game, look: Callable[[Agent], None] | None = None) -> Lived:
    """A phase in a world, with an empty buffer at its beginning. An episode that the phase cuts off gives no return.

    `look` is called once, after what the intervention does before the phase, and before the first step.
    """
    s, phase = agent.settings, agent.phases_learned
    running = world.open(world_seed(agent.seed, phase))
    chance, draw = random.Random(derive(agent.seed, "explore", phase)), numpy_generator(agent.seed, "replay", phase)
    lived = Lived(Replay(s.buffer, running.observations))
    agent.start()
    if look:
        look(agent)
    seen, so_far = running.reset(), 0.0
    for step in range(s.steps):
        explores = chance.random() < s.explore(step)
        action = chance.randrange(running.actions) if explores else agent.act(seen)
        after, reward, ended, cut = running.step(action)
        lived.replay.add(seen, action, reward, after, ended)
        seen, so_far = after, so_far + reward
        if ended or cut:
            lived.returns.append(so_far)
            lived.ends.append(step)
            seen, so_far = running.reset(), 0.0
        if step > s.learning_starts:
            if step % s.learn_every == 0:
                for _ in range(s.updates):
                    agent.update(lived.replay.sample(s.batch_size, draw))
            if step % s.target_every == 0:
                agent.copy_into_target()
    agent.end()
    return lived


def must_be_cpu(device: str) -> None:
    """ValueError for any other device: agents of this size gain nothing by one."""
    if device != "cpu":
        raise ValueError(f"device is {device!r}; an agent of this size learns on the cpu alone")
