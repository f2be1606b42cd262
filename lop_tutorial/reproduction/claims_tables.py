"""What the paper's tables claim, with the evidence of our reduced Table 1 on two sets of real images."""

from __future__ import annotations

from lop_tutorial.interventions import title
from lop_tutorial.reproduction.claim import Claim, Evidence, Side
from lop_tutorial.reproduction.evidence import change, late

_TABLE_1, _TABLE_SETS = "continual_imagenet", ("tinyimagenet", "cifar100")
_SETS = {"cifar100": "CIFAR-100", "tinyimagenet": "Tiny ImageNet"}
_L2_INIT, _LAYERNORM, _CBP = "l2_init:strength=0.003", "layer_norm", "cbp:replacement_rate=0.01"


def _in_table(method: str, than: str, data: str, side: Side = "above") -> Evidence:
    words = f"{title(method.split(':')[0])} minus {title(than.split(':')[0])}"
    of = f"Test accuracy over the last tenth of 60 tasks, {words}, {_SETS[data]} pairs"
    run = f"table1_{data}"
    return Evidence(of, late(run, method, "test_accuracy", minus=than), side, 0, run, _TABLE_1, "points")


def _falls(data: str) -> Evidence:
    of = f"Test accuracy, last tenth minus first tenth of 60 tasks, No Intv., {_SETS[data]} pairs"
    run = f"table1_{data}"
    return Evidence(of, change(run, "none", "test_accuracy"), "below", 0, run, _TABLE_1, "points")


def _ends_below(bound: float, data: str) -> Evidence:
    of = f"Test accuracy over the last tenth of 60 tasks, No Intv., {_SETS[data]} pairs"
    return Evidence(of, late(f"table1_{data}", "none", "test_accuracy"), "below", bound, f"table1_{data}", _TABLE_1)


TABLES = (
    Claim(
        "A network to which nothing is done falls, and ends at chance",
        "Table 1, No Intv.: 0.817, 0.805, 0.562, 0.500, 0.500",
        tuple(each for data in _TABLE_SETS for each in (_falls(data), _ends_below(0.55, data))),
        "At the end of 60 tasks some networks of each set are dead, at 0.500; the others are still falling.",
    ),
    Claim(
        "L2 init and Layernorm keep a network learning, below one that is retrained",
        "Table 1, last bin: L2 init 0.788 and Layernorm 0.751, Retrained 0.840, No Intv. 0.500",
        tuple(
            each
            for method in (_L2_INIT, _LAYERNORM)
            for data in _TABLE_SETS
            for each in (_in_table(method, "none", data), _in_table(method, "retrained", data, "below"))
        ),
    ),
    Claim(
        "Continual backpropagation ends above a network that is retrained",
        "Table 1, last bin: CBP 0.857, Retrained 0.840",
        tuple(_in_table(_CBP, "retrained", data) for data in _TABLE_SETS),
    ),
    Claim(
        "Generalized Mixup is the best of the six methods",
        "Tables 1 to 4: G-mixup has the highest accuracy in every bin, once shared with CBP.",
        tuple(
            _in_table("g_mixup", other, data)
            for data in _TABLE_SETS
            for other in ("none", "retrained", _L2_INIT, _LAYERNORM, _CBP)
        ),
        "Table 1's network and methods, reduced: 60 tasks, pictures of 16 by 16 pixels, a larger step.",
    ),
)
