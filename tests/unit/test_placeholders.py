"""What is copied is masked on both sides of a pair, and comes back as it was, whatever stands around it."""

import itertools
import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from data_prep.normalization import FIRST_LETTER, LAST_LETTER, normalize
from data_prep.numbers import NumberFormat
from data_prep.placeholders import (
    MAX_ITEMS,
    NAMED_PAIRS,
    PLACEHOLDERS,
    Detached,
    Masked,
    PlaceholderMasker,
    item_letter,
    item_letters,
    to_placeholders,
    unmask,
)
from data_prep.text_profile import TextProfile, fit
from data_prep.words import Vocabulary

KNOWN = re.findall(r"\w+", "see my friend the cat at and write to or is in i for me x we met line one two")
VOCABULARY = Vocabulary(
    forms={word: word for word in KNOWN} | {"paris": "Paris", "england": "England"},
    copied=["paris"],
    prefixes=["l"],
    suffixes=["s"],
)
MASKER = PlaceholderMasker(VOCABULARY)
CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZéñÑÉØ0123456789 .,;:!?'\"()<>/=-")
ANY = re.compile(f"[{PLACEHOLDERS}]")
LETTER = re.compile(f"[{FIRST_LETTER}-{LAST_LETTER}]")


def shape(text: str, masker: PlaceholderMasker = MASKER) -> str:
    """The masked text with _ for items."""
    return LETTER.sub("_", masker.mask(text).text)


def restored(masked: Masked) -> str:
    """The text of a masked one, with what was detached where it stood."""
    text = unmask(masked.text, {item_letter(number): item.text for number, item in enumerate(masked.items)})
    assert not masked.detached
    return text


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("I see 25 cats.", "I see _ cats."),
        ("1,000 or 3.5 or 3:30, 2024-12-31.", "_ or _ or _, _."),
        ("(25) $25 25% -25", "(_) _ _% _"),
        ("21st, 5kg, A4, x86", "_, _, _, _"),
        ("at 01 23 45 67 89 or +33 6 12 34 56 78.", "at _ or _."),
        ("at 10:30-11:30, ½ or 1½", "at _, _ or _"),
        ("See https://example.org/a?b=c#d.", "See _."),
        ("See (www.example.org/a_b), or http://x.y/z!", "See (_), or _!"),
        ("Write to jean.dupont+x@mail.example.fr.", "Write to _."),
        ("Write to @someone for #this", "Write to _ for _"),
        ("The `make train` is `x = 3`", "The _ is _"),
        ("The {name} is %s or {{x.y}}{z}", "The _ is _ or _"),
        ("My friend Zbigniew is in Paris", "My friend _ is in Paris"),
        ("We met José Ñuflez and Zbigniew Paris", "We met _ and _"),
        ("Jean-Zbigniew and O'Xyz's cat", "_ and _'s cat"),
        ("l'Artoux and D'Artoux and L'Artoux", "l'_ and _ and L'_"),
        ("THE CAT IS MY FRIEND", "THE CAT IS MY FRIEND"),
        ("the zbigniew", "the zbigniew"),
        ("Écoute, the Ørsted", "_, the _"),
        ("See the <b>5</b>", "See the _"),
        ("", ""),
        ("`` x ` y", "`_ y"),
    ],
)
def test_what_is_an_item(text: str, masked: str) -> None:
    assert shape(text) == masked
    assert restored(MASKER.mask(text)) == text


def test_without_words_there_are_no_names() -> None:
    assert shape("My friend Zbigniew is 25", PlaceholderMasker()) == "My friend Zbigniew is _"
    shared_by_none = VOCABULARY.model_copy(update={"names": False})
    assert shape("My friend Zbigniew is 25", PlaceholderMasker(shared_by_none)) == "My friend Zbigniew is _"


def test_what_the_training_text_does_not_copy_stays() -> None:
    masker = PlaceholderMasker(copied={"unit st": False, "time": False, "date": False, "email": False, "unit kg": True})
    assert shape("the 21st, 22ST, 3rd, 5kg", masker) == "the 21st, 22ST, _, _"
    # The numbers inside are copied if numbers are.
    assert shape("at 3:30 on 1/2/2024 to a@b.org", masker) == "at _:_ on _/_/_ to a@b.org"
    none = PlaceholderMasker(copied={"number": False, "date": False})
    assert shape("on 1/2/2024, 5 or 3:30", none) == "on 1/2/2024, 5 or _"


