"""The text side of a translation: a line as the network reads it, in segments, and the answer in the line's own form.

line → layout, spelling, character forms, placeholders, style → segments → ids
ids → text of segments → style, items, character forms, layout → answer
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from data_prep.copyable import VERBATIM, find_items
from data_prep.normalization import FIRST_LETTER, LAST_LETTER, CharacterForms, normalize
from data_prep.placeholders import (
    PLACEHOLDERS,
    Copied,
    Detached,
    Masked,
    item_letter,
    item_letters,
    to_placeholders,
    unmask,
    without_letters,
)
from data_prep.sentences import split_sentences
from data_prep.subwords import Subwords
from data_prep.truecasing import TextStyle, Truecaser, restore_style

MAX_SOURCE_TOKENS = 120
"""Subwords of a source that are translated at once; a longer line is cut, as training saw few so long."""

_LAYOUT = re.compile(r"[ \t\xa0\u2000-\u200a\u202f\u3000\ufeff]*(?:[-*+>#•‣▪◦–—·]+[ \t\xa0]+)*")
_BEHIND_END = re.compile(rf"(.*?)( ?[.!?…。！？]+[\"»”)]*) *((?:[{FIRST_LETTER}-{LAST_LETTER}][ ,;]*)+)[.!?…。！？ ]*")
_CLAUSE_END = re.compile(r"(?<=[.!?…。！？؟;:,]) ")
# Digits, letters of scripts with spaces between words, and marks: an item that touches one could be read as another.
_TOUCHES_BEFORE = re.compile(r"[\dA-Za-z\xc0-\u052f.,;:!?…)\]»”]")
_TOUCHES_BEHIND = re.compile(r"[\dA-Za-z\xc0-\u052f(\[«“]")
_IN_A_ROW = re.compile(f"([{FIRST_LETTER}-{LAST_LETTER}]) ?(?=([{FIRST_LETTER}-{LAST_LETTER}]))")
_SEPARATOR = re.compile(" ?[,;:/&+–—-]* ?")
Order = npt.NDArray[np.bool_]


class Segment(NamedTuple):
    """Text that is translated at once."""

    text: str
    """With letters for items."""
    masked: str
    """With placeholders for items, as the network reads it."""
    ids: list[int]
    letters: dict[str, str]
    """The letter of the item that each placeholder stands for."""
    order_PP: Order
    """Which placeholders must come before each."""
    detached: list[Detached]


class SourcePart(NamedTuple):
    """A part of a line."""

    style: TextStyle
    items: list[Copied]
    """What each letter in the segments stands for."""
    segments: list[Segment]
    """The part in the form of the training text; none if there is nothing to translate."""
    answer: str
    """The answer, where there is nothing to translate."""


class SourceLine(NamedTuple):
    """A line: parts that are translated by themselves, and the symbols between them."""

    layout: str
    """Indentation and list marks before the text."""
    parts: list[SourcePart]
    separators: list[str]


class TextPipeline:
    """Makes lines ready for a network and its translations ready for people."""

    def __init__(self, subwords: Subwords, languages: tuple[str, str] = ("en", "en")) -> None:
        """`languages` are those of source and target, whose sentences end by different rules."""
        self.subwords, self.languages = subwords, languages
        profile = subwords.profile
        style, vocabulary = profile.source_style, profile.vocabulary
        self.truecaser = Truecaser(style, vocabulary, languages[0]) if style and vocabulary else None
        self._monotonic = vocabulary is None or vocabulary.monotonic

    def read(self, line: str) -> SourceLine:
        """A line as the network reads it."""
        match = _LAYOUT.match(line)
        layout, rest = (match[0].replace("\ufeff", ""), line[match.end() :]) if match else ("", line)
        typed = normalize(rest)
        if not typed:
            return SourceLine("", [SourcePart(TextStyle(), [], [], normalize(line))], [])
        profile = self.subwords.profile
        known = self.subwords.characters if profile.source_style else None
        text = normalize(_outside_items(typed, profile.source_characters, known))
        separators = self.subwords.masker.separators(text) if self.subwords.masker else []
        starts, ends = [0, *(end for _, end in separators)], [*(start for start, _ in separators), len(text)]
        parts = [self._part(text[start:end]) for start, end in zip(starts, ends, strict=True)]
        return SourceLine(layout, parts, [text[start:end] for start, end in separators])

    def _part(self, text: str) -> SourcePart:
        masker = self.subwords.masker
        masked = masker.mask(text) if masker else Masked(normalize(without_letters(text)), [], [])
        if not any(map(str.isalpha if masker else str.isalnum, masked.text)):
            answer = text if masked.detached or not masker else _with_items(masked.text, masked.items)
            return SourcePart(TextStyle(), [], [], answer)
        items = [*masked.items, *(Copied(one.text, False) for one in masked.detached)]
        letters = map(item_letter, range(len(masked.items), len(items)))
        detached = [one._replace(text=letter) for one, letter in zip(masked.detached, letters, strict=True)]
        styled, style = masked.text, TextStyle()
        if self.truecaser:
            styled, style = self.truecaser.to_corpus_style(styled)
        return SourcePart(style, items, self._segments(styled, items, detached), "")

    def _segments(self, text: str, items: list[Copied], detached: list[Detached]) -> list[Segment]:
        """A masked text in segments short enough to translate."""
        segments, end = [], 0
        for part, masked, places, ids in self._cut(text):
            start = text.index(part, end)
            end = start + len(part)
            here = [one for one in detached if one.place <= end or end == len(text.rstrip())]
            detached = detached[len(here) :]
            placed = [one._replace(place=min(max(one.place - start, 0), len(part))) for one in here]
            letters, order_PP = self._order(item_letters(part), places, items)
            segments.append(Segment(part, masked, ids, letters, order_PP, placed))
        return segments

    def _order(self, numbers: list[int], places: list[int], items: Sequence[Copied]) -> tuple[dict[str, str], Order]:
        """The letter of each placeholder, and which placeholders must come before each."""
        order_PP = np.zeros((len(PLACEHOLDERS), len(PLACEHOLDERS)), np.bool_)
        for earlier, later, number in zip(places, places[1:], numbers[1:], strict=False):
            if self._monotonic or items[number].listed:
                order_PP[later] = order_PP[earlier]
                order_PP[later, earlier] = True
        return {PLACEHOLDERS[p]: item_letter(n) for p, n in zip(places, numbers, strict=True)}, order_PP

    def _fitting(self, text: str) -> tuple[str, str, list[int], list[int]] | None:
        """A text, as the network reads it, the places of its placeholders, and its ids; None if it is too long."""
        if len(item_letters(text)) > len(PLACEHOLDERS):
            return None
        masked, places = to_placeholders(text)
        (ids,) = self.subwords.encode_source([masked])
        return (text, masked, places, ids) if len(ids) <= MAX_SOURCE_TOKENS else None

    def _cut(self, text: str) -> Iterator[tuple[str, str, list[int], list[int]]]:
        """A text in parts that fit: sentences, as many together as fit, or else clauses, words or letters.

        Two sentences that both have items are apart, so that no item comes into the other.
        """
        parts = split_sentences(text, self.languages[0])
        apart = sum(bool(item_letters(part)) for part in parts) > 1
        if not apart and (fitting := self._fitting(text)):
            yield fitting
            return
        if len(parts) == 1:
            parts = _CLAUSE_END.split(text)
        if len(parts) == 1:
            parts = text.split(" ")
        if len(parts) == 1:
            middle = len(text) // 2
            parts = [text[:middle], text[middle:]]
        # Sentences translate best in company, words need it.
        spans: list[tuple[int, int]] = []
        end = total = used = 0
        for part in parts:
            start = text.index(part, end)
            end = start + len(part)
            size = len(self.subwords.encode_source([part])[0])
            letters = len(item_letters(part))
            fits = total + size <= MAX_SOURCE_TOKENS and used + letters <= len(PLACEHOLDERS)
            fits = fits and not (apart and used and letters)
            if spans and fits:
                spans[-1] = (spans[-1][0], end)
                total, used = total + size, used + letters
            else:
                spans.append((start, end))
                total, used = size, letters
        if len(spans) == 1:
            # Together they are too long after all: the sizes of parts do not always add up to that of the whole.
            middle = text.index(parts[len(parts) // 2], len(text) // 3)
            spans = [(0, middle), (middle, len(text))]
        for start, end in spans:
            if part := text[start:end].strip(" "):
                yield from self._cut(part)

    def answer(self, part: SourcePart, translations: Sequence[str]) -> str:
        """The answer to a part of a line, from the translations of its segments."""
        if not part.segments:
            return part.answer
        text = normalize(self.subwords.profile.target_characters.apply(" ".join(translations)))
        # Bytes can spell a line break, which would make two lines of one.
        return normalize(_with_items(restore_style(text, part.style, self.languages[1]), part.items))


def placed_items(text: str, segment: Segment) -> str:
    """A translation with letters for its items, each of which stands where it can.

    None touches a word, a digit or the mark before it if it does not in the source.  Two in a row have the marks of
    the source between them, or a comma.  None stands behind the last full stop if none does in the source.
    """
    for letter in segment.letters.values():
        before, _, behind = segment.text.partition(letter)
        head, _, tail = text.partition(letter)
        text = head + " " * _touch(_TOUCHES_BEFORE, head[-1:], before[-1:]) + letter
        text += " " * _touch(_TOUCHES_BEHIND, tail[:1], behind[:1]) + tail
    text = _IN_A_ROW.sub(lambda found: _in_a_row(segment, found), text)
    end, own = _BEHIND_END.fullmatch(text), _BEHIND_END.fullmatch(segment.text)
    if not end or own or segment.text.endswith(tuple(segment.letters.values())):
        return text
    if not set(segment.letters.values()).issuperset(re.sub("[ ,;]", "", end[3])):
        return text  # a symbol that stood there in the source
    return f"{end[1].rstrip()} {end[3].rstrip(' ,;')}{end[2]}"


def _touch(pattern: re.Pattern[str], character: str, in_source: str) -> bool:
    """Whether an item touches a character in the translation, and none like it in the source."""
    return bool(pattern.match(character)) and not pattern.match(in_source)


def _in_a_row(segment: Segment, found: re.Match[str]) -> str:
    """Two items in a row: 12 and 500 must not become 12 500."""
    first, second = found.groups()
    if not {first, second} <= set(segment.letters.values()):
        return found[0]
    _, _, behind = segment.text.partition(first)
    between, in_order, _ = behind.partition(second)
    return first + (between if in_order and _SEPARATOR.fullmatch(between) else ", ")


def _with_items(text: str, items: Sequence[Copied]) -> str:
    return unmask(text, {item_letter(number): item.text for number, item in enumerate(items)})


def _outside_items(text: str, forms: CharacterForms, known: frozenset[str] | None) -> str:
    """A text in certain character forms, but for what means something to a machine."""
    parts, done = [], 0
    for item in find_items(text):
        if item.kind in VERBATIM:
            parts += [forms.apply(text[done : item.start], known), text[item.start : item.end]]
            done = item.end
    return "".join([*parts, forms.apply(text[done:], known)])
