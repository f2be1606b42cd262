"""The value update against numbers worked out by hand, and the hooks that supervised learners have."""

import copy
import math
from functools import cache

import numpy as np
import pytest
import torch

from lop_tutorial.interventions import NoIntervention, intervention
from lop_tutorial.networks import MLP, SmallConv
from lop_tutorial.streams import Task
from lop_tutorial.training import Learner, Training

pytest.importorskip("gymnasium", reason="needs the extra reinforcement")

from lop_tutorial.reinforcement import Agent, PlasticityInjection, Settings, Transitions, World, changed, live
from lop_tutorial.reinforcement.dqn import chosen_values, td_targets

SMALL = Settings(
    steps=260, learning_starts=60, learn_every=2, target_every=40, batch_size=16, buffer=200, hidden=(16, 12)
)


def by_hand():
    """A network that says Q(s) = (2 s, 3 s) for s >= 0, and two transitions."""
    network = MLP((1,), 2, (1,))
    with torch.no_grad():
        network.body[1].weight.fill_(1)
        network.body[1].bias.zero_()
        network.head.weight.copy_(torch.tensor([[2.0], [3.0]]))
        network.head.bias.zero_()
    batch = Transitions(
        before=torch.tensor([[1.0], [2.0]]),
        action=torch.tensor([[0], [1]]),
        reward=torch.tensor([1.0, 5.0]),
        after=torch.tensor([[4.0], [4.0]]),
        ended=torch.tensor([0.0, 1.0]),
    )
    return network, batch


def test_targets_by_hand():
    network, batch = by_hand()
    assert td_targets(network, batch, discount=0.5).tolist() == [1 + 0.5 * 12, 5]
    assert chosen_values(network, batch).tolist() == [2, 6]


def test_an_update_by_hand():
    """Loss ((2 - 7)^2 + (6 - 5)^2) / 2 = 13; d/d(head row 0) = -5 * 1, d/d(head row 1) = 1 * 2. Adam's first step is
    the step size against the gradient's sign, whatever its length."""
    agent = Agent(1, 2, Settings(step_size=0.01, discount=0.5, hidden=(1,)))
    network, batch = by_hand()
    agent.network.load_state_dict(network.state_dict())
    agent.copy_into_target()
    assert agent.update(batch).item() == pytest.approx(13)
    assert agent.network.head.weight.detach()[:, 0].tolist() == pytest.approx([2.01, 2.99], abs=1e-5)
    assert agent.target.head.weight[:, 0].tolist() == [2, 3], "the target waits for its copy"


def test_exploration_falls_evenly_and_stays():
    settings = Settings(steps=1000, explore_first=1.0, explore_last=0.1, explore_share=0.5)
    assert [round(settings.explore(step), 6) for step in (0, 250, 500, 999)] == [1, 0.55, 0.1, 0.1]


def weights(agent):
    return torch.cat([weight.detach().flatten() for weight in agent.network.parameters()])


def lived(method=NoIntervention(), seed=3, phases=2):
    agent = Agent(4, 2, SMALL, method, seed=seed)
    returns = [live(agent, changed("CartPole-v1", seed, phase)).returns for phase in range(phases)]
    return agent, returns


@cache
def untreated():
    """The weights of an agent without a method; it lives once."""
    return weights(lived()[0])


def test_equal_seeds_give_equal_bits_and_others_do_not():
    (first, returns), (again, returns_again), (other, _) = lived(), lived(), lived(seed=4)
    assert torch.equal(weights(first), weights(again))
    assert returns == returns_again
    assert not torch.equal(weights(first), weights(other))


@pytest.mark.parametrize(
    "nothing", ["l2_init:strength=0", "shrink_and_perturb:shrink=1:noise=0", "cbp:replacement_rate=0", "redo:every=0"]
)
def test_strength_zero_is_no_intervention_to_the_last_bit(nothing):
    assert torch.equal(weights(lived(intervention(nothing))[0]), untreated())


@pytest.mark.parametrize(
    "method",
    ["l2_init:strength=0.1", "shrink_and_perturb", "cbp:replacement_rate=0.1:maturity=5", "redo:every=5", "retrained",
     "head_reset", "l2", "self_normalised_reset", "spectral", "hare_and_tortoise"],
)  # fmt: skip
def test_a_method_acts_on_an_agent(method):
    acted = weights(lived(intervention(method))[0])
    assert acted.isfinite().all()
    assert not torch.equal(acted, untreated())


def test_the_hooks_are_called_when_supervised_learners_call_them(monkeypatch):
    seen = []
    for hook in ("start_task", "penalty", "after_step", "end_task"):
        monkeypatch.setattr(NoIntervention, hook, lambda self, learner, hook=hook: seen.append(hook), raising=False)
    lived()
    updates = [step for step in range(SMALL.steps) if step > SMALL.learning_starts and step % SMALL.learn_every == 0]
    phase = ["penalty", "after_step"] * len(updates) + ["end_task"]
    assert seen == [*phase, "start_task", *phase]


