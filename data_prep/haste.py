"""Text typed in haste: with no capital at its beginning, in capitals alone, or with no mark at its end.

A corpus has whole sentences as a rule, and a network that has seen nothing else makes nonsense of "hello".  So
preparation counts how the sources of the training text are written (`count`); translation puts what is typed otherwise
into their form (`neat`), and its answer into the form of what was typed (`as_typed`).  What is carried over unchanged
(`carrying`) stays as it is.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from data_prep.carrying import ITEM
from data_prep.cleaning import normalise

FEW = 0.01
"""Share of the training text below which a way to write is not one that a network learns."""
OFTEN, MOSTLY = 20, 0.9
"""Times that a word begins a sentence, and share of those that end alike, for it to tell how a sentence ends."""
BEGINNINGS = 20_000
"""Words that are counted so, the first ones; of text without spaces each sentence is one."""
MARKS = frozenset(".?!。？！؟।۔")
"""Marks that are taken off a translation if there was none in what was typed."""
LETTER = re.compile(r"[^\W\d_]")
SENTENCE_END = re.compile(r"(?<=[.!?…。！？؟])\s+")

Ending = Annotated[str, Field(max_length=3)]


class Haste(NamedTuple):
    """In which ways a text is, or was, typed."""

    small: bool
    """Begins with a small letter."""
    loud: bool
    """Is of several words in capitals."""
    unmarked: bool
    """Ends with a letter or a digit."""


class Habits(BaseModel):
    """How many of the sources of the training text are written so, and how they end."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True)

    sentences: int = Field(ge=1)
    small: int = Field(ge=0)
    loud: int = Field(ge=0)
    unmarked: int = Field(ge=0)
    ending: Ending = ""
    """What most end with."""
    endings: dict[str, Ending] = {}
    """What those end with that begin with certain words, such as " ?"."""


def count(sources: Iterable[str]) -> dict[str, Any] | None:
    """The habits of sources, for the manifest; None if there are none."""
    ways: Counter[Haste] = Counter()
    ends: Counter[str] = Counter()
    by_word: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for text in sources:
        ways[haste := _haste(text)] += 1
        ending = _ending(text)
        if not haste.unmarked and len(ending) <= 3:
            ends[ending] += 1
            if (word := _first_word(text)) in by_word or len(by_word) < BEGINNINGS:
                by_word[word][ending] += 1
    if not ways:
        return None
    sums = {name: sum(n for haste, n in ways.items() if getattr(haste, name)) for name in Haste._fields}
    usual = _most_common(ends)
    endings = {
        word: ending
        for word, found in sorted(by_word.items())
        if found.total() >= OFTEN
        and (ending := _most_common(found)) != usual
        and found[ending] >= MOSTLY * found.total()
    }
    return Habits(sentences=ways.total(), **sums, ending=usual, endings=endings).model_dump()


def read_habits(manifest: dict[str, Any]) -> Habits | None:
    """The habits that a manifest notes, if it does.  Raises ValueError if they are none."""
    if (noted := manifest["splits"].get("train", {}).get("typed")) is None:
        return None
    try:
        return Habits.model_validate(noted)
    except ValidationError as error:
        raise ValueError("typed is not what the training text is like") from error


def neat(text: str, habits: Habits, units: Callable[[str], int]) -> tuple[str, Haste]:
    """The text as the training text would have it, and what had to be changed.

    Of a text in small letters alone, or in capitals, those words have a capital that take fewer `units` with it: names.
    """
    small, loud, unmarked = _haste(text)
    few = FEW * habits.sentences
    cased = habits.small < few
    small = cased and small and _begins_small(text)
    loud = cased and loud and habits.loud < few and not any(map(_has_case, _items(text)))
    if loud:
        text = text.lower()
    if cased and text.islower():
        text = ITEM.sub(lambda item: _named(item["word"], units) if item["word"] else item[0], text)
    sentences = _sentences(text)
    if small or loud:
        sentences = [_capitalised(one) if loud or _begins_small(one) else one for one in sentences]
    ending = habits.endings.get(_first_word(sentences[-1]), habits.ending)
    if not (unmarked and habits.unmarked < few):
        ending = ""
    return normalise(" ".join(sentences) + ending), Haste(small, loud, bool(ending))


def as_typed(text: str, haste: Haste, typed: str) -> str:
    """A translation of what was made neat, in the form of what had been `typed`, whose words stay as they are."""
    ending = _ending(text)
    if haste.unmarked and ending.strip() in MARKS and ending != text:
        text = text.removesuffix(ending)
    if haste.loud:
        return normalise(text.upper())
    if not haste.small:
        return text
    words = {item["word"] for item in ITEM.finditer(typed)}
    return " ".join(_begun_small(sentence, words) for sentence in _sentences(text))


def _haste(text: str) -> Haste:
    begun = text[:1].upper() + text[1:]
    loud = begun.isupper() and sum(map(str.isupper, begun.split())) > 1
    return Haste(text[:1].islower(), loud, bool(text) and not _ending(text))


def _begins_small(text: str) -> bool:
    """Whether a text begins with a word in small letters, which is no address."""
    first = ITEM.match(text)
    return first is not None and (first["word"] or "").islower()


def _sentences(text: str) -> list[str]:
    """The sentences of a text; one if it has code, which may look like several."""
    return [text] if "`" in text else SENTENCE_END.split(text)


def _capitalised(sentence: str) -> str:
    return LETTER.sub(lambda letter: letter[0].upper(), sentence, count=1)


def _first_word(text: str) -> str:
    return text.split(" ", 1)[0].casefold()


def _ending(text: str) -> str:
    """What is behind the last letter, with the marks that belong to it, or digit."""
    end = len(text)
    while end and unicodedata.category(text[end - 1])[0] not in "LMN":
        end -= 1
    return text[end:]


def _most_common(counts: Counter[str]) -> str:
    return max(counts, key=lambda one: (counts[one], one), default="")


def _items(text: str) -> list[str]:
    """Numbers, addresses and code."""
    return [item[0] for item in ITEM.finditer(text) if not item["word"]]


def _has_case(text: str) -> bool:
    return text.lower() != text.upper()


def _named(word: str, units: Callable[[str], int]) -> str:
    name = word[:1].upper() + word[1:]
    return name if units(name) < units(word) else word


def _begun_small(sentence: str, typed: set[str]) -> str:
    """A sentence without the capital that its first word has from its place: not English "I", "UNO", or one `typed`."""
    word = first["word"] or "" if (first := ITEM.match(sentence)) else ""
    placed = word != "I" and word not in typed and (len(word) == 1 or word[1:].islower())
    return sentence[0].lower() + sentence[1:] if placed else sentence
