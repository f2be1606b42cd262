"""Plans on CUDA: rows are the CPU's, a run that was stopped ends as one that was not, a forecast begins by itself."""

import gc
import weakref
from dataclasses import replace

import pytest
import torch

from lop_tutorial.experiments import inheritance, plan
from lop_tutorial.fp32_precision import fp32_precision
from lop_tutorial.interventions import intervention
from lop_tutorial.networks import MLP, SmallConv
from lop_tutorial.running import carry_out, rows
from lop_tutorial.running.crews import Crew
from lop_tutorial.running.forecast import forecast
from lop_tutorial.running.results import Results
from lop_tutorial.streams import ClassPairs, ToyPoints
from lop_tutorial.training import Fleet, Learner, Training

pytestmark = [pytest.mark.cuda, pytest.mark.filterwarnings("ignore:There is a performance drop")]


def small(name, methods, **changes):
    """A table's plan at a few steps, with every choice of it that a GPU can see."""
    whole = plan(name)
    settings = {"number": 4, "size": 12 if name == "table1" else 8, "train": 24, "test": 10}
    shape = {"image_size": None, "train_per_class": 20, "test_per_class": 10, "valid_per_class": 2 * (name != "table1")}
    training = replace(whole.training, epochs=2, batch_size=10)
    found = replace(whole, methods=methods, seeds=(0,), tasks=2, measure_every=2, procedural=settings, **shape)
    return replace(found, training=training, **changes)


PLANS = {
    "table1": small("table1", ("none", "layer_norm", "g_mixup")),
    "table3": small("table3", ("none", "cbp:maturity=1:replacement_rate=0.1"), network_settings={"width": 0.0625}),
}


@pytest.fixture
def in_float64(monkeypatch):
    """All of a run, down to its images, in numbers whose rounding training has no time to blow up."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    monkeypatch.setattr(torch.Tensor, "float", torch.Tensor.double)
    yield
    torch.set_default_dtype(before)


@pytest.mark.parametrize("name", ["table1", pytest.param("table3", marks=pytest.mark.product)])
def test_a_tables_rows_are_those_of_the_cpu(name, a_gpu, in_float64):
    """In float32 a change of 1e-7 in its first weights moves the small ResNet's last loss by a tenth, on one CPU."""
    by_place = [{}, {}]
    for found, device in zip(by_place, ("cpu", "cuda"), strict=True):
        for row in rows(PLANS[name], device=device):
            place = row["method"], row["seed"], row["task"]
            found |= {(*place, column): value for column, value in row.items() if isinstance(value, float)}
    assert by_place[1] == pytest.approx(by_place[0], rel=1e-8, abs=1e-8, nan_ok=True)
    assert a_gpu is None or a_gpu.captures > 0


def test_no_product_of_a_run_is_rounded_to_less_than_float32(a_gpu):
    """Not those of its steps, and none that its measures take."""
    if a_gpu is None:
        pytest.skip("a real device does not tell how it multiplied")
    assert len(list(rows(replace(PLANS["table1"], methods=("none",)), device="cuda"))) == 2
    assert not a_gpu.rounded


def test_no_step_is_rounded_though_others_have_asked_torch_for_less_than_float32(a_gpu):
    if a_gpu is None:
        pytest.skip("a real device does not tell how it multiplied")
    training, task = Training(epochs=2, batch_size=20), ToyPoints(0).task(0)
    with fp32_precision("tf32"):
        Learner(lambda: MLP((20,), 2), training, device="cuda").learn(task)
        fleet = Fleet(lambda: MLP((20,), 2), training, [(intervention("none"), 0)], device="cuda")
        fleet.learn({0: task.to(torch.device("cuda"))})
    assert not a_gpu.rounded


def test_a_run_that_was_stopped_ends_as_one_that_was_not(tmp_path):
    chosen = replace(PLANS["table1"], methods=("none", "g_mixup"), tasks=3, measures=())
    for _ in carry_out(chosen, "quick", tmp_path / "whole", device="cuda"):
        pass
    stopped = carry_out(chosen, "quick", tmp_path / "stopped", device="cuda", every=0)
    next(stopped)
    (tmp_path / "stopped" / "checkpoints" / "stop").touch()
    assert len(list(stopped)) < 2 * 3 - 1
    for _ in carry_out(chosen, "quick", tmp_path / "stopped", device="cuda", resume=True):
        pass
    whole, again = (Results.read(tmp_path / name / "metrics.csv").rows for name in ("whole", "stopped"))
    assert len(again) == 2 * 3
    assert [row["test_accuracy"] for row in again] == [row["test_accuracy"] for row in whole]
    assert [row["train_loss"] for row in again] == pytest.approx([row["train_loss"] for row in whole], rel=1e-4)


def test_a_forecast_begins_with_cuda_by_itself():
    chosen = replace(PLANS["table1"], methods=("none",), measures=())
    foretold = forecast(chosen, [Crew([("none", 0), ("none", 1)])], "cuda:0", 1, long=0)
    assert foretold.seconds > 0
    assert foretold.free > 0


def test_lives_are_followed_on_a_gpu():
    toy = plan("type1")
    toy = replace(toy, training=replace(toy.training, epochs=2))
    on_gpu, on_cpu = (inheritance.follow(toy, (0, 1), 2, device).rows for device in ("cuda", "cpu"))
    for one, other in zip(on_gpu, on_cpu, strict=True):
        assert one.keys() == other.keys()
        assert all(one[name] == pytest.approx(other[name], rel=1e-3, abs=1e-4) for name in one)


def test_a_fleet_leaves_its_memory_when_it_goes():
    """Without the collector of cycles, which comes at any time: a forecast's trials would add up."""
    stream = ClassPairs(PLANS["table1"].images, 0, train_per_class=20)
    fleet = Fleet(lambda: SmallConv(stream.shape, 2), Training(epochs=3), [(intervention("cbp"), 0)], device="cuda")
    fleet.learn({0: stream.task(0)})
    gc.collect()
    gc.disable()
    try:
        weights = weakref.ref(next(iter(fleet._stack.weights.values())))
        whole, learner = weakref.ref(fleet), weakref.ref(fleet.learners[0])
        del fleet
        assert (weights(), whole(), learner()) == (None, None, None)
    finally:
        gc.enable()
