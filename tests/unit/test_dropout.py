"""Dropout of whole features of a sentence."""

import pytest
import torch

from seq2seq.dropout import NONE, Dropout


def test_a_feature_is_dropped_or_kept_at_all_positions_of_a_sentence() -> None:
    torch.manual_seed(0)
    dropped = Dropout(0.25)(torch.ones(50, 7, 40))
    assert (dropped == dropped[:, :1]).all()
    assert set(dropped.flatten().tolist()) == {0.0, torch.tensor(1 / 0.75).item()}
    # Sentences have masks of their own, and the mean stays: 2,000 draws lie within five deviations of it.
    assert not dropped[0].equal(dropped[1])
    assert dropped.mean().item() == pytest.approx(1.0, abs=5 * (0.25 / 0.75 / 2000) ** 0.5)


def test_without_a_rate_nothing_is_dropped() -> None:
    values = torch.randn(2, 3, 4)
    assert NONE(values) is values


def test_the_gradient_is_dropped_with_the_value() -> None:
    values = torch.randn(2, 3, 40, requires_grad=True)
    dropped = Dropout(0.5)(values)
    (gradient,) = torch.autograd.grad(dropped.sum(), values)
    assert (gradient * values).equal(dropped)


def test_random_numbers_come_from_the_generator_that_is_given() -> None:
    values = torch.ones(3, 2, 40)

    def drop(seed: int) -> torch.Tensor:
        return Dropout(0.5, torch.Generator().manual_seed(seed))(values)

    torch.manual_seed(1)
    first, state = drop(7), torch.get_rng_state()
    torch.manual_seed(1)
    assert torch.get_rng_state().equal(state)  # PyTorch's own numbers are left alone
    torch.manual_seed(2)
    assert drop(7).equal(first)
    assert not drop(8).equal(first)
    # Calls one after another draw on.
    dropout = Dropout(0.5, torch.Generator().manual_seed(7))
    assert dropout(values).equal(first)
    assert not dropout(values).equal(first)
