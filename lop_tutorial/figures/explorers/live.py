"""Where a kernel runs: controls that compute an explorer's frames anew."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets

from lop_tutorial.figures.explorers.explorer import Explorer

Progress = Callable[[float], None]
"""Called with the share that is done, from 0 to 1."""


def live(explorer: Explorer, compute: Callable[..., Explorer], **controls: ipywidgets.ValueWidget) -> ipywidgets.VBox:
    """The controls, a button and a bar of progress; pressing the button shows `compute`'s frames in `explorer`.

    `compute(progress, **values)` is a plain function: it takes a `Progress` and the value of each control under its
    name, and returns an explorer of the same kind. What goes wrong in it is said beside the button; the explorer then
    stays as it was.
    """
    button = ipywidgets.Button(description="Compute", tooltip="Compute the frames with these settings")
    bar = ipywidgets.FloatProgress(min=0.0, max=1.0, layout={"visibility": "hidden"})
    words = ipywidgets.Label()

    def progress(share: float) -> None:
        bar.value = share

    def press(_: ipywidgets.Button) -> None:
        button.disabled, bar.value, bar.layout.visibility, words.value = True, 0.0, "visible", ""
        try:
            explorer.show(compute(progress, **{name: control.value for name, control in controls.items()}))
        except Exception as error:
            words.value = f"{type(error).__name__}: {error}"
        finally:
            button.disabled, bar.layout.visibility = False, "hidden"

    button.on_click(press)
    for name, control in controls.items():
        control.description = control.description or name.replace("_", " ")
    return ipywidgets.VBox([*controls.values(), ipywidgets.HBox([button, bar, words])])
