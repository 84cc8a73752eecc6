"""Batches: pairs of like length together, a budget of target subwords each, in a seeded order.

Shapes: B pairs of a batch, S source positions, T target positions, N target subwords that are no padding.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from data_prep.corpus import Ids, Rows, Split, stretches
from data_prep.subwords import BEGIN, END, PAD
from seq2seq.config import Training
from seq2seq.pairs import BothWays, Joined, Pairs

POOL = 200_000
"""Pairs that are sorted by length together: enough for little padding, few enough for constant memory."""
SOURCES = 1.5
"""How many times as many source positions as target positions a batch may have: where targets are alike, one source
that is far longer than all others would have all of them padded, and take the memory for it."""

T = TypeVar("T")


@dataclass(frozen=True)
class Batch:
    """Padded ids.  The source ends with END; the target goes in behind BEGIN and is expected to close with END."""

    source_BS: Tensor
    source_lengths_B: Tensor
    target_in_BT: Tensor
    target_out_BT: Tensor
    real_N: Tensor
    """Where target_out_BT, its rows one after another, is no padding."""

    @property
    def target_tokens(self) -> int:
        """Target subwords to predict."""
        return len(self.real_N)

    def part(self, first: int, step: int) -> "Batch":
        """Every so many-th pair: parts of about the same lengths."""
        rows = slice(first, None, step)
        out_BT = self.target_out_BT[rows]
        return Batch(self.source_BS[rows], self.source_lengths_B[rows], self.target_in_BT[rows], out_BT, _real(out_BT))

    def to(self, device: torch.device) -> "Batch":
        """The batch on a device."""
        if device.type == "cpu":
            return self

        def move(part: Tensor) -> Tensor:
            return part.pin_memory().to(device, non_blocking=True)

        return Batch(
            move(self.source_BS),
            move(self.source_lengths_B),
            move(self.target_in_BT),
            move(self.target_out_BT),
            move(self.real_N),
        )


def _real(target_out_BT: Tensor) -> Tensor:
    return (target_out_BT.flatten() != PAD).nonzero().squeeze(1)


def pad(rows: Sequence[Ids], before: int | None = None, after: int | None = None) -> Tensor:
    """Ids of several sentences in one int64 tensor [B, longest], padded at the end.

    `before` and `after` are ids put round each sentence.
    """
    return _padded(np.concatenate(rows), np.array([len(ids) for ids in rows], np.int32), before, after)


def _padded(ids: Ids, lengths: Ids, before: int | None = None, after: int | None = None) -> Tensor:
    """The same of ids one sentence behind another."""
    first = int(before is not None)
    width = int(lengths.max()) + first + (after is not None)
    padded = np.full((len(lengths), width), PAD, dtype=np.int64)
    begins = np.arange(len(lengths)) * width + first
    padded.ravel()[stretches(begins, lengths)] = ids
    if before is not None:
        padded[:, 0] = before
    if after is not None:
        padded.ravel()[begins + lengths] = after
    return torch.from_numpy(padded)


def make_batch(split: Pairs, rows: Rows) -> Batch:
    """The batch of the given rows of a split."""
    source_lengths, target_lengths = split.source_lengths[rows], split.target_lengths[rows]
    targets = split.target_ids(rows)
    target_out_BT = _padded(targets, target_lengths, after=END)
    return Batch(
        _padded(split.source_ids(rows), source_lengths, after=END),
        torch.from_numpy(source_lengths + 1).long(),
        _padded(targets, target_lengths, before=BEGIN),
        target_out_BT,
        _real(target_out_BT),
    )


def plan(split: Pairs, batch_tokens: int, seed: tuple[int, ...]) -> list[Rows]:
    """The rows of each batch of one pass over a split, every pair once, in a random order."""
    shuffle = np.random.default_rng(seed)
    order = shuffle.permutation(len(split))
    batches = []
    for first in range(0, len(order), POOL):
        pool = order[first : first + POOL]
        batches += by_length(split, pool, batch_tokens)
    return [batches[i] for i in shuffle.permutation(len(batches))]


def by_length(split: Pairs, rows: Rows, budget: int) -> list[Rows]:
    """The rows, sorted by length, in batches whose targets, END and padding included, fill the budget.

    A batch ends sooner if its sources fill it SOURCES times.
    """
    sources, targets = split.source_lengths[rows], split.target_lengths[rows]
    # Sources get longer and shorter by turns: where a batch has targets of two lengths, its sources are still alike.
    rows = rows[np.lexsort((np.where(targets % 2 == 0, sources, -sources), targets))]
    takes = np.maximum(split.target_lengths[rows] + 1, (split.source_lengths[rows] + 1) / SOURCES)
    batches, first, longest = [], 0, 0.0
    for i, length in enumerate(takes.tolist()):
        longest = max(longest, length)
        if i > first and longest * (i + 1 - first) > budget:
            batches.append(rows[first:i])
            first, longest = i, length
    if first < len(rows):
        batches.append(rows[first:])
    return batches


@dataclass(frozen=True)
class Position:
    """Where the training stands in its data: passes begun, and batches taken from the present one."""

    epoch: int = 0
    batch: int = 0


def training_batches(split: Split, training: Training, start: Position) -> Iterator[tuple[Batch, Position, float]]:
    """Endless batches from `start` on, as the settings want them, each with the position after it and the epochs.

    A function of the arguments alone, so a position is all that a resumed run needs.
    """
    epoch, skip = start.epoch, start.batch
    while True:
        pairs: Pairs = Joined(split, training.joined, (training.seed, epoch, 1))
        if training.both_ways:
            pairs = BothWays(pairs)
        batches = plan(pairs, training.batch_tokens, (training.seed, epoch))
        for number in range(skip, len(batches)):
            done = number + 1
            after = Position(epoch, done) if done < len(batches) else Position(epoch + 1, 0)
            yield make_batch(pairs, batches[number]), after, epoch + done / len(batches)
        epoch, skip = epoch + 1, 0


def ahead(items: Iterator[T]) -> Iterator[T]:
    """The same items, each made by another thread while the one before it is in use."""
    with ThreadPoolExecutor(1) as maker:
        coming = maker.submit(next, items)
        while True:
            try:
                item = coming.result()
            except StopIteration:
                return
            coming = maker.submit(next, items)
            yield item
