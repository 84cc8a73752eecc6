"""A position of a recurrent layer of a trained network, and what of the layer's work is done before.

Shapes: B sentences, S source positions, N = S · B, R rows (hypotheses), V vocabulary, I inputs, H hidden, h = H / 2 of
a direction, G = 1, 3 or 4 gates times H, F some of them, X rows of any kind.

It is written in the part of Python that TorchScript compiles.
"""

from typing import Final, NamedTuple

import torch
from torch import Tensor, nn

from seq2seq.cells import RecurrentLayer, state_size
from seq2seq.encoder import BidirectionalLayer
from seq2seq.products import Product


class Step(nn.Module):
    """A position of a recurrent layer, once its inputs' share of the gates is known (equations in `cells.py`)."""

    cell: Final[str]

    def __init__(self, cell: str, recurrent: Product | None) -> None:
        """Without a product, the gates have the state's share in them."""
        super().__init__()
        self.cell, self.recurrent = cell, recurrent

    def forward(self, gates_RG: Tensor, state: list[Tensor]) -> list[Tensor]:
        """The state after.  The gates i, f, o, g of an LSTM, or r, z, n of a GRU, are overwritten."""
        h_RH = state[0]
        size = h_RH.size(-1)
        if self.recurrent is not None:
            share_RG = self.recurrent(h_RH.flatten(1)).view_as(gates_RG)
            if self.cell == "gru":
                rz_RF, n_RH = torch.split(gates_RG, [2 * size, size], dim=-1)
                share_RF, share_RH = torch.split(share_RG, [2 * size, size], dim=-1)
                r_RH, z_RH = torch.split(rz_RF.add_(share_RF).sigmoid_(), [size, size], dim=-1)
                return [torch.lerp(n_RH.addcmul_(r_RH, share_RH).tanh_(), h_RH, z_RH)]
            gates_RG.add_(share_RG)
        if self.cell == "rnn":
            return [gates_RG.tanh_()]
        ifo_RF, g_RH = torch.split(gates_RG, [3 * size, size], dim=-1)
        i_RH, f_RH, o_RH = torch.split(ifo_RF.sigmoid_(), [size, size, size], dim=-1)
        c_RH = torch.mul(f_RH, state[1]).addcmul_(i_RH, g_RH.tanh_())
        return [c_RH.tanh().mul_(o_RH), c_RH]


class Reader(nn.Module):
    """A layer of the encoder, its two directions in step, once their inputs' shares of the gates are known."""

    def __init__(self, cell: str, recurrent: Product) -> None:
        super().__init__()
        self.step, self.parts = Step(cell, recurrent), state_size(cell)

    def forward(self, gates_SB2G: Tensor, half: int, mirror_N: Tensor, lengths_B: Tensor) -> tuple[Tensor, Tensor]:
        """Outputs [N, H], and the last ones [B, H]; `mirror_N` says where a sentence stands read backwards."""
        batch = len(lengths_B)
        state = [gates_SB2G.new_zeros(batch, 2, half)] * self.parts
        outputs: list[Tensor] = []
        for gates_B2G in gates_SB2G.unbind(0):
            state = self.step(gates_B2G, state)
            outputs.append(state[0])
        outputs_SB2h = torch.stack(outputs)
        last_B2h = outputs_SB2h[lengths_B - 1, torch.arange(batch, device=lengths_B.device)]
        ahead_Nh, back_Nh = outputs_SB2h.flatten(0, 1).unbind(1)
        return torch.cat([ahead_Nh, back_Nh.index_select(0, mirror_N)], dim=1), last_B2h.flatten(1)


class Gates(NamedTuple):
    """Weights of a layer: W and its bias, U and the bias of the GRU, which alone needs one there."""

    w_GI: Tensor
    u_GH: Tensor
    b_G: Tensor
    c_G: Tensor

    def table(self, embeddings_VE: Tensor) -> Tensor:
        """The gates' share of every embedding."""
        return torch.addmm(self.b_G, embeddings_VE, self.w_GI.t())


def gates_of(layer: RecurrentLayer) -> Gates:
    """Those of a layer; an LSTM's gate g is put behind the others, which all go through the logistic function."""
    w_GI, u_GH, b_G, c_G = layer.weights
    if layer.cell == "gru":
        return Gates(w_GI, u_GH, b_G, c_G)
    gates = Gates(w_GI, u_GH, b_G + c_G, torch.zeros_like(c_G))
    if layer.cell == "rnn":
        return gates
    order_G = torch.arange(len(b_G)).view(4, -1)[[0, 1, 3, 2]].flatten()
    return Gates(*(part[order_G] for part in gates))


def side_by_side(layer: BidirectionalLayer) -> Gates:
    """Those of two directions as of one layer: first all of what reads forwards."""
    ahead, back = gates_of(layer.forwards), gates_of(layer.backwards)
    w_GI, b_G, c_G = (
        torch.cat(pair) for pair in ((ahead.w_GI, back.w_GI), (ahead.b_G, back.b_G), (ahead.c_G, back.c_G))
    )
    u_GH = torch.block_diag(ahead.u_GH, back.u_GH)  # type: ignore[no-untyped-call]
    return Gates(w_GI, u_GH, b_G, c_G)


def both_ways(gates_X2G: Tensor, ahead_N: Tensor, back_N: Tensor) -> Tensor:
    """Of each position the gates of what is read forwards, and of what is read backwards: [2 N, G]."""
    rows_N2 = torch.stack([2 * ahead_N, 2 * back_N + 1], dim=1)
    return gates_X2G.flatten(0, 1).index_select(0, rows_N2.flatten())
