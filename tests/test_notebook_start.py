"""What the first cell of a chapter sets and says."""

import random

import matplotlib as mpl
import numpy as np
import pytest
import torch

from lop_tutorial.figures import PAGE_WIDTH
from lop_tutorial.fp32_precision import fp32_precision
from lop_tutorial.notebook import PROFILES, start


@pytest.fixture(autouse=True)
def as_before(monkeypatch):
    monkeypatch.delenv("LOP_PROFILE", raising=False)
    threads, style = torch.get_num_threads(), mpl.rcParams.copy()
    with fp32_precision():
        yield
    torch.set_num_threads(threads)
    mpl.rcParams.update(style)


def gpu(monkeypatch, there: bool, capability: tuple[int, int] = (7, 5)) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: there)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: int(there))
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device=None: capability)
    monkeypatch.setattr(torch.cuda, "get_arch_list", lambda: ["sm_75", "sm_80"])
    monkeypatch.setattr(torch.version, "cuda", "12.8")


def draws() -> tuple[float, float, float]:
    return random.random(), float(np.random.rand()), float(torch.rand(()))


def test_equal_seeds_give_equal_draws_and_other_seeds_other_ones():
    start(3)
    first = draws()
    start(3)
    assert draws() == first
    start(4)
    assert all(new != old for new, old in zip(draws(), first, strict=True))


def test_torch_keeps_to_one_thread_and_figures_wear_the_books_style():
    torch.set_num_threads(2)
    mpl.rcParams["figure.figsize"] = (1, 1)
    start()
    assert torch.get_num_threads() == 1
    assert mpl.rcParams["figure.figsize"][0] == PAGE_WIDTH


def test_quick_is_the_default_stays_on_the_cpu_and_says_in_one_line_that_a_gpu_is_idle(monkeypatch, capsys):
    gpu(monkeypatch, True)
    setting = start()
    assert (setting.profile, setting.device.type, setting.seed) == ("quick", "cpu", 0)
    said, hint = capsys.readouterr().out.splitlines()
    assert said == "profile quick · device cpu · seeds set to 0"
    assert "A GPU is idle" in hint
    assert "%env LOP_PROFILE=colab" in hint
    for there, profile in ((False, None), (True, "quick")):  # no GPU, or a reader who asked for this profile
        gpu(monkeypatch, there)
        if profile:
            monkeypatch.setenv("LOP_PROFILE", profile)
        start()
        assert capsys.readouterr().out == "profile quick · device cpu · seeds set to 0\n"


@pytest.mark.parametrize("profile", ["colab", "full"])
def test_larger_profiles_take_the_gpu_or_say_in_one_line_how_to_get_one(monkeypatch, capsys, profile):
    monkeypatch.setenv("LOP_PROFILE", profile)
    gpu(monkeypatch, True)
    assert start().device.type == "cuda"
    assert len(capsys.readouterr().out.splitlines()) == 1
    gpu(monkeypatch, False)
    assert start().device.type == "cpu"
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 2
    assert "Runtime → Change runtime type → T4 GPU" in said[1]


def test_a_gpu_that_torch_has_no_kernels_for_is_left_alone_and_named(monkeypatch, capsys):
    gpu(monkeypatch, True, capability=(6, 0))
    assert start().device.type == "cpu"
    assert capsys.readouterr().out == "profile quick · device cpu · seeds set to 0\n"
    monkeypatch.setenv("LOP_PROFILE", "colab")
    assert start().device.type == "cpu"
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 2
    assert "There is a GPU, but torch has no kernels for its generation 6.0" in said[1]


def test_an_unknown_profile_is_answered_with_those_there_are(monkeypatch):
    monkeypatch.setenv("LOP_PROFILE", "fast")
    with pytest.raises(ValueError, match=r"LOP_PROFILE is 'fast'; it must be one of quick, colab, full"):
        start()


@pytest.mark.parametrize("profile", PROFILES)
def test_pick_gives_the_value_of_the_profile_in_force(monkeypatch, profile):
    monkeypatch.setenv("LOP_PROFILE", profile)
    assert start().pick(quick="quick", colab="colab", full="full") == profile
