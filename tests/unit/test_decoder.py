"""The decoder: what is trained on whole targets is what the search runs one step at a time."""

import pytest
import torch
from torch import Tensor

from seq2seq.cells import State, state_size
from seq2seq.decoder import Decoder, Memory
from seq2seq.dropout import Dropout
from seq2seq.encoder import position_mask
from tests.toys import ATTENTIONS, CELLS

EMBEDDING, HIDDEN, BATCH, SOURCE, TARGET = 5, 6, 3, 4, 7


def decoder(cell: str = "lstm", attention: bool = True, layers: int = 2) -> Decoder:
    torch.manual_seed(0)
    return Decoder(cell, EMBEDDING, HIDDEN, layers, attention).double()


def noise(*shape: int, seed: int = 1) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def memory(model: Decoder, batch: int = BATCH, seed: int = 1) -> Memory:
    annotations = noise(batch, SOURCE, HIDDEN, seed=seed)
    keys = annotations if model.attention is None else model.attention.keys(annotations)
    return Memory(annotations, keys, position_mask(torch.tensor([4, 1, 3])[:batch], SOURCE))


def start(model: Decoder, batch: int = BATCH) -> tuple[State, ...]:
    return model.initial_states(noise(batch, HIDDEN, seed=2), memory(model, batch).mask_BS)


def close(actual: object, expected: object) -> None:
    torch.testing.assert_close(actual, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("attention", ATTENTIONS)
@pytest.mark.parametrize("cell", CELLS)
def test_step_by_step_is_the_whole_pass(cell: str, attention: bool, layers: int) -> None:
    model = decoder(cell, attention, layers)
    known, states, inputs = memory(model), start(model), noise(BATCH, TARGET, EMBEDDING, seed=3)
    whole, after, weights = model(inputs, known, states)
    for t in range(TARGET):
        step, states, step_weights = model(inputs[:, t : t + 1], known, states)
        close(step[:, 0], whole[:, t])
        if not attention:
            assert weights is step_weights is None
        else:
            close(step_weights[:, 0], weights[:, t])
    close(states, after)


@pytest.mark.parametrize("cell", CELLS)
def test_first_states_are_a_tanh_of_a_linear_map_of_the_summary(cell: str) -> None:
    model = decoder(cell, layers=3)
    summary = noise(BATCH, HIDDEN, seed=2)
    *states, past = model.initial_states(summary, memory(model).mask_BS)
    assert [len(state) for state in states] == [state_size(cell)] * 3
    assert not torch.cat(past).any()
    values = torch.tanh(summary @ model.initial.weight.T + model.initial.bias)
    close(torch.cat([part for state in states for part in state], dim=1), values)


@pytest.mark.parametrize("layers", [1, 3])
def test_dropout_is_before_every_layer_and_round_the_readout(layers: int) -> None:
    model, seen = decoder(layers=layers), []

    class Noted(Dropout):
        def __call__(self, values_BTH: Tensor) -> Tensor:
            seen.append(values_BTH.size(2))
            return super().__call__(values_BTH)

    model(noise(BATCH, TARGET, EMBEDDING), memory(model), start(model), Noted(0.5))
    assert seen == [EMBEDDING] + [2 * HIDDEN] * layers + [EMBEDDING]


def test_no_position_sees_a_later_one() -> None:
    model = decoder()
    known, states, inputs = memory(model), start(model), noise(BATCH, TARGET, EMBEDDING, seed=3)
    changed = inputs.clone()
    changed[:, 4] += 1.0
    before, after = (model(values, known, states)[0] for values in (inputs, changed))
    assert before[:, :4].equal(after[:, :4])
    assert (before[:, 4:] != after[:, 4:]).any(dim=2).all()


@pytest.mark.parametrize("attention", ATTENTIONS)
def test_the_context_enters_above_the_layer_that_asks_for_it(attention: bool) -> None:
    model = decoder(attention=attention)
    states, inputs = start(model), noise(BATCH, TARGET, EMBEDDING, seed=3)
    (features, after, _), (others, after_others, _) = (
        model(inputs, memory(model, seed=seed), states) for seed in (1, 4)
    )
    assert after[0][0].equal(after_others[0][0])
    assert after[1][0].equal(after_others[1][0]) is not attention
    assert features.equal(others) is not attention


@pytest.mark.parametrize("attention", ATTENTIONS)
def test_padding_of_the_source_is_never_read(attention: bool) -> None:
    model = decoder(attention=attention)
    known, states, inputs = memory(model), start(model), noise(BATCH, TARGET, EMBEDDING, seed=3)
    hidden = ~known.mask_BS.unsqueeze(2)
    noisy = Memory(
        known.annotations_BSH.masked_fill(hidden, 1e3), known.keys_BSH.masked_fill(hidden, 1e3), known.mask_BS
    )
    assert model(inputs, known, states)[0].equal(model(inputs, noisy, states)[0])


@pytest.mark.parametrize("cell", CELLS)
def test_gradients_are_the_finite_differences(cell: str) -> None:
    model = decoder(cell)
    mask = memory(model).mask_BS

    def run(inputs: Tensor, annotations: Tensor, summary: Tensor) -> Tensor:
        assert model.attention is not None
        known = Memory(annotations, model.attention.keys(annotations), mask)
        features: Tensor = model(inputs, known, model.initial_states(summary, mask))[0]
        return features

    arguments = [noise(BATCH, 3, EMBEDDING), noise(BATCH, SOURCE, HIDDEN), noise(BATCH, HIDDEN)]
    assert torch.autograd.gradcheck(run, [a.requires_grad_() for a in arguments], fast_mode=True)
