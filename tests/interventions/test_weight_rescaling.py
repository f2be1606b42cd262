"""Weight rescaling: lengths are those of the start, directions are the step's."""

import pytest
import torch

from lop_tutorial.interventions import Composition, LayerNorm, WeightRescaling
from lop_tutorial.networks import MLP, SmallConv
from lop_tutorial.streams import ToyPoints
from lop_tutorial.training import Learner, Training


@pytest.mark.parametrize("make", [lambda: MLP((20,), 2, hidden=(8, 6)), lambda: SmallConv((3, 12, 12), 2)])
def test_a_doubled_weight_comes_back_by_its_share(make):
    one = Learner(make, Training(), WeightRescaling(strength=0.25))
    before = {name: weight.detach().clone() for name, weight in one.network.named_parameters()}
    with torch.no_grad():
        for weight in one.network.parameters():
            weight.mul_(2)
        one.intervention.after_step(one)
    hidden = {f"{units.name}.weight" for units in one.network.units()}
    for name, weight in one.network.named_parameters():  # 2 * (1 - 0.25 + 0.25 / 2) = 1.75
        torch.testing.assert_close(weight.detach(), (1.75 if name in hidden else 2) * before[name])


@pytest.mark.parametrize("method", [WeightRescaling(), Composition((LayerNorm(), WeightRescaling()))])
def test_after_tasks_of_training_lengths_are_those_of_the_start(method):
    one = Learner(lambda: MLP((20,), 2, hidden=(8, 6)), Training(step_size=0.1, epochs=5, batch_size=20), method)
    hidden = [units.incoming.weight for units in one.network.units()]
    start = [weight.detach().clone() for weight in hidden]
    for index in range(2):
        one.learn(ToyPoints(0).task(index))
    for weight, was in zip(hidden, start, strict=True):
        assert weight.detach().norm().item() == pytest.approx(was.norm().item(), rel=1e-5)
        assert torch.nn.functional.cosine_similarity(weight.detach().flatten(), was.flatten(), dim=0) < 0.999


def test_a_weight_of_length_zero_stays_and_shares_are_shares():
    one = Learner(lambda: MLP((20,), 2, hidden=(8, 6)), Training(), WeightRescaling())
    with torch.no_grad():
        one.network.body[1].weight.zero_()
        one.intervention.after_step(one)
    assert not one.network.body[1].weight.any()
    with pytest.raises(ValueError, match=r"strength is 1\.5"):
        WeightRescaling(1.5)
