"""What is measured: stretching, neural collapse, ranks, units, norms of weights, curvature."""

from lop_tutorial.geometry.activations import hidden_activations
from lop_tutorial.geometry.cloned import cloned_share, cloned_units
from lop_tutorial.geometry.collapse import (
    NeuralCollapse,
    Variability,
    collapse_axes,
    neural_collapse,
    simplex_etf,
    variability,
)
from lop_tutorial.geometry.curvature import Spectrum, hessian_eigenvalues, hessian_rank, hessian_spectrum
from lop_tutorial.geometry.frozen import frozen_share, frozen_units, hidden_slopes
from lop_tutorial.geometry.ftle import SingularVectors, ftle, layers_up_to, singular_vectors
from lop_tutorial.geometry.isometry import gram_deviation, jacobian_isometry, weight_isometry
from lop_tutorial.geometry.norms import distance_from, gradient_norm, snapshot, weight_magnitude, weight_norm
from lop_tutorial.geometry.probes import between, field, grid, segments, within
from lop_tutorial.geometry.rank import approximate_rank, effective_rank, feature_rank, stable_rank
from lop_tutorial.geometry.ridges import Ridge, boundary, margin, ridge
from lop_tutorial.geometry.summary import Summary, log_collapse, log_stretch, spread, summary
from lop_tutorial.geometry.tangent import (
    epsilon_rank,
    gauss_newton_eigenvalues,
    gradient_coherence,
    kernel_rank,
    tangent_kernel,
)
from lop_tutorial.geometry.units import (
    UnitShares,
    dead_units,
    dormancy_scores,
    dormant_units,
    inactive_units,
    unit_shares,
)

__all__ = [
    "NeuralCollapse",
    "Ridge",
    "SingularVectors",
    "Spectrum",
    "Summary",
    "UnitShares",
    "Variability",
    "approximate_rank",
    "between",
    "boundary",
    "cloned_share",
    "cloned_units",
    "collapse_axes",
    "dead_units",
    "distance_from",
    "dormancy_scores",
    "dormant_units",
    "effective_rank",
    "epsilon_rank",
    "feature_rank",
    "field",
    "frozen_share",
    "frozen_units",
    "ftle",
    "gauss_newton_eigenvalues",
    "gradient_coherence",
    "gradient_norm",
    "gram_deviation",
    "grid",
    "hessian_eigenvalues",
    "hessian_rank",
    "hessian_spectrum",
    "hidden_activations",
    "hidden_slopes",
    "inactive_units",
    "jacobian_isometry",
    "kernel_rank",
    "layers_up_to",
    "log_collapse",
    "log_stretch",
    "margin",
    "neural_collapse",
    "ridge",
    "segments",
    "simplex_etf",
    "singular_vectors",
    "snapshot",
    "spread",
    "stable_rank",
    "summary",
    "tangent_kernel",
    "unit_shares",
    "variability",
    "weight_isometry",
    "weight_magnitude",
    "weight_norm",
    "within",
]
