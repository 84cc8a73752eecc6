"""How far back the gradient reaches: exact derivatives by the distance in time, by autograd in float64.

The network unfolded is a chain: the forward direction of the encoder's last layer over the source, then layer 1 of the
decoder over the target.  Of a loss at target position T the state k steps before has the distance k; the encoder's
state at source position s of S has T + (S - s).  With the product rule (Pascanu et al. 2013, equations 3 to 5)

    ∂loss_T/∂s_t = ∂loss_T/∂s_T · Π_{k=t+1..T} ∂s_k/∂s_{k-1}

s is the whole state of a layer: h for rnn and gru, h and c for lstm.  What c carries does not pass through h, so the
derivative by h alone, with c held fast, would miss what makes the LSTM remember; it is measured beside it.  Measured is
the total derivative, along all ways that lead from the state to the loss: with attention they go past the chain.

The loss is that of the last word of the sentence: full stop and end follow it without any memory.

Shapes: B sentences, S source positions, T target positions, I input of a layer, H hidden, D numbers in a state (H, for
lstm 2 H), K kinds of derivatives (by s; and by h where that is another).
"""

import copy
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from data_prep.subwords import BEGIN, END, Subwords
from seq2seq.batches import pad
from seq2seq.cells import RecurrentLayer, State
from seq2seq.encoder import BidirectionalLayer
from seq2seq.model import Translation
from seq2seq.weights import matrices

FADED = 1e-3
"""Share of its value at distance 1 below which a derivative is said to have vanished."""


@dataclass(frozen=True)
class Sentences:
    """Pairs to measure on, padded, and the word of each whose loss counts."""

    source_BS: Tensor
    lengths_B: Tensor
    target_BT: Tensor
    last_B: Tensor
    """Position at which the last word is predicted, counted from 0."""
    words_B: Tensor
    """Id of that word."""

    @classmethod
    def of(cls, sources: list[str], targets: list[str], subwords: Subwords) -> "Sentences":
        """Pairs of text; the last word is the last subword with a letter or digit."""
        ids = [[np.array(row, dtype=np.int32) for row in side] for side in subwords.encode_pairs(sources, targets)]
        last = []
        for row in ids[1]:
            units = subwords.decode_target([[unit] for unit in row.tolist()])
            words = [place for place, unit in enumerate(units) if any(map(str.isalnum, unit))]
            last.append(words[-1] if words else len(row) - 1)
        words_B = torch.tensor([int(row[place]) for row, place in zip(ids[1], last, strict=True)])
        lengths_B = torch.tensor([len(row) + 1 for row in ids[0]])
        return cls(pad(ids[0], after=END), lengths_B, pad(ids[1], before=BEGIN), torch.tensor(last), words_B)


@dataclass(frozen=True)
class Record:
    """What one layer did, position by position."""

    inputs: list[Tensor] = field(default_factory=list)
    """What it read, [B, 1, I]."""
    states: list[State] = field(default_factory=list)
    """Its first state, then the one after each position; each in the graph of the next."""


class Stepwise(nn.Module):
    """A layer that does what it did, one position at a time, and lets each of its states be seen."""

    def __init__(self, layer: RecurrentLayer, record: Record) -> None:
        """Run `layer`, writing to the record of whoever asks."""
        super().__init__()
        self.layer = layer
        self.record = record

    def zero_state(self, batch: int, like: Tensor) -> State:
        """That of the layer."""
        return self.layer.zero_state(batch, like)

    def forward(self, inputs_BTI: Tensor, state: State) -> tuple[Tensor, State]:
        """Outputs [B, T, H] and the last state.  The outputs are made of the recorded states, not beside them."""
        self.record.states.append(state)
        for input_B1I in torch.split(inputs_BTI, 1, dim=1):
            _, state = self.layer(input_B1I, state)
            self.record.inputs.append(input_B1I)
            self.record.states.append(state)
        outputs = [h_BH for h_BH, *_ in self.record.states[1:]]
        return torch.stack(outputs, dim=1), state


