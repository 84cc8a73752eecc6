"""Every frame in every form that it allows: sentences well put together in both languages."""

import re
from collections.abc import Iterator

import pytest

from data_prep.phrasebook import french
from data_prep.phrasebook.closed import MANY, POLITE
from data_prep.phrasebook.frames import FRAMES, Frame
from data_prep.phrasebook.generator import Generator, Pair, goes_with
from data_prep.phrasebook.structure import Features
from data_prep.phrasebook.tables import load

TRIES = 300
ASPIRATED = r"(?!onz|oui\b|yaourt|yoga|yacht)"
ELISION = re.compile(rf"\b(le|la|je|ne|que|de|se|me|te|ce|lorsque|puisque) {ASPIRATED}(?=[aeiouyéèêâîôœ])", re.I)
MUTE_H = re.compile(
    r"\b(le|la|je|ne|que|de|se|me|te|ce) (?=h(omme|ôtel|ôpital|eure|iver|uile|abit|istoire|umide))", re.I
)
IF_HE = re.compile(r"\bsi ils?\b", re.I)
CONTRACTION = re.compile(r"\b(?:de|à) les? ([\w']+)", re.I)
A_VOWEL = re.compile(
    r"\ba (?!uni[^nm]|us[eu]|ute|euro|one)(?=[aeiou])|\ba (?=hour|hon)|\ban (?!hour|hon|heir)(?=[^aeiou])", re.I
)
TU = re.compile(r"\b(tu|te|toi|ton|ta|tes)\b|\bt'", re.I)
VOUS = re.compile(r"(?<!rendez-)\b(vous|votre|vos)\b", re.I)
INFINITIVES = {verb.fr for group in (load().verbs, load().infinitive, load().clause) for verb in group}
AFTER_CLITIC = INFINITIVES | {"lui", "leur", "y", "en"}


def faults(pair: Pair) -> list[str]:
    """What is wrong with the look of a pair."""
    en, fr = pair.en, pair.fr
    found = {
        "a form that pyrealb does not have": "[[" in en + fr,
        "a blank too many": re.search(r"^\s|\s$|\s\s", f"{en}") or re.search(r"^\s|\s$|\s\s", fr),
        "no capital": not (en[0].isupper() and fr[0].isupper()),
        "no mark at the end, or another one": en[-1] not in ".?!" or fr[-1] != en[-1],
        "no blank before a French mark": re.search(r"\S[?!;:]", fr),
        "a blank before a mark": re.search(r" [.,?!;:]", en) or re.search(r" [.,]", fr),
        "no blank after a mark": re.search(r"[.,?!;:]\S", en + " " + fr),
        "no elision": ELISION.search(fr) or MUTE_H.search(fr) or IF_HE.search(fr),
        "a blank after an apostrophe": "' " in fr or " '" in fr,
        "no contraction": any(word not in AFTER_CLITIC for word in CONTRACTION.findall(fr)),
        "a or an": A_VOWEL.search(en),
        "none": "None" in en + fr,
    }
    return [name for name, there in found.items() if there]


def allowed(frame: Frame) -> Iterator[Features]:
    for person in frame.persons:
        for tense in dict.fromkeys(frame.tenses):
            for polarity in frame.polarities:
                if goes_with(polarity, tense):
                    yield from (Features(person, tense, polarity, form) for form in frame.forms)


@pytest.fixture(scope="module")
def generator() -> Generator:
    return Generator(7)


def test_there_are_enough_frames_and_each_has_its_name() -> None:
    names = [frame.name for frame in FRAMES]
    assert len(names) >= 60
    assert len(set(names)) == len(names)
    assert all(frame.build.__doc__ for frame in FRAMES)


@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: frame.name)
def test_a_frame_in_every_person_tense_polarity_and_form(frame: Frame, generator: Generator) -> None:
    combinations = list(allowed(frame))
    assert combinations
    for features in combinations:
        attempts = (generator.attempt(frame, features) for _ in range(TRIES))
        sentence = next((sentence for sentence in attempts if sentence is not None), None)
        assert sentence is not None, f"no sentence in {TRIES} tries: {features}"
        pair = generator.pair(frame, sentence)
        assert not faults(pair), (features, pair)


def test_thousands_of_pairs_look_right_and_keep_tu_and_vous_apart(generator: Generator) -> None:
    spoken_to = [text.en.casefold() for text in (*POLITE, *MANY)]
    persons = set()
    for _, pair in zip(range(3000), generator.pairs(), strict=False):
        assert not faults(pair), pair
        person = generator.draw.features.person
        persons.add(person)
        if person in ("polite", "you all"):
            assert not TU.search(pair.fr), pair
        else:
            assert not VOUS.search(pair.fr), pair
        if VOUS.search(pair.fr):  # the English tells that it is vous
            assert any(text in pair.en.casefold() for text in spoken_to), pair
    assert {"you", "polite", "you all"} <= persons


def test_you_in_a_relative_clause_is_the_one_spoken_to(generator: Generator) -> None:
    frame = next(frame for frame in FRAMES if frame.name == "object_with_relative")
    features = Features("polite", frame.tenses[0], frame.polarities[0], "statement")
    attempts = [generator.attempt(frame, features) for _ in range(800)]
    sentences = [french.realise(sentence) for sentence in attempts if sentence is not None]
    assert not [sentence for sentence in sentences if TU.search(sentence)]
    assert [sentence for sentence in sentences if re.search(r"\b(que|dont) vous\b", sentence)]


@pytest.mark.parametrize(
    ("en", "fr", "fault"),
    [
        ("It rains.", "Il pleut.", ""),
        ("Is it an hour?", "C'est une heure ?", ""),
        ("I see the heroes of the hotel; do it.", "Je vois le héros de l'hôtel ; fais-le.", ""),
        ("I forgot to wash it.", "J'ai oublié de le laver.", ""),
        ("I see a uniform and an uninteresting book.", "Je vois le onze mai.", ""),
        ("I see [[book]].", "Je vois.", "pyrealb"),
        ("I  see.", "Je vois.", "blank too many"),
        ("i see.", "Je vois.", "capital"),
        ("I see", "Je vois.", "mark at the end"),
        ("Do I see?", "Est-ce que je vois?", "blank before a French mark"),
        ("I see .", "Je vois.", "blank before a mark"),
        ("I see.", "Je aime.", "elision"),
        ("I see.", "Je vois le homme.", "elision"),
        ("I see.", "Si il voit.", "elision"),
        ("I see.", "La clé de le garçon.", "contraction"),
        ("I see a apple.", "Je vois.", "a or an"),
        ("I see an book.", "Je vois.", "a or an"),
    ],
)
def test_the_checks_can_tell(en: str, fr: str, fault: str) -> None:
    found = faults(Pair(en, fr, 0, 0))
    assert len(found) == bool(fault)
    assert fault in "".join(found)
