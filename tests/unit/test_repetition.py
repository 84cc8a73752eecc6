"""Loops in translations: cut where the network goes back to what it has read, left where a person would repeat."""

from itertools import groupby
from pathlib import Path

import numpy as np
import pyarrow.parquet as parquet
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from data_prep.normalization import normalize
from seq2seq.repetition import (
    MAX_PHRASE_WORDS,
    MAX_REPEATS,
    MAX_SIGNS,
    MIN_WORD_REPEATS,
    by_words,
    goes_back,
    repeats,
    without_loops,
)
from tests.odd import loops

CORPORA = Path(__file__).parents[3] / "shared" / "corpora"
PIECES = st.lists(st.sampled_from(["a", "b", "ab", " ", " chat", "très ", "« ", "-dix", "a, ", "x" * 25]), max_size=12)
TEXTS = st.tuples(PIECES, st.integers(1, 12)).map(lambda drawn: " ".join("".join(drawn[0] * drawn[1]).split()))


def most_repeated(said: str | list[str], sizes: range) -> int:
    """How often at most so many signs or words follow themselves, found by trying all."""
    most = 1 if said else 0
    for size in sizes:
        for first in range(len(said) - size):
            phrase, times = said[first : first + size], 1
            while said[first + times * size : first + (times + 1) * size] == phrase:
                times += 1
            most = max(most, times)
    return most


def back(first: list[int], second: list[int]) -> bool:
    """A network that always goes back."""
    return True


def ahead(first: list[int], second: list[int]) -> bool:
    """A network that never goes back."""
    return False


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("et mon thé " * 30 + "et moi.", "et mon thé et moi."),
        ("a eu l'air à l'air à l'air à l'électron.", "a eu l'air à l'électron."),
        ("un chat un chat", "un chat"),
        ("un deux un deux trois quatre un deux un deux trois quatre", "un deux trois quatre"),
        ("chat " * 9, "chat chat"),
        ("de ma part de ma part.", "de ma part."),
        ("De ma part de ma part, oui", "De ma part, oui"),
        ("de ma part, de ma part.", "de ma part, de ma part."),
        ("non, non, non !", "non, non !"),
        ("Viens ! " * 9, "Viens ! Viens !"),
        ("Il vient. Il vient. Il part.", "Il vient. Il vient. Il part."),
        ("nous nous voyons", "nous nous voyons"),
        ("1 000 000 000 de gens", "1 000 000 000 de gens"),
        ("l'instant " + "« " * 40 + "fin", "l'instant " + "« " * MAX_SIGNS + "fin"),
        ("Est-ce que " + "ou" * 20, "Est-ce que " + "ou" * MAX_SIGNS),
        ("un chat qui dort", "un chat qui dort"),
        ("", ""),
    ],
)
def test_what_is_said_again_by_a_network_that_goes_back_is_cut(answer: str, expected: str) -> None:
    assert without_loops(answer.strip(), "some source", back) == expected.strip()


@pytest.mark.parametrize(
    "answer",
    [
        "plus sombre et plus sombre",
        "un ami d'un ami d'un ami",
        "Il appelle un chat un chat.",
        "de ma part de ma part.",
        "très, très, très, très bien",
        "chat " * MAX_REPEATS + "noir",
    ],
)
def test_what_is_said_again_by_a_network_that_reads_on_stays(answer: str) -> None:
    assert without_loops(answer, "some source", ahead) == answer
    assert without_loops(answer, "some source") == answer


def test_nobody_says_a_thing_so_often() -> None:
    for judge in (ahead, None):
        assert without_loops("chat " * 30 + "noir", "x", judge) == "chat " * MAX_REPEATS + "noir"
        assert without_loops("et moi " * 30 + "noir", "x", judge) == "et moi " * MAX_REPEATS + "noir"


