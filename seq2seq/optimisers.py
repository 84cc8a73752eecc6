"""What turns gradients into steps: Muon for the matrices of the network, AdamW for its embeddings and biases.

Muon (Jordan et al. 2024, with the scale of Liu et al. 2025) keeps a running mean M of a matrix's gradients G and steps
in all directions of it alike, where AdamW's steps follow the few that are large:

    M ← β M + (1 - β) G,    step = 0.4 √max(rows, columns) · U Vᵀ    for β M + (1 - β) G = U S Vᵀ

U Vᵀ is found without U and V, by a polynomial that takes all singular values near to 1 (Newton-Schulz).  Each gate of
a cell is a matrix of its own.

Shapes: K matrices of one size, R rows, C columns.
"""

import math
from collections import defaultdict
from collections.abc import Callable

import torch
from torch import Tensor, nn

from seq2seq.cells import RecurrentLayer
from seq2seq.config import Training
from seq2seq.model import Translation
from seq2seq.threads import Workers

MOMENTUM = 0.95
SCALE = 0.4
"""Twice what makes Muon's steps as large as AdamW's."""
POLYNOMIALS = ((8.09337, -23.62043, 17.44615), (3.63659, -2.72193, 0.53655), (2.66130, -1.97715, 0.45262))
"""Coefficients of x, x³ and x⁵ that, one after another, take all of [0.01, 1] as near to 1 as polynomials of this form
can, to between 0.73 and 1.27 (Amsel et al. 2025 tell how they are found)."""


def orthogonal(matrices_KRC: Tensor) -> Tensor:
    """The nearest orthogonal matrices, about: singular vectors as they are, singular values near to 1."""
    wide = matrices_KRC.size(1) <= matrices_KRC.size(2)
    x_KRC = matrices_KRC if wide else matrices_KRC.mT
    x_KRC = x_KRC / (x_KRC.norm(dim=(1, 2), keepdim=True) * 1.01 + 1e-20)
    for first, third, fifth in POLYNOMIALS:
        square_KRR = x_KRC @ x_KRC.mT
        sum_KRR = torch.baddbmm(square_KRR, square_KRR, square_KRR, beta=third, alpha=fifth)
        x_KRC = torch.baddbmm(x_KRC, sum_KRR, x_KRC, beta=first)
    return x_KRC if wide else x_KRC.mT


class Muon(torch.optim.Optimizer):
    """Steps for parameters that are one or more matrices, one below another."""

    def __init__(self, rows: dict[Tensor, int], weight_decay: float, workers: Workers) -> None:
        """For each parameter the number of `rows` of one of its matrices; `workers` share the matrices out."""
        super().__init__(list(rows), {"lr": 0.0, "weight_decay": weight_decay})
        self.workers = workers
        self.alike: dict[tuple[int, int], list[Tensor]] = defaultdict(list)
        for parameter, each in rows.items():
            self.alike[each, parameter.size(1)].append(parameter)
            self.state[parameter]["momentum"] = torch.zeros_like(parameter)

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Change the parameters, all of which have gradients."""
        assert closure is None
        (group,) = self.param_groups
        stacks = [
            torch.cat([self._direction(parameter).view(-1, *size) for parameter in parameters])
            for size, parameters in self.alike.items()
        ]

        def part(number: int) -> list[Tensor]:
            return [orthogonal(stack_KRC[number :: self.workers.count]) for stack_KRC in stacks]

        for number, parts in enumerate(self.workers.map(part, range(self.workers.count))):
            for stack_KRC, part_KRC in zip(stacks, parts, strict=True):
                stack_KRC[number :: self.workers.count] = part_KRC
        for (size, parameters), stack_KRC in zip(self.alike.items(), stacks, strict=True):
            scale = SCALE * math.sqrt(max(size))
            steps = torch.split(stack_KRC.flatten(0, 1), [parameter.size(0) for parameter in parameters])
            for parameter, step_RC in zip(parameters, steps, strict=True):
                parameter.mul_(1 - group["lr"] * group["weight_decay"]).sub_(step_RC, alpha=group["lr"] * scale)

    def _direction(self, parameter: Tensor) -> Tensor:
        """The mean of gradients with the latest counted once more (Nesterov)."""
        assert parameter.grad is not None
        momentum: Tensor = self.state[parameter]["momentum"]
        return parameter.grad.lerp(momentum.lerp_(parameter.grad, 1 - MOMENTUM), MOMENTUM)


def make_optimisers(model: Translation, training: Training, workers: Workers) -> tuple[torch.optim.Optimizer, ...]:
    """The optimisers of all parameters; their learning rate is set before each step."""
    rows: dict[Tensor, int] = {}
    for module in model.modules():
        if isinstance(module, RecurrentLayer):
            rows |= dict.fromkeys(module.matrices, module.hidden_size)
        elif isinstance(module, nn.Linear):
            rows[module.weight] = module.out_features
    others = [parameter for parameter in model.parameters() if parameter not in rows]
    adamw = torch.optim.AdamW(others, betas=(0.9, 0.98), weight_decay=training.weight_decay, fused=True)
    return Muon(rows, training.weight_decay, workers), adamw
