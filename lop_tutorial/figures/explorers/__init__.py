"""Explorers: figures with sliders that move in a notebook, in Colab, and in a built page without a kernel.

They need the extra `notebook`: anywidget, and with it ipywidgets.
"""

from lop_tutorial.figures.explorers.cloud import CloudExplorer
from lop_tutorial.figures.explorers.curves import CurveExplorer
from lop_tutorial.figures.explorers.explorer import Explorer
from lop_tutorial.figures.explorers.field import FieldExplorer
from lop_tutorial.figures.explorers.labels import LabelExplorer
from lop_tutorial.figures.explorers.live import live

__all__ = ["CloudExplorer", "CurveExplorer", "Explorer", "FieldExplorer", "LabelExplorer", "live"]
