"""Where the time of a training step goes, part by part.

Measured in one thread on one copy of the network, by hooks on its modules and a clock round the rest: a real step
shares the work out over threads, whose times cannot be told apart.  What is within a part but has a name of its own
(the decoder's attention) counts there alone.
"""

import copy
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from data_prep.corpus import Split
from seq2seq.batches import Batch, Position, training_batches
from seq2seq.config import Training
from seq2seq.dropout import Dropout
from seq2seq.ensemble import Networks
from seq2seq.updates import Updater
from tests.benchmarks.machine import synchronise
from tests.benchmarks.processes import Figures

PARTS = ("batching", "encoder", "decoder", "attention", "loss", "backward", "optimiser")
"""The encoder's part has the embeddings and all else of the source, the attention's the keys; the loss makes the
gradients of the output layer too."""
WARM_UP = 2
FEWEST = 3


class PartClock:
    """Adds up the time of named parts; a part within a part interrupts the outer one."""

    def __init__(self, device: torch.device) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._device = device
        self._inside: list[str] = []
        self._last = 0.0

    def begin(self, name: str) -> None:
        """Enter a part."""
        self._count()
        self._inside.append(name)

    def end(self) -> None:
        """Leave the part entered last."""
        self._count()
        self._inside.pop()

    def _count(self) -> None:
        synchronise(self._device)
        now = time.perf_counter()
        if self._inside:
            self.seconds[self._inside[-1]] += now - self._last
        self._last = now

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """The part that lasts as long as the context."""
        self.begin(name)
        yield
        self.end()

    def watch(self, module: nn.Module, name: str) -> None:
        """Count every call of a module as a part."""
        module.register_forward_pre_hook(lambda *_: self.begin(name))
        module.register_forward_hook(lambda *_: self.end())


def measure(model: Networks, split: Split, training: Training, device: torch.device, seconds: float) -> Figures:
    """Share of each of PARTS in a step, of an ensemble in that of its first network.  The network stays as it is."""
    threads = torch.get_num_threads()
    updater = Updater(copy.deepcopy(model.networks[0]), training.model_copy(update={"threads": 1}), device)
    batches = training_batches(split, training, Position())
    try:
        clock = _steps(updater, batches, seconds)
    finally:
        updater.close()
        torch.set_num_threads(threads)
    whole = sum(clock.seconds.values())
    return {f"part.{name}": clock.seconds[name] / whole for name in PARTS}


def _steps(updater: Updater, batches: Iterator[tuple[Batch, Position, float]], seconds: float) -> PartClock:
    """Train for some seconds as `Updater.update` does, in this thread, and time the parts."""
    (model,), training, clock = updater.model.networks, updater.training, PartClock(updater.device)
    dropout = Dropout(training.dropout)
    clock.watch(model, "encoder")
    clock.watch(model.decoder, "decoder")
    clock.watch(model.decoder.initial, "decoder")
    if model.decoder.attention is not None:
        clock.watch(model.decoder.attention, "attention")
        clock.watch(model.decoder.attention.key, "attention")
    step, end = 0, time.perf_counter() + seconds
    while step < WARM_UP + FEWEST or time.perf_counter() < end:
        if step == WARM_UP:
            clock.seconds.clear()
        with clock.part("batching"):
            batch = next(batches)[0].to(updater.device)
        with clock.part("loss"):
            total, _ = updater.losses(model, batch, training.label_smoothing, dropout)
        with clock.part("backward"):
            (total / batch.target_tokens).backward()  # type: ignore[no-untyped-call]
        with clock.part("optimiser"):
            torch.nn.utils.clip_grad_norm_(updater.parameters, training.clip_norm)
            updater.step(training.learning_rate)
        step += 1
    return clock
