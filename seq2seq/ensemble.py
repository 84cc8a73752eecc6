"""Several networks that translate as one: their scores of a subword are the mean of each one's.

Shapes: B batch, S source positions, T target positions, E embedding, V target vocabulary, K networks.

A network overfits in its own way, and a mean of several is nearer to the truth than any of them (Hansen & Salamon 1990;
Sutskever et al. 2014 for translation).  The mean of scores W_k f_k + b_k is one output layer over all features side by
side, so the loss and the search know of no ensemble:

    log p(v) = 1/K Σ_k (W_k f_k + b_k)_v + constant = (W f + b)_v + constant,    W = [W_1 … W_K] / K,  f = [f_1; …; f_K]
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from seq2seq.cells import State
from seq2seq.config import Model
from seq2seq.decoder import Memory
from seq2seq.dropout import NONE, Dropout
from seq2seq.model import Translation


class Ensemble(nn.Module):
    """Networks of one size, each with weights of its own."""

    def __init__(self, networks: Sequence[Translation]) -> None:
        super().__init__()
        self.members = nn.ModuleList(networks)

    @property
    def networks(self) -> list[Translation]:
        """The networks, in order."""
        return [network for network in self.members if isinstance(network, Translation)]

    @property
    def output_weight_VE(self) -> Tensor:
        """Matrix of the output layer over the features of all."""
        return torch.cat([network.output_weight_VE for network in self.networks], dim=1) / len(self.members)

    @property
    def output_bias_V(self) -> Tensor:
        """Bias of the output layer."""
        return torch.stack([network.output_bias_V for network in self.networks]).mean(dim=0)

    def encode(
        self, source_BS: Tensor, lengths_B: Tensor, dropout: Dropout = NONE
    ) -> tuple[tuple[Memory, ...], tuple[tuple[State, ...], ...]]:
        """What each network's decoder may look at, and its first states."""
        read = [network.encode(source_BS, lengths_B, dropout) for network in self.networks]
        return tuple(memory for memory, _ in read), tuple(states for _, states in read)

    def decode(
        self,
        target_BT: Tensor,
        memories: tuple[Memory, ...],
        states: tuple[tuple[State, ...], ...],
        dropout: Dropout = NONE,
    ) -> tuple[Tensor, tuple[tuple[State, ...], ...], Tensor | None]:
        """Features [B, T, K·E] of the subword after each of `target_BT`, the states after, mean attention [B, T, S]."""
        parts = [
            network.decode(target_BT, memory, own, dropout)
            for network, memory, own in zip(self.networks, memories, states, strict=True)
        ]
        weights = [weights_BTS for *_, weights_BTS in parts if weights_BTS is not None]
        mean_BTS = torch.stack(weights).mean(dim=0) if weights else None
        return torch.cat([features for features, *_ in parts], dim=2), tuple(after for _, after, _ in parts), mean_BTS

    def forward(self, source_BS: Tensor, lengths_B: Tensor, target_BT: Tensor, dropout: Dropout = NONE) -> Tensor:
        """Teacher-forced pass: features [B, T, K·E] of the subword after each position."""
        return torch.cat([network(source_BS, lengths_B, target_BT, dropout) for network in self.networks], dim=2)


Networks = Translation | Ensemble
"""What translates: one network, or several as one."""


def make_model(config: Model, source_size: int, target_size: int, joint: bool) -> Networks:
    """The network of a configuration, or its networks as one."""
    networks = [Translation(config, source_size, target_size, joint) for _ in range(config.networks)]
    return networks[0] if len(networks) == 1 else Ensemble(networks)
