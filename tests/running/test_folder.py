"""A folder is one process's at a time, for as long as that process lives."""

import errno
import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock, Timeout

from lop_tutorial.running import crews, folder
from lop_tutorial.running.crews import Parts
from lop_tutorial.running.folder import Origins, alone, holder, lock
from lop_tutorial.running.job_queue import progress_of

HOLDS = """
import sys
from pathlib import Path
from lop_tutorial.running.folder import alone
with alone(Path(sys.argv[1]), "it"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_process_is_told_which_one_has_it_and_a_killed_one_has_nothing(tmp_path):
    path = tmp_path / "checkpoints/lock"
    other = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    try:
        assert other.stdout.readline() == b"held\n"
        assert holder(path) == other.pid
        with pytest.raises(ValueError, match=rf"^the run is in use by process {other.pid}; end that first$"):
            alone(path, "the run").__enter__()
    finally:
        other.kill()
        other.wait()
    assert (path.parent / "lock.pid").read_text() == str(other.pid)  # it could not take that away
    assert holder(path) is None
    with alone(path, "the run"):
        assert holder(path) == os.getpid()
    assert not (path.parent / "lock.pid").exists()


def test_whose_lock_cannot_be_tried_is_believed(tmp_path, monkeypatch):
    (tmp_path / "lock.pid").write_text("4711")

    def refuse(self):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(FileLock, "_acquire", refuse)
    assert holder(tmp_path / "lock") == 4711


def test_where_there_are_no_locks_it_warns_and_goes_on(tmp_path, monkeypatch):
    def none_here(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", none_here)
    with pytest.warns(UserWarning, match=r"lock cannot be locked \(No locks available\): see that no other process"):
        lock(tmp_path / "lock").release()


def test_a_crews_rows_are_one_process_s(tmp_path, monkeypatch):
    monkeypatch.setattr(crews, "PATIENCE", 0)
    (tmp_path / "checkpoints").mkdir()
    parts = Parts(tmp_path, ("method", "seed", "task"))
    with parts.part(0) as part, parts.part(0) as second:
        part.restore([])
        with pytest.raises(ValueError, match=r"crew-0\.csv is in use by another process of this run"):
            second.restore([])
    with parts.part(0) as third:
        third.restore([])


def test_it_waits_for_a_lock(tmp_path):
    held = lock(tmp_path / "lock")
    with pytest.raises(Timeout):
        folder.lock(tmp_path / "lock", patience=0.1)
    held.release()
    folder.lock(tmp_path / "lock").release()


@pytest.mark.parametrize("value", [float("nan"), "x", [1], {"a": 1}, True, -1, 10**400])
@pytest.mark.parametrize("entry", ["wall_seconds", "parts"])
def test_an_origin_of_another_kind_counts_as_none(entry, value, tmp_path):
    path = tmp_path / "environment.json"
    path.write_text(json.dumps({"finished": True, "wall_seconds": 50.0, entry: value}))
    assert not folder.is_finished(tmp_path)
    progress_of(tmp_path)
    Origins(tmp_path, "cpu").write(finished=False)
    now = json.loads(path.read_text())
    assert now["wall_seconds"] < 50
