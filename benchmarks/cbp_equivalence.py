"""Does our continual backpropagation replace the units that the authors' own code replaces?

The authors' code (`shibhansh/loss-of-plasticity`) trains its three networks; at every step ours sees the same inputs
and weights, computes activations, utilities and what is due by itself, and replaces. Then the two are compared: which
units, and all weights, biases and running averages afterwards. Before the next step ours takes over the reference's
weights, because new weights come from different generators; utilities, means, ages and what is due stay its own.

    git clone https://github.com/shibhansh/loss-of-plasticity
    python benchmarks/cbp_equivalence.py --reference loss-of-plasticity          # ten to twenty minutes, one thread
    python benchmarks/cbp_equivalence.py --reference loss-of-plasticity --networks mlp,convnet

The last line is one JSON object: for each network the steps, how many units each replaced, how many of these at the
same step, and the largest difference of a weight. The exit status is 1 where a choice or a weight differs. None did
here; where two utilities tie, as those of silent units do at 0, the choice between them would be free.

What differs on purpose, and what this script does about it:

- What is due. The reference counts all units as soon as one is mature in convolutional and residual networks, our
  `count="all"`, and mature units alone in linear ones, `count="mature"`. In linear networks it replaces by chance
  unless `accumulate=True`.
- The mean that is passed on. The code for linear networks means to pass it on, but sets it to 0 before it does; that
  for the others does not try. Ours does. So the biases of layers that read a replaced unit are not compared.
- The residual network's utility. The reference adds up |h| without end, through replacements too: its factor eta is
  missing (`mean_feature_mag`). And it multiplies by the outgoing weights of the moment, where ours averages the
  product. Both are the same for eta = 0 and sums that begin anew at each step, which the script sees to. The network
  "resnet18 as published" is left as it is, to show what the difference does; nothing is asked of it. In
  1,000 steps each replaced 1,846 units, and 675 were the same at the same step.
- New weights. Both draw them from where the network's weights came from (the reference's experiment on class pairs asks
  for that, `init="default"`), but not the same numbers. They are not compared.
- The optimiser. The reference leaves SGD's momentum of replaced units as it was; ours clears it. Ours does not train
  here.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
import types
from collections.abc import Callable
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from lop_tutorial.interventions import ContinualBackprop
from lop_tutorial.networks import MLP, ConvNet, Network, ResNet18
from lop_tutorial.training import Learner, Training

CLASSES, LABELS_LAST = 5, 100


@dataclass(frozen=True)
class Case:
    shape: tuple[int, ...]
    batch: int
    ours: Callable[[], Network]
    method: ContinualBackprop
    theirs: Callable[[ContinualBackprop], tuple[nn.Module, torch.optim.Optimizer, Any]]
    clear_sums: bool = False
    asked: bool = True


def cases() -> dict[str, Case]:
    """Imports the reference's modules, which `main` has put on the path."""
    from lop.algos.convGnT import ConvGnT
    from lop.algos.gnt import GnT
    from lop.algos.res_gnt import ResGnT
    from lop.nets.conv_net import ConvNet as TheirConvNet
    from lop.nets.deep_ffnn import DeepFFNN
    from lop.nets.torchvision_modified_resnet import build_resnet18, kaiming_init_resnet_module

    def common(of: ContinualBackprop) -> dict[str, Any]:
        return {"decay_rate": of.decay, "replacement_rate": of.replacement_rate, "maturity_threshold": of.maturity}

    def mlp(of: ContinualBackprop):  # type: ignore[no-untyped-def]
        net = DeepFFNN(20, num_features=64, num_outputs=CLASSES, num_hidden_layers=2)
        opt = torch.optim.SGD(net.parameters(), 0.01, momentum=0.9)
        return net, opt, GnT(net.layers, "relu", opt, util_type=of.utility, accumulate=True, **common(of))

    def convnet(of: ContinualBackprop):  # type: ignore[no-untyped-def]
        net = TheirConvNet(CLASSES)
        opt = torch.optim.SGD(net.parameters(), 0.01, momentum=0.9)
        settings = {"init": "default", "util_type": of.utility, "num_last_filter_outputs": 4, **common(of)}
        return net, opt, ConvGnT(net.layers, "relu", opt, **settings)

    def resnet(of: ContinualBackprop):  # type: ignore[no-untyped-def]
        net = build_resnet18(CLASSES, nn.BatchNorm2d)
        net.apply(kaiming_init_resnet_module)
        opt = torch.optim.SGD(net.parameters(), 0.01, momentum=0.9)
        return net, opt, ResGnT(net, "relu", util_type=of.utility, **common(of))

    found = {}
    for utility in ("adaptable_contribution", "contribution"):
        method = ContinualBackprop(replacement_rate=0.005, maturity=50, utility=utility, count="mature")
        found[f"mlp, {utility}"] = Case((20,), 16, lambda: MLP((20,), CLASSES, hidden=(64, 64)), method, mlp)
        method = ContinualBackprop(replacement_rate=0.002, maturity=50, utility=utility)
        found[f"convnet, {utility}"] = Case((3, 32, 32), 8, lambda: ConvNet((3, 32, 32), CLASSES), method, convnet)
    for decay, name in ((0.0, "resnet18"), (0.99, "resnet18 as published")):
        method = ContinualBackprop(5e-4, maturity=50, decay=decay, utility="contribution")
        small = (3, 8, 8)
        found[name] = Case(small, 8, lambda: ResNet18((3, 8, 8), CLASSES), method, resnet, decay == 0, decay == 0)
    return found


