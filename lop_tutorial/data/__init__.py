"""Files on disk: download, convert, verify, load. Nothing here knows of tasks."""

from .convert import add
from .download import get
from .image_set import DataError, ImageSet, LabelledImages, Split
from .progress import Progress, progress_bars
from .store import Card, data_root, list_sets, load, verify

__all__ = [
    "Card",
    "DataError",
    "ImageSet",
    "LabelledImages",
    "Progress",
    "Split",
    "add",
    "data_root",
    "get",
    "list_sets",
    "load",
    "progress_bars",
    "verify",
]
