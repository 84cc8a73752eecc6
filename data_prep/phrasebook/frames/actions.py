"""What people and animals do: verbs of the tables with their objects, infinitives, orders."""

from dataclasses import replace

from data_prep.phrasebook.closed import BE, HE, LIKING, MOMENTARY, SHE, THEY, WE, I
from data_prep.phrasebook.draw import Draw, Unfit
from data_prep.phrasebook.frames.frame import (
    ALL,
    BOTH,
    NO_ADVERB_TENSES,
    NOUNS,
    PRONOUNS,
    STATIVE,
    TENSES,
    YES_NO,
    frame,
)
from data_prep.phrasebook.lexicon import Lemma, Verb
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

BEFALLING = ("grow", "fall", "lose", "receive")
"""What happens to one."""
LOCAL = ("work", "eat", "sleep", "study", "wait", "rest", "relax", "play", "dance", "sing", "read", "train")
"""Verbs that ask for a place."""
THEM = (I, HE, SHE, WE, THEY)
CAN = Verb("can", "pouvoir", state=True)
MUST = Verb("must", "devoir", state=True)
HAVE_TO = Verb("have", "devoir", en_rest="to", state=True)
LIKE = Verb("like", "vouloir", state=True)
WANT = Verb("want", "vouloir", state=True)


def other(draw: Draw) -> Pronoun:
    """A pronoun as object that is not the subject."""
    taken = draw.subject_of_all.agreement.person if draw.subject_of_all else 3
    return draw.one([pronoun for pronoun in THEM if pronoun.agreement.person != taken])


def event_only(draw: Draw, verb: Verb) -> None:
    """A state is not going on, has not just been, and is not ordered; nor is what nobody does on purpose."""
    tenses = (Tense.PROGRESSIVE, Tense.PAST_PROGRESSIVE, Tense.JUST, Tense.HABITUAL, Tense.PLUPERFECT, Tense.PERFECT)
    ordered = draw.features.form == "imperative"
    if verb.state and (draw.features.tense in tenses or ordered):
        raise Unfit
    if verb.fr in LIKING and draw.features.tense is Tense.CONDITIONAL:  # I would like coffee: je voudrais du café
        raise Unfit
    if ordered and (verb.en in (*MOMENTARY, *BEFALLING) or verb.en_rest in ("lost", "on weight")):
        raise Unfit


def deed(draw: Draw) -> tuple[Verb, tuple[Complement, ...]]:
    """Something that one can want or have to do, also to somebody: no state."""
    if draw.chance(0.15):
        verb = draw.word(meeting(draw))
        complements: tuple[Complement, ...] = (somebody_met(draw, verb),)
    else:
        verb, complements = draw.action()
    if verb.state:
        raise Unfit
    return verb, complements


def meeting(draw: Draw) -> tuple[Verb, ...]:
    """Verbs that a person does to a person."""
    return tuple(v for v in draw.words.verbs if "person" in v.objects and "person" in v.subjects)


def somebody_met(draw: Draw, verb: Verb) -> Object:
    """me, him, us, … as its object."""
    return Object(other(draw), verb.en_prep, verb.fr_prep, verb.reflexive or verb.fr == "penser")


def one_of(draw: Draw, *names: str) -> Verb:
    """One of these verbs without an object, named in English."""
    verbs = (verb for verb in draw.words.verbs if not verb.objects and "person" in verb.subjects)
    return draw.word(tuple(verb for verb in verbs if f"{verb.en} {verb.en_rest}".strip() in names))


def adverbial(draw: Draw, verb: Verb) -> tuple[Complement, ...]:
    """How, when, where: at most two of them."""
    if verb.state:
        return ()
    positive = draw.features.polarity is Polarity.POSITIVE
    how = (draw.adverb("manner"),) if positive and verb.how and draw.chance(0.6) else ()
    where = (draw.adverb("place"),) if not (how or verb.objects or verb.en_rest) and draw.chance(0.16) else ()
    when = draw.when(0.3) if positive or draw.features.polarity is Polarity.NOT else ()
    if not when and not how and draw.chance(0.5) and positive and draw.features.tense not in UNDATED:
        when = (draw.adverb("when"),)
    return (*how, *where, *when)


