"""The abstract structure in French."""

from dataclasses import dataclass, replace

from data_prep.phrasebook.english import capitalise
from data_prep.phrasebook.forms import before_vowel, french_participle, french_verb
from data_prep.phrasebook.french_words import (
    DETERMINERS,
    adjective,
    clitic,
    column,
    determiner,
    disjunctive,
    join,
    more,
    noun_form,
    reflexive,
    subject_pronoun,
    with_preposition,
)
from data_prep.phrasebook.lexicon import Verb
from data_prep.phrasebook.structure import (
    Agreement,
    Both,
    Clause,
    Clitic,
    Complement,
    Embedded,
    Filler,
    Grade,
    Idiom,
    Infinitive,
    Name,
    Nominal,
    NounPhrase,
    Object,
    Polarity,
    Pronoun,
    Relative,
    Role,
    Sentence,
    Tense,
    Text,
    Wish,
    agreement,
)

CLITIC_ORDER = ("me", "te", "se", "nous", "vous", "le", "la", "les", "lui", "leur", "y", "en")
NEGATION = {
    Polarity.NOT: "pas",
    Polarity.NEVER: "jamais",
    Polarity.NO_LONGER: "plus",
    Polarity.NOT_YET: "pas encore",
}
TENSES = {  # tense of the verb, or of the auxiliary of a compound tense
    Tense.PRESENT: "p",
    Tense.PROGRESSIVE: "p",
    Tense.SINCE: "p",
    Tense.PAST_PROGRESSIVE: "i",
    Tense.HABITUAL: "i",
    Tense.FUTURE: "f",
    Tense.CONDITIONAL: "c",
    Tense.SUBJUNCTIVE: "s",
    Tense.PAST: "p",
    Tense.PERFECT: "p",
    Tense.PLUPERFECT: "i",
    Tense.GOING: "p",
    Tense.JUST: "p",
}
COMPOUND = frozenset((Tense.PAST, Tense.PERFECT, Tense.PLUPERFECT))
BEFORE_INFINITIVE = {Tense.GOING: ("aller", ""), Tense.JUST: ("venir", "de")}


def realise(sentence: Sentence) -> str:
    """The sentence as text, with a blank before ? and !."""
    text = ""
    for part in sentence.parts:
        part = part.fr if isinstance(part, Idiom) else part
        words = part.fr if isinstance(part, Text) else clause(part) if isinstance(part, Clause) else nominal(part)
        if words[0] == ",":
            text += words
        else:
            text = f"{text} {words}" if words[0] in ";?" else join(text, words)
    return capitalise(text) + ("." if sentence.mark == "." else f" {sentence.mark}")


# Nominals.


def nominal(what: Nominal, denied: bool = False, after_de: bool = False) -> str:
    """A nominal that is no clitic; denied, or after the preposition de, indefinite articles become de or go."""
    if isinstance(what, Pronoun):
        return disjunctive(what.agreement)
    if isinstance(what, Name):
        return what.text.fr
    if isinstance(what, Filler):
        return what.fr
    if isinstance(what, Both):
        return f"{nominal(what.first)} et {nominal(what.second)}"
    return noun_phrase(what, denied, after_de)


def noun_phrase(phrase: NounPhrase, denied: bool = False, after_de: bool = False) -> str:
    """Determiner, adjectives, noun, adjectives, and what follows."""
    agree = agreement(phrase)
    noun = noun_form(phrase.noun, agree, phrase.feminine)
    before = [word for word in phrase.adjectives if word.before]
    after = [word for word in phrase.adjectives if not word.before]
    plus, most = more(phrase.most) if phrase.most is not None else ("", None)
    if most is not None and most.before:
        before.insert(0, most)
    words = noun
    for word in reversed(before):
        words = f"{adjective(word, agree, before_vowel(words))} {words}"
    if most is not None and most.before:
        words = join(plus, words)
    words = join(determiner(phrase, agree, words, bool(before), denied, after_de), words)
    words += " " * bool(after) + " et ".join(adjective(word, agree) for word in after)
    if most is not None and not most.before:
        words += f" {DETERMINERS['the'][column(agree)]} {join(plus, adjective(most, agree))}"
    if phrase.apposition is not None:
        words += f" {phrase.apposition.text.fr}"
    if phrase.owner is not None and not isinstance(phrase.owner, Pronoun):
        words += " " + with_preposition("de", nominal(phrase.owner))
    if phrase.relative is not None:
        words += " " + _relative(phrase.relative, agree)
    return words


