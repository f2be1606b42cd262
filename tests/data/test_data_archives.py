"""Archives that are damaged or that reach out of their folder are refused, and nothing is left behind."""

import io
import os
import tarfile
import zipfile

import pytest
from data_sources import class_folders, refused, truncate

from lop_tutorial.data import DataError, add


@pytest.mark.parametrize("form", ["zip", "tar.gz", "tar", "tar.xz", "tar.bz2"])
def test_archives_truncated(tmp_path, root, form):
    class_folders(tmp_path / "pets")
    path = tmp_path / f"pets.{form}"
    if form == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            for file in (tmp_path / "pets").rglob("*.png"):
                archive.write(file, file.relative_to(tmp_path))
    else:
        with tarfile.open(path, "w:" + form.partition(".")[2]) as archive:
            archive.add(tmp_path / "pets", "pets")
    add("whole", path, root=root)
    for keep in (0.0, 0.3, 0.9):
        whole = path.read_bytes()
        truncate(path, keep)
        with pytest.raises(DataError, match=r"pets\..*(truncated or damaged|not a whole picture|empty folder)"):
            add("broken", path, root=root)
        assert os.listdir(root) == ["whole"]
        path.write_bytes(whole)


def test_a_zip_with_a_flipped_byte(tmp_path, root):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("0.npy", bytes(10_000))
    content = bytearray((tmp_path / "x.zip").read_bytes())
    content[5000] ^= 1
    (tmp_path / "x.zip").write_bytes(content)
    refused(tmp_path / "x.zip", root, r"x\.zip: truncated or damaged \(Bad CRC")


def test_a_damaged_file_in_an_archive_is_named_by_the_archive(tmp_path, root):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("pets/cat/1.png", b"none")
        archive.writestr("pets/cat/2.png", b"none")
    refused(tmp_path / "x.zip", root, r"x\.zip/pets/cat/1\.png: not a whole picture")


@pytest.mark.parametrize("name", ["../evil.png", "/evil.png", "a/../../evil.png", "C:\\evil.png", "..\\evil.png"])
@pytest.mark.parametrize("form", ["zip", "tar"])
def test_archives_whose_members_would_escape(tmp_path, root, form, name):
    path = tmp_path / f"x.{form}"
    if form == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(zipfile.ZipInfo(name), b"evil")
    else:
        with tarfile.open(path, "w") as archive:
            member = tarfile.TarInfo(name)
            member.size = 4
            archive.addfile(member, io.BytesIO(b"evil"))
    refused(path, root, "would lie outside; do not trust")
    assert not [p for p in tmp_path.rglob("*evil*")]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_archives_with_links_and_devices(tmp_path, root, kind):
    member = tarfile.TarInfo("cat")
    member.type, member.linkname = kind, "/etc"
    with tarfile.open(tmp_path / "x.tar", "w") as archive:
        archive.addfile(member)
    refused(tmp_path / "x.tar", root, "member 'cat' is neither a plain file nor a folder")


def test_a_zip_with_a_link(tmp_path, root):
    info = zipfile.ZipInfo("cat")
    info.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr(info, "/etc")
    refused(tmp_path / "x.zip", root, "member 'cat' is neither a plain file nor a folder")
