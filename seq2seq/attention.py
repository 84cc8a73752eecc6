"""Attention: which annotations of the source a decoder state should read.

Shapes: B batch, S source positions, T target positions, H hidden, D heads, A = H / D size of a head.

    weights_t = softmax_s(score(q_t, a_s)),    context_t = Σ_s weights_ts · a_s

- dot:             score = q · a / √A
- multiplicative:  score = q · W a / √A       (Luong et al. 2015; the scale is that of Vaswani et al. 2017)
- additive:        score = v · tanh(W_q q + W_a a)        (Bahdanau et al. 2015)
"""

import math

import torch
from torch import Tensor, nn


class Attention(nn.Module):
    """Scores in float32 at least, masks padding, averages annotations."""

    def __init__(self, kind: str, hidden: int, heads: int) -> None:
        super().__init__()
        self.kind = kind
        self.heads = heads
        self.key = nn.Identity() if kind == "dot" else nn.Linear(hidden, hidden, bias=False)
        if kind == "additive":
            self.query = nn.Linear(hidden, hidden)
            self.energy_DA = nn.Parameter(torch.empty(heads, hidden // heads))
            nn.init.uniform_(self.energy_DA, -1 / math.sqrt(hidden // heads), 1 / math.sqrt(hidden // heads))

    def _split(self, values_BXH: Tensor) -> Tensor:
        """[B, X, H] to [B, D, X, A]."""
        return values_BXH.view(*values_BXH.shape[:2], self.heads, -1).transpose(1, 2)

    def keys(self, annotations_BSH: Tensor) -> Tensor:
        """What queries are compared with [B, S, H]; computed once for a source sentence."""
        keys_BSH: Tensor = self.key(annotations_BSH)
        return keys_BSH

    def forward(
        self, queries_BTH: Tensor, keys_BSH: Tensor, annotations_BSH: Tensor, mask_BS: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Contexts [B, T, H] and weights [B, T, S], the heads' mean, zero at padding."""
        if self.kind == "additive":
            queries_BTH = self.query(queries_BTH)
        with torch.autocast(queries_BTH.device.type, enabled=False):
            kind = torch.promote_types(keys_BSH.dtype, torch.float32)
            queries_BDTA, keys_BDSA = self._split(queries_BTH.to(kind)), self._split(keys_BSH.to(kind))
            if self.kind == "additive":
                sums_BDTSA = torch.tanh(queries_BDTA.unsqueeze(3) + keys_BDSA.unsqueeze(2))
                scores_BDTS = torch.einsum("bdtsa,da->bdts", sums_BDTSA, self.energy_DA)
            else:
                scores_BDTS = queries_BDTA @ keys_BDSA.transpose(2, 3) / math.sqrt(keys_BDSA.size(3))
            scores_BDTS = scores_BDTS.masked_fill(~mask_BS[:, None, None, :], -torch.inf)
            weights_BDTS = scores_BDTS.softmax(dim=3)
            contexts_BDTA = weights_BDTS @ self._split(annotations_BSH.to(kind))
        contexts_BTH = contexts_BDTA.transpose(1, 2).flatten(2).to(annotations_BSH.dtype)
        return contexts_BTH, weights_BDTS.mean(dim=1)
