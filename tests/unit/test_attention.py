"""Attention against its formulas, one query, one head and one position at a time."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from seq2seq.attention import Attention
from seq2seq.encoder import position_mask

KINDS = ("dot", "multiplicative", "additive")
BATCH, SOURCE, TARGET, HIDDEN = 3, 5, 4, 8
LENGTHS = torch.tensor([5, 1, 3])
MASK = position_mask(LENGTHS, SOURCE)


def attention(kind: str, heads: int = 2) -> Attention:
    torch.manual_seed(0)
    return Attention(kind, HIDDEN, heads).double()


def queries_and_annotations() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    queries = torch.randn(BATCH, TARGET, HIDDEN, generator=generator, dtype=torch.float64)
    return queries, torch.randn(BATCH, SOURCE, HIDDEN, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("heads", [1, 2, 4])
@pytest.mark.parametrize("kind", KINDS)
def test_weights_and_contexts_are_those_of_the_formula(kind: str, heads: int) -> None:
    module = attention(kind, heads)
    queries, annotations = queries_and_annotations()
    contexts, weights = module(queries, module.keys(annotations), annotations, MASK)
    w = {name: p.detach().numpy() for name, p in module.named_parameters()}
    head = HIDDEN // heads
    for b in range(BATCH):
        for t in range(TARGET):
            mean_of_heads = np.zeros(SOURCE)
            for d in range(heads):
                part = slice(d * head, (d + 1) * head)
                scores = np.zeros(int(LENGTHS[b]))
                for s in range(len(scores)):
                    q, a = queries[b, t].numpy(), annotations[b, s].numpy()
                    if kind == "dot":
                        scores[s] = q[part] @ a[part] / math.sqrt(head)
                    elif kind == "multiplicative":
                        scores[s] = q[part] @ (w["key.weight"] @ a)[part] / math.sqrt(head)
                    else:
                        inner = w["query.weight"] @ q + w["query.bias"] + w["key.weight"] @ a
                        scores[s] = w["energy_DA"][d] @ np.tanh(inner[part])
                p = np.exp(scores - scores.max()) / np.exp(scores - scores.max()).sum()
                context = sum(p[s] * annotations[b, s].numpy()[part] for s in range(len(scores)))
                np.testing.assert_allclose(contexts[b, t].detach().numpy()[part], context, atol=1e-12)
                mean_of_heads[: len(scores)] += p / heads
            np.testing.assert_allclose(weights[b, t].detach().numpy(), mean_of_heads, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_padding_has_no_weight_and_no_influence(kind: str) -> None:
    module = attention(kind)
    queries, annotations = queries_and_annotations()
    contexts, weights = module(queries, module.keys(annotations), annotations, MASK)
    padding = ~MASK[:, None, :].expand_as(weights)
    assert not weights[padding].any()
    assert weights[~padding].all()
    torch.testing.assert_close(weights.sum(dim=2), torch.ones(BATCH, TARGET, dtype=torch.float64))
    torch.testing.assert_close(contexts[1], annotations[1, :1].expand(TARGET, HIDDEN))
    noisy = torch.where(MASK.unsqueeze(2), annotations, 1e6)
    again, weights_again = module(queries, module.keys(noisy), noisy, MASK)
    assert again.equal(contexts)
    assert weights_again.equal(weights)


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_are_the_finite_differences(kind: str) -> None:
    module = attention(kind)
    names = [name for name, _ in module.named_parameters()]

    def run(queries: Tensor, annotations: Tensor, *weights: Tensor) -> tuple[Tensor, Tensor]:
        given = dict(zip(names, weights, strict=True))
        inputs = (queries, annotations)
        contexts, found = torch.func.functional_call(_Whole(module), _prefixed(given), inputs)
        return contexts, found

    arguments = [*queries_and_annotations(), *(p.detach() for p in module.parameters())]
    arguments = [argument.clone().requires_grad_() for argument in arguments]
    assert torch.autograd.gradcheck(run, arguments, fast_mode=True)


class _Whole(torch.nn.Module):
    """Keys and all in one call."""

    def __init__(self, attention: Attention) -> None:
        super().__init__()
        self.attention = attention

    def forward(self, queries: Tensor, annotations: Tensor) -> tuple[Tensor, Tensor]:
        contexts, weights = self.attention(queries, self.attention.keys(annotations), annotations, MASK)
        return contexts, weights


def _prefixed(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    return {f"attention.{name}": value for name, value in weights.items()}


@pytest.mark.parametrize("kind", KINDS)
def test_scores_are_float32_where_the_rest_is_bfloat16(kind: str) -> None:
    module = attention(kind).float()
    queries, annotations = (part.bfloat16() for part in queries_and_annotations())
    with torch.autocast("cpu", torch.bfloat16):
        contexts, weights = module(queries, module.keys(annotations), annotations, MASK)
    assert (contexts.dtype, weights.dtype) == (torch.bfloat16, torch.float32)
    # Weights that had been rounded to bfloat16 would be off by up to 1/256 of each.
    torch.testing.assert_close(weights.sum(dim=2), torch.ones(BATCH, TARGET), rtol=0, atol=1e-6)
    exact, _ = module(queries.float(), module.keys(annotations.float()), annotations.float(), MASK)
    torch.testing.assert_close(contexts.float(), exact, rtol=0.05, atol=0.05)


@pytest.mark.parametrize("kind", KINDS)
def test_very_large_scores_stay_finite(kind: str) -> None:
    module = attention(kind)
    queries, annotations = queries_and_annotations()
    contexts, weights = module(queries * 1e6, module.keys(annotations * 1e6), annotations, MASK)
    assert contexts.isfinite().all()
    assert weights.isfinite().all()
