"""The vocabulary tells known words from names, and how words are written."""

import pytest

from data_prep.words import CAPITALIZED, COPIED_SHARE, MIN_COUNT, MIN_TYPES, TOKEN, Vocabulary, WordCounter

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def learn(*pairs: tuple[str, str], times: int = 1) -> Vocabulary:
    counter = WordCounter()
    for _ in range(times):
        counter.add([source for source, _ in pairs], [target for _, target in pairs])
    return counter.result()


@pytest.mark.parametrize(
    ("text", "tokens", "capitalized"),
    [
        ("I see D'Artoux's cat", ["I", "see", "D'Artoux's", "cat"], ["I", "D'Artoux's"]),
        ("l'Amérique et Jean-Luc", ["l'Amérique", "et", "Jean-Luc"], ["l'Amérique", "Jean-Luc"]),
        ("Écoute, Ørsted Šárka", ["Écoute", "Ørsted", "Šárka"], ["Écoute", "Ørsted", "Šárka"]),
        ("the A4 x86 Ab3 well-known", ["the", "A", "x", "Ab", "well-known"], []),
        ("Москва και Ελλάδα", ["Москва", "και", "Ελλάδα"], ["Москва", "Ελλάδα"]),
        ("iPhone McDonald", ["iPhone", "McDonald"], ["iPhone", "McDonald"]),
        ("- 12 '", [], []),
    ],
)
def test_tokens_and_those_with_a_capital(text: str, tokens: list[str], capitalized: list[str]) -> None:
    assert TOKEN.findall(text) == tokens
    assert CAPITALIZED.findall(text) == capitalized


def test_known_words_are_those_that_are_seen_often_enough() -> None:
    seen = ("I see the Cat", "Je vois")
    assert learn(*[seen] * (MIN_COUNT - 1)).forms == {}
    vocabulary = learn(*[seen] * MIN_COUNT, ("I see Zbigniew", "Je vois Zbigniew"), ("see me", ""))
    assert sorted(vocabulary.forms) == ["cat", "i", "see", "the"]
    assert vocabulary.is_known("CAT")
    assert vocabulary.is_known("see-the")
    assert not vocabulary.is_known("see-Zbigniew")
    assert not vocabulary.is_known("Zbigniew")


def test_the_usual_form_is_that_inside_sentences() -> None:
    sentences = [
        *["Broccoli is good, as we know, in Paris.", "We're here.", "They know us, and we're here."] * 5,
        *["Tom may come.", "They come in May."] * 5,
        *["Apples fall."] * 5,
        *["a NATO plan"] * 19,
        "a nato plan",
        "so Broccoli",
        "in the MORNING",
        *["Morning comes."] * 5,
    ]
    forms = learn(*((sentence, "") for sentence in sentences)).forms
    expected = {"paris": "Paris", "may": "", "we're": "we're", "apples": "apples", "nato": "NATO", "tom": "tom"}
    assert {word: forms[word] for word in expected} == expected
    # Seen in one form, but too few times to tell.
    assert forms["broccoli"] == "broccoli"
    assert forms["morning"] == "morning"


@pytest.mark.parametrize("types", [MIN_TYPES - 1, MIN_TYPES])
def test_affixes_are_what_many_words_have(types: int) -> None:
    names = [letter * 2 for letter in LETTERS[:types]]
    vocabulary = learn(*((f"l'{name} and {name}'s and O'Brannock", "") for name in names))
    productive = types == MIN_TYPES
    assert (vocabulary.prefixes, vocabulary.suffixes) == ((["l"], ["s"]) if productive else ([], []))
    for token, word in (("l'Amarque", "Amarque"), ("Xavoo's", "Xavoo"), ("L'Xav's", "Xav")):
        start, end = vocabulary.core(token)
        assert token[start:end] == (word if productive else token)
    assert vocabulary.core("O'Brannock") == (0, 10)
    assert vocabulary.core("Paris") == (0, 5)


def test_words_are_counted_without_their_affixes() -> None:
    names = [f"v{letter}" for letter in LETTERS[:MIN_TYPES]]
    pairs = [(f"see l'{name}", "") for name in names] + [("see l'Italie", "")] * 2 + [("une Italie", "")]
    forms = learn(*pairs).forms
    assert forms["italie"] == "Italie"
    assert "l'italie" not in forms


@pytest.mark.parametrize("same", [0, 2, 3, 4, 10])
def test_names_are_copied_where_the_languages_share_them(same: int) -> None:
    names = [f"N{letter}ame" for letter in LETTERS[:10]]
    pairs = [(f"I see {name}", f"Je vois {name if n < same else 'autre'}") for n, name in enumerate(names)]
    assert learn(*pairs).names == (same / 10 > COPIED_SHARE)


def test_a_word_at_the_beginning_of_a_sentence_is_no_name_for_its_capital() -> None:
    names = [(f"see V{letter}name there", f"voir V{letter}name") for letter in LETTERS[:10]]
    beginnings = [(f"R{letter}{other}word goes", "autre chose") for letter in LETTERS[:6] for other in LETTERS[:6]]
    assert learn(*names, *beginnings).names


def test_known_names_that_the_target_has_are_copied() -> None:
    vocabulary = learn(("in Paris with Tom", "à Paris"), ("see Vienna", "voir Vienne"), times=5)
    assert vocabulary.copied == ["paris"]
    assert vocabulary.is_copied("Paris")
    assert not vocabulary.is_copied("Vienna")


@pytest.mark.parametrize(("turned", "monotonic"), [(0, True), (1, True), (6, False)])
def test_names_keep_their_order_if_those_of_the_text_do(turned: int, monotonic: bool) -> None:
    straight = [("and Anna and Bob", "et Anna et Bob")] * (100 - turned)
    assert learn(*straight, *[("and Anna and Bob", "Bob et Anna")] * turned).monotonic is monotonic


def test_of_no_text_nothing_is_known() -> None:
    assert learn() == Vocabulary(forms={}, names=False)
