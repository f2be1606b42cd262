"""Files on disk: download, convert, verify, load. Nothing here knows of tasks."""

from .convert import add
from .image_set import DataError, ImageSet, LabelledImages, Split
from .store import data_root, list_sets, load, verify

__all__ = [
    "DataError",
    "ImageSet",
    "LabelledImages",
    "Split",
    "add",
    "data_root",
    "list_sets",
    "load",
    "verify",
]
