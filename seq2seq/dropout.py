"""Dropout for recurrent networks.

Shapes: B batch, T positions, H features.
"""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Dropout:
    """Drops the same features at all positions of a sentence (Gal & Ghahramani 2016).

    It also draws T times fewer random numbers, which on a processor cost as much as a matrix product.
    """

    rate: float
    """Share of the features that are dropped; the others are scaled to keep the mean."""
    generator: torch.Generator | None = None
    """Where random numbers come from; without one, from PyTorch's own."""

    def __call__(self, values_BTH: Tensor) -> Tensor:
        """Values [B, T, H] with some features zero."""
        if self.rate == 0:
            return values_BTH
        kept = 1 - self.rate
        mask_B1H = values_BTH.new_empty(values_BTH.size(0), 1, values_BTH.size(2))
        return values_BTH * mask_B1H.bernoulli_(kept, generator=self.generator).div_(kept)


NONE = Dropout(0.0)
"""What is not training drops nothing."""
