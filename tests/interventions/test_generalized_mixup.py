"""The labels of Generalized Mixup worked out by hand, its pairs counted, and what its losses do."""

import math
from dataclasses import replace
from itertools import islice

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.functional import cross_entropy, mse_loss, one_hot

from lop_tutorial.interventions import Composition, Examples, GeneralizedMixup, NoIntervention, Retrained, mixup_labels
from lop_tutorial.networks import MLP
from lop_tutorial.seeds import draw_for
from lop_tutorial.streams import ToyPoints
from lop_tutorial.training import Learner, Training, live


def labels(k, other, classes, m, bump):
    rows = one_hot(torch.tensor([[k], [other]]), classes).double()
    return mixup_labels(rows[0], rows[1], torch.tensor([m], dtype=torch.float64), bump)[0].tolist()


# Worked out on paper from the poster's formulas.
@pytest.mark.parametrize(
    ("m", "inter", "b"),
    [(0.0, (0.0, 1.0), 0.0), (0.25, (0.25, 0.75), 0.25), (0.5, (0.5, 0.5), 0.5), (1.0, (1.0, 0.0), 0.0)],
)
@pytest.mark.parametrize("classes", [2, 3, 100])
def test_labels_by_hand_with_a_bump_of_one(m, inter, b, classes):
    rest = [0.0] * (classes - 2)
    assert labels(0, 1, classes, m, 1.0) == [*inter, *rest]
    assert labels(0, 0, classes, m, 1.0) == [1 + b] + [-b] * (classes - 1)
    assert labels(1, 1, classes, m, 1.0) == [-b, 1 + b] + [-b] * (classes - 2)


def test_labels_by_hand_with_another_bump():
    assert labels(0, 0, 2, 0.5, 0.5) == [1.25, -0.25]
    assert labels(0, 0, 2, 0.75, 0.5) == [1.125, -0.125]
    assert labels(2, 2, 3, 0.25, 4.0) == [-1.0, -1.0, 2.0]
    assert labels(0, 0, 2, 0.5, 0.0) == [1.0, 0.0]


@given(
    m=st.floats(0, 1),
    bump=st.floats(0, 10),
    classes=st.integers(2, 100),
    draw=st.randoms(use_true_random=False),
)
def test_what_holds_for_all_labels(m, bump, classes, draw):
    k, other = draw.sample(range(classes), 2)
    inter = labels(k, other, classes, m, bump)
    assert math.isclose(sum(inter), 1)
    assert min(inter) >= 0
    assert inter[k] == m
    intra = labels(k, k, classes, m, bump)
    for foreign in (value for place, value in enumerate(intra) if place != k):
        assert math.isclose(intra[k] - foreign, 1 + bump - 2 * bump * abs(0.5 - m), abs_tol=1e-9)
        assert foreign <= 0
    assert intra == pytest.approx(labels(k, k, classes, 1 - m, bump), abs=1e-9)


def batch(method, classes=2, size=400, seed=0):
    """Inputs that tell which samples went in: x = e_i, so that a mixed x is m at i and 1 - m at j."""
    draw = draw_for(seed, "test")
    y = (draw.uniform(size) * classes).long()
    examples = Examples.of(torch.eye(size), y, classes)
    x, mixed_y = method.batch(examples.x, examples.y, draw, examples)
    m = x.diagonal()
    others = x - torch.diag(m)
    return y, m, others.argmax(dim=1), others.sum(dim=1), mixed_y


