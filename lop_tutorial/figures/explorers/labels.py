"""The label explorer: Generalized Mixup's labels as functions of the mixing m, for any bump M."""

from __future__ import annotations

from typing import ClassVar

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from lop_tutorial.figures.explorers.explorer import Explorer, Number, module
from lop_tutorial.figures.style import CLASS_COLOURS, PAGE_WIDTH, on_dark


class LabelExplorer(Explorer):
    """Labels of the mixture m x_i + (1 - m) x_j, for two classes and within one (Wang et al. 2025).

    Between classes they are m and 1 - m. Within a class its own label is 1 + M/2 - M |1/2 - m| and every other
    class's is -M/2 + M |1/2 - m|. The page computes them; `at` is [M, m].
    """

    kind: ClassVar[str] = "labels"
    _esm = module("labels")

    def __init__(self, *, bump: Number = 1.0, mixing: Number = 0.5, title: str = "Labels of Generalized Mixup") -> None:
        if not 0 <= bump <= 2:
            raise ValueError(f"bump is {bump}; it must lie between 0 and 2")
        if not 0 <= mixing <= 1:
            raise ValueError(f"mixing is {mixing}; it must lie between 0 and 1")
        panels = {
            "Two classes": ("class of the first", "class of the second"),
            "One class": ("own class", "every other class"),
        }
        looks = [
            {"light": colour, "dark": on_dark(colour), "line": line}
            for colour, line in zip(CLASS_COLOURS, ("-", "--"), strict=False)
        ]
        drawn = [
            {"title": title, "series": [{"label": label, **look} for label, look in zip(labels, looks, strict=True)]}
            for title, labels in panels.items()
        ]
        super().__init__(title, {}, panels=drawn)
        self.at = [float(bump), float(mixing)]

    def picture(self) -> Figure:
        """Both panels, at the bump with which the explorer begins."""
        m, bump = np.linspace(0, 1, 201), self.at[0]
        values = ((m, 1 - m), (1 + bump / 2 - bump * abs(0.5 - m), -bump / 2 + bump * abs(0.5 - m)))
        figure, axes = plt.subplots(1, 2, figsize=(PAGE_WIDTH, 2.8), sharey=True)
        for ax, panel, pair in zip(axes, self.spec["panels"], values, strict=True):
            for series, label in zip(panel["series"], pair, strict=True):
                ax.plot(m, label, series["line"], color=series["light"], label=series["label"])
            ax.set(title=panel["title"], xlabel="mixing m", ylim=(-1.1, 2.1))
            ax.legend(fontsize=8)
        axes[0].set_ylabel("label")
        figure.suptitle(f"bump M = {bump:g}", x=0.01, ha="left", fontsize=11)
        return figure
