"""A table: its rows selected by hand, and its cells written and read again."""

import json
import math

import numpy as np
import pytest

from lop_tutorial.running.run import stored_path
from lop_tutorial.running.table import Table, lines_of, load, read

ROWS = (
    {"method": "none", "seed": 2, "late": 0.5, "curve": [0.1, math.nan]},
    {"method": "none", "seed": 0, "late": math.nan, "curve": [0.25, -math.inf]},
    {"method": "cbp", "seed": 0, "late": 0.75, "curve": [1.0, 0.0]},
)


def test_rows_are_selected_by_their_entries_and_stand_by_seed():
    table = Table(ROWS)
    np.testing.assert_array_equal(table.select("late", method="none"), [np.nan, 0.5])
    np.testing.assert_array_equal(table.select("curve", method="none"), [[0.25, -np.inf], [0.1, np.nan]])
    assert table.select("late", method=("none", "cbp"), seed=0).shape == (2,)
    assert [row["seed"] for row in table.where(seed=[2, 0], method="none").rows] == [0, 2]


@pytest.mark.parametrize(
    ("quantity", "wanted", "message"),
    [
        ("loss", {}, "quantity is 'loss'; it must be one of method, seed, late, curve"),
        ("late", {"method": "l2"}, "no row has method 'l2'; there is none, cbp"),
        ("late", {"method": "cbp", "seed": (0, 2)}, "no row has seed 2; there is 0"),
        ("late", {"width": 2}, "no row has width 2; there is no such column"),
    ],
)
def test_what_is_not_there_is_named(quantity, wanted, message):
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        Table(ROWS).select(quantity, **wanted)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("config.json", b"{", r"config\.json is damaged \(Expecting"),
        ("config.json", b"[1]", r"config\.json is damaged \(it holds no settings\)"),
        ("environment.json", b"\xff", r"environment\.json is damaged \('utf-8' codec"),
        ("table.csv", b"seed\n\xff", r"table\.csv is damaged \('utf-8' codec"),
        ("table.csv", b"seed,late\n1\n", r"table\.csv, line 2: 1 cells for 2 columns"),
    ],
)
def test_the_file_that_is_damaged_is_named(file, content, message, tmp_path):
    for name, text in {"config.json": "{}", "environment.json": "{}", "table.csv": "seed\n1\n"}.items():
        (tmp_path / name).write_text(text)
    assert load(tmp_path).table.rows == ({"seed": 1},)
    (tmp_path / file).write_bytes(content)
    with pytest.raises(ValueError, match=message):
        load(tmp_path)
    (tmp_path / "table.csv").write_text("")
    assert read(tmp_path / "table.csv").rows == ()
    with pytest.raises(ValueError, match="none is no folder of a stored experiment"):
        load(tmp_path / "none")


def test_cells_read_as_they_were_written(tmp_path):
    row = {
        "word": "g_mixup:M=1",
        "whole": 3,
        "number": 0.123456,
        "yes": True,
        "nothing": None,
        "nan": math.nan,
        "inf": -math.inf,
        "list": [0.5, math.nan, -math.inf],
        "one": [2],
        "nested": [[1.0, 2.0], [3.0, 4.0]],
    }
    text = lines_of([row], tuple(row))
    assert (
        text == 'g_mixup:M=1,3,0.1235,True,,nan,-inf,"[0.5000, nan, -inf]",[2],"[[1.0000, 2.0000], [3.0000, 4.0000]]"\n'
    )
    (tmp_path / "table.csv").write_text(",".join(row) + "\n" + text)
    (again,) = read(tmp_path / "table.csv").rows
    np.testing.assert_equal(again, row | {"number": 0.1235})
    (tmp_path / "table.csv").write_text(",".join(row) + "\n" + text.replace(",3,", ","))
    with pytest.raises(ValueError, match="line 2: 9 cells for 10 columns"):
        read(tmp_path / "table.csv")


def test_small_and_large_numbers_keep_four_digits(tmp_path):
    row = {"small": 1.23456e-7, "below": -0.012345, "zero": 0.0, "large": 123456.0, "list": [2.5e-5, 1e30]}
    text = lines_of([row], tuple(row))
    assert text == '1.235e-07,-0.01235,0.0000,1.235e+05,"[2.5e-05, 1e+30]"\n'
    (tmp_path / "table.csv").write_text(",".join(row) + "\n" + text)
    (again,) = read(tmp_path / "table.csv").rows
    assert again == {"small": 1.235e-7, "below": -0.01235, "zero": 0.0, "large": 123500.0, "list": [2.5e-5, 1e30]}


def test_older_files_have_infinities_as_words_and_null_for_what_is_missing(tmp_path):
    rows = [{"seed": 0, "diverged_in": None, "train": [0.5, None, "-inf"], "on": None, "method": "none"}]
    path = tmp_path / "old.json"
    path.write_text(json.dumps({"environment": {"commit": "x"}, "tasks": 2, "rows": rows}))
    config, environment, table = load(path)
    assert (config, environment) == ({"tasks": 2}, {"commit": "x"})
    np.testing.assert_array_equal(table.select("train"), [[0.5, np.nan, -np.inf]])
    assert np.isnan(table.select("on")).all()
    assert table.rows[0]["diverged_in"] is None


def test_a_stored_run_is_a_table_too():
    table = load("type1").table
    assert table.select("test_accuracy", method="none", task=79).shape == (8,)
    assert stored_path("heads").name == "heads.json"
    with pytest.raises(ValueError, match="no stored run 'nothing'"):
        load("nothing")
