"""Clauses inside clauses: what one thinks, because, when, if; relative clauses, to a chosen depth."""

from dataclasses import replace
from functools import cache

from data_prep.phrasebook.closed import BE, WE, YOU, I
from data_prep.phrasebook.draw import Draw, Unfit, plain
from data_prep.phrasebook.frames.actions import DATIVE, LOCAL, deed, event_only, one_of, transitive
from data_prep.phrasebook.frames.frame import NOUNS, STATIVE, YES, YES_NO, frame
from data_prep.phrasebook.frames.people import STATES
from data_prep.phrasebook.frames.time_and_weather import IT, RAIN, WEATHER
from data_prep.phrasebook.lexicon import Verb, Words, above
from data_prep.phrasebook.structure import (
    Clause,
    Complement,
    Embedded,
    Nominal,
    NounPhrase,
    Object,
    Polarity,
    Pronoun,
    Relative,
    Sentence,
    Tense,
    Text,
    agreement,
)

THAT, IF = Text("that", "que"), Text("if", "si")
BECAUSE = Text("because", "parce que")
KNOW = Verb("know", "savoir", state=True)
WONDER = Verb("wonder", "demander", reflexive=True)
INNER_TENSES = {
    Tense.PRESENT: (Tense.PRESENT, Tense.PROGRESSIVE, Tense.PERFECT, Tense.FUTURE, Tense.GOING),
    Tense.PAST: (Tense.PLUPERFECT, Tense.CONDITIONAL, Tense.PAST_PROGRESSIVE),
    Tense.FUTURE: (Tense.PRESENT, Tense.FUTURE, Tense.PERFECT),
    Tense.PERFECT: (Tense.PAST, Tense.PERFECT, Tense.FUTURE),
}


def inner(draw: Draw, tense: Tense, subject: Nominal | None = None) -> Clause:
    """A simple clause with its own subject, affirmative or denied."""
    draw.embedded += 1
    polarity = Polarity.NOT if draw.chance(0.2) else Polarity.POSITIVE
    if draw.chance(0.3):
        who = subject or draw.person()
        tense = {Tense.PROGRESSIVE: Tense.PRESENT, Tense.PERFECT: Tense.PRESENT, Tense.GOING: Tense.FUTURE,
                 Tense.PLUPERFECT: Tense.PAST, Tense.PAST_PROGRESSIVE: Tense.PAST}.get(tense, tense)  # fmt: skip
        return Clause(who, BE, (draw.grade("person", degree=0.2),), tense, polarity)
    verb, complements = draw.action()
    if verb.state and tense not in STATIVE:
        raise Unfit
    return plain(Clause(subject or draw.person(), verb, complements, tense, polarity))


def somebody(draw: Draw) -> Nominal:
    """The subject of an inner clause: anybody, often a pronoun."""
    if draw.chance(0.4):
        return draw.one((I, WE, *([draw.subject_of_all] if draw.subject_of_all else [])))
    return draw.person()


@frame(7, tenses=(Tense.PRESENT, Tense.PAST, Tense.PERFECT), polarities=YES)
def thinking_that(draw: Draw) -> Sentence:
    """I think that Paul is right; she said that she was tired."""
    return draw.say(that_clause(draw, 2 if draw.chance(0.15) else 1))


def that_clause(draw: Draw, depth: int) -> Clause:
    """A clause with that-clauses to a depth."""
    tense = draw.features.tense
    verb = draw.word(draw.words.clause)
    if verb.state and tense is Tense.PERFECT:
        raise Unfit
    content = inner(draw, draw.one(INNER_TENSES[tense]), somebody(draw))
    for _ in range(depth - 1):
        middle = draw.word(draw.words.clause)
        draw.embedded += 1
        outer_tense = Tense.PRESENT
        if tense is Tense.PAST:
            outer_tense = Tense.PAST if middle.state else Tense.PLUPERFECT
        content = Clause(draw.person(), middle, (Embedded(THAT, content),), outer_tense)
    return draw.clause(draw.subject(), verb, Embedded(THAT, content))


