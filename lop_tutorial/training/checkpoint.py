"""Learners between two tasks, on disk and back: tensors in safetensors, the rest in JSON, nothing that is code.

A checkpoint NAME is two files. NAME.json says what is not a tensor, and names the file of tensors with its SHA-256.
That file is there, whole, before NAME.json is renamed into its place. So whatever interrupts a write, NAME.json and
what it names are either those before or those after.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load, save
from torch import Tensor

from lop_tutorial.atomic import write_bytes, write_text
from lop_tutorial.training.learner import Learner

Facts = dict[str, Any]
"""What JSON can say."""


class Damaged(ValueError):
    """A checkpoint that is not as it was written."""


def state(learner: Learner) -> tuple[dict[str, Tensor], Facts]:
    """All that a learner carries from one task into the next: as tensors by name, and as facts.

    Weights and buffers, what the optimiser keeps, the intervention's memory, the state of its random numbers, and how
    many tasks were learned: which is also the place in the stream, and in every other source of random numbers. The
    tensors are the learner's own where it lies on the CPU: copy them before it goes on.
    """
    tensors = {f"network.{name}": value for name, value in learner.network.state_dict().items()}
    tensors |= {f"memory.{name}": value for name, value in learner.memory.items()}
    tensors["draw"] = learner.draw.state()
    numbers: dict[str, Facts] = {}
    for name, weight in learner.network.named_parameters():
        for key, value in learner.optimiser.state.get(weight, {}).items():
            if isinstance(value, Tensor):
                tensors[f"optimiser.{name}.{key}"] = value
            else:
                numbers.setdefault(name, {})[key] = value
    groups = [{k: v for k, v in group.items() if k != "params"} for group in learner.optimiser.param_groups]
    facts = {"seed": learner.seed, "tasks_learned": learner.tasks_learned, "optimiser": numbers, "groups": groups}
    return {name: value.detach().cpu() for name, value in tensors.items()}, facts


@torch.no_grad()
def restore(learner: Learner, tensors: dict[str, Tensor], facts: Facts) -> None:
    """Makes a new learner, of the same network, intervention and seed, the one that `state` was asked of; from copies.

    Raises a ValueError where its network or its memory are others.
    """
    if facts["seed"] != learner.seed:
        raise ValueError(f"the state is of a learner with seed {facts['seed']}, not {learner.seed}")
    there = {name for name in tensors if name.startswith(("network.", "memory."))}
    wanted = {f"network.{name}" for name in learner.network.state_dict()}
    wanted |= {f"memory.{name}" for name in learner.memory}
    if there != wanted:
        raise ValueError(f"the state is of another kind of learner: {', '.join(sorted(there ^ wanted))}")
    for name, value in learner.network.state_dict().items():
        if value.shape != tensors[f"network.{name}"].shape:
            shapes = tuple(tensors[f"network.{name}"].shape), tuple(value.shape)
            raise ValueError(f"the state is of another network: {name} has shape {shapes[0]} there, {shapes[1]} here")
        value.copy_(tensors[f"network.{name}"])
    for name, value in learner.memory.items():
        learner.memory[name] = tensors[f"memory.{name}"].to(value.device, copy=True)
    learner.draw.set_state(tensors["draw"])
    learner.tasks_learned = facts["tasks_learned"]
    for group, kept in zip(learner.optimiser.param_groups, facts["groups"], strict=True):
        group.update(kept)
    learner.optimiser.state.clear()
    for name, weight in learner.network.named_parameters():
        prefix = f"optimiser.{name}."
        own = {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
        kept = {k: torch.empty_like(weight).copy_(v) if v.shape == weight.shape else v.clone() for k, v in own.items()}
        if kept or name in facts["optimiser"]:
            learner.optimiser.state[weight] = kept | facts["optimiser"].get(name, {})


def write(folder: Path, name: str, learners: Sequence[Learner], facts: Facts) -> None:
    """Writes the checkpoint `name` of these learners, with facts of the caller's; the one before is kept until then."""
    tensors: dict[str, Tensor] = {}
    about: list[Facts] = []
    for place, learner in enumerate(learners):
        own, about_it = state(learner)
        tensors |= {f"{place}.{key}": value.contiguous() for key, value in own.items()}
        about.append(about_it)
    data = save(tensors)
    digest = hashlib.sha256(data).hexdigest()
    file = f"{name}.{digest[:16]}.safetensors"
    write_bytes(folder / file, data)
    content = facts | {"learners": about, "tensors": file, "tensors_sha256": digest}
    sealed = content | {"sha256": _digest(content)}
    write_text(folder / f"{name}.json", json.dumps(sealed, indent=1) + "\n")
    tidy(folder, name, keep=file)


def read(folder: Path, name: str) -> Facts | None:
    """The facts of a checkpoint, None if there is none; raises `Damaged` where it is not as it was written."""
    path = folder / f"{name}.json"
    try:
        content = json.loads(path.read_bytes())
        digest = content.pop("sha256")
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise Damaged(f"{path} is damaged ({error})") from error
    if digest != _digest(content):
        raise Damaged(f"{path} is damaged (its content does not have the SHA-256 that it names)")
    tensors = folder / content["tensors"]
    if not tensors.exists():
        raise Damaged(f"{tensors} is missing")
    if hashlib.sha256(tensors.read_bytes()).hexdigest() != content["tensors_sha256"]:
        raise Damaged(f"{tensors} is damaged (it does not have the SHA-256 that was written down)")
    return content


def restore_all(folder: Path, facts: Facts, learners: Sequence[Learner]) -> None:
    """Gives new learners the state of those that were written with these facts."""
    tensors = load((folder / facts["tensors"]).read_bytes())
    for place, (learner, about) in enumerate(zip(learners, facts["learners"], strict=True)):
        prefix = f"{place}."
        own = {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}
        restore(learner, own, about)


def tidy(folder: Path, name: str, keep: str | None) -> None:
    """Removes what interrupted writes of a checkpoint left behind, and all its tensors but those to `keep`."""
    for path in (*folder.glob(f"{name}.*.safetensors"), *folder.glob(f".{name}.*")):
        if path.name != keep:
            path.unlink(missing_ok=True)


def _digest(content: Facts) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
