"""What can be reproduced besides plans, by name: the book's own experiments, and sweeps of settings."""

from __future__ import annotations

from lop_tutorial.experiments import (
    agent_controls,
    cartpole_reference,
    cbp_divergence,
    changing_control,
    changing_games,
    controls,
    cures,
    disc_networks,
    equal_training,
    heads,
    increments,
    inheritance,
    long_phase,
    probe_scales,
    shorter_steps,
    suspects,
    type1_settings,
    type2_settings,
    warm_start,
    weight_walk,
)
from lop_tutorial.experiments.sweeps import SWEEPS
from lop_tutorial.running.experiment import Experiment
from lop_tutorial.running.sweep import Sweep

_MODULES = (
    agent_controls,
    cartpole_reference,
    cbp_divergence,
    changing_control,
    changing_games,
    controls,
    disc_networks,
    equal_training,
    heads,
    increments,
    inheritance,
    long_phase,
    probe_scales,
    shorter_steps,
    suspects,
    type1_settings,
    type2_settings,
    warm_start,
    weight_walk,
)
OWN: dict[str, Experiment | Sweep] = {module.EXPERIMENT.name: module.EXPERIMENT for module in _MODULES}
_MORE = (
    *(changing_control.HELD_OUT, changing_control.REPLAY_RATIO, probe_scales.SMALL_REWARDS),
    *(suspects.HELD_OUT_TRIAL, warm_start.CONTROL),
    *cures.EXPERIMENTS,
)
OWN |= {more.name: more for more in _MORE}
OWN |= SWEEPS
