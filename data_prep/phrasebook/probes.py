"""Twin sentences that probe how far a network remembers: alike but for a noun and a word that agrees with it.

Between the two stand relative clauses in which nothing agrees with the noun, so that whoever forgot it can only guess:

    La tante que le facteur connaît est contente.    Les oncles que tu écoutes dormiront.
    L'oncle que le facteur connaît est content.      L'oncle que tu écoutes dormira.

As each sentence has its twin, whatever is not the noun is as often with one form as with the other: a guess is right in
half of them.  English shows by the noun alone what it is.
"""

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Literal, TypeVar

from data_prep.phrasebook import english, french
from data_prep.phrasebook.agreement import DISTANCES, SEE, TENSES, split_words
from data_prep.phrasebook.closed import BE
from data_prep.phrasebook.draw import Draw, Unfit
from data_prep.phrasebook.frames.complex_sentences import relative
from data_prep.phrasebook.french_words import noun_form
from data_prep.phrasebook.lexicon import Lemma, Noun, Verb, Words
from data_prep.phrasebook.structure import (
    Clause,
    Features,
    NounPhrase,
    Object,
    Polarity,
    Relative,
    Sentence,
    Tense,
    agreement,
)
from data_prep.phrasebook.tables import load

Kind = Literal["adjective", "participle", "verb"]
KINDS: tuple[Kind, ...] = ("adjective", "participle", "verb")
"""What agrees with the noun: its adjective or a participle, in gender, or its verb, in number."""
NEAREST = {"adjective": 1, "participle": 2, "verb": 1}
"""The least distance of each: l'oncle lent, l'oncle est arrivé, l'oncle dormira."""
SHORT = 3
"""Distance up to which there need not be a relative clause between the two."""
WORDS = (3.5, 4.0, 4.5, 5.0, 6.0)
"""Those of a relative clause, about."""
UNMARKED = {"participle": (Tense.PAST, Tense.PLUPERFECT), "verb": (Tense.FUTURE, Tense.CONDITIONAL)}
"""Tenses in which English has one form for both: they arrived, it will sleep."""
ROUNDS = 1000
"""Turns in a row that give no new twins, after which there are said to be none."""
FEW = 8
"""Words of a kind, at most."""
PATIENCE = 100
"""How often a clause is drawn before another beginning is tried."""
TOLD = ("the", "a", "this", "that", "another", "every", "several", "a few", "same", "all")
"""Determiners of nouns of which a relative clause tells more."""

L = TypeVar("L", bound=Lemma)
Say = Callable[[NounPhrase], Sentence]


@dataclass(frozen=True)
class Probe:
    """A sentence that ends with a word that agrees with a noun."""

    en: str
    fr: str
    other: str
    """The French sentence with that word as its twin has it: wrong."""


@dataclass(frozen=True)
class Twins:
    """Two sentences that have all words in common but a noun with its determiner and the word that agrees with it."""

    kind: Kind
    distance: int
    """From the noun to the word that agrees with it, in French words."""
    same: str
    """What the two nouns have in common, plural or feminine: s, p, m or f."""
    pair: tuple[Probe, Probe]


def probes(seed: int, each: int) -> list[Twins]:
    """`each` twins, an even number, of every kind at every distance, half of them alike in number or gender.

    No two have a sentence in common, in French or in English.  Raises ValueError if there are not so many.
    """
    draw = Draw(few(load()), random.Random(seed))
    nouns = _nouns(draw.words)
    room = {
        (kind, distance, same): each // 2
        for distance in DISTANCES
        for kind in KINDS
        if distance >= NEAREST[kind]
        for same in ("mf" if kind == "verb" else "sp")
    }
    found: list[Twins] = []
    seen: set[str] = set()
    fruitless = 0
    while room:
        fruitless += 1
        if fruitless > ROUNDS:
            raise ValueError(f"there are no more than {len(found):,} such sentences")
        # Each that is wanted in turn; what comes out otherwise fills the place of another.
        for kind, distance, _ in list(room):
            draw.start(Features("one", Tense.PRESENT, Polarity.POSITIVE, "statement"))
            depth = 0 if distance <= SHORT else max(1, round(distance / draw.one(WORDS)))
            try:
                twins = _twins(draw, nouns, kind, depth)
            except Unfit:
                continue
            cell = (twins.kind, twins.distance, twins.same)
            texts = {text for probe in twins.pair for text in (probe.en, probe.fr)}
            if room.get(cell) and seen.isdisjoint(texts):
                seen |= texts
                draw.finish()
                found.append(twins)
                room[cell] -= 1
                fruitless = 0
        room = {cell: wanted for cell, wanted in room.items() if wanted}
    return found


