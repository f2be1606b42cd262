r"""The first step of training, seen from all samples at once: the empirical neural tangent kernel.

With $g_{ik} = \nabla_\theta f_k(x_i)$, the gradient of output k at sample i, the kernel (Jacot et al. 2018) has the
entries $\langle g_{ik}, g_{jl}\rangle$: how far a small step that moves output k at $x_i$ moves output l at $x_j$. What
it is not able to move, gradient descent does not learn, at first. Wang et al. (2026, arXiv 2605.09044) count its rank
among the usual measures of plasticity; their abstract, all that was at hand, does not say which rank. `kernel_rank` is
the entropy's, of Roy and Vetterli (2007), our choice.

All are exact: per-sample gradients are formed, (samples x outputs) x weights numbers of memory. In evaluation mode, in
the network's own precision; sums and eigenvalues in float64. Networks are left as they were, and x goes in with the
precision of their weights. Raises a ValueError where gradients hold NaN or inf, for networks that have none (quantised,
scripted) or complex ones, and a TypeError for one that does not give one tensor of (batch, outputs).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.func import functional_call, grad, jacrev, vmap

from lop_tutorial.geometry.eval_mode import eval_mode
from lop_tutorial.geometry.inputs import must_lie
from lop_tutorial.geometry.measurable import fitted, must_have_gradients, outputs_of
from lop_tutorial.geometry.norms import trainable
from lop_tutorial.geometry.rank import effective_rank

OutputLoss = Callable[[Tensor, Tensor], Tensor]
"""A loss of logits (batch, outputs) and labels of the same shape: a mean over the batch."""


def tangent_kernel(
    network: nn.Module, x: Float[Tensor, "batch *shape"], outputs: int | None = None
) -> Float[Tensor, "batch_outputs batch_outputs"]:
    """The Gram matrix of the gradients of the first `outputs` outputs (all of them where left out).

    Row i x outputs + k belongs to output k at sample i. Units: squared output per squared weight.
    """
    x, _ = _logits(network, x)

    def given(weights: dict[str, Tensor], sample: Tensor) -> Tensor:
        return functional_call(network, weights, (sample[None],))[0, :outputs]

    return _gram(network, jacrev(given), x, lead=2)


def kernel_rank(network: nn.Module, x: Float[Tensor, "batch *shape"], outputs: int | None = None) -> float:
    """The effective rank of the `tangent_kernel`: exp(entropy of its eigenvalues / their sum); 0 for a zero kernel."""
    return effective_rank(tangent_kernel(network, x, outputs))


def gauss_newton_eigenvalues(
    network: nn.Module, x: Float[Tensor, "batch *shape"], y: Float[Tensor, "batch outputs"], loss: OutputLoss
) -> Float[Tensor, "batch_outputs"]:
    r"""The eigenvalues of the Gauss-Newton matrix $\frac1n\sum_i J_i^\top H_i J_i$, all that are not zero, descending.

    $J_i$ is the Jacobian of the outputs in the weights at sample i, $H_i$ the Hessian of the sample's loss in the
    outputs. They are those of the tangent kernel weighted by the loss, $H^{1/2} K H^{1/2} / n$ (He et al. 2025, arXiv
    2509.22335, use that the two have one spectrum). The Hessian of the loss in the weights is this matrix and a part
    that vanishes with the outputs' second derivatives. Units: loss per squared weight.
    """
    x, logits = _logits(network, x)
    logits = logits[:, : y.shape[1]]
    curvature = vmap(jacrev(jacrev(lambda z, label: loss(z[None], label[None]))))(logits.double(), y.double())
    values, vectors = torch.linalg.eigh(curvature)
    root = torch.block_diag(*(vectors * values.clamp(min=0).sqrt()[:, None]).mT)
    kernel = tangent_kernel(network, x, y.shape[1])
    return torch.linalg.eigvalsh(root @ kernel @ root.T / len(x)).flip(0).clamp(min=0)


def epsilon_rank(eigenvalues: Float[Tensor, " n"], epsilon: float = 1e-2) -> int:
    """How many eigenvalues have |value| > `epsilon`: the least rank of a matrix within `epsilon` in spectral norm.

    He et al. (2025, arXiv 2509.22335) hold that training a task fails where its Hessian has too small an epsilon-rank
    at the start. The epsilon is ours: along a direction of that curvature a hundred steps of size one just tell.
    """
    must_lie("epsilon", epsilon, 0)
    return int((eigenvalues.abs() > epsilon).sum())


def gradient_coherence(
    network: nn.Module, x: Float[Tensor, "batch *shape"], y: Float[Tensor, "batch outputs"], loss: OutputLoss
) -> float:
    r"""$\lVert \bar g\rVert^2 / \overline{\lVert g_i\rVert^2}$: whether samples pull at the weights in one direction.

    The mean goes over the gradients $g_i$ of each sample's loss: 1 where all are equal, 1/n where n of them are
    orthogonal and of one length, 0 where they cancel (Chatterjee and Zielinski 2020). NaN where all are zero.
    """
    x, _ = _logits(network, x)

    def given(weights: dict[str, Tensor], sample: Tensor, label: Tensor) -> Tensor:
        return loss(functional_call(network, weights, (sample[None],))[:, : len(label)], label[None])

    products = _gram(network, grad(given), x, y.to(x.dtype), lead=1)
    return float(products.mean() / products.diagonal().mean())


def _logits(network: nn.Module, x: Tensor) -> tuple[Tensor, Float[Tensor, "batch outputs"]]:
    """x in the precision of the weights, and what the network makes of it; errors where that is no such network."""
    must_have_gradients(network)
    trainable(network)
    with eval_mode(network), torch.no_grad():
        logits = outputs_of(network, x)
    return fitted(network, x), logits


def _gram(
    network: nn.Module, gradient: Callable[..., dict[str, Tensor]], *batches: Tensor, lead: int
) -> Float[Tensor, "rows rows"]:
    """Products of gradients, summed over all weights; the first `lead` axes of each count its rows.

    `gradient` takes the weights and a sample of each of the batches.
    """
    weights = {name: p.detach() for name, p in network.named_parameters() if p.requires_grad}
    with eval_mode(network):
        gradients = _of_each(gradient, weights, batches)
        found = [g.flatten(0, lead - 1).flatten(1).double() for g in gradients.values()]
    gram = torch.stack([rows @ rows.T for rows in found]).sum(dim=0)
    if not gram.isfinite().all():
        raise ValueError("gradients hold NaN or inf; has the network diverged?")
    return gram


def _of_each(
    gradient: Callable[..., dict[str, Tensor]], weights: dict[str, Tensor], batches: Sequence[Tensor]
) -> dict[str, Tensor]:
    """The gradients of all samples, at once where the network can be batched so: `x[x < 0] = 0` cannot."""
    try:
        return vmap(gradient, in_dims=(None, *(0 for _ in batches)))(weights, *batches)
    except torch.OutOfMemoryError:
        raise
    except RuntimeError:
        one_by_one = [gradient(weights, *samples) for samples in zip(*batches, strict=True)]
        return {name: torch.stack([each[name] for each in one_by_one]) for name in weights}