def test_what_training_never_saw_is_an_item() -> None:
    masker = PlaceholderMasker(VOCABULARY, characters=CHARACTERS)
    assert shape("See 漢字 and Москва", masker) == "See _ and _"
    assert shape("See naïve", masker) == "See _"
    assert shape("See 漢字", MASKER) == "See 漢字"


def test_numbers_are_written_as_the_target_writes_them() -> None:
    masker = PlaceholderMasker(numbers=NumberFormat(zero="٠", separators={"5+": " "}))
    said = [item.text for item in masker.mask("13,481 or 5 at 3:30 `6` 5kg").items]
    assert said == ["١٣ ٤٨١", "٥", "3:30", "`6`", "5kg"]


@pytest.mark.parametrize(
    ("text", "listed"),
    [
        ("5, 6 and 7", [False, True, False]),
        ("5 6. 7", [False, True, False]),
        ("Zbigniew, Wroclaw, 5", [False, True, False]),
    ],
)
def test_lists_are_noted(text: str, listed: list[bool]) -> None:
    assert [item.listed for item in MASKER.mask(text).items] == listed


@pytest.mark.parametrize(
    ("text", "masked", "detached"),
    [
        ("See <b>the cat</b> x.", "See the cat x.", [("<b>", 4, " ", "t"), ("</b>", 11, "t", " ")]),
        ('See <a href="x">the</a>, x', "See the, x", [('<a href="x">', 4, " ", "t"), ("</a>", 7, "e", ",")]),
        ("Line<br/>one", "Lineone", [("<br/>", 4, "e", "o")]),
        ("Line <br/> one", "Line one", [("<br/>", 5, " ", " ")]),
        ("Line one\\nline two", "Line one line two", [("\\n", 9, "e", "l")]),
        ("Line one.\\nLine two", "Line one. Line two", [("\\n", 10, ".", "L")]),
        ("Line one\\n", "Line one", [("\\n", 8, "e", "")]),
        ("I see 5\\n6", "I see _ _", [("\\n", 8, "5", "6")]),
        ("I see x→me", "I see x me", [("→", 8, "x", "m")]),
        ("I ❤ the cat.", "I the cat.", [("❤", 2, " ", " ")]),
        ("See the cat ❤", "See the cat", [("❤", 11, " ", "")]),
        ("See the cat ❤.", "See the cat.", [("❤", 11, " ", ".")]),
        ("See the cat❤.", "See the cat.", [("❤", 11, "t", ".")]),
        ("❤ see the cat", "see the cat", [("❤", 0, "", " ")]),
        ("© 5", "_", [("©", 0, "", " ")]),
        ("I see ❤❤ and 👩\u200d👧", "I see and", [("❤❤", 6, " ", " "), ("👩\u200d👧", 9, " ", "")]),
        ("❤", "", [("❤", 0, "", "")]),
    ],
)
def test_what_is_no_part_of_a_sentence_is_detached(
    text: str, masked: str, detached: list[tuple[str, int, str, str]]
) -> None:
    found = PlaceholderMasker(VOCABULARY, characters=CHARACTERS).mask(text)
    assert LETTER.sub("_", found.text) == masked
    assert found.detached == [Detached(*one) for one in detached]


TEXT = st.text(st.sampled_from(" .,:/@#`'-−+$€%{}<>\\½25٣aAéZ中°_=\"") | st.characters(), max_size=60).map(normalize)
MASKERS = [
    MASKER,
    PlaceholderMasker(),
    PlaceholderMasker(VOCABULARY, {"number": False}, characters=CHARACTERS),
    PlaceholderMasker(VOCABULARY, {"date": False, "time": False, "amount": False}),
]


@given(TEXT, st.sampled_from(MASKERS))
@example("Line\\nAb 5❤<b>中1</b>", MASKERS[2])
def test_every_text_comes_back(text: str, masker: PlaceholderMasker) -> None:
    found = masker.find_all(text)
    assert all(0 <= one.start < one.end <= len(text) for one in found)
    assert all(one.end <= other.start for one, other in itertools.pairwise(found))
    masked = masker.mask(text)
    assert item_letters(masked.text) == list(range(len(masked.items)))
    assert masker.mask(text) == masked
    assert len(masked.items) + len(masked.detached) == len(found)
    # Nothing is lost: items in order, text between them, and what was detached.
    back = unmask(masked.text, {item_letter(number): item.text for number, item in enumerate(masked.items)})
    if not masked.detached:
        assert back == text
    together = back + "".join(one.text for one in masked.detached)
    assert sorted(together.replace(" ", "")) == sorted(text.replace(" ", ""))
    assert all(0 <= one.place <= len(masked.text) for one in masked.detached)


