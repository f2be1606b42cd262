"""A seed is a learner: its bits do not depend on who else is in its fleet."""

from itertools import product

import pytest
import torch

from lop_tutorial.interventions import INTERVENTIONS, intervention
from lop_tutorial.networks import MLP
from lop_tutorial.streams import ToyPoints
from lop_tutorial.training import Fleet, Training
from lop_tutorial.training.cpu import company_changes_bits

STRONG = {"cbp": "cbp:replacement_rate=0.05:maturity=3", "redo": "redo:every=5:tau=0.3", "l2": "l2:strength=0.01"}
OWN_LAYERS = ("layer_norm", "crelu")  # these methods' networks cannot stand beside others
SIZES = {"odd": (13, (17, 3), 25, 27), "even": (20, (32, 32), 32, 32)}  # inputs, hidden, batch, examples of a class


def lives(members, sizes, activation):
    """The bits of every member after three tasks of three classes, with the outcomes."""
    inputs, hidden, batch, examples = SIZES[sizes]
    training = Training(step_size=0.05, epochs=4, batch_size=batch, weight_decay=1e-3)
    fleet = Fleet(
        lambda: MLP((inputs,), 3, hidden=hidden, activation=activation),
        training,
        [(intervention(method), seed) for method, seed in members],
    )
    streams = {
        seed: ToyPoints(seed, dimensions=inputs, classes=3, train_per_class=examples, test_per_class=37)
        for _, seed in members
    }
    outcomes = [fleet.learn({seed: stream.task(index) for seed, stream in streams.items()}) for index in range(3)]
    bits = [{name: values.clone() for name, values in one.network.state_dict().items()} for one in fleet.learners]
    return dict(zip(members, zip(bits, *outcomes, strict=True), strict=True))


ODD, EVEN = ("relu", "odd"), ("gelu", "even")
BY_ITSELF = not company_changes_bits()
"""Whether MKL multiplies a narrow matrix alike in every batch; where it would not, AUTO in that variable sees to it."""
KINDS = ("none", "cbp", "g_mixup", "layer_norm")
"""What GELU's own kernel could do, it does under these as well; the others meet it among the checks of the product."""


def in_the_suite(method, case):
    return case == ODD or (case == EVEN and method in KINDS)


@pytest.mark.parametrize(
    ("method", "activation", "sizes"),
    [
        pytest.param(method, *case, marks=[] if in_the_suite(method, case) else pytest.mark.product)
        for case in product(("relu", "gelu"), SIZES)
        for method in INTERVENTIONS
    ],
)
def test_a_learners_bits_do_not_depend_on_its_company(method, activation, sizes):
    if sizes == "odd" and not BY_ITSELF:
        pytest.skip("on this processor MKL rounds narrow products by the size of the batch; set MKL_CBWR=AUTO")
    if method == "crelu" and activation == "gelu":
        pytest.skip("this method needs ReLU")
    how = STRONG.get(method, method)
    others = [] if method in OWN_LAYERS or method == "none" else [("none", seed) for seed in range(3)]
    together = lives(others + [(how, seed) for seed in range(7)], sizes, activation)
    for seeds in ([0], [1, 4], [6, 5, 2]):
        for member, (bits, *outcomes) in lives([(how, seed) for seed in seeds], sizes, activation).items():
            there, *achieved = together[member]
            assert outcomes == achieved
            for name, values in bits.items():
                assert torch.equal(values, there[name]), f"{member}: {name}"
