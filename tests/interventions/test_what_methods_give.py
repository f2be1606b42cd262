"""A user's own method: a slip that would change results without a word is refused before anything is trained."""

from dataclasses import dataclass, field
from typing import ClassVar

import pytest
import torch

from lop_tutorial.interventions import INTERVENTIONS, L2, Composition, Intervention, NoIntervention, intervention
from lop_tutorial.interventions.registry import _value, settings_of
from lop_tutorial.networks import MLP
from lop_tutorial.streams import ToyPoints
from lop_tutorial.training import Fleet, Learner, Training

pytestmark = pytest.mark.usefixtures("as_users_run")


@dataclass(frozen=True)
class Former(Intervention):
    title: ClassVar[str] = "Former"

    def batch(self, x, y, draw):
        return x, y


@pytest.mark.parametrize(
    ("method", "says"),
    [
        (Former(), r"Former: its batch is called with \(x, y, draw, examples\)"),
        (L2, r"intervention is L2, which is no Intervention: write L2\(\)"),
    ],
)
def test_a_slip_is_named_by_learners_fleets_and_compositions(method, says):
    for use in (
        lambda: Learner(lambda: MLP((20,), 2), Training(), method),
        lambda: Fleet(lambda: MLP((20,), 2), Training(), [(method, 0)]),
        lambda: Composition((NoIntervention(), method)),
    ):
        with pytest.raises(ValueError, match=says):
            use()


def test_a_slip_is_named_by_a_text(monkeypatch):
    monkeypatch.setitem(INTERVENTIONS, "former", Former)
    with pytest.raises(ValueError, match="former: Former: its batch is called with"):
        intervention("former")


def trained(method, fleet):
    stream, make, training = ToyPoints(0), lambda: MLP((20,), 2), Training(epochs=1)
    if fleet:
        return Fleet(make, training, [(method, 0)]).learn({0: stream.task(0)})[0]
    return Learner(make, training, method).learn(stream.task(0))


@pytest.mark.parametrize("fleet", [False, True])
def test_a_penalty_is_one_number(fleet):
    @dataclass(frozen=True)
    class PerUnit(Intervention):
        title: ClassVar[str] = "PerUnit"

        def penalty(self, learner):
            return next(learner.network.parameters()).square().sum(dim=1)

    @dataclass(frozen=True)
    class Constant(Intervention):
        title: ClassVar[str] = "Constant"

        def penalty(self, learner):
            return 0.5

    with pytest.raises(ValueError, match=r"the penalty of PerUnit has shape \(64,\); it must be one number"):
        trained(PerUnit(), fleet)
    assert trained(Constant(), fleet) == trained(NoIntervention(), fleet)  # its gradient is zero


def test_a_hook_that_asks_for_a_value_is_told_how_not_to_in_a_fleet():
    @dataclass(frozen=True)
    class Looks(Intervention):
        title: ClassVar[str] = "Looks"

        def after_step(self, learner):
            if next(learner.network.parameters()).sum() > 0:
                learner.network.reset_head("zero")

    with pytest.raises(ValueError, match=r"one asks for a tensor's value.*choose by masks"):
        trained(Looks(), fleet=True)


def test_a_memory_is_made_of_tensors():
    @dataclass(frozen=True)
    class Counting(Intervention):
        title: ClassVar[str] = "Counting"

        def remember(self, network):
            return {"steps": 0}

    with pytest.raises(ValueError, match="Counting remembers 'steps' as int; it must be a tensor"):
        Learner(lambda: MLP((20,), 2), Training(), Counting())


def test_settings_without_a_default_and_those_that_no_text_can_give():
    @dataclass(frozen=True)
    class Own(Intervention):
        title: ClassVar[str] = "Own"
        rate: float
        often: "int | None" = None
        sizes: tuple[int, ...] = (1, 2)
        names: list[str] = field(default_factory=list)

    assert settings_of(Own) == {"rate": float, "often": int, "sizes": object, "names": object}
    with pytest.raises(ValueError, match="no text can be its value: give the method in Python"):
        _value("3", settings_of(Own)["sizes"], "sizes")


def test_the_numbers_of_a_training_are_numbers():
    for given in ({"step_size": "0.1"}, {"batch_size": 2.5}, {"epochs": 1.0}, {"momentum": torch.tensor(0.9)}):
        with pytest.raises(ValueError, match=f"{next(iter(given))} is .*; it must be"):
            Training(**given)
