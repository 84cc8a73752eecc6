"""Batches: every pair once an epoch, within the budget, in an order that can be taken up anywhere."""

import threading
from collections import Counter
from collections.abc import Iterator
from itertools import count, islice, pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from data_prep.subwords import BEGIN, END, PAD
from seq2seq import batches
from seq2seq.batches import (
    SOURCES,
    Batch,
    Position,
    ahead,
    by_length,
    make_batch,
    pad,
    plan,
    training_batches,
)
from seq2seq.config import Training
from tests.splits import LENGTHS, Lengths, natural

quick = settings(max_examples=40, deadline=None)


@quick
@given(LENGTHS, st.integers(1, 100), st.integers(0, 9), st.integers(0, 3), st.sampled_from([7, 200_000]))
def test_every_pair_comes_once_an_epoch_within_the_budget(
    lengths: list[tuple[int, int]], budget: int, seed: int, epoch: int, pool: int
) -> None:
    split = Lengths(lengths)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batches, "POOL", pool)
        planned = plan(split, budget, (seed, epoch))
    assert sorted(np.concatenate(planned).tolist()) == list(range(len(lengths)))
    for rows in planned:
        batch = make_batch(split, rows)
        assert len(rows) == 1 or batch.target_out_BT.numel() <= budget
        assert len(rows) == 1 or batch.source_BS.numel() <= SOURCES * budget
        assert batch.target_tokens == (batch.target_out_BT != PAD).sum().item()


def test_training_both_ways_has_every_pair_twice_an_epoch() -> None:
    split, settings = natural(60), Training(steps=1, batch_tokens=60, joined=0.0, both_ways=True)
    seen: Counter[tuple[int, bool]] = Counter()
    for batch, after, _ in training_batches(split, settings, Position()):
        for source, target in zip(batch.source_BS.tolist(), batch.target_in_BT.tolist(), strict=True):
            assert source[-1 - source.count(PAD)] == END
            assert target[0] == BEGIN
            assert source[source[0] == BEGIN] == target[1]
            seen[target[1], source[0] == BEGIN] += 1
        if after.epoch:
            break
    assert seen == {(10 + row, turned): 1 for row in range(60) for turned in (False, True)}


@quick
@given(LENGTHS, st.integers(1, 100))
def test_a_batch_is_as_large_as_the_budget_lets_it_be(lengths: list[tuple[int, int]], budget: int) -> None:
    split = Lengths(lengths)
    cut = by_length(split, np.arange(len(lengths)), budget)
    for rows, following in pairwise(cut):
        longer = [*rows, following[0]]
        target, source = split.target_lengths[longer].max() + 1, split.source_lengths[longer].max() + 1
        assert len(longer) * max(target, source / SOURCES) > budget


def test_sources_get_longer_and_shorter_by_turns() -> None:
    lengths = [(source, target) for target in range(1, 5) for source in range(1, 9)]
    shuffled = np.random.default_rng(0).permutation(len(lengths))
    (rows,) = by_length(Lengths(lengths), shuffled, 1000)
    ordered = [lengths[row] for row in rows]
    assert sorted(ordered) == sorted(lengths)
    assert all(0 <= after[1] - before[1] <= 1 for before, after in pairwise(ordered))
    # Neighbours are alike on both sides, where the target gets longer too.
    assert all(abs(after[0] - before[0]) <= 1 for before, after in pairwise(ordered))


def test_a_batch_may_fill_its_budget_to_the_last_subword() -> None:
    assert [len(rows) for rows in by_length(Lengths([(4, 4)] * 5), np.arange(5), 10)] == [2, 2, 1]


