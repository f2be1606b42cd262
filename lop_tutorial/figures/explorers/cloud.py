"""The cloud explorer: points of a two-dimensional representation that move from task to task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from lop_tutorial.figures.explorers.explorer import Explorer, Sliders, module, must_follow
from lop_tutorial.figures.style import CLASS_COLOURS, CLASS_MARKS, PAGE_WIDTH, on_dark


class CloudExplorer(Explorer):
    """Points in the plane, by class, with the class centres as large marks.

    `points` is (*sliders, points, 2); `classes` is (points,) or (*sliders, points), integers from 0. The axes reach
    over all frames, so that a collapse shows as one; the reader may zoom to the points of a frame.
    """

    kind: ClassVar[str] = "cloud"
    _esm = module("cloud")

    def __init__(
        self,
        points: np.ndarray,
        classes: np.ndarray,
        *,
        sliders: Sliders | None = None,
        names: Sequence[str] = (),
        axes: tuple[str, str] = ("h₁", "h₂"),
        title: str = "Representation",
    ) -> None:
        classes = np.asarray(classes)
        if classes.size == 0 or classes.min() < 0 or not np.array_equal(classes, classes.astype(int)):
            raise ValueError("classes must be integers from 0, one for each point")
        number = int(classes.max()) + 1
        if number > len(CLASS_COLOURS):
            raise ValueError(f"there are {number} classes; {len(CLASS_COLOURS)} can be told apart by colour")
        placed = must_follow(points, sliders, (None, 2), "points")
        still = ["classes"] if classes.ndim == 1 else []
        kinds = must_follow(classes, None if still else sliders, placed.shape[-2:-1], "classes")
        labels = names or [f"class {k}" for k in range(number)]
        if len(labels) < number:
            raise ValueError(f"names has {len(labels)} entries; there are {number} classes")
        looks = [
            {"label": label, "light": colour, "dark": on_dark(colour)}
            for label, colour in zip(labels[:number], CLASS_COLOURS, strict=False)
        ]
        arrays = {"points": placed, "classes": kinds}
        super().__init__(title, arrays, sliders, bits=16, still=still, axes=list(axes), classes=looks)

    def picture(self) -> Figure:
        """Up to four frames along the first slider, on the same axes."""
        frames, arrays, spec = self.frames(4), self.arrays(), self.spec
        shape = (PAGE_WIDTH, 2.5)
        figure, axes = plt.subplots(
            1, len(frames), figsize=shape, sharex=True, sharey=True, squeeze=False, layout="constrained"
        )
        for ax, (frame, words) in zip(axes[0], frames, strict=True):
            points = arrays["points"][frame]
            classes = np.rint(arrays["classes"] if spec["still"] else arrays["classes"][frame])
            for k, look in enumerate(spec["classes"]):
                mark = CLASS_MARKS[k % len(CLASS_MARKS)]
                ax.plot(*points[classes == k].T, mark, color=look["light"], markersize=2.5, label=look["label"])
            ax.set(title=words, xlabel=spec["axes"][0])
        axes[0, 0].set_ylabel(spec["axes"][1])
        figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=6, markerscale=2)
        return figure
