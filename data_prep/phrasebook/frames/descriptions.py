"""What people and things are, have and look like; where they are."""

from dataclasses import replace

from data_prep.phrasebook.closed import BE, HAVE, HE, SHE, I
from data_prep.phrasebook.draw import Draw, Unfit
from data_prep.phrasebook.forms import number_words
from data_prep.phrasebook.frames.actions import LIKE
from data_prep.phrasebook.frames.frame import BOTH, NOUNS, STATEMENT, STATIVE, YES_NO, frame
from data_prep.phrasebook.lexicon import Verb
from data_prep.phrasebook.structure import (
    Clause,
    Comparison,
    Filler,
    Grade,
    Name,
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
COST = Verb("cost", "coûter", state=True)
THERE = Verb("be", "avoir", state=True)
COMPARISONS: tuple[Comparison, ...] = ("more", "more", "less", "as")
POSITIONS = (
    ("on", "sur"), ("under", "sous"), ("in front of", "devant"), ("behind", "derrière"),
    ("next to", "à côté de"), ("near", "près de"),
)  # fmt: skip
THINGS = ("thing", "place", "food", "drink")
DESCRIBED = (
    "thing",
    "thing",
    "place",
    "food",
    "drink",
    "animal",
    "clothes",
    "idea",
    "idea",
    "event",
    "room",
    "bodypart",
    "illness",
    "building",
)
DEFINITE = ("the", "the", "this", "owner")


def said_of(draw: Draw, *kinds: str) -> NounPhrase:
    """A thing as subject, singular or plural as the sentence."""
    phrase = draw.phrase(*kinds, determiners=DEFINITE, plural=draw.features.person == "many")
    return replace(phrase, adjectives=())


def located(draw: Draw, *kinds: str) -> Object:
    """In the kitchen, at the station."""
    noun = draw.noun(*(kinds or ("place",)))
    return Object(NounPhrase(noun), noun.place[0], noun.place[1])


@frame(9, tenses=STATIVE, polarities=(*YES_NO, Polarity.NEVER, Polarity.NO_LONGER), forms=BOTH)
def somebody_is(draw: Draw) -> Sentence:
    """Marie is very tired."""
    return draw.say(draw.clause(draw.subject(), BE, draw.grade("person")))


@frame(8, persons=NOUNS, tenses=STATIVE, polarities=YES_NO, forms=BOTH)
def something_is(draw: Draw) -> Sentence:
    """The soup is too hot."""
    subject = said_of(draw, draw.one(DESCRIBED))
    return draw.say(draw.clause(subject, BE, draw.grade(subject.noun.kind)))


@frame(1.5, tenses=(Tense.PRESENT, Tense.PAST), polarities=YES_NO, forms=BOTH)
def somebody_looks(draw: Draw) -> Sentence:
    """She looks sad: avoir l'air, with the adjective in the masculine of l'air."""
    word = draw.word(draw.words.adjectives["person"])
    looked = Text(word.en, word.forms[0])
    return draw.say(draw.clause(draw.subject(), SEEM, looked))


@frame(3, tenses=(Tense.PRESENT, Tense.PAST, Tense.FUTURE), polarities=YES_NO)
def comparing_people(draw: Draw) -> Sentence:
    """He is taller than his sister."""
    word = draw.word(draw.words.adjectives["person"])
    if not word.comparable:
        raise Unfit
    comparison = draw.one(COMPARISONS)
    return draw.say(draw.clause(draw.subject(), BE, Grade(word, None, comparison, draw.person())))


@frame(2.5, persons=NOUNS, tenses=STATIVE[:2], polarities=YES_NO, forms=BOTH)
def comparing_things(draw: Draw) -> Sentence:
    """The train is less expensive than the plane."""
    first = said_of(draw, draw.one(THINGS))
    word = draw.adjective(first.noun)
    if not word.comparable:
        raise Unfit
    second = draw.phrase(first.noun.kind, determiners=DEFINITE, plural=first.plural)
    if second.noun is first.noun:
        raise Unfit
    comparison = draw.one(COMPARISONS)
    return draw.say(draw.clause(first, BE, Grade(word, None, comparison, second)))


@frame(2.5, persons=("he",), tenses=(Tense.PRESENT, Tense.PAST), polarities=YES_NO)
def superlative(draw: Draw) -> Sentence:
    """This is the oldest house in the village."""
    noun = draw.noun("building", "thing", "place", "room")
    word = draw.adjective(noun)
    if not word.comparable or noun.mass:
        raise Unfit
    return Sentence((this_is(draw, NounPhrase(noun, most=word)), Text("in the village", "du village")))


def this_is(draw: Draw, what: NounPhrase) -> Clause:
    """This is, these are; c'est, ce sont."""
    plural = what.plural or what.noun.en_only_plural
    subject = Filler("these" if plural else "this", "ce", plural, agreement(what).number == "p")
    return draw.clause(subject, BE, Object(what))


@frame(2.5, persons=("he",), tenses=(Tense.PRESENT, Tense.PAST), polarities=YES_NO)
def whose_it_is(draw: Draw) -> Sentence:
    """This is my brother's car."""
    owners: tuple[Pronoun | Name | NounPhrase, ...] = (I, HE, SHE, draw.name(), NounPhrase(draw.noun("kin"), owner=I))
    noun = draw.noun("object", "clothes", "vehicle", "building", "pet", "reading", "device")
    return Sentence(
        (
            this_is(
                draw,
                NounPhrase(
                    noun, plural=draw.chance(0.25) and not (noun.mass or noun.en_only_plural), owner=draw.one(owners)
                ),
            ),
        )
    )


@frame(3, persons=("I", "you", "he", "she", "one"), tenses=STATIVE[:3], polarities=YES_NO, forms=BOTH)
def profession(draw: Draw) -> Sentence:
    """She is a doctor."""
    subject = draw.person() if draw.features.person == "one" else draw.subject()
    if not isinstance(subject, Pronoun) and isinstance(subject, NounPhrase) and subject.noun.kind == "job":
        raise Unfit
    noun = draw.noun("job")
    if noun.gender in ("m", "f") and noun.gender != agreement(subject).gender:
        raise Unfit
    return draw.say(draw.clause(subject, BE, Role(noun)))


@frame(2, persons=("I", "you", "he", "she", "we", "one"), tenses=(Tense.GOING, Tense.FUTURE), polarities=YES_NO)
def becoming(draw: Draw) -> Sentence:
    """He is going to become famous."""
    if draw.chance(0.5) and draw.features.person != "we":
        return profession(draw) if draw.features.tense is Tense.FUTURE else somebody_is(draw)
    return draw.say(draw.clause(draw.subject(), BECOME, draw.grade("person", degree=0)))


@frame(6, tenses=STATIVE[:3], polarities=YES_NO, forms=BOTH)
def somebody_is_somewhere(draw: Draw) -> Sentence:
    """The children are in the garden."""
    where = located(draw) if draw.chance(0.65) else draw.adverb("place")
    return draw.say(draw.clause(draw.subject("person", "animal"), BE, where, *draw.when(0.2)))


@frame(5, persons=NOUNS, tenses=STATIVE[:2], polarities=YES_NO, forms=BOTH)
def something_is_somewhere(draw: Draw) -> Sentence:
    """The keys are on the table."""
    subject = said_of(draw, "object", "reading", "pet", "clothes", "container", "toy")
    place = draw.noun("furniture", "vehicle", "building")
    en, fr = draw.one(POSITIONS[2:] if place.kind == "building" else POSITIONS)
    return draw.say(draw.clause(subject, BE, Object(NounPhrase(place), en, fr)))


@frame(3, persons=NOUNS, tenses=STATIVE[:2], polarities=YES_NO, forms=BOTH)
def building_is_somewhere(draw: Draw) -> Sentence:
    """The bank is opposite the post office."""
    first, second = draw.noun("building", "place"), draw.noun("building", "place")
    if first is second or draw.features.person == "many":
        raise Unfit
    en, fr = draw.one(
        (("opposite", "en face de"), ("next to", "à côté de"), ("behind", "derrière"), ("near", "près de"))
    )
    return draw.say(draw.clause(NounPhrase(first), BE, Object(NounPhrase(second), en, fr)))


@frame(5, persons=NOUNS, tenses=STATIVE[:3], polarities=(*YES_NO, Polarity.NO_LONGER), forms=BOTH)
def there_is(draw: Draw) -> Sentence:
    """There are three chairs in the kitchen."""
    plural = draw.features.person == "many"
    what = draw.phrase("furniture", "object", "people", "pet", "device", "container", determiners=("a",), plural=plural)
    if what.plural and draw.features.polarity is Polarity.POSITIVE and draw.chance(0.5):
        if draw.chance(0.5):
            what = NounPhrase(what.noun, count=draw.one(range(2, 13)), plural=True)
        else:
            what = NounPhrase(what.noun, draw.one(("several", "many", "too many", "a few")), plural=True)
    where = located(draw, "room", "building")
    return draw.say(existential(draw, what, where))


def existential(draw: Draw, what: NounPhrase, *rest: Object) -> Clause:
    """There is: il y a."""
    there = Filler("there", "il", what.plural or what.noun.en_only_plural, clitic="y")
    return draw.clause(there, THERE, Object(what), *rest)


@frame(8, tenses=STATIVE, polarities=(*YES_NO, Polarity.NO_LONGER, Polarity.NEVER), forms=BOTH)
def having(draw: Draw) -> Sentence:
    """We have two cars; I do not have a dog."""
    noun = draw.noun("object", "device", "vehicle", "pet", "reading", "instrument", "toy", "clothes", "furniture")
    what = draw.phrase_of(noun, ("a",))
    if what.determiner == "a" and draw.features.polarity is Polarity.POSITIVE and draw.chance(0.4):
        what = NounPhrase(noun, count=draw.one(range(2, 8)), plural=True)
        if draw.chance(0.4):
            what = NounPhrase(noun, draw.one(("several", "many", "too many", "a few")), plural=True)
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


@frame(5, tenses=(Tense.PRESENT, Tense.PAST, Tense.PERFECT, Tense.FUTURE), polarities=YES_NO, forms=BOTH)
def having_ideas(draw: Draw) -> Sentence:
    """She has found a solution; we talked about the problem."""
    idea = draw.phrase("idea", determiners=("the", "a", "this", "another", "owner"), plural=None)
    verbs = tuple(v for v in draw.words.verbs if "idea" in v.objects and not v.recipient and "person" in v.subjects)
    verb = draw.word(verbs)
    if verb.state and draw.features.tense is Tense.PERFECT:
        raise Unfit
    return draw.say(draw.clause(draw.subject(), verb, Object(idea, verb.en_prep, verb.fr_prep)))


@frame(2.5, tenses=STATIVE[:2], polarities=YES_NO, forms=BOTH)
def having_family(draw: Draw) -> Sentence:
    """She has three brothers."""
    noun = draw.noun("kin")
    if noun.en in ("mother", "father", "parents", "wife", "husband", "family"):
        raise Unfit
    negative = draw.features.polarity is not Polarity.POSITIVE
    count = 0 if negative else draw.one((0, 2, 2, 3, 4, 5))
    what = NounPhrase(noun, "some" if noun.en_only_plural else "a", bool(count), count=count)
    return draw.say(draw.clause(draw.subject(), HAVE, Object(what)))


@frame(4, tenses=STATIVE, polarities=(*YES_NO, Polarity.NO_LONGER, Polarity.NEVER), forms=BOTH)
def hungry_and_thirsty(draw: Draw) -> Sentence:
    """They are hungry; are you cold?"""
    state = draw.one(STATES)
    return draw.say(draw.clause(draw.subject(), state))


@frame(2.5, persons=("I", "you", "polite", "he", "she", "one"), tenses=STATIVE[:3], polarities=YES_NO, forms=BOTH)
def age(draw: Draw) -> Sentence:
    """My son is eight years old."""
    years = draw.one(range(2, 100))
    text = Text(f"{number_words(years, 'en')} years old", f"{number_words(years, 'fr')} ans")
    subject = draw.subject()
    if draw.features.person == "one":
        subject = draw.name() if draw.chance(0.5) else NounPhrase(draw.noun("kin"), owner=I)
    return draw.say(draw.clause(subject, AGED, text))


@frame(3, persons=NOUNS, tenses=STATIVE[:2], polarities=YES_NO, forms=BOTH)
def made_of(draw: Draw) -> Sentence:
    """The table is made of wood."""
    material = draw.noun("material", "fabric")
    kinds = ("clothes",) if material.kind == "fabric" else ("furniture", "object", "container", "part")
    made = Verb("be", "être", en_rest="made", state=True)
    return draw.say(draw.clause(said_of(draw, *kinds), made, Object(NounPhrase(material, "none"), "of", "en")))


@frame(3, persons=NOUNS[:1], tenses=STATIVE[:3], polarities=YES_NO, forms=BOTH)
def there_is_stuff(draw: Draw) -> Sentence:
    """There is some mud in the garden; there isn't any salt in the cupboard."""
    what = NounPhrase(draw.noun("ground", "ingredient", "drink"), "some")
    if not what.noun.mass:
        raise Unfit
    if what.noun.kind == "ground":
        where = located(draw, "nature", "place", "building")
    else:
        where = Object(NounPhrase(draw.noun("container", "room")), "in", "dans")
    return draw.say(existential(draw, what, where))


@frame(2.5, persons=NOUNS, tenses=(Tense.PRESENT, Tense.PAST), forms=STATEMENT)
def price(draw: Draw) -> Sentence:
    """This bag costs thirty euros."""
    subject = said_of(draw, "clothes", "object", "reading", "device", "food", "container", "toy")
    amount = draw.one((*range(2, 21), 25, 30, 35, 40, 50, 60, 75, 80, 90, 100, 150, 200, 500))
    cost = Text(f"{number_words(amount, 'en')} euros", f"{number_words(amount, 'fr')} euros")
    return draw.say(draw.clause(subject, COST, cost))


@frame(2, tenses=(Tense.CONDITIONAL,))
def would_like_some(draw: Draw) -> Sentence:
    """I would like a coffee and some bread."""
    what = draw.phrase("food", "drink", "fruit", "dish", determiners=("a", "some"), plural=None)
    return draw.say(draw.clause(draw.subject(), LIKE, Object(what)))
