"""The abstract structure of a sentence: what is said, in no language.

`english` and `french` each turn it into text.  A frame builds one from words that fit its slots.
"""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Literal

from data_prep.phrasebook.lexicon import Adjective, Lemma, Noun, Verb

Number = Literal["s", "p"]
Form = Literal["statement", "question", "imperative"]
Comparison = Literal["", "more", "less", "as"]


class Tense(Enum):
    """What English says with a tense or an auxiliary; beside it, what French says."""

    PRESENT = auto()
    """he eats: présent"""
    PROGRESSIVE = auto()
    """he is eating: présent"""
    PAST = auto()
    """he ate: passé composé, of a state imparfait"""
    PAST_PROGRESSIVE = auto()
    """he was eating: imparfait"""
    HABITUAL = auto()
    """he used to eat: imparfait"""
    PERFECT = auto()
    """he has eaten: passé composé"""
    PLUPERFECT = auto()
    """he had eaten: plus-que-parfait"""
    SINCE = auto()
    """he has been eating (for an hour): présent (depuis une heure)"""
    JUST = auto()
    """he has just eaten: venir de"""
    GOING = auto()
    """he is going to eat: aller"""
    FUTURE = auto()
    """he will eat: futur"""
    CONDITIONAL = auto()
    """he would eat: conditionnel"""
    SUBJUNCTIVE = auto()
    """he eats, in English: subjonctif, after what asks for it"""


class Polarity(Enum):
    """Yes or one of the ways of saying no."""

    POSITIVE = auto()
    NOT = auto()
    """not: ne … pas"""
    NEVER = auto()
    """never: ne … jamais"""
    NO_LONGER = auto()
    """no longer: ne … plus"""
    NOT_YET = auto()
    """not … yet: ne … pas encore"""


@dataclass(frozen=True)
class Features:
    """What a sentence is about to be, apart from its words."""

    person: str
    tense: Tense
    polarity: Polarity
    form: Form


@dataclass(frozen=True)
class Text:
    """Fixed words."""

    en: str
    fr: str


@dataclass(frozen=True)
class Agreement:
    """What a verb, an adjective or a pronoun agrees with."""

    person: int = 3
    number: Number = "s"
    gender: Literal["m", "f"] = "m"
    polite: bool = False
    """Of one person spoken to: vous, not tu.  The verb is plural then, the adjective not."""

    @property
    def verb_number(self) -> Number:
        """Number of the French verb."""
        return "p" if self.polite else self.number


@dataclass(frozen=True)
class Pronoun:
    """I, you, …: as subject, object, or after a preposition."""

    agreement: Agreement
    thing: bool = False
    """it and them: English it, French y and en after a preposition."""


@dataclass(frozen=True)
class Name:
    """A name: of a person, a city."""

    text: Text
    gender: Literal["m", "f"] = "m"


@dataclass(frozen=True)
class Grade:
    """An adjective in use: alone, or with a degree, or compared."""

    adjective: Adjective
    degree: Lemma | None = None
    """very, too, …"""
    comparison: Comparison = ""
    than: "Nominal | None" = None


@dataclass(frozen=True)
class NounPhrase:
    """A noun and what belongs to it."""

    noun: Noun
    determiner: str = "the"
    """A key of `english.DETERMINERS` and `french.DETERMINERS`."""
    plural: bool = False
    adjectives: tuple[Adjective, ...] = ()
    owner: "Pronoun | Name | NounPhrase | None" = None
    """my, or Paul's."""
    count: int = 0
    most: Adjective | None = None
    """the biggest"""
    relative: "Relative | None" = None
    feminine: bool = False
    """Of a noun `mf`: the woman."""
    apposition: Name | None = None
    """my friend Paul"""
    inalienable: bool = False
    """One's arm: English her arm, French le bras."""


@dataclass(frozen=True)
class Filler:
    """A subject that means nothing, or only points: there (is), it (rains), this (is)."""

    en: str
    fr: str
    plural: bool = False
    """Of the English verb."""
    fr_plural: bool = False
    clitic: str = ""
    """French il y a has y before the verb."""


