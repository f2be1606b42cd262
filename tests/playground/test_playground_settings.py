"""The playground as Python sees it: settings and plans, both ways; what is refused; its size and its picture."""

from base64 import b64decode
from dataclasses import replace

import pytest

from lop_tutorial.experiments import plan
from lop_tutorial.interventions import intervention
from lop_tutorial.playground import Playground, Settings
from lop_tutorial.playground.settings import AMOUNTS, METHODS, PRESETS

EVERY = [
    Settings(),
    Settings(width=256, units="relu", loss="cross_entropy", head="zero", distance=4, seed=7),
    Settings(units="linear", step_size=0.025, head="keep"),
    *(Settings(method=method) for method in METHODS),
    *(Settings(method=method, amount=0.25) for method in AMOUNTS),
    *(each["choices"] for each in PRESETS),
]


@pytest.mark.parametrize("settings", EVERY, ids=str)
def test_settings_are_a_plan_and_come_back_from_it(settings):
    assert Settings.of(settings.plan()) == settings
    assert settings.plan().methods[-1] == "retrained"


@pytest.mark.parametrize(("name", "width"), [("type1", 2), ("type2", 256)])
def test_the_book_s_own_experiments_open(name, width):
    play = Playground.of(plan(name))
    assert play.choices["width"] == width
    for what in ("network_settings", "training", "data", "points"):
        assert getattr(play.settings, what) == getattr(plan(name), what)


def test_a_plan_that_is_assigned_is_what_the_page_gets():
    play = Playground()
    wanted = replace(plan("type1"), methods=("g_mixup:M=0.5:intra=1:intra_weight=1",), seeds=(4,))
    play.settings = wanted
    assert (play.choices["method"], play.choices["amount"], play.choices["seed"]) == ("intra", 0.5, 4)
    assert intervention(play.settings.methods[0]) == intervention(wanted.methods[0])
    assert repr(play) == "<Playground: g_mixup:M=0.5:intra=1:intra_weight=1, 2 tanh units, step 0.1>"


def other_training(**change):
    return replace(plan("type1"), training=replace(plan("type1").training, **change))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Settings(width=300), "width is 300; the page trains 1 to 256 units"),
        (lambda: Settings(step_size=0), "step_size is 0"),
        (lambda: Settings(units="gelu"), "units is 'gelu'; it must be one of tanh, relu, linear"),
        (lambda: Settings(method="redo"), "method is 'redo'"),
        (lambda: Settings(method="cbp", amount=2), "replacement_rate is 2"),
        (lambda: Settings(method="l2_init", amount=-1), "amount is -1"),
        (lambda: Settings(seed=-1), "seed is -1"),
        (lambda: Settings(width=True), "width is True; it must be a whole number"),
        (lambda: Settings(seed=True), "seed is True; it must be a whole number"),
        (lambda: Settings(step_size=True), "step_size is True; it must be a finite number"),
        (lambda: Settings(distance=True), "distance is True; it must be a number from 0 to 20"),
        (lambda: Settings(method="l2_init", amount=True), "amount is True; it must be a finite number"),
        (lambda: Playground(head="new"), "head is 'new'"),
        (lambda: Playground(played=-1), "played is -1"),
        (lambda: Playground(played=21), "played is 21"),
        (lambda: Playground(played=True), "played is True"),
        (lambda: Settings.of(plan("table1")), "is no toy of points"),
        (lambda: Settings.of(replace(plan("type1"), methods=("l2",))), "does not have the method 'l2'"),
        (lambda: Settings.of(replace(plan("type1"), methods=("g_mixup:M=1:alpha=0.5",))), "does not have the method"),
        (lambda: Settings.of(other_training(momentum=0.5)), "training is .*momentum=0.5.*; the playground has"),
        (lambda: setattr(Playground(), "choices", {"width": 0}), "width is 0"),
    ],
)
def test_what_the_page_cannot_train_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_the_script_is_small_and_whole():
    assert len(Playground.script.encode()) < 60_000
    for part in ("function engine()", "function duel(", "export default { render: begin };"):
        assert part in Playground.script
    assert "import(" not in Playground.script
    assert "fetch(" not in Playground.script


def test_it_brings_its_picture_along():
    data, _ = Playground()._repr_mimebundle_()
    assert b64decode(data["image/png"]).startswith(b"\x89PNG")
    assert "application/vnd.jupyter.widget-view+json" in data
