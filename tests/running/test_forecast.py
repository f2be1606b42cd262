"""A forecast against the run that it foretells."""

from dataclasses import replace
from importlib import import_module
from types import SimpleNamespace

import pytest

from lop_tutorial.running import Plan, rows
from lop_tutorial.running.execute import crews_of
from lop_tutorial.running.forecast import Forecast, duration, forecast, in_tasks, size
from lop_tutorial.training import Fleet, Training

foretelling = import_module("lop_tutorial.running.forecast")
PLAN = Plan(
    name="small",
    about="a small experiment",
    network="mlp",
    network_settings={"hidden": (32, 32)},
    data="points",
    training=Training(step_size=0.05, epochs=20, batch_size=16),
    methods=("none", "layer_norm"),
    seeds=(0, 1),
    tasks=4,
    measures=("health",),
    measure_every=2,
)


@pytest.fixture
def clock(monkeypatch):
    """A clock that goes by steps of training, a second each, however busy the machine is."""
    steps, take = [0], Fleet._take_step

    def counted(fleet):
        steps[0] += 1
        return take(fleet)

    monkeypatch.setattr(Fleet, "_take_step", counted)
    monkeypatch.setattr(foretelling, "time", SimpleNamespace(perf_counter=lambda: float(steps[0])))
    return steps


def test_it_is_as_long_as_the_run(clock):
    foretold = forecast(PLAN, crews_of(PLAN, "cpu", 1), "cpu", 1, long=0)
    assert foretold is not None
    began = clock[0]
    list(rows(PLAN))
    assert foretold.seconds == clock[0] - began > 0
    assert 1e7 < foretold.memory < 5e9  # at least torch, at most what so small an experiment could take


def test_more_tasks_take_longer_and_processes_share_them(clock):
    many, crews = replace(PLAN, tasks=800), crews_of(PLAN, "cpu", 2)
    assert len(crews) == 4
    few, one, two = (forecast(plan, crews, "cpu", n, long=0) for plan, n in ((PLAN, 1), (many, 1), (many, 2)))
    assert few is not None
    assert one is not None
    assert two is not None
    assert one.seconds == 200 * few.seconds == 2 * two.seconds
    assert two.memory > 1.5 * one.memory


def test_a_trial_that_was_held_up_does_not_make_the_run_short(monkeypatch):
    """By a machine that was busy in the first tasks of one epoch: once, or both times."""
    many = replace(PLAN, tasks=100, measures=(), training=replace(PLAN.training, epochs=10_000))
    (crew, *_) = crews_of(many, "cpu", 1)
    for held_up in (1, 2):
        late = iter([30.0] * held_up)
        monkeypatch.setattr(
            foretelling,
            "_task",
            lambda plan, crew, device, epochs, measured=False, late=late: next(late, 0.0) + 0.01 * epochs,
        )
        foretold = forecast(many, [crew], "cpu", 1, long=0)
        assert foretold is not None
        assert foretold.seconds == pytest.approx(100 * 10_000 * 0.01, rel=0.01 if held_up == 1 else 1)


def test_increments_take_longer_and_longer():
    """The second of 20 has two shares of the images, and all together have 210."""
    grow = replace(PLAN, data="procedural", benchmark="increments", tasks=20)
    assert in_tasks(grow, 0) == pytest.approx(210 / 2)
    assert in_tasks(grow, 18) == pytest.approx((19 + 20) / 2)
    assert in_tasks(replace(grow, benchmark="pairs"), 18) == 2


def test_a_single_task_has_no_forecast():
    assert forecast(replace(PLAN, tasks=1), crews_of(PLAN, "cpu", 1), "cpu", 1, long=0) is None


def test_a_short_run_is_not_worth_one():
    assert forecast(replace(PLAN, tasks=2), crews_of(PLAN, "cpu", 1), "cpu", 1, long=1e6) is None


def test_it_reads_well():
    shown = str(Forecast(12600.0, 2, 9.4e8, 2e6, 2.1e10))
    assert shown == (
        "Expected: about 3.5 h on 2 processes, 940 MB of memory; "
        "21.0 GB are free, room for some 10,500 such learners at a time"
    )
    assert "take fewer --workers or --seeds" in str(Forecast(60.0, 1, 2e9, 2e6, 1e9))
    assert str(Forecast(60.0, 1, 2e9, 2e6, None)) == "Expected: about 60 s, 2.0 GB of memory"
    shown = [duration(seconds) for seconds in (4.0, 75.0, 600.0, 9000.0, 4e4, 2e5, 3e6)]
    assert shown == ["4 s", "75 s", "10 min", "2.5 h", "11 h", "2.3 days", "35 days"]
    assert [size(number) for number in (3e5, 3.4e8, 2.5e9)] == ["0 MB", "340 MB", "2.5 GB"]
