"""Every format, broken in turn, is refused with the file, the reason and the remedy, and nothing is left behind."""

import os
import pickle

import numpy as np
import pytest
from data_sources import (
    cifar100,
    class_arrays,
    class_folders,
    class_sheets,
    imagenet32,
    python3_pickle,
    random_images,
    refused,
    tiny_imagenet,
    truncate,
)
from PIL import Image

from lop_tutorial.data import DataError, add


def cifar_with(tmp_path, part="train", **changes):
    folder, _ = cifar100(tmp_path)
    found = pickle.loads((folder / part).read_bytes(), encoding="latin1")
    found = {key: value for key, value in (found | changes).items() if value is not None}
    (folder / part).write_bytes(python3_pickle(found))
    return folder


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"data": random_images(20)}, r"train: 'data' is uint8 of shape \(20, 32, 32, 3\), not uint8"),
        ({"data": np.zeros((20, 3072))}, r"train: 'data' is float64 of shape \(20, 3072\)"),
        ({"data": None}, "train: 'data' is NoneType"),
        ({"data": np.zeros((19, 3072), np.uint8)}, "train: 20 labels for 19 images"),
        ({"fine_labels": [0] * 19}, "train: 19 labels for 20 images"),
        ({"fine_labels": [4] * 20}, r"train: label 4 is outside 0 \.\. 3"),
        ({"fine_labels": [0] * 19 + [-1]}, r"train: label -1 is outside 0 \.\. 3"),
        ({"fine_labels": ["0"] * 20}, "train: the labels are not a list of whole numbers"),
        ({"fine_labels": [[0], [0, 1]] * 10}, "train: the labels are not a list of whole numbers"),
        ({"fine_labels": None}, "train: the labels are not a list"),
        ({"fine_labels": [0, 1, 2] * 6 + [0, 1]}, r"class 'bee' \(it holds 2 images\) would have no training"),
    ],
)
def test_cifar100_with_wrong_content(tmp_path, root, changes, reason):
    refused(cifar_with(tmp_path, **changes), root, reason)


def test_cifar100_with_a_class_that_is_never_tested(tmp_path, root):
    source = cifar_with(tmp_path, "test", fine_labels=[0, 1, 2, 0, 1, 2, 0, 1])
    refused(source, root, r"class 'bee' \(it holds 5 images\) would have no test images")


def test_cifar100_with_wrong_names(tmp_path, root):
    refused(cifar_with(tmp_path / "a", "meta", fine_label_names=None), root, "meta: no 'fine_label_names'")
    refused(cifar_with(tmp_path / "b", "meta", fine_label_names=["x"] * 4), root, "two classes are named 'x'")


@pytest.mark.parametrize("part", ["train", "test", "meta"])
def test_cifar100_truncated(tmp_path, root, part):
    folder, _ = cifar100(tmp_path)
    truncate(folder / part)
    refused(folder, root, f"{part}: truncated, or not a pickle .*fetch it anew")


def test_cifar100_incomplete(tmp_path, root):
    folder, _ = cifar100(tmp_path)
    (folder / "test").unlink()
    refused(folder, root, "test: missing; fetch the archive anew")
    (folder / "train").write_bytes(pickle.dumps([1]))
    refused(folder, root, "train: a pickle of list, not of a dictionary")


def tiny_without_class(folder):
    for picture in (folder / "train" / "n01629819" / "images").iterdir():
        picture.unlink()


def tiny_without_folder(folder):
    tiny_without_class(folder)
    (folder / "train" / "n01629819" / "images").rmdir()


def tiny_never_tested(folder):
    for name in ("val_2", "val_3"):
        (folder / "val" / "images" / f"{name}.JPEG").unlink()
    table = folder / "val" / "val_annotations.txt"
    table.write_text("".join(line for line in table.open() if "n01629819" not in line))


def tiny_annotates(line):
    def add_line(folder):
        with open(folder / "val" / "val_annotations.txt", "a") as file:
            file.write(line)

    return add_line


