"""The words of the built-in corpus: tables in `words/`, read into lemma pairs.

A table is a text file.  Cells are separated by `|`, a line in brackets opens a section, `#` starts a comment.

| section | cells |
|---|---|
| nouns | English, French with gender (`pomme f`, `ami mf`), kind, notes |
| adjectives | English, French, the kinds that it can describe, notes |
| verbs | English, French, kinds of the subject, kinds of the object, notes |
| infinitive, clause | verbs that take an infinitive or a that-clause: English, French, notes |
| names, cities | a first name and its gender; a city in English and French |
| countries | English, French with gender, English and French adjective of nationality |
| any other | adverbials: English, French, notes |

A verb is written `look +for`, `se souvenir +de`, `avoir besoin +de`: reflexive pronoun, verb, fixed words, and the
preposition before the object.  Notes, separated by blanks: `common` or `rare`; `en.p=` `fr.p=` for a plural,
`fr.f=` `fr.fp=` for a feminine that pyrealb does not have; `mass`; `en-plural`, `fr-plural`; `EN/FR[/GO]`, the
prepositions of a place; `before`, `invariable`, `nocompare`, `en.more` of an adjective; `state`, `être`, `how`,
`to`, `from` of a verb.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from data_prep.errors import UserError
from data_prep.phrasebook.forms import (
    english_comparison,
    english_plural,
    english_verb,
    french_adjective,
    french_plural,
    french_verb,
)
from data_prep.phrasebook.lexicon import ALL_KINDS, UNCOUNTED, Adjective, Country, Lemma, Noun, Verb, Words, above

WORDS = Path(__file__).parent / "words"
LEAST = {"nouns": 3, "adjectives": 3, "verbs": 3, "countries": 4}  # cells that must be filled; elsewhere two
WEIGHTS = {"common": 4.0, "": 1.0, "rare": 0.5}


@cache
def load(folder: Path = WORDS) -> Words:
    """Read all tables.  Raises UserError for a line that cannot be read or a word without forms."""
    rows: dict[str, list[tuple[str, list[str]]]] = {}
    for path in sorted(folder.glob("*.txt")):
        section = ""
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if line.startswith("["):
                section = line.strip("[] ")
            elif line.strip() and not line.startswith("#"):
                rows.setdefault(section, []).append((f"{path}:{number}", [cell.strip() for cell in line.split("|")]))

    def read(section: str, cells: int, make: Callable[..., Any]) -> list[Any]:
        made = []
        for where, row in rows.pop(section, []):
            least = LEAST.get(section, 2)
            try:
                if not (least <= len(row) <= cells and all(row[:least])):
                    raise ValueError(f"{least} to {cells} cells are needed, divided by |, the first {least} filled")
                made.append(make(*row, *[""] * (cells - len(row))))
            except (UserError, ValueError) as error:
                raise UserError(f"{where}: {' | '.join(row)}: {error}") from None
        return made

    nouns = read("nouns", 4, _noun)
    adjectives = read("adjectives", 4, _adjective)
    names = read("names", 2, lambda name, gender: (gender, Lemma(name, name)))
    return Words(
        nouns={kind: tuple(n for n in nouns if kind in above(n.kind)) for kind in sorted(ALL_KINDS)},
        adjectives={kind: tuple(a for a in adjectives if {*above(kind)} & {*a.kinds}) for kind in sorted(ALL_KINDS)},
        verbs=tuple(read("verbs", 5, _verb)),
        infinitive=tuple(read("infinitive", 3, lambda en, fr, notes: _verb(en, fr, "person", "", notes))),
        clause=tuple(read("clause", 3, lambda en, fr, notes: _verb(en, fr, "person", "", notes))),
        names={gender: tuple(name for g, name in names if g == gender) for gender in "mf"},
        cities=tuple(read("cities", 2, Lemma)),
        countries=tuple(read("countries", 4, _country)),
        adverbs={name: tuple(read(name, 3, _adverb)) for name in sorted(rows)},
    )


def _notes(text: str) -> tuple[frozenset[str], dict[str, str]]:
    """Flags, and values after `=` with their blanks put back."""
    parts = text.split()
    values = dict(part.split("=", 1) for part in parts if "=" in part)
    return frozenset(part for part in parts if "=" not in part), {k: v.replace("_", " ") for k, v in values.items()}


def _weight(flags: frozenset[str]) -> float:
    return next((weight for name, weight in WEIGHTS.items() if name in flags), 1.0)


def _kinds(text: str) -> tuple[str, ...]:
    kinds = tuple(text.split())
    if unknown := set(kinds) - ALL_KINDS:
        raise ValueError(f"there is no kind {' '.join(sorted(unknown))}; the kinds are in lexicon.py")
    return kinds


def _noun(en: str, french: str, kind: str, notes: str) -> Noun:
    fr, _, gender = french.rpartition(" ")
    if gender not in ("m", "f", "mf"):
        raise ValueError("the French noun needs its gender: m, f or mf")
    _kinds(kind)
    flags, forms = _notes(notes)
    place = next((flag for flag in flags if "/" in flag), "at/à").split("/")
    mass = "mass" in flags or kind in UNCOUNTED
    fr_plural = forms.get("fr.p") or (fr if mass or "fr-plural" in flags else french_plural(fr))
    feminine = forms.get("fr.f", fr)
    return Noun(
        en,
        fr,
        weight=_weight(flags),
        kind=kind,
        gender=gender,
        en_plural=forms.get("en.p") or (en if mass or "en-plural" in flags else english_plural(en)),
        fr_plural=fr_plural,
        feminine=(feminine, forms.get("fr.fp") or (fr_plural if feminine == fr else f"{feminine}s")),
        mass=mass,
        en_only_plural="en-plural" in flags,
        fr_only_plural="fr-plural" in flags,
        place=(place[0].replace("_", " "), place[1].replace("_", " "), place[-1].replace("_", " ")),
    )


def _adjective(en: str, fr: str, kinds: str, notes: str) -> Adjective:
    flags, forms = _notes(notes)
    if "invariable" in flags:
        french = (fr, fr, fr, fr, fr)
    elif forms.keys() & {"fr.f", "fr.p", "fr.fp"}:
        feminine = forms.get("fr.f", f"{fr}e")
        french = (fr, feminine, forms.get("fr.p", f"{fr}s"), forms.get("fr.fp", f"{feminine}s"), fr)
    else:
        french = french_adjective(fr)
    comparative, superlative = f"more {en}", f"most {en}"
    if "nocompare" not in flags and "en.more" not in flags and " " not in en and "en.co" not in forms:
        comparative, superlative = english_comparison(en)
    return Adjective(
        en,
        fr,
        weight=_weight(flags),
        kinds=_kinds(kinds),
        forms=french,
        comparative=forms.get("en.co", comparative),
        superlative=forms.get("en.su", superlative),
        before="before" in flags,
        comparable="nocompare" not in flags,
    )


def _verb(english: str, french: str, subjects: str, objects: str, notes: str) -> Verb:
    flags, _ = _notes(notes)
    en, _, en_prep = english.partition("+")
    fr, _, fr_prep = french.partition("+")
    reflexive = fr.startswith(("se ", "s'"))
    en_head, *en_rest = en.split()
    fr_head, *fr_rest = fr.removeprefix("se ").removeprefix("s'").split()
    if en_head not in ("be", "can", "must", "should"):
        english_verb(en_head, "pp")
    french_verb(fr_head, "p", 3, "s")
    return Verb(
        en_head,
        fr_head,
        weight=_weight(flags),
        subjects=_kinds(subjects),
        objects=_kinds(objects),
        en_rest=" ".join(en_rest),
        fr_rest=" ".join(fr_rest),
        en_prep=en_prep.strip(),
        fr_prep=fr_prep.strip(),
        reflexive=reflexive,
        state="state" in flags,
        etre="être" in flags,
        how="how" in flags,
        recipient=next((flag for flag in ("to", "from") if flag in flags), ""),
    )


def _country(en: str, french: str, en_nationality: str, fr_nationality: str) -> Country:
    fr, gender, *plural = french.removesuffix(" plural").rsplit(" ", 1) + ["plural"] * french.endswith(" plural")
    return Country(
        en,
        fr,
        gender=gender,
        plural=bool(plural),
        nationality=_adjective(en_nationality, fr_nationality, "person thing food", "nocompare"),
    )


def _adverb(en: str, fr: str, notes: str) -> Lemma:
    return Lemma(en, fr, weight=_weight(_notes(notes)[0]))
