"""One look for every figure of the book: a fixed, colour-blind safe colour for each method and quantity."""

from __future__ import annotations

from io import BytesIO

import matplotlib as mpl
import matplotlib.style
from PIL import Image

# Okabe and Ito's palette (2008), safe for the common kinds of colour blindness.
METHOD_COLOURS = {
    "none": "#D55E00",
    "retrained": "#4D4D4D",
    "l2_init": "#E69F00",
    "layer_norm": "#56B4E9",
    "continual_backprop": "#009E73",
    "generalized_mixup": "#0072B2",
}
TRAIN_LINE, TEST_LINE = "--", "-"
"""Training accuracy is dashed, test accuracy solid, everywhere."""
PAGE_WIDTH = 7.0
"""Inches; a figure of this width fills the text column and can be read on a phone."""

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


def use() -> None:
    """Sets matplotlib to the book's style."""
    mpl.style.use(_STYLE)


def slim_png(png: bytes) -> bytes:
    """The same picture with a palette of 256 colours: a figure of flat colours takes a third of the space."""
    out = BytesIO()
    Image.open(BytesIO(png)).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return out.getvalue()
