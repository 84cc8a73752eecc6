"""Search for the target: beam search, of which greedy is width 1, and sampling.

Shapes: B sentences, K hypotheses of each (the beam), R = B·K rows, S source positions, T target positions so far,
V target vocabulary.

A hypothesis is scored by its log-probability divided by (its length)^α, the end of sentence counted (length
normalisation as in Jean et al. 2015, with α of Wu et al. 2016).
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from data_prep.subwords import BEGIN, END, PAD, UNKNOWN
from seq2seq.cells import State
from seq2seq.model import Translation


@dataclass(frozen=True)
class Hypothesis:
    """One translation: ids without begin and end, and its score, the higher the better."""

    ids: tuple[int, ...]
    score: float


def _never(logits_RV: Tensor, first: bool) -> Tensor:
    """Rule out what is no subword of a sentence, and at the first position its end, so that none is empty."""
    logits_RV[:, [PAD, UNKNOWN, BEGIN]] = -torch.inf
    if first:
        logits_RV[:, END] = -torch.inf
    return logits_RV


def _select(states: tuple[State, ...], rows_R: Tensor) -> tuple[State, ...]:
    return tuple(tuple(part[rows_R] for part in state) for state in states)


@torch.inference_mode()
def beam_search(
    model: Translation,
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
    memory, states = model.encode(source_BS, lengths_B)
    size = model.output_bias_V.numel()
    # With fewer subwords than hypotheses the first steps cannot fill the beam; dead ones have probability zero.
    width = min(2 * beam, beam * size)
    batch, device = source_BS.size(0), source_BS.device
    states = _select(states, torch.arange(batch, device=device).repeat_interleave(beam))
    finished: list[list[Hypothesis]] = [[] for _ in range(batch)]
    alive_B = torch.arange(batch, device=device)
    scores_BK = torch.full((batch, beam), -torch.inf, device=device)
    scores_BK[:, 0] = 0.0
    history_BKT = torch.full((batch, beam, 1), BEGIN, device=device)
    for length in range(int(max_lengths_B.max()) + 1):
        features_R1E, states, _ = model.decode(history_BKT[:, :, -1].reshape(-1, 1), memory, states)
        logits_RV = model.logits(features_R1E[:, 0]).float()
        log_p_BKV = _never(logits_RV, length == 0).log_softmax(dim=1).view(len(alive_B), beam, size)
        at_limit_B = max_lengths_B <= length
        if at_limit_B.any():
            ending = log_p_BKV[at_limit_B][:, :, END].clone()
            log_p_BKV[at_limit_B] = -torch.inf
            log_p_BKV[at_limit_B, :, END] = ending
        totals_BX, flat_BX = (scores_BK.unsqueeze(2) + log_p_BKV).flatten(1).topk(width, dim=1)
        parents_BX, ids_BX = flat_BX // size, flat_BX % size
        ends_BX = (ids_BX == END) & totals_BX.isfinite()
        # An end counts only among the beam's best; the rest of the candidates are there to fill the beam again.
        for row, rank in ends_BX[:, :beam].nonzero().tolist():
            ids = history_BKT[row, parents_BX[row, rank], 1:].tolist()
            score = totals_BX[row, rank].item() / (length + 1) ** length_penalty
            finished[int(alive_B[row])].append(Hypothesis(tuple(ids), score))
        totals_BX = totals_BX.masked_fill(ids_BX == END, -torch.inf)
        scores_BK, best_BK = totals_BX.topk(beam, dim=1)
        parents_BK, ids_BK = parents_BX.gather(1, best_BK), ids_BX.gather(1, best_BK)
        going = [
            row
            for row, sentence in enumerate(alive_B.tolist())
            if len(finished[sentence]) < beam and scores_BK[row, 0] > -torch.inf
        ]
        if not going:
            break
        rows_B = torch.tensor(going, device=device)
        parents_BK, ids_BK, scores_BK = parents_BK[rows_B], ids_BK[rows_B], scores_BK[rows_B]
        history_BKT = history_BKT[rows_B].gather(1, parents_BK.unsqueeze(2).expand(-1, -1, length + 1))
        history_BKT = torch.cat([history_BKT, ids_BK.unsqueeze(2)], dim=2)
        states = _select(states, (rows_B.unsqueeze(1) * beam + parents_BK).flatten())
        if len(going) < len(alive_B):
            alive_B, max_lengths_B, memory = alive_B[rows_B], max_lengths_B[rows_B], memory.select(rows_B)
    return [sorted(found, key=lambda h: -h.score)[:beam] for found in finished]


@torch.inference_mode()
def sample(
    model: Translation,
    source_BS: Tensor,
    lengths_B: Tensor,
    max_lengths_B: Tensor,
    count: int,
    length_penalty: float,
    generator: torch.Generator,
) -> list[list[Hypothesis]]:
    """`count` translations of each sentence drawn from the model's distribution, best first."""
    memory, states = model.encode(source_BS, lengths_B)
    batch, device = source_BS.size(0), source_BS.device
    states = _select(states, torch.arange(batch, device=device).repeat_interleave(count))
    limits_R = max_lengths_B.repeat_interleave(count)
    ids_R1 = torch.full((batch * count, 1), BEGIN, device=device)
    totals_R = torch.zeros(batch * count, device=device)
    lengths_R = torch.zeros(batch * count, device=device)
    going_R = torch.ones(batch * count, dtype=torch.bool, device=device)
    history = []
    for length in range(int(max_lengths_B.max()) + 1):
        features_R1E, states, _ = model.decode(ids_R1, memory, states)
        log_p_RV = _never(model.logits(features_R1E[:, 0]).float(), length == 0).log_softmax(dim=1)
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


Search = Callable[[Translation, Tensor, Tensor, Tensor], list[list[Hypothesis]]]
"""A search with its options filled in: model, source_BS, lengths_B, max_lengths_B to hypotheses of each sentence."""
