"""One page on a network of one's own."""

import copy
import math

import pytest
import torch
from torch import nn

import lop_tutorial
from lop_tutorial.geometry import snapshot
from lop_tutorial.geometry.examination import drawn_anew, examine
from lop_tutorial.geometry.line_up import LINE_UP
from lop_tutorial.networks import MLP

X, Y = torch.randn(40, 4), torch.arange(40) % 2


def foreign():
    return nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 5), nn.Tanh(), nn.Linear(5, 2))


def test_a_network_of_the_house_and_the_same_from_elsewhere_have_the_same_numbers():
    own, other = MLP((4,), 2, hidden=(8, 5), activation="tanh"), foreign()
    for mine, theirs in zip(own.parameters(), other.parameters(), strict=True):
        theirs.data.copy_(mine)
    found, again = examine(own, (X, Y)).found, examine(other, (X, Y), layer="3").found
    assert found == pytest.approx(again, nan_ok=True)
    assert not math.isnan(found["ftle_within"])
    assert math.isnan(found["distance"])


def test_it_stands_beside_a_fresh_network_and_is_left_as_it_was():
    network = foreign()
    start = snapshot(network)
    with torch.no_grad():
        network[0].weight.mul_(100.0)
    before = copy.deepcopy(network.state_dict())
    state = torch.get_rng_state()
    page = examine(network, (X, Y), layer="3", start=start, per_class=5)
    assert page.examples == 10
    assert page.found["frozen_units"] > page.fresh["frozen_units"]
    assert page.found["distance"] > 0 == page.fresh["distance"]
    assert page.fresh == examine(network, (X, Y), layer="3", per_class=5).fresh
    assert torch.equal(state, torch.get_rng_state())
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert all(suspect.title in str(page) for suspect in LINE_UP)


@pytest.mark.cuda
def test_on_a_gpu_the_page_is_that_of_the_cpu():
    device = f"cuda:{torch.cuda.device_count() - 1}"
    network = foreign().double()
    pages = [examine(network.to(place), (X.double().to(place), Y.to(place)), layer="3") for place in ("cpu", device)]
    assert all(pages[1].found[name] == pytest.approx(value, nan_ok=True) for name, value in pages[0].found.items())
    assert all(pages[1].fresh[name] == pytest.approx(value, nan_ok=True) for name, value in pages[0].fresh.items())
    assert pages[1].reasons == pages[0].reasons == {}
    assert next(drawn_anew(network, 0).parameters()).device == torch.device(device)


def test_what_cannot_be_measured_is_left_out_with_the_reason():
    network = nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2))
    page = examine(network, (X, Y), layer="0")
    assert math.isnan(page.found["dead_units"])
    assert "no activation function of Sequential" in page.reasons["dead units"]
    assert "dead units is missing: no activation" in str(page)
    assert page.found["loss"] > 0


def test_layers_that_cannot_be_drawn_anew_leave_the_column_empty():
    class Scaled(nn.Module):
        def __init__(self):
            super().__init__()
            self.size = nn.Parameter(torch.ones(1))

        def forward(self, x):
            return self.size * x

    network = nn.Sequential(nn.Linear(4, 3), nn.Tanh(), Scaled(), nn.Linear(3, 2))
    assert drawn_anew(network, 0) is None
    assert examine(network, (X, Y), layer="1").fresh == {}


def test_bad_input():
    with pytest.raises(ValueError, match="Sequential has no method `representation`: name a layer, one of 0, 1"):
        examine(foreign(), (X, Y))
    with pytest.raises(ValueError, match="a whole number from 0 up for each input"):
        examine(foreign(), (X, Y - 1), layer="3")
    with pytest.raises(ValueError, match="this network has"):
        examine(foreign(), (X, Y), layer="nowhere")


def test_the_package_has_it_at_its_top():
    assert lop_tutorial.examine is examine
    with pytest.raises(AttributeError, match="no attribute 'nowhere'"):
        lop_tutorial.nowhere  # noqa: B018


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_inputs_that_are_not_finite_are_refused_once_and_for_all(value):
    network, x = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)), torch.ones(6, 3)
    x[2, 1] = value
    with pytest.raises(ValueError, match="inputs hold NaN or inf"):
        examine(network, (x, torch.arange(6) % 2), layer="1")
