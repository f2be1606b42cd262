"""What `compare` says of answers that are wrong in the ways in which people are wrong, and that it never tells more."""

import re
import sys

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lop_tutorial.exercises.verdicts import called, compare, one_of

GOAL = np.array([[1.25, 2.5, 3.75], [4.5, 5.5, 7.25]])
FACTORS = {"l, the number of layers": 4}
FACTOR = "by a factor of l, the number of layers"


@pytest.mark.parametrize(
    "same",
    [GOAL, GOAL.tolist(), torch.tensor(GOAL), torch.tensor(GOAL, dtype=torch.bfloat16), GOAL.astype("float32")],
    ids=["array", "list", "tensor", "bfloat16", "float32"],
)
def test_every_kind_of_numbers_is_compared(same):
    assert compare(same, GOAL) is None
    assert compare(GOAL, same) is None


@pytest.mark.parametrize("same", [0.5, np.float32(0.5), torch.tensor(0.5, requires_grad=True), [torch.tensor(0.5)][0]])
def test_a_single_number_comes_in_many_forms(same):
    assert compare(same, 0.5) is None


def test_rows_may_be_tensors_and_counts_may_be_integers():
    assert compare([torch.tensor(row) for row in GOAL], GOAL) is None
    assert compare([3, 4], torch.tensor([3.0, 4.0])) is None
    assert compare([1, 0], [True, False]) is None
    assert compare([], []) is None


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (None, "no `return`?"),
        (..., "three dots"),
        ("0.5", "not text"),
        ({"a": 1}, "not a dictionary"),
        (lambda: GOAL, "not a function: call it"),
        (iter([1, 2]), "not list_iterator"),
        ([[1, 2], [3]], "rows differ in length"),
        ([["a", "b"]], "there is text among yours"),
        ([[None]], "there is None among yours"),
        (GOAL.astype(complex), "Real numbers were expected"),
        (GOAL > 2, "not True or False"),
        (object(), "there is object among yours"),
    ],
)
def test_a_wrong_type_gets_a_friendly_word(answer, words):
    assert words in compare(answer, GOAL)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (GOAL.T, "has shape (3, 2); shape (2, 3) was expected: is it transposed?"),
        (GOAL[0], "has shape (3,); shape (2, 3) was expected."),
        (GOAL[..., None], "an axis of length 1 is too many"),
        (2.5, "is a single number; shape (2, 3) was expected"),
    ],
)
def test_a_wrong_shape_is_told_with_both_shapes(answer, words):
    assert words in compare(answer, GOAL)


def test_axes_in_another_order_and_one_entry_for_a_number():
    assert "axes are in another order" in compare(np.zeros((2, 3, 4)), np.zeros((3, 2, 4)))
    assert "has shape (1,); a single number was expected" in compare([0.5], 0.5)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (-GOAL, "The sign is the wrong way round."),
        (GOAL * 4, f"Too large {FACTOR}."),
        (GOAL / 4, f"Too small {FACTOR}."),
        (-GOAL / 4, f"Too small {FACTOR}, and the sign"),
        (GOAL * 3, "Off by a constant factor."),
        (GOAL * -3, "Off by a constant factor, and the sign"),
        (GOAL + 0.3, "Off by a constant: "),
        (np.log(10) * GOAL, "the natural logarithm and log10"),
        (GOAL / np.log(2), "the natural logarithm and log2"),
        (100 * GOAL, "percent"),
        (GOAL**2, "the square of"),
        (np.sqrt(GOAL), "the square root of"),
        (1 / GOAL, "one over"),
        (GOAL[::-1], "in another order"),
        (np.where(GOAL > 5, 0, GOAL), "2 of 6 entries are wrong."),
        (np.where(GOAL == 2.5, 0, GOAL), "1 of 6 entries is wrong."),
        (np.where(GOAL == 2.5, -2.5, GOAL), "In 1 of 6 entries the sign"),
        (np.where(GOAL > 5, np.nan, GOAL), "2 of 6 entries are NaN"),
        (np.where(GOAL > 5, np.inf, GOAL), "2 of 6 entries are infinite"),
        (GOAL**3, "None of the 6 entries is right."),
        (0 * GOAL, "None of the 6 entries is right."),
    ],
)
def test_wrong_numbers_are_told_by_how_they_are_wrong(answer, words):
    assert words in compare(answer, GOAL, factors=FACTORS)


