"""Downloads against a server on this machine: cut, damaged, absent, and going on where they stopped."""

import hashlib
import http.server
import os
import shutil
import socket
import threading

import numpy as np
import pytest
from data_sources import block_means, cifar100, tiny_imagenet

from lop_tutorial.data import DataError, download, get, verify


class Server(http.server.ThreadingHTTPServer):
    """Serves one file; `cuts` are the numbers of bytes after which the next connections are cut."""

    daemon_threads = True

    def __init__(self, content: bytes, ranges: bool = True):
        super().__init__(("127.0.0.1", 0), Handler)
        self.content, self.ranges, self.cuts, self.asked = content, ranges, [], []
        self.status, self.sent = 200, 0

    def url(self, name):
        return f"http://127.0.0.1:{self.server_port}/mirror?file={name}"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        wanted = self.headers.get("Range")
        self.server.asked.append(wanted)
        start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted and self.server.ranges else 0
        rest = self.server.content[start:]
        if self.server.status != 200:
            self.send_error(self.server.status)
            return
        if wanted and self.server.ranges and not rest:
            self.send_error(416)
            return
        self.send_response(206 if wanted and self.server.ranges else 200)
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        sent = rest[: self.server.cuts.pop(0)] if self.server.cuts else rest
        self.server.sent += len(sent)
        self.wfile.write(sent)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """The bytes of tiny-imagenet-200.zip, its MD5, and the images that should be stored."""
    folder, decoded = tiny_imagenet(tmp_path_factory.mktemp("source"))
    path = shutil.make_archive(str(folder.parent / "tiny"), "zip", folder.parent, folder.name)
    with open(path, "rb") as file:
        content = file.read()
    return content, hashlib.md5(content).hexdigest(), block_means(decoded)


@pytest.fixture
def serve():
    servers = []

    def start(content, **options):
        servers.append(Server(content, **options))
        threading.Thread(target=servers[-1].serve_forever, args=(0.01,), daemon=True).start()
        return servers[-1]

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    waits = []
    monkeypatch.setattr(download.time, "sleep", waits.append)
    monkeypatch.setenv("no_proxy", "*")  # nothing between these tests and their server
    return waits


def part_of(root):
    return root / ".downloads" / "tiny-imagenet-200.zip.part"


def test_a_download_is_converted_and_its_archive_removed(tmp_path, serve, archive, capfd):
    content, md5, expected = archive
    calls = []
    url = serve(content).url("tiny-imagenet-200.zip")
    found = get("tinyimagenet", root=tmp_path, url=url, md5=md5, progress=lambda *call: calls.append(call))
    assert np.abs(found.images - expected).max() <= 1
    assert verify("tinyimagenet", tmp_path).name == "tinyimagenet"
    assert os.listdir(tmp_path / ".downloads") == []
    assert ("downloading tiny-imagenet-200.zip", len(content), len(content)) in calls
    assert calls[-1] == ("converting", 39, 39)
    assert capfd.readouterr() == ("", "")
    with pytest.raises(DataError, match="already there; --replace"):
        get("tinyimagenet", root=tmp_path, url=url, md5=md5)


def test_cifar100_downloads_too(tmp_path, serve):
    folder, stored = cifar100(tmp_path / "source")
    path = shutil.make_archive(str(tmp_path / "c"), "gztar", folder.parent, folder.name)
    with open(path, "rb") as file:
        content = file.read()
    url = serve(content).url("cifar-100-python.tar.gz")
    found = get("cifar100", root=tmp_path / "root", url=url, md5=hashlib.md5(content).hexdigest())
    np.testing.assert_array_equal(found.images, stored)


def test_a_cut_connection_goes_on_where_it_stopped(tmp_path, serve, archive):
    content, md5, _ = archive
    server = serve(content)
    server.cuts = [1000, 0, 0, 5000]
    get("tinyimagenet", root=tmp_path, url=server.url("tiny-imagenet-200.zip"), md5=md5)
    assert server.asked == [None, "bytes=1000-", "bytes=1000-", "bytes=1000-", "bytes=6000-"]
    assert server.sent == len(content)  # not one byte twice


def test_a_download_given_up_is_taken_up_by_the_next_call(tmp_path, serve, archive, impatient):
    content, md5, _ = archive
    server = serve(content)
    server.cuts = [1000, 0, 0, 0]
    url = server.url("tiny-imagenet-200.zip")
    reason = rf"the connection ended after 1,000 of {len(content):,} bytes; .*data add tinyimagenet --from FILE"
    with pytest.raises(DataError, match=reason):
        get("tinyimagenet", root=tmp_path, url=url, md5=md5)
    assert part_of(tmp_path).read_bytes() == content[:1000]
    assert len(impatient) == 3
    assert impatient == sorted(impatient)  # each wait is longer than the last
    get("tinyimagenet", root=tmp_path, url=url, md5=md5)
    assert server.asked[-1] == "bytes=1000-"
    assert server.sent == len(content)


