"""The first line of every chapter: seeds, threads, figures, profile and device, said in one line."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass
from typing import Literal, TypeVar, get_args

import numpy as np
import torch

from lop_tutorial import figures
from lop_tutorial.fp32_precision import set_fp32_precision

Profile = Literal["quick", "colab", "full"]
PROFILES: tuple[Profile, ...] = get_args(Profile)

Choice = TypeVar("Choice")


@dataclass(frozen=True)
class Setting:
    """What a chapter runs in."""

    profile: Profile
    device: torch.device
    seed: int

    def pick(self, *, quick: Choice, colab: Choice, full: Choice) -> Choice:
        """The value for the profile in force, as in `tasks = setting.pick(quick=20, colab=500, full=5000)`."""
        return {"quick": quick, "colab": colab, "full": full}[self.profile]


def profile_in_force() -> Profile:
    """The profile that the environment variable LOP_PROFILE names; `quick` where it names none."""
    named = os.environ.get("LOP_PROFILE", "quick")
    for profile in PROFILES:
        if named == profile:
            return profile
    raise ValueError(f"LOP_PROFILE is {named!r}; it must be one of {', '.join(PROFILES)}, or not set (quick)")


def start(seed: int = 0) -> Setting:
    """Makes a chapter repeatable and says what it runs in.

    Seeds Python's, NumPy's and torch's global generators, holds torch to one thread and to products in float32, and
    gives figures the book's style. The profile `quick` stays on the CPU, whatever else is there: its outputs are those
    that the book stores and the tests check. The others use a GPU where there is one.
    """
    profile = profile_in_force()
    trouble = _trouble()
    gpu = torch.cuda.is_available() and trouble is None
    device = torch.device("cuda" if gpu and profile != "quick" else "cpu")
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    set_fp32_precision("ieee")
    torch.set_num_threads(1)
    figures.use()
    print(f"profile {profile} · device {device} · seeds set to {seed}")
    if profile != "quick" and trouble:
        print(f"There is a GPU, but {trouble}.")
    elif profile != "quick" and not gpu:
        print("A GPU would make this much faster; in Colab: Runtime → Change runtime type → T4 GPU.")
    if gpu and "LOP_PROFILE" not in os.environ:
        print("A GPU is idle; to use it, put %env LOP_PROFILE=colab in a cell above this one and run both.")
    return Setting(profile, device, seed)


def _trouble() -> str | None:
    """Why torch cannot train on the GPU that it sees, such as a card for which it has no kernels."""
    if not torch.cuda.is_available():
        return None
    from lop_tutorial.training.devices import cuda_trouble

    return cuda_trouble()
