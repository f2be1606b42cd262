import numpy as np
import pytest
import torch

from lop_tutorial.seeds import Draw, derive, draw_for, numpy_generator, seeded, torch_generator


def test_derived_seeds_never_change():
    # Stored runs rest on these numbers: a change here would make them impossible to repeat.
    assert derive(0, "weights", 0) == 7399459606505694764
    assert derive(7, "batches", 3) == 4571536531773039768


def test_purposes_and_seeds_are_told_apart():
    found = {derive(seed, purpose, task) for seed in range(5) for purpose in ("weights", "head") for task in range(5)}
    assert len(found) == 50


def test_the_global_generator_is_left_as_it_was():
    before = torch.random.get_rng_state()
    with seeded(3, "weights"):
        first = torch.randn(4)
    assert torch.equal(torch.random.get_rng_state(), before)
    with seeded(3, "weights"):
        assert torch.equal(torch.randn(4), first)


def test_a_gpus_own_generator_is_left_alone(monkeypatch):
    """It is not put back afterwards, so whoever uses it beside us would draw the same numbers again and again."""
    reached = []
    monkeypatch.setattr(torch.cuda, "manual_seed_all", reached.append)
    with seeded(3, "weights"):
        torch.randn(4)
    assert not reached


def test_generators_repeat():
    assert torch.equal(
        torch.randperm(9, generator=torch_generator(1, "a")), torch.randperm(9, generator=torch_generator(1, "a"))
    )
    assert numpy_generator(1, "a").integers(1 << 30) == numpy_generator(1, "a").integers(1 << 30)


def test_negative_seed():
    with pytest.raises(ValueError, match=r"seed is -1.*0 up"):
        derive(-1, "weights")


@pytest.mark.usefixtures("as_users_run")
@pytest.mark.parametrize("seed", [1.0, "3", None, True, torch.tensor(3), np.float64(2)])
def test_what_is_no_whole_number_is_no_seed(seed):
    with pytest.raises(ValueError, match=r"seed is .*; it must be a whole number from 0 up"):
        derive(seed, "weights")


@pytest.mark.usefixtures("as_users_run")
def test_whole_numbers_of_numpy_are_the_same_seeds():
    assert derive(np.int32(3), "weights", np.int64(1)) == derive(3, "weights", 1)


def test_draws_are_the_same_however_they_are_asked_for():
    one, other = draw_for(3, "mixing"), draw_for(3, "mixing")
    parts = torch.cat([one.uniform(5, 7).flatten(), one.uniform(1), one.uniform(100)])
    assert torch.equal(parts, other.uniform(136))


def test_normal_draws_are_normal_and_finite():
    drawn = draw_for(0, "test").normal(100_000)
    standard = torch.distributions.Normal(0.0, 1.0)
    for value in (-2.0, -0.5, 0.0, 1.0, 2.5):
        share = standard.cdf(torch.tensor(value)).item()
        assert (drawn < value).float().mean().item() == pytest.approx(share, abs=0.005)

    class Ends(Draw):
        def __init__(self):
            pass

        def uniform(self, *shape, device="cpu"):
            return torch.tensor([0.0, 1 - 2**-24])

    assert 5 < Ends().normal(2).abs().min() < Ends().normal(2).abs().max() < 5.4


def test_permutations():
    assert sorted(draw_for(0, "test").permutation(9).tolist()) == list(range(9))
