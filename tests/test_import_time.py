"""What takes long to import is imported where it is needed."""

import subprocess
import sys

CODE = """
import sys

def loaded():
    print(*(name in sys.modules for name in ("torchvision", "torch._dynamo", "scipy.stats")))

import lop_tutorial.running, lop_tutorial.experiments
loaded()

import torch
from lop_tutorial.geometry import ftle
from lop_tutorial.interventions import NoIntervention
from lop_tutorial.networks import MLP, ResNet18
from lop_tutorial.reinforcement.probe_task import probe_error
from lop_tutorial.streams import Task
from lop_tutorial.training import Fleet, Learner, Training

x, y = torch.randn(20, 4), torch.arange(20) % 2
task = Task(0, (0, 1), 2, x, y, x, y)
setting = lambda: MLP((4,), 2, hidden=(8,)), Training(epochs=2)
learner = Learner(*setting)
learner.learn(task)
Fleet(*setting, [(NoIntervention(), 1)]).learn({1: task})
ftle(learner.network, x)
probe_error(learner.network, x, steps=2, seed=0)
loaded()

ResNet18((3, 8, 8), 2, width=0.125)
print("torchvision" in sys.modules)
"""


def test_neither_torchvision_nor_torchs_compiler_is_imported_before_something_asks_for_it():
    shown = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True)
    assert shown.stdout.splitlines() == ["False False False", "False False False", "True"], shown.stderr
