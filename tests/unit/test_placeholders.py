"""What is carried over comes back as it was, whatever stands around it."""

import re

import pytest
from data_prep.carrying import CARRIED, FAMILIAR, KNOWN, PLACEHOLDERS, Carrier, learn, restore
from hypothesis import given
from hypothesis import strategies as st

from data_prep.normalization import normalize

ANY = re.compile(f"[{PLACEHOLDERS}]")
KNOWN_WORDS = frozenset(re.findall(r"\w+", "see my friend the cat at and write to or is in paris i for me x"))


def shape(text: str, carrier: Carrier | None = None) -> str:
    """The text with _ for placeholders."""
    return ANY.sub("_", (carrier or Carrier(KNOWN_WORDS)).mask(text)[0])


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("I see 25 cats.", "I see _ cats."),
        ("1,000 or 3.5 or 3:30, 2024-12-31.", "_ or _ or _, _."),
        ("(25) $25 25% -25", "(_) $_ _% -_"),
        ("21st, 5kg, A4, x86", "21st, 5kg, A4, x86"),
        ("See https://example.org/a?b=c#d.", "See _."),
        ("See (www.example.org/a_b), or http://x.y/z!", "See (_), or _!"),
        ("Write to jean.dupont+x@mail.example.fr.", "Write to _."),
        ("Write to @someone for #this", "Write to _ for _"),
        ("The `make train` is `x = 3`", "The _ is _"),
        ("My friend Zbigniew is in Paris", "My friend _ is in Paris"),
        ("Jean-Zbigniew and O'Xyz's cat", "_ and _'_'s cat"),
        ("THE CAT IS MY FRIEND", "THE CAT IS MY FRIEND"),
        ("the zbigniew", "the zbigniew"),
        ("Écoute, the Ørsted", "_, the _"),
        ("", ""),
        ("`` x ` y", "`_ y"),
    ],
)
def test_what_is_an_item(text: str, masked: str) -> None:
    assert shape(text) == masked
    assert restore(*Carrier(KNOWN_WORDS).mask(text)) == text


def test_without_words_there_are_no_names() -> None:
    assert shape("My friend Zbigniew is 25", Carrier()) == "My friend Zbigniew is _"


@given(st.text(st.sampled_from(" .,:/@#`'-25aAéZ") | st.characters(), max_size=60).map(normalize))
def test_every_text_comes_back(text: str) -> None:
    masked, items = Carrier(KNOWN_WORDS).mask(text)
    used = ANY.findall(masked)
    assert restore(masked, items) == text
    assert len(used) == len(set(used)) == sum(map(bool, items))
    assert len(items) == len(PLACEHOLDERS)
    assert Carrier(KNOWN_WORDS).mask(text) == (masked, items)


def test_what_there_are_no_placeholders_for_stays() -> None:
    numbers = list(range(10, 10 + len(PLACEHOLDERS) + 3))
    text = " ".join(map(str, numbers))
    assert shape(text) == " ".join(["_"] * len(PLACEHOLDERS) + [str(number) for number in numbers[-3:]])
    assert restore(*Carrier().mask(text)) == text


def test_no_placeholder_is_the_usual_one() -> None:
    first = [ANY.findall(Carrier().mask(f"{number} cats")[0])[0] for number in range(400)]
    assert all(20 < first.count(placeholder) < 100 for placeholder in PLACEHOLDERS)


def pair(source: str, target: str, carrier: Carrier | None = None) -> tuple[str, str]:
    masked = (carrier or Carrier(KNOWN_WORDS)).mask_pair(source, target)
    letters: dict[str, str] = {}
    return tuple(ANY.sub(lambda m: letters.setdefault(m[0], "abcdefgh"[len(letters)]), side) for side in masked)  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("source", "target", "masked"),
    [
        ("I see 25 cats", "Je vois 25 chats", ("I see a cats", "Je vois a chats")),
        ("I see 3 cats", "Je vois trois chats", ("I see 3 cats", "Je vois trois chats")),
        ("5 and 7", "7 et 5", ("a and b", "b et a")),
        ("5 and 5", "5 et 5", ("a and b", "a et b")),
        ("5 and 5", "deux fois 5", ("5 and 5", "deux fois 5")),
        ("My friend Zbigniew", "Mon ami Zbigniew", ("My friend a", "Mon ami a")),
        ("My friend Zbigniew", "D'Zbigniew", ("My friend a", "D'a")),
        ("the Zbigniew of x@y.z", "x@y.z Zbigniewo", ("the Zbigniew of a", "a Zbigniewo")),
    ],
)
def test_of_a_pair_what_both_sides_have(source: str, target: str, masked: tuple[str, str]) -> None:
    assert pair(source, target) == masked


def test_a_source_alone_and_in_a_pair_have_the_same_placeholders() -> None:
    carrier = Carrier(KNOWN_WORDS)
    text = "See 25 and Zbigniew at https://x.y/z"
    assert carrier.mask_pair(text, text[::-1] + text)[0] == carrier.mask(text)[0]


def test_names_that_are_known_are_carried_now_and_then() -> None:
    carrier = Carrier(frozenset({"i", "see", "paris", "je", "vois"}))
    masked = [carrier.mask_pair(f"I see Paris {'x' * n}", f"Je vois Paris {'x' * n}") for n in range(400)]
    carried = sum("Paris" not in source for source, _ in masked)
    assert 400 / FAMILIAR / 2 < carried < 400 / FAMILIAR * 2
    assert all(("Paris" in source) == ("Paris" in target) for source, target in masked)
    assert all("Paris" in carrier.mask(f"I see Paris {'x' * n}")[0] for n in range(50))


def test_what_is_known_is_learnt_from_the_text() -> None:
    pairs = [("I see the cat", "Je vois le chat")] * KNOWN + [("I see Zbigniew", "Je vois Zbigniew"), ("see me", "")]
    words = learn(pairs).words
    assert words == frozenset({"i", "see", "the", "cat"})


@pytest.mark.parametrize("same", [0, 1, 5, 10])
def test_names_are_carried_where_the_languages_share_them(same: int) -> None:
    names = [f"N{'abcdefghij'[n]}ame" for n in range(10)]
    pairs = [(f"I see {name}", f"Je vois {name if n < same else 'autre'}") for n, name in enumerate(names)]
    assert (learn(pairs).words is not None) == (same / 10 > CARRIED)


@pytest.mark.parametrize(
    "text", ["a1", "a", "1", "1.", "a.", "www.", "x://", "`", "@", "a@a.", "a-", "+a1", "http://.,"]
)
def test_long_text_is_read_once(text: str) -> None:
    """If every letter of a long word were tried anew, this would take hours."""
    long = text * 200_000
    masked, items = Carrier(KNOWN_WORDS).mask(long)
    assert restore(masked, items) == long


def test_a_word_at_the_head_of_a_sentence_is_no_name_for_its_capital() -> None:
    names = [(f"see V{letter}name there", f"voir V{letter}name") for letter in "abcdefghij"]
    heads = [(f"R{letter}{other}word goes", "autre chose") for letter in "abcdef" for other in "abcdef"]
    assert learn([*names, *heads]).words is not None
