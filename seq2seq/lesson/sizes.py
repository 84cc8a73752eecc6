"""Networks of different cells with the same number of parameters, so that what differs is the cell."""

import torch

from seq2seq.config import Model
from seq2seq.model import Translation


def parameters(model: Model, vocabulary: int) -> int:
    """Number of parameters of a network with a joint vocabulary of that size; no memory is taken for them."""
    with torch.device("meta"):
        network = Translation(model, vocabulary, vocabulary, joint=True)
    return sum(parameter.numel() for parameter in network.parameters())


def as_large_as(wanted: int, model: Model, vocabulary: int) -> Model:
    """The same network with the hidden size that brings it nearest to a `wanted` number of parameters."""

    def sized(half: int) -> Model:
        return model.model_copy(update={"hidden": 2 * half})

    low, high = 1, 2
    while parameters(sized(high), vocabulary) < wanted:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        if parameters(sized(middle), vocabulary) < wanted:
            low = middle
        else:
            high = middle
    return min((sized(low), sized(high)), key=lambda model: abs(parameters(model, vocabulary) - wanted))