@frame(2, tenses=(Tense.PRESENT,), polarities=(Polarity.NOT,))
def not_knowing_if(draw: Draw) -> Sentence:
    """I do not know if they are coming."""
    verb = draw.one((KNOW, KNOW, WONDER))
    content = inner(draw, draw.one((Tense.PRESENT, Tense.FUTURE, Tense.PERFECT)), somebody(draw))
    polarity = Polarity.POSITIVE if verb is WONDER else Polarity.NOT
    return draw.say(draw.clause(draw.subject(), verb, Embedded(IF, content), polarity=polarity))


@frame(2, tenses=(Tense.PRESENT,), polarities=YES_NO)
def knowing_where(draw: Draw) -> Sentence:
    """I know why she is crying."""
    asked = draw.one((Text("why", "pourquoi"), Text("where", "où"), Text("when", "quand"), Text("how", "comment")))
    verb = one_of(draw, *LOCAL) if asked.en == "where" else draw.verb()
    tense = draw.one((Tense.PRESENT, Tense.PAST, Tense.FUTURE))
    if verb.state:
        raise Unfit
    draw.embedded += 1
    return draw.say(draw.clause(draw.subject(), KNOW, Embedded(asked, plain(Clause(somebody(draw), verb, (), tense)))))


@frame(5, tenses=(Tense.PRESENT, Tense.PAST, Tense.FUTURE, Tense.PERFECT), polarities=YES_NO)
def because(draw: Draw) -> Sentence:
    """She is at home because it is raining."""
    tense = draw.features.tense
    verb, complements = draw.action()
    event_only(draw, verb)
    past = tense in (Tense.PAST, Tense.PERFECT)
    return draw.say(draw.clause(draw.subject(), verb, *complements, Embedded(BECAUSE, reason(draw, past))))


def reason(draw: Draw, past: bool) -> Clause:
    """It is cold; she is tired; they are hungry."""
    draw.embedded += 1
    tense = Tense.PAST if past else Tense.PRESENT
    if draw.chance(0.25):
        return Clause(*draw.one(WEATHER), (), tense)
    same = draw.subject_of_all
    who = same if same is not None and draw.chance(0.6) else somebody(draw)
    if draw.chance(0.4):
        return Clause(who, draw.one(STATES), (), tense)
    return Clause(who, BE, (draw.grade("person", degree=0.4),), tense)


@frame(4, tenses=(Tense.FUTURE, Tense.CONDITIONAL), polarities=YES_NO)
def if_then(draw: Draw) -> Sentence:
    """If it rains, we will stay; if I were rich, I would travel."""
    tense = Tense.PRESENT if draw.features.tense is Tense.FUTURE else Tense.PAST
    if draw.chance(0.3):
        draw.embedded += 1
        subject, verb = draw.one(WEATHER if tense is Tense.PAST else (*WEATHER, (IT, RAIN[0])))
        condition = Clause(subject, verb, (), tense)
    else:
        condition = inner(draw, tense, somebody(draw))
        if tense is Tense.PAST and not condition.verb.state:  # in a condition French has the imparfait
            raise Unfit
    verb, complements = draw.action()
    return draw.say(draw.clause(draw.subject(), verb, *complements, front=(Embedded(IF, condition),)))


@frame(3, tenses=(Tense.PAST, Tense.HABITUAL, Tense.PAST_PROGRESSIVE), polarities=YES)
def when_something(draw: Draw) -> Sentence:
    """When I was a child, I used to play football; they were sleeping when the train stopped."""
    verb, complements = draw.action()
    event_only(draw, verb)
    tense = draw.features.tense
    draw.embedded += 1
    link = Text("when", "quand")
    if tense is Tense.HABITUAL:
        subject = draw.subject()
        then = Clause(
            subject, BE, (draw.one((Text("young", young(subject)), Text("little", little(subject)))),), Tense.PAST
        )
        again = Pronoun(agreement(subject))
        return draw.say(draw.clause(again, verb, *complements, front=(Embedded(link, then),)))
    event = Clause(draw.person(), one_of(draw, *SUDDEN), (), Tense.PAST)
    return draw.say(draw.clause(draw.subject(), verb, *complements, Embedded(link, event)))


