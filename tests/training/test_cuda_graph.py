"""A step over tensors that stay where they are: on a CPU as it is, on a GPU recorded. And memory that is kept."""

from dataclasses import replace
from itertools import islice

import pytest
import torch

from lop_tutorial.interventions import INTERVENTIONS, intervention
from lop_tutorial.networks import MLP, SmallConv
from lop_tutorial.streams import ToyPoints
from lop_tutorial.training import Fleet, Training, live_together
from lop_tutorial.training.cpu import keep_memory, lay_out
from lop_tutorial.training.fleet.cuda_graph import WARM_UP, Step
from lop_tutorial.training.fleet.tasks import StackedTasks
from lop_tutorial.training.fleet.weights import keep_place

TRAINING = Training(step_size=0.05, epochs=3, batch_size=20, head="fresh", milestones=(0.5,))


def make():
    return MLP((20,), 2, hidden=(12, 8))


def fleet_of(method, **settings):
    return Fleet(make, TRAINING, [(intervention(method), seed) for seed in (0, 1)], **settings)


def live_two(fleet, tasks=2):
    return list(live_together(fleet, {seed: islice(ToyPoints(seed), tasks) for seed in (0, 1)}))


def test_on_a_cpu_a_step_is_taken_at_each_call():
    kept, calls = torch.zeros(2), []

    def take():
        calls.append(1)
        return kept.add_(1)

    step = Step(take, torch.device("cpu"), capture=True)
    for number in range(1, WARM_UP + 3):
        assert step().tolist() == [number, number]
    assert len(calls) == WARM_UP + 2
    assert not step.recorded


def test_values_keep_their_place_where_they_fit():
    place = torch.zeros(3)
    assert keep_place(place, torch.ones(3)) is place
    assert place.tolist() == [1, 1, 1]
    assert keep_place(place, torch.ones(4)).shape == (4,)
    assert keep_place(None, place) is place
    assert keep_place(place, place[:]) is place


@pytest.mark.parametrize("method", INTERVENTIONS)
def test_everything_that_a_recorded_step_reads_stays_where_it_is(method):
    """From step to step and task to task: a recorded step knows nothing but addresses."""
    fleet = fleet_of(method)
    seen = []

    def addresses():
        kept = [*fleet._stack.tensors.values(), *fleet._stack.momentum.values()]
        for group in fleet._groups:
            kept += [*group.memory.values(), *group._numbers.values()]
        return [values.data_ptr() for values in kept], fleet._tasks.addresses

    take = fleet._take_step
    fleet._take_step = lambda: (take(), seen.append(addresses()))[0]
    live_two(fleet)
    assert len(seen) == 2 * 3 * 3  # tasks, epochs, steps of an epoch
    assert all(found == seen[0] for found in seen)


def test_the_next_tasks_take_the_place_of_the_last():
    """Whoever kept what a step reads of the first task, as a recorded step does, has the second one's."""
    tasks = StackedTasks([0], torch.device("cpu"))
    task = ToyPoints(0).task(0)
    tasks.fill({0: task})
    tasks.choose(torch.zeros(1, 4, dtype=torch.int64))
    kept = *tasks.stored, *tasks.where(slice(0, 1))[0], *tasks._batch
    tasks.fill({0: replace(task, train_x=task.train_x + 1, train_y=1 - task.train_y)})
    tasks.choose(torch.ones(1, 4, dtype=torch.int64))
    now = *tasks.stored, *tasks.where(slice(0, 1))[0], *tasks._batch
    assert all(torch.equal(one, other) for one, other in zip(kept, now, strict=True))
    assert torch.equal(tasks.stored[0], task.train_x + 1)
    assert torch.equal(tasks.stored[1].argmax(1), 1 - task.train_y)


def test_maps_lie_next_to_each_other_on_a_cpu_and_memory_is_kept_without_a_word():
    network = lay_out(SmallConv((3, 12, 12), 2), torch.device("cpu"))
    weight = network.body[3].weight
    assert weight.is_contiguous(memory_format=torch.channels_last)
    assert not weight.is_contiguous()
    keep_memory()
