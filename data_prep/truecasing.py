"""Truecasing (Lita et al. 2003): text that is written otherwise than the training text is put into its form, and back.

A corpus has whole sentences as a rule, and a network that has seen nothing else makes nonsense of "hello".  So
preparation counts how the sources of the training text are written (`StyleCounter`); `to_corpus_style` puts a line into
that form, and `restore_style` puts its translation into the style of the line.  Words get a capital if the training
text writes them so; items that are copied stay as they are.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from data_prep.normalization import FIRST_LETTER
from data_prep.sentences import split_sentences
from data_prep.words import LETTERS, TOKEN, UPPER, Vocabulary

RARE = 0.01
"""A style that is rarer than this share of the training text is not one that a network learns."""
MIN_COUNT, MIN_SHARE = 20, 0.9
"""Times that a word begins a sentence, and share of those that end alike, for it to tell how a sentence ends."""
MAX_FIRST_WORDS = 20_000
"""Words that are counted so, the first ones; of text without spaces each sentence is one."""
END_MARKS = frozenset(".?!。？！؟।۔")
"""Marks that are taken off a translation if there was none in its source."""
OPENING_MARKS = "\"'“”„«‘’([¿¡ "
"""Marks that may stand before the first word of a sentence."""
MIN_TITLE_WORDS = 2
"""Common words inside a line that must have a capital for it to be in title case."""

Ending = Annotated[str, Field(max_length=3)]
_LETTER = re.compile(LETTERS[:-1])
_CAPITAL_INSIDE = re.compile(rf" \W?[{UPPER}]")


class TextStyle(NamedTuple):
    """How a line is written."""

    lowercase_start: bool = False
    all_caps: bool = False
    """Of several words in capitals."""
    no_end_mark: bool = False
    """Ends with a letter or a digit."""
    title_case: bool = False


class StyleCounts(BaseModel):
    """How many sources of the training text have each style, and how they end."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True)

    sentences: int = Field(ge=1)
    lowercase_start: int = Field(ge=0)
    all_caps: int = Field(ge=0)
    no_end_mark: int = Field(ge=0)
    ending: Ending = ""
    """The most common ending."""
    endings: dict[str, Ending] = {}
    """Endings of sources by their first word, where nearly all with this word end alike: {"où": " ?"}."""


class StyleCounter:
    """Counts the styles of sources."""

    def __init__(self) -> None:
        self._styles: Counter[TextStyle] = Counter()
        self._ends: Counter[str] = Counter()
        self._by_word: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def add(self, text: str) -> None:
        """Count a text."""
        ending = _ending(text)
        self._styles[style := _style(text, ending)] += 1
        if not style.no_end_mark and len(ending) <= 3:
            self._ends[ending] += 1
            if (word := _first_word(text)) in self._by_word or len(self._by_word) < MAX_FIRST_WORDS:
                self._by_word[word][ending] += 1

    def result(self) -> StyleCounts | None:
        """The counts; None if there was no text."""
        if not self._styles:
            return None
        names = ("lowercase_start", "all_caps", "no_end_mark")
        sums = {name: sum(n for style, n in self._styles.items() if getattr(style, name)) for name in names}
        usual = _most_common(self._ends)
        endings = {
            word: ending
            for word, found in sorted(self._by_word.items())
            if found.total() >= MIN_COUNT
            and (ending := _most_common(found)) != usual
            and found[ending] >= MIN_SHARE * found.total()
        }
        return StyleCounts(sentences=self._styles.total(), **sums, ending=usual, endings=endings)


