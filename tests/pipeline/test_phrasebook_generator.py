"""The corpus that the grammar makes: its splits, what they measure, and the source that hands it out."""

import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import islice

import pytest
import xxhash

from data_prep.errors import UserError
from data_prep.phrasebook import SIZE, Phrasebook, agreement, generator, is_phrasebook
from data_prep.phrasebook.agreement import DISTANCES, AgreementPair, agreements, split_words
from data_prep.phrasebook.frames import FRAMES
from data_prep.phrasebook.generator import DEEPEST, SHARE, Generator, Pair, choose, generate, phrases
from data_prep.phrasebook.structure import Features, Polarity, Tense
from data_prep.phrasebook.tables import load
from data_prep.sources import open_source

SMALL, SEED, FEW = 2500, 3, 60
LINK = re.compile(r"\b(?:que|qui|dont|où)\b|\bqu'", re.I)
Splits = dict[str, list[tuple[str, str]]]
CHILD = f"""
import xxhash
from data_prep.phrasebook import agreement, generator
generator.LONG, generator.agreements = {FEW}, lambda seed: agreement.agreements(seed, 4)
print(xxhash.xxh3_64_hexdigest(repr(generator.generate({SMALL}, {SEED})).encode()))
"""


@pytest.fixture(scope="module", autouse=True)
def _few_measurements() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(generator, "LONG", FEW)
        patch.setattr(generator, "agreements", lambda seed: agreements(seed, 4))
        yield


@pytest.fixture(scope="module")
def splits() -> Splits:
    return generate(SMALL, SEED)


@pytest.fixture(scope="module")
def stream() -> list[Pair]:
    """What `splits` has from the grammar."""
    return [pair for _, pair in choose(Generator(SEED), SMALL)]


@pytest.fixture(scope="module")
def measured() -> list[AgreementPair]:
    return agreements(SEED, 4)


def test_the_same_seed_makes_the_same_bytes_in_another_process(splits: Splits) -> None:
    environment = os.environ | {"PYTHONHASHSEED": "77"}
    child = subprocess.run([sys.executable, "-c", CHILD], env=environment, capture_output=True, text=True, check=True)
    assert child.stdout.strip() == xxhash.xxh3_64_hexdigest(repr(splits).encode())


def test_another_seed_makes_other_sentences(stream: list[Pair]) -> None:
    other = {pair.en for pair in islice(Generator(SEED + 1).pairs(), 500)}
    assert len(other - {pair.en for pair in stream[:500]}) > 400


def test_sizes_and_phrases(splits: Splits) -> None:
    held = SMALL // SHARE
    sizes = {"train": SMALL - 2 * held, "validation": held, "test": held, "long": FEW, "agreement": 4 * len(DISTANCES)}
    assert {name: len(pairs) for name, pairs in splits.items()} == sizes
    assert tuple(splits) == Phrasebook.splits
    assert set(phrases()) <= set(splits["train"])


def test_every_pair_is_distinct_over_all_splits(splits: Splits) -> None:
    pairs = [pair for name in splits for pair in splits[name]]
    assert len(set(pairs)) == len(pairs)
    for side in (0, 1):  # hardly ever two translations of one sentence
        text = Counter(pair[side].casefold() for pair in pairs)
        assert sum(count > 1 for count in text.values()) <= len(pairs) // 200, text.most_common(5)


def test_combinations_of_validation_and_test_are_nowhere_in_train(splits: Splits, stream: list[Pair]) -> None:
    combinations: dict[tuple[str, str], int] = {}
    for pair in stream:
        combinations.setdefault((pair.en, pair.fr), pair.combination)
    by_hand = set(phrases())
    held = {name: {combinations[pair] for pair in splits[name]} for name in ("validation", "test")}
    train = {combinations[pair] for pair in splits["train"] if pair not in by_hand}
    assert not train & held["validation"]
    assert not train & held["test"]
    assert not held["validation"] & held["test"]
    assert 0 not in held["validation"] | held["test"]


def test_a_combination_is_a_frame_with_its_words_whatever_the_person_and_tense() -> None:
    maker = Generator(SEED)
    frame = next(frame for frame in FRAMES if frame.name == "comparing_people")

    def made(seed: int, person: str, tense: Tense) -> Pair | None:
        maker.rng.seed(seed)
        maker.draw.drawn.clear()
        sentence = maker.attempt(frame, Features(person, tense, Polarity.POSITIVE, "statement"))
        return None if sentence is None else maker.pair(frame, sentence)

    twins = [(made(seed, "he", Tense.PRESENT), made(seed, "we", Tense.FUTURE)) for seed in range(40)]
    pairs = [(one, two) for one, two in twins if one and two and one.combination]
    assert len(pairs) > 20
    assert all(one.en != two.en and one.combination == two.combination for one, two in pairs)
    assert len({one.combination for one, _ in pairs}) > 20


def test_long_has_more_embedded_clauses_than_any_sentence_of_train(splits: Splits, stream: list[Pair]) -> None:
    assert max(pair.embedded for pair in stream) == DEEPEST
    assert all(len(LINK.findall(fr)) > DEEPEST for _, fr in splits["long"])
    assert max(len(LINK.findall(fr)) for _, fr in splits["long"]) == DEEPEST + 3


def test_agreement_has_every_distance_gender_and_number_equally_often(measured: list[AgreementPair]) -> None:
    counts = Counter((pair.distance, pair.gender, pair.number) for pair in measured)
    assert counts == {(distance, gender, number): 1 for distance in DISTANCES for gender in "mf" for number in "sp"}
    assert len({pair.fr for pair in measured}) == len(measured)
    assert list(DISTANCES) == list(range(1, 31))


