"""The decoder: target ids so far to features of the next one.

Shapes: B batch, S source positions, T target positions, E embedding, H hidden.

The attention's answer does not enter the recurrence of the layer that asks for it (the wiring of GNMT, Wu et al.
2016): layer 1 runs over the whole target in one call, its outputs ask the attention for all positions at once,
and the layers above read its outputs and the contexts.  Training so has no loop over time; the step of the search, the
same pass over one position, is in `inference.py`.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from seq2seq.attention import Attention
from seq2seq.cells import RecurrentLayer, State, state_size
from seq2seq.dropout import NONE, Dropout


@dataclass(frozen=True)
class Memory:
    """What the decoder knows of the source."""

    annotations_BSH: Tensor
    keys_BSH: Tensor
    mask_BS: Tensor


class Decoder(nn.Module):
    """Recurrent layers with one attention between the first and the rest.

    Its states are those of the layers, the first layer's first, and behind them the attention's past.
    """

    def __init__(self, cell: str, embedding: int, hidden: int, layers: int, attention: bool) -> None:
        super().__init__()
        self.cell = cell
        self.hidden = hidden
        self.attention = Attention(hidden) if attention else None
        above = hidden if self.attention is None else 2 * hidden
        self.layers = nn.ModuleList(
            RecurrentLayer(cell, embedding if depth == 0 else above, hidden) for depth in range(layers)
        )
        self.initial = nn.Linear(hidden, layers * state_size(cell) * hidden)
        self.readout = nn.Linear(above, embedding)

    def initial_states(self, summary_BH: Tensor, mask_BS: Tensor) -> tuple[State, ...]:
        """First state of each layer, tanh(W summary + b), and a past in which nothing was read."""
        parts = torch.split(torch.tanh(self.initial(summary_BH)), self.hidden, dim=1)
        size = len(parts) // len(self.layers)
        states = tuple(parts[first : first + size] for first in range(0, len(parts), size))
        nothing_BS = torch.zeros_like(mask_BS, dtype=summary_BH.dtype)
        return states if self.attention is None else (*states, (nothing_BS, nothing_BS))

    def forward(
        self,
        embedded_BTE: Tensor,
        memory: Memory,
        states: tuple[State, ...],
        dropout: Dropout = NONE,
    ) -> tuple[Tensor, tuple[State, ...], Tensor | None]:
        """Features [B, T, E] of the subword after each position, the states after the last, attention [B, T, S].

        The attention is None for a decoder without one.
        """
        outputs_BTH, after = self.layers[0](dropout(embedded_BTE), states[0])
        states_after = [after]
        contexts_BTH, weights_BTS, past = None, None, []
        if self.attention is not None:
            contexts_BTH, weights_BTS, past_after = self.attention(
                outputs_BTH, memory.keys_BSH, memory.annotations_BSH, memory.mask_BS, states[-1]
            )
            past = [past_after]
        for layer, state in zip(list(self.layers)[1:], states[1 : len(self.layers)], strict=True):
            outputs_BTH, after = layer(dropout(_beside(outputs_BTH, contexts_BTH)), state)
            states_after.append(after)
        features_BTE = torch.tanh(self.readout(dropout(_beside(outputs_BTH, contexts_BTH))))
        return dropout(features_BTE), (*states_after, *past), weights_BTS


def _beside(outputs_BTH: Tensor, contexts_BTH: Tensor | None) -> Tensor:
    return outputs_BTH if contexts_BTH is None else torch.cat([outputs_BTH, contexts_BTH], dim=2)
