"""What is derived: the unconstrained features model, what one task and many tasks do to exponents, laws."""

from lop_tutorial.theory.many_tasks import (
    ExponentChange,
    Inheritance,
    accumulate,
    decompose_change,
    fit_inheritance,
    growth_per_task,
    inheritance_law,
    product_law,
    settles_at,
    strengths_over_tasks,
)
from lop_tutorial.theory.modes import Contraction, Strengths, contraction, modes_at, modes_end, nc1_rate
from lop_tutorial.theory.one_task import (
    contraction_from_loss,
    finite_size_exponent,
    least_exponent,
    log_collapse_of,
    predicted_log_collapse,
    predicted_log_stretch,
)
from lop_tutorial.theory.random_walk import chance_of_an_open_unit, log_growth_of_walk, norm_after_steps, walk_ratio
from lop_tutorial.theory.ufm import UFM, State

__all__ = [
    "UFM",
    "Contraction",
    "ExponentChange",
    "Inheritance",
    "State",
    "Strengths",
    "accumulate",
    "chance_of_an_open_unit",
    "contraction",
    "contraction_from_loss",
    "decompose_change",
    "finite_size_exponent",
    "fit_inheritance",
    "growth_per_task",
    "inheritance_law",
    "least_exponent",
    "log_collapse_of",
    "log_growth_of_walk",
    "modes_at",
    "modes_end",
    "nc1_rate",
    "norm_after_steps",
    "predicted_log_collapse",
    "predicted_log_stretch",
    "product_law",
    "settles_at",
    "strengths_over_tasks",
    "walk_ratio",
]