UNDATED = (Tense.PERFECT, Tense.JUST, Tense.PROGRESSIVE)


def often(draw: Draw, verb: Verb) -> dict[str, object]:
    """Perhaps an adverb of frequency."""
    fits = draw.features.tense is Tense.PRESENT and draw.features.polarity is Polarity.POSITIVE and not verb.state
    return {"adverb": draw.adverb("frequency")} if fits and draw.chance(0.25) else {}


@frame(9, tenses=TENSES, polarities=ALL, forms=BOTH)
def somebody_acts(draw: Draw) -> Sentence:
    """The children sleep quietly."""
    verb = draw.verb()
    event_only(draw, verb)
    extra = often(draw, verb)
    return draw.say(draw.clause(draw.subject(), verb, *(() if extra else adverbial(draw, verb)), **extra))


@frame(22, tenses=TENSES, polarities=ALL, forms=BOTH)
def somebody_does_something(draw: Draw) -> Sentence:
    """Paul is repairing the old car."""
    verb = draw.word(transitive(draw))
    event_only(draw, verb)
    extra = often(draw, verb)
    what = draw.object_of(verb)
    return draw.say(draw.clause(draw.subject(), verb, what, *(() if extra else adverbial(draw, verb)), **extra))


@frame(4, tenses=STATIVE[:3], polarities=(*YES_NO, Polarity.NEVER, Polarity.NO_LONGER), forms=BOTH)
def liking(draw: Draw) -> Sentence:
    """My brother does not like carrots."""
    verb = draw.word(tuple(v for v in transitive(draw) if v.fr in LIKING))
    return draw.say(draw.clause(draw.subject(), verb, draw.object_of(verb)))


def transitive(draw: Draw) -> tuple[Verb, ...]:
    """Verbs that a person does to something."""
    return tuple(v for v in draw.words.verbs if v.objects and "person" in v.subjects and not v.recipient)


@frame(7, tenses=(*NO_ADVERB_TENSES, Tense.GOING, Tense.HABITUAL), polarities=ALL, forms=BOTH)
def learning_and_playing(draw: Draw) -> Sentence:
    """We play chess on Sundays; is she learning Arabic?"""
    kind = draw.one(("sport", "sport", "instrument", "language", "subject", "subject"))
    verbs = tuple(v for v in draw.words.verbs if kind in v.objects and "person" in v.subjects and not v.recipient)
    verb = draw.word(verbs)
    event_only(draw, verb)
    extra = often(draw, verb)
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
    verb = draw.word(meeting(draw))
    event_only(draw, verb)
    when = () if verb.state else draw.when(0.25)
    return draw.say(draw.clause(draw.subject(), verb, somebody_met(draw, verb), *when))


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
    """She showed me the photograph; she showed the photograph to me."""
    verb = draw.word(tuple(v for v in draw.words.verbs if v.recipient))
    what, whom = draw.object_of(verb), other(draw)
    if verb.en in DATIVE and isinstance(what.nominal, NounPhrase) and draw.chance(0.6):
        objects = (Object(whom, "", "à"), what)
    else:
        objects = (what, Object(whom, verb.recipient, "à"))
    return draw.say(draw.clause(draw.subject(), verb, *objects, *draw.when(0.2)))


DATIVE = frozenset(("give", "lend", "show", "send", "bring", "offer", "sell", "teach"))
"""Verbs with two objects in English: she gave me the key."""


@frame(3, tenses=(Tense.PERFECT,), forms=("question",))
def ever(draw: Draw) -> Sentence:
    """Have you ever seen the sea?  As-tu déjà vu la mer ?"""
    verb, complements = draw.action()
    event_only(draw, verb)
    return draw.say(draw.clause(draw.subject(), verb, *complements, adverb=Lemma("ever", "déjà")))


