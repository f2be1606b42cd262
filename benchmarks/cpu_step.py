"""A learner's step on one thread of a CPU: as the package takes it, against other ways to take the same step.

    python benchmarks/cpu_step.py                                        # SmallConv, 16 x 16 pixels, batches of 100
    python benchmarks/cpu_step.py --network resnet18 --pixels 8 --batch 90

All ways take an epoch of ten steps in turns, so that a busy machine is busy for all of them; times are this process's
own, ratios the median over the rounds of "as written" over each. The ways:

- as written: the layers in the network's own order, images as the stream gives them.
- now: `Learner` as it is. Its weights must be those of "as written", bit by bit.
- bf16: `Learner` with that precision, which is another arithmetic.
- path: now, with the path of the weights measured (`Odometer`).

The roof is what the step's products would take at the rate at which this core multiplies large matrices in float32.
The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import patch

import torch
from torch.nn.functional import cross_entropy
from torch.utils.flop_counter import FlopCounterMode

from lop_tutorial.networks import NETWORKS, Network
from lop_tutorial.running.odometer import Odometer
from lop_tutorial.streams import Task
from lop_tutorial.training import Learner, Training
from lop_tutorial.training.cpu import keep_memory

STEPS = 10


def noise(shape: tuple[int, ...], number: int) -> Task:
    """Two classes of noise: what images show does not change a step's time."""
    draw = torch.Generator().manual_seed(0)
    x, y = torch.randn(number, *shape, generator=draw), torch.arange(number) % 2
    return Task(0, (0, 1), 2, x, y, x[:100], y[:100])


def epochs_as_written(learner: Learner, task: Task) -> Iterator[int]:
    """An endless task whose passes go through the network's layers in their order, on images as they are."""
    learner.network.representation = learner.network.body.forward  # type: ignore[method-assign]
    with patch("lop_tutorial.training.learner.lay_out_images", lambda x: x):
        epochs = learner.epochs(task, 10**6)
        next(epochs)
    return epochs


def begun(learner: Learner, task: Task) -> Iterator[int]:
    epochs = learner.epochs(task, 10**6)
    next(epochs)
    return epochs


def spent_on(epochs: Iterator[int]) -> float:
    """Milliseconds of this process's own time, a step."""
    began = time.process_time()
    next(epochs)
    return 1000 * (time.process_time() - began) / STEPS


def made(network: str, shape: tuple[int, ...]) -> Network:
    """A network for two classes; a residual one at a quarter of its width."""
    return NETWORKS[network](shape, 2, **({"width": 0.25} if network == "resnet18" else {}))


def roof(make: Callable[[], Network], x: torch.Tensor) -> float:
    """Milliseconds of a step's products at this core's rate for matrices of 512 x 512, the best of 30."""
    network = make()
    with FlopCounterMode(display=False) as counter:
        cross_entropy(network(x), torch.zeros(len(x), dtype=torch.int64)).backward()
    a, b = torch.randn(2, 512, 512)
    spent = []
    for _ in range(30):
        began = time.perf_counter()
        a @ b
        spent.append(time.perf_counter() - began)
    return 1000 * counter.get_total_flops() * min(spent) / (2 * 512**3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", choices=["smallconv", "convnet", "resnet18"], default="smallconv")
    parser.add_argument("--pixels", type=int, default=16)
    parser.add_argument("--batch", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=30)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    keep_memory()
    shape = (3, asked.pixels, asked.pixels)
    task, training = noise(shape, STEPS * asked.batch), Training(batch_size=asked.batch)

    def make() -> Network:
        return made(asked.network, shape)

    def learner(**how: Any) -> Learner:
        return Learner(make, training, seed=0, **how)

    plain, now, walked = learner(), learner(), learner()
    epochs = {"as written": epochs_as_written(plain, task), "now": begun(now, task)}
    epochs |= {"bf16": begun(learner(precision="bf16"), task), "path": begun(walked, task)}
    odometer = Odometer(walked)
    spent: dict[str, list[float]] = {name: [] for name in epochs}
    for number in range(asked.rounds + 1):
        took = {name: spent_on(of) for name, of in epochs.items()}
        for name, each in took.items() if number else ():  # the first round warms up
            spent[name].append(each)
    odometer.read()
    weights = zip(plain.network.parameters(), now.network.parameters(), strict=True)
    same = all(torch.equal(ours, written) for ours, written in weights)
    lowest = roof(make, task.train_x[: asked.batch])
    found = {}
    print(f"{asked.network}, {asked.pixels} pixels, batches of {asked.batch}; roof {lowest:.2f} ms a step")
    for name, each in spent.items():
        ratio = statistics.median(a / b for a, b in zip(spent["as written"], each, strict=True))
        found[name] = {
            "ms": round(statistics.median(each), 3),
            "least_ms": round(min(each), 3),
            "ratio": round(ratio, 3),
        }
        print(f"{name:>12} {found[name]['ms']:8.2f} ms, at least {min(each):8.2f}; {ratio:6.3f} times as fast")
    print(f"the weights of 'now' and 'as written' are {'the same' if same else 'NOT the same'}, bit by bit")
    machine = f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.0f}"
    about = {"benchmark": "cpu_step", "network": asked.network, "pixels": asked.pixels, "batch": asked.batch}
    about |= {"roof_ms": round(lowest, 3), "same": same, "machine": machine, "torch": torch.__version__}
    print(json.dumps({"ratio": found["now"]["ratio"], "ways": found, **about}))
    if not same:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