SUDDEN = ("arrive", "leave", "come in", "go out", "go home", "fall", "stop", "wake up", "get up")


def young(subject: Nominal) -> str:
    """jeune, jeunes."""
    return "jeune" + "s" * (agreement(subject).number == "p")


def little(subject: Nominal) -> str:
    """petit in its forms."""
    agree = agreement(subject)
    return "petit" + "e" * (agree.gender == "f") + "s" * (agree.number == "p")


@frame(3, tenses=(Tense.PRESENT, Tense.PROGRESSIVE, Tense.PAST, Tense.FUTURE, Tense.GOING), polarities=YES_NO)
def two_clauses(draw: Draw) -> Sentence:
    """Paul is reading and Marie is watching television."""
    link = draw.one((Text("and", "et"), Text("but", "mais")))
    clauses = []
    for _ in range(2):
        verb, complements = draw.action()
        event_only(draw, verb)
        clauses.append((verb, complements))
    first = draw.clause(draw.subject(), clauses[0][0], *clauses[0][1])
    second = draw.clause(draw.person(), clauses[1][0], *clauses[1][1], polarity=Polarity.POSITIVE)
    return draw.say(first, link, second)


# Relative clauses.


def relative(draw: Draw, phrase: NounPhrase, depth: int = 1) -> NounPhrase:
    """The phrase with a relative clause, which may hold others."""
    draw.embedded += 1
    tense = draw.one((Tense.PRESENT, Tense.PAST, Tense.PAST, Tense.PROGRESSIVE))
    person = phrase.noun.kind in ("kin", "job", "people")
    subject_role = person and draw.chance(0.5)
    if subject_role:
        verb, complements = draw.action()
    else:
        verbs, given = _done_to(draw.words, phrase.noun.kind)
        verb, complements = draw.word(verbs), ()
        if verb.en_prep and verb.fr_prep:
            raise Unfit
        if given and depth == 1 and draw.chance(0.2):
            verb, complements = draw.word(given), (Object(draw.one((I, WE)), "", "à"),)
    if verb.state and (tense is Tense.PROGRESSIVE or draw.chance(0.3)):
        tense = Tense.PRESENT
    if subject_role:
        if depth > 1 and complements and isinstance(complements[0], Object):
            complements = (deeper(draw, complements[0], depth - 1),)
        elif depth > 1:
            raise Unfit
        return replace(phrase, relative=Relative("subject", plain(Clause(phrase, verb, complements, tense))))
    you = draw.subject_of_all if draw.subject_of_all and draw.subject_of_all.agreement.person == 2 else YOU
    who = draw.person() if draw.chance(0.6) else draw.one((you,) if complements else (I, WE, you))
    if depth > 1:
        who = NounPhrase(draw.noun("people", "job"))
        who = relative(draw, who, depth - 1)
    role = "dont" if verb.fr_prep == "de" else "object"
    clause = plain(Clause(who, verb, complements, tense))
    return replace(phrase, relative=Relative(role, clause))  # type: ignore[arg-type]


@cache
def _done_to(words: Words, kind: str) -> tuple[tuple[Verb, ...], tuple[Verb, ...]]:
    """Verbs whose object may be of this kind: those without a recipient, those with one."""
    verbs = [v for v in words.verbs if "person" in v.subjects and {*above(kind)} & {*v.objects}]
    simple = tuple(v for v in verbs if not (v.recipient or v.reflexive) and v.fr_prep in ("", "de"))
    return simple, tuple(v for v in verbs if v.en in DATIVE)


