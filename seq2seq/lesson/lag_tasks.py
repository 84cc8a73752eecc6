"""Tasks of long lags, and one recurrent layer that learns them: copy with delay, and adding.

Shapes: B sequences, T positions, I input, H hidden, A answers, O numbers in an answer.

    h_t = cell(x_t, h_{t-1}),    y_t = W h_t + b
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, mse_loss, one_hot

from seq2seq.cells import RecurrentLayer
from seq2seq.config import Training
from seq2seq.lesson.practice import practise
from seq2seq.lesson.sizes import nearest

ALPHABET, LETTERS = 8, 5
"""Of the copy task."""
BATCH = 32
HELD_OUT = 1000
HIDDEN = 64
"""Of the LSTM; the others have as many parameters."""


def copying(count: int, lag: int, draw: torch.Generator) -> tuple[Tensor, Tensor]:
    """Letters, then silence, then as many calls; each letter is to be said `lag` positions after it was read.

    Inputs [B, T, I], one of the letters, silence or a call at each position, and the letters [B, A].
    """
    letters_BA = torch.randint(ALPHABET, (count, LETTERS), generator=draw)
    read_BT = torch.full((count, lag + LETTERS), ALPHABET)
    read_BT[:, :LETTERS] = letters_BA
    read_BT[:, lag:] = ALPHABET + 1
    return one_hot(read_BT, ALPHABET + 2).float(), letters_BA


def adding(count: int, lag: int, draw: torch.Generator) -> tuple[Tensor, Tensor]:
    """`lag` numbers between 0 and 1, one of each half marked; after the last, the sum of the marked ones is asked.

    Inputs [B, T, 2], number and mark, and the sums [B, 1].
    """
    numbers_BT = torch.rand(count, lag, generator=draw)
    half = lag // 2
    first_B = torch.randint(half, (count,), generator=draw)
    second_B = half + torch.randint(lag - half, (count,), generator=draw)
    marks_BT = one_hot(first_B, lag) + one_hot(second_B, lag)
    return torch.stack([numbers_BT, marks_BT.float()], dim=2), (numbers_BT * marks_BT).sum(dim=1, keepdim=True)


@dataclass(frozen=True)
class Task:
    """What is asked."""

    make: Callable[[int, int, torch.Generator], tuple[Tensor, Tensor]]
    inputs: int
    outputs: int
    loss: Callable[[Tensor, Tensor], Tensor]
    """Of answers [B, A, O]."""
    error: Callable[[Tensor, Tensor], Tensor]
    guess: float
    """Error of whoever knows nothing."""


TASKS = {
    "copy": Task(
        copying,
        ALPHABET + 2,
        ALPHABET,
        lambda answers_BAO, letters_BA: cross_entropy(answers_BAO.flatten(0, 1), letters_BA.flatten()),
        lambda answers_BAO, letters_BA: (answers_BAO.argmax(dim=2) != letters_BA).float().mean(),
        1 - 1 / ALPHABET,
    ),
    # Of the sum of two even numbers between 0 and 1 the variance is 1/6.
    "adding": Task(
        adding,
        2,
        1,
        lambda answers_BAO, sums_BA: mse_loss(answers_BAO.squeeze(2), sums_BA),
        lambda answers_BAO, sums_BA: mse_loss(answers_BAO.squeeze(2), sums_BA),
        1 / 6,
    ),
}


class Reader(nn.Module):
    """One recurrent layer and what is asked of its last states."""

    def __init__(self, cell: str, inputs: int, hidden: int, outputs: int) -> None:
        """A network whose first recurrent matrix, of the plain cell too, keeps what is in the state as it is."""
        super().__init__()
        self.layer = RecurrentLayer(cell, inputs, hidden)
        self.layer.reset_parameters()
        self.answer = nn.Linear(hidden, outputs)

    def forward(self, inputs_BTI: Tensor, asked: int) -> Tensor:
        """The answers [B, asked, O] at the last positions."""
        states_BTH, _ = self.layer(inputs_BTI, self.layer.zero_state(len(inputs_BTI), inputs_BTI))
        answers_BAO: Tensor = self.answer(states_BTH[:, -asked:])
        return answers_BAO


def parameters(cell: str, task: Task, hidden: int) -> int:
    """Of a reader of that size."""
    with torch.device("meta"):
        return sum(parameter.numel() for parameter in Reader(cell, task.inputs, hidden, task.outputs).parameters())


def hidden_size(cell: str, task: Task) -> int:
    """That with which a reader has as many parameters as the LSTM."""
    return nearest(parameters("lstm", task, HIDDEN), lambda hidden: parameters(cell, task, hidden))


def learn(cell: str, task: Task, lag: int, training: Training) -> float:
    """Train a reader; its error on sequences that it has not seen."""
    torch.manual_seed(training.seed)
    network = Reader(cell, task.inputs, hidden_size(cell, task), task.outputs)
    draw = torch.Generator().manual_seed(training.seed)

    def loss(step: int) -> Tensor:
        inputs_BTI, wanted_BA = task.make(BATCH, lag, draw)
        return task.loss(network(inputs_BTI, wanted_BA.size(1)), wanted_BA)

    practise(network, training, loss)
    inputs_BTI, wanted_BA = task.make(HELD_OUT, lag, draw)
    with torch.inference_mode():
        return task.error(network(inputs_BTI, wanted_BA.size(1)), wanted_BA).item()
