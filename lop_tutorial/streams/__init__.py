"""Where tasks come from: pictures, points and the disc; and streams made of others: gradual change, or none at all."""

from lop_tutorial.streams.class_increments import ClassIncrements
from lop_tutorial.streams.class_pairs import ClassPairs
from lop_tutorial.streams.disc import Disc
from lop_tutorial.streams.gradual_change import GradualChange
from lop_tutorial.streams.images import CIFAR100_PIXELS, OnDevice, Pixels
from lop_tutorial.streams.planar_clouds import PlanarClouds
from lop_tutorial.streams.plane_within import PlaneWithin
from lop_tutorial.streams.share_then_all import ShareThenAll
from lop_tutorial.streams.stationary import AllAtOnce, OneTask
from lop_tutorial.streams.task import Stream, Task
from lop_tutorial.streams.toy_points import ToyPoints

__all__ = [
    "CIFAR100_PIXELS",
    "AllAtOnce",
    "ClassIncrements",
    "ClassPairs",
    "Disc",
    "GradualChange",
    "OnDevice",
    "OneTask",
    "Pixels",
    "PlanarClouds",
    "PlaneWithin",
    "ShareThenAll",
    "Stream",
    "Task",
    "ToyPoints",
]
