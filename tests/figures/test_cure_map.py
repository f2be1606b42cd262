"""The maps of methods, suspects and causes show what they are given."""

import numpy as np

from lop_tutorial.figures.cause_map import cause_map
from lop_tutorial.figures.cure_map import cure_map
from lop_tutorial.report.cure_shifts import Shifts, finding, verdict_as_cause


def made():
    methods = ("none", "retrained", "fire:iterations=10", "muon:scale=0.06")
    draw = np.random.default_rng(0)
    scores = draw.normal(0, 0.01, (4, 6, 2))
    scores[1, :, 0] += 2
    scores[2, :, 0] += 1.5
    scores[3, :, 0] += draw.normal(0, 3, 6)  # nothing is clear there
    accuracies = 0.8 + draw.normal(0, 0.01, (4, 6, 2))
    accuracies[2] += 0.1
    return Shifts(methods, ("weight_norm", "nc1"), tuple(range(6)), scores, accuracies)


def test_discs_are_full_where_a_suspect_is_restored_and_hollow_where_not():
    shifts = made()
    figure = cure_map(shifts)
    field, train, test = figure.axes
    assert [label.get_text() for label in field.get_xticklabels()] == ["No Intv.", "FIRE", "Muon"]
    assert [label.get_text() for label in field.get_yticklabels()] == ["weight norm", "NC1 of the new task"]
    discs = {
        word: {(line.get_xdata()[0], line.get_ydata()[0]) for line in field.lines if line.get_gid() == word}
        for word in ("restored", "not restored")
    }
    assert discs["restored"] == {(1, 0)}  # nothing is clear of Muon and the weight norm
    found = {
        (x, y): shifts.holds(m, n) for x, m in enumerate(shifts.methods[2:], 1) for y, n in enumerate(shifts.suspects)
    }
    assert discs == {
        word: {place for place, held in found.items() if held is answer}
        for word, answer in (("restored", True), ("not restored", False))
    }
    assert {line.get_markerfacecolor() for line in field.lines if line.get_gid() == "not restored"} <= {"white"}
    assert "white" not in {line.get_markerfacecolor() for line in field.lines if line.get_gid() == "restored"}
    shown = [method for method in shifts.methods if method != "retrained"]
    for what, ax in enumerate((train, test)):
        means = [line.get_ydata()[0] for line in ax.lines if line.get_marker() in ("o", "s")]
        np.testing.assert_allclose(means, [100 * float(shifts.gap(m, what).mean) for m in shown])
    assert len(cure_map(shifts, ["nc1"]).axes[0].get_yticks()) == 1


def causes(held):
    """A setting in which both methods cure, and `held` says which of the two suspects each of them holds."""
    methods = ("none", "retrained", "fire:iterations=10", "muon:scale=0.06")
    draw = np.random.default_rng(1)
    scores = draw.normal(0, 0.01, (4, 6, 2))
    scores[1] += 2
    for row, suspects in enumerate(held, start=2):
        scores[row, :, suspects] += 2
    accuracies = 0.6 + draw.normal(0, 0.01, (4, 6, 2))
    accuracies[1:] += 0.2
    return Shifts(methods, ("weight_norm", "nc1"), tuple(range(6)), scores, accuracies)


def test_possible_causes_come_first_and_boxes_count_methods():
    settings = {"toy": causes(([0, 1], [0, 1])), "pairs": causes(([1], [1]))}
    found = [finding(setting, "weight_norm") for setting in settings.values()]
    assert [each.verdict for each in found] == ["stands", "not the cause"]
    assert verdict_as_cause(found) == "cleared"
    (ax,) = cause_map(settings, ("weight_norm", "nc1")).axes
    assert [label.get_text() for label in ax.get_yticklabels()] == ["NC1 of the new task", "weight norm"]
    boxes = {(round(box.get_x() + 0.45), round(box.get_y() + 0.42)): box.get_gid() for box in ax.patches}
    assert boxes == {(0, 0): "stands", (1, 0): "stands", (0, 1): "stands", (1, 1): "not the cause"}
    texts = {(text.get_position(), text.get_text()) for text in ax.texts}
    assert {((x, y), "2") for x in (0, 1) for y in (0, 1)} <= texts
    assert {text for _, text in texts} == {"2", "possible cause", "not needed"}
