"""Devices by name: which is taken, what is said of one that cannot be used, and what a GPU without float64 is given."""

from dataclasses import replace

import pretended_gpu
import pytest
import torch

from lop_tutorial import doctor
from lop_tutorial.experiments import plan
from lop_tutorial.interventions import NoIntervention
from lop_tutorial.networks import MLP
from lop_tutorial.running import rows
from lop_tutorial.running.suited import must_suit
from lop_tutorial.streams import ToyPoints
from lop_tutorial.training import Fleet, Learner, Training, devices
from lop_tutorial.training.devices import choose, cuda_trouble, precisions
from lop_tutorial.training.precision import Precision


@pytest.fixture
def no_cuda(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    monkeypatch.setattr(torch.version, "cuda", "12.8")


def on_gpus():
    """What the doctor says of them, a line each."""
    return {finding.what: finding for finding in doctor.examine() if finding.what.startswith("GPU")}


def test_auto_is_the_gpu_where_there_is_one(no_cuda):
    assert choose("auto") == choose("cpu") == "cpu"
    with pretended_gpu.pretend():
        assert choose("auto") == "cuda"
        assert choose("cuda:0", "bf16") == "cuda:0"
        with pytest.raises(ValueError, match="'cuda:1', but torch sees 1 CUDA devices here; use --device cpu"):
            choose("cuda:1")


@pytest.mark.parametrize("name", ["tpu", "cpu:1", "cuda:x", "cuda:"])
def test_other_names_are_answered_with_those_there_are(name):
    with pytest.raises(ValueError, match="it must be auto, cpu, cuda, cuda:N or mps"):
        choose(name)


def test_a_driver_that_is_too_old_is_not_taken_for_a_gpu(no_cuda, monkeypatch):
    """Its library counts devices that torch cannot use."""

    def fail():
        raise RuntimeError("The NVIDIA driver on your system is too old (found version 11040).\nMore.")

    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "init", fail)
    assert choose("auto") == "cpu"
    with pytest.raises(ValueError, match=r"cannot use the 2 that the driver counts: The NVIDIA driver .* too old .*;"):
        choose("cuda")
    told = on_gpus()
    assert (list(told), told["GPU"].here) == (["GPU"], False)
    assert "too old" in told["GPU"].found
    assert told["GPU"].remedy.startswith("update NVIDIA's driver")


def test_a_torch_without_cuda_or_without_kernels_for_a_card_says_so(no_cuda, monkeypatch):
    with pretended_gpu.pretend(capability=(6, 1)):
        assert "no kernels for its generation 6.1" in cuda_trouble()
        with pytest.raises(ValueError, match="no kernels"):
            choose("cuda")
    assert on_gpus()["GPU"].remedy.startswith("not needed for the profile quick")
    monkeypatch.setattr(torch.version, "cuda", None)
    with pytest.raises(ValueError, match="built without CUDA"):
        choose("cuda")
    assert on_gpus()["GPU"].remedy.startswith("not needed for the profile quick")
    monkeypatch.setattr(doctor, "driver", lambda: "570.86")
    assert "built without CUDA" in on_gpus()["GPU"].found
    assert on_gpus()["GPU"].remedy == "NVIDIA's driver 570.86 is here: install a torch built with CUDA (pytorch.org)"


@pytest.mark.parametrize(
    ("capability", "built", "usable"),
    [((12, 0), "sm_120", True), ((10, 0), "sm_120", False), ((9, 0), "sm_100", False), ((8, 9), "sm_86", True)],
)
def test_generations_of_two_and_of_three_digits(capability, built, usable, monkeypatch):
    monkeypatch.setattr(devices, "_built_for", lambda: [built])
    with pretended_gpu.pretend(capability=capability):
        assert (cuda_trouble() is None) == usable


