"""The chunked loss against PyTorch's own cross-entropy on all logits."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from seq2seq.loss import CHUNK, smoothed_cross_entropy

FEATURES, VOCABULARY = 6, 11
Arguments = tuple[Tensor, Tensor, Tensor, Tensor]


def arguments(rows: int, dtype: torch.dtype = torch.float64, vocabulary: int = VOCABULARY) -> Arguments:
    generator = torch.Generator().manual_seed(rows)

    def noise(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64).to(dtype).requires_grad_()

    targets = torch.randint(vocabulary, (rows,), generator=generator)
    return noise(rows, FEATURES), noise(vocabulary, FEATURES), noise(vocabulary), targets


def oracle(features: Tensor, weight: Tensor, bias: Tensor, targets: Tensor, smoothing: float) -> Tensor:
    logits = features @ weight.T + bias
    return torch.nn.functional.cross_entropy(logits, targets, label_smoothing=smoothing, reduction="sum")


def gradients(total: Tensor, inputs: Arguments) -> list[Tensor]:
    return list(torch.autograd.grad(total, inputs[:3]))


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.9])
@pytest.mark.parametrize("rows", [1, 2, CHUNK["cpu"] - 1, CHUNK["cpu"], CHUNK["cpu"] + 1, 600])
def test_value_and_gradients_are_pytorch_s(rows: int, smoothing: float) -> None:
    inputs = arguments(rows)
    total, likelihood = smoothed_cross_entropy(*inputs, smoothing)
    expected = oracle(*inputs, smoothing)
    torch.testing.assert_close(total, expected, rtol=0, atol=1e-6)
    torch.testing.assert_close(likelihood, oracle(*inputs, 0.0), rtol=0, atol=1e-6)
    assert not likelihood.requires_grad
    for got, wanted in zip(gradients(3 * total, inputs), gradients(3 * expected, inputs), strict=True):
        torch.testing.assert_close(got, wanted, rtol=0, atol=1e-6)


def test_gradients_are_the_finite_differences() -> None:
    *inputs, targets = arguments(5)
    assert torch.autograd.gradcheck(
        lambda features, weight, bias: smoothed_cross_entropy(features, weight, bias, targets, 0.1)[0], inputs
    )


def test_no_rows_cost_nothing() -> None:
    inputs = arguments(0)
    total, likelihood = smoothed_cross_entropy(*inputs, 0.1)
    assert total.item() == likelihood.item() == 0
    assert not any(gradient.any() for gradient in gradients(total, inputs))


def test_very_large_logits_stay_finite() -> None:
    features, weight, bias, targets = arguments(300)
    total, _ = smoothed_cross_entropy(features * 1e4, weight, bias, targets, 0.1)
    assert total.isfinite()
    assert all(gradient.isfinite().all() for gradient in torch.autograd.grad(total, (features, weight, bias)))


@pytest.mark.parametrize("bfloat16_features", [False, True])
def test_bfloat16_products_stay_within_a_percent(bfloat16_features: bool) -> None:
    exact_inputs, inputs = arguments(600), arguments(600, torch.float32)
    exact = oracle(*exact_inputs, 0.1)
    features = inputs[0].bfloat16() if bfloat16_features else inputs[0]
    with torch.autocast("cpu", torch.bfloat16):
        total, likelihood = smoothed_cross_entropy(features, *inputs[1:], 0.1)
    assert (total.dtype, likelihood.dtype) == (torch.float32, torch.float32)
    assert total.item() == pytest.approx(exact.item(), rel=2e-3)
    for got, wanted in zip(gradients(total, inputs), gradients(exact, exact_inputs), strict=True):
        assert got.dtype == torch.float32
        assert (got.double() - wanted).norm() < 0.01 * wanted.norm()


class _Operations(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Notes what is computed, and the largest tensor that comes out."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.names: set[str] = set()
        self.largest = 0

    def __torch_dispatch__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        self.names.add(str(func))
        for part in result if isinstance(result, (tuple, list)) else [result]:
            if isinstance(part, Tensor):
                self.largest = max(self.largest, part.numel())
        return result


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_all_logits_are_never_held(precision: torch.dtype) -> None:
    rows, vocabulary = 4 * CHUNK["cpu"], 50
    inputs = arguments(rows, torch.float32, vocabulary)
    with _Operations() as seen, torch.autocast("cpu", precision, enabled=precision != torch.float32):
        total, _ = smoothed_cross_entropy(*inputs, 0.1)
        gradients(total, inputs)
    assert seen.largest == CHUNK["cpu"] * vocabulary < rows * vocabulary


def test_without_gradients_none_are_computed() -> None:
    inputs = arguments(300)
    expected = smoothed_cross_entropy(*inputs, 0.1)
    with _Operations() as training:
        smoothed_cross_entropy(*inputs, 0.1)
    with _Operations() as scoring, torch.no_grad():
        found = smoothed_cross_entropy(*inputs, 0.1)
    assert found[0].item() == expected[0].item()
    assert found[1].item() == expected[1].item()
    assert not found[0].requires_grad
    assert "aten.scatter_add_.default" in training.names - scoring.names
