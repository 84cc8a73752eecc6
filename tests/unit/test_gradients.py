"""How far back gradients reach: derivatives against differences, and their distances."""

from dataclasses import fields
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from data_prep.subwords import BEGIN
from seq2seq import cells
from seq2seq.cells import RecurrentLayer, State, state_size
from seq2seq.gradients import (
    FADED,
    Record,
    Sentences,
    Stepwise,
    jacobian,
    losses,
    measure,
    reach,
    singular_values,
    state_gradients,
    unfolded,
)
from seq2seq.model import Translation
from tests.toys import ATTENTIONS, CELLS, letter_subwords, network, sources, targets

TOLERANCE = 1e-4
STEP = 1e-5
U = "decoder.layers.0.recurrence.weight_hh_l0"


def some_sentences(lengths: tuple[int, ...] = (4, 3), lasts: tuple[int, ...] = (3, 4)) -> Sentences:
    source_BS, lengths_B = sources(lengths)
    target_BT = targets(len(lengths), 5)
    target_BT[:, 0] = BEGIN
    last_B = torch.tensor(lasts)
    words_B = targets(len(lengths), 6, seed=1)[torch.arange(len(lengths)), last_B]
    return Sentences(source_BS, lengths_B, target_BT, last_B, words_B)


class Nudged(nn.Module):
    """A layer that adds something to one part of its state after one position."""

    def __init__(self, layer: RecurrentLayer, position: int, part: int, nudge_BH: Tensor) -> None:
        super().__init__()
        self.layer, self.position, self.part, self.nudge_BH = layer, position, part, nudge_BH

    def zero_state(self, batch: int, like: Tensor) -> State:
        return self.layer.zero_state(batch, like)

    def forward(self, inputs_BTI: Tensor, state: State) -> tuple[Tensor, State]:
        outputs = []
        for position in range(inputs_BTI.size(1)):
            _, state = self.layer(inputs_BTI[:, position : position + 1], state)
            if position == self.position:
                parts = list(state)
                parts[self.part] = parts[self.part] + self.nudge_BH
                state = tuple(parts)
            outputs.append(state[0])
        return torch.stack(outputs, dim=1), state


@torch.no_grad()
def differences(model: Translation, sentences: Sentences, side: str, position: int, part: int) -> Tensor:
    """∂loss/∂state of each sentence [B, H] by central differences; each sentence is repeated for each unit of H."""
    last, layers = model.encoder.layers[-1], model.decoder.layers
    layer: Any = last.forwards if side == "source" else layers[0]
    many = Sentences(*(getattr(sentences, f.name).repeat_interleave(layer.hidden_size, 0) for f in fields(sentences)))
    unit_BH = torch.eye(layer.hidden_size, dtype=torch.float64).repeat(len(sentences.last_B), 1)
    ends = []
    for nudge_BH in (STEP * unit_BH, -STEP * unit_BH, None):
        # In the end the layer is as it was.
        put: Any = layer if nudge_BH is None else Nudged(layer, position, part, nudge_BH)
        if side == "source":
            last.forwards = put
        else:
            layers[0] = put
        ends.append(losses(model, many))
    return ((ends[0] - ends[1]) / (2 * STEP)).view(-1, layer.hidden_size)


@pytest.mark.parametrize("attention", ATTENTIONS)
@pytest.mark.parametrize("cell", CELLS)
def test_derivatives_of_the_whole_chain_are_those_of_finite_differences(cell: str, attention: bool) -> None:
    model = network(cell, attention, scale=1.5, encoder_layers=2).double()
    sentences = some_sentences((4, 3), (3, 4))
    unrolled, source, target = unfolded(model)
    total = losses(unrolled, sentences).sum()
    for side, record, positions in (("source", source, 4), ("target", target, 5)):
        found = state_gradients(total, torch.ones_like(total), record)
        assert len(found) == positions
        for position, state in enumerate(found):
            assert len(state) == state_size(cell)
            for part, exact_BH in enumerate(state):
                other_BH = differences(model, sentences, side, position, part)
                # What is behind the end of the second source, or after the last word of the first, does nothing.
                alive = [(side, position) != ("target", 4), (side, position) != ("source", 3)]
                for row, (exact, other) in enumerate(zip(exact_BH, other_BH, strict=True)):
                    # Nor does a cell's state behind whose output nothing is read.
                    if alive[row] and not (part and exact.norm() == 0):
                        assert (exact - other).norm() / exact.norm() <= TOLERANCE
                    else:
                        assert exact.norm() == other.norm() == 0


