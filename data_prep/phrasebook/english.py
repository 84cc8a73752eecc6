"""The abstract structure in English."""

from data_prep.phrasebook.forms import english_verb, number_words
from data_prep.phrasebook.lexicon import Verb
from data_prep.phrasebook.structure import (
    Agreement,
    Both,
    Clause,
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
)

PRONOUNS = {
    # person and number: subject, object, possessive
    (1, "s"): ("I", "me", "my"),
    (2, "s"): ("you", "you", "your"),
    (1, "p"): ("we", "us", "our"),
    (2, "p"): ("you", "you", "your"),
    (3, "p"): ("they", "them", "their"),
}
THIRD = {"m": ("he", "him", "his"), "f": ("she", "her", "her"), "thing": ("it", "it", "its")}
DETERMINERS = {  # singular, plural; `a` is settled by the next sound
    "the": ("the", "the"),
    "a": ("a", "some"),
    "some": ("some", "some"),
    "generic": ("", ""),
    "bare": ("", ""),
    "none": ("", ""),
    "this": ("this", "these"),
    "that": ("that", "those"),
    "every": ("every", "every"),
    "all": ("all the", "all the"),
    "several": ("several", "several"),
    "a few": ("a few", "a few"),
    "many": ("a lot of", "a lot of"),
    "too many": ("too much", "too many"),
    "enough": ("enough", "enough"),
    "another": ("another", "other"),
    "which": ("which", "which"),
    "how many": ("how much", "how many"),
    "what a": ("what a", "what"),
    "same": ("the same", "the same"),
}
MODALS = {
    "can": ("can", "could", "can't", "couldn't"),
    "must": ("must", "must", "mustn't", "mustn't"),
    "should": ("should", "should", "shouldn't", "shouldn't"),
}
CONTRACTIONS = {"am": "'m", "are": "'re", "is": "'s", "have": "'ve", "has": "'s", "will": "'ll", "would": "'d"}
ADVERBS = {Polarity.NEVER: "never", Polarity.NO_LONGER: "no longer"}
VOWEL_SOUND = frozenset("aeiou")
AN = ("hour", "honest", "heir", "honour")
A = ("unic", "unif", "unio", "uniq", "unit", "univ", "use", "euro", "one", "usu", "ukulele", "utensil")


def realise(sentence: Sentence) -> str:
    """The sentence as text."""
    text = ""
    for part in sentence.parts:
        part = part.en if isinstance(part, Idiom) else part
        if isinstance(part, Text):
            words = part.en
        else:
            words = clause(part, sentence.contracted) if isinstance(part, Clause) else nominal(part)
        text += words if not text or words[0] in ",;?" else " " + words
    return capitalise(text) + sentence.mark


def capitalise(text: str) -> str:
    """With a capital at the beginning and after a question inside."""
    first, question, rest = text.partition("? ")
    return first[0].upper() + first[1:] + (question + rest[0].upper() + rest[1:] if rest else "")


def nominal(what: Nominal, case: int = 0, denied: bool = False) -> str:
    """A nominal as subject (case 0) or object (case 1); denied or asked, some becomes any."""
    if isinstance(what, Pronoun):
        return _pronoun(what)[case]
    if isinstance(what, Name):
        return what.text.en
    if isinstance(what, Filler):
        return what.en
    if isinstance(what, Both):
        return f"{nominal(what.first, case)} and {nominal(what.second, case)}"
    return noun_phrase(what, denied)


def noun_phrase(phrase: NounPhrase, denied: bool = False) -> str:
    """Determiner, adjectives, noun, and what follows it."""
    noun = phrase.noun
    plural = phrase.plural or noun.en_only_plural
    if phrase.count:
        determiner = number_words(phrase.count, "en")
    else:
        determiner = DETERMINERS[phrase.determiner][plural]
        if denied and determiner == "some":
            determiner = "any"
    if phrase.owner is not None:
        own = _possessive(phrase.owner)
        determiner = f"{own} {determiner}" if phrase.count else own
    words = [adjective.en for adjective in phrase.adjectives]
    if phrase.most is not None:
        words.insert(0, phrase.most.superlative)
    words.append(noun.en_plural if plural else noun.en)
    text = " ".join(words)
    if determiner in ("a", "what a") and _vowel_sound(text):
        determiner += "n"
    text = f"{determiner} {text}" if determiner else text
    if phrase.apposition is not None:
        text += f" {phrase.apposition.text.en}"
    if phrase.relative is not None:
        text += f" {_relative(phrase.relative, phrase)}"
    return text


