"""The stored form: where it lies, what is checked when it is opened, and that not one byte may change."""

import hashlib
import json
import os
from pathlib import Path

import numpy as np
import platformdirs
import pytest
from data_sources import class_folders
from hypothesis import given, settings
from hypothesis import strategies as st

from lop_tutorial.cli import main
from lop_tutorial.data import DataError, add, damaged_sets, data_root, list_sets, load, verify
from lop_tutorial.doctor import examine


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("store")
    class_folders(folder / "source")
    add("pets", folder / "source", root=folder / "root")
    return folder / "root"


def test_a_set_is_a_plain_array_and_its_card(root):
    assert sorted(p.name for p in (root / "pets").iterdir()) == ["images.npy", "set.json"]
    images = np.load(root / "pets" / "images.npy")
    assert images.shape == (12, 32, 32, 3)
    assert images.dtype == np.uint8
    card = json.loads((root / "pets" / "set.json").read_text())
    raw = hashlib.sha256(images.tobytes()).hexdigest()
    text = '{"classes":["cat","dog"],"counts":{"test":[1,1],"train":[5,5]},"images":"' + raw + '","shape":[32,32,3]}'
    assert card["sha256"] == hashlib.sha256(text.encode()).hexdigest()
    assert card["bytes"] == (root / "pets" / "images.npy").stat().st_size
    assert "source" in card["source"]


def test_loaded_images_are_mapped_and_cannot_be_written(root):
    found = load("pets", root)
    assert isinstance(found.images, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        found.of_class(0, "train")[0] = 0


def test_the_root_is_the_argument_or_lop_data_or_the_users_folder(root, monkeypatch, tmp_path):
    monkeypatch.setenv("LOP_DATA", str(root))
    assert load("pets").name == "pets"
    assert data_root(tmp_path) == tmp_path
    with pytest.raises(DataError, match="no image set 'pets'"):
        load("pets", tmp_path)
    monkeypatch.delenv("LOP_DATA")
    assert data_root() == Path(platformdirs.user_data_dir("lop-tutorial", appauthor=False))
    assert data_root("~/x") == Path.home() / "x"


def test_a_missing_set_names_those_that_are_there_and_the_way_to_it(root, tmp_path):
    with pytest.raises(DataError, match=r"holds pets\..*lop-tutorial data get cifar100"):
        load("cifar100", root)
    with pytest.raises(DataError, match="holds no sets"):
        load("cifar100", tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("name", ["", "Pets", "a b", "../pets", "a/b", ".hidden", "-x", "x\n", "é", "a" * 65])
def test_names_that_are_none(root, name):
    for refuse in (load, verify, lambda n, r: add(n, r, root=r)):
        with pytest.raises(DataError, match="cannot name a set"):
            refuse(name, root)


def test_procedural_is_no_stored_set(root):
    with pytest.raises(DataError, match="drawn from a seed"):
        load("procedural", root)


def test_list_sets(root, tmp_path):
    (card,) = list_sets(root)
    assert (card.name, card.images, card.counts["train"]) == ("pets", 12, (5, 5))
    assert card.sha256 == load("pets", root).sha256
    assert list_sets(tmp_path / "nowhere") == []


@settings(max_examples=25, deadline=None)
@given(place=st.integers(0, 12 * 3072 - 1), bit=st.integers(0, 7))
def test_verify_sees_one_flipped_bit(root, place, bit):
    path = root / "pets" / "images.npy"
    whole = path.read_bytes()
    assert verify("pets", root).name == "pets"
    changed = bytearray(whole)
    changed[len(whole) - 12 * 3072 + place] ^= 1 << bit
    path.write_bytes(changed)
    try:
        load("pets", root)  # opens: the size is right
        with pytest.raises(DataError, match=r"images\.npy: the images differ"):
            verify("pets", root)
    finally:
        path.write_bytes(whole)


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("classes", ["cat", "cow"], r"set\.json: the class names, counts or shape were changed"),
        ("counts", {"train": [4, 6], "test": [1, 1]}, r"set\.json: the class names, counts or shape were changed"),
        ("counts", {"train": [5, 6], "test": [1, 1]}, r"images\.npy: uint8 of shape \(12, 32, 32, 3\)"),
        ("counts", {"train": [5], "test": [1, 1]}, r"set\.json: damaged"),
        ("counts", {"train": [6, 6]}, r"set\.json: damaged \('test'\)"),
        ("shape", [32, 32], r"set\.json: damaged"),
        ("bytes", 7, r"images\.npy: \d+ bytes on disk, 7 in set\.json"),
        ("version", 2, r"set\.json: format version 2, this package reads 1"),
        ("colour", 2, r"set\.json: damaged"),
    ],
)
def test_verify_sees_a_changed_card(root, field, value, reason):
    path = root / "pets" / "set.json"
    whole = path.read_text()
    path.write_text(json.dumps(json.loads(whole) | {field: value}))
    try:
        with pytest.raises(DataError, match=reason):
            verify("pets", root)
    finally:
        path.write_text(whole)


@pytest.mark.parametrize(
    ("file", "content", "reason"),
    [
        ("set.json", b"{", r"set\.json: damaged"),
        ("set.json", b"[]", r"set\.json: damaged"),
        ("set.json", b"\xff", r"set\.json: damaged"),
        ("images.npy", b"short", r"images\.npy: 5 bytes on disk"),
        ("images.npy", None, r"images\.npy: No such file"),
    ],
)
def test_load_sees_a_damaged_file(root, file, content, reason):
    path = root / "pets" / file
    whole = path.read_bytes()
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    try:
        with pytest.raises(DataError, match=reason + ".*--replace"):
            load("pets", root)
    finally:
        path.write_bytes(whole)


def test_load_sees_an_array_that_is_none(root):
    path = root / "pets" / "images.npy"
    whole = path.read_bytes()
    path.write_bytes(b"x" * len(whole))
    try:
        with pytest.raises(DataError, match=r"images\.npy: not a NumPy array"):
            load("pets", root)
    finally:
        path.write_bytes(whole)


def test_damaged_sets_are_named_wherever_sets_are_listed(tmp_path, capsys):
    class_folders(tmp_path / "source")
    root = tmp_path / "root"
    for name in ("whole", "cut", "cardless", "unreadable", "changed"):
        add(name, tmp_path / "source", root=root)
    os.truncate(root / "cut" / "images.npy", 100)
    (root / "cardless" / "set.json").unlink()
    (root / "unreadable" / "set.json").write_text("{")
    with open(root / "changed" / "images.npy", "r+b") as file:
        file.seek(-1, os.SEEK_END)
        last = file.read(1)[0]
        file.seek(-1, os.SEEK_END)
        file.write(bytes([last ^ 1]))
    assert list(damaged_sets(root)) == ["cardless", "cut", "unreadable"]
    assert main(["data", "list", "--root", str(root)]) == 0
    said = capsys.readouterr().out
    assert all(f"{name} is damaged: " in said for name in ("cardless", "cut", "unreadable"))
    found = {each.what: each for each in examine(root)}
    for name in ("cut", "cardless", "unreadable"):
        assert not found[f"images: {name}"].here
        assert "--replace" in found[f"images: {name}"].remedy
    assert found["images: whole"].here
    assert main(["data", "verify", "--root", str(root)]) == 2  # every byte, and all of them
    said = capsys.readouterr()
    assert "whole: every image as it was converted" in said.out
    assert said.err == "lop-tutorial: damaged image sets: cardless, changed, cut, unreadable\n"
