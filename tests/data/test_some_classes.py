"""Some of a set's classes."""

from dataclasses import replace

import numpy as np
import pytest

from lop_tutorial.data import DataError, LabelledImages, SomeClasses
from lop_tutorial.data.procedural import ProceduralImages
from lop_tutorial.experiments import plan

WHOLE = ProceduralImages(number=10, train=3, test=2, size=8)


def test_ranges_that_do_not_overlap_share_no_class():
    parts = [SomeClasses(WHOLE, *ends) for ends in ((0, 6), (6, 8), (8, 10))]
    assert [len(part.classes) for part in parts] == [6, 2, 2]
    assert sorted(name for part in parts for name in part.classes) == sorted(WHOLE.classes)
    assert SomeClasses(WHOLE, 0, 10).classes != WHOLE.classes  # the stored order may mean something
    assert isinstance(parts[0], LabelledImages)


def test_images_are_those_of_the_named_class():
    some = SomeClasses(WHOLE, 2, 5)
    for index, name in enumerate(some.classes):
        for split in ("train", "test"):
            there = WHOLE.of_class(WHOLE.classes.index(name), split)
            np.testing.assert_array_equal(some.of_class(index, split), there)
    assert some.sha256 == WHOLE.sha256


@pytest.mark.parametrize(("first", "end"), [(-1, 3), (4, 4), (5, 2), (0, 11)])
def test_places_that_are_not_there_are_named(first, end):
    with pytest.raises(DataError, match=f"classes is {first}:{end}, but procedural has 10"):
        SomeClasses(WHOLE, first, end)


def test_a_plan_takes_its_tasks_from_them_and_says_which():
    some = replace(plan("table1"), classes=(30, 40))
    names = some.as_config()["class_names"]
    assert len(names) == some.as_config()["data_classes"] == 10
    assert "class_names" not in plan("table1").as_config()
    stream = some.stream(3)
    assert sorted(k for task in range(5) for k in stream.classes(task)) == list(range(10))
