"""Probe sentences: what agrees stands where it should, nothing else tells, and a guess is right by half."""

import re
from collections import Counter

import pytest

from data_prep.phrasebook.agreement import DISTANCES, split_words
from data_prep.phrasebook.forms import french_participle, french_verb
from data_prep.phrasebook.probes import KINDS, NEAREST, Twins, few, probes
from data_prep.phrasebook.tables import load

EACH = 2
WORDS = load()
PEOPLE = [noun for kind in ("people", "kin", "job") for noun in WORDS.nouns[kind] if noun.gender != "mf"]


@pytest.fixture(scope="module")
def found() -> list[Twins]:
    return probes(5, EACH)


def controllers(words: list[str]) -> set[tuple[int, str, str]]:
    """Where the first noun of a person stands that English tells the gender of, its gender and its number."""
    forms = {(form.split()[-1], noun.gender, number) for noun in PEOPLE for form, number in _forms(noun)}
    for place, word in enumerate(words):
        if here := {(place, gender, number) for form, gender, number in forms if form == word}:
            # fils is singular and plural: its determiner tells.
            told = "p" if words[place - 1].lower() == "les" else "s"
            return {one for one in here if one[2] == told}
    return set()


def _forms(noun: object) -> tuple[tuple[str, str], tuple[str, str]]:
    return (noun.fr, "s"), (noun.fr_plural, "p")  # type: ignore[attr-defined]


def test_every_kind_is_at_every_distance_equally_often(found: list[Twins]) -> None:
    wanted = {(kind, distance): EACH for kind in KINDS for distance in DISTANCES if distance >= NEAREST[kind]}
    assert Counter((one.kind, one.distance) for one in found) == wanted
    assert list(DISTANCES) == list(range(1, 31))
    assert set(Counter((one.kind, one.distance, one.same) for one in found).values()) == {EACH // 2}


def test_noun_and_what_agrees_stand_at_their_distance(found: list[Twins]) -> None:
    for one in found:
        for probe in one.pair:
            words = split_words(probe.fr.removesuffix("."))
            ((place, _, _),) = controllers(words)
            assert len(words) - 1 - place == one.distance, probe.fr


def test_a_guess_is_right_by_half(found: list[Twins]) -> None:
    """What is not noun or ending is the same in both twins, and what is right in one is wrong in the other."""
    for one in found:
        first, second = one.pair
        texts = [split_words(probe.fr) for probe in one.pair]
        (here,), (there,) = map(controllers, texts)
        assert texts[0][here[0] + 1 : -1] == texts[1][there[0] + 1 : -1]
        assert len(texts[0][here[0] :]) == one.distance + 1
        last, other = texts[0][-1], texts[1][-1]
        assert last != other
        assert split_words(first.other) == [*texts[0][:-1], other]
        assert split_words(second.other) == [*texts[1][:-1], last]
        assert (here[1] == there[1], here[2] == there[2]) == (one.kind == "verb", one.kind != "verb")
        assert one.same == (here[1] if one.kind == "verb" else here[2])


def test_the_word_agrees(found: list[Twins]) -> None:
    adjectives = {form: word.forms for word in WORDS.adjectives["person"] for form in word.forms[:4]}
    verbs = [verb for verb in WORDS.verbs if "person" in verb.subjects]
    for one in found:
        for probe in one.pair:
            words = split_words(probe.fr.removesuffix("."))
            ((_, gender, number),) = controllers(words)
            last = words[-1]
            if one.kind == "adjective":
                assert adjectives[last][(gender == "f") + 2 * (number == "p")] == last
            elif one.kind == "participle":
                assert any(french_participle(verb.fr, gender, number) == last for verb in verbs)
            else:
                forms = [french_verb(verb.fr, tense, 3, number) for verb in verbs for tense in "fc"]
                assert last in forms


def test_english_shows_the_noun_alone(found: list[Twins]) -> None:
    for one in found:
        first, second = (probe.en.split() for probe in one.pair)
        assert len(first) == len(second)
        differ = [pair for pair in zip(first, second, strict=True) if pair[0] != pair[1]]
        assert len(differ) == 1, one.pair


def test_clauses_stand_between(found: list[Twins]) -> None:
    link = re.compile(r"\b(?:que|qui|dont)\b|\bqu'")
    assert all(link.search(probe.fr) for one in found if one.distance > 5 for probe in one.pair)
    assert max(len(link.findall(one.pair[0].fr)) for one in found if one.distance == 30) >= 5


def test_no_sentence_comes_twice(found: list[Twins], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("data_prep.phrasebook.probes.DISTANCES", range(1, 3))
    for some in (found, probes(1, 40)):
        for language in ("en", "fr"):
            texts = [getattr(probe, language) for one in some for probe in one.pair]
            assert len(set(texts)) == len(texts)


def test_the_same_seed_gives_the_same_and_another_others(found: list[Twins]) -> None:
    assert probes(5, EACH) == found
    others = {one.pair[0].fr for one in probes(6, EACH)}
    assert len(others - {one.pair[0].fr for one in found}) > 0.8 * len(others)


def test_more_than_there_are_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("data_prep.phrasebook.probes.DISTANCES", range(1, 2))
    monkeypatch.setattr("data_prep.phrasebook.probes.ROUNDS", 20)
    with pytest.raises(ValueError, match="no more"):
        probes(1, 2000)


def test_few_words_are_among_the_common_ones() -> None:
    words = few(WORDS)
    assert {*words.verbs} < {*WORDS.verbs}
    assert all(0 < len(words.nouns[kind]) <= 8 for kind in ("people", "kin", "job"))
