"""What the training text shows is counted in one pass, stored, and read back or refused."""

import json
from typing import Any

import pytest

from data_prep.normalization import CharacterForms
from data_prep.numbers import NumberFormat
from data_prep.text_profile import FORMAT, TextProfile, fit
from data_prep.truecasing import StyleCounts
from data_prep.words import Vocabulary

PAIRS = [
    ("It's Tom, he's 13,481 today.", "C’est Tom, il a 13 481 ans."),
    ('She says "at 3:30" to x@y.org.', "Elle dit « à 3:30 » à x@y.org."),
] * 30


def test_a_profile_has_all_that_the_text_shows() -> None:
    profile = fit(iter(PAIRS))
    assert profile.vocabulary
    assert profile.vocabulary.forms["tom"] == "Tom"
    assert profile.copied == {"number": True, "time": True, "email": True}
    assert profile.numbers == NumberFormat(zero="0", separators={"5+": " "})
    assert profile.source_style == StyleCounts(
        sentences=60, lowercase_start=0, all_caps=0, no_end_mark=0, ending=".", endings={}
    )
    assert profile.source_characters.apply("he’s “x”") == 'he\'s "x"'
    assert profile.target_characters.apply('c\'est "x"') == "c’est « x »"


def test_a_profile_comes_back_from_its_bytes() -> None:
    for profile in (fit(PAIRS), fit([]), TextProfile()):
        assert TextProfile.from_json(profile.to_json()) == profile
    assert fit(PAIRS).to_json() == fit(PAIRS).to_json()
    assert fit(PAIRS).to_json().endswith(b"\n")


def test_of_no_text_there_is_nothing_to_know() -> None:
    profile = fit([])
    assert profile.source_style is None
    assert profile.vocabulary == Vocabulary(forms={}, names=False)
    assert profile.source_characters == CharacterForms()
    assert (profile.copied, profile.numbers) == ({}, NumberFormat())


WHOLE = fit(PAIRS).model_dump()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": FORMAT + 1}, f"not of format {FORMAT}"),
        ({"format": None}, f"not of format {FORMAT}"),
        ({"more": 1}, "more"),
        ({"copied": {"number": 1}}, "copied"),
        ({"copied": []}, "copied"),
        ({"vocabulary": {}}, "vocabulary"),
        ({"vocabulary": {"forms": {"a": 1}}}, "vocabulary"),
        ({"numbers": {"zero": 0}}, "numbers"),
        ({"numbers": {"zero": "ab"}}, "zero"),
        ({"numbers": {"zero": "\U0010ffff"}}, "zero"),
        ({"source_characters": {"quotes": "ab"}}, "quotes"),
        ({"source_characters": {"quotes": "a|b|c"}}, "quotes"),
        ({"source_style": {"sentences": 0}}, "source_style"),
        ({"source_characters": {"replace": [["a", "b"]]}}, "source_characters"),
        ({"target_characters": None}, "target_characters"),
    ],
)
def test_a_profile_that_is_none_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TextProfile.from_json(json.dumps(WHOLE | change).encode())


@pytest.mark.parametrize("data", [b"", b"[]", b"1", b"{", b"\xff", b"[" * 100_000])
def test_what_is_no_json_object_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  several kinds
        TextProfile.from_json(data)
