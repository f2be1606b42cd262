"""What all explorers share: frames in few bytes, sliders over them, a module for the page, a picture for paper."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from importlib.resources import files
from io import BytesIO
from math import prod
from typing import Any, ClassVar

import anywidget
import matplotlib.pyplot as plt
import numpy as np
import traitlets
from matplotlib.figure import Figure

from lop_tutorial.figures.explorers.packing import pack, unpack

LIMIT = 700_000
"""Bytes that one explorer may hold, so that a chapter's stay below a mebibyte once stored as text."""

Number = float | int
Sliders = Mapping[str, Sequence[object]]
"""The values, numbers or words, that each slider can stand at. The first axes of an explorer's arrays follow them."""

_PAGE = files(__package__) / "page"


def module(kind: str) -> str:
    """The ES module of one kind of explorer: one text, without imports, so that it runs wherever it is put."""
    return _text("common.js") + _text(f"{kind}.js")


def _text(name: str) -> str:
    return (_PAGE / name).read_text(encoding="utf-8")


class Explorer(anywidget.AnyWidget):
    """A figure with sliders, alive in JupyterLab, in Colab, and in the built page, where no kernel is.

    All that it can show travels with it: `spec` says what there is, `values` holds the numbers as `pack` leaves them,
    `at` is where the sliders stand. Where scripts do not run, on paper and in previews, `picture()` takes its place.
    """

    _css = _text("explorer.css")
    kind: ClassVar[str]
    spec = traitlets.Dict().tag(sync=True)
    values = traitlets.Bytes().tag(sync=True)
    at: traitlets.List[float] = traitlets.List().tag(sync=True)

    def __init__(
        self,
        title: str,
        arrays: Mapping[str, np.ndarray],
        sliders: Sliders | None = None,
        *,
        bits: int = 8,
        **spec: Any,
    ) -> None:
        stops = {name: [str(value) for value in values] for name, values in (sliders or {}).items()}
        empty = [name for name, values in stops.items() if not values]
        if empty:
            raise ValueError(f"slider {empty[0]!r} has no values; give it one or more")
        index, packed = pack(arrays, bits)
        if len(packed) > LIMIT:
            raise ValueError(
                f"{title!r} would hold {len(packed):,} bytes, more than {LIMIT:,}: take fewer frames or a coarser grid"
            )
        super().__init__(
            spec={
                "kind": self.kind,
                "title": title,
                "sliders": [{"name": name, "values": values} for name, values in stops.items()],
                "arrays": index,
                **spec,
            },
            values=packed,
            at=[0] * len(stops),
        )

    @property
    def sliders(self) -> dict[str, list[str]]:
        """The stops of each slider, in words."""
        return {each["name"]: each["values"] for each in self.spec["sliders"]}

    def arrays(self) -> dict[str, np.ndarray]:
        """The numbers as the page shows them."""
        return unpack(self.spec["arrays"], self.values)

    def show(self, other: Explorer) -> None:
        """Shows, in place, what another explorer of the kind holds; sliders as long as before stay where they are."""
        if other.kind != self.kind:
            raise ValueError(f"a {self.kind} explorer cannot show what a {other.kind} explorer holds")
        with self.hold_sync():
            same = [len(stops) for stops in self.sliders.values()] == [len(stops) for stops in other.sliders.values()]
            self.values, self.spec = other.values, other.spec
            if not same:
                self.at = list(other.at)

    def picture(self) -> Figure:
        """What stands in for the explorer where nothing can move."""
        raise NotImplementedError

    def frames(self, most: int) -> list[tuple[tuple[int, ...], str]]:
        """Up to `most` places spread along the first slider, as indices and words; other sliders where they stand."""
        if not self.sliders:
            return [((), "")]
        name, stops = next(iter(self.sliders.items()))
        others = [int(place) for place in self.at[1:]]
        places = np.unique(np.linspace(0, len(stops) - 1, most).round().astype(int))
        return [((int(place), *others), f"{name} {stops[place]}") for place in places]

    def __repr__(self) -> str:
        frames = prod(len(stops) for stops in self.sliders.values())
        over = ", ".join(self.sliders)
        moving = f"{frames} frames over {over}" if over else "one frame"
        return f"<{type(self).__name__}: {self.spec['title']}, {moving}>"

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is None:
            return None
        data, metadata = bundle
        figure, out = self.picture(), BytesIO()
        figure.savefig(out, format="png")
        plt.close(figure)
        data["image/png"] = b64encode(out.getvalue()).decode()
        return data, metadata


def must_follow(array: np.ndarray, sliders: Sliders | None, shape: Sequence[int | None], what: str) -> np.ndarray:
    """The array, which must have an axis for each slider, then `shape`, where None is any length; else ValueError."""
    array = np.asarray(array, dtype=np.float64)
    wanted = (*(len(stops) for stops in (sliders or {}).values()), *shape)
    fits = len(array.shape) == len(wanted) and all(
        one in (None, other) for one, other in zip(wanted, array.shape, strict=True)
    )
    if not fits:
        shown = ", ".join("any" if length is None else str(length) for length in wanted)
        raise ValueError(f"{what} has shape {array.shape}; it must be ({shown}): one axis a slider, then its own")
    return array
