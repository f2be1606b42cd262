"""What the fast path promises: a tolerance, a bound on the chance of missing it, the exact path where it takes long."""

import math

import numpy as np
import pytest
import torch

from lop_tutorial.geometry import ftle
from lop_tutorial.geometry.ftle import golub_kahan
from lop_tutorial.geometry.ftle.golub_kahan import leading
from lop_tutorial.geometry.ftle.krylov import Krylov
from lop_tutorial.geometry.ftle.linearised import exactly
from lop_tutorial.networks import SmallConv
from lop_tutorial.seeds import seeded


def diagonal(sigma):
    """x to sigma x, coordinate by coordinate: singular values sigma, singular vectors the axes."""
    return lambda x: x * sigma.to(x.dtype)


SPECTRA = {
    "no gap": torch.ones(400),
    "falling slowly": torch.linspace(1, 0.9, 400),
    "falling fast": 0.9 ** torch.arange(400),
    "first two equal": torch.cat([torch.tensor([1.0, 1.0]), torch.linspace(0.9, 0, 398)]),
    "first two nearly equal": torch.cat([torch.tensor([1.0, 1 - 1e-6]), torch.linspace(0.9, 0, 398)]),
    "first hardly above a crowd": torch.cat([torch.tensor([1.01]), torch.ones(399)]),
    "first far above the rest": torch.cat([torch.tensor([1e4]), torch.linspace(1, 0.5, 399)]),
}


@pytest.mark.parametrize("name", SPECTRA)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_tolerance_holds_whatever_the_gaps(name, dtype):
    sigma, tolerance, k = SPECTRA[name], 5e-3, 3
    x, starts = torch.ones(10, 400, dtype=dtype), torch.randn(10, k, 400, dtype=dtype)
    with exactly():
        (values,), certain = leading(diagonal(sigma), x, starts, by_rows=True, tolerance=tolerance)
    assert certain.all()
    error = values.log() - sigma.double().sort(descending=True).values[:k].log()
    assert error.abs().max() <= tolerance
    assert error.max() <= 1e-5  # from below, but for rounding


@pytest.mark.parametrize("name", ["falling slowly", "falling fast"])
def test_the_chance_of_missing_the_tolerance_is_as_promised(name, monkeypatch):
    """With a doubt of 1/5 some samples may stop too early, but not more than 1/5; and it saves steps."""
    taken = []
    step = Krylov.step
    monkeypatch.setattr(
        Krylov, "step", lambda self, *products: (taken.append(len(self.basis)), step(self, *products))[1]
    )
    x, starts, steps = torch.ones(500, 400), torch.randn(500, 1, 400), {}
    for doubt in (0.2, 1e-4):
        taken.clear()
        monkeypatch.setattr(golub_kahan, "DOUBT", doubt)
        with exactly():
            (values,), certain = leading(diagonal(SPECTRA[name]), x, starts, by_rows=True, tolerance=2e-3)
        missed = (values[:, 0].log() < SPECTRA[name].max().log() - 2e-3).double().mean()
        assert certain.all()
        assert missed <= doubt
        steps[doubt] = sum(taken) / len(x)
    assert steps[0.2] < steps[1e-4]


def test_a_hidden_direction_is_doubted():
    """A start that holds next to nothing of the first direction: the second one looks settled, and doubt remains."""
    sigma = torch.cat([torch.tensor([1.1, 1.0], dtype=torch.float64), torch.linspace(0.5, 0, 298).double()])
    start = torch.randn(1, 300, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    start[0, 0] = 1e-4 * start.norm()
    krylov = Krylov(start, start[:, None][:, :0])
    errors, doubts = [], []
    for _ in range(20):
        krylov.step(lambda u: u * sigma, lambda v: v * sigma)
        errors.append(math.log(1.1) - krylov.leading()[0].log().item())
        doubts.append(krylov.doubt(1e-3, 1).item())
    plateau = [m for m in range(1, 20) if abs(errors[m] - math.log(1.1)) < 1e-3]
    assert len(plateau) >= 2  # settled at the second value
    assert min(doubts[m] for m in plateau) > 1e-4
    done = next(m for m, doubt in enumerate(doubts) if doubt <= 1e-4)
    assert 0 <= errors[done] < 1e-3


def test_samples_that_take_too_long_get_the_exact_path(monkeypatch):
    """Half of the dimensions do not suffice to tell values apart that differ by 1e-3 from one another."""
    sigma, x = torch.linspace(1, 0.9, 100).double(), torch.ones(4, 100, dtype=torch.float64)
    taken, step = [], Krylov.step
    monkeypatch.setattr(
        Krylov, "step", lambda self, *products: (taken.append(len(self.basis)), step(self, *products))[1]
    )
    with exactly():
        _, certain = leading(
            diagonal(sigma), x, torch.randn(4, 2, 100, dtype=torch.float64), by_rows=True, tolerance=1e-9
        )
    assert not certain.any()
    assert taken == [4] * 2 * 50  # of two products each, for each value as many as the exact path takes for all
    found = ftle(diagonal(sigma), x, k=2, depth=1, method="lanczos", tolerance=1e-9)
    torch.testing.assert_close(found, sigma[:2].log().expand(4, 2), rtol=0, atol=1e-12)


def test_the_whole_space_is_exact():
    sigma = torch.tensor([3.0, 2.0, 1.0, 0.5]).double()
    with exactly():
        (values,), certain = leading(
            diagonal(sigma), torch.ones(2, 4).double(), torch.randn(2, 4, 4).double(), by_rows=True, tolerance=1e-9
        )
    assert certain.all()
    np.testing.assert_allclose(values, [sigma.numpy()] * 2, atol=1e-12)


def test_the_start_is_reproducible_and_the_chunk_does_not_matter():
    with seeded(0, "weights"):
        network, x = SmallConv((3, 16, 16), 2), torch.randn(12, 3, 16, 16)
    found = ftle(network, x, method="lanczos", seed=3, chunk=5)
    assert torch.equal(found, ftle(network, x, method="lanczos", seed=3, chunk=5))
    torch.testing.assert_close(found, ftle(network, x, method="lanczos", seed=3, chunk=12), rtol=0, atol=1e-5)
    torch.testing.assert_close(found, ftle(network, x, method="lanczos", seed=4), rtol=0, atol=1e-3)
    torch.testing.assert_close(found, ftle(network, x, method="exact"), rtol=0, atol=1e-3)
