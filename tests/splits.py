"""Splits in memory, of which only the lengths matter."""

import numpy as np
from hypothesis import strategies as st

from data_prep.corpus import Ids, Rows, Split

LENGTHS = st.lists(st.tuples(st.integers(1, 30), st.integers(1, 30)), min_size=1, max_size=60)
"""Lengths of source and target."""


class Lengths(Split):
    """A split in memory: row i has the ids 10 + i, as often as its lengths say."""

    def __init__(self, lengths: list[tuple[int, int]]) -> None:
        self.source_lengths, self.target_lengths = np.array(lengths, np.int32).reshape(-1, 2).T

    def __len__(self) -> int:
        return len(self.source_lengths)

    def _gathered(self, side: int, rows: Rows | int) -> Ids:
        return np.repeat(10 + np.atleast_1d(rows), (self.source_lengths, self.target_lengths)[side][rows]).astype(
            np.int32
        )


def natural(count: int) -> Lengths:
    """Lengths as a corpus has them: mostly short, both sides alike."""
    draw = np.random.default_rng(0)
    source = 1 + draw.poisson(draw.exponential(10, count))
    return Lengths(np.stack([source, np.maximum(1, source + draw.integers(-3, 4, count))], axis=1).tolist())
