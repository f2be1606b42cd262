"""Whole lives that the engine draws itself, against the stored runs of the package: equal in distribution."""

import numpy as np
import pytest
from scipy import stats

from lop_tutorial.playground import Settings
from lop_tutorial.running import stored

METHODS = {
    "none": Settings(),
    "retrained": Settings(method="retrained"),
    "g_mixup:M=1:intra=0": Settings(method="inter"),
    "g_mixup:M=1:intra=1:intra_weight=1": Settings(method="intra"),
    "g_mixup:M=1:intra_weight=1": Settings(method="both"),
}
SEEDS, BLOCK = 8, 10
LIVES = """
const { choices, seeds, tasks } = given;
return [...Array(seeds).keys()].map((seed) => {
  const settings = E.experiment({ ...choices, seed }, {});
  const learner = new E.Learner(settings, E.draws(seed, "weights", 0));
  return [...Array(tasks).keys()].map((t) => {
    const task = E.clouds(settings, t);
    if (t) learner.begin(E.draws(seed, "weights", t));
    const draws = ["batches", "mixing", "renew"].map((what) => E.draws(seed, what, t));
    for (let epoch = 0; epoch < settings.epochs; epoch++) learner.epoch(task, ...draws);
    const of = ({ x, labels }) => E.accuracy(learner.network, x, labels);
    return [of(task), of(task.test)];
  });
});
"""


def compare(engine, name, width, tasks):
    """Block means of eight lives against the stored eight: how many lie inside its 95 % t interval, and the smallest
    p of Welch's test, over methods, both accuracies and blocks of ten tasks."""
    inside, smallest = [], 1.0
    for method, settings in METHODS.items():
        choices = vars(settings) | {"width": width}
        lives = np.array(engine(LIVES, {"choices": choices, "seeds": SEEDS, "tasks": tasks}), dtype=float)
        for place, quantity in enumerate(("train_accuracy", "test_accuracy")):
            theirs = stored(name).results.curves(method, quantity)[:, :tasks]
            ours, theirs = (each.reshape(SEEDS, -1, BLOCK).mean(axis=2) for each in (lives[:, :, place], theirs))
            reach = stats.t.ppf(0.975, SEEDS - 1) * theirs.std(axis=0, ddof=1) / SEEDS**0.5
            inside += list(np.abs(ours.mean(axis=0) - theirs.mean(axis=0)) <= reach + 1e-3)  # 1e-3: all were at 1.000
            varied = np.ptp(np.concatenate([ours, theirs]), axis=0) > 2e-3
            if varied.any():
                smallest = min(smallest, stats.ttest_ind(ours, theirs, equal_var=False).pvalue[varied].min())
    return np.mean(inside), smallest, len(inside)


def test_early_lives_are_those_of_the_stored_run(engine):
    inside, smallest, compared = compare(engine, "type1", 2, BLOCK)
    assert inside >= 0.7, f"{inside:.0%} of {compared}"
    assert smallest * compared > 0.01


@pytest.mark.product
@pytest.mark.parametrize(("name", "width"), [("type1", 2), ("type2", 256)])
def test_whole_lives_are_those_of_the_stored_runs(engine, name, width):
    inside, smallest, compared = compare(engine, name, width, 80)
    assert inside >= 0.7, f"{inside:.0%} of {compared}"
    assert smallest * compared > 0.01  # Bonferroni: none of them differs