def test_items_beyond_the_most_stay() -> None:
    text = " x ".join(map(str, range(10, 10 + MAX_ITEMS + 3)))
    masked = MASKER.mask(text)
    assert len(masked.items) == MAX_ITEMS
    assert masked.text.endswith(text[-len("4090 x 4091 x 4092") :])
    assert restored(masked) == text


def test_letters_become_placeholders_and_items_again() -> None:
    masked = MASKER.mask("I see 25 and Zbigniew at https://x.y/z")
    text, places = to_placeholders(masked.text)
    assert ANY.sub("_", text) == LETTER.sub("_", masked.text)
    assert [PLACEHOLDERS[place] for place in places] == ANY.findall(text)
    assert len(set(places)) == 3
    letters = {PLACEHOLDERS[place]: item_letter(number) for number, place in enumerate(places)}
    assert unmask(text, letters) == masked.text
    assert to_placeholders("no items") == ("no items", [])
    assert unmask("no items", {}) == "no items"


def test_no_placeholder_is_the_usual_one() -> None:
    first = [ANY.findall(MASKER.mask_pair(f"{n} cats", f"{n} chats")[0])[0] for n in range(400)]
    assert all(20 < first.count(placeholder) < 100 for placeholder in PLACEHOLDERS)
    first = [to_placeholders(f"{item_letter(0)} cats {n}")[1][0] for n in range(400)]
    assert all(20 < first.count(place) < 100 for place in range(len(PLACEHOLDERS)))


def pair(source: str, target: str, masker: PlaceholderMasker = MASKER) -> tuple[str, str]:
    """A masked pair with a, b, c for its placeholders."""
    masked = masker.mask_pair(source, target)
    letters: dict[str, str] = {}
    first, second = (ANY.sub(lambda m: letters.setdefault(m[0], "abcdefgh"[len(letters)]), side) for side in masked)
    return first, second


@pytest.mark.parametrize(
    ("source", "target", "masked"),
    [
        ("I see 25 cats", "Je vois 25 chats", ("I see a cats", "Je vois a chats")),
        ("I see 3 cats", "Je vois trois chats", ("I see 3 cats", "Je vois trois chats")),
        ("5 and 7", "7 et 5", ("a and b", "b et a")),
        ("5 and 5", "5 et 5", ("a and b", "a et b")),
        ("5 and 5", "deux fois 5", ("5 and 5", "deux fois 5")),
        ("I see 3 apples", "我想要3个苹果", ("I see a apples", "我想要a个苹果")),
        ("13,481 and 3.5", "13 481 et 3,5", ("a and b", "a et b")),
        ("13,481 and 3", "٣ و ١٣٤٨١", ("a and b", "b و a")),
        ("we met 5", "le 15 et 5", ("we met a", "le 15 et a")),
        ("we met 5", "le 5kg", ("we met 5", "le 5kg")),
        ("at 3:30", "à 3:30", ("at a", "à a")),
        ("at 3:30", "à 13:30", ("at 3:30", "à 13:30")),
        ("at 01 23 45 67 89", "au 01 23 45 67 89", ("at a", "au a")),
        ("My friend Zbigniew", "Mon ami Zbigniew", ("My friend a", "Mon ami a")),
        ("My friend Zbigniew", "D'Zbigniew", ("My friend a", "D'a")),
        ("the Zbigniew of x@y.z", "x@y.z Zbigniewo", ("the Zbigniew of a", "a Zbigniewo")),
        ("My friend José Ñuflez", "Mon ami José Ñuflez", ("My friend a", "Mon ami a")),
        ("My friend José Ñuflez", "Ñuflez, José", ("My friend a b", "b, a")),
        ("My friend José Ñuflez", "Ñuflez", ("My friend José a", "a")),
        ("See <b>the cat</b>", "Vois <b>le chat</b>", ("See the cat", "Vois le chat")),
        ("See <b>the cat</b>", "Vois le chat", ("See <b>the cat</b>", "Vois le chat")),
        ("One.\\nTwo x\\ny", "Un.\\nDeux x\\ny", ("One. Two x y", "Un. Deux x y")),
    ],
)
def test_of_a_pair_what_both_sides_have(source: str, target: str, masked: tuple[str, str]) -> None:
    known = VOCABULARY.forms | dict.fromkeys(["apples", "one", "y", "of"], "")
    assert pair(source, target, PlaceholderMasker(VOCABULARY.model_copy(update={"forms": known}))) == masked