def test_a_fresh_agent_has_other_weights_in_each_phase_and_the_same_for_all_methods():
    agent = Agent(4, 2, SMALL, intervention("retrained"), seed=5)
    begun = []
    for phase in range(2):
        live(agent, changed("CartPole-v1", 5, phase), lambda agent: begun.append(weights(agent).clone()))
    assert torch.equal(begun[0], weights(Agent(4, 2, SMALL, seed=5)))
    assert not torch.equal(begun[0], begun[1])
    assert not agent.optimiser.state or agent.phases_learned == 2


def test_layer_norm_is_built_and_the_target_follows():
    agent, _ = lived(intervention("layer_norm"))
    assert sum(isinstance(layer, torch.nn.LayerNorm) for layer in agent.target.body) == 2
    agent.copy_into_target()
    x = torch.randn(5, 4)
    assert torch.equal(agent.network(x), agent.target(x))


@pytest.mark.parametrize("method", ["g_mixup", "mixup", "l2_init+g_mixup"])
def test_methods_that_need_labels_are_refused_by_name(method):
    with pytest.raises(ValueError, match=r"ixup needs labels .*there are none") as told:
        Agent(4, 2, SMALL, intervention(method))
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("method", ["muon", "l2_init+upgd"])
def test_methods_that_change_gradients_are_refused_for_adam_would_undo_it(method):
    with pytest.raises(ValueError, match="gradients of plain descent"):
        Agent(4, 2, SMALL, intervention(method))


def test_injection_changes_no_value_and_hands_the_learning_over():
    agent = Agent(4, 2, SMALL, PlasticityInjection(at=1), seed=2)
    live(agent, World())
    width = SMALL.hidden[-1]
    last, x = agent.network.units()[-1].incoming, torch.randn(7, 4)
    assert torch.equal(last.weight[width : 2 * width], last.weight[2 * width :]), "new and kept rest until then"
    before, old = agent.network(x), copy.deepcopy(last.weight.detach())
    agent.start()
    assert torch.equal(agent.network(x), before)
    draw = np.random.default_rng(0)
    batch = Transitions(
        torch.randn(16, 4), torch.from_numpy(draw.integers(0, 2, (16, 1))), torch.ones(16), torch.randn(16, 4),
        torch.zeros(16),
    )  # fmt: skip
    for _ in range(3):
        agent.update(batch)
    now = last.weight.detach()
    assert torch.equal(now[:width], old[:width])
    assert torch.equal(now[2 * width :], old[2 * width :])
    assert not torch.equal(now[width : 2 * width], old[width : 2 * width])


def test_an_injection_that_has_not_come_learns_as_a_network_without_one():
    """Until then the two new parts cancel; the first weights and the batches are the same."""
    plain, waiting = lived(phases=1)[0], lived(PlasticityInjection(at=5), phases=1)[0]
    x = torch.randn(50, 4)
    assert torch.allclose(plain.network(x), waiting.network(x), atol=1e-3)


def test_a_supervised_learner_takes_an_injection_too():
    draw = torch.Generator().manual_seed(0)
    tasks = [
        Task(index, (0, 1), 2, x, (x[:, index] > 0).long(), x, (x[:, index] > 0).long())
        for index, x in enumerate(torch.randn(2, 60, 3, generator=draw))
    ]
    training = Training(step_size=0.05, epochs=3, batch_size=20, head="keep")
    learner = Learner(lambda: MLP((3,), 2, (6, 5)), training, PlasticityInjection(at=1))
    learner.learn(tasks[0])
    rows = learner.network.units()[-1].incoming.weight.detach().clone()
    assert torch.equal(rows[5:10], rows[10:])
    learner.learn(tasks[1])
    now = learner.network.units()[-1].incoming.weight
    assert torch.equal(now[:5], rows[:5])
    assert torch.equal(now[10:], rows[10:])
    assert not torch.equal(now[5:10], rows[5:10])


@pytest.mark.parametrize("make", [lambda: MLP((3,), 2, (6,)), lambda: SmallConv((3, 16, 16), 2)])
def test_networks_without_room_for_an_injection_are_refused(make):
    with pytest.raises(ValueError, match="MLP with at least two hidden layers"):
        PlasticityInjection(at=1).build(make)


def test_injection_never_is_no_intervention():
    assert torch.equal(weights(lived(PlasticityInjection(at=0))[0]), untreated())


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ({"steps": 0}, "steps is 0"),
        ({"steps": True}, "steps is True; it must be a whole number"),
        ({"discount": 1.5}, "discount is 1.5"),
        ({"discount": True}, "discount is True; it must be a number from 0 to 1"),
        ({"step_size": -1.0}, "step_size is -1.0"),
        ({"step_size": math.inf}, "step_size is inf"),
        ({"learning_starts": 2.5}, "learning_starts is 2.5; it must be a whole number"),
    ],
)
@pytest.mark.usefixtures("as_users_run")
def test_settings_that_make_no_sense(setting, told):
    with pytest.raises(ValueError, match=told):
        Settings(**setting)
