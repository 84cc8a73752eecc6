"""Placeholders for what a translation copies: numbers, addresses, code, templates and unknown names.

Before text is cut into subwords, placeholders take the place of such items: in a training pair where both sides have
the same item, and in whatever is translated (Luong et al. 2015).  The network learns where placeholders go, the search
puts each of the source's into the translation once, and `unmask` makes them items again.

Tags, escapes and unknown symbols are no part of a sentence: they are detached from it, and the translator attaches them
to the words that they stood beside.
"""

import re
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from data_prep.copyable import (
    DETACHED,
    DIGITS,
    Item,
    evidence_key,
    find_items,
    find_numbers,
    find_unknown,
    is_listed,
    merge,
    unite,
)
from data_prep.normalization import FIRST_LETTER, LAST_LETTER, RESERVED
from data_prep.numbers import NumberFormat, number_key
from data_prep.words import CAPITALIZED, Vocabulary

PLACEHOLDERS = RESERVED
"""Letters that stand for items, and that no clean text has."""
NAMED_PAIRS = 10
"""One in so many pairs has known names masked too, so that placeholders are learned in all the places of names."""
MAX_ITEMS = ord(LAST_LETTER) - ord(FIRST_LETTER) + 1
"""Items of a line, at most; any more are left as they are."""
_LETTERS = re.compile(f"[{FIRST_LETTER}-{LAST_LETTER}]")
_MARKS = re.compile(r"[.,;:!?…)\]»”]")

Span = tuple[int, int]


class Detached(NamedTuple):
    """An item that was taken out of a text."""

    text: str
    place: int
    """Where it stood, in the text without it."""
    before: str
    """The character that was before it; none at the beginning."""
    behind: str
    """The character that was behind it; none at the end."""


class Copied(NamedTuple):
    """An item that the translation copies."""

    text: str
    """As the target writes it."""
    listed: bool
    """Whether it continues a list, so that it must stay behind the item before it."""


class Masked(NamedTuple):
    """A text with letters from FIRST_LETTER on in the place of its items, in order."""

    text: str
    items: list[Copied]
    detached: list[Detached]


class PlaceholderMasker:
    """Finds items and puts placeholders in their place.

    `vocabulary` tells which words are no names; without it there are no names.  `copied` says of some kinds whether the
    training text copies them; all others are copied.  `characters` are those that the subword model knows;
    without them all are known.
    """

    def __init__(
        self,
        vocabulary: Vocabulary | None = None,
        copied: dict[str, bool] | None = None,
        numbers: NumberFormat | None = None,
        characters: frozenset[str] | None = None,
    ) -> None:
        self.vocabulary = vocabulary
        self.copied = copied or {}
        self.numbers = numbers or NumberFormat()
        self.characters = characters

    def find(self, text: str, known_too: bool = False) -> list[Item]:
        """The items of a text, in order; none overlaps another.  With `known_too` known names are items as well."""
        items = self._copied_items(text)
        if self.vocabulary is not None and self.vocabulary.names:
            items = merge(items, _names(text, self.vocabulary, known_too))
        return unite(text, items) if len(items) > 1 else items

    def find_all(self, text: str) -> list[Item]:
        """The items of a text, those too that have characters which the subword model does not know."""
        found = self.find(text)
        if self.characters is None or self.characters.issuperset(text):
            return found
        items: list[Item] = []
        for item in found:
            items += find_unknown(text, self.characters, items[-1].end if items else 0, item.start)
            items.append(item)
        items += find_unknown(text, self.characters, items[-1].end if items else 0)
        return unite(text, items)

    def separators(self, text: str) -> list[Span]:
        """Where escapes and unknown symbols part a text, with the spaces around them."""
        if "\\" not in text and (self.characters is None or self.characters.issuperset(text)):
            return []
        spans: list[Span] = []
        for start, end, kind in self.find_all(text):
            spaced = text[start - 1 : start] in ("", " ") and text[end : end + 1] in ("", " ")
            if kind == "escape" or (kind == "symbol" and (spaced or not start)):
                start, end = start - (text[start - 1 : start] == " "), end + (text[end : end + 1] == " ")
                if spans and spans[-1][1] >= start:
                    start = spans.pop()[0]
                spans.append((start, end))
        return spans

    def mask(self, text: str) -> Masked:
        """The text with letters for its items, and without what is detached."""
        found = self.find_all(text)
        items: list[Copied] = []
        detached: list[Detached] = []
        out, done = "", 0
        before: Item | None = None
        for item in found:
            said = text[item.start : item.end]
            out += text[done : item.start]
            done = item.end
            if len(items) + len(detached) == MAX_ITEMS:
                out += without_letters(said)
                continue
            if item.kind not in DETACHED:
                out += item_letter(len(items))
                listed = before is not None and is_listed(text, before, item)
                items.append(Copied(self.numbers.render(said) if item.kind == "number" else said, listed))
                before = item
                continue
            first, last = text[item.start - 1 : item.start] if item.start else "", text[done : done + 1]
            if out[-1:] in ("", " ") and last in ("", " "):
                done += 1
            if out[-1:] == " " and (done >= len(text) or _MARKS.match(text, done)):
                out = out[:-1]
            if out and last.isalnum():
                out += " " * _is_parted(first if first.isalnum() else out[-1], said)
            detached.append(Detached(said, len(out), first, last))
        return Masked(out + text[done:], items, detached)

    def mask_pair(self, source: str, target: str) -> tuple[str, str]:
        """Both sides with placeholders for what stands in both, as often in one as in the other."""
        items = self.find(source, known_too=zlib.crc32(source.encode()) % NAMED_PAIRS == 0)
        if not items:
            return source, target
        found = list(_pairs(source, target, items))
        letters = iter([PLACEHOLDERS[place] for place in _places(source)])
        marks = [(span, other, "" if kind in DETACHED else next(letters, None)) for span, other, kind in found]
        ours = sorted((span, mark) for span, _, mark in marks if mark is not None)
        theirs = sorted((span, mark) for _, span, mark in marks if mark is not None)
        return _replace(source, ours), _replace(target, theirs)

    def _copied_items(self, text: str) -> list[Item]:
        items = []
        for item in find_items(text):
            said = text[item.start : item.end]
            if self.copied.get(evidence_key(item.kind, said), True):
                items.append(item)
            elif item.kind in DIGITS - {"number"} and self.copied.get("number", True):
                numbers = find_numbers(said)
                items += [Item(item.start + one.start, item.start + one.end, "number") for one in numbers]
        return items


