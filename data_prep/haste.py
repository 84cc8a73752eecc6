"""Text typed in haste: with no capital at its beginning, in capitals alone, or with no mark at its end.

A corpus has whole sentences as a rule, and a network that has seen nothing else makes nonsense of "hello".  So
preparation counts how the sources of the training text are written (`count`); translation puts what is typed otherwise
into their form (`neat`), and its answer into the form of what was typed (`as_typed`).  What is carried over unchanged
(`carrying`) stays as it is.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from data_prep.carrying import ITEM
from data_prep.cleaning import normalise

FEW = 0.01
"""Share of the training text below which a way to write is not one that a network learns."""
LETTER = re.compile(r"[^\W\d_]")
STOPS = (".", "。", "।", "۔")
"""Marks that say nothing but that a sentence ends."""


class Haste(NamedTuple):
    """In which ways a text is, or was, typed."""

    small: bool
    """Begins with a small letter."""
    loud: bool
    """Is of several words in capitals."""
    unmarked: bool
    """Ends with a letter or a digit."""


class Habits(BaseModel):
    """How many of the sources of the training text are written so."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    sentences: int = Field(ge=1)
    small: int = Field(ge=0)
    loud: int = Field(ge=0)
    unmarked: int = Field(ge=0)
    mark: str = Field(max_length=1)
    """What most of the others end with."""


def count(sources: Iterable[str]) -> dict[str, Any] | None:
    """The habits of sources, for the manifest; None if there are none."""
    ways: Counter[Haste] = Counter()
    ends: Counter[str] = Counter()
    for text in sources:
        ways[haste := _haste(text)] += 1
        if not haste.unmarked:
            ends[text[-1:]] += 1
    if not ways:
        return None
    sums = {name: sum(n for haste, n in ways.items() if getattr(haste, name)) for name in Haste._fields}
    mark = max(ends, key=lambda end: (ends[end], end), default="")
    return Habits(sentences=ways.total(), **sums, mark=mark).model_dump()


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
    small = cased and small and (first := ITEM.match(text)) is not None and (first["word"] or "").islower()
    loud = cased and loud and habits.loud < few and not any(map(_has_case, _items(text)))
    unmarked = unmarked and habits.unmarked < few and bool(habits.mark)
    if loud:
        text = text.lower()
    if cased and text.islower():
        text = ITEM.sub(lambda item: _named(item["word"], units) if item["word"] else item[0], text)
    if small or loud:
        text = LETTER.sub(lambda letter: letter[0].upper(), text, count=1)
    if unmarked:
        text += habits.mark
    return normalise(text), Haste(small, loud, unmarked)


def as_typed(text: str, haste: Haste) -> str:
    """A translation of what was made neat, in the form of what had been typed."""
    if haste.unmarked and text.endswith(STOPS) and _ends_in_word(text[:-1].rstrip()):
        text = text[:-1].rstrip()
    if haste.loud:
        return normalise(text.upper())
    if haste.small and (first := ITEM.match(text)) and _is_small_elsewhere(first["word"] or ""):
        text = text[:1].lower() + text[1:]
    return text


def _haste(text: str) -> Haste:
    begun = text[:1].upper() + text[1:]
    loud = begun.isupper() and sum(map(str.isupper, begun.split())) > 1
    return Haste(text[:1].islower(), loud, _ends_in_word(text))


def _ends_in_word(text: str) -> bool:
    """Whether the last sign is a letter, with the marks that belong to it, or a digit."""
    return unicodedata.category(text[-1])[0] in "LMN" if text else False


def _items(text: str) -> list[str]:
    """Numbers, addresses and code."""
    return [item[0] for item in ITEM.finditer(text) if not item["word"]]


def _has_case(text: str) -> bool:
    return text.lower() != text.upper()


def _named(word: str, units: Callable[[str], int]) -> str:
    name = word[:1].upper() + word[1:]
    return name if units(name) < units(word) else word


def _is_small_elsewhere(word: str) -> bool:
    """Whether a word that begins a sentence has its capital from that: not English "I", nor "UNO"."""
    return word != "I" and (len(word) == 1 or word[1:].islower())
