"""The end of training, on networks small enough for a test."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from lop_tutorial.experiments import LONG, TerminalPhase, Traces, four_kinds, three_clouds

SHORT = replace(LONG, epochs=30)


def test_when_it_looks():
    assert TerminalPhase(training=replace(LONG, epochs=1000), looks=4).epochs == [0, 1, 10, 100, 1000]
    assert TerminalPhase(training=replace(LONG, epochs=4), looks=9).epochs == [0, 1, 2, 3, 4]


def test_what_it_measures_is_what_one_would_compute_by_hand():
    phase = TerminalPhase(width=3, training=SHORT, looks=2, seeds=(1, 5))
    traces = phase.measure()
    assert traces["nc1"].shape == (2, 3)
    *_, (_, last) = phase.watch_all()
    h, y = last.features.double().numpy(), last.task.train_y.numpy()
    mu = np.stack([h[y == c].mean(axis=0) for c in range(3)])
    dot = mu - mu.mean(axis=0)
    within = sum(np.cov(h[y == c].T, bias=True) for c in range(3)) / 3
    between = dot.T @ dot / 3
    assert traces.at_end("along")[1] + traces.at_end("across")[1] == pytest.approx(
        np.trace(within) / np.trace(between), rel=1e-6
    )
    assert traces.at_end("nc1")[1] == pytest.approx(
        np.trace(within @ np.linalg.pinv(between, rcond=1e-10)) / 3, rel=1e-4
    )
    assert traces.at_end("size")[1] == pytest.approx(math.sqrt(np.trace(between)), rel=1e-6)
    jacobians = torch.func.vmap(torch.func.jacrev(lambda x: last.network.representation(x[None])[0]))(last.task.train_x)
    assert traces.at_end("ftle")[1] == pytest.approx(
        torch.linalg.matrix_norm(jacobians, ord=2).log().mean().item() / 3, abs=1e-5
    )
    right = (last.network(last.task.test_x).argmax(dim=1) == last.task.test_y).double().mean().item()
    assert traces.at_end("test_accuracy")[1] == pytest.approx(right)


def test_all_seeds_at_once_are_those_that_train_alone():
    phase = TerminalPhase(width=2, training=SHORT, looks=3, seeds=(1, 5))
    together = list(phase.watch_all())
    for place, seed in enumerate(phase.seeds):
        for alone, looks in zip(phase.watch(seed), together, strict=True):
            assert looks[place].epoch == alone.epoch
            assert torch.equal(looks[place].task.train_x, alone.task.train_x)
    for place, seed in enumerate(phase.seeds):
        *_, alone = phase.watch(seed)
        torch.testing.assert_close(together[-1][place].features, alone.features, rtol=1e-3, atol=1e-4)


def test_the_terminal_phase_begins_where_accuracy_is_one_for_good():
    accuracy = np.array([[0.5, 1, 0.9, 1, 1], [1, 1, 1, 1, 1], [0.2, 0.4, 0.6, 0.8, 0.99]])
    traces = Traces(np.arange(5), {"train_accuracy": accuracy, "x": np.arange(15.0).reshape(3, 5)})
    assert traces.fitted.tolist() == [3, 0, 5]
    np.testing.assert_array_equal(traces.when_fitted("x"), [3, 5, np.nan])
    assert traces.at_end("x").tolist() == [4, 9, 14]
    with pytest.raises(KeyError, match="'nc5' was not measured; there are train_accuracy, x"):
        traces["nc5"]


def test_the_two_streams():
    clouds, pictures = three_clouds(0).task(0), four_kinds(0).task(0)
    assert (clouds.train_x.shape, clouds.outputs) == ((96, 3), 3)
    assert (pictures.train_x.shape, pictures.outputs) == ((200, 3, 8, 8), 4)
    assert not torch.equal(pictures.train_x, four_kinds(1).task(0).train_x)


def test_a_long_end_collapses_the_clouds():
    """What the chapter shows with eight seeds, with one: NC1 and the exponent fall, and the cosines near -1/2."""
    traces = TerminalPhase(seeds=(2,), looks=4).measure()
    assert traces.at_end("train_accuracy") == 1
    assert traces.at_end("nc1")[0] < 0.005
    assert traces.at_end("nc2_angles")[0] < 0.1
    assert traces.at_end("ftle")[0] < -0.8
