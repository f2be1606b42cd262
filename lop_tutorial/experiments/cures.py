"""Interventions as experiments: methods that each hold one quantity, the suspects that they move, and what follows.

`lop-tutorial reproduce cures_type1` and `cures_type2` make the tables of the two toys, `cures_pairs` that of SmallConv
on pairs of CIFAR-100's classes: rows as in `suspects`. What counts as a verdict was written down before they ran, in
`results/cures.md`, with the reasons for the methods' strengths.
"""

from __future__ import annotations

from collections.abc import Sequence

from lop_tutorial.experiments.inheritance import FITTED
from lop_tutorial.experiments.suspects import EVERY, Trial, states
from lop_tutorial.geometry.line_up import LINE_UP, PER_CLASS

METHODS = (
    "none",
    "retrained",
    "g_mixup:M=1:intra_weight=1",
    "fire:iterations=10",
    "isometry:strength=0.001",
    "parseval:strength=0.001",
    "muon:scale=0.06",
    "weight_rescaling:strength=1",
    "spectral:strength=0.001",
    "upgd:noise=0.001",
)
"""Nothing, a fresh network at each task, mixing, and what holds the spectrum of weights, that of steps, the length of
weights, or those of use."""


def _in(setting: str, name: str, where: str, seeds: Sequence[int]) -> Trial:
    return Trial(
        name,
        f"Methods that hold one quantity each, and the suspects, {where}",
        states,
        parts=tuple({"setting": setting, "method": method} for method in METHODS),
        seeds=tuple(seeds),
        tasks=30,
        methods=METHODS,
        settings={"suspects": [suspect.name for suspect in LINE_UP], "every": EVERY, "examples_per_class": PER_CLASS},
    )


EXPERIMENTS = (
    _in("type1", "cures_type1", "in two dimensions", FITTED),
    _in("type2", "cures_type2", "in 256 dimensions", FITTED),
    _in("cifar100", "cures_pairs", "on pairs of classes", range(16)),
)
