"""What people and animals do: verbs of the tables with their objects, infinitives, orders."""

from dataclasses import replace

from data_prep.phrasebook.closed import BE, HE, SHE, THEY, WE, I
from data_prep.phrasebook.draw import Draw, Unfit
from data_prep.phrasebook.frames.frame import (
    ALL,
    BOTH,
    NO_ADVERB_TENSES,
    NOUNS,
    STATIVE,
    TENSES,
    YES_NO,
    frame,
)
from data_prep.phrasebook.lexicon import Verb
from data_prep.phrasebook.structure import (
    Agreement,
    Complement,
    Infinitive,
    NounPhrase,
    Object,
    Polarity,
    Pronoun,
    Sentence,
    Tense,
    Text,
    Wish,
    agreement,
)

THEM = (I, HE, SHE, WE, THEY, Pronoun(Agreement(2)))
CAN = Verb("can", "pouvoir", state=True)
MUST = Verb("must", "devoir", state=True)
HAVE_TO = Verb("have", "devoir", en_rest="to", state=True)
LIKE = Verb("like", "vouloir", state=True)
WANT = Verb("want", "vouloir", state=True)
EXPECT = Verb("expect", "attendre", state=True)
NEED = Verb("be", "être", en_rest="necessary", fr_rest="nécessaire", state=True)


def other(draw: Draw) -> Pronoun:
    """A pronoun as object that is not the subject; you only where it is clear who that is."""
    subject = draw.subject_of_all
    taken = subject.agreement.person if subject else 3
    choices = [p for p in THEM if p.agreement.person != taken and p.agreement.person != 2]
    return draw.one(choices or [I, HE, SHE])


def event_only(draw: Draw, verb: Verb) -> None:
    """A state is not going on, has not just been, and is not ordered."""
    tenses = (Tense.PROGRESSIVE, Tense.PAST_PROGRESSIVE, Tense.JUST, Tense.HABITUAL, Tense.PLUPERFECT, Tense.PERFECT)
    if verb.state and (draw.features.tense in tenses or draw.features.form == "imperative"):
        raise Unfit


def adverbial(draw: Draw, verb: Verb) -> tuple[Complement, ...]:
    """How, when, where: at most two of them."""
    positive = draw.features.polarity is Polarity.POSITIVE
    how = (draw.adverb("manner"),) if positive and verb.how and draw.chance(0.5) else ()
    where = (draw.adverb("place"),) if not (how or verb.objects) and draw.chance(0.12) else ()
    when = draw.when(0.3) if positive or draw.features.polarity is Polarity.NOT else ()
    if not when and not how and draw.chance(0.35) and positive:
        when = (draw.adverb("when"),)
    return (*how, *where, *when)


def often(draw: Draw) -> dict[str, object]:
    """Perhaps an adverb of frequency."""
    fits = draw.features.tense in (Tense.PRESENT,) and draw.features.polarity is Polarity.POSITIVE
    return {"adverb": draw.adverb("frequency")} if fits and draw.chance(0.25) else {}


@frame(9, tenses=TENSES, polarities=ALL, forms=BOTH)
def somebody_acts(draw: Draw) -> Sentence:
    """The children sleep quietly."""
    verb = draw.verb()
    event_only(draw, verb)
    extra = often(draw)
    return draw.say(draw.clause(draw.subject(), verb, *(() if extra else adverbial(draw, verb)), **extra))


@frame(22, tenses=TENSES, polarities=ALL, forms=BOTH)
def somebody_does_something(draw: Draw) -> Sentence:
    """Paul is repairing the old car."""
    verb = draw.word(transitive(draw))
    event_only(draw, verb)
    extra = often(draw)
    what = draw.object_of(verb)
    return draw.say(draw.clause(draw.subject(), verb, what, *(() if extra else adverbial(draw, verb)), **extra))


def transitive(draw: Draw) -> tuple[Verb, ...]:
    """Verbs that a person does to something."""
    return tuple(v for v in draw.words.verbs if v.objects and "person" in v.subjects and not v.recipient)


