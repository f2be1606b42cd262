"""Convolutions led back to their input, against PyTorch's own derivative in double precision."""

import pytest
import torch

from lop_tutorial.geometry.ftle import convolution
from lop_tutorial.geometry.ftle.convolution import convolve


@pytest.mark.parametrize("colours", [1, 3, 4, 5])
@pytest.mark.parametrize("pixels", [(8, 6), (6, 8), (7, 6)], ids=str)
@pytest.mark.parametrize("kernel", [(1, 1), (2, 3), (3, 3), (5, 2), (4, 5)], ids=str)
@pytest.mark.parametrize("padding", [0, 1, (0, 1), (2, 0), (3, 3)], ids=str)
def test_a_product_with_the_transpose_is_the_derivative(colours, pixels, kernel, padding):
    """Pictures of few colours and an even number of pixels take a way of their own; the others stand beside them."""
    draw = torch.Generator().manual_seed(0)
    x = torch.randn(2, colours, *pixels, generator=draw).requires_grad_()
    weight, bias = torch.randn(6, colours, *kernel, generator=draw), torch.randn(6, generator=draw)
    forward = convolve(torch.conv2d, x, weight, bias, padding=padding)
    exact_x = x.detach().double().requires_grad_()
    exact = torch.conv2d(exact_x, weight.double(), bias.double(), padding=padding)
    torch.testing.assert_close(forward.double(), exact, rtol=1e-5, atol=1e-5)
    z = torch.randn(forward.shape, generator=draw)
    (back,) = torch.autograd.grad(forward, x, z)
    (exact_back,) = torch.autograd.grad(exact, exact_x, z.double())
    torch.testing.assert_close(back.double(), exact_back, rtol=1e-5, atol=1e-5)


@pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="the way of few colours is for oneDNN alone")
@pytest.mark.parametrize(("colours", "pixels", "own"), [(4, (8, 6), 1), (5, (8, 6), 0), (4, (7, 6), 0), (4, (8, 5), 0)])
def test_up_to_four_colours_and_even_numbers_of_pixels_take_a_way_of_their_own(colours, pixels, own, monkeypatch):
    real, taken = convolution._to_a_picture, []

    def noted(*given):
        taken.append(given)
        return real(*given)

    monkeypatch.setattr(convolution, "_to_a_picture", noted)
    x = torch.randn(2, colours, *pixels).requires_grad_()
    convolve(torch.conv2d, x, torch.randn(6, colours, 3, 3), torch.randn(6)).sum().backward()
    assert len(taken) == own
