"""What is done against loss of plasticity, one file a method."""

from lop_tutorial.interventions.continual_backprop import ContinualBackprop
from lop_tutorial.interventions.generalized_mixup import GeneralizedMixup, mixup_labels
from lop_tutorial.interventions.intervention import Intervention, LearnerState, Loss
from lop_tutorial.interventions.l2_init import L2Init
from lop_tutorial.interventions.layer_norm import LayerNorm
from lop_tutorial.interventions.no_intervention import NoIntervention
from lop_tutorial.interventions.registry import INTERVENTIONS, SIX, intervention, title
from lop_tutorial.interventions.retrained import Retrained

__all__ = [
    "INTERVENTIONS",
    "SIX",
    "ContinualBackprop",
    "GeneralizedMixup",
    "Intervention",
    "L2Init",
    "LayerNorm",
    "LearnerState",
    "Loss",
    "NoIntervention",
    "Retrained",
    "intervention",
    "mixup_labels",
    "title",
]
