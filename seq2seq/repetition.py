"""Loops: the same signs or words over and over, as a network falls into where its source tells it little."""

import re
from operator import eq

from data_prep.carrying import ITEM

SIGNS = 4
"""Signs within a word may follow themselves so often, and phrases without a letter, or with an item of `carrying`."""
WORD = 2
"""A word may follow itself so often ("nous nous"), and words with a mark after one of them ("Viens ! Viens !")."""
PHRASE = 1
"""Several words do not follow themselves: hardly a sentence of any corpus says them twice if its source does not."""
LONGEST = 12
"""Words of a phrase."""
LONG_WORD = 20
"""Signs of a word that may have a loop in it."""
LOOP = re.compile(rf"(.{{1,60}}?)\1{{{SIGNS},}}")
MARK = re.compile(r"\W")
MARKS = re.compile(r"\W+$")


def without_loops(text: str, source: str) -> str:
    """A translation of `source`, cut where signs, a word or a phrase follow themselves more often than they may, and
    than any do in the source.

    Words are compared with those of the source, signs within a word with signs: two hundred times the same letter is
    no reason for two hundred times the same word.
    """
    words = text.split(" ")
    if max(map(len, words)) > LONG_WORD:
        often = max(SIGNS, _most_repeated_signs(source))
        words = [_shortened(word, often) if len(word) > LONG_WORD else word for word in words]
    if _sizes(_bare(words)):
        words = _cut(words, _most_repeated_words(source))
    return " ".join(words)


def _shortened(word: str, often: int) -> str:
    """A word whose signs follow themselves `often` times at most."""
    # What follows a loop may make another with what is left of it.
    while (shorter := LOOP.sub(lambda found: found[1] * min(often, len(found[0]) // len(found[1])), word)) != word:
        word = shorter
    return word


def _cut(words: list[str], often: int) -> list[str]:
    """Words without the phrases that follow themselves more than `often`, and more than such phrases may."""
    before: list[str] = []
    while words != before:
        before = words
        for size in _sizes(_bare(words)):
            kept: list[str] = []
            kept_bare: list[str] = []
            same = 0
            for word, bare in zip(words, _bare(words), strict=True):
                same = same + 1 if len(kept) >= size and kept_bare[-size] == bare else 0
                kept.append(word)
                kept_bare.append(bare)
                if same and same % size == 0 and same // size >= max(often, _allowed(kept[-2 * size : -size])):
                    # The last word stays, for the mark at its end.
                    del kept[-size - 1 : -1], kept_bare[-size:]
                    same -= size
            words = kept
    return words


def _allowed(phrase: list[str]) -> int:
    """How often a phrase may follow itself in any translation."""
    text = " ".join(phrase)
    if not any(map(str.isalpha, text)) or "`" in text or any(not item["word"] for item in ITEM.finditer(text)):
        return SIGNS
    return WORD if len(phrase) == 1 or any(MARK.match(word[-1:]) for word in phrase) else PHRASE


def _most_repeated_signs(text: str) -> int:
    """How often at most signs follow themselves within a word, of those that do so too often for a translation."""
    return max((len(found[0]) // len(found[1]) for word in text.split() for found in LOOP.finditer(word)), default=1)


def _most_repeated_words(text: str) -> int:
    """How often at most a word or a phrase follows itself, whatever its marks and capitals.

    The last time its last word may be another: "hand in hand down the street" is "main dans la main dans la rue".
    """
    words = _bare(text.split())
    most = 1
    for size in _sizes(words):
        same = 0
        for first, second in zip(words, words[size:], strict=False):
            same = same + 1 if first == second else 0
            most = max(most, (same + (size > 1)) // size + 1)
    return most


def _bare(words: list[str]) -> list[str]:
    """Words without the marks at their ends, and without capitals if they are of letters alone."""
    stripped = [MARKS.sub("", word) or word for word in words]
    return [word.casefold() if word.isalpha() else word for word in stripped]


def _sizes(words: list[str]) -> list[int]:
    """Words of the phrases that may follow themselves: a word comes again so much later."""
    return [size for size in range(1, LONGEST + 1) if any(map(eq, words, words[size:]))]
