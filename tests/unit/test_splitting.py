from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from data_prep import splitting
from data_prep.errors import UserError
from data_prep.settings import Splitting
from data_prep.splitting import DUPLICATE, HELD_OUT, TEST, TRAIN, VALIDATION, HashColumns, divide, hash_pairs, key

Pairs = list[tuple[str, str]]


def fates_of(
    pairs: Pairs,
    folder: Path,
    settings: Splitting | None = None,
    own: dict[str, Pairs] | None = None,
    drop_duplicates: bool = True,
) -> list[int]:
    settings = settings or Splitting()

    def hashes(some: Pairs) -> splitting.Hashes:
        return hash_pairs([s for s, _ in some], [t for _, t in some], settings.seed)

    with HashColumns(folder) as columns:
        for first in range(0, len(pairs), 7):
            columns.append(hashes(pairs[first : first + 7]))
    own_hashes = {name: hashes(split) for name, split in (own or {}).items()}
    fates = divide(columns, folder, settings, drop_duplicates, own_hashes, "corpus")
    return [int(fate) for fate in fates]


def distinct_pairs(number: int) -> Pairs:
    return [(f"source {i}", f"target {i}") for i in range(number)]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("It's me.", "its me"),
        ("Va-t'en !", "va t’en…"),
        ("STRASSE", "Straße"),
        ("«Œuvre»", "œuvre"),
        ("مرحبا؟", "مرحبا"),
        ("你好。", "你好"),
    ],
)
def test_near_copies_have_one_key(first: str, second: str) -> None:
    assert key(first) == key(second)


@pytest.mark.parametrize(
    ("first", "second"),
    [("a b", "a c"), ("?", "!"), ("été", "ete"), ("की", "का"), ("كَتَبَ", "كُتُب"), ("12", "13")],
)
def test_different_sentences_have_different_keys(first: str, second: str) -> None:
    assert key(first) != key(second)


@given(st.text())
def test_key_ignores_case_and_the_signs_of_ascii(text: str) -> None:
    text = text.encode(errors="ignore").decode()
    assert key(f"({text}).") == key(f"{text} !") or not any(c.isalnum() for c in text)
    assert key(text) or not text


def test_duplicates_are_found_across_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(splitting, "PART", 16)
    pairs = distinct_pairs(100) + distinct_pairs(100) + [("source 1", "another target")]
    own = {"validation": [("v", "w")], "test": [("x", "y")]}
    fates = fates_of(pairs, tmp_path, own=own)
    assert fates == [TRAIN] * 100 + [DUPLICATE] * 100 + [TRAIN]
    assert fates_of(pairs, tmp_path, own=own, drop_duplicates=False) == [TRAIN] * 201


def test_own_splits_take_only_equal_pairs_out_of_train(tmp_path: Path) -> None:
    pairs = [("a", "b"), ("a", "c"), ("d", "b"), ("e", "f"), ("a", "b")]
    fates = fates_of(pairs, tmp_path, own={"validation": [("a", "b")], "test": [("e", "F")]})
    assert fates == [HELD_OUT, TRAIN, TRAIN, TRAIN, HELD_OUT]


SENTENCE = st.sampled_from([f"{letter}{sign}" for letter in "abcdefghijklmnop" for sign in ("", "!", " .")])


@examples(deadline=None, max_examples=150)
@given(
    pairs=st.lists(st.tuples(SENTENCE, SENTENCE), min_size=1, max_size=60),
    own=st.dictionaries(
        st.sampled_from(["validation", "test"]), st.lists(st.tuples(SENTENCE, SENTENCE), min_size=1, max_size=4)
    ),
    seed=st.integers(0, 3),
)
def test_no_sentence_of_validation_or_test_is_in_train(
    tmp_path_factory: pytest.TempPathFactory, pairs: Pairs, own: dict[str, Pairs], seed: int
) -> None:
    settings = Splitting(validation=3, test=2, seed=seed)
    try:
        fates = fates_of(pairs, tmp_path_factory.getbasetemp(), settings, own)
    except UserError:
        return
    splits = {
        name: [pair for pair, fate in zip(pairs, fates, strict=True) if fate == code]
        for name, code in (("train", TRAIN), ("validation", VALIDATION), ("test", TEST))
    }
    assert splits["train"]
    for name in ("validation", "test"):
        assert bool(splits[name]) != (name in own)
    for side in (0, 1):
        keys = {name: {key(pair[side]) for pair in split} for name, split in splits.items()}
        assert not keys["train"] & (keys["validation"] | keys["test"])
        for name, split in own.items():
            keys[name] |= {key(pair[side]) for pair in split}
        if len(own) < 2:
            assert not keys["validation"] & keys["test"]
    assert not set(splits["train"]) & {pair for split in own.values() for pair in split}
    # Every pair that is dropped has a cause.
    for i, (pair, fate) in enumerate(zip(pairs, fates, strict=True)):
        if fate == DUPLICATE:
            assert pair in pairs[:i]


def test_all_pairs_of_a_source_stay_together(tmp_path: Path) -> None:
    pairs = [(f"source {i}{sign}", f"target {i} {sign}") for i in range(100) for sign in ".!?"]
    fates = np.array(fates_of(pairs, tmp_path)).reshape(100, 3)
    assert (fates == fates[:, :1]).all()
    assert sorted(np.bincount(fates[:, 0], minlength=3)) == [5, 5, 90]


def test_the_division_does_not_depend_on_the_order_of_the_pairs(tmp_path: Path) -> None:
    pairs = distinct_pairs(200)
    forwards = fates_of(pairs, tmp_path)
    assert fates_of(pairs[::-1], tmp_path) == forwards[::-1]


def test_sizes_and_seed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(splitting, "PART", 64)
    pairs = distinct_pairs(400)
    fates = fates_of(pairs, tmp_path, Splitting(validation=7, test=9))
    assert (fates.count(VALIDATION), fates.count(TEST), fates.count(TRAIN)) == (7, 9, 384)
    larger = fates_of(pairs, tmp_path, Splitting(validation=8, test=9))
    assert [fate == TEST for fate in larger] == [fate == TEST for fate in fates]
    other = fates_of(pairs, tmp_path, Splitting(validation=7, test=9, seed=2))
    assert other != fates
    capped = fates_of(pairs, tmp_path, Splitting(validation=1000, test=1000))
    assert (capped.count(VALIDATION), capped.count(TEST)) == (20, 20)


@pytest.mark.parametrize("missing", ["validation", "test"])
def test_only_the_missing_split_is_held_out(tmp_path: Path, missing: str) -> None:
    own = {"test": [("x", "y")], "validation": [("x", "y")]}
    del own[missing]
    fates = fates_of(distinct_pairs(100), tmp_path, own=own)
    assert set(fates) == {TRAIN, splitting.HELD[missing]}
    assert fates.count(splitting.HELD[missing]) == 5


def test_three_sources_are_enough_and_two_are_not(tmp_path: Path) -> None:
    assert sorted(fates_of(distinct_pairs(3), tmp_path)) == [TRAIN, VALIDATION, TEST]
    with pytest.raises(UserError, match="corpus: 2 different sentences cannot be divided"):
        fates_of(distinct_pairs(2), tmp_path)


def test_too_little_text_is_the_users_to_mend(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="too few different sentences to fill"):
        fates_of([(f"source {i}", "the same target") for i in range(50)], tmp_path)
    with pytest.raises(UserError, match="fill train"):
        fates_of([("a", "b")], tmp_path, own={"validation": [("a", "b")], "test": [("c", "d")]})