def test_one_long_source_does_not_pad_all_others() -> None:
    lengths = [(3, 3)] * 60 + [(39, 3)]
    with_the_long_one, others = by_length(Lengths(lengths), np.arange(61), 400)
    assert 60 in with_the_long_one
    assert (len(with_the_long_one), len(others)) == (400 * SOURCES // 40, 46)


def test_ids_stand_where_they_belong() -> None:
    batch = make_batch(Lengths([(2, 1), (1, 3)]), np.array([1, 0]))
    assert batch.source_BS.tolist() == [[11, END, PAD], [10, 10, END]]
    assert batch.source_lengths_B.tolist() == [2, 3]
    assert batch.target_in_BT.tolist() == [[BEGIN, 11, 11, 11], [BEGIN, 10, PAD, PAD]]
    assert batch.target_out_BT.tolist() == [[11, 11, 11, END], [10, END, PAD, PAD]]
    assert batch.target_tokens == 6
    assert batch.to(torch.device("cpu")) is batch


@quick
@given(LENGTHS, st.integers(1, 5))
def test_parts_share_a_batch_out(lengths: list[tuple[int, int]], step: int) -> None:
    batch = make_batch(Lengths(lengths), np.arange(len(lengths)))
    parts = [batch.part(first, step) for first in range(min(step, len(lengths)))]
    assert sum(part.target_tokens for part in parts) == batch.target_tokens == sum(t + 1 for _, t in lengths)
    sizes = [len(part.source_BS) for part in parts]
    assert max(sizes) - min(sizes) <= 1
    rows = [row for first in range(len(parts)) for row in range(first, len(lengths), step)]
    assert sorted(rows) == list(range(len(lengths)))
    for name in ("source_BS", "source_lengths_B", "target_in_BT", "target_out_BT"):
        assert torch.cat([getattr(part, name) for part in parts]).equal(getattr(batch, name)[rows])
    for part in (batch, *parts):
        cells = part.target_out_BT.flatten()
        assert part.real_N.tolist() == [i for i, subword in enumerate(cells.tolist()) if subword != PAD]


@given(st.lists(st.lists(st.integers(4, 99), max_size=5), min_size=1, max_size=5), st.booleans(), st.booleans())
def test_padding_can_be_taken_off_again(rows: list[list[int]], before: bool, after: bool) -> None:
    padded = pad([np.array(row, np.int32) for row in rows], BEGIN if before else None, END if after else None)
    assert padded.dtype == torch.int64
    assert padded.size(1) == max(map(len, rows)) + before + after
    for line, row in zip(padded.tolist(), rows, strict=True):
        whole = [BEGIN] * before + row + [END] * after
        assert line == whole + [PAD] * (len(line) - len(whole))


def test_the_order_is_a_function_of_seed_and_epoch() -> None:
    split = natural(300)

    def order(seed: int, epoch: int) -> list[list[int]]:
        return [rows.tolist() for rows in plan(split, 100, (seed, epoch))]

    assert order(1, 0) == order(1, 0)
    different = [order(1, 0), order(1, 1), order(2, 0), order(2, 1)]
    assert all(a != b for i, a in enumerate(different) for b in different[:i])
    # Not only the batches' order changes: pairs of one length find new company.
    assert {frozenset(rows) for rows in order(1, 0)} != {frozenset(rows) for rows in order(1, 1)}


def test_batches_do_not_come_by_length() -> None:
    longest = [make_batch(natural(500), rows).target_out_BT.size(1) for rows in plan(natural(500), 100, (1, 0))]
    assert sum(a < b for a, b in pairwise(longest)) > 0.3 * len(longest)
    assert sum(a > b for a, b in pairwise(longest)) > 0.3 * len(longest)


def _same(a: Batch, b: Batch) -> bool:
    return a.source_BS.equal(b.source_BS) and a.target_out_BT.equal(b.target_out_BT)


@quick
@given(st.integers(0, 40), st.integers(0, 5), st.booleans())
def test_training_goes_on_from_any_position(taken: int, seed: int, both_ways: bool) -> None:
    split, settings = natural(60), Training(steps=1, batch_tokens=60, seed=seed, both_ways=both_ways)
    whole = list(islice(training_batches(split, settings, Position()), taken + 12))
    start = whole[taken - 1][1] if taken else Position()
    rest = list(islice(training_batches(split, settings, start), 12))
    for (batch, after, epochs), (other, other_after, other_epochs) in zip(whole[taken:], rest, strict=True):
        assert _same(batch, other)
        assert (after, epochs) == (other_after, other_epochs)


def test_positions_and_epochs_count_up() -> None:
    split = natural(60)
    size = len(plan(split, 60, (1, 0)))
    stream = list(islice(training_batches(split, Training(steps=1, batch_tokens=60, joined=0.0), Position()), 2 * size))
    assert [after for _, after, _ in stream[: size + 1]] == [
        *(Position(0, done) for done in range(1, size)),
        Position(1, 0),
        Position(1, 1),
    ]
    assert (stream[size - 1][2], stream[-1][2]) == (1.0, 2.0)
    first, second = ([batch.source_BS.tolist() for batch, _, _ in part] for part in (stream[:size], stream[size:]))
    assert first != second
    epochs = [done for _, _, done in stream]
    assert epochs == sorted(set(epochs))


def test_little_of_a_batch_is_padding() -> None:
    split = natural(5000)
    made = [make_batch(split, rows) for rows in plan(split, 1000, (1, 0))]
    target_cells = sum(batch.target_out_BT.numel() for batch in made)
    source_cells = sum(batch.source_BS.numel() for batch in made)
    assert sum(batch.target_tokens for batch in made) > 0.95 * target_cells
    assert sum(int(batch.source_lengths_B.sum()) for batch in made) > 0.80 * source_cells
    # Few batches are small, too: the budget is used.
    assert target_cells > 0.85 * 1000 * len(made)


def test_what_is_made_ahead_comes_in_order_and_ends() -> None:
    assert list(ahead(iter(range(50)))) == list(range(50))
    assert list(ahead(iter([]))) == []
    assert list(ahead(iter([None, 0]))) == [None, 0]


def test_what_is_left_of_what_is_made_ahead_may_be_dropped() -> None:
    makers: set[threading.Thread] = set()

    def endless() -> Iterator[int]:
        for number in count():
            makers.add(threading.current_thread())
            yield number

    items = ahead(endless())
    assert list(islice(items, 5)) == [0, 1, 2, 3, 4]
    del items
    assert len(makers) == 1
    assert not any(maker.is_alive() for maker in makers)


def test_the_next_is_made_while_one_is_in_use() -> None:
    made = [threading.Event() for _ in range(4)]
    makers: set[int] = set()

    def items() -> Iterator[int]:
        for number, event in enumerate(made):
            makers.add(threading.get_ident())
            event.set()
            yield number

    for number in ahead(items()):
        assert made[min(number + 1, 3)].wait(timeout=30)
        # No further ahead than one, or a whole epoch would be in memory.
        assert number > 1 or not made[number + 2].is_set()
    assert number == 3
    assert len(makers) == 1
    assert threading.get_ident() not in makers


def test_an_error_in_the_making_comes_through_after_what_was_made() -> None:
    def items() -> Iterator[int]:
        yield from (1, 2)
        raise ValueError("a damaged file")

    coming = ahead(items())
    assert [next(coming), next(coming)] == [1, 2]
    with pytest.raises(ValueError, match="a damaged file"):
        next(coming)


def test_pairs_are_joined_anew_each_epoch() -> None:
    split, asked = natural(60), Training(steps=1, batch_tokens=200, joined=1.0)
    joined: list[set[frozenset[int]]] = [set(), set()]
    epoch = 0
    for batch, after, _ in training_batches(split, asked, Position()):
        if epoch == 2:
            break
        rows = (frozenset(i for i in row if i > END) for row in batch.source_BS.tolist())
        joined[epoch] |= {ids for ids in rows if len(ids) > 1}
        epoch = after.epoch
    assert len(joined[0]) > 10
    assert joined[0] != joined[1]
