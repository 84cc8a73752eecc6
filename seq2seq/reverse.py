"""Which of the hypotheses that a search found is best, by how well the source can be told from it.

Networks that were trained both ways also know log p(source | translation).  A translation that leaves something out or
says something else makes the source unlikely, and a dull one does not make it likely (Li et al. 2016; Yee et al. 2019):

    score = log p(translation | source) + weight · log p(source | translation)

The length needs no correction then: it is the first term alone that favours what is short.

Shapes: R pairs, S source positions, T target positions, C rows of a chunk, E embedding, V vocabulary.
"""

from typing import Final

import numpy as np
import torch
from torch import Tensor, nn

from data_prep.subwords import BEGIN, END
from seq2seq.batches import pad
from seq2seq.inference import Inference
from seq2seq.scripting import scripted
from seq2seq.search import Hypothesis


class Reverse:
    """A network as the judge of its own translations."""

    def __init__(self, network: Inference, weight: float) -> None:
        """`weight` is that of the source's log-probability."""
        self._forced: _Forced = scripted(_Forced(network))
        self.weight = weight

    def rescored(
        self, sources: list[list[int]], found: list[list[Hypothesis]], length_penalty: float, device: torch.device
    ) -> list[list[Hypothesis]]:
        """The hypotheses of each source with their new scores, best first; theirs were divided by length^penalty."""
        texts = [[BEGIN, *one.ids] for line in found for one in line]
        ids = [source for source, line in zip(sources, found, strict=True) for _ in line]
        totals = iter(self.log_p(texts, ids, device).tolist())
        return [
            sorted(
                [
                    Hypothesis(one.ids, one.score * (len(one.ids) + 1) ** length_penalty + self.weight * next(totals))
                    for one in line
                ],
                key=lambda one: -one.score,
            )
            for line in found
        ]

    @torch.inference_mode()
    def log_p(self, sources: list[list[int]], targets: list[list[int]], device: torch.device) -> Tensor:
        """Log-probability of each target, its end included, given its source [R]."""
        lengths_R, sizes_R = (torch.tensor([len(ids) + 1 for ids in side]) for side in (sources, targets))
        source_RS, target_RT = (
            pad([np.array(ids, np.int32) for ids in side], after=END) for side in (sources, targets)
        )
        total_R: Tensor = self._forced(*(part.to(device) for part in (source_RS, lengths_R, target_RT, sizes_R)))
        return total_R


class _Forced(nn.Module):
    """The loop over target positions, to be compiled."""

    begin: Final[int] = BEGIN
    chunk: Final[int]

    def __init__(self, network: Inference) -> None:
        super().__init__()
        self.network = network
        self.chunk = network.chunk

    def forward(self, source_RS: Tensor, lengths_R: Tensor, target_RT: Tensor, sizes_R: Tensor) -> Tensor:
        """Log-probability of each target."""
        sources, states = self.network.encode(source_RS, lengths_R)
        ids_R = torch.full_like(lengths_R, self.begin)
        total_R = torch.zeros(len(ids_R), dtype=states[0].dtype, device=ids_R.device)
        for position, next_R in enumerate(target_RT.unbind(1)):
            features_RE, states = self.network.step(ids_R, sources, states)
            parts: list[Tensor] = []
            for first in range(0, len(ids_R), self.chunk):
                scores_CV = self.network.output(features_RE[first : first + self.chunk])
                next_C1 = next_R[first : first + self.chunk].unsqueeze(1)
                parts.append(scores_CV.gather(1, next_C1).squeeze(1) - self.network.normaliser(scores_CV))
            total_R += torch.cat(parts).masked_fill(sizes_R <= position, 0.0)
            ids_R = next_R
        return total_R