@pytest.mark.parametrize(("capability", "able"), [((7, 5), ["fp32"]), ((8, 0), ["fp32", "tf32", "bf16"])])
def test_a_card_is_recommended_only_what_it_can(capability, able):
    with pretended_gpu.pretend(capability=capability):
        assert precisions("cuda:0") == able
        told = on_gpus()
        found = told["GPU cuda:0"]
        assert (list(told), found.here) == (["GPU cuda:0"], True)
        card, built = f"pretended GPU ({capability[0]}.{capability[1]}), 16 GiB", torch.version.cuda
        assert f"{card}; torch's CUDA {built}, driver" in found.found
        assert found.found.endswith(f"can do {', '.join(able)}")
        if able == ["fp32"]:
            for name in ("tf32", "bf16"):
                with pytest.raises(ValueError, match=rf"{name} needs .*; cuda is older: use fp32$"):
                    Precision(name, torch.device("cuda"))


def test_each_card_is_asked_what_it_can_itself(monkeypatch):
    capabilities = {"cuda": (9, 0), "cuda:0": (9, 0), "cuda:1": (6, 1), "cuda:2": (7, 5)}

    def capability(device="cuda"):
        return capabilities[f"cuda:{device}" if isinstance(device, int) else str(device)]

    with pretended_gpu.pretend(devices=3):
        monkeypatch.setattr(torch.cuda, "get_device_capability", capability)
        assert cuda_trouble(0) is None
        assert "no kernels for its generation 6.1" in cuda_trouble(1)
        assert [precisions(f"cuda:{number}") for number in (0, 2)] == [["fp32", "tf32", "bf16"], ["fp32"]]
        monkeypatch.undo()


def test_on_apples_gpu_plans_run_or_what_is_missing_is_named(no_cuda):
    with pytest.raises(ValueError, match="'mps', but torch finds no Apple GPU here"):
        choose("mps")
    for name in ("type1", "table1", "table3"):
        must_suit(plan(name), "cuda")
    with pretended_gpu.pretend("mps"):
        assert [(name, finding.here) for name, finding in on_gpus().items()] == [("GPU mps", True)]
        assert choose("mps") == "mps"
        with pytest.raises(
            ValueError, match="no float64, and the measure exponents, the measure health, the method cbp"
        ):
            must_suit(plan("table1"), "mps")
        small = replace(plan("first_look"), seeds=(0, 1), tasks=2, train_per_class=40)
        small = replace(small, training=replace(small.training, epochs=2))
        must_suit(small, "mps")
        there = [row["test_accuracy"] for row in rows(small, device="mps")]
    assert there == pytest.approx([row["test_accuracy"] for row in rows(small)], abs=0.011)


def test_apples_gpu_multiplies_in_bfloat16_where_macos_has_it_and_otherwise_says_so(monkeypatch):
    """On an older macOS torch would go on in float32, with a warning."""

    def head(kind, precision):
        training = Training(step_size=0.05, epochs=4, batch_size=16)
        made = {"device": "mps", "precision": precision}
        if kind is Learner:
            one = Learner(lambda: MLP((20,), 2, hidden=(8,)), training, **made)
            one.learn(ToyPoints(0).task(0))
        else:
            fleet = Fleet(lambda: MLP((20,), 2, hidden=(8,)), training, [(NoIntervention(), 0)], **made)
            fleet.learn({0: ToyPoints(0).task(0)})
            one = fleet.learners[0]
        assert one.network.head.weight.device.type == "mps"
        return one.network.head.weight.detach().to("cpu")

    with pretended_gpu.pretend("mps"):
        assert choose("mps", "bf16") == "mps"
        assert precisions("mps") == ["fp32", "bf16"]
        assert on_gpus()["GPU mps"].found.endswith("can do fp32, bf16")
        for kind in (Learner, Fleet):
            short, exact = (head(kind, precision) for precision in ("bf16", "fp32"))
            assert 1e-4 < (short - exact).abs().max() < 0.1  # float32's rounding moves them by less than 1e-5
        monkeypatch.setattr(torch.backends.mps, "is_macos_or_newer", lambda major, minor: (major, minor) <= (13, 6))
        with pytest.raises(ValueError, match="bf16 on Apple's GPU needs macOS 14 or later; use fp32"):
            choose("mps", "bf16")
        assert on_gpus()["GPU mps"].found.endswith("can do fp32")
        monkeypatch.undo()
