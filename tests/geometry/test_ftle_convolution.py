"""Convolutions led back to their input, against PyTorch's own derivative in double precision."""

import pytest
import torch

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