def unfolded(model: Translation) -> tuple[Translation, Record, Record]:
    """A copy of the network in float64 whose chain is recorded: the encoder's part of it, and the decoder's."""
    model = copy.deepcopy(model).to("cpu", torch.float64)
    source, target = Record(), Record()
    last, first = model.encoder.layers[-1], model.decoder.layers[0]
    assert isinstance(last, BidirectionalLayer)
    assert isinstance(first, RecurrentLayer)
    # A module is replaced by one that takes its place in all that is asked of it.
    last.forwards = Stepwise(last.forwards, source)  # type: ignore[assignment]
    model.decoder.layers[0] = Stepwise(first, target)
    return model, source, target


def losses(model: Translation, sentences: Sentences) -> Tensor:
    """Loss of the last word of each sentence [B], in nats."""
    features_BTE = model(sentences.source_BS, sentences.lengths_B, sentences.target_BT)
    rows_B = torch.arange(len(sentences.last_B))
    logits_BV = model.logits(features_BTE[rows_B, sentences.last_B])
    return nn.functional.cross_entropy(logits_BV, sentences.words_B, reduction="none")


def state_gradients(output: Tensor, direction: Tensor, record: Record, is_grads_batched: bool = False) -> list[State]:
    """The derivative of an output, in a direction or several, by each recorded state but the first.

    Zero by what it does not depend on.
    """
    states = record.states[1:]
    wanted = [part for state in states for part in state]
    found = torch.autograd.grad(
        output, wanted, direction, True, is_grads_batched=is_grads_batched, materialize_grads=True
    )
    size = len(states[0])
    return [found[first : first + size] for first in range(0, len(found), size)]


def jacobian(layer: RecurrentLayer, inputs_1TI: Tensor, first: State) -> Tensor:
    """∂h_T/∂s_t of one sentence for t = 1..T, [T, H, D].

    PyTorch's cells do a step as the layer does; through them one backward pass takes all units of h_T together.
    """
    size = layer.hidden_size
    record = Record(states=[first])
    for input_1I in torch.split(inputs_1TI[0], 1):
        record.states.append(_step(layer, input_1I, record.states[-1]))
    h_1H = record.states[-1][0]
    units_H1H = torch.eye(size).to(h_1H).unsqueeze(1)
    found = state_gradients(h_1H, units_H1H, record, is_grads_batched=True)
    # The last c, which h_T does not depend on, has one zero for all units.
    return torch.stack([torch.cat([part.expand(size, 1, -1) for part in parts], dim=2).squeeze(1) for parts in found])


def _step(layer: RecurrentLayer, input_1I: Tensor, state: State) -> State:
    """The state after one more position."""
    if layer.cell == "lstm":
        h_1H, c_1H = torch.lstm_cell(input_1I, state, *layer.weights)
        # h is made of this very c; a copy is what can change, as a part of the state, with h held fast.
        return h_1H, c_1H.clone()
    cell = torch.gru_cell if layer.cell == "gru" else torch.rnn_tanh_cell
    return (cell(input_1I, state[0], *layer.weights),)