@frame(6, tenses=(*NO_ADVERB_TENSES, Tense.GOING), polarities=YES_NO, forms=BOTH)
def wanting_to(draw: Draw) -> Sentence:
    """They want to sell their house."""
    outer = draw.word(draw.words.infinitive)
    event_only(draw, outer)
    if outer.state and draw.features.tense not in (Tense.PRESENT, Tense.PAST):
        raise Unfit
    verb, complements = deed(draw)
    inner = Infinitive(outer.en_prep, outer.fr_prep, verb, complements)
    return draw.say(draw.clause(draw.subject(), replace(outer, en_prep="", fr_prep=""), inner))


@frame(6, tenses=(Tense.PRESENT, Tense.PRESENT, Tense.CONDITIONAL), polarities=YES_NO, forms=BOTH)
def being_able(draw: Draw) -> Sentence:
    """You can use my phone."""
    verb, complements = deed(draw)
    return draw.say(draw.clause(draw.subject(), CAN, Infinitive("", "", verb, complements)))


@frame(4, tenses=(Tense.PRESENT, Tense.CONDITIONAL), polarities=YES_NO)
def having_to(draw: Draw) -> Sentence:
    """The pupils must learn French; we should wait."""
    verb, complements = deed(draw)
    should = draw.features.tense is Tense.CONDITIONAL
    outer = replace(MUST, en="should") if should else MUST
    return draw.say(draw.clause(draw.subject(), outer, Infinitive("", "", verb, complements)))


@frame(2, tenses=(Tense.PRESENT, Tense.FUTURE), forms=BOTH)
def being_obliged(draw: Draw) -> Sentence:
    """She has to take the train."""
    verb, complements = deed(draw)
    return draw.say(draw.clause(draw.subject(), HAVE_TO, Infinitive("", "", verb, complements), *draw.when(0.2)))


@frame(2, tenses=(Tense.CONDITIONAL,), polarities=YES_NO, forms=BOTH)
def would_like(draw: Draw) -> Sentence:
    """I would like to visit the museum."""
    verb, complements = deed(draw)
    return draw.say(draw.clause(draw.subject(), LIKE, Infinitive("to", "", verb, complements)))


@frame(2, persons=PRONOUNS, tenses=STATIVE[:1])
def possible_to(draw: Draw) -> Sentence:
    """It is important to sleep well."""
    verb, complements = deed(draw)
    en, fr = draw.one(IMPERSONAL)
    outer = Verb("be", "être", en_rest=en, fr_rest=fr)
    it = Pronoun(Agreement(), thing=True)
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
    described = draw.clause(what, BE, adjective, tense=Tense.PRESENT, polarity=Polarity.POSITIVE)
    link = Text(", and", ", et") if draw.features.polarity is Polarity.POSITIVE else Text(", so", ", donc")
    return draw.say(described, link, draw.clause(draw.subject(), verb, pronoun_for(what, verb)))


@frame(3, tenses=(Tense.PAST, Tense.PERFECT), polarities=(Polarity.POSITIVE, Polarity.NOT))
def gone_and_pronoun(draw: Draw) -> Sentence:
    """My keys? I have lost them."""
    verb, what = object_with_pronoun(draw)
    when = () if verb.state else draw.when(0.3)
    return draw.say(what, Text("?", "?"), draw.clause(draw.subject(), verb, pronoun_for(what, verb), *when))


def object_with_pronoun(draw: Draw) -> tuple[Verb, NounPhrase]:
    """A verb and a definite thing that it can be done to."""
    verb = draw.word(tuple(v for v in transitive(draw) if {*THINGS} & {*v.objects} and not v.reflexive))
    noun = draw.noun(draw.one([kind for kind in verb.objects if kind in THINGS]))
    if noun.mass or noun.en_only_plural != noun.fr_only_plural:
        raise Unfit
    return verb, replace(draw.phrase_of(noun, ("the", "the", "this", "owner")), adjectives=())


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
    verb, complements = deed(draw)
    return draw.say(draw.clause(draw.subject(), WANT, Wish(draw.person(), verb, complements)))
