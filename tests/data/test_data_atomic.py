"""A set is there whole or not at all, however the conversion ends."""

import errno
import os
import shutil
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest
from data_sources import class_arrays, class_folders

from lop_tutorial.data import DataError, add, convert, load, scratch, verify


@pytest.fixture
def source(tmp_path):
    class_arrays(tmp_path / "source", classes=4, images=6)
    return tmp_path / "source"


@pytest.fixture
def root(tmp_path):
    return tmp_path / "root"


def left_in(root):
    """A folder that is made for a set goes with it."""
    return os.listdir(root) if root.exists() else []


def in_another_process(code, *arguments):
    program = "import os, resource, signal, sys\nfrom lop_tutorial.data import DataError, add\n" + code
    return subprocess.run([sys.executable, "-c", program, *map(str, arguments)], capture_output=True, text=True)


def test_an_existing_set_is_kept_unless_it_is_to_be_replaced(tmp_path, source, root):
    old = add("s", source, root=root, split=(5, 1))
    with pytest.raises(DataError, match=r"this set is already there; .*--replace"):
        add("s", source, root=root, split=(4, 1))
    assert load("s", root).sha256 == old.sha256
    with pytest.raises(DataError, match="holds 6 images"):
        add("s", source, root=root, split=(6, 1), replace=True)
    assert verify("s", root).sha256 == old.sha256
    new = add("s", source, root=root, split=(4, 1), replace=True)
    assert verify("s", root).sha256 == new.sha256 != old.sha256
    assert old.images[-1].sum() > 0  # who still has the old one open may go on
    assert os.listdir(root) == ["s"]


def test_a_folder_that_is_no_set_is_never_replaced(source, root):
    (root / "s").mkdir(parents=True)
    (root / "s" / "thesis.tex").write_text("three years of work")
    with pytest.raises(DataError, match="something else than an image set lies there"):
        add("s", source, root=root, split=(5, 1), replace=True)
    assert (root / "s" / "thesis.tex").exists()


def test_too_little_space_is_seen_beforehand(source, root, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(100, 90, 73727))
    with pytest.raises(DataError, match=r"no space left .*73,728 bytes are needed, 73,727 are free.*--root"):
        add("s", source, root=root, split=(5, 1))
    assert left_in(root) == []


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_disk_that_fills_up_meanwhile(source, root, monkeypatch, number):
    writes = []

    def almost_full(write, data):
        writes.append(len(data))
        if len(writes) == 3:
            raise OSError(number, os.strerror(number))
        write(data)

    monkeypatch.setattr(convert, "_write_all", almost_full)
    with pytest.raises(DataError, match=r"no space left for this set .*free some, or choose another folder"):
        add("s", source, root=root, split=(5, 1))
    assert len(writes) == 3
    assert left_in(root) == []


@pytest.mark.skipif(os.name != "posix", reason="needs a limit on the size of files")
def test_a_write_that_the_system_refuses(source, root):
    code = """
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (30000, 30000))
try:
    add("s", sys.argv[1], root=sys.argv[2], split=(5, 1))
except DataError as error:
    print(error)
"""
    done = in_another_process(code, source, root)
    assert "no space left for this set (File too large)" in done.stdout, done.stderr
    assert left_in(root) == []


def test_a_write_that_stops_short_goes_on():
    written = bytearray()

    def three_at_a_time(data):
        written.extend(data[:3])
        return len(data[:3])

    convert._write_all(three_at_a_time, b"abcdefgh")
    assert written == b"abcdefgh"


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError, RuntimeError])
def test_an_interruption_leaves_nothing(source, root, error):
    def interrupt(what, done, total):
        assert len(os.listdir(root)) == 1  # something half-made is there at this moment
        if done > 6:
            raise error

    with pytest.raises(error):
        add("s", source, root=root, split=(5, 1), progress=interrupt)
    assert left_in(root) == []


