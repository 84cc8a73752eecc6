"""What was detached from a source is attached to the words that it stood beside."""

import re
import string
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_prep.placeholders import Detached, PlaceholderMasker
from seq2seq.attachment import Weights, attach, piece_ends


def pieces_of(text: str) -> list[str]:
    """Words and marks as subwords."""
    return re.findall(r"▁?[^\W_]+|▁?[^\w\s]|▁", "▁" + text.replace(" ", "▁"))


def reads(order: Sequence[int], sources: int) -> Weights:
    """A network whose target subwords look at these source subwords."""
    return np.eye(sources + 1, dtype=np.float32)[[*order, sources]]


def attached(source: str, target: str, order: Sequence[int]) -> str:
    """The target with the tags of the source, of which each subword looks at one of the source's."""
    masked = PlaceholderMasker(characters=frozenset(string.printable)).mask(source)
    ours, theirs = pieces_of(masked.text), pieces_of(target)
    texts = [one.text for one in masked.detached]
    return attach(target, masked.detached, texts, reads(order, len(ours)), piece_ends(ours), piece_ends(theirs))


@pytest.mark.parametrize(
    ("source", "target", "order", "expected"),
    [
        (
            "Press <b>two</b> now.",
            "Appuyez sur deux maintenant.",
            [0, 0, 1, 2, 3],
            "Appuyez sur <b>deux</b> maintenant.",
        ),
        ("a <b>red</b> car", "une voiture rouge", [0, 2, 1], "une voiture <b>rouge</b>"),
        ("a <b>red</b> <i>car</i>", "une voiture rouge", [0, 2, 1], "une <i>voiture</i> <b>rouge</b>"),
        ("<p>go home</p>", "va chez toi", [0, 1, 1], "<p>va chez toi</p>"),
        ("I love you ❤.", "je t'aime.", [0, 2, 1, 1, 3], "je t'aime ❤."),
        ("here<br/> there", "ici là", [0, 1], "ici<br/> là"),
        ("a <b><i>red</i></b> car", "une voiture rouge", [0, 2, 1], "une voiture <b><i>rouge</i></b>"),
    ],
)
def test_tags_stand_around_the_words_that_look_at_theirs(
    source: str, target: str, order: list[int], expected: str
) -> None:
    assert attached(source, target, order) == expected


def test_without_attention_all_stands_in_proportion() -> None:
    detached = [Detached("<br>", 3, "a", " ")]
    assert attach("x y z w", detached, ["<br>"], None, [1, 3, 5, 7], [1, 3, 5, 7]) == "x y<br> z w"


@pytest.mark.parametrize(
    ("pieces", "ends"),
    [
        (["▁ab", "c", "▁d"], [2, 3, 5]),
        (["ab", "▁c"], [2, 4]),
        (["▁", "<0xE2>", "<0x82>", "<0xAC>", "a"], [0, 1, 1, 1, 2]),
        ([], []),
    ],
)
def test_where_subwords_end(pieces: list[str], ends: list[int]) -> None:
    assert piece_ends(pieces) == ends


@given(
    st.lists(st.sampled_from(["<b>", "</b>", "<i>", "</i>", "❤", "<br/>"]), max_size=6),
    st.lists(st.integers(0, 4), min_size=1, max_size=6),
    st.data(),
)
def test_all_is_attached_once_and_nothing_else_is_changed(
    texts: list[str], order: list[int], data: st.DataObject
) -> None:
    places = sorted(data.draw(st.lists(st.integers(0, 9), min_size=len(texts), max_size=len(texts))))
    around = data.draw(st.lists(st.sampled_from(["", " ", "a", "."]), min_size=len(texts) * 2, max_size=len(texts) * 2))
    letters = [chr(0x10F000 + number) for number in range(len(texts))]
    detached = [
        Detached(letter, place, before, behind)
        for letter, place, before, behind in zip(letters, places, around[::2], around[1::2], strict=True)
    ]
    target = " ".join(f"w{number}" for number in order) + "."
    ends = piece_ends(pieces_of(target))
    weights = reads([*order, 4], 5) if len(ends) == len(order) + 1 else None
    found = attach(target, detached, texts, weights, [1, 3, 5, 7, 9], ends)
    assert [found.count(letter) for letter in letters] == [1] * len(letters)
    kept = re.sub("[\U0010f000-\U0010ffff ]", "", found)
    assert kept == target.replace(" ", "")
