"""What is measured of a network's geometry: how it stretches its inputs, and where training ends."""

from lop_tutorial.geometry.changes import Summary, log_collapse, log_stretch, summary
from lop_tutorial.geometry.ftle import SingularVectors, ftle, layers_up_to, singular_vectors
from lop_tutorial.geometry.probes import between, field, grid, segments, within

__all__ = [
    "SingularVectors",
    "Summary",
    "between",
    "field",
    "ftle",
    "grid",
    "layers_up_to",
    "log_collapse",
    "log_stretch",
    "segments",
    "singular_vectors",
    "summary",
    "within",
]