def clause(what: Clause, contracted: bool = False) -> str:
    """A clause: statement, question or imperative."""
    denied = what.polarity is not Polarity.POSITIVE or (what.form == "question" and what.asked is None)
    ending = _complements(what.verb, what.complements, denied)
    if what.polarity is Polarity.NOT_YET:
        ending = _join(ending, "yet")
    front = "".join(f"{_complement(part, False)}, " for part in what.front)
    if what.form == "imperative":
        return front + _imperative(what, ending)
    subject = nominal(what.subject)
    auxiliary, main = verb_group(what.verb, agreement(what.subject), what.tense, what.form == "question", what.polarity)
    if adverb := ADVERBS.get(what.polarity) or (what.adverb.en if what.adverb else ""):
        main = f"{adverb} {main}".strip()
    if what.form == "question" and auxiliary:
        asked = ""
        if what.asked is not None:
            asked = (what.asked.en if isinstance(what.asked, Text) else nominal(what.asked)) + " "
        if auxiliary.endswith(" not"):
            auxiliary, main = auxiliary.removesuffix(" not"), f"not {main}".strip()
        return _join(front + asked + auxiliary, subject, main, ending)
    if contracted and isinstance(what.subject, Pronoun) and auxiliary in CONTRACTIONS and (main or ending):
        subject, auxiliary = subject + CONTRACTIONS[auxiliary], ""
    return _join(front + subject, auxiliary, main, ending)


def agreement(what: Nominal) -> Agreement:
    """Person and number of a subject in English; the number of a noun may differ from the French one."""
    if isinstance(what, Pronoun):
        return what.agreement
    if isinstance(what, Filler):
        return Agreement(number="p" if what.plural else "s")
    if isinstance(what, Both):
        return Agreement(min(agreement(what.first).person, agreement(what.second).person), "p")
    if isinstance(what, NounPhrase):
        return Agreement(number="p" if what.plural or what.noun.en_only_plural else "s")
    return Agreement()


def verb_group(
    verb: Verb, subject: Agreement, tense: Tense, asked: bool = False, polarity: Polarity = Polarity.POSITIVE
) -> tuple[str, str]:
    """Auxiliary, with its not, and main verb."""
    person, number = subject.person, subject.number
    negative = polarity in (Polarity.NOT, Polarity.NOT_YET)

    def be(form: str) -> str:
        return english_verb("be", form, person, number)

    have = "has" if (person, number) == (3, "s") else "have"
    participle, ing = (english_verb(verb.en, form) if verb.en not in MODALS else "" for form in ("pp", "pr"))
    auxiliary, main = {
        Tense.PROGRESSIVE: (be("p"), ing),
        Tense.PAST_PROGRESSIVE: (be("ps"), ing),
        Tense.PERFECT: (have, participle),
        Tense.PLUPERFECT: ("had", participle),
        Tense.SINCE: (have, participle if verb.state else f"been {ing}"),
        Tense.JUST: (have, f"just {participle}"),
        Tense.GOING: (be("p"), f"going to {verb.en}"),
        Tense.FUTURE: ("will", verb.en),
        Tense.CONDITIONAL: ("would", verb.en),
        Tense.HABITUAL: ("did" if negative or asked else "", f"{'use' if negative or asked else 'used'} to {verb.en}"),
    }.get(tense, ("", ""))
    if not main:  # present and past
        past = tense is Tense.PAST
        if verb.en in MODALS:
            past = past or tense is Tense.CONDITIONAL
            return MODALS[verb.en][past + 2 * negative], ""
        if verb.en == "be":
            auxiliary = be("ps" if past else "p")
        elif negative or asked:
            do = "does" if (person, number) == (3, "s") else "do"
            auxiliary, main = "did" if past else do, verb.en
        else:
            main = english_verb(verb.en, "ps" if past else "p", person, number)
    if verb.en in MODALS:
        return MODALS[verb.en][1 + 2 * negative], ""
    if negative:
        auxiliary = {"will": "won't", "am": "am not"}.get(auxiliary, auxiliary + "n't")
    return auxiliary, main