def measure(model: Translation, sentences: Sentences) -> dict[str, Any]:
    """The derivatives of one network by distance, what its recurrent matrices would allow, and how far they reach.

    Keys: `cell`, `attention`, `hidden`; `loss`, rows of ‖∂loss_T/∂s_t‖; `jacobian`, rows of the largest singular value
    of ∂h_T/∂s_t in layer 1 of the decoder; for lstm `loss_h` and `jacobian_h`, by h alone.  A row has `distance`,
    `part` (target or source), `sentences` and over these `lower` (quartile), `median` and `upper`; for rnn the
    Jacobian's have `bound`, σ_max(U)^distance.  `singular_values` has the largest of each recurrent matrix by name,
    `reach` for each kind of row the first distance at which the median has FADED, null where none of it has.
    """
    unrolled, source, target = unfolded(model)
    total = losses(unrolled, sentences).sum()
    decoder = unrolled.decoder
    first_layer = decoder.layers[0]
    assert isinstance(first_layer, Stepwise)
    layer = first_layer.layer
    found: dict[str, Any] = {"cell": decoder.cell, "attention": decoder.attention is not None, "hidden": decoder.hidden}
    kinds = ("",) if len(target.states[0]) == 1 else ("", "_h")
    lasts, lengths = sentences.last_B.tolist(), sentences.lengths_B.tolist()
    chains = {part: _norms(total, record) for part, record in (("target", target), ("source", source))}
    for number, kind in enumerate(kinds):
        norms: dict[str, list[tuple[int, float]]] = {"target": [], "source": []}
        for row, (last, length) in enumerate(zip(lasts, lengths, strict=True)):
            for part, end, before in (("target", last + 1, last), ("source", length, last + length)):
                values = chains[part][number][:end, row].tolist()
                norms[part] += [(before - place, value) for place, value in enumerate(values)]
        found["loss" + kind] = [row for part, pairs in norms.items() for row in _rows(pairs, part, len(lasts))]
    spectral: dict[str, list[tuple[int, float]]] = {kind: [] for kind in kinds}
    inputs_BTI = torch.cat(target.inputs, dim=1)
    for row, last in enumerate(lasts):
        only = slice(row, row + 1)
        first = tuple(part_BH[only] for part_BH in target.states[0])
        matrices_THD = jacobian(layer, inputs_BTI[only, : last + 1], first)
        for kind in kinds:
            asked = matrices_THD if not kind else matrices_THD[:, :, : layer.hidden_size]
            # The root of the largest eigenvalue of J J' is the largest singular value of J, sooner found.
            squares_T = torch.linalg.eigvalsh(asked @ asked.mT)[:, -1].clamp(min=0)
            spectral[kind] += [(last - place, value) for place, value in enumerate(squares_T.sqrt().tolist())]
    found["singular_values"] = singular_values(model)
    for kind in kinds:
        found["jacobian" + kind] = _rows(spectral[kind], "target", len(lasts))
    if found["cell"] == "rnn":
        for entry in found["jacobian"]:
            entry["bound"] = found["singular_values"]["decoder.1.U"] ** entry["distance"]
    found["reach"] = {key: reach(found[key]) for key in ("loss", "jacobian")}
    return found


def _norms(total: Tensor, record: Record) -> list[Tensor]:
    """Norms of the derivatives by each state [T, B], and where these have two parts, of those by h."""
    gradients = state_gradients(total, torch.ones_like(total), record)
    whole_TB = torch.stack([torch.cat(parts, dim=1).norm(dim=1) for parts in gradients])
    return [whole_TB, torch.stack([h_BH.norm(dim=1) for h_BH, *_ in gradients])]


def singular_values(model: Translation) -> dict[str, float]:
    """The largest singular value of each recurrent matrix, by name."""
    return {
        name: torch.linalg.matrix_norm(parameter[rows].detach().cpu().double(), 2).item()
        for name, (parameter, rows) in matrices(model).items()
        if "U" in name.split(".")
    }


def _rows(pairs: Iterable[tuple[int, float]], part: str, sentences: int) -> list[dict[str, Any]]:
    """Quartiles of the values at each distance that at least half of the sentences have, nearest first."""
    at: dict[int, list[float]] = {}
    for distance, value in pairs:
        at.setdefault(distance, []).append(value)
    rows = []
    for distance, values in sorted(at.items()):
        if 2 * len(values) >= sentences:
            lower, median, upper = np.quantile(values, (0.25, 0.5, 0.75)).tolist()
            few = {"distance": distance, "part": part, "sentences": len(values)}
            rows.append({**few, "lower": lower, "median": median, "upper": upper})
    return rows


def reach(rows: Sequence[dict[str, Any]]) -> int | None:
    """The first distance at which the median is below FADED of that at distance 1; None if there is none."""
    ordered = sorted(rows, key=lambda row: row["distance"])
    near = next(row["median"] for row in ordered if row["distance"] == 1)
    return next((row["distance"] for row in ordered if row["distance"] > 1 and row["median"] < FADED * near), None)
