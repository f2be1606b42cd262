"""Is the protocol of our tables the public benchmark's? Its networks and its training against ours.

    git clone https://github.com/shibhansh/loss-of-plasticity
    python benchmarks/protocol.py --reference loss-of-plasticity            # a few minutes, one thread

1. Forward: their ConvNet and ResNet-18 get our weights; the same images must give the same logits, in training mode
   and in evaluation mode (in float64, so that only the order of additions could differ).
2. Steps: both ConvNets, from the same weights on the same batches of one epoch, theirs under their `Backprop`, ours
   under our `Learner`: the weights must stay the same up to rounding.
3. Training: the same two on the same procedural images in the same order of classes, four tasks, several seeds; the
   95 % intervals of their test accuracies must overlap. The loop around their `Backprop` does what their script does:
   head set to zero at each task, momentum kept, every epoch in another random order. First weights and orders of
   batches come from different generators, so the lives are alike, not equal.

Nothing of theirs is copied; the script imports it from the path. The last line is one JSON object; the exit status is 1
where something differs.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
import types
from importlib.machinery import ModuleSpec
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from lop_tutorial.data.procedural import ProceduralImages
from lop_tutorial.networks import ConvNet, Network, ResNet18
from lop_tutorial.running import interval
from lop_tutorial.streams import ClassPairs, Task
from lop_tutorial.training import Learner, Training, live

TASKS, PER_CLASS, EPOCHS, BATCH, STEP = 4, 40, 8, 10, 0.02


def unique_state(net: nn.Module) -> list[Tensor]:
    """Their state without what they have under two names."""
    return list({value.data_ptr(): value for value in net.state_dict().values()}.values())


@torch.no_grad()
def give(ours: Network, theirs: nn.Module) -> None:
    """Our weights and running averages into their network, in the order in which both have them."""
    for mine, other in zip(ours.state_dict().values(), unique_state(theirs), strict=True):
        other.copy_(mine)


def logits_of(net: nn.Module, x: Tensor) -> Tensor:
    return net.predict(x)[0] if hasattr(net, "predict") else net(x)


def forward() -> dict[str, float]:
    """The largest difference of a logit, relative to the largest logit."""
    from lop.nets.conv_net import ConvNet as TheirConvNet
    from lop.nets.torchvision_modified_resnet import build_resnet18

    torch.manual_seed(0)
    pairs = {
        "convnet": (ConvNet((3, 32, 32), 2), TheirConvNet(2)),
        "resnet18": (ResNet18((3, 32, 32), 100), build_resnet18(100, nn.BatchNorm2d)),
    }
    found = {}
    for name, (ours, theirs) in pairs.items():
        ours, theirs = ours.double(), theirs.double()
        give(ours, theirs)
        x = torch.randn(8, 3, 32, 32, dtype=torch.float64)
        for mode in (True, False):  # training first, which moves the running averages of both
            mine, other = ours.train(mode)(x), logits_of(theirs.train(mode), x)
            apart = (mine - other).abs().max() / other.abs().max()
            found[f"{name}, {'training' if mode else 'evaluation'}"] = apart.item()
    return found


def steps() -> dict[str, float]:
    """Their loss and optimiser on one side, ours on the other, from the same weights: how far apart they end."""
    from lop.algos.bp import Backprop
    from lop.nets.conv_net import ConvNet as TheirConvNet

    torch.manual_seed(1)
    task = stream(0).task(0)
    training = Training(step_size=STEP, epochs=1, batch_size=BATCH)
    learner = Learner(lambda: ConvNet((3, 32, 32), 2), training, seed=0)
    theirs = TheirConvNet(2)
    give(learner.network, theirs)
    back = Backprop(theirs, step_size=STEP, loss="nll", opt="sgd", momentum=0.9)
    batches: list[Tensor] = []
    plain = learner.batches
    learner.batches = lambda *a: (batches.append(b) or b for b in plain(*a))  # type: ignore[assignment,misc,func-returns-value]
    learner.learn(task)
    for batch in batches:
        back.learn(task.train_x[batch], task.train_y[batch])
    apart = [
        (a - b).abs().max().item()
        for a, b in zip(learner.network.state_dict().values(), unique_state(theirs), strict=True)
    ]
    return {"steps": len(batches), "worst_weight": max(apart)}


def stream(seed: int) -> ClassPairs:
    return ClassPairs(ProceduralImages(number=10, train=PER_CLASS, test=100, signal=0.7), seed)


def theirs_live(seed: int) -> list[float]:
    """Test accuracies of their learner on the tasks of a seed's stream, at the end of each task."""
    from lop.algos.bp import Backprop
    from lop.nets.conv_net import ConvNet as TheirConvNet

    torch.manual_seed(1000 + seed)
    net = TheirConvNet(2)
    back = Backprop(net, step_size=STEP, loss="nll", opt="sgd", momentum=0.9)
    found = []
    for task in islice(stream(seed), TASKS):
        with torch.no_grad():
            net.layers[-1].weight.zero_()
            net.layers[-1].bias.zero_()
        for _ in range(EPOCHS):
            for batch in torch.randperm(len(task.train_y)).split(BATCH):
                back.learn(task.train_x[batch], task.train_y[batch])
        found.append(accuracy(net, task))
    return found


