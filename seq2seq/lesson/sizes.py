"""Networks of different cells with the same number of parameters, so that what differs is the cell."""

from collections.abc import Callable

import torch

from seq2seq.config import Model
from seq2seq.model import Translation


def parameters(model: Model, vocabulary: int) -> int:
    """Number of parameters of a network with a joint vocabulary of that size; no memory is taken for them."""
    with torch.device("meta"):
        network = Translation(model, vocabulary, vocabulary, joint=True)
    return sum(parameter.numel() for parameter in network.parameters())


def nearest(wanted: int, count: Callable[[int], int]) -> int:
    """The size at which `count`, which grows with it, comes nearest to a `wanted` number."""
    low, high = 1, 2
    while count(high) < wanted:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        if count(middle) < wanted:
            low = middle
        else:
            high = middle
    return min((low, high), key=lambda size: abs(count(size) - wanted))


def as_large_as(wanted: int, model: Model, vocabulary: int) -> Model:
    """The same network with the hidden size that brings it nearest to a `wanted` number of parameters."""

    def sized(half: int) -> Model:
        return model.model_copy(update={"hidden": 2 * half})

    return sized(nearest(wanted, lambda half: parameters(sized(half), vocabulary)))
