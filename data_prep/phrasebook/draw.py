"""Drawing the words and phrases that fill a frame's slots: seeded, typed, common words more often.

A frame asks a `Draw` for what it needs; the draw knows who is spoken of, in which tense, and keeps count of the
words that it gave, so that no word is left out of a corpus of middling size.
"""

import random
from bisect import bisect
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from itertools import accumulate
from typing import TypeVar

from data_prep.phrasebook import closed, english
from data_prep.phrasebook.closed import HE, SHE, THEY, WE, I
from data_prep.phrasebook.lexicon import UNCOUNTED, Adjective, Lemma, Noun, Verb, Words
from data_prep.phrasebook.structure import (
    Agreement,
    Both,
    Clause,
    Complement,
    Features,
    Grade,
    Idiom,
    Name,
    Nominal,
    NounPhrase,
    Object,
    Polarity,
    Pronoun,
    Sentence,
    Tense,
    Text,
)

LEAST_USED = 0.4  # share of draws that take the word drawn least so far
ANY = TypeVar("ANY")
LEMMA = TypeVar("LEMMA", bound=Lemma)


class Draw:
    """The words of one sentence after another."""

    def __init__(self, words: Words, rng: random.Random) -> None:
        self.words = words
        self.rng = rng
        nouns = (noun for kind in ("people", "kin", "job") for noun in words.nouns[kind])
        self.people: frozenset[Lemma] = frozenset((*words.names["m"], *words.names["f"], *nouns))
        self.drawn: Counter[Lemma] = Counter()
        """How often each word was in a sentence that came about."""
        self.used: list[Lemma] = []
        """The words of the present sentence."""
        self.embedded = 0
        """Embedded clauses of the present sentence."""

    def start(self, features: Features) -> None:
        """Begin a sentence: settle who is spoken to, and what distinguishes tu from vous."""
        self.features = features
        self.used, self.embedded = [], 0
        self.vocative: Text | None = None
        self.subject_of_all: Pronoun | None = None
        person = features.person
        if person == "polite":
            self.vocative = self.one(tuple(closed.POLITE))
            self.subject_of_all = Pronoun(Agreement(2, "s", closed.POLITE[self.vocative], polite=True))  # type: ignore[arg-type]
        elif person == "you all":
            self.vocative = self.one(tuple(closed.MANY))
            self.subject_of_all = Pronoun(Agreement(2, "p", closed.MANY[self.vocative]))  # type: ignore[arg-type]
        elif person == "you":
            gender = "m"
            if self.chance(0.3):
                self.vocative = self.one(tuple(closed.FAMILIAR))
                gender = closed.FAMILIAR[self.vocative]
                if self.chance(0.7):
                    gender = self.one(("m", "f"))
                    name = self.word(self.words.names[gender]).en
                    self.vocative = Text(name, name)
            self.subject_of_all = Pronoun(Agreement(2, "s", gender))  # type: ignore[arg-type]
        else:
            self.subject_of_all = {"I": I, "he": HE, "she": SHE, "we": WE, "they": THEY}.get(person)

    def chance(self, probability: float) -> bool:
        """Heads or tails."""
        return self.rng.random() < probability

    def one(self, choices: Sequence[ANY]) -> ANY:
        """Any of these, evenly."""
        return choices[int(self.rng.random() * len(choices))]

    def word(self, lemmas: tuple[LEMMA, ...]) -> LEMMA:
        """One of these words by weight, or the one drawn least."""
        if not lemmas:
            raise Unfit
        if self.chance(LEAST_USED):
            drawn = self.drawn
            chosen = min(lemmas, key=drawn.__getitem__)
        else:
            limits = _limits(lemmas)
            chosen = lemmas[bisect(limits, self.rng.random() * limits[-1])]
        if chosen in self.people and chosen in self.used:  # nobody is in a sentence twice
            others = [lemma for lemma in lemmas if lemma not in self.used]
            if not others:
                raise Unfit
            chosen = self.one(others)
        self.used.append(chosen)
        return chosen

    def adverb(self, section: str) -> Lemma:
        """An adverbial of a section of the tables."""
        return self.word(self.words.adverbs[section])

    def nationality(self) -> Adjective:
        """Italian, of any country."""
        return self.word(tuple(country.nationality for country in self.words.countries))

    def finish(self) -> None:
        """Count the words of a sentence that came about."""
        self.drawn.update(self.used)

    def take_back(self) -> None:
        """Count them no more: the sentence is not used, or not in train."""
        self.drawn.subtract(self.used)

    # Nominals.

    def noun(self, *kinds: str) -> Noun:
        """A noun of one of these kinds, kinds with more nouns more often."""
        return self.word(_nouns(self.words, kinds))

    def adjective(self, noun: Noun) -> Adjective:
        """An adjective that can describe the noun."""
        return self.word(self.words.adjectives[noun.kind])

    def phrase(self, *kinds: str, determiners: Sequence[str] = (), plural: bool | None = None) -> NounPhrase:
        """A noun of one of these kinds with a determiner and perhaps an adjective."""
        noun = self.noun(*kinds)
        return self.phrase_of(noun, determiners, plural)

    def phrase_of(self, noun: Noun, determiners: Sequence[str] = (), plural: bool | None = None) -> NounPhrase:
        """A phrase with this noun."""
        if noun.kind in UNCOUNTED or noun.en in ("breakfast", "lunch", "dinner"):
            return NounPhrase(noun, "generic")
        if noun.kind == "sky":  # there is one sun
            return NounPhrase(noun)
        plural = self.chance(0.25) if plural is None else plural
        # trousers: pantalon, not pantalons
        plural = plural and not noun.mass and not noun.en_only_plural and noun.en not in closed.ONLY_ONE
        if not determiners:
            owned = noun.kind in ("pet", "clothes", "object", "device", "reading", "container")
            determiners = ("the", "the", "a", "this", "that", *("owner",) * owned)
            determiners = closed.USUAL.get(noun.kind, determiners)
            if noun.kind in closed.COUNTED and self.features.polarity is Polarity.POSITIVE and self.chance(0.15):
                determiners = closed.QUANTITIES
        determiner = self.one(determiners)
        if determiner == "owner" and noun.kind in closed.UNOWNED:
            determiner = "the"
        if noun.mass and determiner in ("a", "another", "every", "several", "a few"):
            determiner = "some"
        if noun.en_only_plural or noun.fr_only_plural:
            if determiner in ("a", "some"):  # some trousers: un pantalon; some scissors: des ciseaux
                determiner = "some" if noun.fr_only_plural else "a"
            if determiner in ("every", "another", "several", "a few", "all", "same", "many", "too many"):
                determiner = "the"
        if determiner in ("every", "another"):
            plural = False
        elif determiner in ("several", "a few", "all", "many", "too many"):
            plural = not noun.mass
        elif determiner == "some":
            plural = not noun.mass and not noun.en_only_plural
        owner = None
        if determiner == "owner":
            determiner, owner = "the", self.owner(noun)
        adjectives: tuple[Adjective, ...] = ()
        if self.words.adjectives[noun.kind] and self.chance(0.2):
            adjectives = (self.adjective(noun),)
        if determiner == "a" and plural:
            determiner = self.one(("some", "bare"))
        return NounPhrase(noun, determiner, plural, adjectives, owner)

    def owner(self, noun: Noun | None = None) -> Pronoun | Name:
        """Whose: mostly the subject's, else anybody's."""
        if noun is not None and noun.en in closed.SPOUSES:
            return self.one((I, closed.SPOUSES[noun.en]))
        subject = self.subject_of_all
        if subject is not None and self.chance(0.6):
            return subject
        if self.chance(0.25):
            return self.name()
        return self.one((I, I, HE, SHE, WE, THEY))

    def name(self) -> Name:
        """A first name."""
        gender = self.one(("m", "f"))
        word = self.word(self.words.names[gender])
        return Name(Text(word.en, word.fr), gender)  # type: ignore[arg-type]

    def person(self, plural: bool = False) -> Nominal:
        """Somebody: a name, a relative, a profession, two people."""
        if plural:
            if self.chance(0.4):
                first, second = self.name(), self.name()
                if first == second:
                    raise Unfit
                return Both(first, second)
            if self.chance(0.3):
                return NounPhrase(self.relatives(), plural=True, owner=self.one((I, I, HE, SHE, WE)))
            return self.phrase("people", "job", determiners=("the",), plural=True)
        if self.chance(0.4):
            return self.name()
        if self.chance(0.5):
            kin = self.noun("kin")
            if kin.en_only_plural:
                raise Unfit
            owner = self.owner(kin) if kin.en in closed.SPOUSES else self.one((I, I, I, HE, SHE, WE))
            return NounPhrase(kin, owner=owner)
        return self.phrase("people", "job", determiners=("the", "the", "a", "this"), plural=False)

    def relatives(self) -> Noun:
        """A relative of whom one may have several."""
        return self.word(tuple(noun for noun in self.words.nouns["kin"] if noun.en not in closed.ONLY_ONE))

    def subject(self, *kinds: str) -> Nominal:
        """Who or what does it, in the person of the sentence."""
        if self.subject_of_all is not None:
            return self.subject_of_all
        plural = self.features.person == "many"
        kinds = kinds or ("person",)
        if "person" in kinds and (len(kinds) == 1 or self.chance(0.8)):
            return self.person(plural)
        return self.phrase(*kinds, determiners=("the", "the", "this", "owner"), plural=plural)

    # Clauses.

    def clause(self, subject: Nominal, verb: Verb, *complements: Complement, **changes: object) -> Clause:
        """A clause with tense, polarity and form of the sentence."""
        features = self.features
        made = Clause(subject, verb, complements, features.tense, features.polarity, features.form)
        return plain(replace(made, **changes) if changes else made)  # type: ignore[arg-type]

    def say(self, *parts: Clause | Idiom | Nominal | Text, mark: str = "") -> Sentence:
        """A sentence of these parts, with whom it is said to before or after."""
        mark = mark or ("?" if self.features.form == "question" else ".")
        if self.vocative is not None:
            if self.chance(0.5):
                parts = (self.vocative, Text(",", ","), *parts)
            else:
                parts = (*parts, Text(f", {self.vocative.en}", f", {self.vocative.fr}"))
        return Sentence(parts, mark, self.chance(0.5))  # type: ignore[arg-type]

    def when(self, probability: float = 0.4) -> tuple[Lemma, ...]:
        """Perhaps a time that goes with the tense."""
        section = closed.WHEN.get(self.features.tense)
        if section is None or not self.chance(probability):
            return ()
        return (self.adverb(section),)

    def verb(self) -> Verb:
        """Something that a person does, without an object."""
        return self.word(tuple(verb for verb in _verbs(self.words) if not verb.objects))

    def object_of(self, verb: Verb, only: tuple[str, ...] = ()) -> Object:
        """Something that the verb can be done to."""
        kinds = tuple(kind for kind in verb.objects if not only or kind in only) or verb.objects
        kind = self.one(kinds)
        if kind == "person":
            return Object(self.person(), verb.en_prep, verb.fr_prep)
        noun = self.noun(kind)
        if verb.fr in closed.LIKING or (verb.fr == "avoir" and verb.fr_rest == "peur"):
            phrase = NounPhrase(noun, "generic", not noun.mass and noun.kind not in UNCOUNTED)
        elif verb.fr == "jouer" and noun.kind == "instrument":
            phrase = NounPhrase(noun)
        else:
            phrase = self.phrase_of(noun)
        return Object(phrase, verb.en_prep, verb.fr_prep)

    def action(self) -> tuple[Verb, tuple[Complement, ...]]:
        """Something that a person does: a verb with its object, if it has one."""
        verb = self.word(_verbs(self.words))
        return verb, ((self.object_of(verb),) if verb.objects else ())

    def grade(self, kind: str, *, degree: float = 0.35) -> Grade:
        """An adjective for a kind of noun, perhaps with a degree."""
        word = self.word(self.words.adjectives[kind])
        if word.en == "new" and kind != "person":  # said of a thing that is neuf; before its noun, nouveau
            raise Unfit
        positive = self.features.polarity is Polarity.POSITIVE
        with_degree = word.comparable and positive and self.chance(degree)
        return Grade(word, self.adverb("degree") if with_degree else None)


