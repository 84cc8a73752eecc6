"""A trained network made ready to translate: its encoder, and its decoder's step, in as little work as it takes.

Shapes: B sentences, S source positions, N = S · B, R rows (hypotheses), K = R / B of each sentence, I inputs, E
embedding, H hidden, h = H / 2 of a direction, G = 1, 3 or 4 gates times H, V vocabulary, Y blocks of subwords,
P placeholders, F features of a layer's position, Z = S + FURTHEST.

What depends on a subword alone, its share of a first layer's gates, is looked up in a table.  The other products are
those of `products.py`: states are bounded by the cells' tanh, contexts by the largest annotation that there can be.
It is written in the part of Python that TorchScript compiles.
"""

import math
from typing import Final, NamedTuple

import torch
from torch import Tensor, nn

from data_prep.subwords import BEGIN, END, PAD, UNKNOWN
from seq2seq.attention import FURTHEST, STRENGTH
from seq2seq.cells import RecurrentLayer, state_size
from seq2seq.encoder import BidirectionalLayer
from seq2seq.model import Translation
from seq2seq.products import Bytes, Float, Product

NEVER = -1e9
"""Score of what is no subword of a sentence."""
BLOCK = 16
"""Subwords in a block; the search looks at blocks first, and into the best of them."""
LANES = 16
"""Numbers that a processor handles at once; the maxima of a multiple of as many blocks are found in half the time."""
EXPONENT = 80.0
"""Scores no further from zero have exponentials that can be added in float32."""


class Source(NamedTuple):
    """What a step looks at: annotations, what they are found by, and what padding adds to its positions' scores."""

    annotations_BSH: Tensor
    keys_BSH: Tensor
    padding_B1S: Tensor


def select(source: Source, rows_B: Tensor) -> Source:
    """The given sentences' part."""
    return Source(
        source.annotations_BSH.index_select(0, rows_B),
        source.keys_BSH.index_select(0, rows_B),
        source.padding_B1S.index_select(0, rows_B),
    )


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


