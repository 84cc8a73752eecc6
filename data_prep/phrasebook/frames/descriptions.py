"""What people and things are, have and look like; where they are."""

from dataclasses import replace

from data_prep.phrasebook.closed import BE, HAVE, HE, SHE, I
from data_prep.phrasebook.draw import Draw, Unfit
from data_prep.phrasebook.frames.frame import BOTH, NOUNS, STATIVE, YES_NO, frame
from data_prep.phrasebook.frames.people import COMPARISONS
from data_prep.phrasebook.lexicon import Verb
from data_prep.phrasebook.structure import (
    Clause,
    Filler,
    Grade,
    Name,
    NounPhrase,
    Object,
    Polarity,
    Pronoun,
    Sentence,
    Tense,
    Text,
    agreement,
)

COST = Verb("cost", "coûter", state=True)
THERE = Verb("be", "avoir", state=True)
POSITIONS = (
    ("on", "sur"), ("under", "sous"), ("in front of", "devant"), ("behind", "derrière"),
    ("next to", "à côté de"), ("near", "près de"),
)  # fmt: skip
UPRIGHT = ("mirror", "blackboard")
THINGS = ("thing", "place", "food", "drink")
DESCRIBED = (
    "thing", "thing", "place", "food", "drink", "animal", "clothes", "idea", "idea", "event", "room", "bodypart",
    "illness", "building",
)  # fmt: skip
DEFINITE = ("the", "the", "this", "owner")


def said_of(draw: Draw, *kinds: str) -> NounPhrase:
    """A thing as subject, singular or plural as the sentence."""
    phrase = draw.phrase(*kinds, determiners=DEFINITE, plural=draw.features.person == "many")
    return replace(phrase, adjectives=())


def located(draw: Draw, *kinds: str) -> Object:
    """In the kitchen, at the station."""
    noun = draw.noun(*(kinds or ("place",)))
    return Object(NounPhrase(noun), noun.place[0], noun.place[1])


@frame(13, persons=NOUNS, tenses=STATIVE, polarities=YES_NO, forms=BOTH)
def something_is(draw: Draw) -> Sentence:
    """The soup is too hot."""
    subject = said_of(draw, draw.one(DESCRIBED))
    return draw.say(draw.clause(subject, BE, draw.grade(subject.noun.kind)))


@frame(2.5, persons=NOUNS, tenses=STATIVE[:2], polarities=YES_NO, forms=BOTH)
def comparing_things(draw: Draw) -> Sentence:
    """The train is less expensive than the plane."""
    first = said_of(draw, draw.one(THINGS))
    word = draw.adjective(first.noun)
    if not word.comparable:
        raise Unfit
    second = replace(draw.phrase(first.noun.kind, determiners=DEFINITE, plural=first.plural), adjectives=())
    if second.noun is first.noun:
        raise Unfit
    comparison = draw.one(COMPARISONS)
    return draw.say(draw.clause(first, BE, Grade(word, None, comparison, second)))


@frame(2.5, persons=("he",), tenses=(Tense.PRESENT, Tense.PAST), polarities=YES_NO)
def superlative(draw: Draw) -> Sentence:
    """This is the oldest house in the village."""
    noun = draw.noun("building")
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
    noun = draw.noun("object", "clothes", "vehicle", "pet", "reading", "device")
    plural = draw.chance(0.25) and not (noun.mass or noun.en_only_plural)
    return Sentence((this_is(draw, NounPhrase(noun, plural=plural, owner=draw.one(owners))),))


@frame(6, tenses=STATIVE[:3], polarities=YES_NO, forms=BOTH)
def somebody_is_somewhere(draw: Draw) -> Sentence:
    """The children are in the garden."""
    where = located(draw) if draw.chance(0.4) else draw.adverb("place")
    return draw.say(draw.clause(draw.subject("person", "animal"), BE, where, *draw.when(0.2)))


@frame(5, persons=NOUNS, tenses=STATIVE[:2], polarities=YES_NO, forms=BOTH)
def something_is_somewhere(draw: Draw) -> Sentence:
    """The keys are on the table."""
    subject = said_of(draw, "object", "reading", "pet", "clothes", "container", "toy")
    place = draw.noun(*("furniture", "vehicle", "building")[: 3 if subject.noun.kind == "pet" else 1])
    en, fr = draw.one(POSITIONS if place.kind == "furniture" and place.en not in UPRIGHT else POSITIONS[2:])
    return draw.say(draw.clause(subject, BE, Object(NounPhrase(place), en, fr)))


@frame(3, persons=NOUNS[:1], tenses=STATIVE[:2], polarities=YES_NO, forms=BOTH)
def building_is_somewhere(draw: Draw) -> Sentence:
    """The bank is opposite the post office."""
    first, second = draw.noun("building"), draw.noun("building")
    if first is second:
        raise Unfit
    en, fr = draw.one(
        (("opposite", "en face de"), ("next to", "à côté de"), ("behind", "derrière"), ("near", "près de"))
    )
    return draw.say(draw.clause(NounPhrase(first), BE, Object(NounPhrase(second), en, fr)))


