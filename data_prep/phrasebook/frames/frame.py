"""What a frame is, and the list of all of them."""

from collections.abc import Callable
from dataclasses import dataclass

from data_prep.phrasebook.closed import PERSONS
from data_prep.phrasebook.draw import Draw
from data_prep.phrasebook.structure import Form, Polarity, Sentence, Tense

Build = Callable[[Draw], Sentence]

NO_ADVERB_TENSES = (Tense.PRESENT, Tense.PAST, Tense.FUTURE, Tense.CONDITIONAL, Tense.PERFECT, Tense.PLUPERFECT)
TENSES = (
    *NO_ADVERB_TENSES, Tense.PROGRESSIVE, Tense.PAST_PROGRESSIVE, Tense.HABITUAL, Tense.JUST, Tense.GOING,
)  # fmt: skip
STATIVE = (Tense.PRESENT, Tense.PAST, Tense.FUTURE, Tense.CONDITIONAL)
YES = (Polarity.POSITIVE,)
YES_NO = (Polarity.POSITIVE, Polarity.NOT)
ALL = tuple(Polarity)
STATEMENT: tuple[Form, ...] = ("statement",)
BOTH: tuple[Form, ...] = ("statement", "question")
ADDRESSED = ("you", "polite", "you all")
NOUNS = ("one", "many")
PRONOUNS = ("I", "you", "polite", "you all", "he", "she", "we", "they")


@dataclass(frozen=True)
class Frame:
    """A frame and the features that its sentences may have."""

    name: str
    build: Build
    weight: float
    persons: tuple[str, ...]
    tenses: tuple[Tense, ...]
    polarities: tuple[Polarity, ...]
    forms: tuple[Form, ...]


FRAMES: list[Frame] = []


def frame(
    weight: float = 1.0,
    persons: tuple[str, ...] = PERSONS,
    tenses: tuple[Tense, ...] = (Tense.PRESENT,),
    polarities: tuple[Polarity, ...] = YES,
    forms: tuple[Form, ...] = STATEMENT,
) -> Callable[[Build], Build]:
    """Enter a function into the list of frames, by its name."""

    def enter(build: Build) -> Build:
        name = build.__name__
        FRAMES.append(Frame(name, build, weight, persons, tenses, polarities, forms))
        return build

    return enter
