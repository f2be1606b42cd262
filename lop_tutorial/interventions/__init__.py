"""What is done against loss of plasticity, one file a method."""

from lop_tutorial.interventions.intervention import Intervention, LearnerState, Loss
from lop_tutorial.interventions.no_intervention import NoIntervention
from lop_tutorial.interventions.retrained import Retrained

# By the name that the command line and run folders use.
INTERVENTIONS: dict[str, type[Intervention]] = {"none": NoIntervention, "retrained": Retrained}

__all__ = ["INTERVENTIONS", "Intervention", "LearnerState", "Loss", "NoIntervention", "Retrained"]
