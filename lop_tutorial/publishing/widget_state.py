"""What a notebook stores of its widgets, made the same from run to run: names by order, and only what is shown."""

from __future__ import annotations

import json
import re
from typing import Any

from nbformat import NotebookNode

STATE, VIEW = "application/vnd.jupyter.widget-state+json", "application/vnd.jupyter.widget-view+json"
_LINK = re.compile(r'"IPY_MODEL_([0-9a-f]+)"')


def settle_widgets(notebook: NotebookNode) -> None:
    """Renames the models that cells show to widget-1, widget-2 ... and forgets those that no cell shows.

    Jupyter names models at random and keeps every one that was ever made.
    """
    views = [
        output.data for cell in notebook.cells for output in cell.get("outputs", []) if VIEW in output.get("data", {})
    ]
    stored = notebook.metadata.get("widgets", {}).get(STATE, {}).get("state", {})
    names: dict[str, str] = {}
    for view in views:
        _name(view[VIEW]["model_id"], stored, names)
        view[VIEW]["model_id"] = names[view[VIEW]["model_id"]]
    if not views:
        notebook.metadata.pop("widgets", None)
        return
    state: dict[str, Any] = {names[key]: _renamed(stored[key], names) for key in names if key in stored}
    notebook.metadata["widgets"] = {STATE: {"version_major": 2, "version_minor": 0, "state": state}}


def without_values(notebook: NotebookNode) -> None:
    """Drops what widgets hold in numbers, which differ between machines as pictures do."""
    stored = notebook.metadata.get("widgets", {}).get(STATE, {}).get("state", {})
    for model in stored.values():
        model.pop("buffers", None)
        model["state"].get("spec", {}).pop("arrays", None)
        model["state"].get("spec", {}).pop("limits", None)


def _name(model: str, stored: dict[str, Any], names: dict[str, str]) -> None:
    """Names a model and then those that it links to, such as its layout."""
    if model in names:
        return
    names[model] = f"widget-{len(names) + 1}"
    for link in _LINK.findall(json.dumps(stored.get(model, {}))):
        _name(link, stored, names)


def _renamed(model: Any, names: dict[str, str]) -> Any:
    text = json.dumps(model)
    return json.loads(_LINK.sub(lambda found: f'"IPY_MODEL_{names[found[1]]}"', text))