def test_a_server_that_cannot_go_on_sends_all_of_it_anew(tmp_path, serve, archive):
    content, md5, _ = archive
    server = serve(content, ranges=False)
    server.cuts = [1000]
    get("tinyimagenet", root=tmp_path, url=server.url("tiny-imagenet-200.zip"), md5=md5)
    assert server.sent == 1000 + len(content)


@pytest.mark.parametrize("before", [b"", b"of an older file", b"x" * 200_000])
def test_a_wrong_checksum_is_refused_and_not_kept(tmp_path, serve, archive, before):
    content, md5, _ = archive
    damaged = bytearray(content)
    damaged[len(content) // 2] ^= 1
    server = serve(bytes(damaged) if not before else content)
    url = server.url("tiny-imagenet-200.zip")
    part_of(tmp_path).parent.mkdir()
    part_of(tmp_path).write_bytes(before)
    with pytest.raises(DataError, match=rf"MD5 [0-9a-f]+ instead of {md5}.*--from FILE"):
        get("tinyimagenet", root=tmp_path, url=url, md5=md5)
    assert os.listdir(tmp_path) == [".downloads"]
    assert part_of(tmp_path).read_bytes() == b""
    server.content = content
    get("tinyimagenet", root=tmp_path, url=url, md5=md5)


def test_what_is_there_already_is_not_fetched_again(tmp_path, archive):
    content, md5, _ = archive
    part_of(tmp_path).parent.mkdir()
    part_of(tmp_path).with_suffix("").write_bytes(content)  # left by a conversion that failed
    get("tinyimagenet", root=tmp_path, url="http://127.0.0.1:9/tiny-imagenet-200.zip", md5=md5)


def test_a_failed_conversion_keeps_the_archive(tmp_path, serve, archive, monkeypatch):
    content, md5, _ = archive
    url = serve(content).url("tiny-imagenet-200.zip")

    def fail(*_, **__):
        raise DataError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(download, "add", fail)
        with pytest.raises(DataError, match="no space left"):
            get("tinyimagenet", root=tmp_path, url=url, md5=md5)
    assert part_of(tmp_path).with_suffix("").read_bytes() == content


@pytest.mark.parametrize("status", [403, 404, 500])
def test_a_server_that_refuses(tmp_path, serve, archive, status):
    server = serve(archive[0])
    server.status = status
    with pytest.raises(DataError, match=f"HTTP Error {status}.*fetch it by hand and run .lop-tutorial data add"):
        get("tinyimagenet", root=tmp_path, url=server.url("tiny-imagenet-200.zip"), md5=archive[1])


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/x.zip", "http://no.such.host.invalid/x.zip"])
def test_no_network(tmp_path, url, monkeypatch):
    lookup = socket.getaddrinfo

    def known(host, *more, **how):  # at once: where no name server answers, to ask takes a minute
        if host == "no.such.host.invalid":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return lookup(host, *more, **how)

    monkeypatch.setattr(socket, "getaddrinfo", known)
    with pytest.raises(DataError, match=r"\.zip: .*try again later .*fetch it by hand"):
        get("tinyimagenet", root=tmp_path, url=url, md5="0")


def test_a_disk_that_fills_up(tmp_path, serve, archive, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(download, "_fetch", full)
    with pytest.raises(DataError, match=r"no space left for this set .*--root"):
        get("tinyimagenet", root=tmp_path, url=serve(archive[0]).url("x.zip"), md5=archive[1])


@pytest.mark.skipif(os.name != "posix", reason="needs locks")
def test_two_downloads_of_one_file(tmp_path, serve, archive):
    content, md5, _ = archive
    url = serve(content).url("tiny-imagenet-200.zip")
    second = []

    def meanwhile(what, done, total):
        if what.startswith("downloading") and not second:
            with pytest.raises(DataError, match=r"part: another process is downloading it; wait"):
                get("tinyimagenet", root=tmp_path, url=url, md5=md5)
            second.append(True)

    get("tinyimagenet", root=tmp_path, url=url, md5=md5, progress=meanwhile)
    assert second


def test_sets_that_are_not_published(tmp_path):
    with pytest.raises(DataError, match="'imagenet32' cannot be downloaded, only cifar100 and tinyimagenet can"):
        get("imagenet32", root=tmp_path)


def test_the_published_address_is_torchvisions():
    from torchvision.datasets import CIFAR100

    published = download.PUBLISHED["cifar100"]
    assert (published.url, published.md5) == (CIFAR100.url, CIFAR100.tgz_md5)
