"""Training many learners: the fleet, the plain learner and the public reference's loop, in steps of a learner a second.

    python benchmarks/fleet.py                                           # the toys' network, 1 to 32 learners
    python benchmarks/fleet.py --methods none,cbp,g_mixup:M=1            # learners of several methods side by side
    git clone https://github.com/shibhansh/loss-of-plasticity
    python benchmarks/fleet.py --network convnet --reference loss-of-plasticity       # all cores: theirs and ours
    python benchmarks/fleet.py --network convnet                         # one thread: the ways to stack convolutions
    python benchmarks/fleet.py --device cuda --reference loss-of-plasticity --out fleet_cuda.txt     # under 9 minutes

On a CPU. MLP: both train the same learners on the same tasks, the toy plan `type1`; printed is also the largest
difference between the weights that they end with. Convolutional networks: the reference's loop with as many threads of
PyTorch as there are cores, and ours, one process a core, take an epoch (12 steps, batch 100) in turns; medians over the
rounds. Threads that wait for each other suffer most where others use the cores too, so the reference also runs with one
thread: the ratio of the processes' own times is the least that the ratio can be, if its threads shared the work without
any loss. That one is the JSON object's. Without --reference: the plain learner against fleets of 1, 2, 4, ... learners
in every way, in one thread.

On CUDA: all networks, in every way, with 1, 4, 16, ... learners (`fleet_cuda.py`). The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import resource
import statistics
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import fleet_reference
import torch

from lop_tutorial.experiments import plan
from lop_tutorial.interventions import intervention
from lop_tutorial.networks import NETWORKS
from lop_tutorial.streams import Task
from lop_tutorial.training import Fleet, Learner, Training
from lop_tutorial.training.cpu import keep_memory
from lop_tutorial.training.fleet.forward import WAYS

TASKS, SHAPE = 2, (3, 32, 32)


def noise(seed: int, classes: int = 2, train: int = 1200) -> Task:
    """A task of Continual ImageNet's size whose images are noise: their content does not change a step's time."""
    draw = torch.Generator().manual_seed(seed)
    y = torch.arange(train) % classes
    x = torch.randn(train, *SHAPE, generator=draw)
    return Task(0, tuple(range(classes)), classes, x, y, x[:classes], y[:classes])


def lives(methods: list[str], number: int) -> tuple[float, float, float]:
    """Learner-steps a second of the fleet and of plain learners, and the largest difference between their weights."""
    chosen = plan("type1")
    chosen = replace(chosen, training=replace(chosen.training, epochs=50))
    learners = [(intervention(methods[i * len(methods) // number]), i) for i in range(number)]
    tasks = [{seed: chosen.stream(seed).task(t) for _, seed in learners} for t in range(TASKS + 1)]
    fleet = Fleet(chosen.make_network, chosen.training, learners)
    plain = [Learner(chosen.make_network, chosen.training, how, seed=seed) for how, seed in learners]
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


def toys(methods: list[str], numbers: list[int]) -> dict[str, Any]:
    print(f"{'learners':>8} {'fleet':>10} {'plain':>10} {'ratio':>6}   steps of one learner, a second; one thread")
    for number in numbers:
        if number < len(methods):
            continue
        ours, theirs, worst = lives(methods, number)
        print(f"{number:8d} {ours:10.0f} {theirs:10.0f} {ours / theirs:6.1f}   weights differ by {worst:.0e} at most")
    return {"ours": round(ours), "theirs": round(theirs), "ratio": round(ours / theirs, 2)}


def work(network: str, method: str, seed: int, line: Any) -> None:
    """In a process: a plain learner that sends the seconds of an epoch for every message received."""
    torch.set_num_threads(1)
    keep_memory()
    learner = Learner(lambda: NETWORKS[network](SHAPE, 2), Training(), intervention(method), seed=seed)
    epochs = learner.epochs(noise(seed), 10**6)
    next(epochs)
    line.send("ready")
    while line.recv() != "stop":
        began = time.perf_counter(), time.process_time()
        next(epochs)
        line.send((time.perf_counter() - began[0], time.process_time() - began[1]))


def in_turns(reference: Path, network: str, method: str, rounds: int) -> dict[str, float]:
    """Steps a second of all cores: ours, theirs, and both by the processes' own times (`of_own_time`)."""
    cores = os.cpu_count() or 1
    context = multiprocessing.get_context("spawn")
    theirs = [(fleet_reference.run, (reference, network, method, "cpu", threads)) for threads in (cores, 1)]
    ours = [(work, (network, method, seed)) for seed in range(cores)]
    lines, processes = [], []
    for target, about in (*theirs, *ours):
        here, there = context.Pipe()
        process = context.Process(target=target, args=(*about, there), daemon=True)
        process.start()
        assert here.recv() == "ready"
        lines.append(here)
        processes.append(process)
    who = {"theirs": lines[:1], "theirs_alone": lines[1:2], "ours": lines[2:]}
    passed: dict[str, list[float]] = {name: [] for name in who}
    own: dict[str, list[float]] = {name: [] for name in who}
    for now in range(rounds + 1):
        for name, asked in who.items():
            began = time.perf_counter()
            for line in asked:
                line.send("go")
            spent = [line.recv()[1] for line in asked]
            if now:  # the first round warms up
                passed[name].append((time.perf_counter() - began) / (len(asked) * fleet_reference.STEPS))
                own[name].append(statistics.mean(spent) / (cores * fleet_reference.STEPS))
    for line in lines:
        line.send("stop")
    for process in processes:
        process.join()
    return {
        "ours": 1 / statistics.median(passed["ours"]),
        "theirs": 1 / statistics.median(passed["theirs"]),
        "ours_of_own_time": 1 / statistics.median(own["ours"]),
        "theirs_of_own_time": 1 / statistics.median(own["theirs_alone"]),
    }


