"""Words of the source text: which are known, how they are written, and which names both languages share.

A token such as "l'Amérique" or "Tom's" is a word with affixes; an affix is what many different words have before or
behind an apostrophe.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from functools import cached_property

from pydantic import BaseModel, ConfigDict

MIN_COUNT = 3
"""Times that a word must stand in the training text to be known."""
MIN_SHARE = 0.9
"""Share of a word's occurrences inside sentences that must be written alike for it to have a usual form."""
MIN_TYPES = 20
"""Different words that an affix must occur with."""
COPIED_SHARE = 0.3
"""Share of unknown names that the target must have unchanged for names to be copied."""
ORDERED_SHARE = 0.95
"""Share of sentences that must have their names in the same order in both languages for the order to be kept."""

# Scripts with capitals that are beyond this have a few thousand readers.
_UPPER = [chr(code) for code in range(0x2000) if chr(code).isupper() or chr(code).istitle()]


def _ranges(letters: list[str]) -> str:
    """A character class of letters in order."""
    parts: list[list[int]] = []
    for code in map(ord, letters):
        if parts and code == parts[-1][1] + 1:
            parts[-1][1] = code
        else:
            parts.append([code, code])
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in parts)


UPPER = _ranges(_UPPER)
"""All capital letters, as the inside of a character class."""
LETTERS = r"[^\W\d_]+"
TOKEN = re.compile(rf"{LETTERS}(?:['-]{LETTERS})*")
"""A word with its affixes; compounds with a hyphen are one."""
CAPITALIZED = re.compile(rf"(?<![\w'-])(?=[^\W\d_'-]*(?:['-][^\W\d_]*)?[{UPPER}]){LETTERS}(?:['-]{LETTERS})*(?!\w)")
"""A token that may be a name."""
_INSIDE = re.compile(rf"(?<=[\w,;] ){LETTERS}(?:['-]{LETTERS})*")
"""A token inside a sentence: its capital, if any, is its own."""
_NAME_INSIDE = re.compile(rf"(?<=[\w,;] )[{UPPER}][^\W\d_]*(?:['-]{LETTERS})*")


class Vocabulary(BaseModel):
    """The words of the source text."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True)

    forms: dict[str, str]
    """Each known word, by its small letters, as it is usually written inside a sentence: {"paris": "Paris", "cat":
    "cat"}.  A word that is written in several ways has none: {"may": ""}."""
    names: bool = True
    """Whether unknown names are copied."""
    copied: list[str] = []
    """Known names, in small letters, that the target has unchanged more often than not."""
    monotonic: bool = True
    """Whether the target nearly always has the names of a sentence in the order of the source."""
    prefixes: list[str] = []
    """Affixes before an apostrophe, such as French "l"."""
    suffixes: list[str] = []
    """Affixes behind an apostrophe, such as English "s"."""

    @cached_property
    def _copied(self) -> frozenset[str]:
        return frozenset(self.copied)

    @cached_property
    def _affixes(self) -> tuple[frozenset[str], frozenset[str]]:
        return frozenset(self.prefixes), frozenset(self.suffixes)

    def core(self, token: str) -> tuple[int, int]:
        """Start and end of the word in a token, without affixes."""
        return _core(token, *self._affixes) if "'" in token else (0, len(token))

    def is_known(self, word: str) -> bool:
        """Whether the training text has a word, or all parts of a compound."""
        word = word.lower()
        return word in self.forms or ("-" in word and all(part in self.forms for part in word.split("-")))

    def is_copied(self, word: str) -> bool:
        """Whether a word is a known name that the target text has unchanged."""
        return word.lower() in self._copied


def _core(token: str, prefixes: frozenset[str], suffixes: frozenset[str]) -> tuple[int, int]:
    start, end = 0, len(token)
    while (cut := token.find("'", start, end)) > 0 and token[start:cut].lower() in prefixes:
        start = cut + 1
    while (cut := token.rfind("'", start, end)) > 0 and token[cut + 1 : end].lower() in suffixes:
        end = cut
    return start, end


class WordCounter:
    """Counts the words of source texts."""

    def __init__(self) -> None:
        self._tokens: Counter[str] = Counter()
        self._inside: Counter[str] = Counter()
        self._names: Counter[str] = Counter()
        self._same: Counter[str] = Counter()
        self._series = self._ordered = 0

    def add(self, sources: Sequence[str], targets: Sequence[str]) -> None:
        """Count pairs."""
        text = "\n".join(sources)
        self._tokens.update(TOKEN.findall(text))
        self._inside.update(_INSIDE.findall(text))
        for source, target in zip(sources, targets, strict=True):
            if names := _NAME_INSIDE.findall(source):
                self._add_names(names, target)

    def _add_names(self, names: list[str], target: str) -> None:
        for name in names:
            self._names[name] += 1
            self._same[name] += name in target
        if len(names) > 1:
            places = [place for name in dict.fromkeys(names) if (place := target.find(name)) >= 0]
            if len(places) > 1:
                self._series += 1
                self._ordered += places == sorted(places)

    def result(self) -> Vocabulary:
        """The vocabulary.  Names are copied if unknown ones mostly stand in the target as they are."""
        prefixes, suffixes = self._affixes()

        def cores(counts: Counter[str]) -> Iterable[tuple[str, int]]:
            for token, count in counts.items():
                start, end = _core(token, prefixes, suffixes) if "'" in token else (0, len(token))
                yield token[start:end], count

        known: Counter[str] = Counter()
        for word, count in cores(self._tokens):
            known[word.lower()] += count
        written: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for word, count in cores(self._inside):
            written[word.lower()][word] += count
        forms = {word: _form(word, written.get(word)) for word, count in known.items() if count >= MIN_COUNT}
        names, same = Counter[str](), Counter[str]()
        for target, counts in ((names, self._names), (same, self._same)):
            for word, count in cores(counts):
                target[word] += count
        unknown = [word for word in names if word.lower() not in forms]
        return Vocabulary(
            forms=dict(sorted(forms.items())),
            names=sum(same[word] for word in unknown) > COPIED_SHARE * sum(names[word] for word in unknown),
            copied=sorted(
                word.lower()
                for word, count in names.items()
                if forms.get(word.lower()) == word and 2 * same[word] > count
            ),
            monotonic=self._ordered >= ORDERED_SHARE * self._series,
            prefixes=sorted(prefixes),
            suffixes=sorted(suffixes),
        )

    def _affixes(self) -> tuple[frozenset[str], frozenset[str]]:
        before: defaultdict[str, set[str]] = defaultdict(set)
        behind: defaultdict[str, set[str]] = defaultdict(set)
        for token in self._tokens:
            if "'" in token:
                first, _, rest = token.lower().partition("'")
                before[first].add(rest)
                rest, _, last = token.lower().rpartition("'")
                behind[last].add(rest)
        return (
            frozenset(affix for affix, words in before.items() if len(words) >= MIN_TYPES),
            frozenset(affix for affix, words in behind.items() if len(words) >= MIN_TYPES),
        )


def _form(word: str, written: Counter[str] | None) -> str:
    """How a word is usually written inside sentences, or nothing if that is not clear."""
    if not written:
        return word
    form = max(written, key=lambda one: (written[one], one))
    if written[form] < MIN_SHARE * written.total():
        return ""
    return form if written[form] >= MIN_COUNT else word