def test_an_interruption_while_a_set_is_replaced_leaves_the_old_one(source, root, monkeypatch):
    old = add("s", source, root=root, split=(5, 1))
    rename, calls = os.rename, []

    def interrupted(a, b):
        calls.append(a)
        if len(calls) == 2:  # the old one is out of the way, the new one not yet in its place
            raise KeyboardInterrupt
        rename(a, b)

    monkeypatch.setattr(scratch.os, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt):
        add("s", source, root=root, split=(4, 1), replace=True)
    assert len(calls) == 3
    assert verify("s", root).sha256 == old.sha256
    assert os.listdir(root) == ["s"]


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
def test_what_a_killed_process_left_is_swept_by_the_next(source, root):
    code = """
def killed(what, done, total):
    if done > 6:
        os.kill(os.getpid(), signal.SIGKILL)
add("s", sys.argv[1], root=sys.argv[2], split=(5, 1), progress=killed)
"""
    done = in_another_process(code, source, root)
    assert done.returncode == -signal.SIGKILL
    (left,) = os.listdir(root)
    assert left.startswith(".adding-s-")
    with pytest.raises(DataError, match="holds no sets"):
        load("s", root)
    add("t", source, root=root, split=(5, 1))
    assert os.listdir(root) == ["t"]


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
def test_a_process_killed_between_the_renames_loses_nothing(source, root):
    old = add("a-b", source, root=root, split=(5, 1))
    code = """
rename, calls = os.rename, []
def killed(a, b):
    calls.append(a)
    if len(calls) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    rename(a, b)
os.rename = killed
add("a-b", sys.argv[1], root=sys.argv[2], split=(4, 1), replace=True)
"""
    done = in_another_process(code, source, root)
    assert done.returncode == -signal.SIGKILL
    assert not (root / "a-b").exists()
    add("t", source, root=root, split=(5, 1))
    assert verify("a-b", root).sha256 == old.sha256
    assert sorted(os.listdir(root)) == ["a-b", "t"]


def test_a_conversion_at_work_is_not_swept(tmp_path, source, root):
    class_folders(tmp_path / "pets")
    others = []

    def meanwhile(what, done, total):
        if done == 12:
            others.append(add("pets", tmp_path / "pets", root=root))

    add("s", source, root=root, split=(5, 1), progress=meanwhile)
    assert others
    assert sorted(os.listdir(root)) == ["pets", "s"]
    verify("s", root)


def test_two_that_convert_to_one_name(source, root):
    """The slower one does not overwrite the faster one."""

    def meanwhile(what, done, total):
        if done == 12:
            add("s", source, root=root, split=(4, 1))

    with pytest.raises(DataError, match="already there"):
        add("s", source, root=root, split=(5, 1), progress=meanwhile)
    assert verify("s", root).counts["train"] == (4,) * 4
    assert os.listdir(root) == ["s"]


def test_what_is_swept_is_held_until_it_is_gone(root, monkeypatch):
    """Its maker, which has just made it and is about to hold it, gets no folder that another then removes."""
    left = root / ".adding-s-0"
    left.mkdir(parents=True)
    (left / "lock").touch()
    remove = shutil.rmtree

    def while_its_maker_asks(folder, **how):
        with pytest.raises(scratch.Timeout):
            scratch.lock(folder / "lock")
        remove(folder, **how)

    monkeypatch.setattr(scratch.shutil, "rmtree", while_its_maker_asks)
    scratch.sweep(root)
    assert os.listdir(root) == []


def test_many_at_once(source, root):
    add("first", source, root=root, split=(5, 1))  # Python 3.11 cannot parse annotations in several threads at once
    failures = []

    def convert_one(k):
        try:
            add(f"s{k}", source, root=root, split=(5, 1))
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=convert_one, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert sorted(os.listdir(root)) == ["first", *(f"s{k}" for k in range(8))]


def test_a_root_that_cannot_be_written(tmp_path, source):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match=r"cannot write here .*choose another folder with --root or LOP_DATA"):
        add("s", source, root=tmp_path / "file" / "root", split=(5, 1))


def test_progress_counts_images_and_nothing_is_printed(source, root, capfd):
    calls = []
    add("s", source, root=root, split=(5, 1), progress=lambda *call: calls.append(call))
    assert calls == [("converting", done, 24) for done in (0, 6, 12, 18, 24)]
    assert capfd.readouterr() == ("", "")


def test_memory_stays_bounded(tmp_path, root):
    """40 MB of images are converted with less than a quarter of that in memory at any time."""
    import tracemalloc

    class_arrays(tmp_path / "many", classes=20, images=700)
    tracemalloc.start()
    try:
        add("many", tmp_path / "many", root=root)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert np.prod(load("many", root).images.shape) > 4e7
    assert peak < 1e7 + 2 * 4096 * 3072
