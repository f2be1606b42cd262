"""What is measured: stretching, neural collapse, ranks, units, drift, curvature, and the theory behind."""

from lop_tutorial.geometry.accumulation import (
    Inheritance,
    Ledger,
    accumulate,
    fit_inheritance,
    growth_per_task,
    inheritance_law,
    ledger,
    product_law,
    settles_at,
    strengths_over_tasks,
)
from lop_tutorial.geometry.activations import hidden_activations
from lop_tutorial.geometry.changes import Summary, log_collapse, log_stretch, summary
from lop_tutorial.geometry.collapse import (
    NeuralCollapse,
    Variability,
    collapse_axes,
    neural_collapse,
    simplex_etf,
    variability,
)
from lop_tutorial.geometry.curvature import Spectrum, hessian_eigenvalues, hessian_rank, hessian_spectrum
from lop_tutorial.geometry.drift import distance_from, gradient_norm, snapshot, weight_magnitude, weight_norm
from lop_tutorial.geometry.ftle import SingularVectors, ftle, layers_up_to, singular_vectors
from lop_tutorial.geometry.modes import Contraction, Strengths, contraction, modes_at, modes_end, nc1_rate
from lop_tutorial.geometry.probes import between, field, grid, segments, within
from lop_tutorial.geometry.rank import approximate_rank, effective_rank, feature_rank, stable_rank
from lop_tutorial.geometry.ridges import Ridge, boundary, margin, ridge
from lop_tutorial.geometry.theory import (
    contraction_from_loss,
    finite_size_exponent,
    least_exponent,
    log_collapse_of,
    predicted_log_collapse,
    predicted_log_stretch,
)
from lop_tutorial.geometry.ufm import UFM, State
from lop_tutorial.geometry.units import (
    UnitShares,
    dead_units,
    dormancy_scores,
    dormant_units,
    inactive_units,
    unit_shares,
)
from lop_tutorial.geometry.walk import chance_of_an_open_unit, growth_of_a_walk, walk_ratio, walked_size

__all__ = [
    "UFM",
    "Contraction",
    "Inheritance",
    "Ledger",
    "NeuralCollapse",
    "Ridge",
    "SingularVectors",
    "Spectrum",
    "State",
    "Strengths",
    "Summary",
    "UnitShares",
    "Variability",
    "accumulate",
    "approximate_rank",
    "between",
    "boundary",
    "chance_of_an_open_unit",
    "collapse_axes",
    "contraction",
    "contraction_from_loss",
    "dead_units",
    "distance_from",
    "dormancy_scores",
    "dormant_units",
    "effective_rank",
    "feature_rank",
    "field",
    "finite_size_exponent",
    "fit_inheritance",
    "ftle",
    "gradient_norm",
    "grid",
    "growth_of_a_walk",
    "growth_per_task",
    "hessian_eigenvalues",
    "hessian_rank",
    "hessian_spectrum",
    "hidden_activations",
    "inactive_units",
    "inheritance_law",
    "layers_up_to",
    "least_exponent",
    "ledger",
    "log_collapse",
    "log_collapse_of",
    "log_stretch",
    "margin",
    "modes_at",
    "modes_end",
    "nc1_rate",
    "neural_collapse",
    "predicted_log_collapse",
    "predicted_log_stretch",
    "product_law",
    "ridge",
    "segments",
    "settles_at",
    "simplex_etf",
    "singular_vectors",
    "snapshot",
    "stable_rank",
    "strengths_over_tasks",
    "summary",
    "unit_shares",
    "variability",
    "walk_ratio",
    "walked_size",
    "weight_magnitude",
    "weight_norm",
    "within",
]
