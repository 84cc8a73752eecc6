"""Where the items of a line stand in its translation."""

import re

import numpy as np
import pytest

from data_prep.placeholders import MAX_ITEMS, Detached, item_letter
from seq2seq.attachment import attach
from seq2seq.text_pipeline import Segment, TextPipeline, placed_items
from tests.toys import letter_subwords

A, B = item_letter(0), item_letter(1)


def placed(source: str, text: str) -> str:
    letters = {letter: letter for letter in (A, B) if letter in source}
    return placed_items(text, Segment(source, source, [], letters, np.zeros((0, 0), np.bool_), []))


@pytest.mark.parametrize(
    ("source", "text", "expected"),
    [
        ("It was in A. It was in B.", "C'était en A.B était là.", "C'était en A. B était là."),
        ("We need A chairs and B lamps.", "Il faut A,B lampes.", "Il faut A, B lampes."),
        ("Page A and page B.", "Pages AB.", "Pages A, B."),
        ("Read A, B.", "Lisez A B.", "Lisez A, B."),
        ("Read A-B.", "Lisez A B.", "Lisez A-B."),
        ("Read A (B).", "Lisez A B.", "Lisez A, B."),
        ("Read A B.", "Lisez A B.", "Lisez A B."),
        ("Read A and B.", "Lisez B A.", "Lisez B, A."),
        ("Page A", "Page 1A", "Page 1 A"),
        ("Page A", "A2 pages", "A 2 pages"),
        ("See (A) and B.", "Voir (A) et B.", "Voir (A) et B."),
        ("Run v.A-B now.", "Lance v.A-B.", "Lance v.A-B."),
        ("Of A.", "L'A.", "L'A."),
        ("A:B", "A:B", "A:B"),
        ("AB", "AB", "AB"),
    ],
)
def test_an_item_touches_nothing_that_it_does_not_touch_in_the_source(source: str, text: str, expected: str) -> None:
    source, text, expected = (one.replace("A", A).replace("B", B) for one in (source, text, expected))
    assert placed(source, text) == expected


def test_letters_that_a_user_types_are_no_items_of_a_model_without_placeholders() -> None:
    pipeline = TextPipeline(letter_subwords())
    (part,) = pipeline.read(f"ab {A} ac{B}").parts
    assert [segment.masked for segment in part.segments] == ["ab ac"]
    (part,) = pipeline.read(A).parts
    assert pipeline.answer(part, []) == A


def test_letters_that_a_user_types_behind_too_many_items_are_no_items() -> None:
    pipeline = TextPipeline(letter_subwords(carry=True))
    (part,) = pipeline.read("ab " + "5 a " * MAX_ITEMS + "5 b").parts
    assert len(part.items) == MAX_ITEMS
    line = "ab " + "5 a, " * MAX_ITEMS + B
    assert "".join(segment.text for part in pipeline.read(line).parts for segment in part.segments).count(B) == 1


@pytest.mark.parametrize(
    ("tags", "target", "order", "expected"),
    [
        # of "my sister is here"; the word "is" is looked at by a mark or by no word of its own
        ("my sister <b>is</b> here", "ma sœur, ici", [0, 1, 2, 3], "ma sœur<b>, ici</b>"),
        ("<b>my</b> <i>sister</i> is here", "ma sœur est ici", [0, 1, 2, 3], "<b>ma</b> <i>sœur</i> est ici"),
        ("my sister <b>is</b> here", "ma sœur n'est ici", [0, 1, 2, 2, 2, 3], "ma sœur <b>n'est</b> ici"),
        ("<b>my sister</b> <i>is here</i>", "ma est sœur ici", [0, 2, 1, 3], "<b>ma <i>est sœur ici</i></b>"),
        ("<b>my <i>sister</i></b> is here", "ma est sœur ici", [0, 2, 1, 3], "<b>ma est <i>sœur</i></b> ici"),
        ("<b>my</b> <i>sister</i> is here", "ma est ici", [0, 2, 3], "<b><i>ma</i></b> est ici"),
        ("my <a></a>sister is here", "ma sœur est ici", [0, 1, 2, 3], "ma <a></a>sœur est ici"),
    ],
)
def test_tags_are_nested_around_words(tags: str, target: str, order: list[int], expected: str) -> None:
    parts = re.split("(<[^>]*>)", tags)
    detached: list[Detached] = []
    for number in range(1, len(parts), 2):
        plain = "".join(parts[:number:2])
        around = parts[number - 1][-1:] or ">" * (number > 1), parts[number + 1][:1] or ">" * (number < len(parts) - 2)
        detached.append(Detached(parts[number], len(plain), *around))
    source_ends, target_ends = (
        [found.end() for found in re.finditer(r" ?\w+|\W", text)] for text in ("".join(parts[::2]), target)
    )
    weights_TS = np.eye(len(source_ends) + 1, dtype=np.float32)[[*order, len(source_ends)]]
    assert len(order) == len(target_ends)
    assert attach(target, detached, [one.text for one in detached], weights_TS, source_ends, target_ends) == expected


@pytest.mark.parametrize(
    "line", ["ab {a}❤ bc", "ab ❤{a} bc", "ab 日本5 bc", "ab 5日本 bc", "ab <b>→</b> bc", "ab `a`›‹`b` bc"]
)
def test_unknown_characters_beside_an_item_are_no_text(line: str) -> None:
    pipeline = TextPipeline(letter_subwords(carry=True))
    segments = [segment for part in pipeline.read(line).parts for segment in part.segments]
    assert pipeline.subwords.characters.issuperset("".join(re.sub("[􏀀-􏿯]", "", s.text) for s in segments))