@frame(5, tenses=(*NO_ADVERB_TENSES, Tense.GOING, Tense.HABITUAL), polarities=ALL, forms=BOTH)
def learning_and_playing(draw: Draw) -> Sentence:
    """We play chess on Sundays; is she learning Arabic?"""
    kind = draw.one(("sport", "sport", "instrument", "language", "subject", "subject"))
    verbs = tuple(v for v in draw.words.verbs if kind in v.objects and "person" in v.subjects and not v.recipient)
    verb = draw.word(verbs)
    event_only(draw, verb)
    extra = often(draw)
    what = draw.object_of(verb, (kind,))
    return draw.say(draw.clause(draw.subject(), verb, what, *(() if extra else adverbial(draw, verb)), **extra))


@frame(2, persons=NOUNS, tenses=NO_ADVERB_TENSES, polarities=YES_NO, forms=BOTH)
def animal_acts(draw: Draw) -> Sentence:
    """The dog is chasing the cat."""
    verb = draw.word(tuple(v for v in draw.words.verbs if "animal" in v.subjects))
    event_only(draw, verb)
    complements = (draw.object_of(verb),) if verb.objects else ()
    subject = draw.phrase("animal", determiners=("the", "the", "owner"), plural=draw.features.person == "many")
    return draw.say(draw.clause(subject, verb, *complements))


@frame(2, persons=NOUNS, tenses=NO_ADVERB_TENSES, polarities=YES_NO, forms=BOTH)
def thing_acts(draw: Draw) -> Sentence:
    """The train stops."""
    verbs = tuple(v for v in draw.words.verbs if v.subjects and not {"person", "animal"} & {*v.subjects})
    verb = draw.word(verbs)
    event_only(draw, verb)
    subject = draw.phrase(draw.one(verb.subjects), determiners=("the", "this"), plural=draw.features.person == "many")
    return draw.say(draw.clause(subject, verb, *((draw.object_of(verb),) if verb.objects else ())))


@frame(6, tenses=TENSES, polarities=ALL, forms=BOTH)
def somebody_meets_one(draw: Draw) -> Sentence:
    """We have seen her."""
    verb = draw.word(tuple(v for v in draw.words.verbs if "person" in v.objects and "person" in v.subjects))
    event_only(draw, verb)
    whom = Object(other(draw), verb.en_prep, verb.fr_prep, verb.reflexive or verb.fr == "penser")
    return draw.say(draw.clause(draw.subject(), verb, whom, *draw.when(0.25)))


@frame(4, tenses=TENSES, polarities=YES_NO, forms=BOTH)
def giving(draw: Draw) -> Sentence:
    """Marie gave a book to her brother."""
    verb = draw.word(tuple(v for v in draw.words.verbs if v.recipient))
    what = draw.object_of(verb)
    if what.nominal in (I, HE):
        raise Unfit
    to = Object(draw.person(), verb.recipient, "à")
    return draw.say(draw.clause(draw.subject(), verb, what, to, *draw.when(0.2)))


@frame(3.5, tenses=TENSES, polarities=YES_NO, forms=BOTH)
def giving_to_one(draw: Draw) -> Sentence:
    """She showed the photograph to me."""
    verb = draw.word(tuple(v for v in draw.words.verbs if v.recipient))
    to = Object(other(draw), verb.recipient, "à")
    return draw.say(draw.clause(draw.subject(), verb, draw.object_of(verb), to, *draw.when(0.2)))


@frame(6, tenses=(*NO_ADVERB_TENSES, Tense.GOING), polarities=YES_NO, forms=BOTH)
def wanting_to(draw: Draw) -> Sentence:
    """They want to sell their house."""
    outer = draw.word(draw.words.infinitive)
    event_only(draw, outer)
    verb, complements = draw.action()
    inner = Infinitive(outer.en_prep, outer.fr_prep, verb, complements)
    return draw.say(draw.clause(draw.subject(), replace(outer, en_prep="", fr_prep=""), inner))


@frame(6, tenses=(Tense.PRESENT, Tense.PRESENT, Tense.CONDITIONAL), polarities=YES_NO, forms=BOTH)
def being_able(draw: Draw) -> Sentence:
    """You can use my phone."""
    verb, complements = draw.action()
    return draw.say(draw.clause(draw.subject(), CAN, Infinitive("", "", verb, complements)))


@frame(4, tenses=(Tense.PRESENT, Tense.CONDITIONAL), polarities=YES_NO)
def having_to(draw: Draw) -> Sentence:
    """The pupils must learn French; we should wait."""
    verb, complements = draw.action()
    should = draw.features.tense is Tense.CONDITIONAL
    outer = replace(MUST, en="should") if should else MUST
    return draw.say(draw.clause(draw.subject(), outer, Infinitive("", "", verb, complements)))