def test_derivatives_do_not_depend_on_how_an_lstm_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    model, sentences = network("lstm", scale=1.5), some_sentences()
    ways = []
    for small in (0, cells.SMALL):
        monkeypatch.setattr(cells, "SMALL", small)
        unrolled, source, target = unfolded(model)
        total = losses(unrolled, sentences).sum()
        found = [state_gradients(total, torch.ones_like(total), record) for record in (source, target)]
        ways.append([part for states in found for state in states for part in state])
    torch.testing.assert_close(*ways, rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("attention", ATTENTIONS)
@pytest.mark.parametrize("cell", CELLS)
def test_the_unfolded_copy_does_what_the_network_does(cell: str, attention: bool) -> None:
    model, sentences = network(cell, attention), some_sentences()
    unrolled, source, target = unfolded(model)
    torch.testing.assert_close(losses(unrolled, sentences), losses(model.double(), sentences), rtol=1e-12, atol=1e-12)
    assert (len(source.states), len(target.states)) == (1 + 4, 1 + 5)
    # The network itself is as it was.
    assert not any(isinstance(module, Stepwise) for module in model.modules())


def test_the_loss_is_that_of_the_last_word() -> None:
    model, sentences = network("gru").double(), some_sentences()
    features_BTE = model(sentences.source_BS, sentences.lengths_B, sentences.target_BT)
    for row in range(2):
        log_p_V = model.logits(features_BTE[row, sentences.last_B[row]]).log_softmax(dim=0)
        assert losses(model, sentences)[row].item() == pytest.approx(-log_p_V[sentences.words_B[row]].item())


@pytest.mark.parametrize("cell", CELLS)
def test_jacobians_are_those_of_autograds_own_function(cell: str) -> None:
    torch.manual_seed(3)
    layer = RecurrentLayer(cell, 3, 4)
    layer.reset_parameters()
    layer = layer.double()
    inputs_1TI = torch.randn(1, 5, 3, dtype=torch.float64)
    first = tuple(torch.randn(1, 4, dtype=torch.float64) for _ in range(state_size(cell)))
    record = Record()
    Stepwise(layer, record)(inputs_1TI, first)
    found_THD = jacobian(layer, inputs_1TI, first)
    assert found_THD.shape == (5, 4, 4 * state_size(cell))
    for position in range(5):
        state = torch.cat(record.states[position + 1], dim=1).detach()

        def rest(state_1D: Tensor, position: int = position) -> Tensor:
            parts = tuple(torch.split(state_1D, 4, dim=1))
            if position == 4:
                return parts[0].flatten()
            outputs_1TH: Tensor = layer(inputs_1TI[:, position + 1 :], parts)[0]
            return outputs_1TH[0, -1]

        jacobian_of: Any = torch.autograd.functional.jacobian
        exact_HD: Tensor = jacobian_of(rest, state)[:, 0]
        torch.testing.assert_close(found_THD[position], exact_HD, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("cell", CELLS)
def test_what_is_measured_are_norms_by_distance(cell: str) -> None:
    model, sentences = network(cell, True, scale=1.5), some_sentences((4,), (3,))
    found = measure(model, sentences)
    unrolled, source, target = unfolded(model)
    total = losses(unrolled, sentences).sum()
    expected = {}
    for part, record, furthest in (("target", target, 3), ("source", source, 3 + 4)):
        for place, state in enumerate(state_gradients(total, torch.ones_like(total), record)):
            expected[part, furthest - place] = torch.cat(state, dim=1).norm().item()
    rows = {(row["part"], row["distance"]): row["median"] for row in found["loss"]}
    # What comes after the last word has no distance.
    del expected["target", -1]
    assert rows == pytest.approx(expected)
    layer = unrolled.decoder.layers[0]
    assert isinstance(layer, Stepwise)
    first = tuple(part.detach() for part in target.states[0])
    inputs_1TI = torch.cat(target.inputs, dim=1)[:, :4]
    spectral = torch.linalg.svdvals(jacobian(layer.layer, inputs_1TI, first))[:, 0].tolist()
    assert [row["distance"] for row in found["jacobian"]] == [0, 1, 2, 3]
    assert [row["median"] for row in found["jacobian"]] == pytest.approx(spectral[::-1])
    assert found["jacobian"][0]["median"] == pytest.approx(1.0)
    assert ("loss_h" in found, "jacobian_h" in found) == (cell == "lstm",) * 2
    if cell == "lstm":
        assert all(h["median"] <= s["median"] for h, s in zip(found["loss_h"], found["loss"], strict=True))


def test_no_jacobian_of_a_plain_rnn_is_above_its_bound() -> None:
    for scale in (0.5, 1.0, 3.0):
        model = network("rnn", False, scale=scale)
        found = measure(model, some_sentences((4, 3, 3), (3, 4, 2)))
        largest = torch.linalg.svdvals(dict(model.named_parameters())[U].detach().double())[0].item()
        for row in found["jacobian"]:
            assert row["bound"] == pytest.approx(largest ** row["distance"])
            assert row["upper"] <= row["bound"] * (1 + 1e-9)
    assert "bound" not in measure(network("gru"), some_sentences())["jacobian"][0]


@pytest.mark.parametrize(("cell", "gates"), [("rnn", 1), ("gru", 3), ("lstm", 4)])
def test_singular_values_are_those_of_each_gate(cell: str, gates: int) -> None:
    model = network(cell)
    found = singular_values(model)
    assert len(found) == (2 + 2) * gates
    name = {"rnn": "decoder.2.U", "gru": "decoder.2.U.candidate", "lstm": "decoder.2.U.output"}[cell]
    u_GH = dict(model.named_parameters())["decoder.layers.1.recurrence.weight_hh_l0"].detach()
    assert found[name] == pytest.approx(np.linalg.norm(u_GH[-8:].double().numpy(), 2))


def _row(distance: int, median: float, part: str = "target") -> dict[str, Any]:
    return {"distance": distance, "part": part, "median": median}


def test_reach_is_the_first_distance_below_a_thousandth_of_distance_one() -> None:
    rows = [_row(0, 99.0), _row(1, 2.0), _row(2, 0.01), _row(3, 0.0019), _row(4, 1.0), _row(5, 1e-9, "source")]
    assert reach(rows) == 3
    assert reach([*rows[:3], _row(9, 1e-9, "source"), _row(8, 1.0, "source")]) == 9
    assert reach(rows[:3]) is None
    assert FADED == 1e-3


def test_quartiles_are_of_distances_that_half_of_the_sentences_have() -> None:
    found = measure(network("rnn", False), some_sentences((4, 3, 2, 2), (4, 3, 1, 1)))
    counts = {(row["part"], row["distance"]): row["sentences"] for row in found["loss"]}
    assert counts[("target", 0)] == counts[("target", 1)] == 4
    assert counts[("target", 3)] == 2
    assert ("target", 4) not in counts
    assert all(row["lower"] <= row["median"] <= row["upper"] for row in found["loss"])


def test_the_last_word_is_no_full_stop() -> None:
    subwords = letter_subwords()
    found = Sentences.of(["abc", "ab"], ["abc . !", "..."], subwords)
    pieces = subwords.target_pieces(found.words_B.tolist())
    assert pieces[0] == "c"
    assert not pieces[1].isalnum()
    assert found.target_BT[:, 0].tolist() == [BEGIN, BEGIN]
    assert found.target_BT[0, found.last_B[0] + 1] == found.words_B[0]
