"""The field explorer: a number at each place of a plane, points on it, scrubbed over tasks, layers, depth or width."""

from __future__ import annotations

from typing import ClassVar

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from lop_tutorial.figures.explorers.explorer import Explorer, Number, Sliders, module, must_follow
from lop_tutorial.figures.style import CLASS_MARKS, PAGE_WIDTH, QUANTITIES, Quantity

COLOUR_STOPS = 17


class FieldExplorer(Explorer):
    """A scalar field over the plane.

    `field` is (*sliders, rows, columns), values at the centres of equal cells; row 0 lies lowest, column 0 leftmost.
    `extent` is (left, right, bottom, top), the outer edges of the cells. `points` is (points, 2), or
    (*sliders, points, 2) where they move; `classes`, (points,) or with sliders, are integers that choose their marks.
    `boundary`, `field` itself or one of its shape, is drawn where it crosses `level`, as a class probability of 0.5.
    `quantity` names one of the book's (`QUANTITIES`), or is one. Minus infinity is drawn black, NaN grey.
    """

    kind: ClassVar[str] = "field"
    _esm = module("field")

    def __init__(
        self,
        field: np.ndarray,
        extent: tuple[Number, Number, Number, Number],
        *,
        quantity: str | Quantity = "ftle",
        sliders: Sliders | None = None,
        points: np.ndarray | None = None,
        classes: np.ndarray | None = None,
        boundary: np.ndarray | None = None,
        level: Number = 0.5,
        axes: tuple[str, str] = ("x₁", "x₂"),
        title: str = "",
    ) -> None:
        if isinstance(quantity, str):
            if quantity not in QUANTITIES:
                raise ValueError(f"quantity is {quantity!r}; it must be one of {', '.join(QUANTITIES)}, or a Quantity")
            quantity = QUANTITIES[quantity]
        left, right, bottom, top = extent
        if not (left < right and bottom < top):
            raise ValueError(f"extent is {extent}; it must be (left, right, bottom, top), each pair growing")
        arrays = {"field": must_follow(field, sliders, (None, None), "field")}
        still = []
        if boundary is not None and boundary is not field:
            arrays["boundary"] = must_follow(boundary, sliders, arrays["field"].shape[-2:], "boundary")
        for name, array, shape in (("points", points, (None, 2)), ("classes", classes, (None,))):
            if array is None:
                continue
            array = np.asarray(array)
            if array.ndim == len(shape):
                still.append(name)
            arrays[name] = must_follow(array, None if name in still else sliders, shape, name)
        finite = arrays["field"][np.isfinite(arrays["field"])]
        limits = quantity.ends(float(finite.min()), float(finite.max())) if finite.size else quantity.ends(0.0, 1.0)
        colours = mpl.colormaps[quantity.colours](np.linspace(0.07, 0.93, COLOUR_STOPS))  # the ends are too dark
        super().__init__(
            title or quantity.label,
            arrays,
            sliders,
            still=still,
            boundary=None if boundary is None else "field" if boundary is field else "boundary",
            extent=[float(end) for end in extent],
            limits=list(limits),
            level=float(level),
            axes=list(axes),
            quantity=quantity.label,
            colours=[mpl.colors.to_hex(colour) for colour in colours],
        )

    def picture(self) -> Figure:
        """Up to four frames along the first slider, side by side."""
        frames, arrays, spec = self.frames(4), self.arrays(), self.spec
        scale = mpl.colors.LinearSegmentedColormap.from_list("field", spec["colours"])
        colours = scale.with_extremes(bad="#a0a0a0", under="black")
        figure, axes = plt.subplots(1, len(frames), figsize=(PAGE_WIDTH, 2.3), sharey=True, squeeze=False)
        images = []
        for ax, (frame, words) in zip(axes[0], frames, strict=True):
            now = {name: array if name in spec["still"] else array[frame] for name, array in arrays.items()}
            shown = np.where(now["field"] == -np.inf, -1e30, now["field"])
            low, high = spec["limits"]
            images.append(
                ax.imshow(
                    shown, origin="lower", extent=spec["extent"], cmap=colours, vmin=low, vmax=high, aspect="auto"
                )
            )
            line = now.get(spec["boundary"])
            if line is not None and line.min() < spec["level"] < line.max():
                ax.contour(
                    line,
                    [spec["level"]],
                    extent=spec["extent"],
                    colors="black",
                    linewidths=1,
                    origin="lower",
                )
            _points(ax, now)
            ax.grid(False)
            ax.set(title=words, xlabel=spec["axes"][0], xlim=spec["extent"][:2], ylim=spec["extent"][2:])
        axes[0, 0].set_ylabel(spec["axes"][1])
        figure.colorbar(images[0], ax=axes[0], label=spec["quantity"], pad=0.01)
        return figure


def _points(ax: plt.Axes, now: dict[str, np.ndarray]) -> list[Line2D]:
    """Discs filled white, triangles filled black, and so on: they show on any colour."""
    if "points" not in now:
        return []
    classes = np.rint(now["classes"]) if "classes" in now else np.zeros(len(now["points"]))
    return [
        ax.plot(
            *now["points"][classes == k].T,
            CLASS_MARKS[int(k) % len(CLASS_MARKS)],
            markersize=3,
            markeredgewidth=0.6,
            markerfacecolor="black" if k % 2 else "white",
            markeredgecolor="white" if k % 2 else "black",
        )[0]
        for k in np.unique(classes)
    ]
