"""One look for every figure of the book: a fixed, colour-blind safe colour for each method and quantity."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

import matplotlib as mpl
import matplotlib.style
from matplotlib.colors import LinearSegmentedColormap
from PIL import Image

from lop_tutorial.interventions import without_settings

# Okabe and Ito's palette (2008), safe for the common kinds of colour blindness.
METHOD_COLOURS = {
    "none": "#D55E00",
    "retrained": "#4D4D4D",
    "l2_init": "#CC79A7",
    "layer_norm": "#8A7FFF",
    "cbp": "#009E73",
    "g_mixup": "#0072B2",
}
OTHER_METHODS = "#999933"
WIDTH_COLOURS = {"narrow": "#8C510A", "wide": "#01665E", "model": "#762A83", "pictures": "#C51B7D", "plain": "#4D4D4D"}
"""For figures that compare no methods: narrow and wide representations, the solved model, data of another kind."""
CLASS_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
CLASS_MARKS = ("o", "^", "s", "D")
"""The first class is a blue disc, the second an orange triangle, and so on: never told apart by colour alone."""
CLASS_FIELD = "lop_classes"
"""A field of decisions, from the first class's colour to the second's: this name is known to matplotlib."""
mpl.colormaps.register(
    LinearSegmentedColormap.from_list(CLASS_FIELD, [CLASS_COLOURS[0], "#F7F7F7", CLASS_COLOURS[1]]), force=True
)
PROBE_COLOURS = {"within": "#009E73", "between": "#CC79A7"}
"""Exponents within a class and between two: solid green, dashed purple."""
ON_DARK = {
    "#4D4D4D": "#CECECE",
    "#0072B2": "#58D1FF",
    "#56B4E9": "#2184BC",
    "#8C510A": "#F9BA6F",
    "#01665E": "#78E3DA",
    "#762A83": "#FFC4FF",
}
"""What takes the place of a colour that is too dark for a dark page, and of the light blue that the dark one becomes:
as the style of the pages, `book/_static/lop.css`, turns them over in pictures."""
TRAIN_LINE, TEST_LINE = "--", "-"
"""Training accuracy is dashed, test accuracy solid, everywhere."""


@dataclass(frozen=True)
class Quantity:
    """A quantity that is drawn as a field: its name with its unit, its colours, and the ends of its scale.

    With a `centre` the scale reaches equally far to both sides of it; without fixed `limits` it follows the values.
    """

    label: str
    colours: str
    limits: tuple[float, float] | None = None
    centre: float | None = None

    def ends(self, low: float, high: float) -> tuple[float, float]:
        """The ends of the scale for values between `low` and `high`."""
        if self.limits is not None:
            return self.limits
        if self.centre is not None:
            reach = max(abs(low - self.centre), abs(high - self.centre)) or 1.0
            return self.centre - reach, self.centre + reach
        return (low, high) if high > low else (low - 0.5, high + 0.5)


QUANTITIES = {
    "probability": Quantity("probability of class 1", "PuOr_r", limits=(0.0, 1.0), centre=0.5),
    "ftle": Quantity("FTLE (per layer)", "RdBu_r", centre=0.0),
    "loss": Quantity("loss (nats)", "viridis"),
}
"""Each quantity has one scale of colours in the whole book."""
PAGE_WIDTH = 7.0
"""Inches; a figure of this width fills the text column and can be read on a phone."""
COLUMN_WIDTH = 5.0
"""Inches; a figure of this width has the text column's own size, so that its letters are as large as they can be."""

_STYLE = {
    "figure.dpi": 125,
    "figure.figsize": (PAGE_WIDTH, 3.2),
    "figure.facecolor": "white",
    "figure.constrained_layout.use": True,
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "axes.titlesize": 10.5,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e6e6e6",
    "grid.linewidth": 0.7,
    "axes.axisbelow": True,
    "lines.linewidth": 1.8,
    "legend.frameon": False,
    "image.cmap": "viridis",
}


def method_colour(method: str) -> str:
    """The colour of a method, whatever its settings; those that are not in the paper's tables share one."""
    return METHOD_COLOURS.get(without_settings(method), OTHER_METHODS)


def use() -> None:
    """Sets matplotlib to the book's style."""
    mpl.style.use(_STYLE)


def slim_png(png: bytes, limit: int = 60_000) -> bytes:
    """The same picture with a palette of 256 colours, or of as few (128, 64, 32) as keep it below `limit` bytes."""
    picture = Image.open(BytesIO(png)).convert("RGB")
    for colours in (256, 128, 64, 32):
        out = BytesIO()
        picture.quantize(colours, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
        if out.tell() <= limit:
            break
    return out.getvalue()


def on_dark(colour: str) -> str:
    """The colour to use instead on a dark page."""
    return ON_DARK.get(colour, colour)