def follow(case: Case, steps: int) -> dict[str, Any]:
    torch.manual_seed(0)
    net, opt, gnt = case.theirs(case.method)
    learner = Learner(case.ours, Training(step_size=0.0, head="keep"), case.method)
    draw = torch.Generator().manual_seed(1)
    net.train(), learner.network.train()
    counts = {"theirs": 0, "ours": 0, "agree": 0, "worst_weight": 0.0}
    for step in range(steps):
        if step % LABELS_LAST == 0:
            teacher = torch.randn(torch.Size(case.shape).numel(), CLASSES, generator=draw)
        x = torch.randn(case.batch, *case.shape, generator=draw)
        y = (x.flatten(1) @ teacher).argmax(dim=1)
        take_over(net, learner.network)
        learner.network(x)  # fills learner.activations
        logits, features = forward(net, x)
        opt.zero_grad()
        cross_entropy(logits, y).backward()
        opt.step()
        take_over(net, learner.network)
        if case.clear_sums:
            for total in gnt.mean_feature_mag:
                total.zero_()
        with torch.no_grad():
            gnt.gen_and_test(features)
            learner.intervention.after_step(learner)
        compare(gnt, net, learner, counts)
    return {"steps": steps, **counts}


def forward(net: nn.Module, x: Tensor) -> tuple[Tensor, list[Tensor]]:
    """Logits, and the activations as the reference keeps them."""
    if hasattr(net, "predict"):
        return net.predict(x)
    features: list[Tensor] = []
    return net(x, features), features


@torch.no_grad()
def take_over(net: nn.Module, network: Network) -> None:
    """The reference's weights and running averages, in the order in which both networks have them."""
    for mine, theirs in zip(network.state_dict().values(), unique_state(net), strict=True):
        mine.copy_(theirs)


def unique_state(net: nn.Module) -> list[Tensor]:
    """Their state without what they have under two names."""
    return list({value.data_ptr(): value for value in net.state_dict().values()}.values())


def compare(gnt: Any, net: nn.Module, learner: Learner, counts: dict[str, Any]) -> None:
    """Which units are new, and whether all weights are equal that ought to be."""
    fresh, readers = {}, set()
    for units, ages in zip(learner.units, gnt.ages, strict=True):
        theirs, mine = ages == 0, learner.memory[f"{units.name}.age"] == 0
        counts["theirs"] += int(theirs.sum())
        counts["ours"] += int(mine.sum())
        counts["agree"] += int((theirs & mine).sum())
        fresh[units.incoming.weight.data_ptr()] = mine
        if mine.any():
            readers.add(units.outgoing.bias.data_ptr())
    for one, other in zip(learner.network.state_dict().values(), unique_state(net), strict=True):
        if one.data_ptr() not in readers:
            apart = (one - other).abs()[~fresh[one.data_ptr()] if one.data_ptr() in fresh else ...]
            counts["worst_weight"] = max(counts["worst_weight"], float(apart.max()) if apart.numel() else 0.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reference", type=Path, required=True, help="a checkout of shibhansh/loss-of-plasticity")
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--networks", default="mlp,convnet,resnet18", help="names begin with one of these")
    asked = parser.parse_args()
    if not (asked.reference / "lop" / "algos" / "gnt.py").exists():
        parser.error(f"{asked.reference} has no lop/algos/gnt.py; see --help for how to get it")
    torch.set_num_threads(1)
    sys.path.insert(0, str(asked.reference))
    sys.modules["tqdm"] = types.ModuleType("tqdm")  # the reference imports it and uses it elsewhere
    sys.modules["tqdm"].tqdm, sys.modules["tqdm"].__spec__ = iter, ModuleSpec("tqdm", None)  # type: ignore[attr-defined]

    found = {}
    wanted = tuple(asked.networks.split(","))
    for name, case in cases().items():
        if name.startswith(wanted):
            begin = time.perf_counter()
            found[name] = {**follow(case, asked.steps), "asked": case.asked}
            shown = ", ".join(f"{key} {value}" for key, value in found[name].items())
            print(f"{name}: {shown}; {time.perf_counter() - begin:.0f} s", flush=True)
    right = all(
        each["theirs"] == each["ours"] == each["agree"] > 0 == each["worst_weight"]
        for each in found.values()
        if each["asked"]
    )
    total = {key: sum(each[key] for each in found.values() if each["asked"]) for key in ("ours", "theirs", "agree")}
    versions = {"python": platform.python_version(), "torch": torch.__version__}
    ratio = total["agree"] / max(total["theirs"], 1)
    print(json.dumps({"benchmark": "cbp_equivalence", **total, "ratio": ratio, "networks": found, **versions}))
    if not right:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
