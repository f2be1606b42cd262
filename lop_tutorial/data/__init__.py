"""Files on disk: download, convert, verify, load. Nothing here knows of tasks."""

from lop_tutorial.data.convert import add
from lop_tutorial.data.download import get
from lop_tutorial.data.image_set import DataError, ImageSet, LabelledImages, Split
from lop_tutorial.data.progress import Progress, progress_bars
from lop_tutorial.data.some_classes import SomeClasses
from lop_tutorial.data.store import Card, damaged_sets, data_root, list_sets, load, verify

__all__ = [
    "Card",
    "DataError",
    "ImageSet",
    "LabelledImages",
    "Progress",
    "SomeClasses",
    "Split",
    "add",
    "damaged_sets",
    "data_root",
    "get",
    "list_sets",
    "load",
    "progress_bars",
    "verify",
]
