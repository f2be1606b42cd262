"""The public reference's own training loop in a process of its own, an epoch at a time: what `fleet.py` compares with.

Continual ImageNet: `repeat_expr` of `lop/imagenet/single_expr.py` as it stands, fed with random images of the right
size and no test images, so that only training is timed. It shows its progress with tqdm; what stands in for tqdm here
waits before each epoch until it is asked to go on. SmallConv, which the reference does not have, is put in its
ConvNet's place in the form that its learners want. ResNet-18: its network, and its steps of
`incremental_cifar_experiment.py` on images that lie on the device already; its loading of images is left out, which is
to its advantage.
"""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import sys
import tempfile
import time
import types
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

CBP = {"replacement_rate": 3e-4, "decay_rate": 0.99, "maturity_threshold": 100, "util_type": "adaptable_contribution"}
STEPS = 12
"""Steps of an epoch: 1,200 images in batches of 100."""


class SmallConvNet(nn.Module):
    """Our SmallConv, as the reference's learners want a network."""

    def __init__(self) -> None:
        super().__init__()
        self.pool, self.last_filter_output, self.act_type = nn.MaxPool2d(2), 36, "relu"
        weighted = [nn.Conv2d(3, 16, 3), nn.Conv2d(16, 32, 3), nn.Linear(1152, 64), nn.Linear(64, 64), nn.Linear(64, 2)]
        self.layers = nn.ModuleList()
        for layer in weighted:
            self.layers += [layer, nn.ReLU()]
        del self.layers[-1]

    def predict(self, x):  # type: ignore[no-untyped-def]
        seen = []
        for place in range(0, 8, 2):
            x = self.layers[place + 1](self.layers[place](x))
            x = self.pool(x) if place < 4 else x
            x = x.flatten(1) if place == 2 else x
            seen.append(x)
        return self.layers[8](x), seen


def run(reference: Path, network: str, method: str, device: str, threads: int, line: Any) -> None:
    """In a process: sends an epoch's seconds, and its own of them, for every message received, until that is "stop"."""
    torch.set_num_threads(threads)
    sys.path.insert(0, str(reference))

    def gate(rounds: Any) -> Iterator[Any]:
        line.send("ready")
        for one in rounds:
            if line.recv() == "stop":
                raise SystemExit
            began = time.perf_counter(), time.process_time()
            yield one
            if device == "cuda":
                torch.cuda.synchronize()
            line.send((time.perf_counter() - began[0], time.process_time() - began[1]))

    tqdm: Any = types.ModuleType("tqdm")
    tqdm.tqdm, tqdm.__spec__ = gate, ModuleSpec("tqdm", None)
    sys.modules["tqdm"] = tqdm
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        os.chdir(folder)
        try:
            _resnet(gate, device, method) if network == "resnet18" else _class_pairs(network, method, device)
        finally:
            os.chdir("/")


def _class_pairs(network: str, method: str, device: str) -> None:
    from lop.imagenet import single_expr

    if network == "smallconv":
        single_expr.ConvNet = SmallConvNet
    Path("data/classes").mkdir(parents=True)
    draw = np.random.default_rng(0)
    for label in range(2):
        images = draw.standard_normal((600, 3, 32, 32), dtype=np.float32)
        np.save(f"data/classes/{label}.npy", images)
    Path("class_order").write_bytes(pickle.dumps([np.arange(2)]))
    agent = {"agent": "cbp", **CBP} if method == "cbp" else {"agent": "bp"}
    single_expr.repeat_expr(
        {
            **agent,
            "num_tasks": 1,
            "num_showings": 10**6,
            "num_classes": 2,
            "step_size": 0.01,
            "momentum": 0.9,
            "opt": "sgd",
            "run_idx": 0,
            "data_file": "out",
            "use_gpu": int(device == "cuda"),
        }
    )


def _resnet(gate: Any, device: str, method: str) -> None:
    from lop.algos.res_gnt import ResGnT
    from lop.nets.torchvision_modified_resnet import build_resnet18, kaiming_init_resnet_module

    net = build_resnet18(100, nn.BatchNorm2d).to(device)
    net.apply(kaiming_init_resnet_module)
    optimiser = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9, weight_decay=5e-4)
    gnt = None
    if method == "cbp":
        gnt = ResGnT(net, "relu", decay_rate=0.99, replacement_rate=1e-5, maturity_threshold=1000, device=device)
    x, y = torch.randn(90, 3, 32, 32, device=device), torch.eye(100, device=device)[torch.arange(90) % 100]
    right = torch.zeros((), device=device)
    for _ in gate(range(10**6)):
        for _ in range(STEPS):
            for weight in net.parameters():
                weight.grad = None
            features: list[torch.Tensor] | None = [] if gnt else None
            predictions = net.forward(x, features)[:, list(range(100))]
            loss = nn.functional.cross_entropy(predictions, y)
            loss.backward()
            optimiser.step()
            if gnt:
                gnt.gen_and_test(features)
            right += (predictions.argmax(dim=1) == y.argmax(dim=1)).float().mean()
