"""A trained network made ready to translate: one step of the decoder in as little work as it takes.

Shapes: B sentences, S source positions, R rows (hypotheses), E embedding, H hidden, G = 1, 3 or 4 gates times H,
V target vocabulary, C rows of a chunk, Y blocks of subwords, I inputs and O outputs of a product.

What depends on a target subword alone, its share of the first layer's gates, is looked up in a table.  On processors
that multiply bytes fast, the products of a step are in 8-bit integers (Jacob et al. 2018).  Everything that goes into
them is bounded: states by the cells' tanh, contexts by the largest annotation that there can be.  So scales are
known beforehand, nothing is calibrated, and a step of a sentence does not depend on those beside it.
"""

import math
from dataclasses import dataclass, replace
from typing import Protocol

import torch
from torch import Tensor

from data_prep.errors import UserError
from data_prep.subwords import BEGIN, END, PAD, UNKNOWN
from seq2seq.cells import RecurrentLayer, State
from seq2seq.decoder import Memory
from seq2seq.model import Translation

NEVER = -1e9
"""Score of what is no subword of a sentence."""
ZERO = torch.tensor(128.5)
"""The byte of zero, and a half, so that numbers are rounded and not cut."""
CHUNK = 48
"""Rows whose probabilities are made while their scores are in the processor's cache."""
BLOCK = 16
"""Subwords in a block; the search looks at blocks first, and into the best of them."""


class Product(Protocol):
    """x W' + b for x as `prepare` made it."""

    def prepare(self, values_RI: Tensor) -> Tensor:
        """What goes into products, of values between -1 and 1."""

    def __call__(self, prepared_RI: Tensor) -> Tensor:
        """The product [R, O]."""


@dataclass(frozen=True)
class Source:
    """What a step looks at: the memory of the decoder, and what padding adds to the scores of its positions."""

    memory: Memory
    padding_B1S: Tensor

    def select(self, rows_B: Tensor) -> "Source":
        """Those of the given sentences."""
        return Source(self.memory.select(rows_B), self.padding_B1S.index_select(0, rows_B))


class Float:
    """The product in the type of the weights."""

    def __init__(self, weight_OI: Tensor, bias_O: Tensor) -> None:
        self.weight_OI, self.bias_O = weight_OI, bias_O

    @staticmethod
    def prepare(values_RI: Tensor) -> Tensor:
        """The values themselves."""
        return values_RI

    def __call__(self, prepared_RI: Tensor) -> Tensor:
        """The product [R, O]."""
        return torch.addmm(self.bias_O, prepared_RI, self.weight_OI.t())


class Bytes:
    """The product in 8-bit integers with 32-bit sums, by oneDNN; a scale for each output."""

    def __init__(self, weight_OI: Tensor, bias_O: Tensor) -> None:
        self.scale_O = weight_OI.abs().amax(dim=1).clamp_min(1e-12) / 127
        rounded = (weight_OI / self.scale_O.unsqueeze(1)).round().to(torch.int8)
        self.packed = torch.ops.onednn.qlinear_prepack(rounded, None)
        self.zero_O = torch.zeros(len(self.scale_O), dtype=torch.int32)
        self.bias_O = bias_O

    @staticmethod
    def prepare(values_RI: Tensor) -> Tensor:
        """The values as bytes, 1/127 apart, 128 for zero."""
        return torch.add(ZERO, values_RI, alpha=127).to(torch.uint8)

    def __call__(self, prepared_RI: Tensor) -> Tensor:
        """The product [R, O] in float32."""
        product_RO: Tensor = torch.ops.onednn.qlinear_pointwise(
            prepared_RI, 1 / 127, 128, self.packed, self.scale_O, self.zero_O, self.bias_O,
            1.0, 0, torch.float32, "none", [], "",
        )  # fmt: skip
        return product_RO


def choose_bytes(precision: str, device: torch.device) -> bool:
    """Whether products are of bytes; `auto` takes them where they are faster.  Raises UserError if there are none."""
    has = torch.cpu.get_capabilities()
    fast = any(has.get(name) for name in ("avx512_vnni", "avx_vnni", "amx_int8"))
    can = device.type == "cpu" and fast and hasattr(torch.ops.onednn, "qlinear_pointwise")
    if precision == "int8" and not can:
        raise UserError("decoding.precision=int8: this processor does not multiply bytes fast; use auto or float32")
    return can and precision != "float32"


