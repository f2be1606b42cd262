"""JSON that is nested too deeply to be read is damaged, as any other: RecursionError is no ValueError."""

import json

import pytest

from lop_tutorial.cli import main
from lop_tutorial.data import add, damaged_sets, list_sets
from lop_tutorial.running.crews import Parts
from lop_tutorial.running.folder import is_finished
from lop_tutorial.running.job_queue import JobQueue, progress_of
from lop_tutorial.running.table import load, read

DEEP = "[" * 100_000


def test_a_run_s_files(tmp_path):
    (tmp_path / "checkpoints").mkdir()
    for name in ("config.json", "environment.json", "checkpoints/crews.json"):
        (tmp_path / name).write_text(DEEP)
    (tmp_path / "table.csv").write_text("a\n1\n")
    assert not is_finished(tmp_path)
    assert progress_of(tmp_path) == (0, 0, 0.0)
    with pytest.raises(ValueError, match=r"crews.json is damaged"):
        Parts(tmp_path, ()).crews()
    with pytest.raises(ValueError, match=r"config.json is damaged"):
        load(tmp_path)


@pytest.mark.parametrize("cell", [DEEP, "[1, x]", "[1"])
def test_a_cell_that_is_no_list_is_named_by_its_line(tmp_path, cell):
    path = tmp_path / "table.csv"
    path.write_text(f'a,b\n1,2\n3,"{cell}"\n')
    with pytest.raises(ValueError, match=r"table.csv, line 3 is damaged"):
        read(path)


def test_what_a_queue_notes(tmp_path):
    (tmp_path / "q.txt").write_text("a: reproduce table1\n")
    (tmp_path / "q.queue.json").write_text(DEEP)
    with pytest.raises(ValueError, match=r"q.queue.json is damaged; remove it"):
        JobQueue(tmp_path / "q.txt", tmp_path).status()


def test_a_job_whose_folder_is_a_file_fails_and_the_next_is_done(tmp_path):
    (tmp_path / "q.txt").write_text("a: reproduce x\nb: reproduce y\n")
    (tmp_path / "a").write_text("")
    tried = []
    states = [
        each.state for each in JobQueue(tmp_path / "q.txt", tmp_path).carry_on(lambda job, _: tried.append(job) or "no")
    ]
    assert (states, [job.name for job in tried]) == (["failed", "failed"], ["a", "b"])
    with pytest.raises(ValueError, match="a is a file; name a folder with --runs"):
        JobQueue(tmp_path / "q.txt", tmp_path / "a").status()


def test_the_card_of_an_image_set(tmp_path, capsys):
    from PIL import Image

    for name in ("cat", "dog"):
        (tmp_path / "src" / name).mkdir(parents=True)
        for number in range(6):
            Image.new("RGB", (32, 32), (number, 0, 0)).save(tmp_path / "src" / name / f"{number}.png")
    with pytest.raises(ValueError, match="'points' is not the name of a stored set"):
        add("points", tmp_path / "src", root=tmp_path / "root")
    add("mine", tmp_path / "src", root=tmp_path / "root")
    card = tmp_path / "root" / "mine" / "set.json"
    assert json.loads(card.read_text())["name"] == "mine"
    card.write_text(DEEP)
    assert not list_sets(tmp_path / "root")
    assert "damaged" in damaged_sets(tmp_path / "root")["mine"]
    assert main(["data", "verify", "mine", "--root", str(tmp_path / "root")]) == 2
    assert "set.json: damaged (maximum recursion depth" in capsys.readouterr().err


def test_text_beside_images_that_is_not_utf_8_is_named(tmp_path):
    (tmp_path / "src" / "train").mkdir(parents=True)
    (tmp_path / "src" / "wnids.txt").write_bytes(b"caf\xe9\n")
    with pytest.raises(ValueError, match=r"wnids.txt: no text in UTF-8"):
        add("mine", tmp_path / "src", root=tmp_path / "root")
    assert not (tmp_path / "root" / "mine").exists()
