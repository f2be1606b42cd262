"""What a task is given: made right where that is safe, refused in one line where it is not."""

import pytest
import torch

from lop_tutorial.networks import MLP
from lop_tutorial.streams import Task
from lop_tutorial.training import Learner, Training

pytestmark = pytest.mark.usefixtures("as_users_run")
X, Y = torch.linspace(-1, 1, 60).view(12, 5), torch.arange(12) % 2


def task(**given):
    usual = {"index": 0, "classes": (0, 1), "outputs": 2, "train_x": X, "train_y": Y, "test_x": X, "test_y": Y}
    return Task(**usual | given)


def learned(given):
    return Learner(lambda: MLP((5,), 2), Training(epochs=2, batch_size=4)).learn(given)


@pytest.mark.parametrize("kind", [torch.int32, torch.uint8, torch.int16, torch.bool])
def test_labels_of_any_whole_numbers_are_labels(kind):
    assert task(train_y=Y.to(kind), test_y=Y.to(kind)).train_y.dtype == torch.int64
    assert learned(task(train_y=Y.to(kind), test_y=Y.to(kind))) == learned(task())


def test_inputs_of_other_precisions_become_float32():
    assert learned(task(train_x=X.double(), test_x=X.double())) == learned(task())
    assert task(train_x=X.half(), test_x=X).train_x.dtype == torch.float32


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"train_y": Y * 3}, r"train_y has labels from 0 to 3; they must be from 0 to 1: torch\.unique"),
        ({"test_y": -Y}, "test_y has labels from -1 to 0"),
        ({"train_y": Y.float()}, "train_y holds float32; labels are whole numbers"),
        ({"train_y": torch.eye(2)[Y].long()}, r"train_y has shape \(12, 2\); it must be \(12,\)"),
        ({"train_y": Y[:5]}, r"train_y has shape \(5,\)"),
        ({"train_x": X[:0], "train_y": Y[:0]}, "train_x is empty"),
        ({"test_x": X[:0], "test_y": Y[:0]}, "test_x is empty, .*at least one example"),
        ({"train_x": (X * 9).to(torch.uint8)}, r"train_x holds uint8; .*x\.float\(\) / 255"),
        ({"train_x": X.to(torch.complex64)}, "train_x holds complex64"),
        ({"test_x": X.log()}, "test_x holds numbers that are NaN, infinite"),
        ({"train_x": X.double() * 1e300}, "too large for float32"),
        ({"train_x": X[:, 0]}, r"train_x has shape \(12,\); it must be \(examples,"),
        ({"test_x": X[:, :3]}, r"test_x has inputs of shape \(3,\), train_x of \(5,\)"),
        ({"train_x": X.numpy()}, "train_x is of type ndarray; .*torch.as_tensor"),
        ({"train_x": X.to_sparse()}, r"train_x is sparse .*write train_x\.to_dense\(\)"),
        ({"valid_x": X, "valid_y": None}, "valid_y is of type NoneType"),
        ({"outputs": 0}, "outputs is 0"),
    ],
)
def test_what_cannot_be_learned_from_is_named(given, says):
    with pytest.raises(ValueError, match=says) as caught:
        task(**given)
    assert "\n" not in str(caught.value)


def test_a_class_that_does_not_occur_is_none_to_complain_of():
    assert task(outputs=3, train_y=Y * 2, test_y=Y * 0).outputs == 3
