"""How long leading exponents take: ours against a loop that a careful reader would write.

1,000 images of 32 x 32 pixels, ConvNet's representation (128 x 3072 Jacobians). The loop asks
`torch.autograd.functional.jacobian` for each image's Jacobian and `torch.linalg.svdvals` for its singular values.

    python benchmarks/ftle.py                    # on one CPU thread; under two minutes, nearly all of them the loop's
    python benchmarks/ftle.py --device cuda
    python benchmarks/ftle.py --trained --exact  # of a network trained on three tasks, and with our exact path

The last line is one JSON object, also where SIGTERM ends it, of the parts that were measured. Times are in seconds.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

import lop_tutorial
from lop_tutorial.data.procedural import ProceduralImages
from lop_tutorial.geometry import ftle
from lop_tutorial.networks import ConvNet, Network
from lop_tutorial.seeds import seeded
from lop_tutorial.streams import ClassPairs, Pixels
from lop_tutorial.training import Learner, Training

CLASSES, PARTS, TOLERANCE = 10, 5, 1e-3
Round = dict[str, tuple[Tensor, float]]
"""Of a part of the images, for each way: exponents and seconds."""


def loop(network: Network, x: Tensor) -> Tensor:
    exponents = []
    for image in x:
        jacobian = torch.autograd.functional.jacobian(network.representation, image[None]).reshape(-1, image.numel())
        exponents.append(torch.linalg.svdvals(jacobian)[0].log() / network.depth)
    return torch.stack(exponents)


def timed(work: Callable[[Tensor], Tensor], x: Tensor) -> tuple[Tensor, float]:
    if x.is_cuda:
        torch.cuda.synchronize(x.device)
    begin = time.perf_counter()
    result = work(x).cpu()
    return result, time.perf_counter() - begin


def network_and_images(samples: int, trained: bool) -> tuple[Network, Tensor]:
    images = ProceduralImages(number=CLASSES, train=math.ceil(samples / CLASSES), test=1)
    x = Pixels()(np.concatenate([images.of_class(k, "train") for k in range(CLASSES)])[:samples])
    if trained:
        stream = ClassPairs(ProceduralImages(number=CLASSES, train=100, test=1, seed=1), seed=0)
        learner = Learner(lambda: ConvNet((3, 32, 32), 2), Training(epochs=40, batch_size=50), seed=0)
        for task in range(3):
            print(
                f"  trained on task {task}: accuracy {learner.learn(stream.task(task)).train_accuracy:.2f}", flush=True
            )
        return learner.network.eval(), x
    with seeded(0, "weights", 0):
        return ConvNet((3, 32, 32), 2).eval(), x


def in_parts(x: Tensor) -> list[Tensor]:
    """A fiftieth, so that there is something to tell soon; then the rest, in fifths."""
    first = math.ceil(len(x) / 50)
    rest = x[first:]
    return [x[:first], *(rest.split(math.ceil(len(rest) / PARTS)) if len(rest) else ())]


def machine(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    cpuinfo = Path("/proc/cpuinfo")
    names = (
        [line for line in cpuinfo.read_text(encoding="utf-8").splitlines() if "model name" in line]
        if cpuinfo.exists()
        else []
    )
    return names[0].split(":")[1].strip() if names else platform.processor() or platform.machine()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=1000)
    parser.add_argument("--device", type=torch.device, default="cpu", help="cpu, cuda or cuda:N")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--trained", action="store_true", help="train the network on three tasks first")
    parser.add_argument("--exact", action="store_true", help="time our exact path too")
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)

    network, x = network_and_images(asked.samples, asked.trained)
    network, x = network.to(asked.device), x.to(asked.device)
    work = {"ours": lambda part: ftle(network, part)[:, 0], "theirs": lambda part: loop(network, part)}
    if asked.exact:
        work["exact"] = lambda part: ftle(network, part, method="exact")[:, 0]
    for name, do in work.items():
        do(x[: 1 if name == "theirs" else 64])  # to warm up
    print(f"{machine(asked.device)}: warm", flush=True)
    rounds: list[Round] = []
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by SIGTERM"))
    try:
        # in turn, so that what else the machine does falls on all alike
        for part in in_parts(x):
            rounds.append({name: timed(do, part) for name, do in work.items()})
            spent = ", ".join(f"{name} {taken:.2f} s" for name, (_, taken) in rounds[-1].items())
            print(f"{len(part)} images: {spent}", flush=True)
    finally:
        if rounds:
            right = tell(rounds, asked)
    if not right:
        raise SystemExit(1)


def tell(rounds: list[Round], asked: argparse.Namespace) -> bool:
    """Prints what was measured, the last line as JSON; whether the exponents agree."""
    exponents = {name: torch.cat([each[name][0] for each in rounds]) for name in rounds[0]}
    times = {name: sum(each[name][1] for each in rounds) for name in exponents}
    worst = {name: (exponents[name] - exponents["theirs"]).abs().max().item() for name in exponents}
    samples = len(exponents["ours"])
    found = {
        "benchmark": "ftle",
        **{name: round(taken, 3) for name, taken in times.items()},
        "ratio": round(times["theirs"] / times["ours"], 2),
        "worst_error": worst["ours"],
        "samples": samples,
        "trained": asked.trained,
        "device": str(asked.device),
        "threads": asked.threads,
        "machine": machine(asked.device),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "lop_tutorial": lop_tutorial.__version__,
    }
    print(f"{found['machine']}, {asked.device}, {asked.threads} thread(s), torch {torch.__version__}, {samples} images")
    for name, title in (("theirs", "loop"), ("ours", "ftle"), ("exact", 'ftle, "exact"')):
        if name in times:
            each = 1000 * times[name] / samples
            print(f"{title:14} {times[name]:8.2f} s {each:8.2f} ms an image, worst |difference| {worst[name]:.1e}")
    print(f"{'ratio':14} {found['ratio']:8.2f}; allowed is a difference of {TOLERANCE:.0e}")
    print(json.dumps(found))
    return worst["ours"] <= TOLERANCE


if __name__ == "__main__":
    main()
