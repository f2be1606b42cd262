"""What is measured: stretching, neural collapse, ranks, units, drift, curvature, and the theory behind."""

from lop_tutorial.geometry.collapse import NeuralCollapse, neural_collapse, simplex_etf

__all__ = [
    "NeuralCollapse",
    "neural_collapse",
    "simplex_etf",
]