class Inference:
    """The encoder as it was trained, and the decoder's step."""

    @torch.inference_mode()
    def __init__(self, model: Translation, in_bytes: bool) -> None:
        """Make a model ready whose weights do not change any more; `in_bytes` for products of 8-bit integers."""
        self.model = model.eval()
        self.product: type[Float] | type[Bytes] = Bytes if in_bytes else Float
        decoder = model.decoder
        self.cell = decoder.cell
        # Dot products of one head are simple enough to be made here, without what only training needs.
        attention = decoder.attention
        self.dot = attention is not None and attention.kind != "additive" and attention.heads == 1
        layers = [_gates_in_order(layer) for layer in decoder.layers if isinstance(layer, RecurrentLayer)]
        # The GRU alone needs inputs and state apart, and with them their biases.
        apart = self.cell == "gru"
        w_GE, _, b_G, c_G = layers[0]
        spare = -len(model.output_weight_VE) % BLOCK
        embeddings_VE = torch.nn.functional.pad(model.output_weight_VE, (0, 0, 0, spare))
        self.table_VG = torch.addmm(b_G if apart else b_G + c_G, embeddings_VE, w_GE.t())
        self.context_bound = self._context_bound() if in_bytes else 1.0
        self.recurrent = [
            self.product(u, c if apart else torch.zeros_like(c)) for _, u, _, c in (layers if apart else layers[:1])
        ]
        # Where inputs and state need not be kept apart, one product takes both.
        self.inputs = [
            self._over_contexts(w if apart else torch.cat([w, u], dim=1), b if apart else b + c)
            for w, u, b, c in layers[1:]
        ]
        self.readout = self._over_contexts(decoder.readout.weight, decoder.readout.bias)
        bias_V = torch.nn.functional.pad(model.output_bias_V, (0, spare), value=NEVER)
        bias_V[[PAD, UNKNOWN, BEGIN]] = NEVER
        self.output = self.product(embeddings_VE, bias_V)

    def _context_bound(self) -> float:
        """The largest number that a context can hold."""
        if self.model.words is None:
            return 1.0
        source = self.model.own_source_embedding or self.model.target_embedding
        return 1.0 + float(self.model.words(source.weight).abs().max())

    def _over_contexts(self, weight_OI: Tensor, bias_O: Tensor) -> Product:
        """A product whose inputs are a layer's outputs, contexts divided by their bound, and maybe more."""
        scaled_OI, size = weight_OI.clone(), self.model.decoder.hidden
        scaled_OI[:, size : 2 * size] *= self.context_bound
        return self.product(scaled_OI, bias_O)

    def encode(self, source_BS: Tensor, lengths_B: Tensor) -> tuple[Source, tuple[State, ...]]:
        """Read the source: what a step may look at, and the first states.

        The first part of a state is ready for products; the LSTM's c and the GRU's h follow in full precision.
        """
        memory, states = self.model.encode(source_BS, lengths_B)
        padding_B1S = torch.zeros_like(memory.mask_BS, dtype=memory.keys_BSH.dtype).masked_fill_(
            ~memory.mask_BS, -torch.inf
        )
        if self.model.decoder.attention is not None:
            # Contexts then come within the bounds of products.
            memory = replace(memory, annotations_BSH=memory.annotations_BSH / self.context_bound)
        if self.dot:
            memory = replace(memory, keys_BSH=memory.keys_BSH / math.sqrt(memory.keys_BSH.size(2)))
        return Source(memory, padding_B1S.unsqueeze(1)), tuple(self._kept(state) for state in states)

    def _kept(self, state: State) -> State:
        h_RH = self.product.prepare(state[0])
        return (h_RH,) if self.cell == "rnn" else (h_RH, state[-1])

    def step(self, ids_R: Tensor, source: Source, states: tuple[State, ...]) -> tuple[Tensor, tuple[State, ...]]:
        """Features of the subword after `ids_R`, ready for `log_probabilities`, and the states after.

        The rows are k hypotheses of each sentence of the source, side by side.
        """
        prepare = self.product.prepare
        h_RH, kept = self._cell(self.table_VG.index_select(0, ids_R), self.recurrent[0](states[0][0]), states[0])
        below = prepare(h_RH)
        after = [(below, *kept)]
        context_RH = self._context(h_RH, source)
        for layer, state in enumerate(states[1:], 1):
            if self.cell == "gru":
                gates_RG, recurrent_RG = (
                    self.inputs[layer - 1](_beside(below, context_RH)),
                    self.recurrent[layer](state[0]),
                )
            else:
                gates_RG, recurrent_RG = self.inputs[layer - 1](_beside(below, context_RH, state[0])), None
            h_RH, kept = self._cell(gates_RG, recurrent_RG, state)
            below = prepare(h_RH)
            after.append((below, *kept))
        features_RE = self.readout(_beside(below, context_RH)).tanh_()
        return prepare(features_RE), tuple(after)

    def log_probabilities(self, features_RE: Tensor, first: bool) -> tuple[Tensor, Tensor]:
        """Of each subword [R, V], V a multiple of BLOCK, and the maxima of each block [R, V / BLOCK].

        Subword v is in block v modulo V / BLOCK.  The `first` subword is not the end.
        """
        rows, size = len(features_RE), self.table_VG.size(0)
        log_p_RV = self.table_VG.new_empty(rows, size)
        maxima_RY = self.table_VG.new_empty(rows, size // BLOCK)
        for start in range(0, rows, CHUNK):
            part = slice(start, start + CHUNK)
            logits_CV = self.output(features_RE[part])
            if first:
                logits_CV[:, END] = NEVER
            torch.log_softmax(logits_CV, dim=1, out=log_p_RV[part])
            torch.amax(log_p_RV[part].view(-1, BLOCK, size // BLOCK), dim=1, out=maxima_RY[part])
        return log_p_RV, maxima_RY

    def _context(self, h_RH: Tensor, source: Source) -> Tensor | None:
        """What attention answers to the first layer, ready for products."""
        attention, memory = self.model.decoder.attention, source.memory
        if attention is None:
            return None
        queries_BKH = h_RH.view(len(memory.mask_BS), -1, h_RH.size(1))
        if self.dot:
            scores_BKS = torch.baddbmm(source.padding_B1S, queries_BKH, memory.keys_BSH.transpose(1, 2))
            contexts_BKH = torch.bmm(scores_BKS.softmax(dim=2), memory.annotations_BSH)
        else:
            contexts_BKH, _ = attention(queries_BKH, memory.keys_BSH, memory.annotations_BSH, memory.mask_BS)
        return self.product.prepare(contexts_BKH.view(h_RH.shape))

    def _cell(self, gates_RG: Tensor, recurrent_RG: Tensor | None, state: State) -> tuple[Tensor, State]:
        """One step of the cell (equations in `cells.py`) from its gates, or from the state's share apart.

        Returns h, and what the state keeps in full precision.
        """
        size = self.model.decoder.hidden
        if self.cell == "gru":
            assert recurrent_RG is not None
            rz_RX = gates_RG[:, : 2 * size].add_(recurrent_RG[:, : 2 * size]).sigmoid_()
            r_RH, z_RH = torch.split(rz_RX, size, dim=1)
            n_RH = gates_RG[:, 2 * size :].addcmul_(r_RH, recurrent_RG[:, 2 * size :]).tanh_()
            h_RH = torch.lerp(n_RH, state[1], z_RH)
            return h_RH, (h_RH,)
        if recurrent_RG is not None:
            gates_RG += recurrent_RG
        if self.cell == "rnn":
            return gates_RG.tanh_(), ()
        gates_RG[:, : 3 * size].sigmoid_()
        i_RH, f_RH, o_RH, g_RH = torch.split(gates_RG, size, dim=1)
        c_RH = torch.mul(f_RH, state[1]).addcmul_(i_RH, g_RH.tanh_())
        return c_RH.tanh().mul_(o_RH), (c_RH,)


def _gates_in_order(layer: RecurrentLayer) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Weights of a layer; an LSTM's with the gate g behind the others, which all go through the logistic function."""
    if layer.cell != "lstm":
        return layer.weights
    size = layer.hidden_size
    order = torch.arange(4 * size).view(4, size)[[0, 1, 3, 2]].flatten()
    w_GI, u_GH, b_G, c_G = (part[order] for part in layer.weights)
    return w_GI, u_GH, b_G, c_G


def _beside(*parts: Tensor | None) -> Tensor:
    return torch.cat([part for part in parts if part is not None], dim=1)
