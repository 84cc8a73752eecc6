"""What turns gradients into steps: Muon for the matrices of the network, AdamW for its embeddings and biases.

Muon (Jordan et al. 2024, with the scale of Liu et al. 2025) keeps a running mean M of a matrix's gradients G and steps
in all directions of it alike, where AdamW's steps follow the few that are large:

    M ← β M + (1 - β) G,    step = 0.1 √max(rows, columns) · U Vᵀ    for β M + (1 - β) G = U S Vᵀ
    W ← (1 - η λ) W - η · step                                        for learning rate η and weight decay λ

Steps do not get smaller as the gradients do: what bounds the matrices of a long training is the decay, which keeps
their singular values below about 0.1 √max(rows, columns) / λ.  U Vᵀ is found without U and V, by a polynomial that
takes all singular values near to 1 (Newton-Schulz).  Each gate of a cell is a matrix of its own.

Shapes: R rows, C columns, M matrices of one shape.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.optim.adamw import adamw

from seq2seq.cells import RecurrentLayer
from seq2seq.config import Training
from seq2seq.threads import Workers

MOMENTUM = 0.95
BETAS, EPSILON, DECAY = (0.9, 0.98), 1e-8, 0.01
"""Of AdamW: how much its running means keep, what is added to the divisor, and its weight decay."""
SCALE = 0.1
"""Half that of Liu et al., which makes steps as large as AdamW's: embeddings learn best at twice the matrices' rate."""
POLYNOMIALS = ((8.09337, -23.62043, 17.44615), (3.63659, -2.72193, 0.53655), (2.66130, -1.97715, 0.45262))
"""Coefficients of x, x³ and x⁵ that, one after another, take all of [0.01, 1] as near to 1 as polynomials of this form
can, to between 0.73 and 1.27 (Amsel et al. 2025 tell how they are found)."""

Part = tuple[Tensor, slice, int]
"""Rows of a parameter that are one or more matrices, and the rows of each."""


def orthogonal(matrix_RC: Tensor) -> Tensor:
    """The nearest orthogonal matrix, about: singular vectors as they are, singular values near to 1, mean square 1.

    Also of each of several, [M, R, C].
    """
    wide = matrix_RC.size(-2) <= matrix_RC.size(-1)
    x_RC = matrix_RC if wide else matrix_RC.mT
    tiny = torch.finfo(x_RC.dtype).tiny
    added = torch.addmm if x_RC.dim() == 2 else torch.baddbmm
    x_RC = x_RC / (_norm(x_RC) + tiny)
    square_RR = x_RC @ x_RC.mT
    # The fourth root of the sum of fourth powers is nearer above the largest singular value than that of squares.
    bound = _norm(square_RR) + tiny
    x_RC, square_RR = x_RC / bound.sqrt(), square_RR / bound
    for step, (first, third, fifth) in enumerate(POLYNOMIALS):
        if step:
            square_RR = x_RC @ x_RC.mT
        inner_RR = added(square_RR, square_RR, square_RR, beta=third, alpha=fifth)
        x_RC = added(x_RC, inner_RR, x_RC, beta=first)
    # Divided first: a root by a norm of zero would be infinite.
    x_RC /= _norm(x_RC) + tiny
    x_RC *= math.sqrt(x_RC.size(-2))
    return x_RC if wide else x_RC.mT


def _norm(matrix_RC: Tensor) -> Tensor:
    norm_11: Tensor = torch.linalg.vector_norm(matrix_RC, dim=(-2, -1), keepdim=True)
    return norm_11


class Optimiser(ABC):
    """Parameters, and what is kept of each from step to step.

    It is none of PyTorch's, as those load its compiler, which takes a second and 70 MiB.
    """

    def __init__(self, parameters: Iterable[Tensor]) -> None:
        """Nothing is known of their gradients yet."""
        self.parameters = list(parameters)
        self.rate = 0.0
        """Learning rate of the next step."""
        self.found_inf: Tensor | None = None
        """Where it is 1, and not 0, a step changes nothing, and nobody has to wait to see which."""
        self.state = {parameter: self.at_first(parameter) for parameter in self.parameters}

    @abstractmethod
    def at_first(self, parameter: Tensor) -> dict[str, Tensor]:
        """What is kept of a parameter, before the first step."""

    @abstractmethod
    def step(self) -> None:
        """Change the parameters, all of which have gradients."""

    def forget(self) -> None:
        """Forget the gradients there are."""
        for parameter in self.parameters:
            parameter.grad = None


class AdamW(Optimiser):
    """Steps by running means of each number's gradients and of their squares (Loshchilov & Hutter 2019)."""

    def at_first(self, parameter: Tensor) -> dict[str, Tensor]:
        """Both means, and the number of steps made."""
        zeros = torch.zeros_like
        # On a GPU the number of steps is read as float32, whatever the parameters are.
        steps = parameter.new_zeros((), dtype=torch.float32)
        return {"exp_avg": zeros(parameter), "exp_avg_sq": zeros(parameter), "step": steps}

    @torch.no_grad()
    def step(self) -> None:
        """Change the parameters, all of which have gradients."""
        means, squares, steps = zip(*(kept.values() for kept in self.state.values()), strict=True)
        adamw(
            self.parameters,
            [parameter.grad for parameter in self.parameters if parameter.grad is not None],
            list(means),
            list(squares),
            [],
            list(steps),
            fused=True,
            found_inf=self.found_inf,
            amsgrad=False,
            beta1=BETAS[0],
            beta2=BETAS[1],
            lr=self.rate,
            weight_decay=DECAY,
            eps=EPSILON,
            maximize=False,
        )


