"""The repository's address: written once, in _config.yml, and carried from there into every file that needs it."""

from __future__ import annotations

import re
from pathlib import Path

from lop_tutorial.atomic import write_text
from lop_tutorial.publishing import BookError

_SETTING = re.compile(r"^repository:\n(?:[ #].*\n)*? +url: (?P<url>\S+)$", re.MULTILINE)
_ADDRESS = re.compile(r"https://[\w.-]+(?::\d+)?/(?P<owner>[\w.-]+)/(?P<name>[\w.-]+)")
_PLACES = (
    "pyproject.toml",
    "README.md",
    "CITATION.cff",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "book/**/*.md",
    "book/**/*.ipynb",
)


def read(top: Path) -> str:
    """The address that _config.yml gives."""
    config = top / "_config.yml"
    if not config.is_file():
        raise BookError(f"{config} is not there: run this at the top of the repository")
    setting = _SETTING.search(config.read_text(encoding="utf-8"))
    if setting is None:
        raise BookError(f"{config} has no `repository:` with a `url:` below it: add them")
    return setting["url"]


def change(top: Path, url: str) -> list[Path]:
    """Makes `url` the repository's address in every file that names the old one; returns the files changed.

    Links that open a chapter in Colab hold owner and name alone, and are rewritten too. Every file is written
    whole or not at all, and _config.yml last: a change that was interrupted is finished by calling it again.
    """
    old, new = read(top), _checked(url)
    changed = []
    for path in [*_places(top), top / "_config.yml"]:
        before = path.read_text(encoding="utf-8")
        after = _replaced(before, old, new)
        if after != before:
            write_text(path, after)
            changed.append(path)
    return changed


def _places(top: Path) -> list[Path]:
    paths = {path for place in _PLACES for path in top.glob(place) if "_build" not in path.parts}
    return sorted(paths)


def _checked(url: str) -> str:
    url = url.removesuffix("/").removesuffix(".git")
    if not _ADDRESS.fullmatch(url):
        raise BookError(f"{url!r} is not a repository's address; it must look like https://host/owner/name")
    return url


def _replaced(text: str, old: str, new: str) -> str:
    def owner_and_name(url: str) -> str:
        parts = _ADDRESS.fullmatch(url)
        if parts is None:
            raise BookError(f"_config.yml says {url!r}, which is not of the form https://host/owner/name")
        return f"{parts['owner']}/{parts['name']}"

    end = r"(?![\w-])"
    colab = "https://colab.research.google.com/github/"
    text = re.sub(re.escape(old) + end, new, text)
    return re.sub(re.escape(colab + owner_and_name(old)) + end, colab + owner_and_name(new), text)
