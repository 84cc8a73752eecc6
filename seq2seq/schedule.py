"""How far a run is, and the learning rate and dropout that follow from it."""

import bisect
import math

from seq2seq.config import Training

PACE_INTERVAL = 0.002
"""Progress between two notes of the pace: fine enough for the schedule, few enough to be written down."""

PASSES = 8
"""Passes over the training split, after the first, in which dropout rises to what is set."""


class Pace:
    """Progress of a run as a function of its steps alone, also where the limit is a time.

    The clock is read once in a while and the progress noted; in between it stands still.  With the notes the same run
    can be made again, on any machine, step by step.
    """

    def __init__(self, training: Training, notes: list[tuple[int, float]]) -> None:
        """`notes` of (step, progress) are added to in place."""
        self.training = training
        self.notes = notes

    def progress(self, step: int, seconds: float, epochs: float) -> float:
        """Share of the run that is done before update `step`, counted from 0: 0 at first, 1 at the nearest limit.

        `seconds` and `epochs` are what has been trained so far.
        """
        limits = self.training
        if limits.pace:
            past = bisect.bisect(limits.pace, step, key=lambda note: note[0])
            return limits.pace[past - 1][1] if past else 0.0
        shares = [0.0]
        if limits.steps is not None:
            shares.append(step / limits.steps)
        if limits.epochs is not None:
            shares.append(epochs / limits.epochs)
        if limits.minutes is None:
            return min(1.0, max(shares))
        now = min(1.0, max(*shares, seconds / (60 * limits.minutes)))
        # A run that goes on with a higher limit steps back.
        if not self.notes or abs(now - self.notes[-1][1]) >= PACE_INTERVAL:
            self.notes.append((step, now))
        return self.notes[-1][1]


def learning_rate(training: Training, step: int, progress: float) -> float:
    """Learning rate of update `step`, counted from 0.

    Linear warm-up, then a cosine from the peak to zero at progress 1 (Loshchilov & Hutter 2017), or the inverse square
    root of the step (Vaswani et al. 2017).
    """
    warmup = (step + 1) / training.warmup_steps
    if training.schedule == "cosine":
        fall = (1 + math.cos(math.pi * progress)) / 2
    else:
        fall = min(1.0, math.sqrt(training.warmup_steps / (step + 1)))
    return training.learning_rate * min(1.0, warmup) * fall


def dropout_rate(training: Training, epochs: float) -> float:
    """Share of features to drop after so many passes over the corpus.

    What is seen for the first time cannot have been learnt by heart; what is seen again can, ever more.
    """
    return training.dropout * min(1.0, max(0.0, epochs - 1) / PASSES)


def reached_limit(training: Training, step: int, seconds: float, epochs: float, stale: int) -> str:
    """The limit that ends the run now, as a phrase; empty if none does."""
    limits: list[tuple[float | None, float, str]] = [
        (training.steps, step, "steps"),
        (training.epochs, epochs, "epochs"),
        (training.minutes, seconds / 60, "minutes"),
        (training.patience, stale, "validations without a better BLEU"),
    ]
    for limit, now, unit in limits:
        if limit is not None and now >= limit:
            return f"{limit:g} {unit}"
    return ""