@frame(2, tenses=(Tense.PRESENT, Tense.FUTURE), forms=BOTH)
def being_obliged(draw: Draw) -> Sentence:
    """She has to take the train."""
    verb, complements = draw.action()
    return draw.say(draw.clause(draw.subject(), HAVE_TO, Infinitive("", "", verb, complements), *draw.when(0.2)))


@frame(2, tenses=(Tense.CONDITIONAL,), polarities=YES_NO, forms=BOTH)
def would_like(draw: Draw) -> Sentence:
    """I would like to visit the museum."""
    verb, complements = draw.action()
    return draw.say(draw.clause(draw.subject(), LIKE, Infinitive("to", "", verb, complements)))


@frame(2, tenses=STATIVE[:1])
def possible_to(draw: Draw) -> Sentence:
    """It is important to sleep well."""
    verb, complements = draw.action()
    en, fr = draw.one(IMPERSONAL)
    outer = Verb("be", "être", en_rest=en, fr_rest=fr)
    it = Pronoun(Agreement(), thing=True)
    if draw.features.person in ("one", "many"):
        raise Unfit
    return Sentence((draw.clause(it, outer, Infinitive("to", "de", verb, complements)),))


IMPERSONAL = (
    ("important", "important"),
    ("easy", "facile"),
    ("difficult", "difficile"),
    ("possible", "possible"),
    ("impossible", "impossible"),
    ("necessary", "nécessaire"),
    ("dangerous", "dangereux"),
    ("forbidden", "interdit"),
    ("pleasant", "agréable"),
    ("useful", "utile"),
)


@frame(4, tenses=(Tense.PRESENT, Tense.FUTURE, Tense.GOING), polarities=YES_NO)
def thing_and_pronoun(draw: Draw) -> Sentence:
    """The soup is hot; I do not want to eat it."""
    verb, what = object_with_pronoun(draw)
    adjective = draw.grade(what.noun.kind, degree=0.5)
    described = draw.clause(
        replace(what, adjectives=()), BE, adjective, tense=Tense.PRESENT, polarity=Polarity.POSITIVE
    )
    subject = draw.subject()
    said = draw.clause(subject, verb, pronoun_for(what, verb))
    parts = (described, Text(", and" if draw.features.polarity is Polarity.POSITIVE else ", so", ", et"), said)
    if draw.features.polarity is not Polarity.POSITIVE:
        parts = (described, Text(", so", ", donc"), said)
    return draw.say(*parts)


@frame(3, tenses=(Tense.PAST, Tense.PERFECT), polarities=(Polarity.POSITIVE, Polarity.NOT))
def gone_and_pronoun(draw: Draw) -> Sentence:
    """My keys? I have lost them."""
    verb, what = object_with_pronoun(draw)
    return draw.say(what, Text("?", "?"), draw.clause(draw.subject(), verb, pronoun_for(what, verb), *draw.when(0.3)))


def object_with_pronoun(draw: Draw) -> tuple[Verb, NounPhrase]:
    """A verb and a definite thing that it can be done to."""
    verb = draw.word(tuple(v for v in transitive(draw) if {*THINGS} & {*v.objects} and not v.reflexive))
    noun = draw.noun(draw.one([kind for kind in verb.objects if kind in THINGS]))
    if noun.mass:
        raise Unfit
    return verb, draw.phrase_of(noun, ("the", "the", "this", "owner"))


THINGS = (
    "clothes", "furniture", "object", "reading", "device", "vehicle", "instrument", "toy", "plant", "fruit",
    "vegetable", "dish", "container", "pet",
)  # fmt: skip


def pronoun_for(what: NounPhrase, verb: Verb) -> Object:
    """It or them, with the gender of the noun."""
    return Object(Pronoun(agreement(what), thing=True), verb.en_prep, verb.fr_prep)


@frame(2, tenses=(Tense.PRESENT, Tense.PAST, Tense.CONDITIONAL), polarities=YES_NO)
def wanting_somebody_to(draw: Draw) -> Sentence:
    """I want Paul to learn Italian."""
    verb, complements = draw.action()
    return draw.say(draw.clause(draw.subject(), WANT, Wish(draw.person(), verb, complements)))
