"""The training of the lesson's small networks: the translator's optimisers, clipping and schedule, on any loss."""

from collections.abc import Callable

from torch import Tensor, nn

from seq2seq.config import Training
from seq2seq.optimisers import make_optimisers
from seq2seq.schedule import learning_rate
from seq2seq.threads import Workers


def practise(model: nn.Module, training: Training, loss: Callable[[int], Tensor]) -> list[float]:
    """Make `training.steps` updates of the network; return the losses.

    `loss` gives the mean loss of the batch of an update, counted from 0.  A function of the weights, the settings and
    the losses; on one thread the same each time.
    """
    assert training.steps is not None
    workers = Workers(1)
    optimisers = make_optimisers(model, training, workers)
    losses = []
    for step in range(training.steps):
        now = loss(step)
        now.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), training.clip_norm)
        for optimiser in optimisers:
            optimiser.rate = learning_rate(training, step, step / training.steps)
            optimiser.step()
            optimiser.forget()
        losses.append(now.item())
    workers.close()
    return losses