def deeper(draw: Draw, part: Object, depth: int) -> Complement:
    """An object with relative clauses of its own."""
    if not isinstance(part.nominal, NounPhrase) or part.nominal.determiner in ("generic", "none", "some"):
        raise Unfit
    return replace(part, nominal=relative(draw, part.nominal, depth))


@frame(6, persons=NOUNS, tenses=STATIVE[:2], polarities=YES_NO)
def subject_with_relative(draw: Draw) -> Sentence:
    """The man who repaired my car is very kind."""
    plural = draw.features.person == "many"
    if draw.chance(0.5):
        phrase = draw.phrase("people", "job", determiners=("the",), plural=plural)
        grade = draw.grade("person")
    else:
        phrase = draw.phrase("clothes", "furniture", "object", "reading", "device", "vehicle", "dish", "plant",
                             determiners=("the",), plural=plural)  # fmt: skip
        grade = draw.grade(phrase.noun.kind)
    depth = 2 if draw.chance(0.3) else 1
    return draw.say(draw.clause(relative(draw, replace(phrase, adjectives=()), depth), BE, grade))


@frame(6, tenses=(Tense.PRESENT, Tense.PAST, Tense.FUTURE, Tense.PERFECT), polarities=YES_NO)
def object_with_relative(draw: Draw) -> Sentence:
    """I have read the book that you bought."""
    verb = draw.word(transitive(draw))
    event_only(draw, verb)
    what = draw.object_of(verb)
    if not isinstance(what.nominal, NounPhrase) or what.nominal.owner is not None:
        raise Unfit
    found = deeper(draw, what, 2 if draw.chance(0.1) else 1)
    if draw.used.count(verb) > 1:
        raise Unfit
    return draw.say(draw.clause(draw.subject(), verb, found))


@frame(2.5, tenses=(Tense.PRESENT, Tense.PAST), polarities=YES)
def place_where(draw: Draw) -> Sentence:
    """This is the house where I live."""
    noun = draw.noun("building", "room")
    draw.embedded += 1
    where = Relative("place", draw.clause(draw.subject(), one_of(draw, *LOCAL)))
    know = draw.clause(I, KNOW_PLACE, Object(NounPhrase(noun, relative=where)), tense=Tense.PRESENT)
    return draw.say(know)


KNOW_PLACE = Verb("know", "connaître", state=True)


@frame(2, tenses=(Tense.PRESENT,))
def saying_with_adverbials(draw: Draw) -> Sentence:
    """I hope that we will visit the museum tomorrow."""
    verb, complements = deed(draw)
    draw.embedded += 1
    content = Clause(somebody(draw), verb, (*complements, draw.adverb("future")), Tense.FUTURE)
    outer = draw.one((Verb("hope", "espérer", state=True), Verb("think", "penser", state=True)))
    return draw.say(draw.clause(draw.subject(), outer, Embedded(THAT, content)))


def nested(draw: Draw, depth: int) -> Sentence:
    """I think that she says that the man who works here knows …: clauses within clauses, `depth` of them."""
    features = draw.features
    verb = draw.word(draw.words.clause)
    if verb.state and features.tense is Tense.PERFECT:
        raise Unfit
    relatives = draw.one(range(depth))
    if features.tense is Tense.PAST:
        raise Unfit
    tense = Tense.PRESENT
    if relatives:
        person = draw.phrase("people", "job", determiners=("the",))
        content = Clause(relative(draw, person, relatives), BE, (draw.grade("person"),), tense)
    else:
        content = inner(draw, tense, somebody(draw))
        draw.embedded -= 1
    for _ in range(depth - relatives - 1):
        content = Clause(draw.person(), draw.word(draw.words.clause), (Embedded(THAT, content),), tense)
        draw.embedded += 1
    draw.embedded += 1
    return draw.say(draw.clause(draw.subject(), verb, Embedded(THAT, content)))


@frame(16, tenses=(Tense.PRESENT, Tense.PERFECT), polarities=YES)
def clauses_within_clauses(draw: Draw) -> Sentence:
    """I think that the man who works here is right."""
    return nested(draw, 2)
