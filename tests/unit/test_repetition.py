"""Loops in translations: cut where the source has none, left where it has."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from seq2seq.repetition import TIMES, without_loops
from tests.odd import loops

PIECES = st.lists(st.sampled_from(["a", "b", "ab", " ", " chat", "très ", "« ", "-dix", "x" * 25]), max_size=12)
TEXTS = st.tuples(PIECES, st.integers(1, 12)).map(lambda drawn: " ".join("".join(drawn[0] * drawn[1]).split()))


def most_repeated(text: str, longest: int = 60) -> int:
    """How often at most signs follow themselves, found by trying all."""
    most = 1 if text else 0
    for size in range(1, longest + 1):
        for first in range(len(text) - size):
            phrase, times = text[first : first + size], 1
            while text.startswith(phrase, first + times * size):
                times += 1
            most = max(most, times)
    return most


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("et mon thé " * 30 + "et moi.", "et mon thé " * TIMES + "et moi."),
        ("l'instant " + "« " * 40 + "fin", "l'instant " + "« " * TIMES + "fin"),
        ("Est-ce que " + "ou" * 20, "Est-ce que " + "ou" * TIMES),
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


def test_letters_of_the_source_are_no_reason_for_words() -> None:
    assert without_loops("Dieu " * 20 + "!", "d" * 100) == "Dieu " * TIMES + "!"


@given(TEXTS)
@example("abab ab ab ab ab abababab")
def test_nothing_is_left_to_cut_and_only_loops_are_cut(text: str) -> None:
    cut = without_loops(text, "a b c")
    assert without_loops(cut, "a b c") == cut
    if most_repeated(text) <= TIMES:
        assert cut == text
    assert bool(cut) == bool(text)
    assert not loops("a b c", cut)
    assert set(cut) <= set(text)
