"""A method of one's own that could not work is refused at once, and told what to do."""

from dataclasses import dataclass
from typing import ClassVar

import pytest
from torch import nn

from lop_tutorial.interventions import L2, Intervention, intervention
from lop_tutorial.networks import Network


def test_a_misspelt_hook_is_refused_where_the_class_is_made():
    with pytest.raises(
        TypeError, match=r"^Clip\.after_stp is no hook; did you mean after_step\? Begin the name of a helper"
    ):

        class Clip(Intervention):
            def after_stp(self, learner): ...

    with pytest.raises(
        TypeError, match=r"Clip\.xyz is no hook; hooks are acts, check, build, remember, start_task, batch"
    ):

        class Clip(L2):
            def xyz(self): ...


def test_what_is_no_dataclass_is_refused():
    class Clip(Intervention):
        title: ClassVar[str] = "Clip"
        bound: float = 0.1

    with pytest.raises(TypeError, match=r"^Clip is no dataclass: put @dataclass\(frozen=True\) above it"):
        Clip(bound=1.0)

    class Stronger(L2):
        strength: float = 1.0

    with pytest.raises(TypeError, match=r"^Stronger is no dataclass"):
        Stronger()


def test_what_has_no_title_is_refused():
    @dataclass(frozen=True)
    class Clip(Intervention):
        bound: float = 0.1

    with pytest.raises(TypeError, match=r'^Clip has no title: give it one, as in title: ClassVar\[str\] = "Clip"$'):
        Clip()


def test_by_its_address_it_is_one_line(tmp_path, monkeypatch):
    (tmp_path / "mine_wrong.py").write_text(
        "from lop_tutorial.interventions import Intervention\n"
        "class Clip(Intervention):\n    title = 'Clip'\n    bound: float = 0.1\n"
    )
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=r"^mine_wrong:Clip: Clip is no dataclass"):
        intervention("mine_wrong:Clip:bound=0.5")


def test_a_nested_body_is_refused():
    def body():
        return nn.Sequential(nn.Flatten(), nn.Sequential(nn.Linear(4, 3), nn.ReLU()))

    with pytest.raises(
        ValueError, match=r"^body\.1 is a Sequential with layers of its own; put them into the body itself"
    ):
        Network(body(), 3, 2)

    class Own(Network):
        def layers(self):
            for name, layer in self.body[1].named_children():
                yield f"body.1.{name}", layer, False

    assert [units.name for units in Own(body(), 3, 2).units()] == ["body.1.0"]
