"""Explorers as Python sees them: numbers in few bytes, shapes, what is refused, pictures, and frames computed anew."""

from base64 import b64decode

import ipywidgets
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lop_tutorial.figures.explorers import CloudExplorer, CurveExplorer, FieldExplorer, LabelExplorer, live
from lop_tutorial.figures.explorers.packing import pack, unpack
from lop_tutorial.running import interval

SQUARE = (-1.0, 1.0, -1.0, 1.0)
draw = np.random.default_rng(0)
numbers = st.floats(-1e6, 1e6) | st.sampled_from([np.nan, np.inf, -np.inf])


@pytest.mark.parametrize("bits", [8, 16])
@given(first=hnp.arrays(float, (3, 4), elements=numbers), second=hnp.arrays(float, 5, elements=numbers))
def test_packed_numbers_come_back_to_half_a_level(bits, first, second):
    index, packed = pack({"first": first, "second": second}, bits)
    assert len(packed) == (first.size + second.size) * bits // 8
    for name, before in {"first": first, "second": second}.items():
        after = unpack(index, packed)[name]
        finite = np.isfinite(before)
        np.testing.assert_array_equal(after[~finite], before[~finite])
        span = np.ptp(before[finite]) if finite.any() else 0.0
        levels = {8: 252, 16: 65_532}[bits]
        np.testing.assert_allclose(after[finite], before[finite], atol=0.5 * span / levels * 1.001 + 1e-9, rtol=1e-12)


def test_other_widths_are_refused():
    with pytest.raises(ValueError, match="bits is 12"):
        pack({}, 12)


def field(**other):
    tasks = {"task": range(5)}
    return FieldExplorer(draw.normal(size=(5, 8, 6)), SQUARE, **{"sliders": tasks, "title": "A field"} | other)


def test_a_field_follows_its_sliders_and_says_what_it_is():
    made = field(points=draw.normal(size=(7, 2)), classes=np.arange(7) % 2)
    assert repr(made) == "<FieldExplorer: A field, 5 frames over task>"
    assert {name: array.shape for name, array in made.arrays().items()} == {
        "field": (5, 8, 6),
        "points": (7, 2),
        "classes": (7,),
    }
    assert made.spec["limits"][0] == -made.spec["limits"][1], "exponents are coloured about zero"
    assert field(quantity="probability").spec["limits"] == [0.0, 1.0]


def test_a_field_that_is_its_own_boundary_is_stored_once():
    values = draw.normal(size=(5, 8, 6))
    own = FieldExplorer(values, SQUARE, sliders={"task": range(5)}, boundary=values)
    other = FieldExplorer(values, SQUARE, sliders={"task": range(5)}, boundary=-values)
    assert (len(own.values), len(other.values)) == (240, 480)


def test_minus_infinity_survives():
    values = np.zeros((3, 3))
    values[1, 2] = -np.inf
    np.testing.assert_array_equal(FieldExplorer(values, SQUARE).arrays()["field"], values)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: field(sliders={"task": range(4)}), r"field has shape \(5, 8, 6\); it must be \(4, any, any\)"),
        (lambda: field(sliders={"task": []}), "field has shape"),
        (lambda: field(sliders={"task": range(5), "layer": range(2)}), "field has shape"),
        (lambda: field(points=np.zeros((7, 3))), r"points has shape \(7, 3\)"),
        (lambda: field(boundary=np.zeros((5, 8, 5))), r"boundary has shape \(5, 8, 5\)"),
        (lambda: field(quantity="entropy"), "quantity is 'entropy'"),
        (lambda: FieldExplorer(np.zeros((2, 2)), (1.0, -1.0, 0.0, 1.0)), "extent is"),
        (lambda: FieldExplorer(np.zeros((9, 300, 300)), SQUARE, sliders={"task": range(9)}), "810,000 bytes, more"),
        (lambda: CloudExplorer(np.zeros((4, 2)), np.array([0, 1, 1, -1])), "integers from 0"),
        (lambda: CloudExplorer(np.zeros((4, 2)), np.array([0, 1, 1])), "classes has shape"),
        (lambda: CloudExplorer(np.zeros((4, 2)), np.array([0, 1, 1, 6])), "there are 7 classes"),
        (lambda: CurveExplorer([2, 1], {}), "growing"),
        (lambda: CurveExplorer([1, 2], {"a": {"nobody": interval(np.zeros((3, 2)))}}), "'nobody' has no colour"),
        (lambda: CurveExplorer([1, 2], {"a": {"none": interval(np.zeros((3, 5)))}}), "none's mean has shape"),
        (lambda: CurveExplorer([1, 2], {}, sliders={"a": (1, 2)}, still=(2,)), r"still is \[2\]"),
        (lambda: LabelExplorer(bump=3.0), "bump is 3.0"),
        (lambda: LabelExplorer(mixing=-0.1), "mixing is -0.1"),
    ],
)
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def curves():
    found = interval(draw.uniform(0.5, 1, size=(4, 3, 6)))  # seeds, step sizes, tasks
    panels = {"training": {"none": found, "retrained": found}, "test": {"none": found}}
    return CurveExplorer(range(1, 7), panels, sliders={"step size": (0.01, 0.1, 1)})


