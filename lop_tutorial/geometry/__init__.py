"""What is measured: stretching, neural collapse, ranks, units, drift, curvature, and the theory behind."""

from lop_tutorial.geometry.collapse import NeuralCollapse, neural_collapse, simplex_etf
from lop_tutorial.geometry.rank import approximate_rank, effective_rank, feature_rank, stable_rank

__all__ = [
    "NeuralCollapse",
    "approximate_rank",
    "effective_rank",
    "feature_rank",
    "neural_collapse",
    "simplex_etf",
    "stable_rank",
]
