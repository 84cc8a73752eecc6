"""Situations of everyday life: places and travel, body and health, shopping, people."""

from dataclasses import replace

from data_prep.phrasebook.closed import BE, GO, HAVE, SPOUSES, I
from data_prep.phrasebook.draw import Draw, Unfit
from data_prep.phrasebook.forms import number_words
from data_prep.phrasebook.frames.actions import CAN, LIKE, MUST, adverbial
from data_prep.phrasebook.frames.descriptions import COST, said_of
from data_prep.phrasebook.frames.frame import BOTH, NOUNS, STATIVE, YES_NO, frame
from data_prep.phrasebook.frames.time_and_weather import in_country
from data_prep.phrasebook.lexicon import Lemma, Noun, Verb
from data_prep.phrasebook.structure import (
    Both,
    Clitic,
    Filler,
    Grade,
    Idiom,
    Infinitive,
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

BEEN = Verb("be", "aller", etre=True)
LIVE = Verb("live", "habiter", state=True)
ONE = ("I", "you", "polite", "he", "she", "one")
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
NEARBY = VEHICLES[:4] + VEHICLES[5:6] + VEHICLES[7:]
DISTANT = VEHICLES[:3] + VEHICLES[4:5] + VEHICLES[6:7]
QUANTITIES = (
    ("a kilo of", "un kilo de", ("fruit", "vegetable")),
    ("two kilos of", "deux kilos de", ("fruit", "vegetable")),
    ("a basket of", "un panier de", ("fruit", "vegetable")),
    ("a glass of", "un verre de", ("drink",)),
    ("a bottle of", "une bouteille de", ("drink",)),
    ("a litre of", "un litre de", ("drink",)),
)


NOWHERE = ("road", "street", "avenue", "path", "tunnel", "building", "town")
"""Where one does not go; to town is an adverbial, en ville."""


def destination(draw: Draw) -> Noun:
    """Where one goes: no room, no way."""
    places = (noun for noun in draw.words.nouns["place"] if noun.kind != "room")
    return draw.word(tuple(noun for noun in places if noun.en not in NOWHERE))


@frame(7, tenses=(Tense.PROGRESSIVE, Tense.PAST, Tense.PERFECT, Tense.FUTURE, Tense.GOING, Tense.CONDITIONAL),
       polarities=(*YES_NO, Polarity.NEVER), forms=BOTH)  # fmt: skip
def going_somewhere(draw: Draw) -> Sentence:
    """We are going to the beach by car; have you ever been to the museum?"""
    noun = destination(draw)
    to = Object(NounPhrase(noun), "to", noun.place[2])
    by = (Text(*draw.one(NEARBY)),) if draw.chance(0.25) else ()
    perfect = draw.features.tense is Tense.PERFECT
    ever = {"adverb": Lemma("ever", "déjà")} if perfect and draw.features.form == "question" else {}
    verb = BEEN if perfect and draw.chance(0.7) else GO
    return draw.say(draw.clause(draw.subject(), verb, to, *by, *draw.when(0.35), **ever))


@frame(2, tenses=(Tense.PRESENT,), polarities=YES_NO, forms=BOTH)
def going_often(draw: Draw) -> Sentence:
    """She often goes to the market."""
    noun = destination(draw)
    to = Object(NounPhrase(noun), "to", noun.place[2])
    if draw.features.polarity is Polarity.POSITIVE and draw.chance(0.5):
        return draw.say(draw.clause(draw.subject(), GO, to, adverb=draw.adverb("frequency")))
    return draw.say(draw.clause(draw.subject(), GO, to, draw.adverb("habit")))


@frame(2, tenses=(Tense.PROGRESSIVE, Tense.GOING, Tense.PAST), polarities=YES_NO)  # there is no y before ira
def place_and_there(draw: Draw) -> Sentence:
    """The museum? We are going there tomorrow."""
    place = NounPhrase(destination(draw))
    clause = draw.clause(draw.subject(), GO, Clitic("there", "y"), *draw.when(0.6))
    return draw.say(place, Text("?", "?"), clause)


@frame(4, tenses=(Tense.PRESENT, Tense.PAST, Tense.FUTURE, Tense.CONDITIONAL), polarities=(*YES_NO, Polarity.NO_LONGER),
       forms=BOTH)  # fmt: skip
def living_somewhere(draw: Draw) -> Sentence:
    """My aunt lives in Italy; they live in London."""
    return draw.say(draw.clause(draw.subject(), LIVE, residence(draw)))


def residence(draw: Draw) -> Text:
    """In Italy, in London."""
    if draw.chance(0.5):
        return in_country(draw.word(draw.words.countries))
    city = draw.word(draw.words.cities)
    return Text(f"in {city.en}", f"à {city.fr}")


@frame(1.5, persons=("I", "we", "he", "she", "they", "one", "many"), tenses=(Tense.SINCE,), forms=BOTH)
def living_since(draw: Draw) -> Sentence:
    """My parents have been living in London for ten years."""
    years = draw.one(range(2, 31))
    length = Text(f"for {number_words(years, 'en')} years", f"depuis {number_words(years, 'fr')} ans")
    return draw.say(draw.clause(draw.subject(), replace(LIVE, state=False), residence(draw), length))


@frame(2, persons=("you", "polite", "you all", "we"), polarities=YES_NO, forms=("imperative",))
def sending_somewhere(draw: Draw) -> Sentence:
    """Let's go to the beach; don't go to the station."""
    noun = destination(draw)
    assert draw.subject_of_all is not None
    return draw.say(draw.clause(draw.subject_of_all, GO, Object(NounPhrase(noun), "to", noun.place[2])))


@frame(3, tenses=(Tense.PROGRESSIVE, Tense.PAST, Tense.FUTURE, Tense.GOING), polarities=YES_NO, forms=BOTH)
def travelling(draw: Draw) -> Sentence:
    """Last year we went to Canada by boat."""
    if draw.chance(0.5):
        country = draw.word(draw.words.countries)
        where = Text(f"to {country.en}", in_country(country).fr)
    else:
        city = draw.word(draw.words.cities)
        where = Text(f"to {city.en}", f"à {city.fr}")
    by = (Text(*draw.one(DISTANT)),) if draw.chance(0.3) else ()
    return draw.say(draw.clause(draw.subject(), GO, where, *by, *draw.when(0.6)))


@frame(5, tenses=STATIVE[:2], polarities=YES_NO, forms=BOTH)
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


@frame(5, persons=ONE, tenses=STATIVE[:2], polarities=YES_NO, forms=BOTH)
def hurting(draw: Draw) -> Sentence:
    """My head hurts: j'ai mal à la tête."""
    noun = draw.noun("bodypart")
    if noun.en == "tooth":  # aux dents
        raise Unfit
    if draw.features.person == "one":
        owner: Name | Pronoun = draw.name()
    else:
        owner = Pronoun(agreement(draw.subject()))
    hurts = draw.clause(NounPhrase(noun, owner=owner), HURT)
    return draw.say(Idiom(hurts, draw.clause(owner, PAIN, Object(NounPhrase(noun), "", "à"))))


HURT = Verb("hurt", "blesser", state=True)
PAIN = Verb("have", "avoir", fr_rest="mal", state=True)


@frame(2, persons=ONE, tenses=(Tense.PAST, Tense.PERFECT, Tense.PLUPERFECT), polarities=YES_NO, forms=BOTH)
def breaking_a_limb(draw: Draw) -> Sentence:
    """She has broken her arm: elle s'est cassé le bras."""
    verb, parts = draw.one(HARM)
    return own_body(draw, verb, parts)


@frame(2.5, tenses=(Tense.PRESENT, Tense.PAST, Tense.FUTURE, Tense.GOING), polarities=YES_NO, forms=BOTH)
def washing(draw: Draw) -> Sentence:
    """They wash their hands: ils se lavent les mains."""
    verb, parts = draw.one(CARE)
    return own_body(draw, verb, parts)


def own_body(draw: Draw, verb: Verb, parts: tuple[str, ...]) -> Sentence:
    """Something that one does to oneself, perhaps having to."""
    noun = draw.word(tuple(n for n in draw.words.nouns["bodypart"] if n.en in parts))
    subject = draw.subject()
    plural = noun.en in PAIRED and verb not in (BREAK, CUT)
    own = Object(NounPhrase(noun, plural=plural, owner=Pronoun(agreement(subject)), inalienable=True))
    positive = draw.features.polarity is Polarity.POSITIVE
    if draw.features.tense is Tense.PRESENT and positive and draw.chance(0.5):
        modal = draw.one((MUST, CAN))
        return draw.say(draw.clause(subject, modal, Infinitive("", "", verb, (own,))))
    return draw.say(draw.clause(subject, verb, own, *draw.when(0.3)))


BREAK = Verb("break", "casser", reflexive=True)
CUT = Verb("cut", "couper", reflexive=True)
HARM = (
    (BREAK, ("arm", "leg", "finger", "nose", "foot", "wrist", "ankle", "hand")),
    (CUT, ("finger", "hand", "foot", "leg")),
)
CARE = (
    (Verb("wash", "laver", reflexive=True), ("hand", "face", "foot", "hair")),
    (Verb("brush", "brosser", reflexive=True), ("tooth",)),
)
PAIRED = ("hand", "foot", "tooth")


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
    if noun.en in SPOUSES:
        raise Unfit
    whose = NounPhrase(noun, owner=owner, apposition=name, feminine=name.gender == "f")
    return Sentence((draw.clause(Filler("this", "ce"), BE, Object(whose)),))


@frame(2, persons=("he",))
def exclaiming(draw: Draw) -> Sentence:
    """What a beautiful house!"""
    noun = draw.noun("thing", "place", "animal", "food", "people")
    plural = draw.chance(0.3)
    word = draw.adjective(noun)
    if not word.comparable or noun.mass or noun.fr_only_plural or noun.en_only_plural:
        raise Unfit
    phrase = NounPhrase(noun, "what a", plural, (word,))
    return Sentence((phrase,), "!")


@frame(3, persons=("many",), tenses=(Tense.PAST, Tense.PROGRESSIVE, Tense.FUTURE, Tense.GOING), polarities=YES_NO)
def two_people(draw: Draw) -> Sentence:
    """Paul and Marie are dancing; my brother and I waited."""
    first = draw.person()
    second = draw.name() if draw.chance(0.7) else I
    verb, complements = draw.action()
    if verb.state or first == second or not isinstance(first, Name | NounPhrase):
        raise Unfit
    if second is I and not isinstance(first, Name):
        first = NounPhrase(draw.noun("kin"), owner=I)
    return draw.say(draw.clause(Both(first, second), verb, *complements, *adverbial(draw, verb)))


@frame(2.5, persons=NOUNS, tenses=(Tense.PRESENT, Tense.FUTURE))
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
