"""Checks the built book: every page of _toc.yml is there, and none loads a thing from another machine."""

import re
import sys
from pathlib import Path

import yaml

TOP = Path(__file__).parents[1]
HTML = TOP / "book/_build/html"
# Scripts, styles, pictures and frames are loaded; plain links are only followed by a reader who clicks.
LOADED = re.compile(r"""<(?:script|img|iframe|link)\b[^>]*\b(?:src|href)=["']?((?:https?:)?//[^"'\s>]+)""")


def pages(entry: dict) -> list[str]:
    """The pages that an entry of _toc.yml names, itself and below."""
    own = [entry[key] for key in ("root", "file") if key in entry]
    below = [part for key in ("parts", "chapters", "sections") for part in entry.get(key, [])]
    return own + [page for part in below for page in pages(part)]


def main() -> int:
    wanted = pages(yaml.safe_load((TOP / "_toc.yml").read_text()))
    missing = [page for page in wanted if not (HTML / f"{page}.html").is_file()]
    outside = {
        f"{path.relative_to(HTML)} loads {url}"
        for path in HTML.rglob("*.html")
        if "_static" not in path.parts
        for url in LOADED.findall(path.read_text(encoding="utf-8"))
    }
    for problem in [*(f"{page} was not built" for page in missing), *sorted(outside)]:
        print(problem)
    print(f"{len(wanted) - len(missing)} of {len(wanted)} pages built, {len(outside)} loads from other machines")
    return 1 if missing or outside else 0


if __name__ == "__main__":
    sys.exit(main())
