"""Networks on the disc: what is measured of them, and the rows that the book shows."""

import re
from dataclasses import replace

import numpy as np
import pytest
import torch

from lop_tutorial.experiments import disc_networks
from lop_tutorial.experiments.disc_networks import (
    KINDS,
    DiscNetwork,
    Picture,
    ridge_of,
    stored_ridges,
    with_contrast,
)
from lop_tutorial.geometry import ftle
from lop_tutorial.running import interval
from lop_tutorial.running.experiment import fill
from lop_tutorial.running.table import Table, load
from lop_tutorial.seeds import torch_generator
from lop_tutorial.streams import Disc

SHORT = DiscNetwork(depth=2, width=8, training=replace(DiscNetwork().training, epochs=3))


def weights(learner):
    return torch.cat([parameter.detach().flatten() for parameter in learner.network.parameters()])


def test_more_passes_begin_with_the_same_ones():
    """Three passes at once, and two followed by the third of the same order."""
    short, long = SHORT.after(2, seed=1), SHORT.after(3, seed=1)
    assert not torch.equal(weights(short), weights(long))
    task, order = Disc(1).task(0), torch_generator(1, "batches", 0)
    passes = [list(short.batches(len(task.train_y), order)) for _ in range(3)]
    labels = torch.nn.functional.one_hot(task.train_y, 2).float()
    short.network.train()
    for batch in passes[2]:
        short._step(task.train_x[batch], labels[batch])
    assert torch.equal(weights(short), weights(long))


def test_networks_on_their_way_are_those_that_stop_there():
    found = SHORT.on_its_way((0, 3, 1), seed=1)
    assert list(found) == [0, 3, 1]
    for passes, network in found.items():
        stopped = SHORT.after(passes, seed=1).network.state_dict()
        assert all(torch.equal(values, stopped[name]) for name, values in network.state_dict().items())
    assert list(SHORT.on_its_way((0,), seed=1)) == [0]


def test_a_linear_network_has_one_exponent_everywhere_and_no_ridge():
    picture = Picture.of(replace(SHORT, activation="linear").after(3, seed=0).network, 12)
    assert picture.exponents.std() < 1e-6


def test_frozen_layers_stay_as_drawn():
    frozen = replace(SHORT, frozen=True)
    before, after = frozen.after(0, seed=2).network, frozen.after(3, seed=2).network
    assert torch.equal(before.body[1].weight, after.body[1].weight)
    assert not torch.equal(before.head.weight, after.head.weight)


def test_a_measured_row_is_about_the_network_that_it_names():
    row = ridge_of(SHORT, seed=0)
    network = SHORT.after(3, seed=0).network
    task = Disc(0).task(0)
    right = (network(task.test_x).argmax(dim=1) == task.test_y).double().mean().item()
    assert row["test_accuracy"] == pytest.approx(right)
    assert (row["depth"], row["width"], row["activation"], row["frozen"]) == (2, 8, "tanh", False)
    exponents = ftle(network, torch.rand(500, 2) * 2 - 1)
    assert exponents.min() < row["away"] < exponents.max()


def test_what_is_written_can_be_read_again(tmp_path):
    kinds = ({"depth": 1, "width": 3, "activation": "tanh", "frozen": False}, {"depth": 2, "width": 3, "frozen": True})
    small = replace(disc_networks.EXPERIMENT, parts=kinds[:1], seeds=(0, 1))
    list(fill(small, tmp_path / "run"))
    found = with_contrast(load(tmp_path / "run").table)
    assert [(row["width"], row["frozen"], row["seed"]) for row in found.rows] == [(3, False, 0), (3, False, 1)]
    measured = ridge_of(DiscNetwork(**kinds[0]), 1)
    for quantity in ("test_accuracy", "on", "untrained_away"):
        np.testing.assert_allclose(found.select(quantity, seed=1), measured[quantity], atol=1e-4)