@pytest.mark.parametrize("pairing", ["by_kind", "by_kind_in_batch"])
@pytest.mark.parametrize(("intra", "classes"), [(0, 2), (1, 2), (0.5, 2), (0.3, 5)])
def test_pairs_are_of_the_kind_that_was_asked_for(intra, classes, pairing):
    y, m, partner, weight, mixed = batch(GeneralizedMixup(intra=intra, bump=1, pairing=pairing), classes)
    torch.testing.assert_close(m + weight, torch.ones(400))
    assert (partner != torch.arange(400)).all()
    same = y == y[partner]
    spread = 4 * math.sqrt(intra * (1 - intra) / 400)
    assert abs(same.float().mean() - intra) <= spread
    assert len(partner.unique()) > 200  # drawn from all over the batch
    assert 0.4 < m.mean() < 0.6
    for i in range(0, 400, 40):
        expected = labels(int(y[i]), int(y[partner[i]]), classes, float(m[i]), 1.0)
        assert mixed[i].tolist() == pytest.approx(expected, abs=1e-5)


def shares(pairing, classes=100, each=20, size=90, steps=200):
    """How many samples of a task of many classes are paired within their class, between classes, and not at all."""
    label = torch.arange(classes).repeat(each)
    task, draw = Examples.of(torch.eye(len(label)), label, classes), draw_for(0, "test")
    method, found = GeneralizedMixup(intra=0.5, pairing=pairing), torch.zeros(3)
    for _ in range(steps):
        now = task.at(draw.permutation(len(label))[:size])
        mixed, _ = method.batch(*task.take(now.batch, draw), draw, now)
        own = torch.zeros(size, len(label)).scatter(1, now.batch[:, None], 1) * mixed
        others = mixed - own
        alone = others.amax(dim=1) == 0
        within = label[others.argmax(dim=1)] == label[now.batch]
        found += torch.tensor([(within & ~alone).sum(), (~within & ~alone).sum(), alone.sum()])
    return (found / (size * steps)).tolist()


def test_half_of_the_pairs_are_within_a_class_however_many_classes_there_are():
    within, between, alone = shares("by_kind")
    assert within == pytest.approx(0.5, abs=4 * math.sqrt(0.25 / (90 * 200)))
    assert alone == 0
    assert within + between == pytest.approx(1)
    # From the batch alone a sample meets none of its own class with probability C(1980, 89) / C(1999, 89).
    none = math.prod((1980 - k) / (1999 - k) for k in range(89))
    within, between, alone = shares("by_kind_in_batch")
    assert within == pytest.approx(0.5 * (1 - none), abs=0.02)
    assert alone == pytest.approx(0.5 * none, abs=0.02)


def test_partners_are_augmented_as_the_batch_is():
    label = torch.tensor([0, 0, 1, 1])
    task = Examples.of(torch.ones(4, 1), label, 2, augment=lambda x, draw: x * (2 + draw.uniform(len(x), 1)))
    draw = draw_for(0, "test")
    x, y = task.take(task.batch, draw)
    mixed, _ = GeneralizedMixup().batch(x, y, draw, task)
    assert (mixed >= 2).all()
    assert not torch.equal(mixed, x)


@pytest.mark.parametrize("pairing", ["by_kind", "by_kind_in_batch"])
def test_a_sample_without_a_partner_stays_as_it_is(pairing):
    task = Examples.of(
        torch.randn(3, 2), torch.tensor([0, 1, 2]), 3, augment=lambda x, draw: x + draw.uniform(len(x), 1)
    )
    mixed_x, mixed_y = GeneralizedMixup(intra=1, pairing=pairing).batch(task.x, task.y, draw_for(0, "test"), task)
    assert torch.equal(mixed_x, task.x)
    assert torch.equal(mixed_y, task.y)
    one = Examples.of(task.x[:1], torch.tensor([0]), 3)
    alone_x, alone_y = GeneralizedMixup(intra=0, pairing=pairing).batch(one.x, one.y, draw_for(0, "test"), one)
    assert torch.equal(alone_x, one.x)
    assert torch.equal(alone_y, one.y)


def test_a_permutation_uses_every_sample_once():
    _, m, partner, _, _ = batch(GeneralizedMixup(pairing="permutation"))
    moved = (m < 1) & (partner != torch.arange(400))
    assert moved.sum() > 390
    assert len(partner[moved].unique()) == moved.sum()