def test_the_judge_is_asked_about_the_words_that_are_the_same() -> None:
    asked: list[tuple[list[int], list[int]]] = []

    def judge(first: list[int], second: list[int]) -> bool:
        asked.append((first, second))
        return False

    without_loops("oui un chat un chat", "x", judge)
    assert asked == [([1, 2], [3, 4])]


def test_a_network_goes_back_if_it_looks_at_the_same_words() -> None:
    places = np.eye(4, dtype=np.float32)
    judge = goes_back(places[[0, 1, 0, 1, 2, 3]])
    assert judge([0, 1], [2, 3])
    assert not judge([0, 1], [4, 5])
    assert not judge([0, 1], [1, 2])


def test_a_word_looks_where_its_subwords_look() -> None:
    weights = np.array([[1, 0], [0, 1], [1, 0], [0.5, 0.5]], np.float32)
    assert by_words(weights, ["▁a", "b", "▁c"]).tolist() == [[0.5, 0.5], [1.0, 0.0]]


def test_what_the_source_says_over_and_over_stays() -> None:
    assert without_loops("très, " * 9 + "bon", "very, " * 9 + "good", back) == "très, " * 9 + "bon"
    assert without_loops("très, " * 9 + "bon", "very, " * 6 + "good", back) == "très, " * 6 + "bon"
    assert without_loops("A" * 30, "A" * 30, back) == "A" * 30
    assert without_loops("🙂🙂 " * 9 + "!", "🙂🙂 " * 9 + "!", back) == "🙂🙂 " * 9 + "!"
    assert without_loops("il dit il dit", "He says, he says!", back) == "il dit il dit"
    source = "hand in hand down the street"
    assert without_loops("main dans la main dans la rue", source, back) == "main dans la main dans la rue"
    assert without_loops("main dans la main dans la rue", "down the street", back) == "main dans la rue"


@pytest.mark.parametrize("answer", ["de \U0010f000 de \U0010f000 euros", "de 5 chats de 5 chats", "7 8 7 8"])
def test_items_and_numbers_are_never_cut(answer: str) -> None:
    assert without_loops(answer, "some source", back) == answer


def test_letters_of_the_source_are_no_reason_for_words() -> None:
    assert without_loops("Dieu " * 20 + "!", "d" * 100, back) == "Dieu " * MIN_WORD_REPEATS + "!"


@given(TEXTS)
@example("abab ab ab ab ab abababab")
@example("a b a b a a b a b a")
def test_nothing_is_left_to_cut_and_only_loops_are_cut(text: str) -> None:
    cut = without_loops(text, "a b c", back)
    words = cut.split(" ")
    assert without_loops(cut, "a b c", back) == cut
    if (
        most_repeated(text, range(1, 61)) <= MAX_SIGNS
        and most_repeated(text.split(), range(1, MAX_PHRASE_WORDS + 1)) <= 1
    ):
        assert cut == text
        assert not repeats(text, "a b c")
    for letters, group in groupby(cut.split(" "), str.isalpha):
        words = list(group)
        assert most_repeated(words, range(1, 2)) <= (MIN_WORD_REPEATS if letters else MAX_SIGNS)
        assert most_repeated(words, range(2, MAX_PHRASE_WORDS + 1)) <= (1 if letters else MAX_SIGNS)
    assert bool(cut) == bool(text)
    assert set(cut) <= set(text)
    for judge in (back, ahead, None):
        assert not loops("a b c", without_loops(text, "a b c", judge))


@pytest.mark.skipif(not CORPORA.is_dir(), reason="the shared corpora are not beside this clone")
def test_what_people_write_is_left_as_it_is() -> None:
    """In both directions no sentence is cut, and the attention is asked about hardly any."""
    sentences = asked = 0
    for file in sorted(CORPORA.glob("*/data/*.parquet")):
        for pair in parquet.read_table(file).to_pylist():
            first, second = (normalize(text) for text in pair.get("translation", pair).values())
            for text, source in ((first, second), (second, first)):
                sentences += 1
                asked += repeats(text, source)
                assert without_loops(text, source) == text
    assert asked / sentences <= 1 / 20_000