def test_controller_and_target_stand_at_their_distance_and_agree(measured: list[AgreementPair]) -> None:
    words = load()
    nouns = {form.split(" ")[-1]: noun for noun in words.nouns["person"] for form in (noun.fr, noun.fr_plural)}
    adjectives = {form: word for word in words.adjectives["person"] for form in word.forms[:4]}
    for pair in measured:
        french = split_words(pair.fr.removesuffix("."))
        target = french[-1]
        noun, adjective = nouns[french[len(french) - 1 - pair.distance]], adjectives[target]
        assert noun.gender == pair.gender
        column = (pair.gender == "f") + 2 * (pair.number == "p")
        assert target == adjective.forms[column]
        assert target != adjective.forms[column ^ 1]
        if pair.distance > 4:  # something stands between that may lead astray
            assert LINK.search(pair.fr)


def test_agreement_pairs_of_another_seed_differ(measured: list[AgreementPair]) -> None:
    few = list(islice(agreement.candidates(SEED + 1), 50))
    assert len({pair.fr for pair in few} - {pair.fr for pair in measured}) > 40


def test_too_small_a_size_is_refused() -> None:
    smallest = 2 * len(phrases())
    with pytest.raises(UserError, match=f"phrasebook:{smallest - 1}: the smallest size is {smallest:,}"):
        generate(smallest - 1, SEED)


def test_phrases_written_by_hand() -> None:
    pairs = phrases()
    assert len(pairs) >= 600
    for side in (0, 1):
        assert len({pair[side] for pair in pairs}) == len(pairs)
    for en, fr in pairs:
        assert en.strip() == en != fr == fr.strip()
        assert not re.search(r"\s\s|[’“”\u00a0\u202f]", en + "|" + fr), fr
        assert not re.search(r"[^\s?!.][?!;:»]|«\S", re.sub(r"\d+:\d\d", "", fr)), fr
        assert not re.search(r"\s[.,?!;:]", en), en
        assert not re.search(r"\s[.,]", fr), fr
        assert en[0].isupper() or not en[0].isalpha(), en


@pytest.mark.parametrize(
    ("name", "size", "seed"),
    [("phrasebook", SIZE, 1), ("phrasebook:3000", 3000, 1), ("phrasebook:3000:7", 3000, 7)],
)
def test_names(name: str, size: int, seed: int) -> None:
    assert is_phrasebook(name)
    source = open_source(name, ("en", "fr"))
    assert (source.origin["size"], source.origin["seed"], source.splits) == (size, seed, Phrasebook.splits)


@pytest.mark.parametrize("name", ["phrasebook:", "phrasebooks", "phrasebook:3k", "phrasebook:1:2:3", "a/phrasebook"])
def test_other_names(name: str) -> None:
    assert not is_phrasebook(name)


@pytest.mark.parametrize("languages", [("en", "de"), ("fr", "de"), ("en", "en")])
def test_other_languages_are_refused(languages: tuple[str, str]) -> None:
    with pytest.raises(UserError, match=rf"English and French, not {'-'.join(languages)}: set LANGS=en-fr"):
        Phrasebook("phrasebook", languages)


def test_the_source_hands_out_the_splits_in_both_directions(splits: Splits) -> None:
    forward, backward = (
        Phrasebook(f"phrasebook:{SMALL}:{SEED}", languages) for languages in (("en", "fr"), ("fr", "en"))
    )
    forward._pairs = backward._pairs = splits  # made already
    for split in Phrasebook.splits:
        pairs: list[tuple[str, str]] = []
        for chunk, turned in zip(forward.chunks(split, 300), backward.chunks(split, 300), strict=True):
            assert (chunk.sources, chunk.targets) == (turned.targets, turned.sources)
            pairs += zip(chunk.sources, chunk.targets, strict=True)
        assert pairs == splits[split]


def test_the_source_makes_its_sentences_when_they_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int]] = []

    def make(size: int, seed: int) -> Splits:
        asked.append((size, seed))
        return {"train": [("Yes.", "Oui.")]}

    monkeypatch.setattr(generator, "generate", make)
    source = open_source("phrasebook:4000:9", ("fr", "en"))
    assert not asked
    assert [(chunk.sources, chunk.targets) for _ in range(2) for chunk in source.chunks("train")] == [
        (["Oui."], ["Yes."])
    ] * 2
    assert asked == [(4000, 9)]


def test_origin_and_inputs(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = (open_source("phrasebook", ("en", "fr")) for _ in range(2))
    assert first.origin == second.origin != open_source("phrasebook:3000", ("en", "fr")).origin
    with monkeypatch.context() as patch:
        patch.setattr("data_prep.phrasebook.version", lambda _: "9")
        assert open_source("phrasebook", ("en", "fr")).origin != first.origin
    inputs = first.inputs()
    assert inputs == second.inputs()
    assert {"phrases.tsv", "french.py", "words/verbs.txt", "frames/actions.py"} <= inputs.keys()
    assert all(re.fullmatch("(sha256:)?[0-9a-f]{64}", digest) for digest in inputs.values())


def test_nobody_is_in_a_sentence_twice_and_no_word_in_half_of_the_long_ones(splits: Splits) -> None:
    for name in ("long", "agreement"):
        nouns = [set(re.findall(r"\bthe (\w+)", en)) for en, _ in splits[name]]
        counts = Counter(noun for found in nouns for noun in found)
        assert counts.most_common(1)[0][1] < 0.2 * len(nouns)
    draw = Generator(SEED).draw
    for _ in range(200):
        draw.start(Features("one", Tense.PRESENT, Polarity.POSITIVE, "statement"))
        assert len({draw.name() for _ in range(5)}) == 5