def cloud():
    return CloudExplorer(draw.normal(size=(5, 9, 2)), np.arange(9) % 3, sliders={"task": range(5)})


@pytest.mark.parametrize("make", [field, curves, cloud, LabelExplorer])
def test_an_explorer_brings_its_picture_along(make):
    data, _ = make()._repr_mimebundle_()
    assert b64decode(data["image/png"]).startswith(b"\x89PNG")
    assert "application/vnd.jupyter.widget-view+json" in data
    assert data["text/plain"].startswith("<")


def test_curves_keep_their_intervals_to_four_digits():
    found = interval(draw.uniform(0.5, 1, size=(4, 3, 6)))
    made = CurveExplorer(range(6), {"test": {"none": found}}, sliders={"step size": (1, 2, 3)})
    for what in ("mean", "low", "high"):
        np.testing.assert_allclose(made.arrays()[f"0.0.{what}"], getattr(found, what), atol=1e-5)
    assert made.spec["panels"][0]["series"][0]["label"] == "No Intv."


@pytest.mark.parametrize(("still", "height"), [(None, 1), ((0,), 0), ((2,), 2)])
def test_the_picture_of_curves_shows_the_frame_that_is_asked_for(still, height):
    found = interval(np.broadcast_to(np.arange(3.0)[:, None], (2, 3, 6)))
    made = CurveExplorer(range(6), {"test": {"none": found}}, sliders={"step size": (1, 2, 3)}, still=still)
    assert made.picture().axes[0].lines[0].get_ydata() == pytest.approx([height] * 6, abs=1e-3)


def test_every_curve_of_the_picture_is_named_once():
    found = interval(draw.uniform(0.5, 1, size=(4, 6)))
    same, other = {"none": found, "retrained": found}, {"none": found, "l2": found}
    figure = CurveExplorer(range(6), {"training": same, "test": same, "further": other}).picture()
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["No Intv.", "Retrained", "L2"]


def test_a_legend_of_a_picture_covers_no_panel():
    found = interval(draw.uniform(0.5, 1, size=(4, 6)))
    curves = CurveExplorer(range(6), {"test": {"none": found, "retrained": found}})
    for figure in (curves.picture(), cloud().picture()):
        figure.canvas.draw()
        (legend,) = figure.legends
        box = legend.get_window_extent()
        assert box.y0 >= 0
        assert all(ax.get_tightbbox().y0 >= box.y1 for ax in figure.axes)


def test_an_explorer_shows_another_s_frames_in_place():
    first, second = cloud(), cloud()
    first.at = [3]
    first.show(second)
    np.testing.assert_array_equal(first.arrays()["points"], second.arrays()["points"])
    assert first.at == [3]
    shorter = CloudExplorer(np.zeros((2, 9, 2)), np.arange(9) % 3, sliders={"task": range(2)})
    first.show(shorter)
    assert first.at == [0]
    with pytest.raises(ValueError, match="a cloud explorer cannot show what a field explorer"):
        first.show(field())


def test_live_controls_compute_new_frames_and_say_what_went_wrong():
    heard = []

    def compute(progress, scale):
        if scale == 0:
            raise ValueError("scale is 0")
        progress(0.5)
        heard.append(scale)
        return CloudExplorer(np.full((5, 9, 2), float(scale)), np.arange(9) % 3, sliders={"task": range(5)})

    shown = cloud()
    box = live(shown, compute, scale=ipywidgets.IntSlider(value=4))
    slider, row = box.children
    button, bar, words = row.children
    assert slider.description == "scale"
    button.click()
    assert heard == [4]
    assert bar.value == 0.5
    np.testing.assert_array_equal(shown.arrays()["points"], np.full((5, 9, 2), 4.0))
    slider.value = 0
    button.click()
    assert words.value == "ValueError: scale is 0"
    np.testing.assert_array_equal(shown.arrays()["points"], np.full((5, 9, 2), 4.0))
    assert not button.disabled


def test_the_still_picture_shows_the_other_sliders_where_they_stand():
    fields = np.arange(6.0).reshape(2, 3, 1, 1) * np.ones((1, 1, 4, 4))
    explorer = FieldExplorer(fields, (0, 1, 0, 1), sliders={"task": (1, 2), "depth": (1, 2, 4)})
    assert [frame for frame, _ in explorer.frames(4)] == [(0, 0), (1, 0)]
    explorer.at = [1, 2]
    assert [frame for frame, _ in explorer.frames(4)] == [(0, 2), (1, 2)]
    shown = [image.get_array() for ax in explorer.picture().axes[:2] for image in ax.images]
    np.testing.assert_allclose([values.mean() for values in shown], [2, 5], atol=0.05)
