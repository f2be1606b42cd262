"""The methods and their settings as `--help` lists them: read from the sources, since importing them takes seconds."""

from __future__ import annotations

import ast
from pathlib import Path

PLACE = Path(__file__).resolve().parents[1] / "interventions"


def method_list() -> str:
    """A paragraph a method: its name and, with their defaults, its settings."""
    settings = {}
    for path in PLACE.glob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef):
                settings[node.name] = _settings(node)
    lines = [f"{name} {settings[kind]}".rstrip() for name, kind in _registered()]
    return "\n\n".join(["Methods, and their settings as they are by default:", *lines])


def _registered() -> list[tuple[str, str]]:
    """Names and classes, in the registry's order."""
    body = ast.parse((PLACE / "registry.py").read_text(encoding="utf-8")).body
    tables = [node.value for node in body if isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Dict)]
    return [
        (key.value, value.id)
        for table in tables
        for key, value in zip(table.keys, table.values, strict=True)
        if isinstance(key, ast.Constant) and isinstance(key.value, str) and isinstance(value, ast.Name)
    ]


def _settings(node: ast.ClassDef) -> str:
    """ "strength=0.1 every=5" of a dataclass's fields."""
    fields = [each for each in node.body if isinstance(each, ast.AnnAssign) and each.value is not None]
    plain = [each for each in fields if not ast.unparse(each.annotation).startswith("ClassVar")]
    return " ".join(
        f"{ast.unparse(each.target)}={str(ast.literal_eval(each.value)).lower()}" for each in plain if each.value
    )
