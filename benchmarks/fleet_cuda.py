"""What `fleet.py --device cuda` measures: every network, every way, more and more learners on one GPU.

For each: steps of a learner a second, the memory that the fleet takes at most, the share of the card's dense TF32 rate
that goes into useful products (those of forward and backward passes, counted once on a plain step), and the ratio to
the reference's loop on the same card. A network's learners are doubled twice at a time until memory is full or the time
that is meant for it is over. Then, for its fastest way: continual backpropagation, bf16 and fp32, and no recording.
"""

from __future__ import annotations

import gc
import json
import multiprocessing
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import fleet_reference
import torch
from torch.nn.functional import cross_entropy
from torch.utils.flop_counter import FlopCounterMode

from lop_tutorial.interventions import intervention
from lop_tutorial.networks import ConvNet, Network, ResNet18, SmallConv
from lop_tutorial.streams import Task
from lop_tutorial.training import Fleet, Training
from lop_tutorial.training.fleet.forward import WAYS

SHAPE, STREAMS, SECONDS = (3, 32, 32), 8, 1.0
LAST = 30  # seconds kept for the profile
MOST_EPOCHS = 10**6  # nobody waits for their end
DENSE_TF32 = {"H200": 494.7e12, "H100": 494.7e12, "A100": 156e12}  # products a second, from the maker's data sheets
UPDATES = 49  # a second: 1,050,000 in about 6 hours on an A100, as its authors say of a ResNet-18 run


@dataclass(frozen=True)
class Kind:
    make: Callable[[], Network]
    batch: int
    classes: int
    most: int
    theirs: str | None


KINDS = {
    "convnet": Kind(lambda: ConvNet(SHAPE, 2), 100, 2, 256, "convnet"),
    "smallconv": Kind(lambda: SmallConv(SHAPE, 2), 100, 2, 1024, "smallconv"),
    "quarter_resnet18": Kind(lambda: ResNet18(SHAPE, 100, width=0.25), 90, 100, 64, None),
    "resnet18": Kind(lambda: ResNet18(SHAPE, 100), 90, 100, 16, "resnet18"),
}


@dataclass
class Row:
    network: str
    method: str
    way: str
    precision: str
    recorded: bool
    learners: int
    steps_a_second: float
    gibibytes: float
    share_of_tf32: float | None
    ratio: float | None


def measure(reference: Path | None, out: Path, minutes: float, device: str = "cuda", *, rehearse: bool = False) -> None:
    """Writes the table to `out`, line by line as it comes, and prints it.

    To `rehearse`, a fleet is one learner, and a batch four images. However it ends, also by SIGTERM, the last line is
    the JSON object of what was measured until then.
    """
    if device == "cuda" and not torch.cuda.is_available():
        raise SystemExit("there is no CUDA device here")
    end = time.monotonic() + 60 * minutes
    name = torch.cuda.get_device_name() if device == "cuda" else "a rehearsal on a CPU"
    peak = next((rate for card, rate in DENSE_TF32.items() if card in name), None)
    rows: list[Row] = []
    theirs: dict[str, float] = {}
    with out.open("w", encoding="utf-8") as file:

        def say(line: str) -> None:
            print(line, flush=True)
            file.write(line + "\n")
            file.flush()

        say(f"{name}, torch {torch.__version__}")
        before = signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by SIGTERM"))
        try:
            for network, kind in KINDS.items() if reference else ():
                for method in ("none", "cbp") if kind.theirs else ():
                    try:
                        rate = _reference(reference.resolve(), str(kind.theirs), method, device)  # type: ignore[union-attr]
                    except ChildProcessError as error:
                        say(f"reference's loop: {network} {method}: {error}")
                        continue
                    theirs[f"{network} {method}"] = rate
                    say(f"reference's loop: {network} {method} {rate:.1f} steps/s")
            titles = f"{'network':>17} {'method':>6} {'way':>9} {'prec':>5} {'rec':>3}"
            say(f"{titles} {'learners':>8} {'steps/s':>9} {'GiB':>4} {'share':>5} {'ratio':>5}")
            for place, (network, kind) in enumerate(KINDS.items()):
                until = time.monotonic() + (end - LAST - time.monotonic()) / (len(KINDS) - place)
                sized = replace(kind, most=1, batch=4) if rehearse else kind
                _network(network, sized, theirs, peak, until, say, device, rows)
            first = [row for row in rows if row.network == next(iter(KINDS)) and row.precision != "bf16"]
            if first and time.monotonic() < end:
                say(_profile(max(first, key=lambda row: row.steps_a_second), device))
        finally:
            signal.signal(signal.SIGTERM, before)
            say(json.dumps(_summary(name, theirs, rows)))


def _summary(name: str, theirs: dict[str, float], rows: list[Row]) -> dict[str, Any]:
    convnet = [row for row in rows if row.network == "convnet" and row.method == "none" and row.precision != "bf16"]
    ours = max((row.steps_a_second for row in convnet), default=None)
    against = theirs.get("convnet none")
    return {
        "benchmark": "fleet",
        "device": name,
        "ours": ours,
        "theirs": against,
        "ratio": ours / against if ours and against else None,
        "reference": theirs,
        "rows": [asdict(row) for row in rows],
        "torch": torch.__version__,
    }


