"""French words: determiners, pronouns and clitics, agreement, elision and contraction."""

from dataclasses import replace

from data_prep.phrasebook.forms import before_vowel, number_words
from data_prep.phrasebook.lexicon import Adjective, Noun
from data_prep.phrasebook.structure import Agreement, NounPhrase, Object, Pronoun

SUBJECTS = {(1, "s"): "je", (2, "s"): "tu", (1, "p"): "nous", (2, "p"): "vous"}
THIRD = {("m", "s"): "il", ("f", "s"): "elle", ("m", "p"): "ils", ("f", "p"): "elles"}
REFLEXIVES = {(1, "s"): "me", (2, "s"): "te", (1, "p"): "nous", (2, "p"): "vous"}
DIRECT = {("m", "s"): "le", ("f", "s"): "la", ("m", "p"): "les", ("f", "p"): "les"}
DISJUNCTIVE = {(1, "s"): "moi", (2, "s"): "toi", (1, "p"): "nous", (2, "p"): "vous"}
DISJUNCTIVE_THIRD = {("m", "s"): "lui", ("f", "s"): "elle", ("m", "p"): "eux", ("f", "p"): "elles"}
OWNERS = {  # masculine, feminine, plural
    (1, "s"): ("mon", "ma", "mes"),
    (2, "s"): ("ton", "ta", "tes"),
    (3, "s"): ("son", "sa", "ses"),
    (1, "p"): ("notre", "notre", "nos"),
    (2, "p"): ("votre", "votre", "vos"),
    (3, "p"): ("leur", "leur", "leurs"),
}
DETERMINERS = {  # masculine, feminine, plural
    "the": ("le", "la", "les"),
    "a": ("un", "une", "des"),
    "some": ("du", "de la", "des"),
    "generic": ("le", "la", "les"),
    "bare": ("du", "de la", "des"),
    "none": ("", "", ""),
    "this": ("ce", "cette", "ces"),
    "that": ("ce", "cette", "ces"),
    "every": ("chaque", "chaque", "chaque"),
    "all": ("tout le", "toute la", "tous les"),
    "several": ("plusieurs", "plusieurs", "plusieurs"),
    "a few": ("quelques", "quelques", "quelques"),
    "many": ("beaucoup de", "beaucoup de", "beaucoup de"),
    "too many": ("trop de", "trop de", "trop de"),
    "enough": ("assez de", "assez de", "assez de"),
    "another": ("un autre", "une autre", "d'autres"),
    "which": ("quel", "quelle", "quels"),
    "what a": ("quel", "quelle", "quels"),
    "how many": ("combien de", "combien de", "combien de"),
    "same": ("le même", "la même", "les mêmes"),
    "de": ("de", "de", "de"),
}
BETTER = {
    "bon": ("meilleur", "meilleure", "meilleurs", "meilleures"),
    "mauvais": ("pire", "pire", "pires", "pires"),
}
FEMININE_PLURAL = {"all": "toutes les", "which": "quelles", "what a": "quelles"}
BEFORE_VOWEL = {
    "le": "l'", "la": "l'", "de la": "de l'", "du": "de l'", "ce": "cet", "ma": "mon", "ta": "ton", "sa": "son",
    "tout le": "tout l'", "toute la": "toute l'", "de": "d'", "beaucoup de": "beaucoup d'", "trop de": "trop d'",
    "assez de": "assez d'", "combien de": "combien d'",
}  # fmt: skip
ELIDED = frozenset(("je", "me", "te", "se", "le", "la", "ne", "de", "que", "ce", "lorsque", "puisque", "jusque"))


def join(*parts: str) -> str:
    """Put words together: elision of je, que, de, … before a vowel, and si il → s'il."""
    text = ""
    for part in parts:
        if not part:
            continue
        if not text:
            text = part
            continue
        last = text.rsplit(" ", 1)[-1].lower()
        if (last in ELIDED and before_vowel(part)) or (last == "si" and part.split(" ", 1)[0] in ("il", "ils")):
            text = text[:-1] + "'" + part
        else:
            text += part if text.endswith("'") else " " + part
    return text


