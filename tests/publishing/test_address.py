"""The repository's address stands in one place and is the same everywhere else."""

import re
import shutil
import tomllib
from pathlib import Path

import nbformat
import pytest
import yaml

from lop_tutorial.publishing import address
from lop_tutorial.publishing.chapters import chapters, first_cell

TOP = Path(__file__).parents[2]
OTHER = "https://example.org/someone/a-book"


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The repository's files that name the address, elsewhere."""
    shutil.copytree(TOP / "book", tmp_path / "book", symlinks=True, ignore=shutil.ignore_patterns("_build", ".*"))
    for name in (
        "_config.yml",
        "pyproject.toml",
        "README.md",
        "CITATION.cff",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
    ):
        shutil.copy(TOP / name, tmp_path)
    return tmp_path


def everything(top: Path) -> dict[str, str]:
    return {str(path.relative_to(top)): path.read_text(encoding="utf-8") for path in top.rglob("*") if path.is_file()}


def agree(top: Path) -> None:
    """All that names the repository names the address of _config.yml."""
    url = address.read(top)
    owner_and_name = "/".join(url.split("/")[-2:])
    assert yaml.safe_load((top / "_config.yml").read_text())["repository"]["url"] == url
    assert tomllib.loads((top / "pyproject.toml").read_text())["project"]["urls"] == {"Repository": url}
    assert yaml.safe_load((top / "CITATION.cff").read_text())["repository-code"] == url
    for path in chapters(top):
        assert nbformat.read(path, as_version=4).cells[0].source == first_cell(url).source
    for name, text in everything(top).items():
        for cloned in re.findall(r"(?:git clone |git\+)(https?://[\w./-]+)", text):
            assert cloned == url, name
        for opened in re.findall(r"colab\.research\.google\.com/github/([\w.-]+/[\w.-]+)", text):
            assert opened == owner_and_name, name
    assert f"git clone {url} " in (top / "book/how_to_read.ipynb").read_text()


def test_everything_that_names_the_repository_agrees(copied):
    agree(copied)


def test_a_change_reaches_everything_and_leaves_nothing_of_the_old(copied):
    old = address.read(copied)
    before = everything(copied)
    changed = address.change(copied, OTHER)
    after = everything(copied)
    assert address.read(copied) == OTHER
    agree(copied)
    assert not [name for name, text in after.items() if old in text]
    assert {str(path.relative_to(copied)) for path in changed} == {
        name for name in before if before[name] != after[name] and name != "book/_config.yml"
    }
    address.change(copied, old)
    assert everything(copied) == before


def test_colab_links_follow_and_longer_names_are_left_alone(copied):
    old = address.read(copied)
    colab = "https://colab.research.google.com/github/"
    owner_and_name = old.removeprefix("https://github.com/")
    readme = f"[open]({colab}{owner_and_name}/blob/main/book/x.ipynb), {old}.git, {old}-data, {old}2.\n"
    (copied / "README.md").write_text(readme)
    address.change(copied, OTHER)
    assert (copied / "README.md").read_text() == (
        f"[open]({colab}someone/a-book/blob/main/book/x.ipynb), {OTHER}.git, {old}-data, {old}2.\n"
    )


def test_an_interrupted_change_is_finished_by_the_next(copied, monkeypatch):
    write_text = address.write_text

    def fails_at_the_third(path: Path, text: str) -> None:
        fails_at_the_third.calls += 1
        if fails_at_the_third.calls == 3:
            raise OSError("no space left")
        write_text(path, text)

    fails_at_the_third.calls = 0
    monkeypatch.setattr(address, "write_text", fails_at_the_third)
    with pytest.raises(OSError, match="no space left"):
        address.change(copied, OTHER)
    monkeypatch.undo()
    address.change(copied, OTHER)
    agree(copied)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "github.com/a/b",
        "http://github.com/a/b",
        "https://github.com/a",
        "https://github.com/a/b/c",
        "https://x y/a/b",
    ],
)
def test_what_is_no_address_is_refused_and_changes_nothing(copied, url):
    before = everything(copied)
    with pytest.raises(ValueError, match="https://host/owner/name"):
        address.change(copied, url)
    assert everything(copied) == before


def test_outside_a_repository_one_is_told_to_go_there(tmp_path):
    with pytest.raises(ValueError, match="at the top of the repository"):
        address.read(tmp_path)
