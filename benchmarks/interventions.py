"""What each method costs: the time of its training step over that of no intervention.

SmallConv at 32 x 32 pixels, batches of 100, one CPU thread and its own time. All methods of the registry train side by
side, with the settings they have by default, and take a few steps each in turn, in an order drawn anew each round, so
that what else the machine does falls on all alike. A method's ratio is the median over the rounds of its time over
that of no intervention in the same round. What happens between tasks is not timed.

    python benchmarks/interventions.py                          # a minute or two
    python benchmarks/interventions.py --methods none,cbp --network convnet

A method's settings go after its name: `cbp:replacement_rate=0.01`. The last line is one JSON object: `ours` and
`theirs` are the median steps of the dearest method and of no intervention in milliseconds, `ratio` is the dearest
method's, `ratios` has every method's. The exit status is 1 where one is above what is allowed: 1.5 for methods that
watch the hidden units at every step, 1.25 for all others but CReLU, which is a network of twice the inputs.
"""

from __future__ import annotations

import argparse
import json
import platform
import random
import statistics
import time
from pathlib import Path

import torch

import lop_tutorial
from lop_tutorial.data.procedural import ProceduralImages
from lop_tutorial.interventions import INTERVENTIONS, Examples, intervention, title
from lop_tutorial.networks import NETWORKS
from lop_tutorial.seeds import draw_for
from lop_tutorial.streams import ClassPairs
from lop_tutorial.training import Learner, Training

SHAPE, BATCH, WARM_UP = (3, 32, 32), 100, 10


class Steps:
    """A learner that takes training steps on one task, again and again."""

    def __init__(self, method: str, network: str, task) -> None:  # type: ignore[no-untyped-def]
        self.learner = Learner(
            lambda: NETWORKS[network](SHAPE, 2), Training(step_size=0.001, batch_size=BATCH), intervention(method)
        )
        self.examples = Examples.of(task.train_x, task.train_y, 2)
        self.draw, self.mixing = torch.Generator().manual_seed(0), draw_for(0, "mixing")
        self.learner.network.train()

    def take(self, number: int) -> float:
        """Seconds a step, of this process alone."""
        places = [torch.randint(len(self.examples.x), (BATCH,), generator=self.draw) for _ in range(number)]
        batches = [(*self.examples.take(at, self.mixing), self.mixing, self.examples.at(at)) for at in places]
        begin = time.process_time()
        for batch in batches:
            self.learner._step(*self.learner.intervention.batch(*batch))
        return (time.process_time() - begin) / number


def allowed(method: str) -> float:
    if method == "crelu":
        return float("inf")  # another network: its layers read twice as many inputs
    return 1.5 if intervention(method).watches else 1.25


def machine() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    names = (
        [line for line in cpuinfo.read_text(encoding="utf-8").splitlines() if "model name" in line]
        if cpuinfo.exists()
        else []
    )
    return names[0].split(":")[1].strip() if names else platform.processor() or platform.machine()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--methods", default=",".join(INTERVENTIONS))
    parser.add_argument("--network", default="smallconv", choices=[name for name in NETWORKS if name != "mlp"])
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--steps", type=int, default=5, help="steps of each method in a round")
    asked = parser.parse_args()
    torch.set_num_threads(1)

    task = ClassPairs(ProceduralImages(number=2, train=BATCH, test=1), seed=0).task(0)
    methods = list(dict.fromkeys(["none", *asked.methods.split(",")]))
    learners = {method: Steps(method, asked.network, task) for method in methods}
    for each in learners.values():
        each.take(WARM_UP)
    order, rounds = random.Random(0), []
    for _ in range(asked.rounds):
        times = {method: learners[method].take(asked.steps) for method in order.sample(methods, len(methods))}
        rounds.append(times)

    step = {method: statistics.median(times[method] for times in rounds) for method in methods}
    ratios = {
        method: statistics.median(times[method] / times["none"] for times in rounds) for method in methods[1:]
    } or {"none": 1.0}
    dearest = max(ratios, key=lambda method: ratios[method])
    print(f"{machine()}, 1 thread, torch {torch.__version__}, {asked.network}, batch {BATCH}")
    print(f"{'method':36} {'ms a step':>9} {'ratio':>6} {'allowed':>8}")
    for method in methods:
        limit = f"{ratios[method]:6.2f} {allowed(method):8.2f}" if method in ratios else ""
        print(f"{title(method):36} {1000 * step[method]:9.2f} {limit}")
    found = {
        "benchmark": "interventions",
        "ours": round(1000 * step[dearest], 3),
        "theirs": round(1000 * step["none"], 3),
        "ratio": round(ratios[dearest], 3),
        "dearest": dearest,
        "ratios": {method: round(ratio, 3) for method, ratio in ratios.items()},
        "network": asked.network,
        "rounds": asked.rounds,
        "threads": 1,
        "machine": machine(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "lop_tutorial": lop_tutorial.__version__,
    }
    print(json.dumps(found))
    if any(ratios[method] > allowed(method) for method in ratios):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
