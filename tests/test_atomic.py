"""Several files are written, or none is."""

from pathlib import Path

import pytest

from lop_tutorial import atomic
from lop_tutorial.atomic import all_or_none


def everything(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "old").write_text("was\n")
    return tmp_path


def test_all_are_written(folder):
    with all_or_none({folder / "new": "n", folder / "old": "o"}):
        assert everything(folder) == {"new": "n", "old": "o"}
    assert everything(folder) == {"new": "n", "old": "o"}


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_what_fails_in_the_block_takes_all_back(folder, error):
    def fails():
        with all_or_none({folder / "new": "n", folder / "old": "o"}):
            (folder / "old").write_text("changed once more")
            raise error

    with pytest.raises(error):
        fails()
    assert everything(folder) == {"old": "was\n"}


def test_an_interrupt_just_after_the_renaming_stays_an_interrupt(folder, monkeypatch):
    replace = atomic.os.replace

    def interrupted(*paths):
        replace(*paths)
        raise KeyboardInterrupt

    monkeypatch.setattr(atomic.os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        atomic.write_text(folder / "old", "new\n")
    assert everything(folder) == {"old": "new\n"}


def test_a_file_that_cannot_be_written_takes_the_others_back(folder, monkeypatch):
    write_text = atomic.write_text

    def full(path, text):
        if text == "last":
            raise OSError("no space left")
        write_text(path, text)

    monkeypatch.setattr(atomic, "write_text", full)
    with (
        pytest.raises(OSError, match="no space left"),
        all_or_none({folder / "old": "o", folder / "new": "n", folder / "other": "last"}),
    ):
        pytest.fail("the block must not be entered")
    assert everything(folder) == {"old": "was\n"}
