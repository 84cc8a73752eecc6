"""Sentences end by the rules of their language, and nothing of a text is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_prep.normalization import normalize
from data_prep.sentences import split_sentences


@pytest.mark.parametrize(
    ("language", "text", "sentences"),
    [
        ("en", "Hello there. Who are you? Go!", ["Hello there.", "Who are you?", "Go!"]),
        ("en", "We met at 5 p.m. and left.", ["We met at 5 p.m. and left."]),
        ("en", "Eat fruit, e.g. apples. Mr. Brown does.", ["Eat fruit, e.g. apples.", "Mr. Brown does."]),
        ("en", "It is 3.5 now. See a@b.org", ["It is 3.5 now.", "See a@b.org"]),
        ("en_US", "One. Two.", ["One.", "Two."]),
        ("pt-BR", "Um. Dois.", ["Um.", "Dois."]),
        ("fr", "Il est là. Et toi ? « Oui. »", ["Il est là.", "Et toi ?", "« Oui. »"]),
        ("zh", "你好。我来了！", ["你好。", "我来了！"]),
        ("xx", "One. Two.", ["One.", "Two."]),
        ("en", "", []),
        ("en", " ", []),
        ("en", "no end", ["no end"]),
    ],
)
def test_sentences(language: str, text: str, sentences: list[str]) -> None:
    assert split_sentences(text, language) == sentences


@given(
    st.text(st.sampled_from(' .?!…。"»aA') | st.characters()).map(normalize), st.sampled_from(["en", "fr", "zh", "xx"])
)
def test_nothing_is_lost_but_spaces(text: str, language: str) -> None:
    sentences = split_sentences(text, language)
    assert all(sentence == sentence.strip(" ") != "" for sentence in sentences)
    assert "".join(sentences).replace(" ", "") == text.replace(" ", "")
