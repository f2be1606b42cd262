"""The real sheets, where this machine has them, convert to the images that they show."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lop_tutorial.data import add, verify

DATA = Path(__file__).parents[3] / "shared" / "data"


@pytest.mark.parametrize(
    ("name", "sheets", "classes", "test"),
    [
        ("cifar100", ["apple", "castle", "worm"], ("apple", "castle", "worm"), 100),
        ("tinyimagenet32", ["n01443537", "n01641577"], ("goldfish", "bullfrog"), 50),
    ],
)
def test_real_sheets(tmp_path, name, sheets, classes, test):
    if not (DATA / name).is_dir():
        pytest.skip(f"no real images at {DATA / name}")
    (tmp_path / name).mkdir()
    for sheet in sheets:
        (tmp_path / name / f"{sheet}.webp").symlink_to(DATA / name / f"{sheet}.webp")
    if (table := DATA / name / "classes.tsv").exists():
        lines = [line for line in table.read_text().splitlines(True) if line.split("\t")[0] in sheets]
        (tmp_path / name / "classes.tsv").write_text("".join(lines))
    add(name, tmp_path / name, root=tmp_path / "root")
    found = verify(name, tmp_path / "root")
    assert found.classes == classes
    assert found.counts == {"train": (500,) * len(sheets), "test": (test,) * len(sheets)}
    for k, sheet in enumerate(sheets):
        picture = Image.open(DATA / name / f"{sheet}.webp")
        for i in (0, 24, 25, 499, 500, 500 + test - 1):
            y, x = divmod(i, 25)
            tile = picture.crop((32 * x, 32 * y, 32 * x + 32, 32 * y + 32))
            stored = found.of_class(k, "train")[i] if i < 500 else found.of_class(k, "test")[i - 500]
            np.testing.assert_array_equal(stored, np.asarray(tile))