def _network(
    network: str,
    kind: Kind,
    theirs: dict[str, float],
    peak: float | None,
    until: float,
    say: Callable[[str], None],
    device: str,
    rows: list[Row],
) -> None:
    """Adds to `rows` as they come."""
    work, first = useful_products(kind), len(rows)

    def one(way: str, number: int, method: str = "none", precision: str = "tf32", record: bool = True) -> bool:
        if device == "cpu":
            precision = "bf16" if precision == "bf16" else "fp32"
        if time.monotonic() > until:
            return False
        try:
            recorded, rate, memory = _rate(kind, method, way, precision, record, number, device)
        except torch.OutOfMemoryError:
            say(f"{network}: no memory for {number} learners, {way}")
            return False
        except RuntimeError as error:
            say(f"{network}: {number} learners, {way}: {error}")
            return False
        finally:
            gc.collect()
            torch.cuda.empty_cache()
        against = theirs.get(f"{network} {method}", UPDATES if network == "resnet18" else None)
        ratio = rate / against if against else None
        share = rate * work / peak if peak else None
        rows.append(Row(network, method, way, precision, recorded, number, rate, memory, share, ratio))
        shown = " ".join(f"{value:5.2f}" if value is not None else "    -" for value in (share, ratio))
        how = f"{network:>17} {method:>6} {way:>9} {precision:>5} {'yes' if recorded else 'no':>3}"
        say(f"{how} {number:8d} {rate:9.0f} {memory:4.1f} {shown}")
        return True

    number, going = 1, set(WAYS)
    while number <= kind.most and going:
        going = {way for way in WAYS if way in going and one(way, number)}
        number *= 4
    if rows[first:]:
        best = max(rows[first:], key=lambda row: row.steps_a_second)
        one(best.way, best.learners, method="cbp")
        one(best.way, best.learners, precision="bf16")
        one(best.way, best.learners, precision="fp32")
        one(best.way, best.learners, record=False)


def _fleet(
    kind: Kind, method: str, way: str, precision: str, record: bool, number: int, device: str
) -> tuple[Fleet, Iterator[int]]:
    """Learners, and what trains them for an epoch each time that it is advanced."""
    learners = [(intervention(method), place % STREAMS) for place in range(number)]
    training = Training(batch_size=kind.batch, epochs=1)
    fleet = Fleet(kind.make, training, learners, device=device, precision=precision, way=way, capture=record)
    tasks = {seed: noise(seed, kind) for seed in range(min(STREAMS, number))}
    fleet.learn(tasks)  # 12 steps: everything is warm, and recorded
    epoch = fleet.epochs(tasks, MOST_EPOCHS)
    next(epoch)  # before its first step
    return fleet, epoch


def _rate(
    kind: Kind, method: str, way: str, precision: str, record: bool, number: int, device: str
) -> tuple[bool, float, float]:
    """Whether steps are recorded, steps of a learner a second, gibibytes taken at most."""
    if device == "cuda":
        torch.cuda.reset_peak_memory_stats()
    fleet, epoch = _fleet(kind, method, way, precision, record, number, device)
    _wait(device)
    began, epochs, passed, at_once = time.perf_counter(), 0, 0.0, 4 if device == "cuda" else 1
    while passed < SECONDS:
        for _ in range(at_once):
            next(epoch)
        _wait(device)
        epochs, passed = epochs + at_once, time.perf_counter() - began
    return fleet.recorded, 12 * epochs * number / passed, _memory(device)


def noise(seed: int, kind: Kind) -> Task:
    """A task of 12 steps an epoch whose images are noise: their content does not change a step's time."""
    draw = torch.Generator().manual_seed(seed)
    x, y = torch.randn(12 * kind.batch, *SHAPE, generator=draw), torch.arange(12 * kind.batch) % kind.classes
    return Task(0, tuple(range(kind.classes)), kind.classes, x, y, x[:100], y[:100])


def useful_products(kind: Kind) -> int:
    """Floating-point operations of one learner's forward and backward pass in convolutions and matrix products."""
    network = kind.make()
    with FlopCounterMode(display=False) as counter:
        cross_entropy(network(torch.randn(kind.batch, *SHAPE)), torch.zeros(kind.batch).long()).backward()
    return counter.get_total_flops()


def _reference(path: Path, network: str, method: str, device: str) -> float:
    """Steps a second; ChildProcessError where its process ended."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=fleet_reference.run, args=(path, network, method, device, 4, there), daemon=True)
    process.start()
    there.close()  # so that the end of the process is the end of the line
    try:
        assert here.recv() == "ready"
        spent: list[float] = []
        while len(spent) < 3 or sum(spent) < 3 * SECONDS:
            here.send("go")
            spent.append(here.recv()[0])
        here.send("stop")
    except (EOFError, OSError):
        process.join()
        raise ChildProcessError(f"its process ended with exit code {process.exitcode}") from None
    process.join()
    return fleet_reference.STEPS / sorted(spent)[len(spent) // 2]


def _profile(row: Row, device: str) -> str:
    """Where the time of the fastest fleet goes; in one line what is wrong where the profiler fails."""
    kinds = torch.profiler.ProfilerActivity
    try:
        _, epoch = _fleet(KINDS[row.network], row.method, row.way, row.precision, True, row.learners, device)
        with torch.profiler.profile(activities=[kinds.CUDA if device == "cuda" else kinds.CPU]) as seen:
            next(epoch)
            _wait(device)
        table = seen.key_averages().table(sort_by=f"self_{device}_time_total", row_limit=12, max_name_column_width=60)
    except (RuntimeError, AttributeError, AssertionError) as error:
        return f"no profile of {row.network}: {error}"
    return f"one epoch of {row.network}, {row.learners} learners, {row.way}:\n{table}"


def _wait(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()


def _memory(device: str) -> float:
    return torch.cuda.max_memory_allocated() / 2**30 if device == "cuda" else 0.0
