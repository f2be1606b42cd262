"""Checks of "Neural collapse: where training ends"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from lop_tutorial.exercises.verdicts import Check, called, compare, one_of
from lop_tutorial.geometry import neural_collapse

TITLE = "Neural collapse: where training ends"

CHANGES = ("more dimensions", "closer clouds", "one dimension more", "no decay")
_CORNERS = {"cosine": -1 / 3, "narrowest": 3, "collapsed": 3, "angles": 0}
_SLIPS: dict[str, dict[float | int, str]] = {
    "cosine": {
        1 / 3: "The sign: the four lean away from each other.",
        -1 / 4: "Is it C or C - 1 that stands below the line?",
        -1 / 2: "That is the cosine for three classes.",
        0: "Four directions at right angles do not have the mean zero. Class means, seen from their centre, do.",
    },
    "narrowest": {
        4: "The four means are seen from their own centre: how many of them can be chosen freely?",
        2: "In the plane four directions cannot all lie at the same angle to each other.",
    },
    "collapsed": {
        4: "The four rows of the weights sum to zero once their mean is taken off.",
        64: "That would be all of them. Which of them do the weights see?",
        61: "Those are the ones that are left alone.",
    },
}


def _corners(answer: Any) -> str | None:
    if not isinstance(answer, Mapping):
        return f"A dictionary was expected, such as {{'cosine': 0.5, ...}}, not {type(answer).__name__}."
    for name, right in _CORNERS.items():
        if name not in answer:
            return f"There is no answer for {name!r} yet."
        if complaint := compare(answer[name], right, absolute=5e-3):
            return f"{name}: {_slip(name, answer[name]) or complaint}"
    return None


def _slip(name: str, value: Any) -> str | None:
    for wrong, word in _SLIPS.get(name, {}).items():
        if compare(value, wrong, absolute=5e-3) is None:
            return word
    return None


def _nc1(answer: Any) -> str | None:
    draw = torch.Generator().manual_seed(0)
    labels = torch.arange(3).repeat_interleave(torch.tensor([4, 7, 11]))  # classes of unequal sizes
    scale = torch.tensor([3.0, 1.0, 1.0, 2.0, 0.5])
    means = torch.randn(3, 5, generator=draw, dtype=torch.float64) * 2 + 1
    features = means[labels] + scale * torch.randn(22, 5, generator=draw, dtype=torch.float64)
    result, complaint = called(answer, features, labels)
    if complaint:
        return complaint
    expected = neural_collapse(features, labels, torch.zeros(3, 5, dtype=torch.float64)).nc1
    complaint = compare(result, expected, factors={"C, the number of classes": 3})
    if complaint is None:
        return None
    for word, value in _wrong_ways(features.numpy(), labels.numpy()):
        if compare(result, value) is None:
            return word
    return complaint


def _wrong_ways(h: np.ndarray, y: np.ndarray) -> list[tuple[str, float]]:
    """What people compute instead, with what to tell them."""
    mu = np.stack([h[y == c].mean(axis=0) for c in range(3)])
    dot = (mu - mu.mean(axis=0)).T
    between = dot @ dot.T / 3
    of_class = [np.cov(h[y == c].T, bias=True) for c in range(3)]
    unbiased = np.mean([np.cov(h[y == c].T) for c in range(3)], axis=0)
    within, pooled = np.mean(of_class, axis=0), np.average(of_class, axis=0, weights=np.bincount(y))
    all_mean = (mu - h.mean(axis=0)).T
    rest = np.linalg.pinv(between, rcond=1e-10)
    ratio = np.trace(within) / np.trace(between)
    uncentred = np.linalg.pinv(all_mean @ all_mean.T / 3, rcond=1e-10)
    return [
        ("Large classes count for more in your Sigma_W; every class counts the same.", np.trace(pooled @ rest) / 3),
        ("A class's covariance is divided by its number of samples, not by one less.", np.trace(unbiased @ rest) / 3),
        ("That is the ratio of the two traces. NC1 weighs direction by direction, by the pseudo-inverse.", ratio),
        ("That is the ratio of the two traces, over C. NC1 weighs direction by direction.", ratio / 3),
        ("Sigma_B is about the mean of the class means, not of all samples.", np.trace(within @ uncentred) / 3),
        ("Sigma_B is a mean over classes: divide the sum by C.", np.trace(within @ rest) / 9),
    ]


def _flattens(answer: Any) -> str | None:
    if complaint := one_of(answer, CHANGES):
        return complaint
    if answer != "more dimensions":
        return "With that change alone, where does the exponent end? Run it and look."
    return None


CHECKS: dict[str, Check] = {
    "corners": _corners,
    "nc1 by hand": _nc1,
    "what keeps the neighbourhood": _flattens,
}
