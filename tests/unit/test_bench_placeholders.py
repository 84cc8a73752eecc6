"""The benchmark of items: its sentences have them, and its judges see what is wrong."""

import re
from pathlib import Path

import pytest

from tests.benchmarks import items, placeholders
from tests.benchmarks.placeholders import (
    ALL_KINDS,
    JUDGES,
    cases,
    is_balanced,
    is_broken,
    is_whole,
    shared_words,
    values,
)

SOURCES = ["I see 25 cats.", "She met Paul again.", "He likes tea.", "Come with two friends."]
TARGETS = ["Je vois 25 chats.", "Elle a revu Paul.", "Il aime le thé.", "Viens avec deux amis."]


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_sentences_have_one_to_six_items_once_and_in_order(kind: str) -> None:
    made = cases(kind, 200, SOURCES, TARGETS)
    assert made == cases(kind, 200, SOURCES, TARGETS)
    assert len({case.text for case in made}) > 100
    most = 2 * placeholders.MOST_ITEMS if kind == "tags" else placeholders.MOST_ITEMS
    assert {1, placeholders.MOST_ITEMS} <= {len(case.items) for case in made} <= set(range(1, most + 1))
    judge = JUDGES.get(kind, is_whole)
    for case in made:
        assert judge(case.text, case.items), case
        assert not judge(case.text.replace(case.items[-1], "", 1), case.items), case
        assert not judge(f"{case.text} {case.items[0]}", case.items), case


def test_items_are_made_and_judged_without_the_code_that_they_try() -> None:
    for module in (items, placeholders):
        text = Path(str(module.__file__)).read_text(encoding="utf-8")
        assert not re.search(r"import.*(copyable|numbers|PlaceholderMasker)|data_prep\.(?!corpus)", text)


def test_items_are_whole_once_and_in_order() -> None:
    assert is_whole("de B-204 à AF12", ["B-204", "AF12"])
    assert not is_whole("de AF12 à B-204", ["B-204", "AF12"])
    assert not is_whole("de B-2041 à AF12", ["B-204", "AF12"])
    assert not is_whole("de B-204 à AF12 et AF12", ["B-204", "AF12"])
    assert is_whole("👍 puis 👍🏽", ["👍", "👍🏽"])


def test_numbers_are_judged_by_value() -> None:
    assert values("1,234,567 and 1 234.5, −5, 3-4, +7 or ٣") == ["1234567", "1234.5", "-5", "3", "4", "+7", "3"]
    assert is_whole("lisez 13 481 et 2,5", ["13,481", "2.5"], by_value=True)
    assert not is_whole("lisez 13 482 et 2,5", ["13,481", "2.5"], by_value=True)
    assert not is_whole("lisez 5", ["-5"], by_value=True)
    assert not is_whole("lisez 7 et 3", ["3", "7"], by_value=True)


def test_tags_are_balanced_around_something() -> None:
    tags = ["<b>", "</b>", "<br>"]
    assert is_balanced("un <b>chat</b> <br> noir", tags)
    assert is_balanced("un <br> <b>chat</b> noir", tags)
    assert not is_balanced("un </b>chat<b> <br> noir", tags)
    assert not is_balanced("un chat <b></b> <br> noir", tags)
    assert not is_balanced("un <b>chat</b> noir", tags)


def test_line_breaks_stand_between_texts() -> None:
    assert is_broken("Un chat.\\nUn chien.", ["\\n"])
    assert not is_broken("Un chat. Un chien.\\n", ["\\n"])


def test_a_slot_is_where_both_sides_have_the_same_once() -> None:
    assert shared_words(SOURCES, TARGETS) == {"number": ["I see _ cats."], "name": ["She met _ again."]}
