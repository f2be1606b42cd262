"""Fields of exponents over the plane, side by side on one scale of colours."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator

from lop_tutorial.figures.style import COLUMN_WIDTH, QUANTITIES

Field = Float[np.ndarray, "_rows _columns"]


def exponent_fields(
    fields: Mapping[str, tuple[Field, Field]], extent: tuple[float | int, float | int, float | int, float | int]
) -> Figure:
    """Under each title a field of exponents and the margins that go with it, 0 on the boundary: black with a white rim.

    All share one scale, centred at 0, and its bar lies below. Minus infinity is drawn black, NaN grey.
    """
    quantity = QUANTITIES["ftle"]
    finite = np.concatenate([exponents[np.isfinite(exponents)] for exponents, _ in fields.values()])
    low, high = quantity.ends(float(finite.min(initial=0)), float(finite.max(initial=0)))
    colours = mpl.colormaps[quantity.colours].with_extremes(bad="#a0a0a0", under="black")
    figure, axes = plt.subplots(
        1, len(fields), figsize=(COLUMN_WIDTH, 1.35 + 4.8 / len(fields)), sharey=True, squeeze=False
    )
    for ax, (title, (exponents, margins)) in zip(axes[0], fields.items(), strict=True):
        shown = np.where(exponents == -np.inf, 2 * low - high - 1, exponents)
        smooth = "bilinear" if np.isfinite(exponents).all() else "nearest"
        image = ax.imshow(shown, origin="lower", extent=extent, cmap=colours, vmin=low, vmax=high, interpolation=smooth)
        if margins.min() < 0 < margins.max():
            line = ax.contour(margins, [0], extent=extent, origin="lower", colors="black", linewidths=1.2)
            line.set_path_effects([withStroke(linewidth=3, foreground="white")])
        ax.grid(False)
        ax.locator_params(nbins=3)
        ax.set(title=title, xlabel="x₁")
    axes[0, 0].set_ylabel("x₂")
    words = f"{quantity.label}: squeezed below 0, stretched above"
    figure.colorbar(
        image, ax=axes[0], label=words, location="bottom", aspect=40, ticks=MaxNLocator(nbins=5, steps=[1, 2, 5, 10])
    )
    return figure
