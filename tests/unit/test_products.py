"""Products in bytes are those of integers, whatever multiplies them."""

import numpy as np
import pytest
import torch

from data_prep.errors import UserError
from seq2seq import products
from seq2seq.products import FEW, Bytes, Float, choose_bytes, multiplies_bytes

CPU = torch.device("cpu")
WAYS = sorted({False, multiplies_bytes()})
"""Whether bytes are multiplied as bytes: never everywhere, and as this processor has it."""


def test_floats_are_multiplied_as_they_are() -> None:
    torch.manual_seed(0)
    weight_OI, bias_O, values_RI = (torch.randn(*shape, dtype=torch.float64) for shape in ((7, 5), (7,), (3, 5)))
    product = Float(weight_OI, bias_O)
    torch.testing.assert_close(product(values_RI), values_RI @ weight_OI.t() + bias_O)


@pytest.mark.parametrize("exact", WAYS)
@pytest.mark.parametrize(("rows", "inputs", "outputs"), [(1, 8, 6), (FEW, 33, 17), (FEW + 1, 33, 17), (60, 256, 100)])
def test_a_product_in_bytes_is_that_of_integers(rows: int, inputs: int, outputs: int, exact: bool) -> None:
    draw = np.random.default_rng(rows)
    # Outputs of very different size, as a matrix may have them, and one of nothing at all.
    sizes_O1 = 10.0 ** draw.integers(-3, 3, (outputs, 1))
    weight_OI = (draw.normal(size=(outputs, inputs)) * sizes_O1).astype(np.float32)
    weight_OI[0] = 0.0
    bias_O = draw.normal(size=outputs).astype(np.float32)
    integers_RI = draw.integers(-127, 128, (rows, inputs))
    integers_RI[0, :3] = -127, 0, 127
    # Near enough to one of the numbers that bytes can tell apart.
    values_RI = (integers_RI + draw.uniform(-0.49, 0.49, integers_RI.shape)).clip(-127, 127).astype(np.float32) / 127
    with torch.inference_mode():
        product = Bytes(torch.from_numpy(weight_OI), torch.from_numpy(bias_O), exact)
        found_RO = product(torch.from_numpy(values_RI)).numpy()
    scale_O = np.maximum(np.abs(weight_OI).max(axis=1), 1e-12) / 127
    rounded_OI = np.rint(weight_OI / scale_O[:, None]).astype(np.int64)
    exact_RO = integers_RI @ rounded_OI.T * (scale_O / 127) + bias_O
    np.testing.assert_allclose(found_RO, exact_RO, rtol=1e-5, atol=1e-5 * np.abs(weight_OI).max())
    # Each number is off by half a byte's step at most, of the weights and of the values.
    bound_O = (np.abs(weight_OI) / 254 + scale_O[:, None] / 2 * (1 + 1 / 254)).sum(axis=1)
    assert (np.abs(found_RO - (values_RI @ weight_OI.T + bias_O)) <= bound_O + 1e-4 * np.abs(weight_OI).max()).all()


def test_the_largest_bytes_do_not_overflow() -> None:
    """Without instructions for bytes, pairs of products are cut off at 16 bits."""
    product = Bytes(torch.ones(32, 64), torch.zeros(32))
    for rows in (1, FEW, FEW + 1, 40):
        with torch.inference_mode():
            torch.testing.assert_close(product(torch.ones(rows, 64)), torch.full((rows, 32), 64.0))


def test_bytes_are_chosen_where_they_are_fast_and_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    def chosen(precision: str, feature: str, device: str = "cpu", exact: bool = True) -> bool:
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {feature: True})
        monkeypatch.setattr(products, "multiplies_bytes", lambda: exact)
        return choose_bytes(precision, torch.device(device))

    for fast in ("avx512_vnni", "avx_vnni", "amx_int8"):
        assert chosen("auto", fast)
        assert not chosen("auto", fast, exact=False)
        assert chosen("int8", fast)
        assert not chosen("float32", fast)
        assert not chosen("auto", fast, "cuda")
    assert not chosen("auto", "avx2")
    assert chosen("int8", "avx2", exact=False)
    with pytest.raises(UserError, match=r"^decoding\.precision=int8: .*cuda; use auto or float32$"):
        chosen("int8", "avx512_vnni", "cuda")


def test_a_trial_that_fails_is_a_processor_without_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(self: Bytes, values_RI: torch.Tensor) -> torch.Tensor:
        raise RuntimeError("could not create a primitive")

    monkeypatch.setattr(Bytes, "forward", fails)
    assert not multiplies_bytes.__wrapped__()
