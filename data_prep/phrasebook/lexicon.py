"""The words of the built-in corpus: lemma pairs with their forms, and the kinds of things they name."""

from collections.abc import Iterator
from dataclasses import dataclass, field

KINDS = {
    "kin": "person", "job": "person", "people": "person", "pet": "animal", "beast": "animal",
    "fruit": "food", "vegetable": "food", "dish": "food",
    "clothes": "thing", "furniture": "thing", "object": "thing", "reading": "thing", "device": "thing",
    "vehicle": "thing", "instrument": "thing", "toy": "thing", "plant": "thing", "part": "thing",
    "fixture": "thing", "container": "object", "room": "place", "building": "place", "nature": "place",
    "shop": "building", "sight": "building", "gathering": "event",
}  # fmt: skip
"""Kind of noun → the kind above it."""
TOP = ("person", "animal", "food", "thing", "place", "drink", "meal", "bodypart", "illness", "event", "subject")
ALL_KINDS = frozenset(
    {
        *KINDS,
        *TOP,
        "language",
        "sport",
        "feeling",
        "idea",
        "weather",
        "sky",
        "material",
        "fabric",
        "ground",
        "time",
        "ingredient",
    }
)
UNCOUNTED = ("sport", "language", "subject")


@dataclass(frozen=True, eq=False)
class Lemma:
    """A word and its translation."""

    en: str
    fr: str
    weight: float = field(default=1.0, kw_only=True)
    """How often it is drawn, relative to others of its kind."""

    @property
    def name(self) -> str:
        """What tells it from all others."""
        return f"{self.en}={self.fr}"


@dataclass(frozen=True, eq=False)
class Noun(Lemma):
    """A noun with its forms."""

    kind: str
    gender: str
    """m, f, or mf: of a person, one English word, two French ones."""
    en_plural: str
    fr_plural: str
    feminine: tuple[str, str]
    """French feminine, singular and plural, of an `mf`."""
    mass: bool = False
    en_only_plural: bool = False
    fr_only_plural: bool = False
    place: tuple[str, str, str] = ("at", "à", "à")
    """English and French preposition for being there, and French for going there."""


@dataclass(frozen=True, eq=False)
class Adjective(Lemma):
    """An adjective with its French forms in the order m.s, f.s, m.p, f.p and before a vowel."""

    kinds: tuple[str, ...]
    forms: tuple[str, str, str, str, str]
    comparative: str
    superlative: str
    before: bool = False
    """Whether it stands before the noun in French."""
    comparable: bool = True


@dataclass(frozen=True, eq=False)
class Verb(Lemma):
    """A verb; `en` and `fr` are the bare lemmas."""

    subjects: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    en_rest: str = ""
    fr_rest: str = ""
    en_prep: str = ""
    fr_prep: str = ""
    reflexive: bool = False
    state: bool = False
    """Its simple past is an imparfait."""
    etre: bool = False
    """Its compound tenses take être."""
    how: bool = False
    """Takes an adverb of manner."""
    recipient: str = ""
    """English preposition of a recipient, `to` or `from`; French à."""

    @property
    def name(self) -> str:
        """What tells it from all others."""
        english = " ".join(filter(None, (self.en, self.en_rest, self.en_prep)))
        return f"{english}={' '.join(filter(None, (self.fr, self.fr_rest, self.fr_prep)))}"


@dataclass(frozen=True, eq=False)
class Country(Lemma):
    """A country; `fr` is without its article."""

    gender: str
    plural: bool
    nationality: Adjective


@dataclass(frozen=True, eq=False)
class Words:
    """All tables."""

    nouns: dict[str, tuple[Noun, ...]]
    """Kind → its nouns, those of the kinds below it included."""
    adjectives: dict[str, tuple[Adjective, ...]]
    """Kind → what describes it."""
    verbs: tuple[Verb, ...]
    infinitive: tuple[Verb, ...]
    clause: tuple[Verb, ...]
    names: dict[str, tuple[Lemma, ...]]
    """Gender → first names."""
    cities: tuple[Lemma, ...]
    countries: tuple[Country, ...]
    adverbs: dict[str, tuple[Lemma, ...]]
    """Section (manner, past, future, …) → adverbials."""

    def lemmas(self) -> list[Lemma]:
        """Every lemma once."""
        nouns = {noun for kind in self.nouns.values() for noun in kind}
        adjectives = {adjective for kind in self.adjectives.values() for adjective in kind}
        found = [*nouns, *adjectives, *self.verbs, *self.infinitive, *self.clause, *self.cities, *self.countries]
        found += [country.nationality for country in self.countries]
        return found + [lemma for group in (*self.names.values(), *self.adverbs.values()) for lemma in group]


def above(kind: str) -> Iterator[str]:
    """A kind and those above it."""
    while kind:
        yield kind
        kind = KINDS.get(kind, "")
