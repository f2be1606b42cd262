"""Every suspect of two small networks, against sums written out in NumPy and derivatives by complex steps.

Nothing of the package computes the other side but the draw of the segments' ends. A complex step of 1e-30 gives a
derivative without a difference being taken, so it is good to the last digits of float64.
"""

import math

import numpy as np
import pytest
import torch
from torch import nn

from lop_tutorial.geometry import snapshot
from lop_tutorial.geometry.line_up import PAIRS, POINTS, State, measure_all, some_of_each
from lop_tutorial.networks import MLP, Network
from lop_tutorial.seeds import torch_generator
from lop_tutorial.training import LOSSES

STEP = 1e-30
CLASSES = 2


class Picture(Network):
    """Two maps of 2 x 2 over 3 x 3 pixels, and three units on top, ReLU: 45 weights, so that its Hessian is exact."""

    def __init__(self):
        layers = [nn.Conv2d(1, 2, 2), nn.ReLU(), nn.Flatten(), nn.Linear(8, 3), nn.ReLU()]
        super().__init__(nn.Sequential(*layers), 3, CLASSES)


def points():
    network = MLP((3,), CLASSES, hidden=(4, 3), activation="tanh")
    with torch.no_grad():
        network.body[1].weight.mul_(2)
        network.body[1].weight[2], network.body[1].bias[2] = network.body[1].weight[0] * 1.1, network.body[1].bias[0]
        network.body[1].bias[3] = 9.0  # flat on every sample
    return network, torch.randn(120, 3), "squared_error"


def pictures():
    network = Picture()
    with torch.no_grad():
        network.body[0].weight[1], network.body[0].bias[:] = network.body[0].weight[0] * 1.1, 0.2
        network.body[3].bias[:] = torch.tensor([0.2, -9.0, 0.2])  # the middle one is dead
    return network, torch.randn(120, 1, 3, 3), "cross_entropy"


def forward(kind, weights, x):
    """Hidden activations (sample, unit, position) by layer, the representation, and the logits."""
    if kind == "points":
        first = np.tanh(x @ weights[0].T + weights[1])
        second = np.tanh(first @ weights[2].T + weights[3])
        return [first[:, :, None], second[:, :, None]], second, second @ weights[4].T + weights[5]
    maps = np.zeros((len(x), 2, 2, 2), dtype=np.result_type(x, *weights))
    for unit in range(2):
        for row in range(2):
            for column in range(2):
                window = x[:, 0, row : row + 2, column : column + 2]
                maps[:, unit, row, column] = (window * weights[0][unit, 0]).sum(axis=(1, 2)) + weights[1][unit]
    maps = maps * (maps.real > 0)
    units = maps.reshape(len(x), 8) @ weights[2].T + weights[3]
    units = units * (units.real > 0)
    return [maps.reshape(len(x), 2, 4), units[:, :, None]], units, units @ weights[4].T + weights[5]


def loss_of_each(kind, logits, y):
    if kind == "points":
        return ((logits - y) ** 2).mean(axis=1)
    return np.log(np.exp(logits).sum(axis=1)) - (logits * y).sum(axis=1)


def at(flat, shapes):
    parts = np.split(flat, np.cumsum([math.prod(shape) for shape in shapes])[:-1])
    return [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]


def by_weight(of, flat):
    """The derivatives of a function of the weights: the last axis counts them."""
    found = []
    for j in range(len(flat)):
        moved = flat.astype(complex)
        moved[j] += 1j * STEP
        found.append(np.imag(of(moved)) / STEP)
    return np.stack(found, axis=-1)


def input_jacobians(kind, weights, x):
    flat, found = x.reshape(len(x), -1), []
    for j in range(flat.shape[1]):
        moved = flat.astype(complex)
        moved[:, j] += 1j * STEP
        found.append(np.imag(forward(kind, weights, moved.reshape(x.shape))[1]) / STEP)
    return np.stack(found, axis=-1)


