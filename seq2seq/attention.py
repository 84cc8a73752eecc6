"""Attention: which annotations of the source a decoder state should read.

Shapes: B batch, S source positions, T target positions, H hidden, K kinds of past.

    score_ts   = q_t · W a_s / √H                              (Luong et al. 2015, scaled as by Vaswani et al. 2017)
    first_t    = softmax_s(score_ts)
    weights_t  = softmax_s(score_ts + Σ_k c_tk · past_tks),    c_t = 4 (W_c q_t + b_c)
    context_t  = Σ_s weights_ts · a_s

The first look knows what to look for, but not what has been read: of a word that stands in the source twice it reads
both.  The second look knows: past_tks is where the first look was one step before, the same moved on by one and by two
positions (location, Chorowski et al. 2015), and the sum of all first looks so far (coverage, Tu et al. 2016).
The past of the first looks is known without a loop over t.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

FURTHEST = 2
"""Positions that the last first look is moved on, at most."""
PAST = FURTHEST + 2
"""Kinds of past."""
STRENGTH = 4.0
"""Makes coefficients of the past as large as they have to be soon enough."""


class Attention(nn.Module):
    """Scores in float32 at least, masks padding, averages annotations.

    Its past, from one call to the next, is the last first look [B, S] and the sum of all [B, S].
    """

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.key = nn.Linear(hidden, hidden, bias=False)
        self.past = nn.Linear(hidden, PAST)

    def keys(self, annotations_BSH: Tensor) -> Tensor:
        """What queries are compared with [B, S, H]; computed once for a source sentence."""
        keys_BSH: Tensor = self.key(annotations_BSH)
        return keys_BSH

    def forward(
        self,
        queries_BTH: Tensor,
        keys_BSH: Tensor,
        annotations_BSH: Tensor,
        mask_BS: Tensor,
        past: tuple[Tensor, ...],
    ) -> tuple[Tensor, Tensor, tuple[Tensor, Tensor]]:
        """Contexts [B, T, H], weights [B, T, S], zero at padding, and the past after."""
        coefficients_BTK = self.past(queries_BTH) * STRENGTH
        with torch.autocast(queries_BTH.device.type, enabled=False):
            kind = torch.promote_types(keys_BSH.dtype, torch.float32)
            scores_BTS = queries_BTH.to(kind) @ keys_BSH.to(kind).transpose(1, 2) / math.sqrt(keys_BSH.size(2))
            scores_BTS = scores_BTS.masked_fill(~mask_BS.unsqueeze(1), -torch.inf)
            first_BTS = scores_BTS.softmax(dim=2)
            last_BS, sum_BS = (part.to(kind) for part in past)
            before_BTS = torch.cat([last_BS.unsqueeze(1), first_BTS[:, :-1]], dim=1)
            sums_BTS = torch.cat([sum_BS.unsqueeze(1), first_BTS], dim=1).cumsum(dim=1)
            kinds = [_moved(before_BTS, by) for by in range(FURTHEST + 1)]
            kinds.append(sums_BTS[:, :-1])
            for coefficient_BT1, past_BTS in zip(coefficients_BTK.to(kind).split(1, dim=2), kinds, strict=True):
                scores_BTS = torch.addcmul(scores_BTS, coefficient_BT1, past_BTS)
            weights_BTS = scores_BTS.softmax(dim=2)
            contexts_BTH = weights_BTS @ annotations_BSH.to(kind)
        return contexts_BTH.to(annotations_BSH.dtype), weights_BTS, (first_BTS[:, -1], sums_BTS[:, -1])


def _moved(weights_BTS: Tensor, by: int) -> Tensor:
    """Each weight so many source positions further on."""
    return pad(weights_BTS, (by, 0))[:, :, : weights_BTS.size(2)]
