"""Every test runs on one thread, on the same random numbers, with the shapes and types in signatures checked."""

from jaxtyping import install_import_hook

install_import_hook("lop_tutorial", "beartype.beartype")

import os
import random
import tempfile
from contextlib import contextmanager
from pathlib import Path

import jaxtyping
import matplotlib

matplotlib.use("agg")

import hypothesis
import numpy as np
import pretended_gpu
import pytest
import torch

from lop_tutorial.data.procedural import ProceduralImages

# neither how fast a machine is nor what was drawn before decides whether a test passes
slow = [hypothesis.HealthCheck.too_slow]
hypothesis.settings.register_profile("any machine", deadline=None, derandomize=True, suppress_health_check=slow)
hypothesis.settings.load_profile("any machine")
torch.set_num_threads(1)  # here as well, for fixtures of whole modules come before those of a test

# what tests start (kernels, workers, command lines) compiles the package once, and not in each process anew
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def begin_draws(place):
    """Global generators at a beginning: what a test draws does not depend on which others its process has run."""
    random.seed(place)
    np.random.seed(place)
    torch.manual_seed(place)


def pytest_make_collect_report():
    begin_draws(1)  # for what a file draws while it is imported


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup():
    begin_draws(2)  # for what fixtures draw


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call():
    begin_draws(3)  # not what a fixture or the file has drawn already


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def nobody_is_made_to_stand_back():
    """A queue's command stands back behind all else; done in a test's process, it would slow every test after it."""
    niceness = getattr(os, "nice", int)
    before = niceness(0)
    yield
    assert niceness(0) == before, "replace lop_tutorial.commands.queue.stand_back in this test"


@pytest.fixture
def as_users_run(monkeypatch):
    """Without the checks of shapes and types: what a user gives is met by the package's own words."""
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)


@pytest.fixture
def unprivileged():
    """A folder, and a way to act in it as a user who may not do everything: root can write wherever it likes."""
    user = os.geteuid()

    @contextmanager
    def acting():
        try:
            if user == 0:
                os.seteuid(65534)
            yield
        finally:
            os.seteuid(user)

    with tempfile.TemporaryDirectory() as name:  # not tmp_path: that is closed to all but one user anyway
        Path(name).chmod(0o755)
        yield Path(name), acting


@pytest.fixture(autouse=True)
def a_gpu(request):
    """With the mark `cuda`, a test runs on CUDA devices; where there are none, on two pretended ones."""
    if request.node.get_closest_marker("cuda") is None or torch.cuda.is_available():
        yield None
        return
    with pretended_gpu.pretend(devices=2) as gpu:
        yield gpu


@pytest.fixture(scope="session")
def tiny_images():
    """Seven classes of 8 x 8 images, 20 + 10 each."""
    return ProceduralImages(number=7, train=20, test=10, size=8)
