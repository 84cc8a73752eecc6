"""Lines that are written otherwise than the training text are put into its style, and translations into theirs."""

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from data_prep.normalization import FIRST_LETTER, normalize
from data_prep.truecasing import StyleCounter, StyleCounts, TextStyle, Truecaser, restore_style
from data_prep.words import Vocabulary

WHOLE = StyleCounts(
    sentences=1000, lowercase_start=0, all_caps=0, no_end_mark=0, ending=".", endings={"who": "?", "où": " ?"}
)
"""A corpus of whole sentences."""
SMALL = (
    "my aunt lives in at the a on is am are and or go run now home call see knows you who we're let's broccoli apples "
    "e g p m big house cat new book eat fruit old down code"
)
VOCABULARY = Vocabulary(
    forms={word: word for word in SMALL.split()}
    | {"italy": "Italy", "paris": "Paris", "i": "I", "nato": "NATO", "tom": "Tom", "march": "", "may": ""},
    prefixes=["l"],
    suffixes=["ll", "s"],
)
ITEM = FIRST_LETTER
"""Stands for an item that is copied."""


def styled(text: str, counts: StyleCounts = WHOLE, language: str = "en") -> tuple[str, TextStyle]:
    return Truecaser(counts, VOCABULARY, language).to_corpus_style(text)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("hello", "Hello."),
        ("Hello", "Hello."),
        ("hello.", "Hello."),
        ("Hello!", "Hello!"),
        ("my aunt lives in italy", "My aunt lives in Italy."),
        ("My aunt lives in italy.", "My aunt lives in italy."),
        ("in march", "In march."),
        ("at home in may, or now", "At home in may, or now."),
        ("we're at home", "We're at home."),
        ("now let's go, we're old", "Now let's go, we're old."),
        ("eat broccoli", "Eat broccoli."),
        ("eat broccolis", "Eat broccolis."),
        ("eat fruit, e.g. apples", "Eat fruit, e.g. apples."),
        ("we go at 5 p.m. and run", "We go at 5 p.m. and run."),
        ("we go at 5 p.m., i am old", "We go at 5 p.m., I am old."),
        ("tom's aunt and l'italy", "Tom's aunt and l'Italy."),
        ("i'll call nato's aunt", "I'll call NATO's aunt."),
        ("MY AUNT LIVES IN ITALY?", "My aunt lives in Italy?"),
        ("WE'RE AT TOM'S HOUSE", "We're at Tom's house."),
        ("« MY AUNT »", "« My aunt »"),
        ("NATO", "NATO."),
        ("My aunt is in NATO", "My aunt is in NATO."),
        ("i am 12", "I am 12."),
        ("12", "12."),
        ("iPhone or aunt", "iPhone or aunt."),
        (f"{ITEM} is down", f"{ITEM} is down."),
        (f"paris: see {ITEM}", f"Paris: see {ITEM}."),
        ("CALL 112 NOW!", "Call 112 now!"),
        ("!", "!"),
        ("", ""),
        ("नमस्ते", "नमस्ते."),
        ("who are you", "Who are you?"),
        ("WHO ARE YOU", "Who are you?"),
        ("Où es-tu", "Où es-tu ?"),
        ("Who", "Who?"),
        ("hello. who are you", "Hello. Who are you?"),
        ("WHO ARE YOU? GO HOME", "Who are you? Go home."),
        ("I see. who knows", "I see. who knows?"),
        (f"see {ITEM}. {ITEM} is down", f"See {ITEM}. {ITEM} is down."),
        ("你好", "你好."),
        # Title case.
        ("The Big House on the Cat", "The big house on the cat."),
        ("My Aunt Lives In Italy", "My aunt lives in Italy."),
        ("My Aunt Lives in NATO Now!", "My aunt lives in NATO now!"),
        ("My Aunt Zbigniew Lives In March", "My aunt Zbigniew lives in March."),
        ("Eat Apples", "Eat Apples."),
        ("See the Big broccoli", "See the Big broccoli."),
        ("See Paris and Italy, Tom", "See Paris and Italy, Tom."),
    ],
)
def test_a_line_is_put_into_the_style_of_the_training_text(typed: str, expected: str) -> None:
    assert styled(typed)[0] == expected


@pytest.mark.parametrize(
    ("change", "typed", "expected"),
    [
        ({"lowercase_start": 9}, "hello paris", "Hello Paris."),
        ({"lowercase_start": 10}, "hello paris", "hello paris."),
        ({"lowercase_start": 10}, "HELLO PARIS", "HELLO PARIS."),
        ({"lowercase_start": 10}, "The Big House on the Cat", "The Big House on the Cat."),
        ({"all_caps": 10}, "HELLO PARIS", "HELLO PARIS."),
        ({"all_caps": 10}, "hello paris", "Hello Paris."),
        ({"no_end_mark": 10}, "hello paris", "Hello Paris"),
        ({"ending": "", "endings": {}}, "hello paris", "Hello Paris"),
        ({"ending": "。"}, "hello paris", "Hello Paris。"),
    ],
)
def test_what_the_training_text_has_too_is_left(change: dict[str, Any], typed: str, expected: str) -> None:
    assert styled(typed, WHOLE.model_copy(update=change))[0] == expected


