"""What an epoch is made of: the pairs of a split, some of them joined, and all of them both ways if asked for."""

from collections.abc import Callable
from itertools import pairwise
from typing import Protocol

import numpy as np

from data_prep.corpus import Ids, Rows, stretches
from data_prep.subwords import BEGIN

LONGEST = 120
"""Target subwords that joined sentences have at most."""

CHAIN = 4
"""Sentences that are joined in one, at most."""


class Pairs(Protocol):
    """Ids of pairs, as a split has them."""

    source_lengths: Ids
    target_lengths: Ids

    def __len__(self) -> int:
        """Number of pairs."""

    def source_ids(self, rows: Rows | int) -> Ids:
        """Source ids of pairs, one behind another, without begin and end."""

    def target_ids(self, rows: Rows | int) -> Ids:
        """Target ids of pairs, one behind another, without begin and end."""


class Joined:
    """The pairs of a split, each once, a share of them joined, two to CHAIN in one: one behind another on both sides.

    Of sentences one after another a network learns to find where in the source to go on, which single short ones do
    not ask of it, and longer ones than the corpus has do (Nguyen et al. 2021).
    """

    def __init__(self, split: Pairs, share: float, seed: tuple[int, ...]) -> None:
        """Draw which pairs are joined."""
        self._split = split
        shuffle = np.random.default_rng(seed)
        order = shuffle.permutation(len(split))
        joined = int(share * len(split))
        ends = np.cumsum(shuffle.integers(2, CHAIN, size=joined, endpoint=True))
        ends = ends[ends <= joined]
        sizes = np.ones(len(split), dtype=np.int64)
        for first, end in pairwise([0, *ends.tolist()]):
            if split.target_lengths[order[first:end]].sum() <= LONGEST:
                sizes[first:end] = 0
                sizes[first] = end - first
        self._order, self._starts = order, np.flatnonzero(sizes)
        self._sizes = sizes[self._starts]
        self.source_lengths, self.target_lengths = (
            np.add.reduceat(lengths[order], self._starts) for lengths in (split.source_lengths, split.target_lengths)
        )

    def __len__(self) -> int:
        """Number of pairs, joined ones counted as one."""
        return len(self._starts)

    def _rows(self, rows: Rows | int) -> Rows:
        rows = np.atleast_1d(rows)
        return self._order[stretches(self._starts[rows], self._sizes[rows])]

    def source_ids(self, rows: Rows | int) -> Ids:
        """Source ids of pairs, one behind another, without begin and end."""
        return self._split.source_ids(self._rows(rows))

    def target_ids(self, rows: Rows | int) -> Ids:
        """Target ids of pairs, one behind another, without begin and end."""
        return self._split.target_ids(self._rows(rows))


class BothWays:
    """Pairs, and behind them the same turned round, with BEGIN before their source as a sign that they are.

    A network that has to translate back, too, learns more of both languages: worth it where a corpus is small (Niu et
    al. 2018).
    """

    def __init__(self, pairs: Pairs) -> None:
        """Both languages' ids must be those of one vocabulary."""
        self._pairs = pairs
        self.source_lengths = np.concatenate([pairs.source_lengths, pairs.target_lengths + 1])
        self.target_lengths = np.concatenate([pairs.target_lengths, pairs.source_lengths])

    def __len__(self) -> int:
        """Number of pairs, both ways counted."""
        return len(self.source_lengths)

    def source_ids(self, rows: Rows | int) -> Ids:
        """Source ids of pairs, one behind another, without begin and end."""
        return self._either(rows, self.source_lengths, self._pairs.source_ids, self._pairs.target_ids, marked=1)

    def target_ids(self, rows: Rows | int) -> Ids:
        """Target ids of pairs, one behind another, without begin and end."""
        return self._either(rows, self.target_lengths, self._pairs.target_ids, self._pairs.source_ids, marked=0)

    def _either(
        self, rows: Rows | int, lengths: Ids, forth: Callable[[Rows], Ids], back: Callable[[Rows], Ids], marked: int
    ) -> Ids:
        rows = np.atleast_1d(rows)
        sizes = lengths[rows]
        begins, turned = sizes.cumsum() - sizes, rows >= len(self._pairs)
        ids = np.full(sizes.sum(), BEGIN, np.int32)
        ids[stretches(begins[~turned], sizes[~turned])] = forth(rows[~turned])
        ids[stretches(begins[turned] + marked, sizes[turned] - marked)] = back(rows[turned] - len(self._pairs))
        return ids
