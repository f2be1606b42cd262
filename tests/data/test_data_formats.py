"""Every format, in its published layout, is converted to the very pixels, and the split is the one asked for."""

import os
import pickle
import shutil
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
import torchvision
from data_sources import (
    CIFAR_CLASSES,
    block_means,
    cifar100,
    class_arrays,
    class_folders,
    class_sheets,
    imagenet32,
    python2_pickle,
    python3_pickle,
    random_images,
    tiny_imagenet,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from lop_tutorial.data import DataError, add
from lop_tutorial.data.formats.class_arrays import as_bytes
from lop_tutorial.data.formats.pictures import shrunk


@pytest.mark.parametrize("dumps", [python2_pickle, python3_pickle])
@pytest.mark.parametrize("given_as", ["folder", "parent", "archive"])
def test_cifar100(tmp_path, dumps, given_as):
    folder, stored = cifar100(tmp_path / "source", dumps)
    source = {"folder": folder, "parent": folder.parent, "archive": tmp_path / "c.tar.gz"}[given_as]
    if given_as == "archive":
        shutil.make_archive(str(tmp_path / "c"), "gztar", folder.parent, folder.name)
    found = add("c", source, root=tmp_path / "root")
    assert found.classes == tuple(CIFAR_CLASSES)
    assert found.counts == {"train": (5,) * 4, "test": (2,) * 4}
    np.testing.assert_array_equal(found.images, stored)


def test_cifar100_in_every_pickle_protocol(tmp_path):
    for protocol in range(6):
        folder, stored = cifar100(tmp_path / str(protocol), lambda v, p=protocol: pickle.dumps(v, p))
        np.testing.assert_array_equal(add(f"p{protocol}", folder, root=tmp_path).images, stored)


@pytest.mark.parametrize("zipped", [False, True])
def test_tiny_imagenet(tmp_path, zipped):
    source, decoded = tiny_imagenet(tmp_path / "source")
    if zipped:
        source = shutil.make_archive(str(tmp_path / "tiny-imagenet-200"), "zip", source.parent, source.name)
    found = add("tiny", source, root=tmp_path / "root")
    assert found.classes == ("goldfish", "crane (n01629819)", "crane (n01641577)")
    assert found.counts == {"train": (11,) * 3, "test": (2,) * 3}
    off = np.abs(found.images - block_means(decoded))
    assert off.max() <= 1  # Pillow rounds twice, across and down


@pytest.mark.parametrize("form", ["python2", "python3", "npz"])
def test_imagenet32(tmp_path, form):
    stored = imagenet32(tmp_path / "source", form).reshape(1000, 4, 32, 32, 3)
    found = add("in", tmp_path / "source", root=tmp_path / "root", split=(2, 1))
    assert found.classes[0] == "0001"
    assert found.classes[-1] == "1000"
    np.testing.assert_array_equal(found.images, stored[:, :3].reshape(-1, 32, 32, 3))
    if form == "npz":
        official = add("official", tmp_path / "source", root=tmp_path / "root", split="official")
        assert official.counts == {"train": (3,) * 1000, "test": (1,) * 1000}
        np.testing.assert_array_equal(official.images, stored.reshape(-1, 32, 32, 3))
        with pytest.raises(DataError, match="class '0001' holds 4 images, but 600 training and 100 test"):
            add("default", tmp_path / "source", root=tmp_path / "root")


def test_imagenet32_as_its_archives_unpack_with_names_and_without_validation(tmp_path):
    imagenet32(tmp_path / "Imagenet32_train_npz", "npz")
    (tmp_path / "Imagenet32_val_npz").mkdir()
    (tmp_path / "Imagenet32_train_npz" / "val_data.npz").rename(tmp_path / "Imagenet32_val_npz" / "val_data.npz")
    table = "".join(f"n{7 * k:08d} {k} {'crane' if k in (5, 9) else f'kind_{k}'}\n" for k in range(1, 1001))
    (tmp_path / "map_clsloc.txt").write_text(table)
    found = add("both", tmp_path, root=tmp_path / "root", split="official")
    assert found.counts["test"] == (1,) * 1000
    assert found.classes[0] == "kind 1"
    assert found.classes[4] == "crane (n00000035)"
    shutil.rmtree(tmp_path / "Imagenet32_val_npz")
    with pytest.raises(DataError, match="no official split: val_data is missing"):
        add("train", tmp_path, root=tmp_path / "root", split="official")


def test_class_arrays_take_600_and_100_of_each_class(tmp_path):
    stored = class_arrays(tmp_path / "data" / "classes", classes=11, images=702).reshape(11, 702, 32, 32, 3)
    found = add("ci", tmp_path / "data", root=tmp_path / "root")
    assert found.classes == tuple(map(str, range(11)))  # not in the order of text: 0, 1, 10, 2
    for k in (0, 2, 10):
        np.testing.assert_array_equal(found.of_class(k, "train"), stored[k, :600])
        np.testing.assert_array_equal(found.of_class(k, "test"), stored[k, 600:700])


@settings(max_examples=60, deadline=None)
@given(
    images=st.integers(0, 2**32 - 1).map(lambda seed: random_images(2, seed)),
    first=st.booleans(),
    form=st.sampled_from(["u1", "i8", "f2", "f4", "f8", "f2/255", "f4/255", "f8/255"]),
)
def test_class_arrays_in_any_form_that_stands_for_bytes(images, first, form):
    kind, _, scaled = form.partition("/")
    given_as = (images / 255).astype(kind) if scaled else images.astype(kind)
    if first:
        given_as = np.ascontiguousarray(np.moveaxis(given_as, -1, 1))
    np.testing.assert_array_equal(as_bytes(given_as, "x.npy"), images)


@pytest.mark.parametrize(
    ("images", "reason"),
    [
        ((random_images(2) / 255.0 - 0.5) / 0.25, "values from -2 to 2, not bytes"),
        (random_images(2) / 127.5, "stands for no byte"),
        (random_images(2) + 0.5, "not bytes|stands for no byte"),
        (np.full((1, 32, 32, 3), np.nan), "values from nan"),
        (np.full((1, 32, 32, 3), 256), "values from 256"),
        (np.zeros((1, 32, 32, 3), complex), "complex128 are not pixels"),
    ],
)
def test_class_arrays_that_stand_for_no_bytes(images, reason):
    with pytest.raises(DataError, match=reason):
        as_bytes(images, "x.npy")


def test_class_sheets(tmp_path):
    stored = class_sheets(tmp_path / "sheets").reshape(2, 525, 32, 32, 3)
    found = add("s", tmp_path / "sheets", root=tmp_path / "root")
    assert found.classes == ("goldfish", "bullfrog")
    for k in range(2):
        np.testing.assert_array_equal(found.of_class(k, "train"), stored[k, :500])
        np.testing.assert_array_equal(found.of_class(k, "test"), stored[k, 500:])


def test_class_folders_split_in_sixths_or_by_their_folders(tmp_path):
    stored = class_folders(tmp_path / "plain", 10, 2)
    found = add("plain", tmp_path / "plain", root=tmp_path / "root")
    assert found.classes == ("cat", "dog")
    assert found.counts == {"train": (10, 10), "test": (2, 2)}
    np.testing.assert_array_equal(found.images, stored)
    for parts in (("train", "test"), ("train", "val")):
        stored = class_folders(tmp_path / parts[1], 3, 4, parts)
        found = add(parts[1], tmp_path / parts[1], root=tmp_path / "root")
        assert found.counts == {"train": (3, 3), "test": (4, 4)}
        np.testing.assert_array_equal(found.images, stored)
    with pytest.raises(DataError, match="no official split: there are no folders"):
        add("no", tmp_path / "plain", root=tmp_path / "root", split="official")


def test_a_chosen_split_takes_the_first_images_in_stored_order(tmp_path):
    stored = class_folders(tmp_path / "source", 4, 3, ("train", "test")).reshape(2, 7, 32, 32, 3)
    found = add("s", tmp_path / "source", root=tmp_path / "root", split=(5, 1))
    np.testing.assert_array_equal(found.of_class(1, "train"), stored[1, :5])
    np.testing.assert_array_equal(found.of_class(1, "test"), stored[1, 5:6])
    folder, stored = cifar100(tmp_path)  # its files hold all classes, and more of each than is asked for
    found = add("c", folder, root=tmp_path / "root", split=(3, 1))
    np.testing.assert_array_equal(found.images, stored.reshape(4, 7, 32, 32, 3)[:, :4].reshape(-1, 32, 32, 3))
    for split, reason in [((5, 3), "class 'cat' holds 7 images, but 5 training and 3 test"), ((0, 3), "none of")]:
        with pytest.raises(DataError, match=reason):
            add("t", tmp_path / "source", root=tmp_path / "root", split=split)
    with pytest.raises(DataError, match="'half' is none of"):
        add("t", tmp_path / "source", root=tmp_path / "root", split="half")


@pytest.mark.parametrize("order", [1, -1])
def test_the_content_hash_does_not_depend_on_the_format(tmp_path, order):
    stored = class_folders(tmp_path / "png", 5, 1).reshape(2, 6, 32, 32, 3)
    (tmp_path / "npy").mkdir()
    for name, mine in zip(("cat", "dog"), stored[::order], strict=True):
        np.save(tmp_path / "npy" / f"{name}.npy", mine)
    a = add("a", tmp_path / "png", root=tmp_path / "root")
    b = add("b", tmp_path / "npy", root=tmp_path / "root", split=(5, 1))
    assert (a.sha256 == b.sha256) is (order == 1)


@settings(max_examples=40, deadline=None)
@given(width=st.integers(1, 90), height=st.integers(1, 90), seed=st.integers(0, 1000))
def test_pictures_of_any_size_are_box_filtered(tmp_path_factory, width, height, seed):
    path = tmp_path_factory.getbasetemp() / "any-size.png"
    picture = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    Image.fromarray(picture).save(path)
    expected = np.einsum("yh,xw,hwc->yxc", _box(height), _box(width), picture.astype(float))
    assert np.abs(shrunk(path) - expected).max() <= 1.01  # Pillow rounds twice, across and down


def _box(n: int) -> np.ndarray:
    """(32, n): each new pixel is the mean of the old ones whose centres it covers, or is the nearest of them."""
    weights = np.zeros((32, n))
    for i in range(32):
        covered = [j for j in range(n) if i * n < 32 * (j + 0.5) <= (i + 1) * n] if n > 32 else []
        for j in covered or [int((i + 0.5) * n / 32)]:
            weights[i, j] = 1 / max(1, len(covered))
    return weights


def test_pictures_of_every_mode_become_rgb(tmp_path):
    rgb = random_images(1)[0]
    grey = rgb[..., 0]
    alpha = np.full((32, 32, 1), 255, np.uint8)
    half = np.where(np.arange(32)[:, None, None] < 16, alpha, 0).astype(np.uint8)
    palette = Image.fromarray(grey).convert("P")
    cases = {
        "L": (Image.fromarray(grey), np.stack([grey] * 3, -1)),
        "1": (Image.fromarray(grey > 127), np.stack([255 * (grey > 127)] * 3, -1)),
        "RGBA": (Image.fromarray(np.concatenate([rgb, alpha], -1)), rgb),
        "clear": (Image.fromarray(np.concatenate([rgb, half], -1)), np.where(half > 0, rgb, 255)),
        "LA": (Image.fromarray(np.stack([grey, half[..., 0]], -1)), np.where(half > 0, grey[..., None], 255)),
        "P": (palette, np.asarray(palette.getpalette(), np.uint8).reshape(-1, 3)[np.asarray(palette)]),
    }
    for mode, (picture, expected) in cases.items():
        picture.save(tmp_path / f"{mode}.png")
        np.testing.assert_array_equal(shrunk(tmp_path / f"{mode}.png"), np.broadcast_to(expected, rgb.shape), mode)
    Image.fromarray(grey.astype(np.uint16) * 257).save(tmp_path / "deep.png")
    with pytest.raises(DataError, match=r"deep\.png: pixels of mode 'I(;16)?'"):  # 'I' in an older Pillow
        shrunk(tmp_path / "deep.png")


def deep_png(path, rgb):
    """The same colours with 16 bits a channel, which Pillow does not write."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    lines = b"".join(b"\0" + line.tobytes() for line in rgb.astype(">u2") * 257)
    head = struct.pack(">IIBBBBB", rgb.shape[1], rgb.shape[0], 16, 2, 0, 0, 0)
    chunks = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunks)


def test_pictures_as_cameras_printers_and_the_web_leave_them(tmp_path):
    """Inks in place of colours, 16 bits a channel, several frames, on their side."""
    rgb = np.stack([*np.meshgrid(np.arange(32) * 8, np.arange(32) * 8), np.full((32, 32), 128)], -1).astype(np.uint8)
    picture, sideways = Image.fromarray(rgb), Image.Exif()
    sideways[0x0112] = 6
    best = {"quality": 100, "subsampling": 0}
    picture.convert("CMYK").save(tmp_path / "inks.tif")
    picture.convert("CMYK").save(tmp_path / "inks.jpg", **best)
    picture.save(tmp_path / "moving.png", save_all=True, append_images=[Image.fromarray(255 - rgb)])
    Image.fromarray(np.rot90(rgb).copy()).save(tmp_path / "turned.jpg", exif=sideways, **best)
    deep_png(tmp_path / "deep.png", rgb)
    off = {path.name: np.abs(shrunk(path) - rgb.astype(int)).max() for path in tmp_path.iterdir()}
    assert (off["inks.tif"], off["moving.png"], off["deep.png"]) == (0, 0, 0)
    assert max(off["inks.jpg"], off["turned.jpg"]) <= 4  # what JPEG loses
    few = Image.fromarray(np.where(rgb < 128, 0, 255).astype(np.uint8))
    few.save(tmp_path / "moving.gif", save_all=True, append_images=[picture], duration=50)
    np.testing.assert_array_equal(shrunk(tmp_path / "moving.gif"), np.asarray(few))


def test_hidden_files_and_macos_leavings_are_passed_over(tmp_path):
    stored = class_folders(tmp_path / "pets")
    (tmp_path / "pets" / "cat" / "._000.png").write_bytes(b"resource fork")
    (tmp_path / "pets" / ".DS_Store").write_bytes(b"")
    shutil.make_archive(str(tmp_path / "pets"), "zip", tmp_path, "pets")
    with zipfile.ZipFile(tmp_path / "pets.zip", "a") as archive:
        archive.writestr("__MACOSX/pets/._cat", b"")
    np.testing.assert_array_equal(add("pets", tmp_path / "pets.zip", root=tmp_path / "root").images, stored)


def save(path, size=(40, 30), format=None, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(random_images(1, side=max(size))[0][: size[1], : size[0]]).save(path, format, **options)


def test_class_folders_take_what_image_folder_takes_and_name_the_rest(tmp_path):
    source = tmp_path / "source"
    for name in ("cat", "dog", "__background__"):
        for i in range(6):
            save(source / name / f"{i}.png")
    for i in range(10):
        save(source / "dog" / "poodle" / f"{i}.png")
        save(source / "cat" / f"camera{i}.jfif", format="JPEG")
    (source / "cat" / "notes.txt").write_text("mine")
    (source / "cat" / ".DS_Store").write_text("the system's")
    told = []
    found = add("mine", source, root=tmp_path / "root", tell=told.append)
    assert found.classes == ("__background__", "cat", "dog")
    assert [a + b for a, b in zip(found.counts["train"], found.counts["test"], strict=True)] == [6, 16, 16]
    assert told == [f"{source}: left out, no picture or in no class's folder: cat/notes.txt"]
    theirs = torchvision.datasets.ImageFolder(source)  # which does not know .jfif
    assert [theirs.classes[k] for _, k in theirs.samples] == ["__background__"] * 6 + ["cat"] * 6 + ["dog"] * 16
    dogs = [shrunk(Path(file)) for file, k in theirs.samples if theirs.classes[k] == "dog"]
    np.testing.assert_array_equal([*found.of_class(2, "train"), *found.of_class(2, "test")], dogs)


def test_class_folders_beside_train_and_test_are_named(tmp_path):
    class_folders(tmp_path / "source", 3, 4, ("train", "test"))
    for i in range(5):
        save(tmp_path / "source" / "val" / "cat" / f"{i}.png")
    with pytest.warns(UserWarning, match=r"left out.*val/cat/0.png, val/cat/1.png, val/cat/2.png and 2 more"):
        found = add("mine", tmp_path / "source", root=tmp_path / "root")
    assert found.counts == {"train": (3, 3), "test": (4, 4)}


def test_classes_below_train_alone_are_not_taken_for_one_class(tmp_path):
    class_folders(tmp_path / "source", 3, 4, ("train", "extra"))
    with pytest.raises(DataError, match=r"train/ has folders, but there is no test/ or val/ beside it; give .*train"):
        add("mine", tmp_path / "source", root=tmp_path / "root")


@pytest.mark.parametrize(
    "names", [("Train", "Test"), ("TRAIN", "VAL"), ("training", "validation"), ("Training", "Testing")]
)
def test_however_train_and_test_are_written(tmp_path, names):
    class_folders(tmp_path / "source", 3, 4, names)
    found = add("mine", tmp_path / "source", root=tmp_path / "root")
    assert found.counts == {"train": (3, 3), "test": (4, 4)}


@pytest.mark.skipif(os.name != "posix", reason="needs symbolic links")
def test_links_are_followed_but_not_round_and_round(tmp_path):
    source = tmp_path / "source"
    for name in ("cat", "dog"):
        for i in range(6):
            save(tmp_path / "elsewhere" / name / f"{i}.PNG", format="PNG")
        (source / name).mkdir(parents=True)
    os.symlink(tmp_path / "elsewhere" / "cat", source / "cat" / "mine")
    for i in range(6):
        os.symlink(tmp_path / "elsewhere" / "dog" / f"{i}.PNG", source / "dog" / f"{i}.PNG")
    assert add("linked", source, root=tmp_path / "root").counts == {"train": (5, 5), "test": (1, 1)}
    os.symlink("..", source / "dog" / "up")
    with pytest.raises(DataError, match=r"dog/up: this link leads back to a folder above it; remove it"):
        add("looped", source, root=tmp_path / "root")
    (source / "dog" / "up").unlink()
    os.symlink(tmp_path / "nowhere.png", source / "dog" / "lost.png")
    with pytest.raises(DataError, match=r"dog/lost.png: No such file"):
        add("lost", source, root=tmp_path / "root")


def test_a_picture_is_turned_as_its_camera_says(tmp_path):
    wide = np.zeros((32, 32, 3), np.uint8)
    wide[:, 16:] = 255  # black to the left, white to the right
    orientation = Image.Exif()
    orientation[0x0112] = 6  # to be turned clockwise by a quarter
    Image.fromarray(wide).save(tmp_path / "a.png", exif=orientation)
    np.testing.assert_array_equal(shrunk(tmp_path / "a.png"), np.rot90(wide, -1))
    Image.fromarray(wide).save(tmp_path / "b.png", exif=b"Exif\x00\x00not a TIFF file")
    np.testing.assert_array_equal(shrunk(tmp_path / "b.png"), wide)
