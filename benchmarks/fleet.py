"""Training many learners: the fleet against the plain learner, one after the other, on one CPU thread or a GPU.

    python benchmarks/fleet.py                                    # the toys' network, 1 to 32 learners
    python benchmarks/fleet.py --methods none,cbp,g_mixup:M=1     # learners of several methods side by side

Both train the same learners on the same tasks: the toy plan `type1`, two tasks a learner. Prints learner-steps a second
and the largest difference between the weights they end with. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from dataclasses import replace

import torch

from lop_tutorial.interventions import intervention
from lop_tutorial.reproduction import plan
from lop_tutorial.training import Fleet, Learner

TASKS = 2


def lives(methods: list[str], number: int, device: str) -> tuple[float, float, float]:
    """Learner-steps a second of the fleet and of plain learners, and the largest difference between their weights."""
    chosen = plan("type1")
    chosen = replace(chosen, training=replace(chosen.training, epochs=50))
    learners = [(intervention(methods[i * len(methods) // number]), i) for i in range(number)]
    tasks = [{seed: chosen.stream(seed).task(t) for _, seed in learners} for t in range(TASKS + 1)]
    fleet = Fleet(chosen.make_network, chosen.training, learners, device=device)
    plain = [Learner(chosen.make_network, chosen.training, how, seed=seed, device=device) for how, seed in learners]
    spent = {"fleet": 0.0, "plain": 0.0}
    for t, now in enumerate(tasks):  # in turns, so that a busy machine is busy for both; the first task warms up
        began = time.perf_counter()
        fleet.learn(now)
        between = time.perf_counter()
        for one in plain:
            one.learn(now[one.seed])
        if t:
            spent["fleet"] += between - began
            spent["plain"] += time.perf_counter() - between
    worst = max(
        (a - b).abs().max().item()
        for one, other in zip(fleet.learners, plain, strict=True)
        for a, b in zip(one.network.parameters(), other.network.parameters(), strict=True)
    )
    steps = number * TASKS * chosen.training.epochs * 2
    return steps / spent["fleet"], steps / spent["plain"], worst


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", choices=["mlp"], default="mlp", help="networks that the fleet stacks")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--learners", type=int, help="only this many")
    parser.add_argument("--methods", default="none", help="with commas; the learners are shared out among them")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    machine = f"{platform.machine()}, one of {os.cpu_count()} cores"
    if chosen.device == "cuda":
        machine = torch.cuda.get_device_name()
    print(f"{machine}, torch {torch.__version__}; methods {chosen.methods}")
    print(f"{'learners':>8} {'fleet':>10} {'plain':>10} {'ratio':>6}   steps of one learner, a second")
    methods = chosen.methods.split(",")
    for number in [chosen.learners] if chosen.learners else [1, 2, 4, 8, 16, 32]:
        if number < len(methods):
            continue
        ours, theirs, worst = lives(methods, number, chosen.device)
        print(f"{number:8d} {ours:10.0f} {theirs:10.0f} {ours / theirs:6.1f}   weights differ by {worst:.0e} at most")
    print(json.dumps({"ours": round(ours), "theirs": round(theirs), "ratio": round(ours / theirs, 2), "unit": "1/s"}))


if __name__ == "__main__":
    main()
