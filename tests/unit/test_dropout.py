"""Dropout of whole features of a sentence."""

import pytest
import torch

from seq2seq.dropout import SequenceDropout


def test_a_feature_is_dropped_or_kept_at_all_positions_of_a_sentence() -> None:
    torch.manual_seed(0)
    dropped = SequenceDropout(0.25)(torch.ones(50, 7, 40))
    assert (dropped == dropped[:, :1]).all()
    assert set(dropped.unique().tolist()) == {0.0, torch.tensor(1 / 0.75).item()}
    # Sentences have masks of their own, and the mean stays: 2,000 draws lie within five deviations of it.
    assert not dropped[0].equal(dropped[1])
    assert dropped.mean().item() == pytest.approx(1.0, abs=5 * (0.25 / 0.75 / 2000) ** 0.5)


@pytest.mark.parametrize(("rate", "training"), [(0.0, True), (0.5, False)])
def test_without_a_rate_or_training_nothing_is_dropped(rate: float, training: bool) -> None:
    values = torch.randn(2, 3, 4)
    assert SequenceDropout(rate).train(training)(values).equal(values)


def test_the_gradient_is_dropped_with_the_value() -> None:
    values = torch.randn(2, 3, 40, requires_grad=True)
    dropped = SequenceDropout(0.5)(values)
    (gradient,) = torch.autograd.grad(dropped.sum(), values)
    assert (gradient * values).equal(dropped)
