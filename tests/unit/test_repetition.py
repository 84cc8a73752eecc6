"""Loops in translations: cut where the source has none, left where it has."""

from itertools import groupby
from pathlib import Path

import pyarrow.parquet as parquet
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from data_prep.normalization import normalize
from seq2seq.repetition import LONGEST, PHRASE, SIGNS, WORD, without_loops
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
        ("l'instant " + "« " * 40 + "fin", "l'instant " + "« " * SIGNS + "fin"),
        ("Est-ce que " + "ou" * 20, "Est-ce que " + "ou" * SIGNS),
        ("un chat qui dort", "un chat qui dort"),
        ("", ""),
    ],
)
def test_what_is_said_over_and_over_is_cut(answer: str, expected: str) -> None:
    assert without_loops(answer.strip(), "some source") == expected.strip()


def test_what_the_source_says_over_and_over_stays() -> None:
    assert without_loops("très, " * 9 + "bon", "very, " * 9 + "good") == "très, " * 9 + "bon"
    assert without_loops("très, " * 9 + "bon", "very, " * 6 + "good") == "très, " * 6 + "bon"
    assert without_loops("A" * 30, "A" * 30) == "A" * 30
    assert without_loops("🙂🙂 " * 9 + "!", "🙂🙂 " * 9 + "!") == "🙂🙂 " * 9 + "!"
    assert without_loops("il dit il dit", "He says, he says!") == "il dit il dit"
    assert without_loops("main dans la main dans la rue", "hand in hand down the street") == (
        "main dans la main dans la rue"
    )
    assert without_loops("main dans la main dans la rue", "down the street") == "main dans la rue"


@pytest.mark.parametrize(
    "answer", ["de 1.5 de 15 euros", "à a.b@x.org à ab@x.org", "de 5 chats de 5 chats", "`f(x)` et `fx` et `fx`"]
)
def test_items_that_are_carried_are_never_cut(answer: str) -> None:
    assert without_loops(answer, "some source") == answer


def test_letters_of_the_source_are_no_reason_for_words() -> None:
    assert without_loops("Dieu " * 20 + "!", "d" * 100) == "Dieu " * WORD + "!"


@given(TEXTS)
@example("abab ab ab ab ab abababab")
@example("a b a b a a b a b a")
def test_nothing_is_left_to_cut_and_only_loops_are_cut(text: str) -> None:
    cut = without_loops(text, "a b c")
    words = cut.split(" ")
    assert without_loops(cut, "a b c") == cut
    if most_repeated(text, range(1, 61)) <= SIGNS and most_repeated(text.split(), range(1, LONGEST + 1)) <= 1:
        assert cut == text
    for letters, group in groupby(cut.split(" "), str.isalpha):
        words = list(group)
        assert most_repeated(words, range(1, 2)) <= (WORD if letters else SIGNS)
        assert most_repeated(words, range(2, LONGEST + 1)) <= (PHRASE if letters else SIGNS)
    assert bool(cut) == bool(text)
    assert not loops("a b c", cut)
    assert set(cut) <= set(text)


@pytest.mark.skipif(not CORPORA.is_dir(), reason="the shared corpora are not beside this clone")
def test_what_people_write_is_left_as_it_is() -> None:
    """In both directions: of a hundred thousand sentences two at most are cut, mistakes among them."""
    sentences = cut = 0
    for file in sorted(CORPORA.glob("*/data/*.parquet")):
        for pair in parquet.read_table(file).to_pylist():
            first, second = (normalize(text) for text in pair.get("translation", pair).values())
            sentences += 2
            cut += (without_loops(first, second) != first) + (without_loops(second, first) != second)
    assert cut / sentences <= 2 / 100_000
