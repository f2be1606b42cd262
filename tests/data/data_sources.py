"""Tiny sources in the very layouts in which images are published, from pixels that a test knows; and their harm."""

from __future__ import annotations

import io
import os
import pickle
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lop_tutorial.data import DataError, add


def random_images(n: int, seed: int = 0, side: int = 32) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (n, side, side, 3), np.uint8)


def planes(images: np.ndarray) -> np.ndarray:
    """(n, 3072): all red, then all green, then all blue bytes of each image."""
    return np.stack([np.concatenate([image[..., c].ravel() for c in range(3)]) for image in images])


def block_means(images: np.ndarray) -> np.ndarray:
    """Float means of 2x2 blocks."""
    return sum(images[:, y::2, x::2].astype(float) for y in (0, 1) for x in (0, 1)) / 4


class _Python2Pickler(pickle._Pickler):
    """Writes text and bytes alike as Python 2 wrote its strings: opcodes SHORT_BINSTRING and BINSTRING."""

    def _string(self, value: str | bytes) -> None:
        raw = value.encode("latin1") if isinstance(value, str) else value
        if len(raw) < 256:
            self.write(b"U" + struct.pack("<B", len(raw)) + raw)
        else:
            self.write(b"T" + struct.pack("<i", len(raw)) + raw)
        self.memoize(value)

    dispatch = pickle._Pickler.dispatch | {str: _string, bytes: _string}


def python2_pickle(value: object) -> bytes:
    """The bytes that Python 2 with NumPy 1 writes for `value`, protocol 2."""
    out = io.BytesIO()
    _Python2Pickler(out, 2).dump(value)
    return out.getvalue().replace(b"numpy._core.multiarray", b"numpy.core.multiarray")


def python3_pickle(value: object) -> bytes:
    return pickle.dumps(value, protocol=4)


CIFAR_CLASSES = ["apple", "baby", "bear", "bee"]
CIFAR_TRAIN, CIFAR_TEST = 5, 2  # of each class