def exponents(kind, weights, x):
    """Two layers with weights lie below the representation."""
    with np.errstate(divide="ignore"):
        return np.log([np.linalg.svd(jacobian)[1][0] for jacobian in input_jacobians(kind, weights, x)]) / 2


def entropy_rank(values):
    shares = [value / sum(values) for value in values if value > 1e-12 * max(values)]
    return math.exp(-sum(share * math.log(share) for share in shares))


def to_share(values, share):
    """How many of the largest it takes to reach a share of the sum."""
    reached, order = 0.0, sorted(values, reverse=True)
    for number, value in enumerate(order, start=1):
        reached += value
        if reached >= share * sum(order) * (1 - 1e-12):
            return number
    raise AssertionError


def shares_of_units(kind, layers):
    dead = dormant = frozen = cloned = units = 0
    for layer in layers:
        rows = [layer[:, unit].ravel() for unit in range(layer.shape[1])]
        sizes = [np.abs(row).mean() for row in rows]
        for k, row in enumerate(rows):
            slope = 1 - row**2 if kind == "points" else (row > 0).astype(float)
            dead += not row.any()
            dormant += sizes[k] / (sum(sizes) / len(sizes)) <= 0.025
            frozen += (np.abs(slope) <= 1e-3).mean() > 0.95
            lengths = [math.sqrt(sum(other**2)) for other in rows]
            cosines = [
                sum(row * rows[m]) / (lengths[k] * lengths[m]) if lengths[k] * lengths[m] else 0 for m in range(k)
            ]
            cloned += any(cosine > 0.95 for cosine in cosines)
            units += 1
    return {
        "dead_units": dead / units,
        "dormant_units": dormant / units,
        "frozen_units": frozen / units,
        "cloned_units": cloned / units,
    }


