import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex

from lop_tutorial.figures import METHOD_COLOURS, each_network, losses, old_and_fresh

OLD = np.array([[0.9, 0.8, 0.7, 0.5], [0.9, 0.8, 0.5, 0.7]])
FRESH = np.array([[0.9, 0.9, 0.8, 0.8], [0.9, 0.7, 0.8, 0.8]])


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def lines(ax, gid):
    return [line for line in ax.get_lines() if line.get_gid() == gid]


def test_old_and_fresh_shows_running_means_in_the_books_two_colours():
    figure = old_and_fresh({"training accuracy": {"old": OLD, "fresh": FRESH}, "test": {"old": OLD}}, smooth=2)
    top, below = figure.axes
    old, fresh = lines(top, "mean")
    np.testing.assert_allclose(old.get_xydata(), [[1.5, 0.85], [2.5, 0.7], [3.5, 0.6]])
    np.testing.assert_allclose(fresh.get_ydata(), [0.85, 0.8, 0.8])
    assert [to_hex(line.get_color()) for line in (old, fresh)] == [
        METHOD_COLOURS[method].lower() for method in ("none", "retrained")
    ]
    assert len(lines(top, "seed")) == 4
    assert [old.get_linestyle(), lines(below, "mean")[0].get_linestyle()] == ["--", "-"]


def names(ax):
    """Heights of the names of lines, in the axis's own units."""
    low, high = ax.get_ylim()
    return {
        text.get_text(): low + text.get_position()[1] * (high - low) for text in ax.texts if text.get_gid() == "name"
    }


def test_a_name_stands_at_the_height_of_its_line_s_end_and_none_covers_another():
    figure = old_and_fresh({"test": {"old": OLD, "fresh": OLD + 0.01}}, smooth=1)
    heights = names(figure.axes[0])
    assert heights["old"] == pytest.approx(0.6)
    assert heights["fresh"] - heights["old"] > 0.05


def test_no_name_stands_above_its_panel():
    ones = np.ones_like(OLD)
    ax = old_and_fresh({"training": {"old": ones, "fresh": ones}}, smooth=1).axes[0]
    old, fresh = sorted(names(ax).values())
    assert fresh <= ax.get_ylim()[1]
    assert fresh - old > 0.05


def test_panels_with_floors_of_their_own_have_one_scale_and_chance_only_where_it_is_seen():
    lives = {"old": OLD, "fresh": FRESH}
    figure = old_and_fresh({"training": lives, "test": lives}, smooth=1, floor={"training": 0.9, "test": 0.4})
    figure.canvas.draw()
    scales = [ax.get_position().height / np.ptp(ax.get_ylim()) for ax in figure.axes]
    assert scales[0] == pytest.approx(scales[1], rel=0.01)
    told = [["chance" in text.get_text() for text in ax.texts] for ax in figure.axes]
    assert [any(each) for each in told] == [False, True]


def test_the_first_of_the_losses_is_a_reference_where_that_is_asked():
    groups = {"plain": OLD[:, 0], "changed": OLD[:, 1]}
    assert not lines(losses(groups, unit="points").axes[0], "reference")
    (line,) = lines(losses(groups, unit="points", first_is_reference=True).axes[0], "reference")
    np.testing.assert_allclose(line.get_xdata(), OLD[:, 0].mean())


def test_a_seed_that_diverged_is_drawn_but_not_averaged():
    gone = np.vstack([OLD, [0.2, 0.2, np.nan, np.nan]])
    ax = old_and_fresh({"test": {"old": gone}}, smooth=1).axes[0]
    np.testing.assert_allclose(lines(ax, "mean")[0].get_ydata(), OLD.mean(axis=0))
    assert len(lines(ax, "seed")) == 3


def test_one_seed_has_a_line_and_no_band():
    ax = old_and_fresh({"test": {"old": OLD[:1]}}, smooth=1).axes[0]
    assert (len(lines(ax, "mean")), len(lines(ax, "seed"))) == (1, 0)


def test_each_network_has_its_panel_and_a_cross_where_it_diverged():
    gone = np.vstack([OLD, [0.9, 0.6, np.nan, np.nan]])
    figure = each_network({"old": gone, "fresh": np.vstack([FRESH, FRESH[:1]])}, smooth=1, columns=2)
    assert [ax.get_visible() for ax in figure.axes] == [True, True, True, False]
    crosses = [lines(ax, "diverged") for ax in figure.axes]
    assert [len(each) for each in crosses] == [0, 0, 1, 0]
    np.testing.assert_allclose(crosses[2][0].get_xydata(), [[2, 0.6]])


def test_a_network_that_diverged_before_a_mean_was_possible_has_its_line_and_cross_too():
    gone = np.array([[0.9, 0.6, np.nan, np.nan], [0.9, 0.8, 0.5, 0.7]])
    first, second = each_network({"old": gone}, smooth=3).axes[:2]
    (cross,) = lines(first, "diverged")
    np.testing.assert_allclose(cross.get_xydata(), [[2, 0.6]])
    np.testing.assert_allclose(first.get_lines()[0].get_xydata()[:2], [[1, 0.9], [2, 0.6]])
    np.testing.assert_allclose(second.get_lines()[0].get_ydata(), [2.2 / 3, 2 / 3])


def test_losses_go_from_top_to_bottom_with_mean_and_interval():
    ax = losses({"first": np.array([1.0, 3.0]), "second": np.array([5.0, 5.0])}, unit="points").axes[0]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["second", "first"]
    assert [line.get_xdata()[0] for line in lines(ax, "mean")] == [5, 2]
    low, high = lines(ax, "interval")[1].get_xdata()
    assert (low, high) == pytest.approx((2 - 12.706, 2 + 12.706), abs=1e-3)  # t of one degree of freedom, error 1
