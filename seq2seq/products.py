"""The products of a trained network: in floating point, or in 8-bit integers (Jacob et al. 2018).

Shapes: R rows, I inputs, O outputs.

What goes into a product is between -1 and 1, so the scale of its bytes is known beforehand: nothing is calibrated, and
what a row gives does not depend on those beside it.
"""

import warnings
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

    By FBGEMM for few rows and by oneDNN for many, each where it is the faster.
    """

    few: Final[int] = FEW

    def __init__(self, weight_OI: Tensor, bias_O: Tensor) -> None:
        super().__init__()
        self.bias_O = bias_O
        self.scale_O = weight_OI.abs().amax(dim=1).clamp_min(1e-12) / 127
        self.zero_O = torch.zeros(len(bias_O), dtype=torch.int32)
        rounded_OI = (weight_OI / self.scale_O.unsqueeze(1)).round().to(torch.int8)
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


Product = Float | Bytes


def choose_bytes(precision: str, device: torch.device) -> bool:
    """Whether products are of bytes; `auto` takes them where they are faster.  Raises UserError if there are none."""
    has = torch.cpu.get_capabilities()
    fast = any(has.get(name) for name in ("avx512_vnni", "avx_vnni", "amx_int8"))
    engines = hasattr(torch.ops.onednn, "qlinear_pointwise") and torch.backends.quantized.engine in ("x86", "fbgemm")
    can = device.type == "cpu" and fast and engines
    if precision == "int8" and not can:
        raise UserError("decoding.precision=int8: this processor does not multiply bytes fast; use auto or float32")
    return can and precision != "float32"
