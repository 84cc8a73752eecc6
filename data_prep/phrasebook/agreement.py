"""Sentences in which two words that agree in French stand far apart, to measure how far a network remembers.

The subject and its adjective are held apart by relative clauses:
*La voisine que le facteur qui aime le jardin connaît est contente.*
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from data_prep.phrasebook import english, french
from data_prep.phrasebook.closed import BE
from data_prep.phrasebook.draw import Draw, Unfit
from data_prep.phrasebook.frames.complex_sentences import relative
from data_prep.phrasebook.lexicon import Adjective, Noun, Verb
from data_prep.phrasebook.structure import (
    Clause,
    Features,
    Grade,
    NounPhrase,
    Object,
    Polarity,
    Sentence,
    Tense,
    agreement,
)
from data_prep.phrasebook.tables import load

DISTANCES = range(1, 31)
SEE = Verb("see", "voir")
TENSES = (Tense.PRESENT, Tense.PAST)
EACH = 24  # pairs at each distance
DEPTHS = (0, 1, 1, 1, 2, 3, 4, 5, 6, 7)  # relative clauses between the two, in turn


@dataclass(frozen=True)
class AgreementPair:
    """A sentence with two words that agree: the subject's noun and its adjective."""

    en: str
    fr: str
    distance: int
    """From one to the other, in French words."""
    gender: str
    number: str


def agreements(seed: int, each: int = EACH) -> list[AgreementPair]:
    """`each` pairs at every distance, half of them feminine and half plural, so that guessing is right by half."""
    found: dict[tuple[int, str, str], list[AgreementPair]] = {
        (distance, gender, number): [] for distance in DISTANCES for gender in "mf" for number in "sp"
    }
    wanting = len(found)
    seen = set()
    for pair in candidates(seed):
        pairs = found.get((pair.distance, pair.gender, pair.number), [])
        if (pair.distance, pair.gender, pair.number) in found and len(pairs) < each // 4 and pair.fr not in seen:
            seen.add(pair.fr)
            pairs.append(pair)
            wanting -= len(pairs) == each // 4
            if not wanting:
                break
    return [pair for pairs in found.values() for pair in pairs]


def candidates(seed: int) -> Iterator[AgreementPair]:
    """Pairs at any distance, without end."""
    rng = random.Random(seed + 1)
    draw = Draw(load(), rng)
    adjectives = tuple(
        word for word in draw.words.adjectives["person"] if word.comparable and len(set(word.forms[:4])) == 4
    )
    people = (*draw.words.nouns["people"], *draw.words.nouns["kin"])
    nouns = tuple(n for n in people if n.gender != "mf" and not n.en_only_plural and not n.fr_only_plural)
    turn = 0
    while True:
        turn += 1
        draw.start(Features("one", Tense.PRESENT, Polarity.POSITIVE, "statement"))
        try:
            pair = _pair(draw, nouns, adjectives, plural=turn % 2 == 0, depth=DEPTHS[turn // 2 % len(DEPTHS)])
        except Unfit:
            continue
        draw.finish()
        yield pair


def _pair(
    draw: Draw, nouns: tuple[Noun, ...], adjectives: tuple[Adjective, ...], plural: bool, depth: int
) -> AgreementPair:
    noun = draw.word(nouns)
    bare = NounPhrase(noun, plural=plural)
    agree = agreement(bare)
    grade = Grade(draw.word(adjectives), draw.adverb("degree") if draw.chance(0.5) else None)
    if depth == 0 and draw.chance(0.5):  # side by side
        if grade.adjective.before:
            raise Unfit
        beside = NounPhrase(noun, plural=plural, adjectives=(grade.adjective,))
        sentence = Sentence((Clause(draw.person(), SEE, (Object(beside),), draw.one(TENSES)),))
        fr = french.realise(sentence)
        distance = 1
    else:
        subject = relative(draw, bare, depth) if depth else bare
        sentence = Sentence((Clause(subject, BE, (grade,), draw.one(TENSES)),))
        fr = french.realise(sentence)
        distance = len(split_words(fr)) - len(split_words(french.nominal(bare)))
    return AgreementPair(english.realise(sentence), fr, distance, agree.gender, agree.number)


def split_words(text: str) -> list[str]:
    """Words as distances count them: l' and qu' are words."""
    return text.replace("'", "' ").split()
