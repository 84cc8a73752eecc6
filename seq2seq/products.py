"""The products of a trained network: in floating point, or in 8-bit integers (Jacob et al. 2018).

Shapes: R rows, I inputs, O outputs.

What goes into a product is between -1 and 1, so the scale of its bytes is known beforehand: nothing is calibrated, and
what a row gives does not depend on those beside it.
"""

import warnings
from functools import cache
from typing import Final

import torch
from torch import Tensor, nn

from data_prep.errors import UserError

FEW = 8
"""Rows that FBGEMM multiplies sooner than oneDNN, which takes longer to begin."""


class Float(nn.Module):
    """x W' + b in the type of the weights."""

    def __init__(self, weight_OI: Tensor, bias_O: Tensor) -> None:
        super().__init__()
        self.weight_IO, self.bias_O = weight_OI.t(), bias_O

    def forward(self, values_RI: Tensor) -> Tensor:
        """The product [R, O]."""
        return torch.addmm(self.bias_O, values_RI, self.weight_IO)


class Bytes(nn.Module):
    """x W' + b in 8-bit integers with 32-bit sums; a scale for each output.

    The processor multiplies bytes with FBGEMM for few rows and with oneDNN for many, each where it is the faster.  A
    processor that cannot do so exactly multiplies the same integers in float32: the numbers are the same.
    """

    few: Final[int] = FEW
    exact: Final[bool]

    def __init__(self, weight_OI: Tensor, bias_O: Tensor, exact: bool | None = None) -> None:
        """`exact` is whether the processor multiplies bytes exactly; a trial tells if it is None."""
        super().__init__()
        self.exact = multiplies_bytes() if exact is None else exact
        self.bias_O = bias_O
        self.scale_O = weight_OI.abs().amax(dim=1).clamp_min(1e-12) / 127
        rounded_OI = (weight_OI / self.scale_O.unsqueeze(1)).round()
        if not self.exact:
            self.rounded_IO = rounded_OI.t()
            return
        rounded_OI = rounded_OI.to(torch.int8)
        self.zero_O = torch.zeros(len(bias_O), dtype=torch.int32)
        self.for_many = torch.ops.onednn.qlinear_prepack(rounded_OI, None)
        with warnings.catch_warnings():
            # PyTorch means to give its quantised tensors up; no other product of bytes begins as fast.
            warnings.simplefilter("ignore", UserWarning)
            of_channels = torch._make_per_channel_quantized_tensor
            quantised_OI = of_channels(rounded_OI, self.scale_O.double(), self.zero_O.long(), 0)
        self.for_few = torch.ops.quantized.linear_prepack(quantised_OI, bias_O)
        # The byte of zero, and a half, so that numbers are rounded and not cut.
        self.middle = torch.tensor(128.5)

    def forward(self, values_RI: Tensor) -> Tensor:
        """The product [R, O] in float32."""
        if not self.exact:
            # Sums of integers are exact in float32 up to 2^24.
            return (values_RI * 127.0).round() @ self.rounded_IO * (self.scale_O / 127.0) + self.bias_O
        if len(values_RI) <= self.few:
            few_RO: Tensor = torch.ops.quantized.linear_with_input_q_dq_qweight_dq_output_fp32(
                values_RI, 1 / 127, 128, self.for_few
            )
            return few_RO
        # From floats to bytes at once is slow in PyTorch.
        bytes_RI = torch.add(self.middle, values_RI, alpha=127.0).to(torch.int32).to(torch.uint8)
        product_RO: Tensor = torch.ops.onednn.qlinear_pointwise(
            bytes_RI, 1 / 127, 128, self.for_many, self.scale_O, self.zero_O, self.bias_O,
            1.0, 0, torch.float32, "none", [], "",
        )  # fmt: skip
        return product_RO


@cache
def multiplies_bytes() -> bool:
    """Whether this processor and this PyTorch multiply bytes exactly, by a trial.

    Without instructions for it (VNNI, AMX), sums of two products of bytes are cut off at 16 bits.
    """
    if not hasattr(torch.ops.onednn, "qlinear_pointwise") or torch.backends.quantized.engine not in ("x86", "fbgemm"):
        return False
    size = 64
    try:
        with torch.inference_mode():
            product = Bytes(torch.ones(size, size), torch.zeros(size), exact=True)
            found = torch.cat([product(torch.ones(rows, size)) for rows in (1, FEW, FEW + 1)])
    except RuntimeError:
        return False
    return bool(torch.allclose(found, torch.full_like(found, size)))


Product = Float | Bytes


def choose_bytes(precision: str, device: torch.device) -> bool:
    """Whether products are of bytes; `auto` takes them where they are fast and exact.

    Raises UserError for `int8` on a GPU.
    """
    if precision == "int8" and device.type != "cpu":
        raise UserError(
            f"decoding.precision=int8: only a processor multiplies bytes, not {device}; use auto or float32"
        )
    if precision != "auto" or device.type != "cpu":
        return precision == "int8"
    has = torch.cpu.get_capabilities()
    return any(has.get(name) for name in ("avx512_vnni", "avx_vnni", "amx_int8")) and multiplies_bytes()
