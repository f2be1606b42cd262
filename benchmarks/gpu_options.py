"""Options for `lop-tutorial reproduce table1`: images that are here, and as many tasks as fit into some seconds.

    python benchmarks/gpu_options.py 150 cuda h200      # seconds, device, profile

prints a line such as `--data tinyimagenet --tasks 400`. Procedural images are those of 40 classes: a processor takes
most of a second to draw one.
"""

import sys
from dataclasses import replace

from lop_tutorial.data import list_sets
from lop_tutorial.experiments import plan
from lop_tutorial.running.execute import crews_of
from lop_tutorial.running.forecast import forecast

seconds, device, profile = float(sys.argv[1]), *sys.argv[2:]
here = {card.name for card in list_sets(None)}
data = next((name for name in ("tinyimagenet", "cifar100") if name in here), "procedural")
classes = (0, 40) if data == "procedural" else None
chosen = replace(plan("table1", profile), data=data, classes=classes)
foretold = forecast(chosen, crews_of(chosen, device, 1), device, 1, long=0)
fit = int(chosen.tasks * seconds / foretold.seconds) // 5 * 5
print(
    "--data",
    data,
    *(["--classes", "{}:{}".format(*classes)] if classes else []),
    "--tasks",
    min(chosen.tasks, max(5, fit)),
)
