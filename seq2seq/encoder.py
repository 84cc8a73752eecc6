"""The encoder: source ids to annotations, one for each source position, and a summary.

Shapes: B batch, S source positions, E embedding, I input of a layer, H hidden.
"""

import torch
from torch import Tensor, nn

from seq2seq.cells import RecurrentLayer
from seq2seq.dropout import NONE, Dropout


def position_mask(lengths_B: Tensor, positions: int) -> Tensor:
    """True at real positions, False at padding: [B, positions]."""
    return torch.arange(positions, device=lengths_B.device) < lengths_B.unsqueeze(1)


def reverse_within_length(values_BSI: Tensor, lengths_B: Tensor) -> Tensor:
    """Each sentence backwards within its own length, padding left where it is; its own inverse."""
    positions_S = torch.arange(values_BSI.size(1), device=values_BSI.device)
    mirrored_BS = lengths_B.unsqueeze(1) - 1 - positions_S
    index_BS = torch.where(mirrored_BS >= 0, mirrored_BS, positions_S)
    return values_BSI.gather(1, index_BS.unsqueeze(2).expand_as(values_BSI))


class BidirectionalLayer(nn.Module):
    """Two recurrences, one in each direction, their outputs side by side (Schuster & Paliwal 1997).

    No packed sequences: packing keeps PyTorch from its fast path on a processor.
    """

    def __init__(self, cell: str, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.forwards = RecurrentLayer(cell, input_size, hidden_size // 2)
        self.backwards = RecurrentLayer(cell, input_size, hidden_size // 2)

    def forward(self, inputs_BSI: Tensor, lengths_B: Tensor) -> tuple[Tensor, Tensor]:
        """Outputs [B, S, H], and the two directions' last outputs side by side [B, H]."""
        batch = inputs_BSI.size(0)
        ahead_BSh, _ = self.forwards(inputs_BSI, self.forwards.zero_state(batch, inputs_BSI))
        mirrored, _ = self.backwards(
            reverse_within_length(inputs_BSI, lengths_B), self.backwards.zero_state(batch, inputs_BSI)
        )
        back_BSh = reverse_within_length(mirrored, lengths_B)
        rows_B = torch.arange(batch, device=inputs_BSI.device)
        last_BH = torch.cat([ahead_BSh[rows_B, lengths_B - 1], back_BSh[:, 0]], dim=1)
        return torch.cat([ahead_BSh, back_BSh], dim=2), last_BH


class Encoder(nn.Module):
    """A stack of bidirectional layers."""

    def __init__(self, cell: str, embedding: int, hidden: int, layers: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            BidirectionalLayer(cell, embedding if depth == 0 else hidden, hidden) for depth in range(layers)
        )

    def forward(self, embedded_BSE: Tensor, lengths_B: Tensor, dropout: Dropout = NONE) -> tuple[Tensor, Tensor]:
        """Annotations [B, S, H], zero at padding, and the last outputs of both directions [B, H].

        `lengths_B` are at least 1.
        """
        values_BSI = embedded_BSE
        for layer in self.layers:
            values_BSI, last_BH = layer(dropout(values_BSI), lengths_B)
        mask_BS = position_mask(lengths_B, values_BSI.size(1))
        return dropout(values_BSI) * mask_BS.unsqueeze(2), last_BH