@given(TEXT, TEXT, TEXT, st.sampled_from(MASKERS))
def test_a_pair_has_the_same_placeholders_on_both_sides(
    first: str, second: str, third: str, masker: PlaceholderMasker
) -> None:
    source, target = normalize(f"{first} {second}"), normalize(f"{second} {third}")
    masked = masker.mask_pair(source, target)
    ours, theirs = map(ANY.findall, masked)
    assert sorted(ours) == sorted(theirs)
    assert len(set(ours)) == len(ours)
    # What is left is what was there, but for what was masked or detached.
    for side, whole in zip(masked, (source, target), strict=True):
        rest = iter(whole)
        assert all(letter in rest for letter in ANY.sub("", side).replace(" ", ""))


def test_a_source_alone_and_in_a_pair_have_the_same_items() -> None:
    text = "See 25 and Zbigniew at https://x.y/z"
    assert ANY.sub("_", MASKER.mask_pair(text, text[::-1] + text)[0]) == shape(text)


def test_there_are_no_more_placeholders_in_a_pair_than_there_are() -> None:
    text = " x ".join(str(number) for number in range(10, 10 + len(PLACEHOLDERS) + 3))
    masked = MASKER.mask_pair(text, text)
    assert masked[0] == masked[1]
    assert len(ANY.findall(masked[0])) == len(PLACEHOLDERS)
    assert masked[0].endswith(text[-len("16 x 17 x 18") :].split(" x ", 1)[1])


def test_names_that_are_known_are_masked_now_and_then() -> None:
    masked = [MASKER.mask_pair(f"I see Paris {'x' * n}", f"Je vois Paris {'x' * n}") for n in range(400)]
    carried = sum("Paris" not in source for source, _ in masked)
    assert 400 / NAMED_PAIRS / 2 < carried < 400 / NAMED_PAIRS * 2
    assert all(("Paris" in source) == ("Paris" in target) for source, target in masked)
    assert all("Paris" in MASKER.mask(f"I see Paris {'x' * n}").text for n in range(50))


@pytest.mark.parametrize(
    "text",
    ["Ab 1 ", "Ab é ", "❤ ", "é", "<b>x</b> ", "1 ", "\\n", "1/2 ", "A", "a", "l'", "L'", "A'", "s's", "A-", "`a`",
     "中1", "{a}", "a@b.c ", "a1", "1.", "a.", "www.", "x://", "`", "@", "a-", "+a1", "http://.,"],
)  # fmt: skip
def test_long_text_is_read_once(text: str) -> None:
    """If every part of a long text were tried anew, this would take hours."""
    long = text * 10_000
    masked = PlaceholderMasker(VOCABULARY, characters=CHARACTERS).mask(long)
    back = unmask(masked.text, {item_letter(number): item.text for number, item in enumerate(masked.items)})
    assert len(back) + sum(len(one.text) for one in masked.detached) >= len(long.replace(" ", ""))
    ours, theirs = MASKER.mask_pair(long, long)
    assert ours == theirs


FIELD = Path(__file__).parents[3] / "shared" / "field"
needs_field = pytest.mark.skipif(not FIELD.is_dir(), reason="needs ../shared/field")


@pytest.fixture(scope="module", params=["zh", "fr", "ar"])
def numbers(request: pytest.FixtureRequest) -> tuple[list[tuple[str, str]], TextProfile]:
    """A corpus whose languages write numbers differently, and the profile of two thirds of it."""
    lines = (FIELD / f"numbers-en-{request.param}.tsv").read_text(encoding="utf-8").splitlines()[1:]
    pairs = [(source, target) for source, _, target in (line.partition("\t") for line in lines)]
    return pairs, fit(pair for number, pair in enumerate(pairs) if number % 3)


@needs_field
def test_numbers_that_languages_write_differently(numbers: tuple[list[tuple[str, str]], TextProfile]) -> None:
    pairs, profile = numbers
    masker = PlaceholderMasker(profile.vocabulary, profile.copied, profile.numbers)
    for source, target in pairs:
        masked = masker.mask_pair(source, target)
        assert not any(c.isdecimal() for side in masked for c in side), (source, target)
        assert len(ANY.findall(masked[0])) == len(ANY.findall(masked[1])) > 0
        for item in masker.mask(source).items:
            if item.text[0].isdecimal():
                assert item.text in target, (source, target)
