"""What the hidden layers of any network put out, for one batch, with the network left as it was."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from lop_tutorial.geometry.eval_mode import eval_mode
from lop_tutorial.geometry.measurable import must_show_layers, run_on

ACTIVATIONS = (
    nn.ReLU,
    nn.ReLU6,
    nn.LeakyReLU,
    nn.PReLU,
    nn.ELU,
    nn.CELU,
    nn.SELU,
    nn.GELU,
    nn.SiLU,
    nn.Mish,
    nn.Softplus,
    nn.Hardswish,
    nn.Tanh,
    nn.Hardtanh,
    nn.Sigmoid,
)
"""The modules whose outputs count as hidden activations, unless layers are named."""


@torch.no_grad()
def hidden_activations(
    network: nn.Module, x: Float[Tensor, "batch *shape"], layers: Sequence[str] | None = None
) -> dict[str, Float[Tensor, "batch unit *positions"]]:
    """Outputs of the named layers, by default of every activation function that is a module, in the order of use.

    Names are those of `network.named_modules()`. A module that is used more than once in a pass, as the ReLU in
    torchvision's residual blocks, gives one entry each time: `relu`, `relu:2`, and so on. Measured in evaluation mode;
    training flags, buffers, gradients and hooks are left as they were. Copies, so that later in-place layers do not
    spoil them.

    `x` is left as it was; floating-point numbers go in with the precision of the network's weights.

    Raises a ValueError for a layer that the network does not have, where no layer is found or used, for a scripted
    network, which does not show its layers, and where the network does not take x.
    """
    must_show_layers(network)
    modules = dict(network.named_modules())
    if layers is None:
        chosen = [name for name, module in modules.items() if isinstance(module, ACTIVATIONS)]
    else:
        chosen = list(layers)
    for name in chosen:
        if name not in modules:
            known = ", ".join(key for key in modules if key)
            raise ValueError(f"layer is {name!r}; this network has {known}")

    outputs: dict[str, Tensor] = {}

    def keep(name: str) -> Callable[[nn.Module, object, object], None]:
        def hook(_module: nn.Module, _inputs: object, output: object) -> None:
            if not isinstance(output, Tensor) or output.ndim < 2:
                raise ValueError(
                    f"layer {name!r} does not put out one tensor of (batch, units, ...); name other layers"
                )
            times = 1 + sum(key == name or key.startswith(f"{name}:") for key in outputs)
            outputs[name if times == 1 else f"{name}:{times}"] = output.detach().clone()

        return hook

    with eval_mode(network):
        handles = [modules[name].register_forward_hook(keep(name)) for name in chosen]
        try:
            run_on(network, x)
        finally:
            for handle in handles:
                handle.remove()
    if not outputs:
        raise ValueError(
            f"no activation function of {type(network).__name__} is a module that is used; name layers from "
            f"{', '.join(key for key in modules if key)}"
        )
    return outputs