@frame(5, persons=NOUNS, tenses=STATIVE[:3], polarities=(*YES_NO, Polarity.NO_LONGER), forms=BOTH)
def there_is(draw: Draw) -> Sentence:
    """There are three chairs in the kitchen."""
    plural = draw.features.person == "many"
    what = draw.phrase("furniture", "object", "people", "device", "container", determiners=("a",), plural=plural)
    if what.plural and draw.features.polarity is Polarity.POSITIVE and draw.chance(0.5):
        if draw.chance(0.5):
            what = NounPhrase(what.noun, count=draw.one(range(2, 13)), plural=True)
        else:
            what = NounPhrase(what.noun, draw.one(("several", "many", "too many", "a few")), plural=True)
    where = located(draw, "room", "building")
    return draw.say(existential(draw, what, where))


@frame(2.5, persons=NOUNS[:1], tenses=STATIVE[:2], polarities=YES_NO, forms=BOTH)
def there_is_near(draw: Draw) -> Sentence:
    """Is there a bank near the hotel?"""
    first, second = draw.noun("building", "shop"), draw.noun("building", "shop")
    if first is second:
        raise Unfit
    where = Object(NounPhrase(second), *draw.one(POSITIONS[2:]))
    return draw.say(existential(draw, NounPhrase(first, "a"), where))


def existential(draw: Draw, what: NounPhrase, *rest: Object) -> Clause:
    """There is: il y a."""
    there = Filler("there", "il", what.plural or what.noun.en_only_plural, clitic="y")
    return draw.clause(there, THERE, Object(what), *rest)


@frame(8, tenses=STATIVE, polarities=(*YES_NO, Polarity.NO_LONGER, Polarity.NEVER), forms=BOTH)
def having(draw: Draw) -> Sentence:
    """We have two cars; I do not have a dog."""
    noun = draw.noun("object", "device", "vehicle", "pet", "reading", "instrument", "toy", "clothes", "furniture")
    what, positive = draw.phrase_of(noun, ("a",)), draw.features.polarity is Polarity.POSITIVE
    if what.determiner == "a" and not noun.en_only_plural and positive and draw.chance(0.4):
        what = NounPhrase(noun, count=draw.one(range(2, 8)), plural=True)
        if draw.chance(0.4):
            what = NounPhrase(noun, draw.one(("several", "many", "too many", "a few")), plural=True)
    return draw.say(draw.clause(draw.subject(), HAVE, Object(what)))


@frame(6, tenses=(Tense.PRESENT, Tense.PAST, Tense.PERFECT, Tense.FUTURE), polarities=YES_NO, forms=BOTH)
def having_ideas(draw: Draw) -> Sentence:
    """She has found a solution; we talked about the problem."""
    idea = draw.phrase("idea", determiners=("the", "a", "this", "another", "owner"), plural=None)
    verbs = tuple(v for v in draw.words.verbs if "idea" in v.objects and not v.recipient and "person" in v.subjects)
    verb = draw.word(verbs)
    if verb.state and draw.features.tense is Tense.PERFECT:
        raise Unfit
    return draw.say(draw.clause(draw.subject(), verb, Object(idea, verb.en_prep, verb.fr_prep)))


@frame(3, persons=NOUNS, tenses=STATIVE[:2], polarities=YES_NO, forms=BOTH)
def made_of(draw: Draw) -> Sentence:
    """The table is made of wood."""
    material = draw.noun("material", "fabric")
    names = WOVEN if material.kind == "fabric" else THIN if material.en in ("paper", "cardboard", "rubber") else SOLID
    noun = draw.word(tuple(n for n in draw.words.nouns["thing"] if n.en in names))
    what = replace(draw.phrase_of(noun, DEFINITE, draw.features.person == "many"), adjectives=())
    made = Verb("be", "être", en_rest="made", state=True)
    return draw.say(draw.clause(what, made, Object(NounPhrase(material, "none"), "of", "en")))


THIN = ("box", "cup", "plate", "toy", "bowl")
WOVEN = ("shirt", "skirt", "dress", "coat", "jacket", "scarf", "glove", "hat", "cap", "tie", "trousers", "blouse")
SOLID = ("table", "chair", "bench", "shelf", "desk", "box", "cup", "bowl", "plate", "tray", "vase", "chest", "spoon",
         "statue", "door", "gate", "stick", "toy", "robot", "medal", "handle", "tool")  # fmt: skip


@frame(6, persons=NOUNS[:1], tenses=STATIVE[:3], polarities=YES_NO, forms=BOTH)
def there_is_stuff(draw: Draw) -> Sentence:
    """There is some mud in the garden; there isn't any salt in the cupboard."""
    what = NounPhrase(draw.noun("ground", "ingredient", "drink"), "some")
    if not what.noun.mass:
        raise Unfit
    if what.noun.kind == "ground":
        where = located(draw, "nature", "room")
    else:
        where = Object(NounPhrase(draw.word(tuple(n for n in draw.words.nouns["container"] if n.en in VESSELS))),
                       "in", "dans")  # fmt: skip
    return draw.say(existential(draw, what, where))


VESSELS = ("cup", "glass", "bottle", "bowl", "jar", "bucket")
