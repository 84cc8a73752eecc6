"""Situations of everyday life: places and travel, body and health, shopping, people."""

from data_prep.phrasebook.closed import BE, HAVE, I
from data_prep.phrasebook.draw import Draw, Unfit
from data_prep.phrasebook.frames.actions import adverbial
from data_prep.phrasebook.frames.frame import BOTH, NOUNS, STATIVE, YES_NO, frame
from data_prep.phrasebook.frames.time_and_weather import in_country
from data_prep.phrasebook.lexicon import Verb
from data_prep.phrasebook.structure import (
    Both,
    Clitic,
    Filler,
    Grade,
    Idiom,
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

GO = Verb("go", "aller", etre=True)
LIVE = Verb("live", "habiter", state=True)
VEHICLES = (
    ("by train", "en train"),
    ("by car", "en voiture"),
    ("by bus", "en bus"),
    ("by bike", "à vélo"),
    ("by plane", "en avion"),
    ("on foot", "à pied"),
    ("by boat", "en bateau"),
    ("by taxi", "en taxi"),
)
QUANTITIES = (
    ("a kilo of", "un kilo de", ("fruit", "vegetable")),
    ("two kilos of", "deux kilos de", ("fruit", "vegetable")),
    ("a basket of", "un panier de", ("fruit", "vegetable")),
    ("a glass of", "un verre de", ("drink",)),
    ("a bottle of", "une bouteille de", ("drink",)),
    ("a litre of", "un litre de", ("drink",)),
)


@frame(7, tenses=(Tense.PROGRESSIVE, Tense.PAST, Tense.PERFECT, Tense.FUTURE, Tense.GOING, Tense.CONDITIONAL),
       polarities=YES_NO, forms=BOTH)  # fmt: skip
def going_somewhere(draw: Draw) -> Sentence:
    """We are going to the beach by car."""
    noun = draw.noun("building", "place", "nature")
    to = Object(NounPhrase(noun), "to", noun.place[2])
    by = (Text(*draw.one(VEHICLES)),) if draw.chance(0.25) else ()
    return draw.say(draw.clause(draw.subject(), GO, to, *by, *draw.when(0.35)))


@frame(2, tenses=(Tense.PRESENT,), polarities=YES_NO, forms=BOTH)
def going_often(draw: Draw) -> Sentence:
    """She often goes to the market."""
    noun = draw.noun("building", "place", "nature")
    to = Object(NounPhrase(noun), "to", noun.place[2])
    if draw.features.polarity is Polarity.POSITIVE and draw.chance(0.5):
        return draw.say(draw.clause(draw.subject(), GO, to, adverb=draw.adverb("frequency")))
    return draw.say(draw.clause(draw.subject(), GO, to, draw.adverb("habit")))


@frame(2, tenses=(Tense.PROGRESSIVE, Tense.FUTURE, Tense.GOING, Tense.PAST), polarities=YES_NO)
def place_and_there(draw: Draw) -> Sentence:
    """The museum? We are going there tomorrow."""
    place = NounPhrase(draw.noun("building", "place"))
    clause = draw.clause(draw.subject(), GO, Clitic("there", "y"), *draw.when(0.6))
    return draw.say(place, Text("?", "?"), clause)


@frame(4, tenses=(Tense.PRESENT, Tense.PAST, Tense.FUTURE, Tense.CONDITIONAL), polarities=(*YES_NO, Polarity.NO_LONGER),
       forms=BOTH)  # fmt: skip
def living_somewhere(draw: Draw) -> Sentence:
    """My aunt lives in Italy; they live in London."""
    if draw.chance(0.5):
        where = in_country(draw.word(draw.words.countries))
    else:
        city = draw.word(draw.words.cities)
        where = Text(f"in {city.en}", f"à {city.fr}")
    return draw.say(draw.clause(draw.subject(), LIVE, where))


@frame(3, tenses=(Tense.PROGRESSIVE, Tense.PAST, Tense.FUTURE, Tense.GOING), polarities=YES_NO, forms=BOTH)
def travelling(draw: Draw) -> Sentence:
    """Last year we went to Canada by boat."""
    if draw.chance(0.5):
        country = draw.word(draw.words.countries)
        where = Text(f"to {country.en}", in_country(country).fr)
    else:
        city = draw.word(draw.words.cities)
        where = Text(f"to {city.en}", f"à {city.fr}")
    by = (Text(*draw.one(VEHICLES)),) if draw.chance(0.3) else (draw.adverb("when"),)
    return draw.say(draw.clause(draw.subject(), GO, where, *by, *draw.when(0.4)))


@frame(3, tenses=STATIVE[:2], polarities=YES_NO, forms=BOTH)
def nationality(draw: Draw) -> Sentence:
    """Her husband is Italian."""
    return draw.say(draw.clause(draw.subject(), BE, Grade(draw.nationality())))


@frame(2, persons=NOUNS[:1], tenses=STATIVE[:1], polarities=YES_NO)
def food_of_a_country(draw: Draw) -> Sentence:
    """Marie likes Italian wine."""
    noun = draw.noun("dish", "fruit", "drink")
    what = NounPhrase(noun, "generic", not noun.mass, (draw.nationality(),))
    verb = draw.one((Verb("like", "aimer", state=True), Verb("love", "adorer", state=True)))
    return draw.say(draw.clause(draw.person(), verb, Object(what)))


@frame(5, tenses=STATIVE[:2], polarities=YES_NO, forms=BOTH)
def hurting(draw: Draw) -> Sentence:
    """My head hurts: j'ai mal à la tête."""
    noun = draw.noun("bodypart")
    if draw.features.person in ("one", "many"):
        owner: Name | Pronoun = draw.name()
    else:
        owner = Pronoun(agreement(draw.subject()))
    hurts = draw.clause(NounPhrase(noun, owner=owner), HURT)
    return draw.say(Idiom(hurts, draw.clause(owner, PAIN, Object(NounPhrase(noun), "", "à"))))


HURT = Verb("hurt", "blesser", state=True)
PAIN = Verb("have", "avoir", fr_rest="mal", state=True)


@frame(2, tenses=(Tense.PAST, Tense.PERFECT, Tense.PLUPERFECT), polarities=YES_NO, forms=BOTH)
def breaking_a_limb(draw: Draw) -> Sentence:
    """She has broken her arm: elle s'est cassé le bras."""
    noun = draw.word(tuple(n for n in draw.words.nouns["bodypart"] if n.en in LIMBS))
    subject = draw.subject()
    own = NounPhrase(noun, owner=Pronoun(agreement(subject)), inalienable=True)
    return draw.say(draw.clause(subject, HARM, Object(own), *draw.when(0.3)))


LIMBS = ("arm", "leg", "finger", "nose", "foot", "wrist", "ankle", "hand", "knee", "toe", "elbow")
HARM = Verb("break", "casser", reflexive=True)


@frame(2, tenses=STATIVE, polarities=(*YES_NO, Polarity.NO_LONGER), forms=BOTH)
def being_ill(draw: Draw) -> Sentence:
    """My son has a cold."""
    return draw.say(draw.clause(draw.subject(), HAVE, Object(NounPhrase(draw.noun("illness"), "a"))))


@frame(2.5, tenses=(Tense.PRESENT, Tense.PAST, Tense.FUTURE, Tense.GOING), forms=BOTH)
def buying_quantities(draw: Draw) -> Sentence:
    """We bought two kilos of apples."""
    en, fr, kinds = draw.one(QUANTITIES)
    noun = draw.noun(*kinds)
    verb = Verb("buy", "acheter") if kinds != ("drink",) else draw.one((Verb("drink", "boire"), Verb("buy", "acheter")))
    what = Object(NounPhrase(noun, "none", not noun.mass), en, fr)
    return draw.say(draw.clause(draw.subject(), verb, what, *draw.when(0.3)))


@frame(1.5, persons=("I", "he", "she", "one"))
def introducing(draw: Draw) -> Sentence:
    """My name is Paul; this is my friend Marie."""
    name = draw.name()
    if draw.features.person == "I":
        return Sentence((Text(f"my name is {name.text.en}", f"je m'appelle {name.text.fr}"),))
    owner = draw.owner()
    people = tuple(n for n in draw.words.nouns["kin"] if n.gender in (name.gender, "mf") and not n.en_only_plural)
    noun = draw.word(people)
    whose = NounPhrase(noun, owner=owner, apposition=name, feminine=name.gender == "f")
    return Sentence((draw.clause(Filler("this", "ce"), BE, Object(whose)),))


@frame(2, persons=("he",))
def exclaiming(draw: Draw) -> Sentence:
    """What a beautiful house!"""
    noun = draw.noun("thing", "place", "animal", "food", "people")
    plural = draw.chance(0.3)
    word = draw.adjective(noun)
    if noun.mass or noun.fr_only_plural or noun.en_only_plural:
        raise Unfit
    phrase = NounPhrase(noun, "what a", plural, (word,))
    return Sentence((phrase,), "!")


@frame(3, persons=("many",), tenses=(Tense.PAST, Tense.PROGRESSIVE, Tense.FUTURE, Tense.GOING), polarities=YES_NO)
def two_people(draw: Draw) -> Sentence:
    """Paul and Marie are dancing; my brother and I waited."""
    first = draw.person()
    second = draw.name() if draw.chance(0.7) else I
    verb, complements = draw.action()
    if verb.state or not isinstance(first, Name | NounPhrase):
        raise Unfit
    if second is I and not isinstance(first, Name):
        first = NounPhrase(draw.noun("kin"), owner=I)
    return draw.say(draw.clause(Both(first, second), verb, *complements, *adverbial(draw, verb)))
