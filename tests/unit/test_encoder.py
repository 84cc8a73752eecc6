"""The encoder: what padding and the rest of a batch must not change."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from seq2seq.dropout import Dropout
from seq2seq.encoder import BidirectionalLayer, Encoder, position_mask, reverse_within_length
from tests.toys import CELLS

EMBEDDING, HIDDEN = 5, 6
LENGTHS = torch.tensor([4, 1, 6, 2])
SETS = st.lists(st.integers(0, 9), min_size=1, max_size=6)


def encoder(cell: str = "lstm", layers: int = 2) -> Encoder:
    torch.manual_seed(0)
    return Encoder(cell, EMBEDDING, HIDDEN, layers).double()


def embedded(lengths: Tensor = LENGTHS, extra: int = 0) -> Tensor:
    """Random vectors, also at padding: what stands there must not matter."""
    generator = torch.Generator().manual_seed(0)
    values = torch.randn(len(lengths), 6, EMBEDDING, generator=generator, dtype=torch.float64)
    return torch.cat([values, torch.full((len(lengths), extra, EMBEDDING), 9.0, dtype=torch.float64)], dim=1)


@settings(max_examples=40, deadline=None)
@given(SETS, st.integers(0, 3))
def test_reversing_within_length_is_python_s_reversal_and_its_own_inverse(lengths: list[int], extra: int) -> None:
    positions = max(lengths) + extra
    values = torch.arange(len(lengths) * positions * 2).view(len(lengths), positions, 2)
    backwards = reverse_within_length(values, torch.tensor(lengths))
    for row, length in enumerate(lengths):
        rows = values[row].tolist()
        assert backwards[row].tolist() == rows[:length][::-1] + rows[length:]
    assert reverse_within_length(backwards, torch.tensor(lengths)).equal(values)


@settings(max_examples=40, deadline=None)
@given(SETS, st.integers(0, 3))
def test_the_mask_is_true_at_real_positions(lengths: list[int], extra: int) -> None:
    positions = max(lengths) + extra
    expected = [[True] * length + [False] * (positions - length) for length in lengths]
    assert position_mask(torch.tensor(lengths), positions).tolist() == expected


@pytest.mark.parametrize("cell", CELLS)
def test_a_layer_reads_each_sentence_alone_in_both_directions(cell: str) -> None:
    torch.manual_seed(0)
    layer = BidirectionalLayer(cell, EMBEDDING, HIDDEN).double()
    values = embedded()
    outputs, last = layer(values, LENGTHS)
    for row, length in enumerate(LENGTHS.tolist()):
        alone = values[row : row + 1, :length]
        ahead, _ = layer.forwards(alone, layer.forwards.zero_state(1, alone))
        back, _ = layer.backwards(alone.flip(1), layer.backwards.zero_state(1, alone))
        expected = torch.cat([ahead, back.flip(1)], dim=2)[0]
        torch.testing.assert_close(outputs[row, :length], expected, rtol=0, atol=1e-12)
        torch.testing.assert_close(last[row], torch.cat([ahead[0, -1], back[0, -1]]), rtol=0, atol=1e-12)


@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("cell", CELLS)
def test_a_batch_is_its_sentences_and_padding_changes_nothing(cell: str, layers: int) -> None:
    model = encoder(cell, layers)
    annotations, last = model(embedded(), LENGTHS)
    wider, last_of_wider = model(embedded(extra=3), LENGTHS)
    torch.testing.assert_close(wider[:, :6], annotations, rtol=0, atol=1e-12)
    torch.testing.assert_close(last_of_wider, last, rtol=0, atol=1e-12)
    assert not wider[:, 6:].any()
    for row, length in enumerate(LENGTHS.tolist()):
        assert not annotations[row, length:].any()
        alone, last_alone = model(embedded()[row : row + 1, :length], LENGTHS[row : row + 1])
        torch.testing.assert_close(alone[0], annotations[row, :length], rtol=0, atol=1e-12)
        torch.testing.assert_close(last_alone[0], last[row], rtol=0, atol=1e-12)


def test_no_gradient_reaches_padding_and_each_annotation_sees_the_whole_sentence() -> None:
    values = embedded().requires_grad_()
    annotations, last = encoder(layers=2)(values, LENGTHS)
    (annotations.sum() + last.sum()).backward()
    assert values.grad is not None
    touched = values.grad.abs().sum(dim=2) > 0
    assert touched.equal(position_mask(LENGTHS, 6))
    for position in range(int(LENGTHS[0])):
        (gradient,) = torch.autograd.grad(encoder()(values, LENGTHS)[0][0, position].sum(), values)
        assert (gradient[0].abs().sum(dim=1) > 0).tolist() == [True] * 4 + [False] * 2


@pytest.mark.parametrize("cell", CELLS)
def test_gradients_are_the_finite_differences(cell: str) -> None:
    model = encoder(cell)
    values, lengths = embedded()[1:3].requires_grad_(), LENGTHS[1:3]
    assert torch.autograd.gradcheck(lambda values: model(values, lengths), [values], fast_mode=True)


@pytest.mark.parametrize("layers", [1, 3])
def test_dropout_is_before_every_layer_and_after_the_last(layers: int) -> None:
    seen: list[int] = []

    class Noted(Dropout):
        def __call__(self, values_BTH: Tensor) -> Tensor:
            seen.append(values_BTH.size(2))
            return super().__call__(values_BTH)

    dropped = encoder(layers=layers)(embedded(), LENGTHS, Noted(0.5))[0]
    assert seen == [EMBEDDING] + [HIDDEN] * layers
    assert not dropped.equal(encoder(layers=layers)(embedded(), LENGTHS)[0])
