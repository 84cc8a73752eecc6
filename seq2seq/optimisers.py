"""What turns gradients into steps: Muon for the matrices of the network, AdamW for its embeddings and biases.

Muon (Jordan et al. 2024, with the scale of Liu et al. 2025) keeps a running mean M of a matrix's gradients G and steps
in all directions of it alike, where AdamW's steps follow the few that are large:

    M ← β M + (1 - β) G,    step = 0.1 √max(rows, columns) · U Vᵀ    for β M + (1 - β) G = U S Vᵀ

U Vᵀ is found without U and V, by a polynomial that takes all singular values near to 1 (Newton-Schulz).  Each gate of
a cell is a matrix of its own.

Shapes: R rows, C columns.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from seq2seq.cells import RecurrentLayer
from seq2seq.config import Training
from seq2seq.threads import Workers

MOMENTUM = 0.95
SCALE = 0.1
"""Half that of Liu et al., which makes steps as large as AdamW's: embeddings learn best at twice the matrices' rate."""
POLYNOMIALS = ((8.09337, -23.62043, 17.44615), (3.63659, -2.72193, 0.53655), (2.66130, -1.97715, 0.45262))
"""Coefficients of x, x³ and x⁵ that, one after another, take all of [0.01, 1] as near to 1 as polynomials of this form
can, to between 0.73 and 1.27 (Amsel et al. 2025 tell how they are found)."""


def orthogonal(matrix_RC: Tensor) -> Tensor:
    """The nearest orthogonal matrix, about: singular vectors as they are, singular values near to 1, mean square 1."""
    wide = matrix_RC.size(0) <= matrix_RC.size(1)
    x_RC = matrix_RC if wide else matrix_RC.t()
    tiny = torch.finfo(x_RC.dtype).tiny
    x_RC = x_RC / (x_RC.norm() + tiny)
    square_RR = x_RC @ x_RC.t()
    # The fourth root of the sum of fourth powers is nearer above the largest singular value than that of squares.
    bound = square_RR.norm() + tiny
    x_RC, square_RR = x_RC / bound.sqrt(), square_RR / bound
    for step, (first, third, fifth) in enumerate(POLYNOMIALS):
        if step:
            square_RR = x_RC @ x_RC.t()
        inner_RR = torch.addmm(square_RR, square_RR, square_RR, beta=third, alpha=fifth)
        x_RC = torch.addmm(x_RC, inner_RR, x_RC, beta=first)
    # Divided first: a root by a norm of zero would be infinite.
    x_RC /= x_RC.norm() + tiny
    x_RC *= math.sqrt(x_RC.size(0))
    return x_RC if wide else x_RC.t()


class Muon(torch.optim.Optimizer):
    """Steps for parameters that are one or more matrices, one below another."""

    def __init__(
        self, rows: dict[Tensor, int], weight_decay: float, workers: Workers, precision: torch.dtype = torch.float32
    ) -> None:
        """For each parameter the number of `rows` of one of its matrices; `workers` share the matrices out.

        `precision` is the type of the polynomials' products: bfloat16 finds a direction with a cosine of 0.999 to the
        one that float32 finds.
        """
        super().__init__(list(rows), {"lr": 0.0, "weight_decay": weight_decay})
        self.workers, self.precision = workers, precision
        self.found_inf: Tensor | None = None
        """Where it is 1, and not 0, a step changes nothing: PyTorch's way to skip one that nobody waits for."""
        for parameter in rows:
            self.state[parameter]["momentum"] = torch.zeros_like(parameter)
        matrices = [
            (parameter, slice(first, first + each))
            for parameter, each in rows.items()
            for first in range(0, parameter.size(0), each)
        ]
        # Those that take longest first, so that all workers have as much to do.
        self.matrices = sorted(matrices, key=lambda matrix: -matrix[0][matrix[1]].numel())

    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Change the parameters, all of which have gradients."""
        assert closure is None
        (group,) = self.param_groups
        rate, kept = group["lr"], 1 - group["lr"] * group["weight_decay"]

        @torch.no_grad()
        def part(number: int) -> None:
            for parameter, rows in self.matrices[number :: self.workers.count]:
                assert parameter.grad is not None
                gradient_RC, mean_RC = parameter.grad[rows], self.state[parameter]["momentum"][rows]
                before = None if self.found_inf is None else (mean_RC.clone(), parameter[rows].clone())
                direction_RC = gradient_RC.lerp(mean_RC.lerp_(gradient_RC, 1 - MOMENTUM), MOMENTUM)
                scale = SCALE * math.sqrt(max(direction_RC.shape))
                step_RC = orthogonal(direction_RC.to(self.precision)).to(direction_RC.dtype)
                parameter[rows].mul_(kept).sub_(step_RC, alpha=rate * scale)
                if self.found_inf is not None and before is not None:
                    for now_RC, before_RC in zip((mean_RC, parameter[rows]), before, strict=True):
                        now_RC.copy_(torch.where(self.found_inf > 0, before_RC, now_RC))

        list(self.workers.map(part, range(self.workers.count)))


def make_optimisers(
    model: nn.Module, training: Training, workers: Workers, precision: torch.dtype = torch.float32
) -> tuple[torch.optim.Optimizer, ...]:
    """The optimisers of all parameters; their learning rate is set before each step."""
    rows: dict[Tensor, int] = {}
    for module in model.modules():
        if isinstance(module, RecurrentLayer):
            rows |= dict.fromkeys(module.matrices, module.hidden_size)
        elif isinstance(module, nn.Linear):
            rows[module.weight] = module.out_features
    others = [parameter for parameter in model.parameters() if parameter not in rows]
    adamw = torch.optim.AdamW(others, betas=(0.9, 0.98), weight_decay=training.weight_decay, fused=True)
    return Muon(rows, training.weight_decay, workers, precision), adamw