@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (lambda f: truncate(f / "train/n01443537/images/n01443537_3.JPEG"), r"n01443537_3\.JPEG: not a whole"),
        (lambda f: (f / "val/images/val_0.JPEG").write_text("<html>"), r"val_0\.JPEG: not a whole picture"),
        (lambda f: (f / "val/images/val_0.JPEG").unlink(), r"val_0\.JPEG: in val_annotations\.txt only"),
        (lambda f: (f / "val/val_annotations.txt").unlink(), r"val_annotations\.txt: missing"),
        (tiny_annotates("val_9.JPEG\tn99\t0\n"), r"val_annotations\.txt, line 7: 'n99' is not in wnids"),
        (tiny_annotates("val_9.JPEG\tn01629819\t0\n"), r"val_9\.JPEG: in val_annotations\.txt only"),
        (tiny_annotates("gibberish\n"), r"line 7: '' is not in wnids\.txt"),
        (lambda f: (f / "words.txt").write_text("no tab\n"), r"words\.txt, line 1: 'no tab' is not"),
        (tiny_without_class, r"class 'crane \(n01629819\)' \(it holds 2 images\) would have no training"),
        (tiny_without_folder, "n01629819/images: missing, but n01629819 is in wnids"),
        (tiny_never_tested, r"class 'crane \(n01629819\)' \(it holds 11 images\) would have no test"),
    ],
)
def test_tiny_imagenet_broken(tmp_path, root, harm, reason):
    folder, _ = tiny_imagenet(tmp_path)
    harm(folder)
    refused(folder, root, reason)


def imagenet_relabelled(label):
    def harm(folder):
        content = dict(np.load(folder / "train_data_batch_4.npz"))
        content["labels"][17] = label
        np.savez(folder / "train_data_batch_4.npz", **content)

    return harm


def imagenet_of_objects(folder):
    np.savez(folder / "train_data_batch_4.npz", data=np.array([print], object), labels=[1])


def imagenet_unlabelled(folder):
    np.savez(folder / "train_data_batch_4.npz", data=np.load(folder / "train_data_batch_4.npz")["data"])


@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (lambda f: truncate(f / "train_data_batch_4.npz"), r"batch_4\.npz: truncated"),
        (lambda f: (f / "train_data_batch_4.npz").unlink(), "train_data_batch_4 is missing; fetch all ten"),
        (imagenet_relabelled(0), r"batch_4\.npz: label 0 is outside 1 \.\. 1000"),
        (imagenet_relabelled(1001), r"batch_4\.npz: label 1001 is outside 1 \.\. 1000"),
        (imagenet_of_objects, r"batch_4\.npz: truncated, or not plain arrays"),
        (imagenet_unlabelled, r"batch_4\.npz: the labels are not a list"),
        (lambda f: (f / "map_clsloc.txt").write_text("n1 1 cat\n"), r"map_clsloc\.txt: not 1000 lines"),
    ],
)
def test_imagenet32_broken(tmp_path, root, harm, reason):
    imagenet32(tmp_path / "source", "npz")
    harm(tmp_path / "source")
    refused(tmp_path / "source", root, reason, split=(2, 1))


def imagenet_without(folder, absent):
    data = np.zeros((999, 3072), np.uint8)
    labels = [k for k in range(1, 1001) if k != absent]
    for i in range(1, 11):
        (folder / f"train_data_batch_{i}").write_bytes(python3_pickle({"data": data, "labels": labels}))


def test_imagenet32_without_a_class(tmp_path, root):
    imagenet_without(tmp_path, 417)
    refused(tmp_path, root, r"class '0417' holds 0 images, but 2 training and 1 test", split=(2, 1))


@pytest.mark.parametrize(
    ("harm", "reason", "split"),
    [
        (lambda f: truncate(f / "1.npy"), r"1\.npy: truncated, or not a plain array", (5, 2)),
        (lambda f: (f / "1.npy").unlink(), r"1\.npy is missing; the files must be 0\.npy \.\. 2\.npy", (5, 2)),
        (lambda f: np.save(f / "1.npy", random_images(7, side=64)), r"1\.npy: shape \(7, 64, 64, 3\)", (5, 2)),
        (lambda f: np.save(f / "1.npy", np.array([print])), r"1\.npy: truncated, or not a plain array", (5, 2)),
        (lambda f: np.save(f / "1.npy", np.zeros((7, 3, 32, 32)) - 1), r"1\.npy: values from -1 to -1", (5, 2)),
        (lambda f: np.save(f / "1.npy", random_images(6)), "class '1' holds 6 images, but 5 training", (5, 2)),
        (lambda f: None, "class '0' holds 7 images, but 600 training and 100 test", None),
        (lambda f: None, "no official split: a folder of arrays", "official"),
    ],
)
def test_class_arrays_broken(tmp_path, root, harm, reason, split):
    class_arrays(tmp_path / "source")
    harm(tmp_path / "source")
    refused(tmp_path / "source", root, reason, split=split)


