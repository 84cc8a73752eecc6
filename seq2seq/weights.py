"""Which weights move in training: of each layer and gate the size of its gradient and of its update.

    gradient share = ‖∂loss/∂W‖ / ‖W‖,    update share = ‖W after - W before‖ / ‖W‖

for each matrix W that acts on the input and U that acts on the state before, a gate at a time.  Muon (`optimisers.py`)
makes steps of one size of all matrices, however small their gradients are: the gradient's share tells which weights
the loss still asks to move, the update's what the optimiser makes of it.  With the weights of an embedding, which
AdamW moves, the two go together.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from seq2seq.cells import GATES, RecurrentLayer

Matrix = tuple[nn.Parameter, slice]
"""Some rows of a parameter."""


def matrices(model: nn.Module) -> dict[str, Matrix]:
    """Every matrix of the network by a name that says where it is.

    Such as `encoder.1.forwards.U.forget`, the matrix from the state before to the forget gate in the first layer.
    """
    found: dict[str, Matrix] = {}
    recurrent: set[nn.Parameter] = set()
    for path, module in model.named_modules():
        if not isinstance(module, RecurrentLayer):
            continue
        for letter, parameter in zip("WU", module.matrices, strict=True):
            recurrent.add(parameter)
            for number, gate in enumerate(GATES[module.cell]):
                rows = slice(number * module.hidden_size, (number + 1) * module.hidden_size)
                found[".".join(filter(None, (_readable(path), letter, gate)))] = parameter, rows
    for path, parameter in model.named_parameters():
        if parameter.dim() == 2 and parameter not in recurrent:
            found[_readable(path.removesuffix(".weight"))] = parameter, slice(None)
    return found


def _readable(path: str) -> str:
    """Layers counted from 1."""
    return re.sub(r"layers\.(\d+)", lambda match: str(int(match[1]) + 1), path)


@contextmanager
def movement(model: nn.Module, into: dict[str, Any]) -> Iterator[None]:
    """Entered with gradients that are not clipped yet, left when the weights have changed: puts both shares `into`."""
    named = matrices(model)
    with torch.no_grad():
        sizes = _norms([parameter[rows] for parameter, rows in named.values()])
        gradients = _norms([_gradient(parameter)[rows] for parameter, rows in named.values()])
        before = {parameter: parameter.clone() for parameter, _ in named.values()}
    yield
    with torch.no_grad():
        updates = _norms([parameter[rows] - before[parameter][rows] for parameter, rows in named.values()])
    for key, norms in (("gradient", gradients), ("update", updates)):
        into[key] = dict(zip(named, (norms / sizes).tolist(), strict=True))


def _gradient(parameter: nn.Parameter) -> Tensor:
    assert parameter.grad is not None
    return parameter.grad


def _norms(blocks: list[Tensor]) -> Tensor:
    return torch.stack(list(torch._foreach_norm(blocks)))
