"""Label-smoothed cross-entropy that never holds all logits.

Shapes: N target subwords, C rows of a chunk, P rows of a piece of it, E features, V vocabulary.

    loss = Σ_n (1 - ε) · (-log p_n[y_n]) + ε / V · Σ_v (-log p_n[v]),    p_n = softmax(W f_n + b)

Logits of a chunk of rows are made in one product, and reduced and turned into gradients piece by piece, each while it
is in cache; the gradients are ready when the loss is, and the backward pass only scales them.
"""

from typing import Any

import torch
from torch import Tensor

CHUNK = {"cpu": 256, "cuda": 8192}
"""Rows of a chunk; on a GPU what counts is to give it few, large pieces of work."""
PIECE = {"cpu": 32, "cuda": 8192}
"""Rows of a chunk that go through all that is not a product together."""


class _SmoothedCrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, features_NE: Tensor, weight_VE: Tensor, bias_V: Tensor, targets_N: Tensor, smoothing: float
    ) -> tuple[Tensor, Tensor]:
        wants_gradient = any(ctx.needs_input_grad[:3])
        vocabulary = weight_VE.size(0)
        device = features_NE.device.type
        chunk, piece = (rows.get(device, rows["cuda"]) for rows in (CHUNK, PIECE))
        kind = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else features_NE.dtype
        features, weight = features_NE.to(kind), weight_VE.to(kind)
        # Sums are float32 at least, whatever the products are.
        sums = bias_V.dtype
        grad_features = torch.empty_like(features) if wants_gradient else None
        # The even share of the labels is the same for all rows: loss and gradients begin with it, and add the rest.
        even = smoothing / vocabulary
        features_E = features_NE.sum(dim=0, dtype=sums)
        mean_weight_E = weight_VE.mean(dim=0).to(sums)
        total = -smoothing * ((features_E * mean_weight_E).sum() + len(features) * bias_V.mean())
        likelihood = torch.zeros_like(total)
        grad_weight = grad_bias = None
        if wants_gradient:
            grad_weight = (-even * features_E).to(weight_VE.dtype).repeat(vocabulary, 1)
            grad_bias = torch.full_like(bias_V, -even * len(targets_N))
        # Taken once: memory that is given back after each chunk has to be made anew by the system for the next.
        products = features.new_empty(min(chunk, len(features)), vocabulary)
        wide = None if kind == sums else torch.empty_like(products[:piece], dtype=sums)
        part_VE = torch.empty_like(weight)
        with torch.autocast(device, enabled=False):
            for first in range(0, len(features), chunk):
                rows = slice(first, first + chunk)
                features_CE, product_CV = features[rows], products[: len(features[rows])]
                torch.mm(features_CE, weight.t(), out=product_CV)
                pieces = (torch.split(whole, piece) for whole in (product_CV, targets_N[rows]))
                for product_PV, correct_P in zip(*pieces, strict=True):
                    logits_PV = product_PV if wide is None else wide[: len(product_PV)].copy_(product_PV)
                    correct_P1 = correct_P.unsqueeze(1)
                    logits_PV.add_(bias_V)
                    correct_logit_P1 = logits_PV.gather(1, correct_P1)
                    largest_P1 = logits_PV.amax(dim=1, keepdim=True)
                    p_PV = torch.softmax(logits_PV, dim=1, out=logits_PV)
                    # The largest probability is 1 / V at least, whose logarithm is exact enough.
                    normaliser_P1 = largest_P1 - p_PV.amax(dim=1, keepdim=True).log_()
                    nll = (normaliser_P1 - correct_logit_P1).sum()
                    likelihood += nll
                    total += (1 - smoothing) * nll + smoothing * normaliser_P1.sum()
                    if grad_bias is None:
                        continue
                    grad_PV = p_PV.scatter_add_(1, correct_P1, torch.full_like(correct_logit_P1, smoothing - 1))
                    grad_bias += grad_PV.sum(dim=0)
                    if wide is not None:
                        product_PV.copy_(grad_PV)
                if grad_features is None or grad_weight is None:
                    continue
                torch.mm(product_CV, weight, out=grad_features[rows])
                if kind == weight_VE.dtype:
                    grad_weight.addmm_(product_CV.t(), features_CE)
                else:
                    grad_weight += torch.mm(product_CV.t(), features_CE, out=part_VE)
            if grad_features is not None:
                grad_features = grad_features.to(features_NE.dtype).sub_(
                    (smoothing * mean_weight_E).to(features_NE.dtype)
                )
        if grad_features is not None:
            ctx.save_for_backward(grad_features, grad_weight, grad_bias)
        ctx.mark_non_differentiable(likelihood)
        return total, likelihood

    @staticmethod
    def backward(ctx: Any, scale: Tensor, _: Tensor) -> tuple[Tensor | None, ...]:
        grad_features, grad_weight, grad_bias = ctx.saved_tensors
        return (
            grad_features.mul(scale.to(grad_features.dtype)),
            grad_weight * scale,
            grad_bias * scale,
            None,
            None,
        )


def smoothed_cross_entropy(
    features_NE: Tensor, weight_VE: Tensor, bias_V: Tensor, targets_N: Tensor, smoothing: float = 0.0
) -> tuple[Tensor, Tensor]:
    """Sum over N of the smoothed loss, and of the plain negative log-likelihood in nats (without gradient).

    Products are in the autocast type where autocast is on, sums in the type of `bias_V`.  Leave out padding rows.
    """
    if not torch.is_grad_enabled():
        # Parameters ask for their gradient in any mode, and the function would make it.
        features_NE, weight_VE, bias_V = features_NE.detach(), weight_VE.detach(), bias_V.detach()
    total, likelihood = _SmoothedCrossEntropy.apply(  # type: ignore[no-untyped-call]
        features_NE, weight_VE, bias_V, targets_N, smoothing
    )
    return total, likelihood