def test_a_square_may_be_transposed_without_its_shape_telling():
    goal = np.arange(9.0).reshape(3, 3) ** 3
    assert compare(goal.T, goal) == "It is transposed."


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (-0.7, "The sign"),
        (2.8, f"Too large {FACTOR}."),
        (0.175, f"Too small {FACTOR}."),
        (0.7 / np.log(10), "the natural logarithm and log10"),
        (70, "percent"),
        (0.702, "rounded on the way"),
        (0.9, "It is another number."),
        (9.0, "more than a factor of ten"),
        (float("nan"), "Your answer is NaN"),
        (float("-inf"), "Your answer is infinite"),
    ],
)
def test_of_a_single_number_no_constant_is_said_that_any_number_would_fit(answer, words):
    assert words in compare(answer, 0.7, factors=FACTORS)


def test_a_flat_line_is_not_said_to_be_off_by_a_constant():
    assert compare([0.5, 0.5, 0.5], [0.8, 0.8, 0.8]) == "None of the 3 entries is right."


def test_expected_infinities_must_be_met_exactly():
    assert compare([1.0, -np.inf], [1.0, -np.inf]) is None
    assert compare([1.0, np.inf], [1.0, -np.inf]) == "In 1 of 2 entries the sign is the wrong way round."
    assert compare([1.0, 5.0], [1.0, -np.inf]) == "1 of 2 entries is wrong."


def test_tolerance_is_by_entry_and_absolute_is_for_those_near_zero():
    assert compare([1000.0, 1.001], [1000.0, 1.0], tolerance=1e-2) is None
    assert compare([1000.0, 1.1], [1000.0, 1.0], tolerance=1e-2) == "1 of 2 entries is wrong."
    assert compare([1.0, 1e-7], [1.0, 0.0]) is None
    assert compare([1.0, 1e-3], [1.0, 0.0]) == "1 of 2 entries is wrong."
    assert compare([1.0, 1e-3], [1.0, 0.0], absolute=1e-2) is None


def test_what_is_expected_must_be_numbers():
    with pytest.raises(ValueError, match="must be numbers to compare with"):
        compare(1.0, "one")


usual = st.floats(0.01, 1000).map(lambda x: round(x, 4))


@given(arrays(np.float64, st.integers(1, 5), elements=usual), arrays(np.float64, st.integers(1, 5), elements=usual))
def test_what_is_said_never_holds_an_expected_value(answer, goal):
    said = compare(answer, goal, factors=FACTORS)
    if said is None:
        assert np.allclose(answer, goal, rtol=2e-3)
        return
    counts = {0, 1, 10, 100, 2, len(answer), len(goal), *range(len(goal))}  # log10, log2, shapes, "3 of 5"
    assert {float(number) for number in re.findall(r"\d+(?:\.\d+)?", said)} <= counts


def test_a_function_is_called_and_its_failure_told():
    assert called(lambda x: x + 1, 2) == (3, None)
    assert "not int; hand in its name" in called(3)[1]
    assert called(lambda: 1 / 0)[1] == "Your function stopped with ZeroDivisionError: division by zero"
    assert called(lambda: sys.exit(3))[1] == "Your function stopped with SystemExit: 3"


@pytest.mark.parametrize("answer", ["c", None, 3, ["a"], np.arange(3), {"a": 1}, torch.zeros(2)])
def test_a_choice_must_be_one_of_the_words(answer):
    assert one_of(answer, ("a", "b")).endswith(" is not one of a, b.")
    assert one_of("a", ("a", "b")) is None
    assert "three dots" in one_of(..., ("a", "b"))
