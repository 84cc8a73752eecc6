"""Which first rows are headers, which are pairs, and which are refused."""

import pytest

from data_prep.errors import UserError
from data_prep.header import MAX_COLUMNS, Layout

PAIR = ["Go.", "Va !"]


def layout(first: str, second: str | None = None, languages: tuple[str, str] = ("en", "fr")) -> Layout:
    cells = first.split("|")
    rows = [cells, second.split("|") if second else [*PAIR, *["x"] * len(cells)][: len(cells)]]
    return Layout.of(rows, languages, "a:1")


@pytest.mark.parametrize(
    ("first", "source", "target"),
    [
        ("en|fr", 0, 1),
        ("French|English", 1, 0),
        ("EN|FR", 0, 1),
        ("fra|eng", 1, 0),
        ("English|Français", 0, 1),
        ("anglais|français", 0, 1),
        ("source|target", 0, 1),
        ("Target|Source", 1, 0),
        ("tgt|src", 1, 0),
        ("id|English|French|licence", 1, 2),
        ("source|English|French", 1, 2),
        ("en_text|fr_text", 0, 1),
        (" English | French ", 0, 1),
        ("english|non_english", 0, 1),
    ],
)
def test_a_header_of_languages_or_sides_chooses_the_columns(first: str, source: int, target: int) -> None:
    found = layout(first)
    assert (found.header, found.source, found.target, found.width) == (True, source, target, first.count("|") + 1)


def test_sides_follow_the_direction_and_languages_their_names() -> None:
    assert layout("source|target", languages=("fr", "en")).source == 0
    assert layout("English|French", languages=("fr", "en")).source == 1
    assert layout("English|French").note(("en", "fr")) == ""
    assert layout("src|tgt").note(("fr", "en")) == "src is read as fr and tgt as en"
    assert "no header line names en and fr" in layout("Go.|Va !").note(("en", "fr"))


@pytest.mark.parametrize(
    "first",
    [
        "Hello.|Bonjour.",
        "English.|French.",
        "English|Anglais",
        "French|Français",
        "Source|Source",
        "Target|Cible",
        "No|Non",
        "My|Mon",
        "I speak English|Je parle français",
        "English|Klingon",
        "Hello|Bonjour|en",
    ],
)
def test_a_pair_is_not_taken_for_a_header(first: str) -> None:
    found = layout(first)
    assert (found.header, found.source, found.target) == (False, 0, 1)


@pytest.mark.parametrize("first", ["en|de", "English|German", "German|Spanish", "EN|DE", "id|English|German", "en|xx"])
def test_a_header_of_other_languages_is_refused_with_what_is_there(first: str) -> None:
    with pytest.raises(UserError, match=f"^a:1: no columns for en and fr; there are: {first.replace('|', ', ')};"):
        layout(first)


def test_columns_of_language_codes_are_not_taken_for_text() -> None:
    with pytest.raises(UserError, match="columns 1 and 3 hold the names of languages, not text"):
        layout("eng|Go.|fra|Va !", "eng|Hi.|fra|Salut.")
    assert layout("eng|x|fra|y", "Go.|x|Va !|y").header


def test_a_row_has_a_largest_width() -> None:
    with pytest.raises(UserError, match=r"^a:1: more than 1,000 columns"):
        Layout.of([["x"] * (MAX_COLUMNS + 1)], ("en", "fr"), "a:1")
