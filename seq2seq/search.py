"""Search for the target: beam search, of which greedy is width 1, and sampling.

Shapes: B sentences, K hypotheses of each (the beam), R = B·K rows, S source positions, T target positions so far,
V target vocabulary, X candidates, Y blocks of BLOCK subwords (L).

A hypothesis is scored by its log-probability divided by (its length)^α, the end of sentence counted (length
normalisation as in Jean et al. 2015, with α of Wu et al. 2016).
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from data_prep.subwords import BEGIN, END
from seq2seq.cells import State
from seq2seq.inference import BLOCK, NEVER, Inference


@dataclass(frozen=True)
class Hypothesis:
    """One translation: ids without begin and end, and its score, the higher the better."""

    ids: tuple[int, ...]
    score: float


def _select(states: tuple[State, ...], rows_R: Tensor) -> tuple[State, ...]:
    return tuple(tuple(part.index_select(0, rows_R) for part in state) for state in states)


@torch.inference_mode()
def beam_search(
    network: Inference,
    source_BS: Tensor,
    lengths_B: Tensor,
    max_lengths_B: Tensor,
    beam: int,
    length_penalty: float,
) -> list[list[Hypothesis]]:
    """Up to `beam` hypotheses of each sentence, best first, at least one.

    A sentence is done when `beam` of its hypotheses have ended; then it leaves the batch.  At `max_lengths_B`
    subwords a hypothesis has to end.
    """
    if beam == 1:
        return _greedy(network, source_BS, lengths_B, max_lengths_B, length_penalty)
    source, states = network.encode(source_BS, lengths_B)
    batch, device = source_BS.size(0), source_BS.device
    states = _select(states, torch.arange(batch, device=device).repeat_interleave(beam))
    finished: list[list[Hypothesis]] = [[] for _ in range(batch)]
    ended_B = torch.zeros(batch, dtype=torch.long, device=device)
    alive_B = torch.arange(batch, device=device)
    # Hypotheses that there are too few subwords for, at the first steps, have probability zero.
    scores_BK = torch.full((batch, beam), -torch.inf, device=device)
    scores_BK[:, 0] = 0.0
    history_BKT = torch.full((batch, beam, 1), BEGIN, device=device)
    for length in range(int(max_lengths_B.max()) + 1):
        features_RE, states = network.step(history_BKT[:, :, -1].flatten(), source, states)
        log_p_RV, maxima_RY = network.log_probabilities(features_RE, first=length == 0)
        at_limit_B = max_lengths_B <= length
        if at_limit_B.any():
            _only_end(log_p_RV, maxima_RY, at_limit_B.repeat_interleave(beam))
        totals_BX, parents_BX, ids_BX = _best(log_p_RV, maxima_RY, scores_BK, 2 * beam)
        # An end counts only among the beam's best; the rest of the candidates are there to fill the beam again.
        ends_BX = (ids_BX == END) & (totals_BX > NEVER / 2)
        rows, ranks = ends_BX[:, :beam].nonzero(as_tuple=True)
        if len(rows):
            ids = history_BKT[rows, parents_BX[rows, ranks], 1:].tolist()
            scores = (totals_BX[rows, ranks] / (length + 1) ** length_penalty).tolist()
            for sentence, line, score in zip(alive_B[rows].tolist(), ids, scores, strict=True):
                finished[sentence].append(Hypothesis(tuple(line), score))
            ended_B.index_add_(0, rows, torch.ones_like(rows))
        scores_BK, best_BK = totals_BX.masked_fill(ids_BX == END, -torch.inf).topk(beam, dim=1)
        parents_BK, ids_BK = parents_BX.gather(1, best_BK), ids_BX.gather(1, best_BK)
        going_B = (ended_B < beam) & (scores_BK[:, 0] > NEVER / 2)
        firsts_B1 = torch.arange(0, len(alive_B) * beam, beam, device=device).unsqueeze(1)
        if not going_B.all():
            if not going_B.any():
                break
            rows_B = going_B.nonzero()[:, 0]
            alive_B, ended_B, max_lengths_B = alive_B[rows_B], ended_B[rows_B], max_lengths_B[rows_B]
            source, history_BKT, firsts_B1 = source.select(rows_B), history_BKT[rows_B], firsts_B1[rows_B]
            parents_BK, ids_BK, scores_BK = parents_BK[rows_B], ids_BK[rows_B], scores_BK[rows_B]
        history_BKT = history_BKT.gather(1, parents_BK.unsqueeze(2).expand(-1, -1, length + 1))
        history_BKT = torch.cat([history_BKT, ids_BK.unsqueeze(2)], dim=2)
        states = _select(states, (firsts_B1 + parents_BK).flatten())
    return [sorted(found, key=lambda h: -h.score)[:beam] for found in finished]


def _greedy(
    network: Inference, source_BS: Tensor, lengths_B: Tensor, max_lengths_B: Tensor, length_penalty: float
) -> list[list[Hypothesis]]:
    """Beam search with a beam of one: the likeliest subword each time."""
    source, states = network.encode(source_BS, lengths_B)
    batch, device = source_BS.size(0), source_BS.device
    shortest, longest = int(max_lengths_B.min()), int(max_lengths_B.max())
    ids_BT = torch.full((batch, longest + 1), END, device=device)
    totals_BT = torch.zeros(batch, longest + 1, device=device)
    alive_R = torch.arange(batch, device=device)
    ids_R = torch.full((batch,), BEGIN, device=device)
    for length in range(longest + 1):
        features_RE, states = network.step(ids_R, source, states)
        log_p_RV, maxima_RY = network.log_probabilities(features_RE, first=length == 0)
        if length >= shortest:
            _only_end(log_p_RV, maxima_RY, max_lengths_B[alive_R] <= length)
        best_R, block_R = maxima_RY.max(dim=1)
        within_RL = log_p_RV.view(len(alive_R), BLOCK, -1).gather(2, block_R[:, None, None].expand(-1, BLOCK, 1))
        ids_R = within_RL.argmax(dim=1)[:, 0] * maxima_RY.size(1) + block_R
        totals_BT[alive_R, length] = best_R.to(totals_BT.dtype)
        ids_BT[alive_R, length] = ids_R
        going_R = ids_R != END
        if not going_R.all():
            rows_R = going_R.nonzero()[:, 0]
            if not len(rows_R):
                break
            alive_R, ids_R = alive_R[rows_R], ids_R[rows_R]
            source, states = source.select(rows_R), _select(states, rows_R)
    sizes_B = (ids_BT != END).sum(dim=1)
    scores = (totals_BT.sum(dim=1) / (sizes_B + 1) ** length_penalty).tolist()
    lines = zip(ids_BT.tolist(), sizes_B.tolist(), scores, strict=True)
    return [[Hypothesis(tuple(ids[:size]), score)] for ids, size, score in lines]


def _only_end(log_p_RV: Tensor, maxima_RY: Tensor, rows_R: Tensor) -> None:
    """Leave the given rows nothing but the end, in place."""
    ending_R = log_p_RV[rows_R, END]
    log_p_RV[rows_R] = maxima_RY[rows_R] = -torch.inf
    log_p_RV[rows_R, END] = maxima_RY[rows_R, END % maxima_RY.size(1)] = ending_R


def _best(log_p_RV: Tensor, maxima_RY: Tensor, scores_BK: Tensor, count: int) -> tuple[Tensor, Tensor, Tensor]:
    """The best continuations of each sentence: totals [B, X], the hypotheses they continue, their subwords.

    The best `count` are in the `count` blocks of subwords with the highest maxima, and only those are sorted.
    """
    (batch, beam), size, blocks = scores_BK.shape, log_p_RV.size(1), maxima_RY.size(1)
    maxima_BKY = maxima_RY.view(batch, beam, blocks) + scores_BK.unsqueeze(2)
    chosen_BY = maxima_BKY.flatten(1).topk(min(count, beam * blocks), dim=1, sorted=False).indices
    parents_BY = chosen_BY // blocks
    within_L = torch.arange(0, size, blocks, device=log_p_RV.device)
    places_BX = (parents_BY * size + chosen_BY % blocks).unsqueeze(2).add(within_L).flatten(1)
    totals_BX = log_p_RV.view(batch, -1).gather(1, places_BX)
    totals_BX += scores_BK.gather(1, parents_BY).repeat_interleave(BLOCK, dim=1)
    totals_BX, best_BX = totals_BX.topk(min(count, totals_BX.size(1)), dim=1)
    places_BX = places_BX.gather(1, best_BX)
    return totals_BX, places_BX // size, places_BX % size


@torch.inference_mode()
def sample(
    network: Inference,
    source_BS: Tensor,
    lengths_B: Tensor,
    max_lengths_B: Tensor,
    count: int,
    length_penalty: float,
    generator: torch.Generator,
) -> list[list[Hypothesis]]:
    """`count` translations of each sentence drawn from the model's distribution, best first."""
    source, states = network.encode(source_BS, lengths_B)
    batch, device = source_BS.size(0), source_BS.device
    states = _select(states, torch.arange(batch, device=device).repeat_interleave(count))
    limits_R = max_lengths_B.repeat_interleave(count)
    ids_R1 = torch.full((batch * count, 1), BEGIN, device=device)
    totals_R = torch.zeros(batch * count, device=device)
    lengths_R = torch.zeros(batch * count, device=device)
    going_R = torch.ones(batch * count, dtype=torch.bool, device=device)
    history = []
    for length in range(int(max_lengths_B.max()) + 1):
        features_RE, states = network.step(ids_R1[:, 0], source, states)
        log_p_RV, _ = network.log_probabilities(features_RE, first=length == 0)
        drawn_R1 = torch.multinomial(log_p_RV.exp(), 1, generator=generator)
        ids_R1 = drawn_R1.masked_fill((limits_R <= length).unsqueeze(1), END)
        totals_R += log_p_RV.gather(1, ids_R1)[:, 0] * going_R
        lengths_R += going_R
        history.append(ids_R1.masked_fill(~going_R.unsqueeze(1), END))
        going_R &= ids_R1[:, 0] != END
        if not going_R.any():
            break
    scores = (totals_R / lengths_R**length_penalty).tolist()
    rows = torch.cat(history, dim=1).tolist()
    drawn = [Hypothesis(tuple(i for i in row if i != END), score) for row, score in zip(rows, scores, strict=True)]
    return [sorted(drawn[first : first + count], key=lambda h: -h.score) for first in range(0, len(drawn), count)]


Search = Callable[[Inference, Tensor, Tensor, Tensor], list[list[Hypothesis]]]
"""A search with its options filled in: network, source_BS, lengths_B, max_lengths_B to hypotheses of each sentence."""
