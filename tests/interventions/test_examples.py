"""Partners from a task's training examples: every one that may be drawn is, equally often, and no other."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lop_tutorial.interventions import ByClass, Examples
from lop_tutorial.seeds import draw_for


@given(labels=st.lists(st.integers(0, 4), min_size=1, max_size=12), same=st.booleans(), data=st.data())
def test_each_candidate_has_its_share_of_the_unit_interval(labels, same, data):
    """The k-th of n candidates is drawn for numbers in [k / n, (k + 1) / n), in the order of classes and places."""
    sample = data.draw(st.integers(0, len(labels) - 1))
    candidates = [i for i, label in enumerate(labels) if i != sample and (label == labels[sample]) == same]
    candidates.sort(key=lambda i: (labels[i], i))
    task = Examples.of(torch.zeros(len(labels), 1), torch.tensor(labels), 5)
    number = max(1, len(candidates))
    uniform = (torch.arange(number) + 0.5) / number
    now = task.at(torch.full((number,), sample))
    found = now.partners(torch.full((number,), same), uniform).tolist()
    assert found == (candidates or [sample])


@pytest.mark.parametrize("same", [True, False])
def test_numbers_next_to_one_do_not_leave_the_task(same):
    label = torch.arange(100).repeat_interleave(450)
    task = Examples.of(torch.zeros(len(label), 1), label, 100)
    uniform = torch.full((len(label),), 1 - 2**-24)
    found = task.partners(torch.full((len(label),), same), uniform)
    assert bool(((label[found] == label) == same).all())
    assert not (found == task.batch).any()


def test_several_tasks_one_after_the_other():
    """With `begin`, places are those of the task that begins there."""
    labels = torch.tensor([[0, 1, 0, 1], [1, 1, 0, 0]])
    alone = [Examples.of(10.0 * k + torch.arange(4.0)[:, None], label, 2) for k, label in enumerate(labels)]
    x, y = torch.cat([one.x for one in alone]), torch.cat([one.y for one in alone])
    by_class, places = ByClass.of(labels, 2), torch.tensor([0, 3])
    for k, one in enumerate(alone):
        own = ByClass(*(values[k] for values in by_class))
        both = Examples(x, y, own, places, torch.tensor(4 * k))
        draw = draw_for(0, "test")
        assert all(map(torch.equal, both.take(places, draw), one.take(places, draw)))
        same, uniform = torch.tensor([True, False]), torch.tensor([0.0, 0.9])
        assert torch.equal(both.partners(same, uniform), one.at(places).partners(same, uniform))
