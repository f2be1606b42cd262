"""The playground as a widget: alive in the built page, in JupyterLab and in Colab."""

from __future__ import annotations

import re
from dataclasses import asdict
from functools import cache
from importlib.resources import files
from typing import Any, ClassVar

import matplotlib.pyplot as plt
import numpy as np
import torch
import traitlets
from matplotlib.figure import Figure

from lop_tutorial.figures.explorers import explorer
from lop_tutorial.figures.style import CLASS_COLOURS, CLASS_MARKS, METHOD_COLOURS, PAGE_WIDTH, on_dark
from lop_tutorial.interventions import ContinualBackprop, intervention
from lop_tutorial.playground.settings import AMOUNTS, PRESETS, Settings
from lop_tutorial.running.plan import Plan
from lop_tutorial.settings_given import must_be_whole
from lop_tutorial.training import Fleet

_PAGE = files(__package__)
_COMMON = files(explorer.__package__) / "page" / "common.js"
_PARTS = tuple(_PAGE / name for name in ("engine.js", "duel.js", "widget.js"))
ENGINE = (_PAGE / "engine.js").read_text(encoding="utf-8")
"""The text of the engine: one function, `engine`."""
CBP = ("maturity", "decay", "count")
"""The settings of continual backpropagation that the page takes from the package's defaults."""
PICTURED = 8
"""Tasks in the still picture."""
MOST_PLAYED = 20
"""Tasks that a page may learn when it is opened: some seconds of one core with two units."""


def without_comments(script: str) -> str:
    """A script without indentation and without comments that have lines of their own; notebooks store it many times."""
    lines = (line.strip() for line in re.sub(r"(?ms)^ */\*\*.*?\*/$", "", script).splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//")) + "\n"


class Playground(explorer.Explorer):
    """Two networks live in the page: an old one that goes on from task to task, and a fresh one for each task.

    Its settings are those of `Settings`, by name. `settings` is the plan that trains the same with the package; set it
    to a plan, and the page shows that one. `lived` is what the page has seen since it was last reset. Random numbers
    are the page's own: its lives and the package's agree as those of different seeds do.

    The page opens when `played` tasks have been learned, which it does unseen, and the next one arrives; ValueError
    where that is negative or above 20.
    """

    kind: ClassVar[str] = "playground"
    script: ClassVar[str] = without_comments("".join(part.read_text(encoding="utf-8") for part in (_COMMON, *_PARTS)))
    """The ES module that runs in the page: one text, without imports."""
    _esm = script
    _css = explorer.Explorer._css + (_PAGE / "playground.css").read_text(encoding="utf-8")
    choices = traitlets.Dict().tag(sync=True)
    """The fields of `Settings`, by name."""
    lived = traitlets.Dict().tag(sync=True)
    """The `choices` that were trained, and lists with an entry a task: `train`, `test` and `silent` of the old network,
    its median exponents `within` and `between` (None where not finite), and `fresh_train` and `fresh_test`."""

    def __init__(self, *, played: int = 0, **settings: Any) -> None:
        must_be_whole(0, played=played)
        if played > MOST_PLAYED:
            raise ValueError(f"played is {played}; it must be {MOST_PLAYED} at most")
        chosen, default = Settings(**settings), ContinualBackprop()
        super().__init__(
            "Playground: train a network until it stops learning",
            {},
            presets=[{**each, "choices": asdict(each["choices"])} for each in PRESETS],
            amounts=AMOUNTS,
            played=played,
            cbp={name: getattr(default, name) for name in CBP},
            classes=[{"light": colour, "dark": on_dark(colour)} for colour in CLASS_COLOURS[:2]],
            networks={name: _look(method) for name, method in (("old", "none"), ("fresh", "retrained"))},
        )
        self.choices = asdict(chosen)

    @classmethod
    def of(cls, plan: Plan) -> Playground:
        """A playground with the settings of a plan's first method and seed; ValueError as `Settings.of`."""
        return cls(**asdict(Settings.of(plan)))

    @property
    def settings(self) -> Plan:
        """The plan that trains what the page trains; assigned, the page follows."""
        return Settings(**self.choices).plan()

    @settings.setter
    def settings(self, plan: Plan) -> None:
        self.choices = asdict(Settings.of(plan))

    @traitlets.validate("choices")
    def _must_be_settings(self, proposal: dict[str, Any]) -> dict[str, Any]:
        return asdict(Settings(**proposal["value"])) if proposal["value"] else {}

    def __repr__(self) -> str:
        chosen = Settings(**self.choices)
        return f"<Playground: {chosen.method_text}, {chosen.width} {chosen.units} units, step {chosen.step_size:g}>"

    def picture(self) -> Figure:
        """The first tasks of these settings, trained with the package (some seconds, once for each settings)."""
        points, labels, accuracy = _first_tasks(Settings(**self.choices))
        figure, axes = plt.subplots(1, 3, figsize=(PAGE_WIDTH, 2.5), width_ratios=(1, 1, 1.3))
        for ax, cloud, title in zip(axes, points, ("old", "fresh"), strict=False):
            for label, (mark, colour) in enumerate(zip(CLASS_MARKS[:2], CLASS_COLOURS[:2], strict=True)):
                ax.plot(*cloud[labels == label].T, mark, color=colour, markersize=3)
            reach = 1.1 * max(np.abs(each).max() for each in points)
            ax.set(xlim=(-reach, reach), ylim=(-reach, reach))
            ax.set_title(f"{title}: task {PICTURED} arrives", fontsize=9)
        for line, method, name in zip(accuracy, ("none", "retrained"), ("old", "fresh"), strict=True):
            axes[2].plot(range(1, PICTURED + 1), line, color=METHOD_COLOURS[method], label=name)
        axes[2].set(xlabel="task", ylim=(0.45, 1.02))
        axes[2].set_title("accuracy on training points", fontsize=9)
        axes[2].legend(fontsize=8, loc="lower left")
        return figure


def _look(method: str) -> dict[str, str]:
    return {"light": METHOD_COLOURS[method], "dark": on_dark(METHOD_COLOURS[method])}


@cache
def _first_tasks(settings: Settings) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    """Where the last task's points lie in the old network and a fresh one before they learn it, (point, 2) each; their
    labels; and the training accuracies, (network, task)."""
    torch.set_num_threads(1)
    experiment = settings.plan()
    crew = [(intervention(method), settings.seed) for method in (experiment.methods[0], "retrained")]
    fleet, stream = Fleet(experiment.make_network, experiment.training, crew), experiment.stream(settings.seed)
    accuracy, points = [], []
    for index in range(PICTURED):
        task = stream.task(index)
        if index == PICTURED - 1:
            fleet.learners[1].restart()
            with torch.no_grad():
                points = [_in_the_plane(learner.network.representation(task.train_x)) for learner in fleet.learners]
        accuracy.append([outcome.train_accuracy for outcome in fleet.learn({settings.seed: task})])
    return points, task.train_y.numpy(), np.transpose(accuracy)


def _in_the_plane(representation: torch.Tensor) -> np.ndarray:
    """(point, width) to (point, 2): two units as they are, more by their principal axes, one against zero."""
    h = representation - representation.mean(dim=0) if representation.shape[1] > 2 else representation
    if h.shape[1] == 1:
        h = torch.cat([h, torch.zeros_like(h)], dim=1)
    axes = torch.linalg.svd(h, full_matrices=False).Vh[:2].T if h.shape[1] > 2 else torch.eye(2)
    return (h @ axes).numpy()
