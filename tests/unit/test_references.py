"""Hints at references that look wrong, and none at those that are right."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from data_prep.phrasebook.generator import phrases
from seq2seq.references import hints, read_texts, similarity

PAIRS = sorted(phrases())[::8]
ENGLISH, FRENCH = [source for source, _ in PAIRS], [target for _, target in PAIRS]


def _worse(text: str) -> str:
    """A translation that is not quite the reference."""
    words = text.split(" ")
    return " ".join(words[:-1]) if len(words) > 3 else text.lower()


TRANSLATIONS = [_worse(text) for text in FRENCH]


def hinted(
    reference: Sequence[str],
    sources: Sequence[str] = ENGLISH,
    translations: Sequence[str] = TRANSLATIONS,
    languages: tuple[str, str] = ("en", "fr"),
) -> str:
    found = list(hints(Path("ref"), reference, sources, translations, languages))
    assert all(hint.startswith("ref ") and "\n" not in hint for hint in found)
    return "; ".join(found)


def test_a_right_reference_gets_no_hint() -> None:
    assert hinted(FRENCH) == ""
    assert hinted(FRENCH, languages=("xx", "yy")) == ""
    assert hinted(FRENCH[:1], ENGLISH[:1], TRANSLATIONS[:1]) == ""
    assert hinted([""] * len(FRENCH)) == ""


def test_a_poor_run_gets_no_hint() -> None:
    assert hinted(FRENCH, translations=["Je ne sais pas."] * len(FRENCH)) == ""
    assert hinted(FRENCH, translations=[""] * len(FRENCH)) == ""


@pytest.mark.parametrize(
    ("reference", "where", "line"),
    [
        ([*FRENCH[1:], ""], "earlier", 2),
        (["Titre", *FRENCH[:-1]], "later", 1),
        ([*FRENCH[:50], "Titre", *FRENCH[50:-1]], "later", 51),
    ],
)
def test_a_shifted_reference(reference: list[str], where: str, line: int) -> None:
    found = hinted(reference)
    assert "seems shifted" in found
    assert f"one {where}, from line {line} on" in found


def test_a_reference_in_the_source_language() -> None:
    assert "looks like English, the language translated from" in hinted([*ENGLISH[1:], ENGLISH[0]])
    assert "swapped" in hinted(ENGLISH, FRENCH)
    assert "looks like the source" in hinted(ENGLISH, languages=("xx", "yy"))


def test_swapped_files_of_other_languages() -> None:
    def bits(lines: Sequence[str]) -> float:
        return 1.6 if lines[0] in FRENCH else 1.0

    found = [list(hints(Path("ref"), ENGLISH, FRENCH, TRANSLATIONS, ("de", "xx"), bits))]
    assert "swapped" in found[0][0]
    assert list(hints(Path("ref"), FRENCH, ENGLISH, TRANSLATIONS, ("de", "xx"), bits)) == []


@pytest.mark.parametrize("form", ["spaces", "moses", "hyphens"])
def test_a_tokenized_reference(form: str) -> None:
    if form == "spaces":
        reference = [text.replace(".", " .").replace(",", " ,").replace("'", "' ") for text in FRENCH]
    elif form == "moses":
        reference = [text.replace("'", "&apos; ").replace("e", "&quot;") for text in FRENCH]
    else:
        reference = [f"{text} @-@ là" for text in FRENCH]
    assert "looks tokenized" in hinted(reference)
    # A run that was trained on such text writes so, too.
    assert "tokenized" not in hinted(reference, translations=reference)


def test_french_spaces_are_no_tokens() -> None:
    assert hinted([text.rstrip(".!?") + " !" for text in FRENCH]) == ""
    assert hinted([f"« {text} » : (oui) … 3,5 % !" for text in FRENCH]) == ""


def test_texts_are_read_and_normalised(tmp_path: Path) -> None:
    (tmp_path / "in").write_text("a\nb\n")
    (tmp_path / "ref").write_text("\ufeffe\u0301\r\n  x\u00a0 y\u00ad \n", encoding="utf-8")
    assert read_texts(tmp_path / "in", [tmp_path / "ref"]) == (["a", "b"], [["é", "x y"]])


def test_similarity() -> None:
    same, other, none = frozenset({"abc", "bcd"}), frozenset({"bcd", "cde"}), frozenset[str]()
    assert (similarity(same, same), similarity(same, other), similarity(none, none)) == (1, 0.5, 0)