def cifar100(parent: Path, dumps=python2_pickle) -> tuple[Path, np.ndarray]:
    """cifar-100-python with its classes mixed; and the images as they should be stored."""
    folder = parent / "cifar-100-python"
    folder.mkdir(parents=True)
    stored = random_images(4 * 7).reshape(4, 7, 32, 32, 3)
    order = np.random.default_rng(1)
    for part, mine in (("train", stored[:, :5]), ("test", stored[:, 5:])):
        # a random sequence of classes, in which each class's images keep their order
        labels = order.permutation(np.repeat(np.arange(4), mine.shape[1]))
        images = np.empty((len(labels), 32, 32, 3), np.uint8)
        for k in range(4):
            images[labels == k] = mine[k]
        found = {
            b"filenames": [b"%s_s_%06d.png" % (CIFAR_CLASSES[k].encode(), i) for i, k in enumerate(labels)],
            b"batch_label": b"training batch 1 of 1",
            b"fine_labels": labels.tolist(),
            b"coarse_labels": (labels // 2).tolist(),
            b"data": planes(images),
        }
        (folder / part).write_bytes(dumps(found))
    meta = {b"fine_label_names": [c.encode() for c in CIFAR_CLASSES], b"coarse_label_names": [b"x", b"y"]}
    (folder / "meta").write_bytes(dumps(meta))
    return folder, stored.reshape(-1, 32, 32, 3)


TINY_IDS = ["n01443537", "n01629819", "n01641577"]


def tiny_imagenet(parent: Path) -> tuple[Path, np.ndarray]:
    """tiny-imagenet-200 with 3 classes of 11 training and 2 validation pictures; and the 64x64 pictures as decoded."""
    folder = parent / "tiny-imagenet-200"
    (folder / "val" / "images").mkdir(parents=True)
    (folder / "test" / "images").mkdir(parents=True)
    (folder / "wnids.txt").write_text("\n".join(reversed(TINY_IDS)) + "\n")
    words = [
        "n00000001\tentity",
        "n01443537\tgoldfish, Carassius auratus",
        "n01629819\tcrane",
        "n01641577\tcrane, bird",
    ]
    (folder / "words.txt").write_text("\n".join(words) + "\n")
    decoded: dict[str, list[np.ndarray]] = {wnid: [] for wnid in TINY_IDS}
    pictures = iter(smooth_pictures(3 * 13, 64))
    for wnid in TINY_IDS:
        images = folder / "train" / wnid / "images"
        images.mkdir(parents=True)
        for i in range(11):
            decoded[wnid].append(save_jpeg(next(pictures), images / f"{wnid}_{i}.JPEG"))
        boxes = "".join(f"{wnid}_{i}.JPEG\t0\t0\t63\t63\n" for i in range(11))
        (images.parent / f"{wnid}_boxes.txt").write_text(boxes)
    lines = []
    for i, wnid in enumerate([TINY_IDS[2], TINY_IDS[0], TINY_IDS[1], TINY_IDS[1], TINY_IDS[0], TINY_IDS[2]]):
        decoded[wnid].append(save_jpeg(next(pictures), folder / "val" / "images" / f"val_{i}.JPEG"))
        lines.append(f"val_{i}.JPEG\t{wnid}\t0\t32\t44\t62\n")
    (folder / "val" / "val_annotations.txt").write_text("".join(lines))
    Image.new("RGB", (64, 64)).save(folder / "test" / "images" / "test_0.JPEG")
    return folder, np.stack([image for wnid in TINY_IDS for image in decoded[wnid]])


def smooth_pictures(n: int, side: int, seed: int = 3) -> np.ndarray:
    coarse = random_images(n, seed, side // 8)
    return coarse.repeat(8, axis=1).repeat(8, axis=2)


def save_jpeg(picture: np.ndarray, path: Path) -> np.ndarray:
    Image.fromarray(picture).save(path, format="JPEG", quality=90)
    return np.asarray(Image.open(path).convert("RGB"))


def imagenet32(folder: Path, form: str) -> np.ndarray:
    """Ten training files and val_data, 1000 classes of 3 training and 1 validation images; the images as stored."""
    folder.mkdir(parents=True)
    stored = random_images(4000, 5).reshape(1000, 4, 32, 32, 3)
    labels = np.random.default_rng(6).permutation(np.repeat(np.arange(1000), 3))
    images = np.empty((3000, 32, 32, 3), np.uint8)
    for k in range(1000):
        images[labels == k] = stored[k, :3]
    files = [
        (f"train_data_batch_{i + 1}", images[300 * i : 300 * i + 300], labels[300 * i : 300 * i + 300])
        for i in range(10)
    ]
    files.append(("val_data", stored[:, 3], np.arange(1000)))
    for stem, part, classes in files:
        data = part.transpose(0, 3, 1, 2).reshape(-1, 3072)
        if form == "npz":
            np.savez(folder / f"{stem}.npz", data=data, labels=classes + 1, mean=data.mean(0))
        else:
            dumps = python2_pickle if form == "python2" else python3_pickle
            content = {"data": data, "labels": (classes + 1).tolist(), "mean": data.mean(0)}
            (folder / stem).write_bytes(dumps(content))
    return stored.reshape(-1, 32, 32, 3)


def class_arrays(folder: Path, classes: int = 3, images: int = 7) -> np.ndarray:
    """0.npy ... as the benchmark has them: uint8, channels first; the images as stored."""
    folder.mkdir(parents=True)
    stored = random_images(classes * images, 8).reshape(classes, images, 32, 32, 3)
    for k in range(classes):
        np.save(folder / f"{k}.npy", stored[k].transpose(0, 3, 1, 2))
    return stored.reshape(-1, 32, 32, 3)


def class_sheets(folder: Path, images: int = 525) -> np.ndarray:
    """Two sheets and their words; the images as stored."""
    folder.mkdir(parents=True)
    stored = random_images(2 * images, 9).reshape(2, images, 32, 32, 3)
    for name, mine in zip(("n01", "n02"), stored, strict=True):
        sheet = np.empty((images // 25 * 32, 800, 3), np.uint8)
        for i, image in enumerate(mine):
            row, column = divmod(i, 25)
            sheet[32 * row : 32 * row + 32, 32 * column : 32 * column + 32] = image
        Image.fromarray(sheet).save(folder / f"{name}.webp", lossless=True, quality=0, method=0)
    (folder / "classes.tsv").write_text("n01\tgoldfish, Carassius auratus\nn02\tbullfrog\n")
    return stored.reshape(-1, 32, 32, 3)


def class_folders(folder: Path, train: int = 5, test: int = 1, parts: tuple[str, str] | None = None) -> np.ndarray:
    """PNG pictures of 32x32 in two classes, all together or in two parts; the images as stored."""
    stored = random_images(2 * (train + test), 10).reshape(2, train + test, 32, 32, 3)
    for k, name in enumerate(("cat", "dog")):
        for i, image in enumerate(stored[k]):
            part = folder if parts is None else folder / parts[i >= train]
            (part / name).mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(part / name / f"{i:03d}.png")
    return stored.reshape(-1, 32, 32, 3)


def refused(source: Path, root: Path, reason: str, **options) -> str:
    """The message with which `add` refuses the source, after which the root is empty."""
    with pytest.raises(DataError, match=reason) as caught:
        add("broken", source, root=root, **options)
    assert os.listdir(root) == []
    assert ";" in str(caught.value) or "What is recognised" in str(caught.value)  # there is a remedy
    return str(caught.value)


def truncate(path: Path, keep: float = 0.6) -> None:
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * keep)])
