"""What is done against loss of plasticity, one file a method: G-mixup is `generalized_mixup.py`."""

from lop_tutorial.interventions.composition import Composition
from lop_tutorial.interventions.continual_backprop import ContinualBackprop
from lop_tutorial.interventions.crelu import CReLU
from lop_tutorial.interventions.examples import ByClass, Examples
from lop_tutorial.interventions.fire import FIRE
from lop_tutorial.interventions.generalized_mixup import GeneralizedMixup, mixup_labels
from lop_tutorial.interventions.hare_and_tortoise import HareAndTortoise
from lop_tutorial.interventions.head_reset import HeadReset
from lop_tutorial.interventions.intervention import Intervention, LearnerState, Loss, must_be_sound
from lop_tutorial.interventions.isometry_penalty import IsometryPenalty
from lop_tutorial.interventions.l2 import L2
from lop_tutorial.interventions.l2_init import L2Init
from lop_tutorial.interventions.layer_norm import LayerNorm
from lop_tutorial.interventions.mixup import Mixup
from lop_tutorial.interventions.muon import Muon
from lop_tutorial.interventions.no_intervention import NoIntervention
from lop_tutorial.interventions.parseval import Parseval
from lop_tutorial.interventions.redo import ReDo
from lop_tutorial.interventions.registry import (
    EDITION,
    FIRST_EDITION,
    INTERVENTIONS,
    OTHERS,
    SIX,
    intervention,
    spelled_out,
    title,
    titles,
    without_settings,
)
from lop_tutorial.interventions.retrained import Retrained
from lop_tutorial.interventions.self_normalised_reset import SelfNormalisedReset
from lop_tutorial.interventions.shrink_and_perturb import ShrinkAndPerturb
from lop_tutorial.interventions.spectral import Spectral
from lop_tutorial.interventions.upgd import UPGD
from lop_tutorial.interventions.weight_rescaling import WeightRescaling

__all__ = [
    "EDITION",
    "FIRE",
    "FIRST_EDITION",
    "INTERVENTIONS",
    "L2",
    "OTHERS",
    "SIX",
    "UPGD",
    "ByClass",
    "CReLU",
    "Composition",
    "ContinualBackprop",
    "Examples",
    "GeneralizedMixup",
    "HareAndTortoise",
    "HeadReset",
    "Intervention",
    "IsometryPenalty",
    "L2Init",
    "LayerNorm",
    "LearnerState",
    "Loss",
    "Mixup",
    "Muon",
    "NoIntervention",
    "Parseval",
    "ReDo",
    "Retrained",
    "SelfNormalisedReset",
    "ShrinkAndPerturb",
    "Spectral",
    "WeightRescaling",
    "intervention",
    "mixup_labels",
    "must_be_sound",
    "spelled_out",
    "title",
    "titles",
    "without_settings",
]
