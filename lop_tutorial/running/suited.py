"""Whether a device has what a plan needs."""

from __future__ import annotations

import torch

from lop_tutorial.running.plan import Plan


def must_suit(plan: Plan, device: str) -> None:
    """ValueError where a plan needs float64 and the device, Apple's GPU, has none; it names what needs it."""
    if device != "mps":
        return
    at_one_width = plan.at(plan.widths[0] if plan.widths else None)
    needs = [f"the measure {name}" for name in plan.measures]
    for method in plan.methods:
        memory = at_one_width.learner(method, plan.seeds[0]).memory.values()
        needs += [f"the method {method}"] * any(values.dtype == torch.float64 for values in memory)
    if needs:
        raise ValueError(f"device is 'mps', which has no float64, and {', '.join(needs)} cannot do without: use cpu")