@pytest.mark.parametrize(
    ("typed", "style"),
    [
        ("Hello.", TextStyle()),
        ("hello.", TextStyle(lowercase_start=True)),
        ("Hello", TextStyle(no_end_mark=True)),
        ("HELLO THERE.", TextStyle(all_caps=True)),
        ("NATO.", TextStyle()),
        ("The Big House on the Cat.", TextStyle(title_case=True)),
    ],
)
def test_the_style_of_a_line(typed: str, style: TextStyle) -> None:
    assert styled(typed)[1] == style


@pytest.mark.parametrize(
    ("typed", "translation", "expected"),
    [
        ("hello", "Bonjour.", "bonjour"),
        ("Hello", "Bonjour !", "Bonjour"),
        ("Hello", "« Bonjour ! »", "« Bonjour ! »"),
        ("who are you", "Qui es-tu ?", "qui es-tu"),
        ("Hello", "Bonjour…", "Bonjour…"),
        ("Hello", "Bonjour...", "Bonjour..."),
        ("Hello", ".", "."),
        ("Hello.", "Bonjour.", "Bonjour."),
        ("je sais", "I know.", "I know"),
        ("je sais. et toi", "I know. And you?", "I know. and you"),
        ("l'onu", "UNO.", "UNO"),
        ("à toi.", "À toi.", "à toi."),
        ("iphone", "iPhone.", "iPhone"),
        ("GO HOME", "Rentre chez toi.", "RENTRE CHEZ TOI"),
        ("Go home.", "Rentre.", "Rentre."),
        (f"my friend is {ITEM}", f"{ITEM} est là. Il est là.", f"{ITEM} est là. il est là"),
        (f"see {ITEM}", f"Vois {ITEM}.", f"vois {ITEM}"),
        ("The Big House on the Cat.", "La grande maison.", "La grande maison."),
    ],
)
def test_a_translation_has_the_style_of_its_source(typed: str, translation: str, expected: str) -> None:
    assert restore_style(translation, styled(typed)[1], "en") == expected


@given(st.text(st.sampled_from(" .?!,'’-aAiIßé12") | st.characters(), min_size=1).map(normalize).filter(bool))
@example("HELLO THERE")
@example("ßA A")
@example("İA A")
@example("ǆ a. ŉ b")
@example("hello tom's ITALY. we're in e.g. paris")
def test_nothing_but_capitals_and_an_ending_is_changed(text: str) -> None:
    made, style = styled(text)
    ending = made[len(text) :]
    assert ending in ("", ".", "?", " ?")
    assert bool(ending) == style.no_end_mark
    assert len(made) == len(text) + len(ending)
    for before, after in zip(text, made, strict=False):
        assert after in {before, before.upper(), before.lower(), before.title()}
    if not (style.lowercase_start or style.all_caps or style.title_case or text.islower()):
        assert made == text + ending
    assert styled(made)[0] == made
    assert restore_style(text, TextStyle(), "en") == text
    assert restore_style(text, style, "en")


def count(texts: Iterable[str]) -> StyleCounts | None:
    counter = StyleCounter()
    for text in texts:
        counter.add(text)
    return counter.result()


def test_the_styles_of_a_text_are_counted() -> None:
    text = ["Yes.", "No.", "Why?", "no.", "Paris 12", "I SAY NO!", "NO", "« Oui »", "你好。", "नमस्ते।"]
    questions = [*["Où es-tu ?"] * 19, *["Who are you?"] * 19, "Who...", "Who sees."]
    assert count([*text, *questions, *["Tom."] * 50]) == StyleCounts(
        sentences=100, lowercase_start=1, all_caps=1, no_end_mark=2, ending=".", endings={"who": "?"}
    )
    found = count(["Où es-tu ?"] * 20 + ["Tom."] * 30)
    assert found
    assert found.endings == {"où": " ?"}
    assert count([]) is None


def test_words_that_need_their_small_letter_are_no_style() -> None:
    found = count(["iPhones are old.", "eBay is down."])
    assert found
    assert found.lowercase_start == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"ending": "abcd"},
        {"endings": {"a": "abcd"}},
        {"endings": []},
        {"sentences": 0},
        {"lowercase_start": -1},
        {"all_caps": "1"},
        {"more": 1},
    ],
)
def test_counts_that_are_none_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        StyleCounts.model_validate(WHOLE.model_dump() | wrong)