def few(words: Words) -> Words:
    """The commoner words, not many of each kind: the fewer there are, the sooner a network learns what agrees."""
    most = max(verb.weight for verb in words.verbs)

    def first(group: Iterable[L]) -> tuple[L, ...]:
        return tuple(islice((word for word in group if word.weight == most), FEW))

    verbs: dict[tuple[object, ...], list[Verb]] = {}
    for verb in words.verbs:
        verbs.setdefault((verb.objects, verb.etre, verb.reflexive, verb.fr_rest == ""), []).append(verb)
    return replace(
        words,
        nouns={kind: first(group) for kind, group in words.nouns.items()},
        adjectives={kind: first(group) for kind, group in words.adjectives.items()},
        verbs=tuple(verb for group in verbs.values() for verb in first(group)),
    )


def _twins(draw: Draw, nouns: dict[str, tuple[Noun, ...]], kind: Kind, depth: int) -> Twins:
    bare = NounPhrase(draw.word(nouns[draw.one("mf")]), plural=draw.chance(0.5))
    if kind == "verb":
        twin, same = replace(bare, plural=not bare.plural), bare.noun.gender
    else:
        twin = replace(bare, noun=draw.word(nouns["f" if bare.noun.gender == "m" else "m"]))
        same = "p" if bare.plural else "s"
    between: dict[str, Any] = {}
    if depth:
        between["relative"] = _relative(draw, bare, depth, twin)
    elif kind != "adjective" and draw.chance(0.5):
        between["owner"] = draw.name()
    say = _say_adjective(draw, beside=not depth) if kind == "adjective" else _say_verb(draw, UNMARKED[kind])
    pair = []
    for phrase in (bare, twin):
        sentence = say(replace(phrase, **between))
        fr = french.realise(sentence)
        words = split_words(fr[:-1])
        noun = words.index(noun_form(phrase.noun, agreement(phrase), False).split()[-1])
        pair.append((english.realise(sentence), fr, words[noun + 1 : -1], words[-1]))
    (en, fr, words, last), (twin_en, twin_fr, twin_words, twin_last) = pair
    assert words == twin_words
    if last == twin_last:
        raise Unfit
    probes = (Probe(en, fr, _ending(fr, last, twin_last)), Probe(twin_en, twin_fr, _ending(twin_fr, twin_last, last)))
    return Twins(kind, len(words) + 1, same, probes)


def _relative(draw: Draw, phrase: NounPhrase, depth: int, twin: NounPhrase | None = None) -> Relative:
    """A relative clause with others in it, of the same words for the phrase and its twin."""
    for _ in range(PATIENCE):
        try:
            found = relative(draw, phrase).relative
        except Unfit:
            continue
        assert found is not None
        if twin is not None and _ends(phrase, found) != _ends(twin, found):
            continue
        if depth == 1:
            return found
        within = found.clause
        if found.role != "subject":
            who = NounPhrase(draw.noun("people", "job"))
            who = replace(who, relative=_relative(draw, who, depth - 1))
            return replace(found, clause=replace(within, subject=who))
        for part in within.complements[:1]:
            if isinstance(part, Object) and isinstance(what := part.nominal, NounPhrase) and what.determiner in TOLD:
                what = replace(what, relative=_relative(draw, what, depth - 1))
                part = replace(part, nominal=what)
                return replace(found, clause=replace(within, complements=(part, *within.complements[1:])))
    raise Unfit


def _ends(phrase: NounPhrase, clause: Relative) -> list[str]:
    """The words behind the noun."""
    bare, whole = (split_words(french.nominal(what)) for what in (phrase, replace(phrase, relative=clause)))
    return whole[len(bare) :]


def _ending(sentence: str, last: str, other: str) -> str:
    return f"{sentence[: -1 - len(last)]}{other}."


def _say_adjective(draw: Draw, beside: bool) -> Say:
    """The uncle is lazy; or, of a noun without a relative clause, perhaps: Paul saw the lazy uncle."""
    tense = draw.one(TENSES)
    grade = draw.grade("person", degree=0.5)
    if beside and draw.chance(0.5):
        if grade.adjective.before:
            raise Unfit
        somebody = draw.name()
        return lambda phrase: Sentence(
            (Clause(somebody, SEE, (Object(replace(phrase, adjectives=(grade.adjective,))),), tense),)
        )
    return lambda phrase: Sentence((Clause(phrase, BE, (grade,), tense),))


def _say_verb(draw: Draw, tenses: tuple[Tense, ...]) -> Say:
    """The uncle arrived; the uncle will sleep."""
    tense = draw.one(tenses)
    verb = draw.verb()
    if verb.fr_rest or (tenses is UNMARKED["participle"] and not (verb.etre or verb.reflexive)):
        raise Unfit
    return lambda phrase: Sentence((Clause(phrase, verb, (), tense),))


def _nouns(words: Words) -> dict[str, tuple[Noun, ...]]:
    """By gender, those of people whose English form shows it."""
    people = dict.fromkeys((*words.nouns["people"], *words.nouns["kin"], *words.nouns["job"]))
    return {gender: tuple(n for n in people if n.gender == gender and not n.fr_only_plural) for gender in "mf"}
