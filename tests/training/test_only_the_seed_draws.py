"""One integer fixes a learner, whatever else has drawn from the generators of torch, NumPy and Python before."""

import random
from itertools import combinations, islice

import numpy as np
import pytest
import torch

from lop_tutorial.interventions import INTERVENTIONS, intervention
from lop_tutorial.networks import MLP
from lop_tutorial.streams import ToyPoints
from lop_tutorial.training import Learner, Training, live

ACTIVE = {  # settings in which a method draws within a few steps
    "cbp": "cbp:maturity=1:replacement_rate=0.1",
    "redo": "redo:every=3:tau=0.9",
    "self_normalised_reset": "self_normalised_reset:rejection=0.9",
}
TRAINING = Training(step_size=0.05, epochs=2, batch_size=20, head="fresh")


def learner(method, seed):
    return Learner(lambda: MLP((20,), 2, hidden=(12, 8)), TRAINING, intervention(ACTIVE.get(method, method)), seed=seed)


@pytest.mark.parametrize("method", [*INTERVENTIONS, "shrink_and_perturb:every=step:fresh=gaussian"])
def test_what_others_have_drawn_changes_nothing(method):
    def life(place):
        for begin in (random.seed, np.random.seed, torch.manual_seed):
            begin(place)
        one = learner(method, seed=3)
        list(live(one, islice(ToyPoints(3), 2)))
        return one.network.state_dict()

    here, there = life(1), life(2)
    assert [name for name in here if not torch.equal(here[name], there[name])] == []


def test_each_task_and_each_seed_has_a_fresh_head_of_its_own():
    heads = []
    for seed in (0, 1):
        one = learner("none", seed)
        for task in islice(ToyPoints(seed), 3):
            one.start(task)
            heads.append(one.network.head.weight.detach().clone())
            one.tasks_learned += 1
    assert not any(torch.equal(*pair) for pair in combinations(heads, 2))
