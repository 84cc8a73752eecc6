"""Where the items of a line stand in its translation."""

import numpy as np
import pytest

from data_prep.placeholders import item_letter, item_letters
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
        ("Page A and page B.", "Pages AB.", "Pages A B."),
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


def test_what_a_user_types_is_no_letter_of_an_item() -> None:
    pipeline = TextPipeline(letter_subwords(carry=True))
    for line in (f"{B} 5 ab", f"5 ab {A}", "&#x10F000; 5 ab", f"ab {A}"):
        (part,) = pipeline.read(line).parts
        (segment,) = part.segments
        assert item_letters(segment.text) == list(range(len(part.items))) == [0] * ("5" in line), line
        assert (
            pipeline.answer(part, [segment.text])
            == line.replace(A, "").replace(B, "").replace("&#x10F000;", "").strip()
        )
