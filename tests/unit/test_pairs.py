"""Pairs of an epoch: each once, joined or alone, and turned round as often."""

from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from data_prep.corpus import Ids
from data_prep.subwords import BEGIN
from seq2seq.pairs import CHAIN, LONGEST, BothWays, Joined
from tests.splits import LENGTHS, Lengths, natural

quick = settings(max_examples=40, deadline=None)


def _in_order(ids: Ids) -> list[int]:
    """Rows whose ids these are, one after another."""
    return [int(row) - 10 for i, row in enumerate(ids) if i == 0 or ids[i - 1] != row]


@quick
@given(LENGTHS, st.floats(0, 1), st.integers(0, 9))
def test_joined_or_alone_every_pair_is_there_once(lengths: list[tuple[int, int]], share: float, seed: int) -> None:
    split = Lengths(lengths)
    pairs = Joined(split, share, (seed,))
    found = [_in_order(pairs.source_ids(row)) for row in range(len(pairs))]
    assert found == [_in_order(pairs.target_ids(row)) for row in range(len(pairs))]
    assert sorted(row for rows in found for row in rows) == list(range(len(lengths)))
    joined = sum(len(rows) for rows in found if len(rows) > 1)
    # What is left of the share at the end may be too little for another.
    assert int(share * len(lengths)) - CHAIN < joined <= share * len(lengths)
    assert max(map(len, found), default=0) <= CHAIN
    assert [len(pairs.source_ids(row)) for row in range(len(pairs))] == pairs.source_lengths.tolist()
    assert [len(pairs.target_ids(row)) for row in range(len(pairs))] == pairs.target_lengths.tolist()


def test_who_is_joined_to_whom_is_drawn() -> None:
    split = natural(100)

    def found(seed: int) -> list[list[int]]:
        pairs = Joined(split, 0.5, (seed,))
        return [_in_order(pairs.source_ids(row)) for row in range(len(pairs))]

    assert found(1) == found(1) != found(2)


def test_two_three_and_four_are_joined_alike_often() -> None:
    pairs = Joined(natural(3000), 1.0, (0,))
    sizes = Counter(len(_in_order(pairs.source_ids(row))) for row in range(len(pairs)))
    assert set(sizes) <= {1, 2, 3, CHAIN}
    assert all(250 < sizes[size] < 420 for size in range(2, CHAIN + 1))


def test_what_would_get_too_long_stays_alone() -> None:
    pairs = Joined(Lengths([(5, LONGEST - 10), (5, 11)] * 20), 1.0, (0,))
    assert pairs.target_lengths.max() <= LONGEST
    assert sorted(row for i in range(len(pairs)) for row in _in_order(pairs.source_ids(i))) == list(range(40))
    assert 20 < len(pairs) < 40


@quick
@given(LENGTHS, st.data())
def test_both_ways_are_the_pairs_and_the_pairs_turned_round(
    lengths: list[tuple[int, int]], data: st.DataObject
) -> None:
    split, count = Lengths(lengths), len(lengths)
    pairs = BothWays(split)
    assert len(pairs) == 2 * count
    drawn = data.draw(st.lists(st.integers(0, 2 * count - 1), max_size=9))
    sources = [[BEGIN] * (row >= count) + [10 + row % count] * lengths[row % count][row >= count] for row in drawn]
    targets = [[10 + row % count] * lengths[row % count][row < count] for row in drawn]
    rows = np.array(drawn, np.int64)
    assert pairs.source_ids(rows).tolist() == [unit for ids in sources for unit in ids]
    assert pairs.target_ids(rows).tolist() == [unit for ids in targets for unit in ids]
    assert pairs.source_lengths[rows].tolist() == [len(ids) for ids in sources]
    assert pairs.target_lengths[rows].tolist() == [len(ids) for ids in targets]
