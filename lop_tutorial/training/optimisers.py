"""torch's optimisers, without the compiler that they import at their first step."""

from inspect import unwrap
from typing import TypeVar

import torch

Kind = TypeVar("Kind", bound=torch.optim.Optimizer)


def eager(kind: type[Kind]) -> type[Kind]:
    """The same optimiser, bit for bit, for steps that nobody compiles.

    torch wraps what an optimiser does so that `torch.compile` leaves it alone, and the wrapper imports all of
    `torch._dynamo`: two to three seconds in every process that trains. Here the wrappers are taken off. Hooks on steps
    are called as ever.
    """

    class Eager(kind):  # type: ignore[misc, valid-type]
        add_param_group = unwrap(kind.add_param_group)
        zero_grad = unwrap(kind.zero_grad)
        step = torch.no_grad()(unwrap(kind.step))

    Eager.__name__, Eager.__qualname__ = kind.__name__, kind.__name__
    return Eager


SGD = eager(torch.optim.SGD)
Adam = eager(torch.optim.Adam)
