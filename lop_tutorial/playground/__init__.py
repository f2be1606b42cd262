"""The playground: two small networks that learn task after task in the reader's browser, with no kernel.

It needs the extra `notebook`: anywidget, and with it ipywidgets.
"""

from lop_tutorial.playground.playground import CBP, ENGINE, Playground
from lop_tutorial.playground.settings import Settings

__all__ = ["CBP", "ENGINE", "Playground", "Settings"]