# Clauses.


@dataclass(frozen=True)
class _Gap:
    """What a relative pronoun stands for: a participle agrees with it."""

    agree: Agreement


def clause(what: Clause, gap: _Gap | None = None) -> str:
    """A clause: statement, question (inverted if the subject is a pronoun, else est-ce que) or imperative."""
    subject = agreement(what.subject)
    front = "".join(f"{_complement(what.verb, part, subject, False)}, " for part in what.front)
    if what.form == "imperative":
        return front + _imperative(what, subject)
    asked = ""
    if what.asked is not None:
        asked = what.asked.fr if isinstance(what.asked, Text) else nominal(what.asked)
    is_pronoun = isinstance(what.subject, Pronoun) or (isinstance(what.subject, Filler) and what.subject.fr == "il")
    if what.form == "question" and is_pronoun and (subject.person, subject.verb_number) != (1, "s"):
        return front + join(asked, predicate(what, subject, True, gap))
    if what.noun_last:
        rest = join(*(_complement(what.verb, part, subject, False) for part in what.complements))
        return front + join(asked, predicate(replace(what, complements=()), subject), nominal(what.subject), rest)
    words = predicate(what, subject, False, gap)
    if isinstance(what.subject, Pronoun):
        words = join(subject_pronoun(subject), words)
    elif isinstance(what.subject, Filler):
        words = join(what.subject.fr, words)
    else:
        words = f"{nominal(what.subject)} {words}"
        if isinstance(what.subject, Both) and subject.person < 3:
            words = words.replace(nominal(what.subject), f"{nominal(what.subject)}, {subject_pronoun(subject)}", 1)
    if what.form == "question":
        words = join("qu'est-ce que" if asked == "que" else join(asked, "est-ce que"), words)
    return front + words


def predicate(what: Clause, subject: Agreement, inverted: bool = False, gap: _Gap | None = None) -> str:
    """All of a clause but its subject; inverted, the subject follows the verb as a pronoun."""
    verb, polarity = what.verb, what.polarity
    denied = polarity is not Polarity.POSITIVE and verb.fr != "être"
    clitics, rest = _split(verb, what.complements, subject, denied)
    if isinstance(what.subject, Filler) and what.subject.clitic:
        clitics = [what.subject.clitic, *clitics]
    after = ""
    if what.tense in BEFORE_INFINITIVE:
        helper, link = BEFORE_INFINITIVE[what.tense]
        finite, tail = french_verb(helper, "p", subject.person, subject.verb_number), ""
        infinitive = join(*clitics, verb.fr)
        after = join(link, infinitive, verb.fr_rest)
        clitics = []
    elif what.tense in COMPOUND and not (verb.state and what.tense is Tense.PAST and not _never_was(what)):
        helper = "être" if verb.etre or verb.reflexive else "avoir"
        finite = french_verb(helper, TENSES[what.tense], subject.person, subject.verb_number)
        tail = french_participle(verb.fr, *_participle_agreement(what, subject, helper, gap))
        after = verb.fr_rest
    else:
        tense = "i" if what.tense is Tense.PAST else TENSES[what.tense]
        finite, tail = french_verb(verb.fr, tense, subject.person, subject.verb_number), ""
        after = verb.fr_rest
    head = join(*clitics, finite)
    if inverted:
        pronoun = subject_pronoun(subject)
        euphonic = "-t" if pronoun[0] in "ie" and finite[-1] not in "td" else ""
        head += f"{euphonic}-{pronoun}"
    if polarity is not Polarity.POSITIVE:
        head = join("ne", head, NEGATION[polarity])
    return join(head, what.adverb.fr if what.adverb else "", tail, after, rest)


def _never_was(what: Clause) -> bool:
    """Whether a state never was, which but of being is no imperfect: je n'ai jamais eu de chien."""
    being = what.verb.fr == "être" or (what.verb.en, what.verb.fr) == ("be", "avoir")
    return what.polarity is Polarity.NEVER and not being


