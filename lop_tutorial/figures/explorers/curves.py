"""The curve explorer: means with their intervals, methods switched on and off, a cursor that reads the numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from lop_tutorial.figures.explorers.explorer import Explorer, Number, Sliders, module, must_follow
from lop_tutorial.figures.style import PAGE_WIDTH, method_colour, on_dark
from lop_tutorial.interventions import INTERVENTIONS, without_settings
from lop_tutorial.interventions import title as title_of
from lop_tutorial.running.results import Interval

Panels = Mapping[str, Mapping[str, Interval]]
"""For each panel's title, the curves in it: method (or another name) to mean, low and high, each (*sliders, x)."""


class CurveExplorer(Explorer):
    """Curves with interval bands over `x`, in panels side by side.

    A curve's name is a method's, which gives it the method's colour and title, or any other name with an entry in
    `colours`. `limits` are the ends of the vertical axis; without them it follows the values of a panel. `still` says
    where the sliders stand in the picture, one index each; without it, in their middle.
    """

    kind: ClassVar[str] = "curves"
    _esm = module("curves")

    def __init__(
        self,
        x: Iterable[float] | Iterable[int],
        panels: Panels,
        *,
        sliders: Sliders | None = None,
        names: tuple[str, str] = ("task", "accuracy"),
        limits: tuple[Number, Number] | None = None,
        lines: Mapping[str, str] | None = None,
        colours: Mapping[str, str] | None = None,
        reference: tuple[Number, str] | None = None,
        still: Sequence[int] | None = None,
        title: str = "",
    ) -> None:
        places = np.asarray(list(x), dtype=float)
        if places.ndim != 1 or len(places) < 2 or not (np.diff(places) > 0).all():
            raise ValueError(f"x has shape {places.shape}; it must be one axis of two or more growing numbers")
        lengths = [len(stops) for stops in (sliders or {}).values()]
        place = [length // 2 for length in lengths] if still is None else list(still)
        if len(place) != len(lengths) or not all(0 <= at < length for at, length in zip(place, lengths, strict=True)):
            raise ValueError(f"still is {place}; it must be one index for each of the sliders, of lengths {lengths}")
        arrays: dict[str, np.ndarray] = {}
        drawn = []
        for number, (panel, curves) in enumerate(panels.items()):
            series = []
            for k, (name, interval) in enumerate(curves.items()):
                known = without_settings(name) in INTERVENTIONS
                colour = (colours or {}).get(name, method_colour(name) if known else "")
                if not colour:
                    raise ValueError(f"curve {name!r} has no colour: use a method's name, or give it one in `colours`")
                for what, values in zip(("mean", "low", "high"), interval, strict=True):
                    arrays[f"{number}.{k}.{what}"] = must_follow(values, sliders, (len(places),), f"{name}'s {what}")
                line = (lines or {}).get(panel, "-")
                series.append({"label": title_of(name), "light": colour, "dark": on_dark(colour), "line": line})
            ends = limits or _ends([array for key, array in arrays.items() if key.startswith(f"{number}.")])
            drawn.append({"title": panel, "series": series, "limits": list(ends)})
        super().__init__(
            title or " and ".join(panels),
            arrays,
            sliders,
            bits=16,
            x=[float(place) for place in places],
            panels=drawn,
            names=list(names),
            reference=None if reference is None else {"value": reference[0], "label": reference[1]},
            **({} if still is None else {"still": place}),
        )

    def picture(self) -> Figure:
        """The panels, with the sliders at `still`, as a figure's words say."""
        spec, arrays = self.spec, self.arrays()
        at = tuple(spec.get("still", [len(stops) // 2 for stops in self.sliders.values()]))
        figure, axes = plt.subplots(
            1, len(spec["panels"]), figsize=(PAGE_WIDTH, 3.3), squeeze=False, layout="constrained"
        )
        for number, (ax, panel) in enumerate(zip(axes[0], spec["panels"], strict=True)):
            for k, series in enumerate(panel["series"]):
                mean, low, high = (arrays[f"{number}.{k}.{what}"][at] for what in ("mean", "low", "high"))
                ax.fill_between(spec["x"], low, high, color=series["light"], alpha=0.18, linewidth=0)
                ax.plot(spec["x"], mean, series["line"], color=series["light"], label=series["label"])
            ax.set(title=panel["title"], xlabel=spec["names"][0], ylim=panel["limits"])
        axes[0, 0].set_ylabel(spec["names"][1])
        named = {label: line for ax in axes[0] for line, label in zip(*ax.get_legend_handles_labels(), strict=True)}
        figure.legend(list(named.values()), list(named), loc="outside lower center", ncols=min(len(named), 3))
        stops = [f"{name} {values[place]}" for (name, values), place in zip(self.sliders.items(), at, strict=True)]
        figure.suptitle(", ".join(stops), x=0.01, ha="left", fontsize=11)
        return figure


def _ends(arrays: Sequence[np.ndarray]) -> tuple[float, float]:
    values = np.concatenate([array[np.isfinite(array)] for array in arrays])
    if not values.size:
        return 0.0, 1.0
    room = 0.05 * float(np.ptp(values)) or 0.5
    return float(values.min()) - room, float(values.max()) + room
