"""Questions with a question word."""

from data_prep.phrasebook.closed import BE
from data_prep.phrasebook.draw import Draw, Unfit
from data_prep.phrasebook.frames.actions import adverbial, event_only, transitive
from data_prep.phrasebook.frames.descriptions import COST, THERE, located, said_of
from data_prep.phrasebook.frames.frame import NOUNS, STATIVE, frame
from data_prep.phrasebook.frames.people import AGED
from data_prep.phrasebook.lexicon import Verb
from data_prep.phrasebook.structure import Filler, Form, Idiom, NounPhrase, Pronoun, Sentence, Tense, Text

QUESTION: tuple[Form, ...] = ("question",)
EVENT_TENSES = (
    Tense.PRESENT, Tense.PROGRESSIVE, Tense.PAST, Tense.PERFECT, Tense.FUTURE, Tense.GOING, Tense.CONDITIONAL,
)  # fmt: skip
WHERE, WHY, HOW = Text("where", "où"), Text("why", "pourquoi"), Text("how", "comment")
WHEN = Text("when", "quand")
WHO = Filler("who", "qui")


@frame(5, tenses=EVENT_TENSES, forms=QUESTION)
def where_when_why_how(draw: Draw) -> Sentence:
    """Why are you crying?  Where did Paul buy his bicycle?"""
    verb, complements = draw.action()
    event_only(draw, verb)
    asked = draw.one((WHERE, WHEN, WHY, WHY, HOW))
    if verb.state and asked is not WHY:
        raise Unfit
    return draw.say(draw.clause(draw.subject(), verb, *complements, asked=asked))


@frame(2, tenses=STATIVE[:3], forms=QUESTION)
def where_is_somebody(draw: Draw) -> Sentence:
    """Where are my parents?"""
    subject = draw.subject()
    return draw.say(draw.clause(subject, BE, asked=WHERE, noun_last=not isinstance(subject, Pronoun)))


@frame(3, persons=NOUNS, tenses=STATIVE[:2], forms=QUESTION)
def where_is_something(draw: Draw) -> Sentence:
    """Where are my keys?"""
    subject = said_of(draw, "object", "building", "room", "clothes", "reading", "pet", "container")
    return draw.say(draw.clause(subject, BE, asked=WHERE, noun_last=True))


@frame(4, tenses=EVENT_TENSES, forms=QUESTION)
def what_somebody_does(draw: Draw) -> Sentence:
    """What are the children eating?"""
    verb = draw.word(
        tuple(v for v in transitive(draw) if not v.fr_prep and not v.reflexive and v.objects != ("person",))
    )
    event_only(draw, verb)
    preposition = (Text(verb.en_prep, ""),) if verb.en_prep else ()
    return draw.say(draw.clause(draw.subject(), verb, *preposition, asked=Text("what", "que")))


@frame(4, persons=("he",), tenses=EVENT_TENSES, forms=QUESTION)
def who_does_it(draw: Draw) -> Sentence:
    """Who broke the window?"""
    verb, complements = draw.action()
    event_only(draw, verb)
    return draw.say(draw.clause(WHO, verb, *complements, *adverbial(draw, verb), form="statement"), mark="?")


@frame(2, tenses=EVENT_TENSES, forms=QUESTION)
def whom_somebody_meets(draw: Draw) -> Sentence:
    """Who did you see yesterday?  Who is she waiting for?"""
    verbs = tuple(v for v in draw.words.verbs if "person" in v.objects and "person" in v.subjects and not v.reflexive)
    verb = draw.word(tuple(v for v in verbs if v.fr_prep in ("", "à", "avec", "pour")))
    event_only(draw, verb)
    asked = Text("who", f"{verb.fr_prep} qui".strip())
    preposition = (Text(verb.en_prep, ""),) if verb.en_prep else ()
    return draw.say(draw.clause(draw.subject(), verb, *preposition, asked=asked))


@frame(2.5, tenses=EVENT_TENSES, forms=QUESTION)
def which_one(draw: Draw) -> Sentence:
    """Which film did they watch?  How many apples have you bought?"""
    verb = draw.word(tuple(v for v in transitive(draw) if not v.fr_prep and not v.en_prep and v.objects != ("person",)))
    event_only(draw, verb)
    kind = draw.one([kind for kind in verb.objects if kind != "person"])
    noun = draw.noun(kind)
    if noun.mass or noun.kind in ("sport", "language", "subject", "meal"):
        raise Unfit
    how_many = draw.chance(0.4)
    asked = NounPhrase(noun, "how many" if how_many else "which", how_many or draw.chance(0.3))
    return draw.say(draw.clause(draw.subject(), verb, asked=asked))


