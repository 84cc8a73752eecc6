"""Trained networks made ready to translate: encoder, and the decoder's step, in as little work as it takes.

Shapes: B sentences, S source positions, N = S · B, R rows (hypotheses), K = R / B of each sentence, I inputs, E
embedding (of all networks, where there are several), H hidden, h = H / 2 of a direction, G = 1, 3 or 4 gates times H, V
vocabulary, Y blocks of subwords, P placeholders, Z = S + FURTHEST.

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
from seq2seq.ensemble import Networks
from seq2seq.model import Translation
from seq2seq.products import Bytes, Float
from seq2seq.steps import Reader, Step, both_ways, gates_of, side_by_side

NEVER = -1e9
"""Score of what is no subword of a sentence."""
BLOCK = 16
"""Subwords in a block; the search looks at blocks first, and into the best of them."""
LANES = 16
"""Numbers that a processor handles at once; the maxima of a multiple of as many blocks are found in half the time."""
WIDEST = 10.0
"""Largest annotation for which products in bytes are good enough: a byte is the 127th part of it."""
EXPONENT = 80.0
"""Scores no further from zero have exponentials that can be added in float32."""
ROWS = 48, 128
"""Rows whose next subwords are chosen at once on a processor, between these as many as its second cache has room for
the scores of."""
GPU_ROWS = 4096
"""The same on a GPU."""


@torch.no_grad()
def largest_annotation(model: Translation) -> float:
    """What no number of an annotation is beyond: the cells' outputs are up to 1, and a word's vector is added."""
    if model.words is None:
        return 1.0
    sources_VE = (model.own_source_embedding or model.target_embedding).weight
    return 1.0 + float(model.words(sources_VE).abs().max())


def fit_bytes(model: Networks) -> bool:
    """Whether products in bytes give about what others give."""
    return max(map(largest_annotation, model.networks)) <= WIDEST


class Source(NamedTuple):
    """What a step looks at: annotations, what they are found by, and what padding adds to its positions' scores."""

    annotations_BSH: Tensor
    keys_BSH: Tensor
    padding_B1S: Tensor


def select(sources: list[Source], rows_B: Tensor) -> list[Source]:
    """The given sentences' part."""
    return [
        Source(
            source.annotations_BSH.index_select(0, rows_B),
            source.keys_BSH.index_select(0, rows_B),
            source.padding_B1S.index_select(0, rows_B),
        )
        for source in sources
    ]


class Network(nn.Module):
    """One network whose weights do not change any more, but for its output layer.

    The states of the decoder's layers are one list, and behind them the attention's past: the last first look, with
    zeros before it so that it can be moved on [R, Z], and the sum of all [R, S].
    """

    furthest: Final[int] = FURTHEST
    apart: Final[bool]
    attends: Final[bool]

    def __init__(self, model: Translation, in_bytes: bool) -> None:
        super().__init__()
        product = Bytes if in_bytes else Float
        decoder, attention = model.decoder, model.decoder.attention
        cell, self.hidden = decoder.cell, decoder.hidden
        # The GRU needs the shares of inputs and state apart; elsewhere one product gives both.
        self.apart, self.parts = cell == "gru", state_size(cell)
        sources_VE, targets_VE = (model.own_source_embedding or model.target_embedding).weight, model.output_weight_VE

        readers = [side_by_side(layer) for layer in model.encoder.layers if isinstance(layer, BidirectionalLayer)]
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
                self.bound = largest_annotation(model)

        layers = [gates_of(layer) for layer in decoder.layers if isinstance(layer, RecurrentLayer)]
        self.table_VG = layers[0].table(_filled_up(targets_VE))
        self.first = Step(cell, product(layers[0].u_GH, layers[0].c_G))
        self.inputs, self.above = nn.ModuleList(), nn.ModuleList()
        for layer in layers[1:]:
            w_GI = layer.w_GI if self.apart else torch.cat([layer.w_GI, layer.u_GH], dim=1)
            self.inputs.append(product(self._of_contexts(w_GI), layer.b_G))
            self.above.append(Step(cell, product(layer.u_GH, layer.c_G) if self.apart else None))
        self.initial = decoder.initial
        self.readout = product(self._of_contexts(decoder.readout.weight), decoder.readout.bias)
        self.states = len(layers) * self.parts + 2 * self.attends

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
        gates_SB2G = both_ways(self.source_table_V2G, ids_N, ids_N.index_select(0, mirror_N)).view(shape)
        outputs_NH, last_BH = self.reader(gates_SB2G, half, mirror_N, lengths_B)
        for reader, inputs in zip(self.readers, self.between):
            gates_N2G = inputs(outputs_NH).view(len(ids_N), 2, -1)
            gates_SB2G = both_ways(gates_N2G, torch.arange(len(ids_N), device=ids_N.device), mirror_N).view(shape)
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