class Inference(nn.Module):
    """A network whose weights do not change any more.

    The states of the decoder's layers are one list, and behind them the attention's past: the last first look, with
    zeros before it so that it can be moved on [R, Z], and the sum of all [R, S].
    """

    end: Final[int] = END
    block: Final[int] = BLOCK
    never: Final[float] = NEVER
    furthest: Final[int] = FURTHEST
    apart: Final[bool]
    attends: Final[bool]
    bounded: Final[bool]
    placeholders: Final[int]

    @torch.inference_mode()
    def __init__(self, model: Translation, in_bytes: bool, placeholders: int = 0) -> None:
        """Make a model ready; `in_bytes` for products of 8-bit integers.

        Behind the special ids there are as many `placeholders`, of which a target may have those that are left only.
        """
        super().__init__()
        self.placeholders = placeholders
        device = model.output_bias_V.device
        self.placeholders_P = torch.arange(self.end + 1, self.end + 1 + placeholders, device=device)
        product = Bytes if in_bytes else Float
        decoder, attention = model.decoder, model.decoder.attention
        cell, self.hidden = decoder.cell, decoder.hidden
        # The GRU needs the shares of inputs and state apart; elsewhere one product gives both.
        self.apart, self.parts = cell == "gru", state_size(cell)
        sources_VE, targets_VE = (model.own_source_embedding or model.target_embedding).weight, model.output_weight_VE

        readers = [_side_by_side(layer) for layer in model.encoder.layers if isinstance(layer, BidirectionalLayer)]
        self.source_table_V2G = readers[0].table(sources_VE).view(len(sources_VE), 2, -1)
        self.reader = Reader(cell, product(readers[0].u_GH, readers[0].c_G))
        self.readers = nn.ModuleList(Reader(cell, product(layer.u_GH, layer.c_G)) for layer in readers[1:])
        self.between = nn.ModuleList(product(layer.w_GI, layer.b_G) for layer in readers[1:])

        self.attends = attention is not None
        self.bound = 1.0
        if attention is not None and model.words is not None:
            self.words_VH, self.key = model.words(sources_VE), attention.key
            self.scale = 1 / math.sqrt(decoder.hidden)
            self.past = Float(attention.past.weight * STRENGTH, attention.past.bias * STRENGTH)
            if in_bytes:
                self.bound = 1.0 + float(self.words_VH.abs().max())

        bias_V = model.output_bias_V.clone()
        self.bounded = float((targets_VE.abs().sum(dim=1) + bias_V.abs()).max()) < EXPONENT
        bias_V[[PAD, UNKNOWN, BEGIN]] = NEVER
        spare = -len(bias_V) % (BLOCK * LANES)
        targets_VE = nn.functional.pad(targets_VE, (0, 0, 0, spare))
        self.output = product(targets_VE, nn.functional.pad(bias_V, (0, spare), value=NEVER))
        layers = [_gates(layer) for layer in decoder.layers if isinstance(layer, RecurrentLayer)]
        self.table_VG = layers[0].table(targets_VE)
        self.first = Step(cell, product(layers[0].u_GH, layers[0].c_G))
        self.inputs, self.above = nn.ModuleList(), nn.ModuleList()
        for layer in layers[1:]:
            w_GI = layer.w_GI if self.apart else torch.cat([layer.w_GI, layer.u_GH], dim=1)
            self.inputs.append(product(self._of_contexts(w_GI), layer.b_G))
            self.above.append(Step(cell, product(layer.u_GH, layer.c_G) if self.apart else None))
        self.initial = decoder.initial
        self.readout = product(self._of_contexts(decoder.readout.weight), decoder.readout.bias)

    def _of_contexts(self, weight_OI: Tensor) -> Tensor:
        """Weights of a layer's outputs, of contexts divided by their bound, and maybe of more."""
        scaled_OI = weight_OI.clone()
        scaled_OI[:, self.hidden : 2 * self.hidden] *= self.bound
        return scaled_OI

    def encode(self, source_BS: Tensor, lengths_B: Tensor) -> tuple[Source, list[Tensor]]:
        """Read the source: what a step may look at, and the first states."""
        batch, positions = source_BS.shape
        # Where in [S, B] the sentence stands that is read backwards; its own inverse.
        positions_S1 = torch.arange(positions, device=source_BS.device).unsqueeze(1)
        mirrored_SB = torch.where(positions_S1 < lengths_B, lengths_B - 1 - positions_S1, positions_S1)
        mirror_N = (mirrored_SB * batch + torch.arange(batch, device=source_BS.device)).flatten()
        shape, half = (positions, batch, 2, -1), self.hidden // 2
        ids_N = source_BS.t().flatten()
        gates_SB2G = _both_ways(self.source_table_V2G, ids_N, ids_N.index_select(0, mirror_N)).view(shape)
        outputs_NH, last_BH = self.reader(gates_SB2G, half, mirror_N, lengths_B)
        for reader, inputs in zip(self.readers, self.between):
            gates_N2G = inputs(outputs_NH).view(len(ids_N), 2, -1)
            gates_SB2G = _both_ways(gates_N2G, torch.arange(len(ids_N), device=ids_N.device), mirror_N).view(shape)
            outputs_NH, last_BH = reader(gates_SB2G, half, mirror_N, lengths_B)

        annotations_BSH = outputs_NH.view(positions, batch, -1).transpose(0, 1)
        outside_BS = positions_S1.t() >= lengths_B.unsqueeze(1)
        padding_BS = torch.zeros_like(outside_BS, dtype=last_BH.dtype).masked_fill_(outside_BS, -math.inf)
        keys_BSH, summary_BH = annotations_BSH, last_BH
        if self.attends:
            words_BSH = self.words_VH.index_select(0, source_BS.flatten()).view(batch, positions, -1)
            annotations_BSH = (annotations_BSH + words_BSH).masked_fill_(outside_BS.unsqueeze(2), 0.0)
            summary_BH = annotations_BSH.sum(dim=1) / lengths_B.unsqueeze(1)
            keys_BSH = self.key(annotations_BSH) * self.scale
            annotations_BSH = annotations_BSH / self.bound
        source = Source(annotations_BSH.contiguous(), keys_BSH.contiguous(), padding_BS.unsqueeze(1))
        states = list(torch.split(torch.tanh(self.initial(summary_BH)), self.hidden, dim=1))
        if self.attends:
            nothing_BS = torch.zeros_like(padding_BS)
            states += [nn.functional.pad(nothing_BS, [self.furthest, 0]), nothing_BS]
        return source, states

    def to_carry(self, source_BS: Tensor) -> Tensor:
        """The placeholders that a translation has to have [B, P]; with P = 0 if no sentence has any."""
        left_BP = (source_BS.unsqueeze(2) == self.placeholders_P).any(dim=1)
        return left_BP if bool(left_BP.any()) else left_BP[:, :0]

    def still_left(self, left_RP: Tensor, ids_R: Tensor) -> Tensor:
        """Those left after the given subwords."""
        return left_RP & (ids_R.unsqueeze(1) != self.placeholders_P[: left_RP.size(1)])

    def step(self, ids_R: Tensor, source: Source, states: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """Features of the subword after `ids_R`, and the states after.

        The rows are K hypotheses of each sentence of the source, side by side.
        """
        after = self.first(self.table_VG.index_select(0, ids_R), states[: self.parts])
        outputs_RH = after[0]
        contexts: list[Tensor] = []
        past: list[Tensor] = []
        if self.attends:
            context_RH, past = self._context(outputs_RH, source, states[-2:])
            contexts.append(context_RH)
        for step, inputs in zip(self.above, self.inputs):
            state = states[len(after) : len(after) + self.parts]
            values = [outputs_RH] + contexts
            if not self.apart:
                values.append(state[0])
            state = step(inputs(torch.cat(values, dim=1)), state)
            after += state
            outputs_RH = state[0]
        return self.readout(torch.cat([outputs_RH] + contexts, dim=1)).tanh_(), after + past

    def scores(self, features_RE: Tensor, left_RP: Tensor, first: bool) -> tuple[Tensor, Tensor, Tensor]:
        """Of each subword [R, V], the maxima of each block [R, Y], and the logarithm of all exponentials' sum [R].

        V is filled up to a multiple of BLOCK; subword v is in block v modulo Y.  The `first` subword is not the end,
        nor is any while there are placeholders left: where the end would be, they come first.
        """
        scores_RV = self.output(features_RE)
        if first:
            scores_RV[:, self.end] = self.never
        if left_RP.size(1) == 0:
            scores_RV[:, self.end + 1 : self.end + 1 + self.placeholders] = self.never
        else:
            end_R1 = scores_RV[:, self.end : self.end + 1]
            scores_RP = scores_RV[:, self.end + 1 : self.end + 1 + self.placeholders]
            scores_RP.copy_(torch.maximum(scores_RP, end_R1).masked_fill_(~left_RP, self.never))
            end_R1.masked_fill_(left_RP.any(dim=1, keepdim=True), self.never)
        maxima_RY = torch.amax(scores_RV.view(len(scores_RV), self.block, -1), dim=1)
        if self.bounded:
            return scores_RV, maxima_RY, scores_RV.exp().sum(dim=1).log_()
        return scores_RV, maxima_RY, scores_RV.logsumexp(dim=1)

    def _context(self, h_RH: Tensor, source: Source, past: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """What attention (equations in `attention.py`) answers to the first layer, divided by its bound; its past."""
        batch, positions, size = source.keys_BSH.shape
        last_RZ, sum_RS = past
        scores_BKS = torch.baddbmm(source.padding_B1S, h_RH.view(batch, -1, size), source.keys_BSH.transpose(1, 2))
        first_RS = scores_BKS.softmax(dim=2).view(-1, positions)
        coefficients = self.past(h_RH).split(1, dim=1)
        scores_RS = scores_BKS.view(-1, positions).addcmul_(coefficients[-1], sum_RS)
        for moved in range(self.furthest + 1):
            first = self.furthest - moved
            scores_RS.addcmul_(coefficients[moved], last_RZ[:, first : first + positions])
        contexts_BKH = torch.bmm(scores_BKS.softmax(dim=2), source.annotations_BSH)
        return contexts_BKH.view(-1, size), [nn.functional.pad(first_RS, [self.furthest, 0]), sum_RS + first_RS]


class _Gates(NamedTuple):
    """Weights of a layer: W and its bias, U and the bias of the GRU, which alone needs one there."""

    w_GI: Tensor
    u_GH: Tensor
    b_G: Tensor
    c_G: Tensor

    def table(self, embeddings_VE: Tensor) -> Tensor:
        """The gates' share of every embedding."""
        return torch.addmm(self.b_G, embeddings_VE, self.w_GI.t())


def _gates(layer: RecurrentLayer) -> _Gates:
    """Those of a layer; an LSTM's gate g is put behind the others, which all go through the logistic function."""
    w_GI, u_GH, b_G, c_G = layer.weights
    if layer.cell == "gru":
        return _Gates(w_GI, u_GH, b_G, c_G)
    gates = _Gates(w_GI, u_GH, b_G + c_G, torch.zeros_like(c_G))
    if layer.cell == "rnn":
        return gates
    order_G = torch.arange(len(b_G)).view(4, -1)[[0, 1, 3, 2]].flatten()
    return _Gates(*(part[order_G] for part in gates))


def _side_by_side(layer: BidirectionalLayer) -> _Gates:
    """Those of two directions as of one layer: first all of what reads forwards."""
    ahead, back = _gates(layer.forwards), _gates(layer.backwards)
    w_GI, b_G, c_G = (
        torch.cat(pair) for pair in ((ahead.w_GI, back.w_GI), (ahead.b_G, back.b_G), (ahead.c_G, back.c_G))
    )
    u_GH = torch.block_diag(ahead.u_GH, back.u_GH)  # type: ignore[no-untyped-call]
    return _Gates(w_GI, u_GH, b_G, c_G)


def _both_ways(gates_X2G: Tensor, ahead_N: Tensor, back_N: Tensor) -> Tensor:
    """Of each position the gates of what is read forwards, and of what is read backwards: [2 N, G]."""
    rows_N2 = torch.stack([2 * ahead_N, 2 * back_N + 1], dim=1)
    return gates_X2G.flatten(0, 1).index_select(0, rows_N2.flatten())