def with_preposition(preposition: str, words: str) -> str:
    """à le → au, de les → des; only before an article, never before a pronoun."""
    head, _, last = preposition.rpartition(" ")
    for article, contracted in (("le ", {"à": "au", "de": "du"}), ("les ", {"à": "aux", "de": "des"})):
        if last in contracted and words.startswith(article):
            return f"{head} {contracted[last]} {words.removeprefix(article)}".strip()
    return join(preposition, words)


def adjective(word: Adjective, agree: Agreement, vowel_follows: bool = False) -> str:
    """The form that agrees."""
    column = (agree.gender == "f") + 2 * (agree.number == "p")
    return word.forms[4] if vowel_follows and column == 0 else word.forms[column]


def more(word: Adjective) -> tuple[str, Adjective]:
    """plus and the adjective; or meilleur and pire, without plus."""
    if word.fr not in BETTER:
        return "plus", word
    better = BETTER[word.fr]
    return "", replace(word, forms=(*better, better[0]))


def noun_form(noun: Noun, agree: Agreement, feminine: bool) -> str:
    """The noun in the number and gender of its phrase."""
    if feminine and noun.gender == "mf":
        return noun.feminine[agree.number == "p"]
    return noun.fr_plural if agree.number == "p" and not noun.fr_only_plural else noun.fr


def column(agree: Agreement) -> int:
    """Masculine, feminine or plural, in the tables of determiners."""
    return 2 if agree.number == "p" else int(agree.gender == "f")


def determiner(
    phrase: NounPhrase, agree: Agreement, next_words: str, adjective_first: bool, denied: bool, after_de: bool
) -> str:
    """The determiner before these words: elided, contracted to de after a negation, or numeral."""
    vowel = before_vowel(next_words)
    if phrase.count:
        number = number_words(phrase.count, "fr")
        if agree.gender == "f" and number.endswith("un"):
            number += "e"
        if phrase.owner is None:
            return number
        return f"{OWNERS[_owner(phrase)][2] if isinstance(phrase.owner, Pronoun) else 'les'} {number}"
    if isinstance(phrase.owner, Pronoun) and not phrase.inalienable:
        word = OWNERS[_owner(phrase)][column(agree)]
    else:
        name = phrase.determiner if phrase.owner is None else "the"
        indefinite = name in ("some", "bare") or (name == "a" and (phrase.plural or denied))
        if indefinite and (denied or (after_de and (phrase.plural or name != "a"))):
            name = "de" if denied or not after_de else "none"
        elif indefinite and agree.number == "p" and adjective_first:
            name = "de"
        word = DETERMINERS[name][column(agree)]
        if agree.number == "p" and agree.gender == "f":
            word = FEMININE_PLURAL.get(name, word)
        if after_de:  # parler d'autres choses
            word = word.removeprefix("d'")
    return BEFORE_VOWEL.get(word, word) if vowel else word


def _owner(phrase: NounPhrase) -> tuple[int, str]:
    assert isinstance(phrase.owner, Pronoun)
    return phrase.owner.agreement.person, phrase.owner.agreement.verb_number


def disjunctive(agree: Agreement) -> str:
    """moi, toi, lui, …"""
    if agree.person == 3:
        return DISJUNCTIVE_THIRD[agree.gender, agree.number]
    return DISJUNCTIVE[agree.person, agree.verb_number]


def clitic(part: Object) -> str:
    """The clitic pronoun for an object, or nothing if it stays behind the verb."""
    if not isinstance(part.nominal, Pronoun) or part.disjunctive:
        return ""
    agree, thing = part.nominal.agreement, part.nominal.thing
    if part.fr_prep in ("", "à") and not (thing and part.fr_prep):
        if agree.person < 3:
            return REFLEXIVES[agree.person, agree.verb_number]
        if part.fr_prep:
            return "leur" if agree.number == "p" else "lui"
        return DIRECT[agree.gender, agree.number]
    if thing:
        return {"à": "y", "dans": "y", "de": "en"}.get(part.fr_prep, "")
    return ""


def subject_pronoun(agree: Agreement) -> str:
    """je, tu, il, …"""
    return THIRD[agree.gender, agree.number] if agree.person == 3 else SUBJECTS[agree.person, agree.verb_number]


def reflexive(agree: Agreement) -> str:
    """me, te, se, …"""
    return "se" if agree.person == 3 else REFLEXIVES[agree.person, agree.verb_number]
