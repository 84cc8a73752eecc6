"""Dropout for recurrent networks.

Shapes: B batch, T positions, H features.
"""

import torch
from torch import Tensor, nn


class SequenceDropout(nn.Module):
    """Drops the same features at all positions of a sentence (Gal & Ghahramani 2016).

    It also draws T times fewer random numbers, which on a processor cost as much as a matrix product.
    """

    def __init__(self, rate: float) -> None:
        """Drop a share `rate` of the features, and scale the others to keep the mean."""
        super().__init__()
        self.rate = rate

    def forward(self, values_BTH: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Values [B, T, H] with some features zero in training, as they are otherwise.

        Random numbers come from `generator`; without one, from PyTorch's own.
        """
        if not self.training or self.rate == 0:
            return values_BTH
        kept = 1 - self.rate
        mask_B1H = values_BTH.new_empty(values_BTH.size(0), 1, values_BTH.size(2))
        return values_BTH * mask_B1H.bernoulli_(kept, generator=generator).div_(kept)
