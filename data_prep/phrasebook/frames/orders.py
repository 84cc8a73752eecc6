"""Orders and requests: close the window, please; let us wait."""

from data_prep.phrasebook.closed import BE, WE
from data_prep.phrasebook.draw import Draw
from data_prep.phrasebook.frames.actions import event_only, object_with_pronoun, other, pronoun_for
from data_prep.phrasebook.frames.frame import ADDRESSED, YES_NO, frame
from data_prep.phrasebook.structure import Clause, Complement, Object, Polarity, Sentence, Text

PLEASE = {"you": Text(", please", ", s'il te plaît"), "": Text(", please", ", s'il vous plaît")}


@frame(4, persons=ADDRESSED, polarities=YES_NO, forms=("imperative",))
def ordering(draw: Draw) -> Sentence:
    """Paul, close the window, please."""
    verb, complements = draw.action()
    event_only(draw, verb)
    assert draw.subject_of_all is not None
    return polite(draw, draw.clause(draw.subject_of_all, verb, *complements))


@frame(1.5, persons=ADDRESSED, polarities=YES_NO, forms=("imperative",))
def ordering_for_one(draw: Draw) -> Sentence:
    """Bring me the bill; call us; listen to him."""
    recipient = draw.chance(0.5)
    if recipient:
        verb = draw.word(tuple(v for v in draw.words.verbs if v.recipient == "to"))
        complements: tuple[Complement, ...] = (draw.object_of(verb), Object(other(draw), "to", "à"))
    else:
        verb = draw.word(tuple(v for v in draw.words.verbs if "person" in v.objects and not v.reflexive))
        complements = (Object(other(draw), verb.en_prep, verb.fr_prep, verb.fr == "penser"),)
    event_only(draw, verb)
    assert draw.subject_of_all is not None
    return polite(draw, draw.clause(draw.subject_of_all, verb, *complements))


def polite(draw: Draw, clause: Clause) -> Sentence:
    """With please, or not."""
    please = PLEASE.get(draw.features.person, PLEASE[""])
    parts = (clause, please) if draw.chance(0.3) else (clause,)
    return draw.say(*parts)


@frame(1.5, persons=("we",), polarities=YES_NO, forms=("imperative",))
def let_us(draw: Draw) -> Sentence:
    """Let's watch the match."""
    verb, complements = draw.action()
    event_only(draw, verb)
    return draw.say(draw.clause(WE, verb, *complements))


@frame(2, persons=ADDRESSED, polarities=YES_NO, forms=("imperative",))
def order_with_pronoun(draw: Draw) -> Sentence:
    """The lamp is broken; repair it."""
    verb, what = object_with_pronoun(draw)
    event_only(draw, verb)
    assert draw.subject_of_all is not None
    described = draw.clause(what, BE, draw.grade(what.noun.kind), form="statement", polarity=Polarity.POSITIVE)
    order = draw.clause(draw.subject_of_all, verb, pronoun_for(what, verb))
    return draw.say(described, Text(";", ";"), order)