def item_letter(number: int) -> str:
    """The letter of an item in a masked text."""
    return chr(ord(FIRST_LETTER) + number)


def item_letters(text: str) -> list[int]:
    """Numbers of the items whose letters a masked text has, in order."""
    return [ord(letter) - ord(FIRST_LETTER) for letter in _LETTERS.findall(text)]


def without_letters(text: str) -> str:
    """A text without what would be taken for items."""
    return _LETTERS.sub("", text)


def to_placeholders(text: str) -> tuple[str, list[int]]:
    """A masked text, of no more items than there are placeholders, as the network reads it.

    Also the place in PLACEHOLDERS of each item, in order.
    """
    places = _places(text)
    letters = iter(places)
    return _LETTERS.sub(lambda _: PLACEHOLDERS[next(letters)], text), places[: len(_LETTERS.findall(text))]


def unmask(text: str, letters: dict[str, str]) -> str:
    """The text with other text in the place of certain letters, each of them one character."""
    return text.translate({ord(letter): item for letter, item in letters.items()}) if letters else text


def _names(text: str, vocabulary: Vocabulary, known_too: bool) -> list[Item]:
    """Unknown names; those beside each other, and the copied names beside them, are one."""
    names: list[Item] = []
    start, end, unknown = 0, -1, False
    for token in CAPITALIZED.finditer(text):
        word, first, last = token[0], token.start(), token.end()
        if not known_too and vocabulary.forms.get(word.lower()) is not None and not vocabulary.is_copied(word):
            continue
        if "'" in word:
            core = vocabulary.core(word)
            word, first, last = word[slice(*core)], first + core[0], first + core[1]
            if not any(part[:1].isupper() for part in re.split("['-]", word)):
                continue
        new = known_too or not vocabulary.is_known(word)
        if not (new or vocabulary.is_copied(word)):
            continue
        if text[end:first] == " ":
            end, unknown = last, unknown or new
            continue
        if unknown:
            names.append(Item(start, end, "name"))
        start, end, unknown = first, last, new
    if unknown:
        names.append(Item(start, end, "name"))
    return names


def _pairs(source: str, target: str, items: list[Item]) -> Iterator[tuple[Span, Span, str]]:
    """Where source and target have the same item, and its kind; each place once."""
    ours: dict[str, list[Item]] = {}
    for item in items:
        for part in _parts(source, target, item):
            said = source[part.start : part.end]
            ours.setdefault(number_key(said) if part.kind == "number" else said, []).append(part)
    numbers: dict[str, list[Span]] | None = None
    taken = bytearray(len(target))
    for key, those in ours.items():
        if those[0].kind == "number":
            if numbers is None:
                numbers = {}
                for one in find_numbers(target):
                    numbers.setdefault(number_key(target[one.start : one.end]), []).append((one.start, one.end))
            theirs = numbers.get(key, [])
        else:
            ends_word = key[-1].isalnum() and those[0].kind != "escape"
            edges = [r"(?<!\w)" * key[0].isalnum(), r"(?!\w)" * ends_word]
            whole = re.escape(key).join(edges) if key in target else "(?!)"
            theirs = [match.span() for match in re.finditer(whole, target)]
        if len(theirs) == len(those) and not any(any(taken[start:end]) for start, end in theirs):
            for start, end in theirs:
                taken[start:end] = b"\1" * (end - start)
            yield from (((one.start, one.end), span, one.kind) for one, span in zip(those, theirs, strict=True))


def _parts(source: str, target: str, item: Item) -> list[Item]:
    """A name of several words, apart where the target does not have them together."""
    said = source[item.start : item.end]
    if item.kind != "name" or " " not in said or said in target:
        return [item]
    return [Item(item.start + word.start(), item.start + word.end(), "name") for word in re.finditer(r"\S+", said)]


def _places(text: str) -> list[int]:
    """An order of the placeholders that depends on the text, so that none of them is the usual one."""
    first = zlib.crc32(text.encode()) // NAMED_PAIRS
    return [(first + i) % len(PLACEHOLDERS) for i in range(len(PLACEHOLDERS))]


def _is_parted(before: str, detached: str) -> bool:
    """Whether what is detached stood between two sentences or two words; a tag may stand inside of a word."""
    return bool(_MARKS.match(before)) or (before.isalnum() and not detached.startswith("<"))


def _replace(text: str, marks: list[tuple[Span, str]]) -> str:
    """The text with marks in the place of spans; where there is no mark, one space parts what the span parted."""
    out, done = "", 0
    for (start, end), mark in marks:
        out += text[done:start]
        done = end
        if not mark and (not out or out[-1] == " ") and text[done : done + 1] == " ":
            done += 1
        elif not mark and out and text[done : done + 1].isalnum():
            out += " " * _is_parted(out[-1], text[start:end])
        out += mark
    return out + text[done:]
