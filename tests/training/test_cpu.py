"""How images lie in memory on a CPU."""

import torch

from lop_tutorial.training.cpu import lay_out_images


def test_images_lie_with_the_maps_of_a_pixel_together():
    x = torch.randn(5, 3, 4, 4)
    laid = lay_out_images(x)
    assert torch.equal(laid, x)
    assert laid.stride() == (48, 1, 12, 3)
    assert laid[torch.tensor([3, 1])].stride() == laid.stride()  # a batch of them too
    points = torch.randn(5, 3)
    assert lay_out_images(points) is points