@frame(1.5, persons=NOUNS, tenses=STATIVE[:2], forms=QUESTION)
def how_many_there_are(draw: Draw) -> Sentence:
    """How many chairs are there in the kitchen?"""
    noun = draw.noun("furniture", "people", "object", "device")
    if noun.mass:
        raise Unfit
    asked = NounPhrase(noun, "how many", True)
    there = Filler("there", "il", True, clitic="y")
    return draw.say(draw.clause(there, THERE, located(draw, "room", "building"), asked=asked))


@frame(1.5, persons=NOUNS, tenses=STATIVE[:2], forms=QUESTION)
def what_colour(draw: Draw) -> Sentence:
    """What colour is the car?"""
    subject = said_of(draw, "clothes", "vehicle", "furniture", "object")
    return draw.say(draw.clause(subject, BE, asked=Text("what colour", "de quelle couleur"), noun_last=True))


@frame(1.5, persons=NOUNS, tenses=STATIVE[:2], forms=QUESTION)
def how_is_it(draw: Draw) -> Sentence:
    """How is the soup?"""
    subject = said_of(draw, "dish", "drink", "fruit", "gathering", "meal")
    return draw.say(draw.clause(subject, BE, asked=HOW, noun_last=True))


@frame(1.5, persons=("you", "polite", "he", "she", "one"), tenses=STATIVE[:2], forms=QUESTION)
def how_old(draw: Draw) -> Sentence:
    """How old is Marie?"""
    asked = Text("how old", "quel âge")
    if draw.features.person == "one":
        kin = draw.noun("kin")
        who = draw.name() if draw.chance(0.5) else NounPhrase(kin, owner=draw.owner(kin))
        return draw.say(draw.clause(who, AGED, asked=asked, noun_last=True))
    return draw.say(draw.clause(draw.subject(), AGED, asked=asked))


@frame(1.5, persons=NOUNS, tenses=(Tense.PRESENT, Tense.PAST), forms=QUESTION)
def how_much(draw: Draw) -> Sentence:
    """How much does this coat cost?"""
    subject = said_of(draw, "clothes", "object", "reading", "device", "food", "furniture", "toy")
    return draw.say(draw.clause(subject, COST, asked=Text("how much", "combien"), noun_last=True))


@frame(1.5, persons=NOUNS, forms=QUESTION)
def whose(draw: Draw) -> Sentence:
    """Whose book is this?  À qui est ce livre ?"""
    noun = draw.noun("object", "clothes", "reading", "vehicle", "pet", "instrument", "toy")
    if noun.mass:
        raise Unfit
    plural = draw.features.person == "many"
    english_plural = plural or noun.en_only_plural
    shown = Filler("these" if english_plural else "this", "", english_plural)
    asked = Text(f"whose {noun.en_plural if english_plural else noun.en}", "")
    own = draw.clause(NounPhrase(noun, "this", plural), BE, asked=Text("", "à qui"), noun_last=True)
    return draw.say(Idiom(draw.clause(shown, BE, asked=asked), own))


@frame(1.5, tenses=STATIVE[:1], forms=QUESTION)
def going_where(draw: Draw) -> Sentence:
    """Where are you going tomorrow?  Where do they come from?"""
    en, fr, asked = draw.one(
        ((("go", ""), "aller", Text("where", "où")), (("come", "from"), "venir", Text("where", "d'où")))
    )
    verb = Verb(en[0], fr, etre=True)
    tense = Tense.PROGRESSIVE if fr == "aller" else Tense.PRESENT
    after = (Text(en[1], ""),) if en[1] else ()
    subject = draw.subject()
    last = not isinstance(subject, Pronoun)
    return draw.say(draw.clause(subject, verb, *after, asked=asked, tense=tense, noun_last=last))


@frame(1.5, persons=NOUNS[:1], forms=QUESTION)
def what_time(draw: Draw) -> Sentence:
    """What time does the train for Paris leave?"""
    verb = draw.one((Verb("leave", "partir", etre=True), Verb("arrive", "arriver", etre=True)))
    what = draw.word(tuple(n for n in draw.words.nouns["vehicle"] if n.en in TIMETABLED))
    if draw.chance(0.5):
        what, verb = draw.noun("gathering"), Verb("start", "commencer")
    return draw.say(draw.clause(NounPhrase(what), verb, asked=Text("what time", "à quelle heure"), noun_last=True))


TIMETABLED = ("train", "bus", "plane", "boat", "ship", "taxi")
