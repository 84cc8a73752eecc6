"""Search for the target: beam search, of which greedy is width 1, and sampling.

Shapes: B sentences, K hypotheses of each (the beam), R = B·K rows, S source positions, T target positions so far,
V target vocabulary, P placeholders, C rows of a chunk, X candidates, Y blocks of BLOCK subwords (L), F hypotheses that
have ended.

A hypothesis is scored by its log-probability divided by (its length)^α, the end of sentence counted (length
normalisation as in Jean et al. 2015, with α of Wu et al. 2016).
"""

import math
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn

from data_prep.subwords import BEGIN, END
from seq2seq.inference import BLOCK, NEVER, Inference, select
from seq2seq.scripting import scripted

AHEAD = 3
"""Subwords that a hypothesis is granted before it is given up; with fewer, better translations are lost."""


@dataclass(frozen=True)
class Hypothesis:
    """One translation: ids without begin and end, and its score, the higher the better."""

    ids: tuple[int, ...]
    score: float


class Search:
    """The searches of one network."""

    def __init__(self, network: Inference) -> None:
        """Compile the network and its search."""
        self._loops = scripted(_Loops(network))
        self.network: Inference = self._loops.network

    @torch.inference_mode()
    def beam(
        self,
        source_BS: Tensor,
        lengths_B: Tensor,
        max_lengths_B: Tensor,
        beam: int,
        wanted: int,
        length_penalty: float,
        scored: bool = True,
        order_BPP: Tensor | None = None,
    ) -> list[list[Hypothesis]]:
        """Up to `beam` hypotheses of each sentence, best first, at least one.

        `order_BPP` [B, P, P] says of each placeholder of the vocabulary which others must come before it.

        A sentence is done when `beam` of its hypotheses have ended, or `wanted` of them and the others would be
        worse even if AHEAD more subwords to their end were certain; then it leaves the batch.  At `max_lengths_B`
        subwords a hypothesis has to end.  Of a beam of one the score, which takes time and chooses nothing, can be left
        out, and is 0 then.
        """
        order_BPP = self._any_order(source_BS) if order_BPP is None else order_BPP
        if beam == 1:
            ids_BFT, sizes_BF, scores_BF = self._loops.greedy(
                source_BS, lengths_B, max_lengths_B, order_BPP, length_penalty, scored
            )
        else:
            ids_BFT, sizes_BF, scores_BF = self._loops.beam(
                source_BS, lengths_B, max_lengths_B, order_BPP, beam, wanted, length_penalty
            )
        return _hypotheses(ids_BFT, sizes_BF, scores_BF, beam)

    @torch.inference_mode()
    def sample(
        self,
        source_BS: Tensor,
        lengths_B: Tensor,
        max_lengths_B: Tensor,
        count: int,
        length_penalty: float,
        generator: torch.Generator,
        order_BPP: Tensor | None = None,
    ) -> list[list[Hypothesis]]:
        """`count` translations of each sentence drawn from the model's distribution, best first."""
        order_BPP = self._any_order(source_BS) if order_BPP is None else order_BPP
        sources, states = self.network.encode(source_BS, lengths_B)
        batch, device = source_BS.size(0), source_BS.device
        states = [part.repeat_interleave(count, dim=0) for part in states]
        limits_R = max_lengths_B.repeat_interleave(count)
        ids_R = torch.full((batch * count,), BEGIN, device=device)
        totals_R = torch.zeros(batch * count, device=device)
        going_R = torch.ones(batch * count, dtype=torch.bool, device=device)
        pending_RP = self.network.pending(source_BS).repeat_interleave(count, dim=0)
        history = []
        for length in range(int(max_lengths_B.max()) + 1):
            features_RE, states = self.network.step(ids_R, sources, states)
            pending_RP = pending_RP & (limits_R > length).unsqueeze(1)
            allowed_RP = self.network.allowed(pending_RP, order_BPP)
            scores_RV, _ = self.network.scores(features_RE, pending_RP, allowed_RP, length == 0)
            log_p_RV = scores_RV - self.network.normaliser(scores_RV).unsqueeze(1)
            drawn_R = torch.multinomial(log_p_RV.exp(), 1, generator=generator)[:, 0]
            ids_R = drawn_R.masked_fill(limits_R <= length, END)
            totals_R += log_p_RV.gather(1, ids_R.unsqueeze(1))[:, 0] * going_R
            pending_RP = self.network.still_pending(pending_RP, ids_R)
            history.append(ids_R.masked_fill(~going_R, END))
            going_R &= ids_R != END
            if not going_R.any():
                break
        ids_RT = torch.stack(history, dim=1)
        sizes_R = (ids_RT != END).sum(dim=1)
        scores_R = totals_R / (sizes_R + 1) ** length_penalty
        shape = (batch, count)
        return _hypotheses(ids_RT.view(*shape, -1), sizes_R.view(shape), scores_R.view(shape), count)

    def _any_order(self, source_BS: Tensor) -> Tensor:
        placeholders = self.network.placeholders
        return torch.zeros(len(source_BS), placeholders, placeholders, dtype=torch.bool, device=source_BS.device)