class Inference(nn.Module):
    """Networks whose weights do not change any more, one or several, that translate as one."""

    end: Final[int] = END
    block: Final[int] = BLOCK
    never: Final[float] = NEVER
    bounded: Final[bool]
    placeholders: Final[int]

    @torch.inference_mode()
    def __init__(self, model: Networks, in_bytes: bool, placeholders: int = 0) -> None:
        """Make a model ready; `in_bytes` for products of 8-bit integers.

        Behind the special ids there are as many `placeholders`, of which a target may have those that are left only.
        """
        super().__init__()
        self.placeholders = placeholders
        device = model.output_bias_V.device
        self.placeholders_P = torch.arange(self.end + 1, self.end + 1 + placeholders, device=device)
        self.networks = nn.ModuleList(Network(network, in_bytes) for network in model.networks)
        weight_VE, bias_V = model.output_weight_VE, model.output_bias_V.clone()
        self.bounded = float((weight_VE.abs().sum(dim=1) + bias_V.abs()).max()) < EXPONENT
        bias_V[[PAD, UNKNOWN, BEGIN]] = NEVER
        weight_VE = _filled_up(weight_VE)
        bias_V = nn.functional.pad(bias_V, (0, len(weight_VE) - len(bias_V)), value=NEVER)
        self.output = Bytes(weight_VE, bias_V) if in_bytes else Float(weight_VE, bias_V)
        in_cache = torch.cpu.get_capabilities().get("l2_cache_size", 0) // (4 * len(weight_VE))
        self.chunk = min(max(ROWS[0], in_cache), ROWS[1]) if device.type == "cpu" else GPU_ROWS

    def encode(self, source_BS: Tensor, lengths_B: Tensor) -> tuple[list[Source], list[Tensor]]:
        """Read the source: what a step may look at, and the first states."""
        sources: list[Source] = []
        states: list[Tensor] = []
        for network in self.networks:
            source, own = network.encode(source_BS, lengths_B)  # type: ignore[operator]
            sources.append(source)
            states += own
        return sources, states

    def pending(self, source_BS: Tensor) -> Tensor:
        """The placeholders that a translation must have [B, P]; with P = 0 if no sentence has any."""
        pending_BP = (source_BS.unsqueeze(2) == self.placeholders_P).any(dim=1)
        return pending_BP if bool(pending_BP.any()) else pending_BP[:, :0]

    def allowed(self, pending_RP: Tensor, order_BPP: Tensor) -> Tensor:
        """Those pending that may come next [R, P]: none of those before them is pending.

        `order_BPP` says which [:, :, q] must come before each p.
        """
        if pending_RP.size(1) == 0:
            return pending_RP
        batch, placeholders, _ = order_BPP.shape
        pending_BKP = pending_RP.view(batch, -1, placeholders)
        waiting_BKP = (pending_BKP.unsqueeze(2) & order_BPP.unsqueeze(1)).any(dim=3)
        return (pending_BKP & ~waiting_BKP).view(-1, placeholders)

    def still_pending(self, pending_RP: Tensor, ids_R: Tensor) -> Tensor:
        """Those pending after the given subwords."""
        return pending_RP & (ids_R.unsqueeze(1) != self.placeholders_P[: pending_RP.size(1)])

    def step(self, ids_R: Tensor, sources: list[Source], states: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """Features of the subword after `ids_R`, and the states after.

        The rows are K hypotheses of each sentence of the source, side by side.
        """
        features: list[Tensor] = []
        after: list[Tensor] = []
        for number, network in enumerate(self.networks):
            before = states[len(after) : len(after) + network.states]  # type: ignore[operator]
            features_RE, own = network.step(ids_R, sources[number], before)  # type: ignore[operator]
            features.append(features_RE)
            after += own
        return features[0] if len(features) == 1 else torch.cat(features, dim=1), after

    def scores(self, features_RE: Tensor, pending_RP: Tensor, allowed_RP: Tensor, first: bool) -> tuple[Tensor, Tensor]:
        """Scores of each subword [R, V], and the maxima of each block [R, Y].

        V is filled up to a multiple of BLOCK; subword v is in block v modulo Y.  The `first` subword is not the end,
        nor is any while placeholders are pending: where the end would be, those allowed come first.
        """
        scores_RV = self.output(features_RE)
        if first:
            scores_RV[:, self.end] = self.never
        if pending_RP.size(1) == 0:
            scores_RV[:, self.end + 1 : self.end + 1 + self.placeholders] = self.never
        else:
            end_R1 = scores_RV[:, self.end : self.end + 1]
            scores_RP = scores_RV[:, self.end + 1 : self.end + 1 + self.placeholders]
            scores_RP.copy_(torch.maximum(scores_RP, end_R1).masked_fill_(~allowed_RP, self.never))
            end_R1.masked_fill_(pending_RP.any(dim=1, keepdim=True), self.never)
        return scores_RV, torch.amax(scores_RV.view(len(scores_RV), self.block, -1), dim=1)

    def normaliser(self, scores_RV: Tensor) -> Tensor:
        """What log-probabilities are less than scores: the logarithm of all exponentials' sum [R]."""
        return scores_RV.exp().sum(dim=1).log_() if self.bounded else scores_RV.logsumexp(dim=1)


def _filled_up(weight_VE: Tensor) -> Tensor:
    """With rows of zeros up to a number that the search handles fast."""
    return nn.functional.pad(weight_VE, (0, 0, 0, -len(weight_VE) % (BLOCK * LANES)))