class Truecaser:
    """Puts lines of one language into the style of its training text."""

    def __init__(self, counts: StyleCounts, vocabulary: Vocabulary, language: str) -> None:
        self._counts, self._vocabulary, self._language = counts, vocabulary, language
        few = RARE * counts.sentences
        self._has_case = counts.lowercase_start < few
        self._no_caps, self._no_open_ends = counts.all_caps < few, counts.no_end_mark < few

    def to_corpus_style(self, text: str) -> tuple[str, TextStyle]:
        """A masked line in the style of the training text, and the style that it had.

        Only an ending is added; every other character stays in its place.
        """
        style = _style(text, _ending(text))
        all_caps = self._has_case and self._no_caps and style.all_caps
        title_case = self._has_case and not all_caps and self._is_title(text)
        if all_caps:
            text = "".join(map(_small, text))
        if self._has_case and text.islower():
            text = TOKEN.sub(self._cased, text)
        elif title_case:
            text = _each(text, split_sentences(text, self._language), self._without_title_case)
        lowercase_start = self._has_case and style.lowercase_start and not all_caps
        sentences = split_sentences(text, self._language)
        if lowercase_start or all_caps:
            text = _each(text, sentences, lambda one: _capitalized(one) if all_caps or _begins_small(one) else one)
        ending = ""
        if sentences and style.no_end_mark and self._no_open_ends:
            ending = self._counts.endings.get(_first_word(sentences[-1]), self._counts.ending)
        return text + ending, TextStyle(lowercase_start, all_caps, bool(ending), title_case)

    def _is_title(self, text: str) -> bool:
        """Whether most common words inside the sentences of a text, and all long ones, have a capital."""
        if len(_CAPITAL_INSIDE.findall(text)) < MIN_TITLE_WORDS:
            return False
        words = [word for one in split_sentences(text, self._language) for word in TOKEN.findall(one)[1:]]
        common = [word for word in words if self._vocabulary.forms.get(word.lower()) == word.lower()]
        capitals = sum(map(str.istitle, common))
        enough = capitals >= MIN_TITLE_WORDS and 2 * capitals >= len(common)
        return enough and all(word.istitle() or len(word) < 5 for word in common)

    def _without_title_case(self, sentence: str) -> str:
        first = TOKEN.search(sentence)
        end = first.end() if first else 0
        return sentence[:end] + TOKEN.sub(self._uncapitalized, sentence[end:])

    def _cased(self, token: re.Match[str]) -> str:
        """A token in small letters as the training text writes it."""
        start, end = self._vocabulary.core(token[0])
        word = token[0][start:end]
        form = self._vocabulary.forms.get(token[0]) or self._vocabulary.forms.get(word) or word
        return form if form.lower() == token[0] else token[0][:start] + form + token[0][end:]

    def _uncapitalized(self, token: re.Match[str]) -> str:
        """A token of a title as the training text writes it."""
        start, end = self._vocabulary.core(token[0])
        small = token[0][start:end].lower()
        form = self._vocabulary.forms.get(small, "")
        return token[0][:start].lower() + form + token[0][end:].lower() if form else token[0]


def restore_style(text: str, style: TextStyle, language: str) -> str:
    """A translation, with placeholders for its items, in the style of its source."""
    ending = _ending(text)
    if style.no_end_mark and ending.strip() in END_MARKS and ending != text:
        text = text.removesuffix(ending)
    if style.all_caps:
        return text.upper()
    if not style.lowercase_start:
        return text
    return _each(text, split_sentences(text, language), _begun_small)


def _style(text: str, ending: str) -> TextStyle:
    # Text in capitals may begin with a small letter that is hit by mistake.
    all_caps = text[1:].isupper() and sum(map(str.isupper, (text[0].upper() + text[1:]).split())) > 1
    return TextStyle(_begins_small(text), all_caps, bool(text) and not ending)


def _begins_small(text: str) -> bool:
    """Whether the first word of a text has a small letter that it, unlike "iPhone", does not need."""
    start = 0 if text[:1].isalpha() else len(text) - len(text.lstrip(OPENING_MARKS))
    if not text[start : start + 1].islower():
        return False
    first = TOKEN.match(text, start)
    return first is None or first[0] == first[0].lower()


def _each(text: str, sentences: Sequence[str], change: Callable[[str], str]) -> str:
    """The text with a change made to each sentence."""
    parts, done = [], 0
    for sentence in sentences:
        start = text.index(sentence, done)
        parts += [text[done:start], change(sentence)]
        done = start + len(sentence)
    return "".join([*parts, text[done:]])


def _capitalized(sentence: str) -> str:
    return _LETTER.sub(
        lambda letter: letter[0].upper() if len(letter[0].upper()) == 1 else letter[0], sentence, count=1
    )


def _small(letter: str) -> str:
    return letter.lower() if len(letter.lower()) == 1 else letter


def _first_word(text: str) -> str:
    return text.split(" ", 1)[0].casefold()


def _ending(text: str) -> str:
    """What is behind the last letter, with the marks that belong to it, digit or placeholder."""
    end = len(text)
    while end and unicodedata.category(text[end - 1])[0] not in "LMN" and text[end - 1] < FIRST_LETTER:
        end -= 1
    return text[end:]


def _most_common(counts: Counter[str]) -> str:
    return max(counts, key=lambda one: (counts[one], one), default="")


def _begun_small(sentence: str) -> str:
    """A sentence without the capital that its first word has from its place: not English "I", or "UNO"."""
    start = len(sentence) - len(sentence.lstrip(OPENING_MARKS))
    word = first[0] if (first := TOKEN.match(sentence, start)) else ""
    placed = word != "I" and (len(word) == 1 or word[1:].islower())
    return sentence[:start] + sentence[start : start + 1].lower() + sentence[start + 1 :] if placed else sentence
