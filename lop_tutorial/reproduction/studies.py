"""The studies whose outcomes lie in `results/`: what was tried, before which default was chosen."""

from __future__ import annotations

from dataclasses import replace

from lop_tutorial.reproduction.plans import FIRST_LOOK
from lop_tutorial.reproduction.study import Study

# Chapter 1's small network on images of 8 x 8 pixels. Seeds that no table uses.
_SMALL = replace(FIRST_LOOK, tasks=40, seeds=(100, 101, 102, 103, 104))
_SETS = ("cifar100", "tinyimagenet", "procedural")

GENERALIZED_MIXUP = Study(
    "generalized_mixup_study",
    "Generalized Mixup: one setting at a time moved away from the default, at three step sizes",
    replace(
        _SMALL,
        methods=(
            "none",
            "retrained",
            "g_mixup",
            "g_mixup:bump=0",
            "g_mixup:bump=0.1",
            "g_mixup:bump=1",
            "g_mixup:bump=2",
            "g_mixup:intra=0",
            "g_mixup:intra=0.25",
            "g_mixup:intra=0.75",
            "g_mixup:intra=1",
            "g_mixup:alpha=0.2",
            "g_mixup:intra_weight=0.1",
            "g_mixup:intra_weight=1",
            "g_mixup:pairing=permutation",
            "g_mixup:bump=0.1:intra_loss=training:unbounded=true",
            "g_mixup:bump=0.5:intra_loss=training:unbounded=true",
        ),
    ),
    step_sizes=(0.05, 0.1, 0.2),
    data=_SETS,
)

GENERALIZED_MIXUP_SQUARED = Study(
    "generalized_mixup_study_squared_error",
    "Generalized Mixup where all training is with squared error",
    replace(
        _SMALL,
        training=replace(_SMALL.training, loss="squared_error"),
        methods=(
            "none",
            "retrained",
            "g_mixup:intra_loss=training",
            "g_mixup:intra_loss=training:bump=0",
            "g_mixup:intra_loss=training:intra=0",
            "g_mixup:intra_loss=training:intra=1",
        ),
    ),
    step_sizes=(0.05, 0.1, 0.2),
    losses=("squared_error",),
    data=_SETS,
)

STUDIES = {study.name: study for study in (GENERALIZED_MIXUP, GENERALIZED_MIXUP_SQUARED)}