class Muon(Optimiser):
    """Steps for parameters that are one or more matrices, one below another."""

    def __init__(
        self, rows: dict[Tensor, int], weight_decay: float, workers: Workers, precision: torch.dtype = torch.float32
    ) -> None:
        """For each parameter the number of `rows` of one of its matrices; `workers` share the matrices out.

        `precision` is the type of the polynomials' products: bfloat16 finds a direction with a cosine of 0.999 to the
        one that float32 finds.
        """
        super().__init__(rows)
        self.weight_decay, self.workers, self.precision = weight_decay, workers, precision
        groups: dict[object, list[Part]] = {}
        for parameter, each in rows.items():
            if parameter.is_cuda:
                # A GPU is busy only with all matrices of a shape at once; a processor takes them one by one.
                groups.setdefault((each, parameter.size(1)), []).append((parameter, slice(None), each))
                continue
            for first in range(0, parameter.size(0), each):
                groups[parameter, first] = [(parameter, slice(first, first + each), each)]
        # Those that take longest first, so that all workers have as much to do.
        self.groups = sorted(groups.values(), key=lambda group: -sum(weight[rows].numel() for weight, rows, _ in group))

    def at_first(self, parameter: Tensor) -> dict[str, Tensor]:
        """The running mean."""
        return {"momentum": torch.zeros_like(parameter)}

    def step(self) -> None:
        """Change the parameters, all of which have gradients."""
        rate, kept = self.rate, 1 - self.rate * self.weight_decay

        @torch.no_grad()
        def part(number: int) -> None:
            for parts in self.groups[number :: self.workers.count]:
                gradients, means, weights = [], [], []
                for parameter, rows, each in parts:
                    assert parameter.grad is not None
                    mean, shape = self.state[parameter]["momentum"], (-1, each, parameter.size(1))
                    gradients.append(parameter.grad[rows].view(shape))
                    means.append(mean[rows].view(shape))
                    weights.append(parameter[rows].view(shape))
                gradient_RC, mean_RC, weight_RC = _together(gradients), _together(means), _together(weights)
                before = None if self.found_inf is None else (mean_RC.clone(), weight_RC.clone())
                direction_RC = gradient_RC.lerp(mean_RC.lerp_(gradient_RC, 1 - MOMENTUM), MOMENTUM)
                scale = SCALE * math.sqrt(max(direction_RC.shape[-2:]))
                step_RC = orthogonal(direction_RC.to(self.precision)).to(direction_RC.dtype)
                weight_RC.mul_(kept).sub_(step_RC, alpha=rate * scale)
                if self.found_inf is not None and before is not None:
                    for now_RC, before_RC in zip((mean_RC, weight_RC), before, strict=True):
                        now_RC.copy_(torch.where(self.found_inf > 0, before_RC, now_RC))
                if len(parts) > 1:
                    sizes = [len(mean) for mean in means]
                    torch._foreach_copy_(
                        [*means, *weights], [*torch.split(mean_RC, sizes), *torch.split(weight_RC, sizes)]
                    )

        list(self.workers.map(part, range(self.workers.count)))


def _together(parts: list[Tensor]) -> Tensor:
    """Matrices [M, R, C], one behind another; [R, C] if there is one."""
    matrices_RC = parts[0] if len(parts) == 1 else torch.cat(parts)
    return matrices_RC[0] if len(matrices_RC) == 1 else matrices_RC


def make_optimisers(
    model: nn.Module, training: Training, workers: Workers, precision: torch.dtype = torch.float32
) -> tuple[Optimiser, ...]:
    """The optimisers of all parameters; their learning rate is set before each step."""
    rows: dict[Tensor, int] = {}
    for module in model.modules():
        if isinstance(module, RecurrentLayer):
            rows |= dict.fromkeys(module.matrices, module.hidden_size)
        elif isinstance(module, nn.Linear):
            rows[module.weight] = module.out_features
    others = [parameter for parameter in model.parameters() if parameter not in rows]
    return Muon(rows, training.weight_decay, workers, precision), AdamW(others)