@torch.no_grad()
def accuracy(net: Any, task: Task) -> float:
    return (net.predict(task.test_x)[0].argmax(1) == task.test_y).double().mean().item()


def ours_live(seed: int) -> list[float]:
    training = Training(step_size=STEP, epochs=EPOCHS, batch_size=BATCH)
    learner = Learner(lambda: ConvNet((3, 32, 32), 2), training, seed=seed)
    return [outcome.test_accuracy for outcome in live(learner, islice(stream(seed), TASKS))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reference", type=Path, required=True, help="a checkout of shibhansh/loss-of-plasticity")
    parser.add_argument("--seeds", type=int, default=6)
    asked = parser.parse_args()
    if not (asked.reference / "lop" / "nets" / "conv_net.py").exists():
        parser.error(f"{asked.reference} has no lop/nets/conv_net.py; see --help for how to get it")
    torch.set_num_threads(1)
    sys.path.insert(0, str(asked.reference))
    sys.modules["tqdm"] = types.ModuleType("tqdm")  # the reference imports it and uses it elsewhere
    sys.modules["tqdm"].tqdm, sys.modules["tqdm"].__spec__ = iter, ModuleSpec("tqdm", None)  # type: ignore[attr-defined]

    same = forward()
    for name, apart in same.items():
        print(f"forward, {name}: largest relative difference of a logit {apart:.1e}", flush=True)
    moved = steps()
    print(f"{moved['steps']} steps: largest difference of a weight {moved['worst_weight']:.1e}", flush=True)
    seconds, means = {}, {}
    for name, of in (("ours", ours_live), ("theirs", theirs_live)):
        begin = time.perf_counter()
        means[name] = np.array([np.mean(of(seed)) for seed in range(asked.seeds)])
        seconds[name] = round(time.perf_counter() - begin, 1)
    found = {name: [round(float(v), 4) for v in interval(values)] for name, values in means.items()}
    for name, (mean, low, high) in found.items():
        print(f"training, {name}: test accuracy {mean:.3f} ({low:.3f} to {high:.3f}), {seconds[name]} s")
    found["difference"] = [round(float(v), 4) for v in interval(means["ours"] - means["theirs"])]
    print("training, ours less theirs, on the same streams: {:+.3f} ({:+.3f} to {:+.3f})".format(*found["difference"]))
    overlap = found["ours"][1] <= found["theirs"][2] and found["theirs"][1] <= found["ours"][2]
    right = overlap and max(same.values()) < 1e-10 and moved["worst_weight"] < 1e-4
    print(
        json.dumps(
            {
                "benchmark": "protocol",
                "ours": found["ours"][0],
                "theirs": found["theirs"][0],
                "ratio": found["ours"][0] / found["theirs"][0],
                "intervals": found,
                "overlap": overlap,
                "forward": same,
                "steps": moved,
                "seeds": asked.seeds,
                "seconds": seconds,
                "python": platform.python_version(),
                "torch": torch.__version__,
            }
        )
    )
    if not right:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