class Unfit(Exception):  # noqa: N818
    """The words drawn do not go together; the sentence is drawn again."""


def plain(clause: Clause) -> Clause:
    """The clause, unless English leaves open whether it is past (they cut) or does not say it (I was hearing)."""
    if clause.tense in (Tense.PROGRESSIVE, Tense.PAST_PROGRESSIVE) and clause.verb.en in closed.MOMENTARY:
        raise Unfit
    said = clause.form == "statement" and clause.polarity in (Polarity.POSITIVE, Polarity.NEVER)
    if said and clause.tense is Tense.PAST and clause.verb.en in closed.UNCHANGED:
        subject = english.agreement(clause.subject)
        if (subject.person, subject.number) != (3, "s"):
            raise Unfit
    return clause


@cache
def _limits(lemmas: tuple[Lemma, ...]) -> list[float]:
    return list(accumulate(lemma.weight for lemma in lemmas))


@cache
def _nouns(words: Words, kinds: tuple[str, ...]) -> tuple[Noun, ...]:
    return tuple(dict.fromkeys(noun for kind in kinds for noun in words.nouns[kind]))


@cache
def _verbs(words: Words) -> tuple[Verb, ...]:
    return tuple(verb for verb in words.verbs if "person" in verb.subjects and not verb.recipient)