@pytest.mark.parametrize("alpha", [0.2, 1.0, 3.0])
def test_mixing_is_drawn_from_a_symmetric_beta(alpha):
    _, m, *_ = batch(GeneralizedMixup(alpha=alpha), size=2000)
    assert m.mean() == pytest.approx(0.5, abs=0.04)
    assert m.var() == pytest.approx(1 / (4 * (2 * alpha + 1)), rel=0.15)


def test_the_loss_takes_each_kind_for_itself():
    logits = torch.tensor([[1.0, -1.0], [0.5, 2.0]])
    y = torch.tensor([[0.5, 0.5], [1.5, -0.5]])  # half way between classes, half way within class 0 with M = 1
    crossed = 0.5 * (math.log(1 + math.exp(-2)) + math.log(1 + math.exp(2)))
    squared = ((0.5 - 1.5) ** 2 + (2 + 0.5) ** 2) / 2
    method = GeneralizedMixup(intra_weight=0.1)
    assert method.loss(cross_entropy, logits, y).item() == pytest.approx((crossed + 0.1 * squared) / 2)
    between = ((1 - 0.5) ** 2 + (-1 - 0.5) ** 2) / 2
    assert method.loss(mse_loss, logits, y).item() == pytest.approx((between + 0.1 * squared) / 2)
    plain = replace(method, intra_loss="training")
    assert plain.loss(mse_loss, logits, y).item() == pytest.approx((between + squared) / 2)


def test_why_plain_cross_entropy_is_refused():
    y = mixup_labels(*[torch.tensor([[1.0, 0.0]])] * 2, torch.tensor([0.5]), 0.5)
    losses = [cross_entropy(torch.tensor([[size, -size]]), y).item() for size in (1.0, 10.0, 100.0, 1000.0)]
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < -400  # without a lower bound: the larger the logits, the smaller the loss
    bad = {"intra_loss": "training"}
    for settings in (bad, bad | {"bump": 0.01}, bad | {"intra": 0, "pairing": "permutation"}):
        with pytest.raises(ValueError, match="no lower bound"):
            Learner(lambda: MLP((20,), 2), intervention=GeneralizedMixup(**settings))
    for settings in (bad | {"bump": 0}, bad | {"intra": 0}, bad | {"unbounded": True}, {}):
        GeneralizedMixup(**settings).check("cross_entropy")
    GeneralizedMixup(**bad).check("squared_error")


@pytest.mark.parametrize(
    "same",
    [(NoIntervention(), GeneralizedMixup()), (Retrained(), Composition((Retrained(), GeneralizedMixup())))],
    ids=["kept", "fresh"],
)
def test_with_m_always_one_nothing_is_changed(monkeypatch, same):
    monkeypatch.setattr(
        "lop_tutorial.interventions.generalized_mixup.beta_from", lambda uniform, alpha: torch.ones_like(uniform)
    )
    ends = []
    for method in same:
        learner = Learner(lambda: MLP((20,), 2), Training(epochs=2, batch_size=16), method, seed=3)
        list(live(learner, islice(ToyPoints(3), 2)))
        ends.append(torch.cat([p.detach().flatten() for p in learner.network.parameters()]))
    torch.testing.assert_close(ends[0], ends[1], rtol=0, atol=1e-6)  # the mean over rows may be rounded otherwise


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"bump": -1}, "bump is -1"),
        ({"bump": math.nan}, "bump is nan"),
        ({"intra": 1.5}, "intra is 1.5; it must be a number from 0 to 1"),
        ({"alpha": 0}, "alpha is 0"),
        ({"pairing": "rows"}, "pairing is 'rows'; it must be one of by_kind, by_kind_in_batch, permutation"),
        ({"intra_loss": "hinge"}, "intra_loss is 'hinge'"),
        ({"intra_weight": -0.1}, "intra_weight is -0.1"),
    ],
)
def test_wrong_settings_are_named(settings, message):
    with pytest.raises(ValueError, match=message):
        GeneralizedMixup(**settings)