@dataclass(frozen=True)
class Both:
    """Two together, with and."""

    first: "Name | NounPhrase | Pronoun"
    second: "Name | NounPhrase | Pronoun"


Nominal = Pronoun | Name | NounPhrase | Filler | Both


@dataclass(frozen=True)
class Object:
    """A complement with the prepositions that its verb asks for; without any, a direct object."""

    nominal: Nominal
    en_prep: str = ""
    fr_prep: str = ""
    disjunctive: bool = False
    """In French no clitic: avec lui, chez moi, penser à lui."""


@dataclass(frozen=True)
class Role:
    """What somebody is by profession: a doctor, médecin."""

    noun: Noun


@dataclass(frozen=True)
class Infinitive:
    """want *to eat an apple*."""

    en_link: str
    fr_link: str
    verb: Verb
    complements: tuple["Complement", ...] = ()


@dataclass(frozen=True)
class Embedded:
    """A clause inside another: *that he is coming*, *when it rains*."""

    link: Text
    clause: "Clause"


@dataclass(frozen=True)
class Clitic:
    """there: y; some, any: en."""

    en: str
    fr: str


@dataclass(frozen=True)
class Wish:
    """What somebody else is to do: *(want) Paul to come*, *(vouloir) que Paul vienne*."""

    whom: Nominal
    verb: Verb
    complements: tuple["Complement", ...] = ()


Complement = Object | Role | Grade | Infinitive | Embedded | Wish | Clitic | Text | Lemma


@dataclass(frozen=True)
class Clause:
    """A subject, a verb, and the rest, in a tense."""

    subject: Nominal
    verb: Verb
    complements: tuple[Complement, ...] = ()
    tense: Tense = Tense.PRESENT
    polarity: Polarity = Polarity.POSITIVE
    form: Form = "statement"
    adverb: Lemma | None = None
    """Of frequency: English before the main verb, French after the conjugated one."""
    asked: "Text | NounPhrase | None" = None
    """where, why, which book, …; asks about a complement, so that the subject is inverted."""
    noun_last: bool = False
    """In a French question the noun itself stands behind the verb: où est la gare."""
    front: "tuple[Complement, ...]" = ()
    """What comes before all, with a comma: *last week, …*."""


@dataclass(frozen=True)
class Relative:
    """A clause in which its noun is missing.

    role: what the noun is in it: subject (who, qui), object (whom, que), place (where, où) or dont (of).
    Its clause's subject is ignored when the noun itself is the subject.
    """

    role: Literal["subject", "object", "place", "dont"]
    clause: Clause


@dataclass(frozen=True)
class Idiom:
    """What the two languages say with different structures: my head hurts, j'ai mal à la tête."""

    en: Clause
    fr: Clause


@dataclass(frozen=True)
class Sentence:
    """Clauses and words one after another, then a full stop or another mark.

    A text that begins with a comma follows the one before without a blank.
    """

    parts: tuple["Clause | Idiom | Nominal | Text", ...]
    mark: Literal[".", "?", "!"] = "."
    contracted: bool = False
    """I'm and I'll in English; it is not heard in French."""


def agreement(nominal: Nominal) -> Agreement:
    """Person, number and gender of a nominal, for French; English ignores the gender."""
    if isinstance(nominal, Pronoun):
        return nominal.agreement
    if isinstance(nominal, Name):
        return Agreement(gender=nominal.gender)
    if isinstance(nominal, Filler):
        return Agreement(number="p" if nominal.fr_plural else "s")
    if isinstance(nominal, NounPhrase):
        noun = nominal.noun
        plural = nominal.plural or noun.fr_only_plural
        feminine = noun.gender == "f" or nominal.feminine
        return Agreement(number="p" if plural else "s", gender="f" if feminine else "m")
    first, second = agreement(nominal.first), agreement(nominal.second)
    return Agreement(min(first.person, second.person), "p", "f" if first.gender == second.gender == "f" else "m")
