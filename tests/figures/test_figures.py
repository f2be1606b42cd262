import itertools
import warnings
from io import BytesIO

import numpy as np
import pytest
from matplotlib.colors import to_hex
from PIL import Image

from lop_tutorial.figures import (
    METHOD_COLOURS,
    accuracy_over_tasks,
    across_widths,
    exponent_fields,
    image_rows,
    method_colour,
    slim_png,
)
from lop_tutorial.figures.accuracy import running_mean
from lop_tutorial.interventions import SIX
from lop_tutorial.running import Results


@pytest.fixture
def results():
    draw = np.random.default_rng(0)
    return Results(
        tuple(
            {
                "method": m,
                "seed": s,
                "task": t,
                "train_accuracy": draw.uniform(),
                "test_accuracy": draw.uniform(),
                "train_loss": 0.0,
            }
            for m in ("none", "retrained")
            for s in range(4)
            for t in range(9)
        )
    )


def test_lines_are_means_in_the_methods_colours(results):
    figure = accuracy_over_tasks(results, smooth=1)
    for ax, quantity in zip(figure.axes, ("train_accuracy", "test_accuracy"), strict=True):
        title = ax.get_title() or ax.get_title("left")  # as the style has it
        assert quantity.removesuffix("_accuracy") in title
        means = [line for line in ax.get_lines() if line.get_gid() == "mean"]
        for line, method in zip(means, ("none", "retrained"), strict=True):
            np.testing.assert_allclose(line.get_xdata(), np.arange(1, 10))
            np.testing.assert_allclose(line.get_ydata(), results.curves(method, quantity).mean(axis=0))
            assert to_hex(line.get_color()) == METHOD_COLOURS[method].lower()
            assert line.get_label() == SIX[method].title
        assert sum(line.get_gid() == "seed" for line in ax.get_lines()) == 8
    assert figure.axes[1].get_xlabel() == "task"


def test_a_running_mean_is_centred_and_short_runs_are_shown_too(results):
    np.testing.assert_allclose(running_mean(np.array([[1.0, 2.0, 6.0, 3.0]]), 3), [[3.0, 11 / 3]])
    assert accuracy_over_tasks(results, smooth=50).axes[0].get_lines()[0].get_ydata().shape == (1,)


def test_settings_stay_out_of_the_legend_where_names_tell_the_methods_apart(results):
    long = "cbp:replacement_rate=1e-5:maturity=1000"
    rows = tuple(row | {"method": long} if row["method"] == "retrained" else row for row in results.rows)
    (legend,) = accuracy_over_tasks(Results(rows), smooth=1).legends
    assert [text.get_text() for text in legend.get_texts()] == ["No Intv.", "CBP"]


def test_where_no_learner_is_done_the_figure_says_so(results):
    begun = Results(tuple(row for row in results.rows if row["task"] < 3 + row["seed"]), planned=9)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # as of a legend without an entry
        figure = accuracy_over_tasks(begun, smooth=1)
    assert "no learner has gone through all tasks" in [text.get_text() for text in figure.axes[0].texts]
    assert not figure.legends


def test_widths_are_compared_early_and_late():
    def lives(width):
        for seed, task in itertools.product(range(2), range(10)):
            place = {"width": width, "method": "none", "seed": seed, "task": task}
            late = task >= 8
            yield (
                place
                | {"train_accuracy": 1.0 - 0.25 * late, "test_accuracy": 0.75}
                | {
                    f"ftle_{place}_q50": -np.inf if late and width == 1 else width + 0.5 * late
                    for place in ("within", "between")
                }
            )

    figure = across_widths(Results((*lives(1), *lives(16))), ends=2)
    train, test = (line for line in figure.axes[0].get_lines() if line.get_gid() == "mean")
    np.testing.assert_allclose(train.get_ydata(), 0.75)
    np.testing.assert_allclose(test.get_ydata(), 0.75)
    curves = {line.get_label(): line.get_ydata() for line in figure.axes[1].get_lines()}
    np.testing.assert_allclose(curves["within, first 2 tasks"], [1, 16])
    np.testing.assert_allclose(curves["between, last 2 tasks"], [-np.inf, 16.5])


def test_every_method_of_the_tables_has_a_colour_of_its_own():
    assert set(SIX) == set(METHOD_COLOURS)
    assert len({*METHOD_COLOURS.values(), method_colour("redo")}) == len(METHOD_COLOURS) + 1
    assert method_colour("g_mixup:M=1") == METHOD_COLOURS["g_mixup"]


def test_image_rows_show_a_row_a_class():
    figure = image_rows([np.zeros((8, 4, 4, 3), np.uint8)] * 2, ["a", "b"], per_row=5)
    assert [ax.get_ylabel() for ax in figure.axes[::5]] == ["a", "b"]


def test_a_slim_png_is_smaller_and_looks_the_same(results):
    png = BytesIO()
    accuracy_over_tasks(results).savefig(png)
    slim = slim_png(png.getvalue())
    assert len(slim) < 0.7 * len(png.getvalue())
    before, after = (np.asarray(Image.open(BytesIO(data)).convert("RGB"), float) for data in (png.getvalue(), slim))
    assert before.shape == after.shape
    assert np.abs(before - after).mean() < 1.5


def test_fields_share_a_scale_around_zero_and_show_where_margins_change_their_sign():
    rising = np.tile(np.linspace(-1, 1, 6), (6, 1))
    dead = np.full((6, 6), -np.inf)
    figure = exponent_fields({"a": (0.5 * rising, rising), "b": (dead, rising + 5)}, (-1, 1, -1, 1))
    first, second = figure.axes[:2]
    assert [ax.get_title("left") + ax.get_title() for ax in (first, second)] == ["a", "b"]
    assert first.images[0].get_clim() == second.images[0].get_clim() == (-0.5, 0.5)
    assert (len(first.collections), len(second.collections)) == (1, 0)
    (line,) = first.collections[0].get_paths()
    np.testing.assert_allclose(line.vertices[:, 0], 0, atol=1e-9)
    assert to_hex(second.images[0].to_rgba(second.images[0].get_array())[0, 0]) == "#000000"