def _hypotheses(ids_BFT: Tensor, sizes_BF: Tensor, scores_BF: Tensor, count: int) -> list[list[Hypothesis]]:
    """The best `count` of each sentence; those of a size below zero are none."""
    lines = zip(ids_BFT[:, :, : int(sizes_BF.max())].tolist(), sizes_BF.tolist(), scores_BF.tolist(), strict=True)
    found = [
        [Hypothesis(tuple(ids[:size]), score) for ids, size, score in zip(*line, strict=True) if size >= 0]
        for line in lines
    ]
    return [sorted(hypotheses, key=lambda h: -h.score)[:count] for hypotheses in found]


def _select(states: list[Tensor], rows_R: Tensor) -> list[Tensor]:
    return [part.index_select(0, rows_R) for part in states]


class _Loops(nn.Module):
    """The loops over target positions, to be compiled: ids [B, F, T], their numbers and scores [B, F]."""

    begin: Final[int] = BEGIN
    end: Final[int] = END
    block: Final[int] = BLOCK
    chunk: Final[int]
    ahead: Final[int] = AHEAD
    impossible: Final[float] = NEVER / 2

    def __init__(self, network: Inference) -> None:
        super().__init__()
        self.network = network
        self.chunk = network.chunk

    @torch.jit.export
    def greedy(
        self,
        source_BS: Tensor,
        lengths_B: Tensor,
        max_lengths_B: Tensor,
        order_BPP: Tensor,
        length_penalty: float,
        scored: bool,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Beam search with a beam of one: the likeliest subword each time."""
        sources, states = self.network.encode(source_BS, lengths_B)
        batch, device = source_BS.size(0), source_BS.device
        shortest, longest = int(max_lengths_B.min()), int(max_lengths_B.max())
        ids_BT = torch.full((batch, longest + 1), self.end, device=device)
        totals_B = torch.zeros(batch, dtype=states[0].dtype, device=device)
        # Of those sentences that go on:
        alive_R, limits_R, totals_R = torch.arange(batch, device=device), max_lengths_B, totals_B
        pending_RP = self.network.pending(source_BS)
        ids_R = torch.full((batch,), self.begin, device=device)
        for length in range(longest + 1):
            features_RE, states = self.network.step(ids_R, sources, states)
            ids: list[Tensor] = []
            log_p: list[Tensor] = []
            if length >= shortest:
                pending_RP = pending_RP & (limits_R > length).unsqueeze(1)
            allowed_RP = self.network.allowed(pending_RP, order_BPP)
            for part_CE, limits_C, pending_CP, allowed_CP in zip(
                torch.split(features_RE, self.chunk),
                torch.split(limits_R, self.chunk),
                torch.split(pending_RP, self.chunk),
                torch.split(allowed_RP, self.chunk),
            ):
                scores_CV, maxima_CY = self.network.scores(part_CE, pending_CP, allowed_CP, length == 0)
                if scored:
                    log_p.append(-self.network.normaliser(scores_CV))
                if length >= shortest:
                    self._end(scores_CV, maxima_CY, limits_C <= length)
                best_C, block_C = maxima_CY.max(dim=1)
                scores_CLY = scores_CV.view(len(part_CE), self.block, -1)
                within_CL = scores_CLY.gather(2, block_C.view(-1, 1, 1).expand(-1, self.block, 1)).squeeze(2)
                ids.append(within_CL.argmax(dim=1) * maxima_CY.size(1) + block_C)
                if scored:
                    log_p[-1] += best_C
            ids_R = torch.cat(ids)
            if scored:
                totals_R = totals_R + torch.cat(log_p)
            pending_RP = self.network.still_pending(pending_RP, ids_R)
            ids_BT[:, length].index_copy_(0, alive_R, ids_R)
            going_R = (ids_R != self.end).nonzero().squeeze(1)
            if len(going_R) < len(ids_R):
                if scored:
                    totals_B.index_copy_(0, alive_R, totals_R)
                if len(going_R) == 0:
                    break
                alive_R, limits_R, totals_R = alive_R[going_R], limits_R[going_R], totals_R[going_R]
                ids_R, pending_RP, sources = ids_R[going_R], pending_RP[going_R], select(sources, going_R)
                order_BPP = order_BPP[going_R]
                states = _select(states, going_R)
        sizes_B = (ids_BT != self.end).sum(dim=1)
        scores_B = totals_B / (sizes_B + 1) ** length_penalty
        return ids_BT.unsqueeze(1), sizes_B.unsqueeze(1), scores_B.unsqueeze(1)

    @torch.jit.export
    def beam(
        self,
        source_BS: Tensor,
        lengths_B: Tensor,
        max_lengths_B: Tensor,
        order_BPP: Tensor,
        beam: int,
        wanted: int,
        length_penalty: float,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Beam search; what did not end has a size of -1."""
        sources, states = self.network.encode(source_BS, lengths_B)
        batch, device, kind = source_BS.size(0), source_BS.device, states[0].dtype
        longest = int(max_lengths_B.max())
        # Less than `beam` have ended before a step, and at most `beam` more end with it.
        ids_BFT = torch.full((batch, 2 * beam, longest + 1), self.end, device=device)
        sizes_BF = torch.full((batch, 2 * beam), -1, device=device)
        scores_BF = torch.full((batch, 2 * beam), -math.inf, dtype=kind, device=device)
        ended_B = torch.zeros(batch, dtype=torch.long, device=device)
        alive_B = torch.arange(batch, device=device)
        # Before the first step there is one hypothesis of each, that of no subword.
        totals_BK = torch.zeros((batch, 1), dtype=kind, device=device)
        history_BKT = torch.full((batch, 1, 1), self.begin, device=device)
        pending_RP = self.network.pending(source_BS)
        for length in range(longest + 1):
            features_RE, states = self.network.step(history_BKT[:, :, -1].flatten(), sources, states)
            ending_B = max_lengths_B[alive_B] <= length
            totals_BX, parents_BX, ids_BX = self._candidates(
                features_RE, pending_RP, order_BPP, totals_BK, ending_B, 2 * beam, length == 0
            )
            # An end counts only among the beam's best; the rest of the candidates are there to fill the beam again.
            ends_BK = ((ids_BX == self.end) & (totals_BX > self.impossible))[:, :beam]
            rows_F, ranks_F = ends_BK.nonzero().unbind(1)
            if len(rows_F) > 0:
                sentences_F, places_F = alive_B[rows_F], (ended_B.unsqueeze(1) + ends_BK.cumsum(1) - 1)[rows_F, ranks_F]
                ids_BFT[sentences_F, places_F, :length] = history_BKT[rows_F, parents_BX[rows_F, ranks_F], 1:]
                sizes_BF[sentences_F, places_F] = length
                scores_BF[sentences_F, places_F] = totals_BX[rows_F, ranks_F] / (length + 1) ** length_penalty
                ended_B += ends_BK.sum(dim=1)
            totals_BK, best_BK = totals_BX.masked_fill(ids_BX == self.end, -math.inf).topk(beam, dim=1)
            parents_BK, ids_BK = parents_BX.gather(1, best_BK), ids_BX.gather(1, best_BK)
            each = history_BKT.size(1)
            firsts_B1 = torch.arange(0, len(alive_B) * each, each, device=device).unsqueeze(1)
            good_enough_B = scores_BF[alive_B].topk(wanted, dim=1).values[:, -1]
            hope_B = totals_BK[:, 0] / (length + 1 + self.ahead) ** length_penalty
            likely_B = (hope_B > good_enough_B) & (totals_BK[:, 0] > self.impossible)
            going_B = ((ended_B < beam) & likely_B).nonzero()[:, 0]
            if len(going_B) == 0:
                break
            if len(going_B) < len(alive_B):
                alive_B, ended_B, sources = alive_B[going_B], ended_B[going_B], select(sources, going_B)
                history_BKT, firsts_B1, order_BPP = history_BKT[going_B], firsts_B1[going_B], order_BPP[going_B]
                parents_BK, ids_BK, totals_BK = parents_BK[going_B], ids_BK[going_B], totals_BK[going_B]
            history_BKT = history_BKT.gather(1, parents_BK.unsqueeze(2).expand(-1, -1, length + 1))
            history_BKT = torch.cat([history_BKT, ids_BK.unsqueeze(2)], dim=2)
            rows_R = (firsts_B1 + parents_BK).flatten()
            states = _select(states, rows_R)
            pending_RP = self.network.still_pending(pending_RP.index_select(0, rows_R), ids_BK.flatten())
        return ids_BFT, sizes_BF, scores_BF

    def _end(self, scores_CV: Tensor, maxima_CY: Tensor, ending_C: Tensor) -> None:
        """Leave those rows that have to end nothing but the end, in place."""
        end_C = scores_CV[:, self.end].clone()
        scores_CV.masked_fill_(ending_C.unsqueeze(1), -math.inf)
        maxima_CY.masked_fill_(ending_C.unsqueeze(1), -math.inf)
        scores_CV[:, self.end] = end_C
        block_C = maxima_CY[:, self.end % maxima_CY.size(1)]
        block_C.copy_(torch.where(ending_C, end_C, block_C))

    def _candidates(
        self,
        features_RE: Tensor,
        pending_RP: Tensor,
        order_BPP: Tensor,
        totals_BK: Tensor,
        ending_B: Tensor,
        count: int,
        first: bool,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The best continuations of each sentence: totals [B, X], the hypotheses they continue, their subwords.

        The best `count` are in the `count` blocks of subwords with the highest maxima, and only those are sorted.
        """
        batch, beam = totals_BK.shape
        size = 1
        totals: list[Tensor] = []
        places: list[Tensor] = []
        each = max(1, self.chunk // beam)
        for start in range(0, batch, each):
            rows_C = features_RE[start * beam : (start + each) * beam]
            ending_C = ending_B[start : start + each].repeat_interleave(beam)
            pending_CP = pending_RP[start * beam : (start + each) * beam] & ~ending_C.unsqueeze(1)
            allowed_CP = self.network.allowed(pending_CP, order_BPP[start : start + each])
            scores_CV, maxima_CY = self.network.scores(rows_C, pending_CP, allowed_CP, first)
            normaliser_C = self.network.normaliser(scores_CV)
            if bool(ending_C.any()):
                self._end(scores_CV, maxima_CY, ending_C)
            size, blocks = scores_CV.size(1), maxima_CY.size(1)
            # What turns scores of subwords into log-probabilities of hypotheses.
            shift_BK = totals_BK[start : start + each] - normaliser_C.view(-1, beam)
            maxima_BKY = maxima_CY.view(-1, beam, blocks) + shift_BK.unsqueeze(2)
            chosen_BF = maxima_BKY.flatten(1).topk(min(count, beam * blocks), dim=1, sorted=False).indices
            parents_BF = chosen_BF // blocks
            within_L = torch.arange(0, size, blocks, device=totals_BK.device)
            places_BX = (parents_BF * size + chosen_BF % blocks).unsqueeze(2).add(within_L).flatten(1)
            totals_BX = scores_CV.view(len(shift_BK), -1).gather(1, places_BX)
            totals_BX += shift_BK.gather(1, parents_BF).repeat_interleave(self.block, dim=1)
            totals_BX, best_BX = totals_BX.topk(count, dim=1)
            totals.append(totals_BX)
            places.append(places_BX.gather(1, best_BX))
        places_BX = torch.cat(places)
        return torch.cat(totals), places_BX // size, places_BX % size
