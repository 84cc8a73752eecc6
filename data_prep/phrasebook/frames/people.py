"""What people are, look like and feel; their family, age and profession."""

from data_prep.phrasebook.closed import BE, HAVE, HE, SHE, SPOUSES, WE, I
from data_prep.phrasebook.draw import Draw, Unfit
from data_prep.phrasebook.forms import number_words
from data_prep.phrasebook.frames.frame import BOTH, STATIVE, YES_NO, frame
from data_prep.phrasebook.lexicon import Adjective, Verb
from data_prep.phrasebook.structure import (
    Comparison,
    Grade,
    NounPhrase,
    Object,
    Polarity,
    Pronoun,
    Role,
    Sentence,
    Tense,
    Text,
    agreement,
)

STATES = tuple(
    Verb("be", "avoir", en_rest=en, fr_rest=fr, state=True)
    for en, fr in (
        ("hungry", "faim"),
        ("thirsty", "soif"),
        ("cold", "froid"),
        ("hot", "chaud"),
        ("sleepy", "sommeil"),
        ("afraid", "peur"),
        ("right", "raison"),
        ("wrong", "tort"),
    )
)
BECOME = Verb("become", "devenir", etre=True)
SEEM = Verb("look", "avoir", fr_rest="l'air", state=True)
AGED = Verb("be", "avoir", state=True)
RELATED = (
    "friend",
    "neighbour",
    "colleague",
    "boss",
    "guest",
    "enemy",
    "roommate",
    "partner",
)
AGES = {
    "son": (2, 60),
    "daughter": (2, 60),
    "grandfather": (45, 99),
    **dict.fromkeys(("mother", "father", "parents", "husband", "wife"), (20, 99)),
}
"""Years between which some relatives are."""
COMPARISONS: tuple[Comparison, ...] = ("more", "more", "less", "as")


@frame(13, tenses=STATIVE, polarities=(*YES_NO, Polarity.NEVER, Polarity.NO_LONGER), forms=BOTH)
def somebody_is(draw: Draw) -> Sentence:
    """Marie was very tired yesterday."""
    dated = draw.features.tense in (Tense.PAST, Tense.FUTURE) and draw.features.polarity is Polarity.POSITIVE
    return draw.say(draw.clause(draw.subject(), BE, draw.grade("person"), *(draw.when(0.3) if dated else ())))


@frame(1.5, tenses=(Tense.PRESENT, Tense.PAST), polarities=YES_NO, forms=BOTH)
def somebody_looks(draw: Draw) -> Sentence:
    """She looks sad: avoir l'air, with an adjective that agrees with the person."""
    return draw.say(draw.clause(draw.subject(), SEEM, Grade(gradable(draw))))


@frame(3, tenses=(Tense.PRESENT, Tense.PAST, Tense.FUTURE), polarities=YES_NO)
def comparing_people(draw: Draw) -> Sentence:
    """He is taller than his sister."""
    word, comparison = gradable(draw), draw.one(COMPARISONS)
    return draw.say(draw.clause(draw.subject(), BE, Grade(word, None, comparison, draw.person())))


@frame(5, persons=("I", "you", "he", "she", "one"), tenses=STATIVE[:3], polarities=YES_NO, forms=BOTH)
def profession(draw: Draw) -> Sentence:
    """She is a doctor."""
    subject = draw.person() if draw.features.person == "one" else draw.subject()
    if not isinstance(subject, Pronoun) and isinstance(subject, NounPhrase) and subject.noun.kind == "job":
        raise Unfit
    noun = draw.noun("job")
    if noun.gender in ("m", "f") and noun.gender != agreement(subject).gender:
        raise Unfit
    return draw.say(draw.clause(subject, BE, Role(noun)))


@frame(1.5, persons=("one",), tenses=STATIVE[:2], polarities=YES_NO, forms=BOTH)
def somebody_of_mine(draw: Draw) -> Sentence:
    """Paul is my neighbour (of a pronoun French would say: c'est mon voisin)."""
    subject = draw.name()
    nouns = (*draw.words.nouns["kin"], *(n for n in draw.words.nouns["people"] if n.en in RELATED))
    noun = draw.word(nouns)
    gender = agreement(subject).gender
    if noun.en_only_plural or noun.gender not in (gender, "mf") or noun.en in SPOUSES:
        raise Unfit
    owner = draw.one((I, WE, HE, SHE))
    return draw.say(draw.clause(subject, BE, Object(NounPhrase(noun, owner=owner, feminine=gender == "f"))))


@frame(2, persons=("I", "you", "he", "she", "we", "one"), tenses=(Tense.GOING, Tense.FUTURE), polarities=YES_NO)
def becoming(draw: Draw) -> Sentence:
    """He is going to become famous."""
    if draw.chance(0.5) and draw.features.person != "we":
        return profession(draw) if draw.features.tense is Tense.FUTURE else somebody_is(draw)
    word = gradable(draw)
    if word.en == "young":
        raise Unfit
    return draw.say(draw.clause(draw.subject(), BECOME, Grade(word)))


@frame(2.5, tenses=STATIVE[:2], polarities=YES_NO, forms=BOTH)
def having_family(draw: Draw) -> Sentence:
    """She has three brothers."""
    noun = draw.noun("kin")
    if noun.en not in ("brother", "sister", "son", "daughter", "uncle", "aunt", "cousin"):
        raise Unfit
    negative = draw.features.polarity is not Polarity.POSITIVE
    count = 0 if negative else draw.one((0, 2, 2, 3, 4, 5))
    what = NounPhrase(noun, "a", bool(count), count=count)
    return draw.say(draw.clause(draw.subject(), HAVE, Object(what)))


@frame(5, tenses=STATIVE[:2], polarities=YES_NO, forms=BOTH)
def feeling_something(draw: Draw) -> Sentence:
    """He has a lot of patience; they talked about freedom."""
    feeling = draw.noun("feeling")
    if draw.chance(0.6):
        amount = draw.one(("many", "too many", "enough"))
        return draw.say(draw.clause(draw.subject(), HAVE, Object(NounPhrase(feeling, amount))))
    verb = draw.one((Verb("talk", "parler"), Verb("think", "penser")))
    about = Object(NounPhrase(feeling, "generic"), "about", "de" if verb.fr == "parler" else "à")
    return draw.say(draw.clause(draw.subject(), verb, about))


@frame(4, tenses=STATIVE, polarities=(*YES_NO, Polarity.NO_LONGER, Polarity.NEVER), forms=BOTH)
def hungry_and_thirsty(draw: Draw) -> Sentence:
    """They are hungry; are you cold?"""
    state = draw.one(STATES)
    return draw.say(draw.clause(draw.subject(), state))


@frame(2.5, persons=("I", "you", "polite", "he", "she", "one"), tenses=STATIVE[:3], polarities=YES_NO, forms=BOTH)
def age(draw: Draw) -> Sentence:
    """My son is eight years old."""
    youngest, oldest = 2, 99
    if draw.features.person != "one":
        subject = draw.subject()
    elif draw.chance(0.5):
        subject = draw.name()
    else:
        kin = draw.noun("kin")
        subject, (youngest, oldest) = NounPhrase(kin, owner=I), AGES.get(kin.en, (2, 99))
    years = draw.one(range(youngest, oldest + 1))
    text = Text(f"{number_words(years, 'en')} years old", f"{number_words(years, 'fr')} ans")
    return draw.say(draw.clause(subject, AGED, text))


def gradable(draw: Draw) -> Adjective:
    """What a person can be more or less."""
    return draw.word(tuple(word for word in draw.words.adjectives["person"] if word.comparable))