def against_reference(network: str, methods: list[str], reference: Path, rounds: int) -> dict[str, Any]:
    print(f"{'':>8} {'of the clock':^28} {'of own time':^28}   steps a second, {network}, all cores")
    print(f"{'method':>8} " + 2 * f"{'ours':>10} {'theirs':>10} {'ratio':>6} ")
    found: dict[str, Any] = {}
    for method in methods:
        rate = in_turns(reference, network, method, rounds)
        rows = [(rate[f"ours{of}"], rate[f"theirs{of}"]) for of in ("", "_of_own_time")]
        print(f"{method:>8} " + "".join(f"{a:10.1f} {b:10.1f} {a / b:6.2f} " for a, b in rows), flush=True)
        ours, theirs = rows[1]
        clock = {"ours_by_the_clock": round(rows[0][0], 2), "theirs_by_the_clock": round(rows[0][1], 2)}
        found[method] = {"ours": round(ours, 2), "theirs": round(theirs, 2), "ratio": round(ours / theirs, 3), **clock}
    return {**found[methods[0]], "methods": found, "rounds": rounds}


def ways(network: str, method: str, numbers: list[int], rounds: int) -> dict[str, Any]:
    """One thread: plain learners against fleets, an epoch of 3 steps in turns; this process's own time."""
    keep_memory()
    task, training = noise(0, train=300), Training(epochs=1)
    make, how = lambda: NETWORKS[network](SHAPE, 2), intervention(method)
    print(f"{'learners':>8} {'way':>9} {'steps/s':>9} {'of plain':>9} {'MB':>6}   {network}, one thread, {method}")
    found = {}
    for number in numbers:
        plain = Learner(make, training, how, seed=0)
        fleets = {way: Fleet(make, training, [(how, seed) for seed in range(number)], way=way) for way in WAYS}
        spent: dict[str, list[float]] = {name: [] for name in ("plain", *WAYS)}
        for now in range(rounds + 1):
            for name in spent:
                began = time.process_time()
                plain.learn(task) if name == "plain" else fleets[name].learn(dict.fromkeys(range(number), task))
                if now:
                    spent[name].append((time.process_time() - began) / (3 * (1 if name == "plain" else number)))
        rate = {name: 1 / statistics.median(each) for name, each in spent.items()}
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        for name, each in rate.items():
            print(f"{number:8d} {name:>9} {each:9.2f} {each / rate['plain']:9.2f} {memory:6d}", flush=True)
        found[number] = {name: round(each, 2) for name, each in rate.items()}
    best = max(WAYS, key=lambda way: rate[way])
    ratio = round(rate[best] / rate["plain"], 3)
    return {"ours": round(rate[best], 2), "theirs": round(rate["plain"], 2), "ratio": ratio, "way": best, "all": found}


def named(index: int, visible: str | None) -> str:
    """What CUDA calls device number `index` of those that CUDA_VISIBLE_DEVICES names; IndexError where it has fewer."""
    return str(index) if visible is None else [name for name in visible.split(",") if name][index]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", choices=["mlp", "smallconv", "convnet"], default="mlp")
    parser.add_argument("--device", type=torch.device, default="cpu", help="cpu, cuda or cuda:N")
    parser.add_argument("--learners", type=int, help="only this many")
    parser.add_argument("--methods", help="with commas; an MLP's learners are shared out among them")
    parser.add_argument("--reference", type=Path, help="a checkout of shibhansh/loss-of-plasticity")
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--out", type=Path, default=Path("fleet_cuda.txt"), help="where CUDA's table goes")
    parser.add_argument("--minutes", type=float, default=8.5, help="CUDA: what is not measured by then is left out")
    parser.add_argument(
        "--rehearse", action="store_true", help="go through CUDA's script in a small way, also on a CPU"
    )
    asked = parser.parse_args()
    if asked.reference and not (asked.reference / "lop" / "imagenet" / "single_expr.py").exists():
        parser.error(f"{asked.reference} has no lop/imagenet/single_expr.py; see --help for how to get it")
    if asked.device.index is not None:  # the reference takes the first one that it sees
        try:
            os.environ["CUDA_VISIBLE_DEVICES"] = named(asked.device.index, os.environ.get("CUDA_VISIBLE_DEVICES"))
        except IndexError:
            parser.error(f"too few devices in CUDA_VISIBLE_DEVICES for --device {asked.device}")
    if asked.device.type == "cuda" or asked.rehearse:
        import fleet_cuda

        fleet_cuda.measure(asked.reference, asked.out, asked.minutes, asked.device.type, rehearse=asked.rehearse)
        return
    torch.set_num_threads(1)
    machine = f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.0f}"
    print(f"{machine}, torch {torch.__version__}")
    if asked.network == "mlp":
        numbers = [asked.learners] if asked.learners else [1, 2, 4, 8, 16, 32]
        found = toys((asked.methods or "none").split(","), numbers)
    elif asked.reference:
        methods = (asked.methods or "none,cbp").split(",")
        found = against_reference(asked.network, methods, asked.reference.resolve(), asked.rounds)
    else:
        numbers = [asked.learners] if asked.learners else [1, 2, 4]
        found = ways(asked.network, asked.methods or "none", numbers, asked.rounds)
    about = {"benchmark": "fleet", "network": asked.network, "unit": "steps of a learner a second", "machine": machine}
    print(json.dumps(found | about | {"torch": torch.__version__}))


if __name__ == "__main__":
    main()
