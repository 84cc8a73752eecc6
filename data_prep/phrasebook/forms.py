"""Forms of words, from pyrealb's lexicons and rules: plurals, feminines, comparatives, conjugations, numbers."""

import re
from functools import cache
from typing import Any

import pyrealb

from data_prep.errors import UserError

VOWELS = frozenset("aàâæeéèêëiîïoôœuùûüAÀÂÆEÉÈÊËIÎÏOÔŒUÙÛÜ")
AGREEMENTS = (("m", "s"), ("f", "s"), ("m", "p"), ("f", "p"))
ENGLISH_IRREGULAR = {("get", "pp"): "got", ("lie", "pp"): "lain"}  # American, or of another verb, in the lexicon
BE = {"p": ("am", "are", "is", "are", "are", "are"), "ps": ("was", "were", "was", "were", "were", "were")}


def _realise(language: str, constituent: str, lemma: str, **features: Any) -> str:
    """One form of a word; pyrealb keeps its language as global state, so it is set at every call."""
    pyrealb.load(language)
    if pyrealb.getLemma(lemma, language) is None or constituent not in pyrealb.getLemma(lemma, language):
        raise UserError(f"{lemma}: pyrealb does not have this {constituent}; give its forms in the notes")
    word = getattr(pyrealb, constituent)(lemma)
    for name, value in features.items():
        word = getattr(word, name)(value)
    form: str = word.realize()
    if "[[" in form:
        raise UserError(f"{lemma}: pyrealb cannot make {features} of this {constituent}; give its forms in the notes")
    return form


@cache
def french_plural(lemma: str) -> str:
    """Plural of a noun; of several words the first is inflected, as in pommes de terre."""
    first, _, rest = lemma.partition(" ")
    return f"{_realise('fr', 'N', first, n='p')} {rest}".strip()


@cache
def english_plural(lemma: str) -> str:
    """Plural of a noun; of several words the last is inflected, as in ice creams."""
    rest, _, last = lemma.rpartition(" ")
    return f"{rest} {_realise('en', 'N', last, n='p')}".strip()


@cache
def french_adjective(lemma: str) -> tuple[str, str, str, str, str]:
    """Masculine and feminine singular, masculine and feminine plural, and masculine before a vowel."""
    m, f, mp, fp = (_realise("fr", "A", lemma, g=gender, n=number) for gender, number in AGREEMENTS)
    return m, f, mp, fp, {"beau": "bel", "nouveau": "nouvel", "vieux": "vieil"}.get(lemma, m)


@cache
def english_comparison(lemma: str) -> tuple[str, str]:
    """Comparative and superlative."""
    return _realise("en", "A", lemma, f="co"), _realise("en", "A", lemma, f="su")


@cache
def french_verb(lemma: str, tense: str, person: int, number: str) -> str:
    """A finite form: tense p, i, f, c, s (subjunctive) or ip (imperative); person 1 to 3; number s or p."""
    form = _realise("fr", "V", lemma, t=tense, pe=person, n=number)
    return re.sub(r"^\w+ |^\w'|-\w+$", "", form)  # pyrealb adds the pronoun to some that are always reflexive


@cache
def french_participle(lemma: str, gender: str = "m", number: str = "s") -> str:
    """Past participle."""
    form = _realise("fr", "V", lemma, t="pp", g="m", n="s")
    if (gender, number) != ("m", "s"):
        form = form.replace("dû", "du")
    if gender == "f":
        form += "e"
    return form + "s" if number == "p" and not form.endswith("s") else form


@cache
def english_verb(lemma: str, form: str, person: int = 3, number: str = "s") -> str:
    """Base (b), present (p), past (ps), past participle (pp) or present participle (pr)."""
    if lemma == "be" and form in BE:
        return BE[form][person - 1 + (3 if number == "p" else 0)]
    if form == "b":
        return lemma
    if (lemma, form) in ENGLISH_IRREGULAR:
        return ENGLISH_IRREGULAR[lemma, form]
    return _realise("en", "V", lemma, t=form, pe=person, n=number)


@cache
def number_words(number: int, language: str) -> str:
    """A number from 0 to 9,999 in words: twenty-one, vingt et un."""
    pyrealb.load(language)
    words: str = pyrealb.NO(number).nat(True).realize()
    if language == "en":  # British: one hundred and one, one thousand and one
        words = re.sub(r"(hundred|thousand)(?: and)? (?=[a-z-]+$)", r"\1 and ", words)
    return words


@cache
def before_vowel(word: str) -> bool:
    """Whether a French word takes l', d', j' before it: a vowel or a mute h, and not onze, oui or yaourt."""
    first = word.split(" ", 1)[0].split("-", 1)[0].lower()
    if first in ("onze", "onzième", "oui", "y", "yeux") or not first:
        return first.startswith("y")
    if first[0] != "h":
        return first[0] in VOWELS
    return not any(_aspirated(stem) for stem in (first, first[:-1], first[:-2]))


def _aspirated(lemma: str) -> bool:
    entry = pyrealb.getLemma(lemma, "fr") or {}
    return lemma in ("huit", "haut", "hollande", "hongrie", "honduras") or any(
        word.get("h") for word in entry.values() if isinstance(word, dict)
    )