def _imperative(what: Clause, ending: str) -> str:
    verb = what.verb.en
    lets = agreement(what.subject).person == 1
    if what.polarity is Polarity.NEVER:
        return _join("let's never" if lets else "never", verb, ending)
    if what.polarity is not Polarity.POSITIVE:
        return _join("let's not" if lets else "don't", verb, ending)
    return _join("let's" if lets else "", verb, ending)


def _complements(verb: Verb, complements: tuple[Complement, ...], denied: bool) -> str:
    """What follows the verb; a pronoun stands before the particle: turn it on."""
    parts = [_complement(part, denied) for part in complements]
    first = complements[0] if complements else None
    if verb.en_rest and isinstance(first, Object) and isinstance(first.nominal, Pronoun) and not first.en_prep:
        parts.insert(1, verb.en_rest)
    else:
        parts.insert(0, verb.en_rest)
    return _join(*parts)


def _complement(part: Complement, denied: bool) -> str:
    if isinstance(part, Object):
        return _join(part.en_prep, nominal(part.nominal, 1, denied))
    if isinstance(part, Role):
        return f"{'an' if _vowel_sound(part.noun.en) else 'a'} {part.noun.en}"
    if isinstance(part, Grade):
        return _grade(part)
    if isinstance(part, Infinitive):
        return _join(part.en_link, part.verb.en, _complements(part.verb, part.complements, denied))
    if isinstance(part, Wish):
        return _join(nominal(part.whom, 1), "to", part.verb.en, _complements(part.verb, part.complements, denied))
    if isinstance(part, Embedded):
        return _join(part.link.en, clause(part.clause))
    return part.en


def _grade(grade: Grade) -> str:
    word = grade.adjective
    if grade.comparison == "more":
        text = word.comparative
    elif grade.comparison in ("less", "as"):
        text = f"{grade.comparison} {word.en}"
    else:
        text = _join(grade.degree.en if grade.degree else "", word.en)
    if grade.than is None:
        return text
    return f"{text} {'as' if grade.comparison == 'as' else 'than'} {nominal(grade.than, 1)}"


def _relative(relative: Relative, phrase: NounPhrase) -> str:
    person = phrase.noun.kind in ("kin", "job", "people")
    inner = relative.clause
    if relative.role == "subject":
        plural = phrase.plural or phrase.noun.en_only_plural
        subject = Agreement(number="p" if plural else "s")
        auxiliary, main = verb_group(inner.verb, subject, inner.tense, False, inner.polarity)
        adverb = ADVERBS.get(inner.polarity) or (inner.adverb.en if inner.adverb else "")
        denied = inner.polarity is not Polarity.POSITIVE
        rest = _complements(inner.verb, inner.complements, denied)
        return _join("who" if person else "that", auxiliary, adverb, main, rest)
    link = {"object": "that", "place": "where", "dont": "that"}[relative.role]
    # A preposition stays behind its verb: the book that I am looking for.
    return _join(link, clause(inner), inner.verb.en_prep if relative.role in ("object", "dont") else "")


def _possessive(owner: Nominal) -> str:
    if isinstance(owner, Pronoun):
        return _pronoun(owner)[2]
    text = nominal(owner)
    return text + ("'" if text.endswith("s") and agreement(owner).number == "p" else "'s")


def _pronoun(pronoun: Pronoun) -> tuple[str, str, str]:
    agree = pronoun.agreement
    if agree.person == 3 and agree.number == "s":
        return THIRD["thing" if pronoun.thing else agree.gender]
    return PRONOUNS[agree.person, agree.number]


def _vowel_sound(text: str) -> bool:
    word = text.lower()
    return word.startswith(AN) or (word[0] in VOWEL_SOUND and not word.startswith(A))


def _join(*parts: str) -> str:
    return " ".join(part for part in parts if part)
