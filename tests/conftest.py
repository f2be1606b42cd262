"""Every test runs on one thread, with the shapes and types in signatures checked at each call."""

from jaxtyping import install_import_hook

install_import_hook("lop_tutorial", "beartype.beartype")

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path

import jaxtyping
import matplotlib

matplotlib.use("agg")

import hypothesis
import pretended_gpu
import pytest
import torch

from lop_tutorial.data.procedural import ProceduralImages

hypothesis.settings.register_profile("any machine", deadline=None)
hypothesis.settings.load_profile("any machine")
torch.set_num_threads(1)  # here as well, for fixtures of whole modules come before those of a test


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


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
