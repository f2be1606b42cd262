"""A user's own method: a slip that would change results without a word is refused before anything is trained."""

from dataclasses import dataclass, field

import pytest
import torch

from lop_tutorial.interventions import INTERVENTIONS, L2, Composition, Intervention, NoIntervention, intervention
from lop_tutorial.interventions.registry import _value, settings_of
from lop_tutorial.networks import MLP
from lop_tutorial.streams import ToyPoints
from lop_tutorial.training import Fleet, Learner, Training

pytestmark = pytest.mark.usefixtures("as_users_run")


class NoDataclass(Intervention):
    def __init__(self, strength):
        object.__setattr__(self, "strength", strength)


class Misspelt(Intervention):
    def after_steps(self, learner):
        pass


class Former(Intervention):
    def batch(self, x, y, draw):
        return x, y


@dataclass(frozen=True)
class Counts(Intervention):
    seen: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Holds(Intervention):
    direction: torch.Tensor = field(default_factory=lambda: torch.ones(2))


SLIPS = [
    (Counts(), "Counts keeps a list as 'seen', which may change while learners share the method: take a tuple, and"),
    (Holds(), "Holds keeps a Tensor as 'direction', which may change"),
    (NoDataclass(1.0), r"NoDataclass keeps 'strength' outside its fields.*@dataclass\(frozen=True\)"),
    (Misspelt(), "Misspelt has 'after_steps', which is never called: is 'after_step' meant"),
    (Former(), r"Former: its batch is called with \(x, y, draw, examples\)"),
    (L2(strength=True), "strength is True; it must be a number, as 0.0001 is"),
    (L2, r"intervention is L2, which is no Intervention: write L2\(\)"),
]


@pytest.mark.parametrize(("method", "says"), SLIPS)
def test_a_slip_is_named_by_learners_fleets_and_compositions(method, says):
    for use in (
        lambda: Learner(lambda: MLP((20,), 2), Training(), method),
        lambda: Fleet(lambda: MLP((20,), 2), Training(), [(method, 0)]),
        lambda: Composition((NoIntervention(), method)),
    ):
        with pytest.raises(ValueError, match=says):
            use()


def test_a_slip_is_named_by_a_text(monkeypatch):
    monkeypatch.setitem(INTERVENTIONS, "misspelt", Misspelt)
    with pytest.raises(ValueError, match="misspelt: Misspelt has 'after_steps'"):
        intervention("misspelt")


def test_helpers_and_methods_derived_from_a_known_one_are_fine():
    class Twice(L2):
        def penalty(self, learner):
            return 2 * super().penalty(learner)

        def half(self):
            return self.strength / 2

    stream = ToyPoints(0)
    given = (lambda: MLP(stream.shape, 2), Training(epochs=2, batch_size=20))
    found = [Learner(*given, how).learn(stream.task(0)) for how in (Twice(0.1), L2(0.2))]
    assert found[0].train_loss == found[1].train_loss
    assert Twice.title == "Twice"  # the class's name, where none is given
    assert L2.title == "L2"


def trained(method, fleet):
    stream, make, training = ToyPoints(0), lambda: MLP((20,), 2), Training(epochs=1)
    if fleet:
        return Fleet(make, training, [(method, 0)]).learn({0: stream.task(0)})[0]
    return Learner(make, training, method).learn(stream.task(0))


@pytest.mark.parametrize("fleet", [False, True])
def test_a_penalty_is_one_number(fleet):
    class PerUnit(Intervention):
        def penalty(self, learner):
            return next(learner.network.parameters()).square().sum(dim=1)

    class Constant(Intervention):
        def penalty(self, learner):
            return 0.5

    with pytest.raises(ValueError, match=r"the penalty of PerUnit has shape \(64,\); it must be one number"):
        trained(PerUnit(), fleet)
    assert trained(Constant(), fleet) == trained(NoIntervention(), fleet)  # its gradient is zero


def giving(hook, value):
    """A method whose hook gives what `value` makes of the hook's arguments."""
    return type("Odd", (Intervention,), {hook: value})


ODD = {
    "batch, nothing": (
        giving("batch", lambda s, x, y, draw, examples: None),
        "gives a NoneType; it must give two",
    ),
    "batch, x alone": (giving("batch", lambda s, x, y, draw, examples: x), "gives a Tensor; it must give two"),
    "batch, class numbers": (
        giving("batch", lambda s, x, y, draw, examples: (x, y.argmax(1))),
        r"labels of \(64,\); for each input there must be a row of 2 numbers",
    ),
    "batch, fewer inputs": (giving("batch", lambda s, x, y, draw, examples: (x[:3], y)), r"inputs of shape \(3, 20\)"),
    "batch, other numbers": (
        giving("batch", lambda s, x, y, draw, examples: (x.double(), y)),
        "gives torch.float64 and torch.float32; it must keep torch.float32",
    ),
    "loss, nothing": (
        giving("loss", lambda s, default, z, y: None),
        "loss of Odd is a NoneType; it must be a tensor",
    ),
    "loss, a number": (giving("loss", lambda s, default, z, y: 1.0), "loss of Odd is a float; it must be"),
    "loss, one a sample": (
        giving("loss", lambda s, default, z, y: (z - y).square().sum(1)),
        r"the loss of Odd has shape \(64,\); it must be one number: take .mean\(\)",
    ),
    "penalty, a word": (
        giving("penalty", lambda s, learner: "much"),
        "penalty of Odd is a str; it must be",
    ),
    "memory, nothing": (
        giving("remember", lambda s, network: None),
        "remembers a NoneType; `remember`",
    ),
    "memory, a list": (
        giving("remember", lambda s, network: [torch.ones(2)]),
        "remembers a list; `remember` must",
    ),
    "network, nothing": (
        giving("build", lambda s, make: None),
        "make_network gives a NoneType; it must",
    ),
}


@pytest.mark.parametrize("fleet", [False, True])
@pytest.mark.parametrize(("method", "says"), ODD.values(), ids=ODD)
def test_a_hook_that_gives_something_else_is_told_what_it_must_give(method, says, fleet):
    with pytest.raises(ValueError, match=says):
        trained(method(), fleet)


def test_a_hook_that_asks_for_a_value_is_told_how_not_to_in_a_fleet():
    class Looks(Intervention):
        def after_step(self, learner):
            if next(learner.network.parameters()).sum() > 0:
                learner.network.reset_head("zero")

    with pytest.raises(ValueError, match=r"one asks for a tensor's value.*choose by masks"):
        trained(Looks(), fleet=True)


def test_a_memory_is_made_of_tensors():
    class Counting(Intervention):
        def remember(self, network):
            return {"steps": 0}

    with pytest.raises(ValueError, match="Counting remembers 'steps' as int; it must be a tensor"):
        Learner(lambda: MLP((20,), 2), Training(), Counting())


def test_settings_without_a_default_and_those_that_no_text_can_give():
    @dataclass(frozen=True)
    class Own(Intervention):
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