def _participle_agreement(what: Clause, subject: Agreement, helper: str, gap: _Gap | None) -> tuple[str, str]:
    if helper == "être":
        direct = any(isinstance(c, Object) and not c.fr_prep for c in what.complements)
        return ("m", "s") if what.verb.reflexive and direct else (subject.gender, subject.number)
    if gap is not None:
        return gap.agree.gender, gap.agree.number
    if isinstance(what.asked, NounPhrase):
        asked = agreement(what.asked)
        return asked.gender, asked.number
    for part in what.complements:
        if isinstance(part, Object) and isinstance(part.nominal, Pronoun) and not part.fr_prep:
            return part.nominal.agreement.gender, part.nominal.agreement.number
    return "m", "s"


def _split(verb: Verb, complements: tuple[Complement, ...], subject: Agreement, denied: bool) -> tuple[list[str], str]:
    """Clitics in their order, and all other complements as text."""
    clitics, rest = ([reflexive(subject)] if verb.reflexive else []), []
    for part in complements:
        if isinstance(part, Clitic):
            clitics.append(part.fr)
        elif isinstance(part, Object) and (word := clitic(part)):
            clitics.append(word)
        else:
            rest.append(_complement(verb, part, subject, denied))
    return sorted(clitics, key=CLITIC_ORDER.index), join(*rest)


def _complement(verb: Verb, part: Complement, subject: Agreement, denied: bool) -> str:
    if isinstance(part, Object):
        de = part.fr_prep.rpartition(" ")[2] == "de"
        words = nominal(part.nominal, denied and not part.fr_prep, de)
        if verb.fr == "parler" and not part.fr_prep and isinstance(part.nominal, NounPhrase):
            words = part.nominal.noun.fr  # parler français
        return with_preposition(part.fr_prep, words) if part.fr_prep else words
    if isinstance(part, Role):
        return noun_form(part.noun, subject, subject.gender == "f")
    if isinstance(part, Grade):
        return _grade(part, subject)
    if isinstance(part, Infinitive):
        clitics, rest = _split(part.verb, part.complements, subject, denied)
        return join(part.fr_link, *clitics, part.verb.fr, part.verb.fr_rest, rest)
    if isinstance(part, Wish):
        return join("que", clause(Clause(part.whom, part.verb, part.complements, Tense.SUBJUNCTIVE)))
    if isinstance(part, Embedded):
        return join(part.link.fr, clause(part.clause))
    return part.fr


def _grade(grade: Grade, subject: Agreement) -> str:
    described = grade.adjective
    degree = {"less": "moins", "as": "aussi"}.get(grade.comparison, grade.degree.fr if grade.degree else "")
    if grade.comparison == "more":
        degree, described = more(described)
    text = join(degree, adjective(described, subject))
    return text if grade.than is None else join(text, "que", nominal(grade.than))


def _imperative(what: Clause, subject: Agreement) -> str:
    verb = what.verb
    denied = what.polarity is not Polarity.POSITIVE
    finite = french_verb(verb.fr, "ip", subject.person, subject.verb_number)
    clitics, rest = _split(verb, what.complements, subject, denied)
    if denied:
        return join("ne", *clitics, finite, NEGATION[what.polarity], verb.fr_rest, rest)
    direct = [word for word in clitics if word in ("le", "la", "les")]
    others = [{"me": "moi", "te": "toi"}.get(word, word) for word in clitics if word not in direct]
    if others[1:] and others[0] in ("moi", "toi"):  # only y and en can follow: donne-m'en
        others = [f"{others[0][0]}'{others[1]}"]
    hyphened = direct + others
    if hyphened and hyphened[0] in ("y", "en") and finite[-1] not in "sz":
        finite += "s"
    return join("-".join([finite, *hyphened]), verb.fr_rest, rest)


def _relative(relative: Relative, agree: Agreement) -> str:
    inner = relative.clause
    if relative.role == "subject":
        return join("qui", predicate(inner, Agreement(3, agree.number, agree.gender)))
    link = {"object": "que", "place": "où", "dont": "dont"}[relative.role]
    return join(link, clause(inner, _Gap(agree) if relative.role == "object" else None))
