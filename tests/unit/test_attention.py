"""Attention against its formulas, one query and one position at a time."""

import math

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from seq2seq.attention import STRENGTH, Attention
from seq2seq.encoder import position_mask

BATCH, SOURCE, TARGET, HIDDEN = 3, 5, 4, 8
LENGTHS = torch.tensor([5, 1, 3])
MASK = position_mask(LENGTHS, SOURCE)
Past = tuple[Tensor, Tensor]


def attention() -> Attention:
    torch.manual_seed(0)
    return Attention(HIDDEN).double()


def noise(*shape: int, seed: int = 1) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


QUERIES, ANNOTATIONS = noise(BATCH, TARGET, HIDDEN), noise(BATCH, SOURCE, HIDDEN, seed=2)


def some_past(seed: int = 3) -> Past:
    """What a target of two positions might have left."""
    last, other = (noise(BATCH, SOURCE, seed=s).masked_fill(~MASK, -torch.inf).softmax(dim=1) for s in (seed, seed + 1))
    return last, last + other


def look(
    module: Attention, queries: Tensor = QUERIES, annotations: Tensor = ANNOTATIONS, before: Past | None = None
) -> tuple[Tensor, Tensor, Past]:
    contexts, weights, after = module(queries, module.keys(annotations), annotations, MASK, before or some_past())
    return contexts, weights, after


def softmax(scores: list[float]) -> npt.NDArray[np.float64]:
    powers: npt.NDArray[np.float64] = np.exp(np.array(scores) - max(scores))
    shares: npt.NDArray[np.float64] = powers / powers.sum()
    return shares


def test_weights_and_contexts_are_those_of_the_formula() -> None:
    module = attention()
    contexts, weights, (last, total) = look(module)
    w = {name: p.detach().numpy() for name, p in module.named_parameters()}
    for b, length in enumerate(LENGTHS.tolist()):
        before, so_far = (part[b, :length].numpy() for part in some_past())
        for t in range(TARGET):
            q = QUERIES[b, t].numpy()
            scores = [float(q @ w["key.weight"] @ ANNOTATIONS[b, s].numpy()) / math.sqrt(HIDDEN) for s in range(length)]
            at, one_on, two_on, covered = STRENGTH * (w["past.weight"] @ q + w["past.bias"])
            second = []
            for s, score in enumerate(scores):
                known = at * before[s] + covered * so_far[s]
                known += one_on * before[s - 1] if s >= 1 else 0
                known += two_on * before[s - 2] if s >= 2 else 0
                second.append(score + known)
            p = softmax(second)
            np.testing.assert_allclose(weights[b, t, :length].detach().numpy(), p, atol=1e-12)
            context = sum(p[s] * ANNOTATIONS[b, s].numpy() for s in range(length))
            np.testing.assert_allclose(contexts[b, t].detach().numpy(), context, atol=1e-12)
            before = softmax(scores)
            so_far = so_far + before
        np.testing.assert_allclose(last[b, :length].detach().numpy(), before, atol=1e-12)
        np.testing.assert_allclose(total[b, :length].detach().numpy(), so_far, atol=1e-12)


def test_padding_has_no_weight_and_no_influence() -> None:
    module = attention()
    contexts, weights, (last, total) = look(module)
    padding = ~MASK[:, None, :].expand_as(weights)
    assert not weights[padding].any()
    assert not last[~MASK].any()
    assert not total[~MASK].any()
    assert weights[~padding].all()
    torch.testing.assert_close(weights.sum(dim=2), torch.ones(BATCH, TARGET, dtype=torch.float64))
    torch.testing.assert_close(contexts[1], ANNOTATIONS[1, :1].expand(TARGET, HIDDEN))
    again, weights_again, _ = look(module, annotations=torch.where(MASK.unsqueeze(2), ANNOTATIONS, 1e6))
    assert again.equal(contexts)
    assert weights_again.equal(weights)


def test_a_call_goes_on_where_the_one_before_it_stopped() -> None:
    module = attention()
    contexts, weights, after = look(module)
    before = some_past()
    for t in range(TARGET):
        context, weight, before = look(module, QUERIES[:, t : t + 1], before=before)
        torch.testing.assert_close(context[:, 0], contexts[:, t], rtol=0, atol=1e-12)
        torch.testing.assert_close(weight[:, 0], weights[:, t], rtol=0, atol=1e-12)
    torch.testing.assert_close(before, after, rtol=0, atol=1e-12)


def test_of_two_equal_words_it_can_read_the_one_that_was_not_read_yet() -> None:
    module = attention()
    twins = ANNOTATIONS[:1, :1].expand(1, 2, HIDDEN)
    with torch.no_grad():
        module.past.weight.zero_()
        module.past.bias.copy_(torch.tensor([0.0, 0.0, 0.0, -3.0]))
    mask, nothing = torch.ones(1, 2, dtype=torch.bool), torch.zeros(1, 2, dtype=torch.float64)
    read = torch.tensor([[1.0, 0.0]], dtype=torch.float64)
    (_, fresh, _), (_, covered, _) = (
        module(QUERIES[:1, :1], module.keys(twins), twins, mask, (past, past)) for past in (nothing, read)
    )
    torch.testing.assert_close(fresh[0, 0], torch.full((2,), 0.5, dtype=torch.float64))
    assert covered[0, 0, 1] > 0.99


def test_gradients_are_the_finite_differences() -> None:
    module = attention()
    names = [name for name, _ in module.named_parameters()]

    def run(queries: Tensor, annotations: Tensor, last: Tensor, total: Tensor, *weights: Tensor) -> tuple[Tensor, ...]:
        given = {f"attention.{name}": weight for name, weight in zip(names, weights, strict=True)}
        inputs = (queries, annotations, last, total)
        contexts, found = torch.func.functional_call(_Whole(module), given, inputs)
        return contexts, found

    arguments = [QUERIES, ANNOTATIONS, *some_past(), *(p.detach() for p in module.parameters())]
    arguments = [argument.clone().requires_grad_() for argument in arguments]
    assert torch.autograd.gradcheck(run, arguments, fast_mode=True)


class _Whole(torch.nn.Module):
    """Keys and all in one call."""

    def __init__(self, attention: Attention) -> None:
        super().__init__()
        self.attention = attention

    def forward(self, queries: Tensor, annotations: Tensor, last: Tensor, total: Tensor) -> tuple[Tensor, Tensor]:
        return look(self.attention, queries, annotations, (last, total))[:2]


def test_scores_are_float32_where_the_rest_is_bfloat16() -> None:
    module = attention().float()
    last, total = (part.float() for part in some_past())
    with torch.autocast("cpu", torch.bfloat16):
        contexts, weights, after = look(module, QUERIES.bfloat16(), ANNOTATIONS.bfloat16(), (last, total))
    assert (contexts.dtype, weights.dtype, after[0].dtype) == (torch.bfloat16, torch.float32, torch.float32)
    # Weights that had been rounded to bfloat16 would be off by up to 1/256 of each.
    torch.testing.assert_close(weights.sum(dim=2), torch.ones(BATCH, TARGET), rtol=0, atol=1e-6)
    exact, _, _ = look(module, QUERIES.float(), ANNOTATIONS.float(), (last, total))
    torch.testing.assert_close(contexts.float(), exact, rtol=0.05, atol=0.05)


def test_very_large_scores_stay_finite() -> None:
    contexts, weights, _ = look(attention(), QUERIES * 1e6, ANNOTATIONS * 1e6)
    assert contexts.isfinite().all()
    assert weights.isfinite().all()
