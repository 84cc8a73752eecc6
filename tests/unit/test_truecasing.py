"""Text typed in haste: made neat as the training text is, and translations made as it was typed."""

from typing import Any

import pytest
from data_prep.carrying import ITEM
from data_prep.haste import Habits, Haste, as_typed, count, neat, read_habits
from hypothesis import example, given
from hypothesis import strategies as st

from data_prep.normalization import normalize

WHOLE = Habits(sentences=1000, small=0, loud=0, unmarked=0, ending=".", endings={"who": "?", "où": " ?"})
"""A corpus of whole sentences."""
PLAIN = Haste(small=False, loud=False, unmarked=False)
KNOWN = {"Italy", "Paris", "aunt", "lives", "march", "March"}


def units(word: str) -> int:
    """What takes one unit is known, the rest is spelt."""
    return 1 if word in KNOWN else len(word)


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
        ("MY AUNT LIVES IN ITALY?", "My aunt lives in Italy?"),
        ("« MY AUNT »", "« My aunt »"),
        ("NATO", "NATO."),
        ("i am 12", "I am 12."),
        ("12", "12."),
        ("iPhone or aunt", "iPhone or aunt."),
        ("a@b.org is down", "a@b.org is down."),
        ("paris: see https://italy.org/paris", "Paris: see https://italy.org/paris."),
        ("SEE HTTPS://X.ORG", "SEE HTTPS://X.ORG."),
        ("CALL 112 NOW!", "Call 112 now!"),
        ("`Code`", "`Code`"),
        ("!", "!"),
        ("नमस्ते", "नमस्ते."),
        ("who are you", "Who are you?"),
        ("WHO ARE YOU", "Who are you?"),
        ("Où es-tu", "Où es-tu ?"),
        ("Who", "Who?"),
        ("run `a. b` now", "Run `a. b` now."),
        ("hello. who are you", "Hello. Who are you?"),
        ("WHO ARE YOU? GO HOME", "Who are you? Go home."),
        ("I see. who knows", "I see. who knows?"),
        ("see http://a.org. a@b.org is down", "See http://a.org. a@b.org is down."),
        ("你好", "你好."),
    ],
)
def test_what_is_typed_in_haste_is_made_neat(typed: str, expected: str) -> None:
    assert neat(typed, WHOLE, units)[0] == expected


@pytest.mark.parametrize(
    ("change", "typed", "expected"),
    [
        ({"small": 10}, "hello paris", "hello paris."),
        ({"small": 10}, "HELLO PARIS", "HELLO PARIS."),
        ({"loud": 10}, "HELLO PARIS", "HELLO PARIS."),
        ({"loud": 10}, "hello paris", "Hello Paris."),
        ({"unmarked": 10}, "hello paris", "Hello Paris"),
        ({"ending": "", "endings": {}}, "hello paris", "Hello Paris"),
        ({"ending": "。"}, "hello paris", "Hello Paris。"),
    ],
)
def test_what_the_training_text_has_too_is_left(change: dict[str, Any], typed: str, expected: str) -> None:
    habits = WHOLE.model_copy(update=change)
    assert neat(typed, habits, units)[0] == expected


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
        ("a@b.org is down", "A@b.org est mort.", "A@b.org est mort"),
        ("GO HOME", "Rentre chez toi.", "RENTRE CHEZ TOI"),
        ("Go home.", "Rentre.", "Rentre."),
        ("run `A. B`", "Lance `A. B`.", "lance `A. B`."),
        ("my friend is Xorvath", "Xorvath est là. Il est là.", "Xorvath est là. il est là"),
    ],
)
def test_a_translation_has_the_form_of_what_was_typed(typed: str, translation: str, expected: str) -> None:
    assert as_typed(translation, neat(typed, WHOLE, units)[1], typed) == expected


@given(st.text(min_size=1).map(normalize).filter(bool))
@example("HELLO THERE")
@example("ßA A")
def test_nothing_but_capitals_and_a_mark_is_changed_and_items_are_not(text: str) -> None:
    made, haste = neat(text, WHOLE, units)
    assert made.removesuffix(".").casefold() == text.removesuffix(".").casefold() or not text.isascii()
    if not (haste.small or haste.loud or text.islower()):
        assert made in {text + ending * haste.unmarked for ending in (".", "?", " ?")}
    before, after = ([item[0] for item in ITEM.finditer(one) if not item["word"]] for one in (text, made))
    assert before == after
    assert neat(made, WHOLE, units)[0] == made
    assert as_typed(text, PLAIN, text) == text
    assert as_typed(text, haste, text)


def test_the_habits_of_a_text_are_counted() -> None:
    text = ["Yes.", "No.", "Why?", "no.", "Paris 12", "I SAY NO!", "NO", "« Oui »", "你好。", "नमस्ते।"]
    noted = count([*text, *["Où es-tu ?"] * 19, *["Who are you?"] * 19, "Who...", "Who sees.", *["Tom."] * 50])
    assert noted == {
        "sentences": 100,
        "small": 1,
        "loud": 1,
        "unmarked": 2,
        "ending": ".",
        "endings": {"who": "?"},
    }
    assert count(["Où es-tu ?"] * 20 + ["Tom."] * 30)["endings"] == {"où": " ?"}  # type: ignore[index]
    assert read_habits({"splits": {"train": {"typed": noted}}}) == Habits(**noted)
    assert count([]) is None
    assert read_habits({"splits": {"train": {"pairs": 0}}}) is None
    assert read_habits({"splits": {"train": {"typed": None}}}) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"ending": "abcd"},
        {"endings": {"a": "abcd"}},
        {"endings": []},
        {"sentences": 0},
        {"small": -1},
        {"loud": "1"},
        {"more": 1},
    ],
)
def test_habits_that_are_none_are_told(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="typed"):
        read_habits({"splits": {"train": {"typed": WHOLE.model_dump() | wrong}}})
