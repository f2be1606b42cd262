"""Where tasks come from: class pairs, class increments, warm starts, toy points, planar clouds and the disc."""

from lop_tutorial.streams.class_increments import ClassIncrements
from lop_tutorial.streams.class_pairs import ClassPairs
from lop_tutorial.streams.disc import Disc
from lop_tutorial.streams.images import CIFAR100_PIXELS, OnDevice, Pixels
from lop_tutorial.streams.planar_clouds import PlanarClouds
from lop_tutorial.streams.share_then_all import ShareThenAll
from lop_tutorial.streams.task import Stream, Task
from lop_tutorial.streams.toy_points import ToyPoints

__all__ = [
    "CIFAR100_PIXELS",
    "ClassIncrements",
    "ClassPairs",
    "Disc",
    "OnDevice",
    "Pixels",
    "PlanarClouds",
    "ShareThenAll",
    "Stream",
    "Task",
    "ToyPoints",
]