def test_contrasts_are_what_is_on_the_boundary_minus_what_is_away():
    rows = [
        {"depth": 1, "seed": seed, "on": on, "away": 0.5, "untrained_on": 0.1, "untrained_away": 0}
        for seed, on in ((1, 1.0), (0, 2.0))
    ]
    found = with_contrast(Table(tuple(rows)))
    np.testing.assert_allclose(found.select("contrast", depth=1), [1.5, 0.5])
    np.testing.assert_allclose(found.select("untrained_contrast", depth=1), [0.1, 0.1])


def test_a_network_for_the_cpu_is_not_taken_to_another_device():
    with pytest.raises(ValueError, match="use --device cpu"):
        list(disc_networks.ridges((0,), "cuda"))


def test_the_stored_rows_are_whole_and_carry_their_origin():
    stored = load("ftle_ridges")
    assert re.fullmatch(r"[0-9a-f]{40}", stored.environment["commit"]), "the code must have been committed"
    for key in ("command", "date", "device", "packages", "wall_seconds"):
        assert stored.environment[key]
    kinds = [(row["activation"], row["depth"], row["width"], row["frozen"], row["seed"]) for row in stored.table.rows]
    wanted = [(k.activation, k.depth, k.width, k.frozen, seed) for k in KINDS for seed in range(8)]
    assert sorted(kinds) == sorted(wanted)


def test_what_the_chapter_tells_of_them():
    """Its sentences on depth, width, activation, untrained and frozen networks."""
    found = stored_ridges()

    def contrast(depth, width, activation="tanh", frozen=False, learned=0.9, quantity="contrast"):
        kind = {"depth": depth, "width": width, "activation": activation, "frozen": frozen}
        values = found.select(quantity, **kind)
        return interval(values[found.select("test_accuracy", **kind) >= learned])

    for depth in (1, 2, 4, 8):
        for width in (8, 32, 128):
            assert contrast(depth, width).low > 0
            assert abs(contrast(depth, width, quantity="untrained_contrast").mean) < 0.03
    for width in (8, 32, 128):  # summed over layers it grows with depth
        totals = [depth * contrast(depth, width).mean for depth in (1, 2, 4, 8)]
        assert totals == sorted(totals)
    for depth in (1, 2, 4):  # and falls with width
        assert contrast(depth, 8).mean > contrast(depth, 32).mean > contrast(depth, 128).mean
    assert contrast(4, 32, "relu").mean > contrast(4, 8, "relu").mean
    assert abs(contrast(2, 128, frozen=True).mean) < 0.02
    assert found.select("test_accuracy", frozen=True, width=128).mean() > 0.97
    np.testing.assert_allclose(found.select("contrast", activation="linear"), 0, atol=1e-5)
    for case, expected in {  # the table of what was reported and measured
        (4, 8, "tanh"): (1.02, 0.94, 1.11),
        (4, 32, "tanh"): (0.91, 0.87, 0.95),
        (4, 128, "tanh"): (0.77, 0.73, 0.81),
        (4, 8, "relu"): (0.40, 0.31, 0.49),
        (4, 32, "relu"): (0.66, 0.53, 0.78),
        (4, 128, "relu"): (0.46, 0.37, 0.56),
    }.items():
        np.testing.assert_allclose(contrast(*case), expected, atol=0.006)
    totals = [depth * contrast(depth, 32).mean for depth in (1, 2, 4, 8)]
    np.testing.assert_allclose(totals, (0.22, 1.13, 3.65, 5.32), atol=0.01)
    learned = {(k.activation, k.depth, k.width): 0 for k in KINDS if not k.frozen}
    for row in found.rows:
        if not row["frozen"]:
            learned[row["activation"], row["depth"], row["width"]] += row["test_accuracy"] >= 0.9
    fewer = {kind: count for kind, count in learned.items() if count < 8 and kind[0] != "linear"}
    assert fewer == {("tanh", 8, 8): 4, ("relu", 8, 8): 0, ("relu", 8, 32): 5}
