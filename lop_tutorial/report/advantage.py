"""A method's gain, split into what can be plasticity that was lost, and the rest.

A method's advantage over No Intv. is its advantage over Retrained plus that of Retrained over No Intv. Only the second
is plasticity lost, as far as a fresh network shows what could have been learned.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from lop_tutorial.report.paper import PaperTable


@dataclass(frozen=True)
class Advantage:
    """A method against a reference, bin by bin (and seed by seed where accuracies have such an axis before it)."""

    points: Float64[np.ndarray, "*seed bin"]
    """Difference of the accuracies, in [-1, 1]."""
    errors_saved: Float64[np.ndarray, "*seed bin"]
    """Share of the reference's errors that the method does not make; negative where it makes more, at most 1."""

    @property
    def grown(self) -> Float64[np.ndarray, "*seed"]:
        """The difference in the last bin less that in the first."""
        return np.asarray(self.points[..., -1] - self.points[..., 0])


def advantage(method: Float64[np.ndarray, "*seed bin"], reference: Float64[np.ndarray, "*other bins"]) -> Advantage:
    """From accuracies in [0, 1] of the same shape, the last axis over bins or tasks.

    A reference without errors leaves nothing to save: its share is NaN. ValueError for accuracies outside [0, 1], or of
    other shapes.
    """
    if method.shape != reference.shape:
        raise ValueError(f"accuracies have shapes {method.shape} and {reference.shape}; they must be alike")
    for values in (method, reference):
        if (values < 0).any() or (values > 1).any():
            raise ValueError(f"accuracies reach from {values.min()} to {values.max()}; they must lie between 0 and 1")
    errors = np.where(reference < 1, 1 - reference, np.nan)
    return Advantage(method - reference, (method - reference) / errors)


def of_paper(table: PaperTable, method: str, reference: str) -> Advantage:
    """The same from the paper's means, which have three digits and no spread. Methods by their titles there."""
    for name in (method, reference):
        if name not in table.rows:
            raise ValueError(f"method is {name!r}; {table.about} has {', '.join(table.rows)}")
    return advantage(np.array(table.rows[method]), np.array(table.rows[reference]))