def exponents_told(kind, weights, x, labels):
    draw, ends = torch_generator(0, "between", "0", "1"), []
    for label in (0, 1):
        mine = np.flatnonzero(labels == label)
        ends.append(x[mine[torch.randint(len(mine), (PAIRS,), generator=draw).numpy()]])
    ways = [
        ends[0][p] + (ends[1][p] - ends[0][p]) * (q + 1) / (POINTS + 1) for p in range(PAIRS) for q in range(POINTS)
    ]
    found = {}
    for name, places in (("within", x), ("between", np.array(ways))):
        values = np.sort(exponents(kind, weights, places))
        finite = values[np.isfinite(values)]
        found[f"ftle_{name}"] = values[len(values) // 2]  # of an even number, the upper of the two in the middle
        found[f"ftle_{name}_spread"] = np.quantile(finite, 0.95) - np.quantile(finite, 0.05)
        found[f"ftle_{name}_zero"] = np.isneginf(values).mean()
    return found


def nc1(features, labels):
    means = [features[labels == k].mean(axis=0) for k in range(CLASSES)]
    middle = sum(means) / CLASSES
    width = features.shape[1]
    inside, between = np.zeros((width, width)), np.zeros((width, width))
    for k in range(CLASSES):
        mine = features[labels == k]
        for row in mine:
            inside += np.outer(row - means[k], row - means[k]) / len(mine) / CLASSES
        between += np.outer(means[k] - middle, means[k] - middle) / CLASSES
    return np.trace(inside @ np.linalg.pinv(between, rcond=1e-9)) / CLASSES


def by_hand(kind, weights, start, x, labels):
    flat, shapes = np.concatenate([w.ravel() for w in weights]), [w.shape for w in weights]
    layers, features, logits = forward(kind, weights, x)
    y, n = np.eye(CLASSES)[labels], len(x)

    def losses(values):
        return loss_of_each(kind, forward(kind, at(values, shapes), x)[2], y)

    gradients = by_weight(losses, flat)  # sample, weight
    jacobian = by_weight(lambda values: forward(kind, at(values, shapes), x)[2], flat)  # sample, output, weight
    newton, hessian = np.zeros((len(flat), len(flat))), np.zeros((len(flat), len(flat)))
    for i in range(n):
        p = np.exp(logits[i]) / np.exp(logits[i]).sum()
        curvature = np.eye(CLASSES) * 2 / CLASSES if kind == "points" else np.diag(p) - np.outer(p, p)
        newton += jacobian[i].T @ curvature @ jacobian[i] / n
    for j in range(len(flat)):
        ends = []
        for side in (1, -1):
            moved = flat.copy()
            moved[j] += side * 1e-7  # hardly a ReLU's kink lies so near
            ends.append(by_weight(lambda values: losses(values).mean(), moved))
        hessian[:, j] = (ends[0] - ends[1]) / 2e-7
    eigenvalues = np.linalg.eigvalsh((hessian + hessian.T) / 2)
    rows = jacobian.reshape(n * CLASSES, -1)
    kernel = np.array([[(one * other).sum() for other in rows] for one in rows])
    singular = np.linalg.svd(features)[1]
    isometry = 0.0
    for weight in weights[::2]:
        matrix = weight.reshape(len(weight), -1)
        matrix = matrix if matrix.shape[0] < matrix.shape[1] else matrix.T
        for a in range(len(matrix)):
            for b in range(len(matrix)):
                isometry += ((matrix[a] * matrix[b]).sum() - (a == b)) ** 2
    some = x[:: max(1, n // 32)][:32]
    stretched = [s for each in input_jacobians(kind, weights, some) for s in np.linalg.svd(each)[1]]
    found = exponents_told(kind, weights, x, labels) | shares_of_units(kind, layers)
    return found | {
        "weight_isometry": isometry,
        "jacobian_isometry": sum((s - 1) ** 2 for s in stretched) / len(stretched),
        "effective_rank": entropy_rank(singular),
        "stable_rank": sum(singular**2) / singular[0] ** 2,
        "approximate_rank": to_share(singular, 0.99),
        "feature_rank": sum(s / math.sqrt(n) > 0.01 for s in singular),
        "weight_norm": math.sqrt(sum(flat**2)),
        "distance": math.sqrt(sum((flat - np.concatenate([w.ravel() for w in start])) ** 2)),
        "gradient_norm": math.sqrt(sum(gradients.mean(axis=0) ** 2)),
        "gradient_coherence": sum(gradients.mean(axis=0) ** 2) / (gradients**2).sum(axis=1).mean(),
        "loss": losses(flat).mean(),
        "sharpness": eigenvalues[-1],
        "hessian_rank": to_share(np.abs(eigenvalues), 0.9),
        "epsilon_rank": sum(np.linalg.eigvalsh(newton) > 0.01),
        "kernel_rank": entropy_rank(np.linalg.eigvalsh(kernel)),
        "nc1": nc1(features, labels),
    }


@pytest.mark.parametrize("make", [points, pictures], ids=lambda make: make.__name__)
def test_every_suspect_by_hand(make):
    network, x, loss = make()
    start = snapshot(network)
    with torch.no_grad():
        network.head.weight += 0.3 * torch.randn_like(network.head.weight)
    labels = (torch.arange(len(x)) % 3 > 0).long()
    chosen = some_of_each(labels, CLASSES)
    x, labels = x[chosen], labels[chosen]
    found = measure_all(State(network, x, labels, CLASSES, LOSSES[loss], start))
    weights, began = ([w.detach().double().numpy() for w in each.values()] for each in (snapshot(network), start))
    expected = by_hand(make.__name__, weights, began, x.double().numpy(), labels.numpy())
    assert found.keys() == expected.keys()
    assert 0 < expected["frozen_units"] < 1
    assert 0 < expected["cloned_units"] < 1
    for name, value in expected.items():
        assert found[name] == pytest.approx(float(value), rel=2e-5, abs=1e-7), name