def sheet_of(width, height):
    return lambda folder: Image.new("RGB", (width, height)).save(folder / "n02.webp", lossless=True)


@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (lambda f: truncate(f / "n02.webp"), r"n02\.webp: not a whole picture"),
        (lambda f: (f / "n02.webp").write_bytes(b"RIFF"), r"n02\.webp: not a whole picture"),
        (sheet_of(799, 672), r"n02\.webp: 799 x 672 pixels; a sheet is 800 wide"),
        (sheet_of(800, 671), r"n02\.webp: 800 x 671 pixels"),
        (sheet_of(800, 640), r"class 'bullfrog' \(it holds 500 images\) would have no test images"),
        (sheet_of(800, 320), r"class 'bullfrog' \(it holds 250 images\) would have no test images"),
        (lambda f: (f / "n02.webp").unlink(), r"class 'n02' is in classes\.tsv but has no sheet"),
    ],
)
def test_class_sheets_broken(tmp_path, root, harm, reason):
    class_sheets(tmp_path / "source")
    harm(tmp_path / "source")
    refused(tmp_path / "source", root, reason)


@pytest.mark.parametrize(
    ("parts", "harm", "reason"),
    [
        (None, lambda f: truncate(f / "cat/001.png"), r"cat/001\.png: not a whole picture"),
        (None, lambda f: (f / "cat/001.png").write_text("<html>"), r"cat/001\.png: not a whole picture"),
        (None, lambda f: os.mkfifo(f / "cat/pipe.png"), r"cat/pipe\.png: a pipe, a socket or a device"),
        (None, lambda f: (f / "cow").mkdir(), r"class 'cow' \(it holds 0 images\) would have no training"),
        (("train", "test"), lambda f: (f / "train/cow").mkdir(), "class 'cow' .* would have no training"),
        (("train", "val"), lambda f: (f / "val/cat/005.png").unlink(), "class 'cat' .* would have no test"),
    ],
)
def test_class_folders_broken(tmp_path, root, parts, harm, reason):
    class_folders(tmp_path / "source", parts=parts)
    harm(tmp_path / "source")
    refused(tmp_path / "source", root, reason)


def test_what_is_no_source(tmp_path, root):
    (tmp_path / "empty").mkdir()
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "notes.txt").write_text("")
    refused(tmp_path / "nowhere", root, "nowhere: no such file or folder; give the path")
    refused(tmp_path / "empty", root, "empty: an empty folder")
    known = refused(tmp_path / "odd", root, "odd: not recognised")
    refused(tmp_path / "odd" / "notes.txt", root, r"notes\.txt: not recognised")
    for words in ("CIFAR-100", "Tiny ImageNet", "ImageNet-32", "class arrays", "class sheets", "class folders"):
        assert words in known


@pytest.mark.skipif(os.name != "posix", reason="permissions are tested the POSIX way")
@pytest.mark.parametrize(
    ("closed", "mode", "reason"),
    [
        ("source", 0, "source.*: Permission denied; .*may be read"),
        ("source/cat", 0, "source/cat: Permission denied"),
        ("source/cat/001.png", 0, r"source/cat/001\.png: Permission denied"),
        ("", 0, "source: Permission denied"),
        ("root", 0o555, r"root: cannot write here \(Permission denied\); choose another"),
    ],
)
def test_what_may_not_be_read_or_written(closed, mode, reason, unprivileged):
    base, acting = unprivileged
    class_folders(base / "source")
    (base / "root").mkdir()
    (base / "root").chmod(0o777)
    (base / closed).chmod(mode)
    try:
        with acting(), pytest.raises(DataError, match=reason):
            add("broken", base / "source", root=base / "root")
    finally:
        (base / closed).chmod(0o755)
    assert os.listdir(base / "root") == []
