"""Loops: signs or words over and over, as a network falls into where its source tells it little.

People repeat words too: "darker and darker", "calls a spade a spade".  What tells a loop from these is the attention: a
network in a loop looks at the same source words again.  Without attention, only what no person writes is a loop.
"""

import re
from collections.abc import Callable
from operator import eq

import numpy as np
import numpy.typing as npt

from data_prep.normalization import FIRST_LETTER, RESERVED

MAX_SIGNS = 4
"""Signs within a word, and words without a letter, may follow themselves so often."""
MAX_REPEATS = 6
"""Times that a word or a phrase may follow itself whatever was looked at."""
MIN_WORD_REPEATS = 2
"""Times that a word follows itself in a loop, at least: "nous nous voyons" is none.  The same holds for phrases with a
mark in them ("Viens ! Viens !"); other phrases are loops if they follow themselves once."""
MIN_OVERLAP = 0.85
"""Share of the attention on the same source subwords from which on a repetition is a loop: mostly above 0.86 in loops
of trained networks, below 0.76 in what people write ("ce qui est fait est fait")."""
MAX_PHRASE_WORDS = 12
MIN_LONG_WORD = 20
"""Signs of a word that may have a loop in it."""
_LOOP = re.compile(rf"(.{{1,60}}?)\1{{{MAX_SIGNS},}}")
_MARKS = re.compile(r"\W+$")
_PLACEHOLDER = re.compile(f"[{FIRST_LETTER}-{RESERVED[-1]}]")

Weights = npt.NDArray[np.float32]
IsLoop = Callable[[list[int], list[int]], bool]
"""Whether the second of two equal phrases, given as numbers of their words, goes back to what the first looked at."""


def without_loops(text: str, source: str, is_loop: IsLoop | None = None) -> str:
    """A translation of `source`, cut where signs, a word or a phrase follow themselves more often than any do in the
    source: as `is_loop` judges, or else far more often.

    Words are compared with those of the source, signs within a word with signs: two hundred times the same letter is
    no reason for two hundred times the same word.
    """
    words = text.split(" ")
    if max(map(len, words)) > MIN_LONG_WORD:
        often = max(MAX_SIGNS, _most_repeated_signs(source))
        words = [_shortened(word, often) if len(word) > MIN_LONG_WORD else word for word in words]
    if _sizes(_bare(words)):
        words = _cut(words, _most_repeated_words(source), is_loop)
    return " ".join(words)


def goes_back(weights_WS: Weights) -> IsLoop:
    """A judge of repetitions by what each word of a translation looked at."""

    def is_loop(first: list[int], second: list[int]) -> bool:
        overlap = np.minimum(weights_WS[first], weights_WS[second]).sum(axis=1).mean()
        return bool(overlap >= MIN_OVERLAP)

    return is_loop


def by_words(weights_TS: Weights, pieces: list[str]) -> Weights:
    """What each word looked at: the mean over its subwords."""
    words = np.cumsum([piece.startswith("▁") or not place for place, piece in enumerate(pieces)]) - 1
    sums_WS = np.zeros((int(words[-1]) + 1, weights_TS.shape[1]), np.float32)
    np.add.at(sums_WS, words, weights_TS[: len(pieces)])
    return np.divide(sums_WS, np.bincount(words)[:, None], dtype=np.float32)


def repeats(text: str, source: str) -> bool:
    """Whether anything in a translation follows itself more often than in its source."""
    sizes = _sizes(_bare(text.split(" ")))
    return bool(sizes) and _cut(text.split(" "), _most_repeated_words(source), lambda *_: True) != text.split(" ")


def _shortened(word: str, often: int) -> str:
    """A word whose signs follow themselves `often` times at most."""
    # What follows a loop may make another with what is left of it.
    while (shorter := _LOOP.sub(lambda found: found[1] * min(often, len(found[0]) // len(found[1])), word)) != word:
        word = shorter
    return word


def _cut(words: list[str], often: int, is_loop: IsLoop | None) -> list[str]:
    """Words without the phrases that follow themselves more than `often` and are loops."""
    numbered = list(enumerate(words))
    before: list[tuple[int, str]] = []
    while numbered != before:
        before = numbered
        bare_words = _bare([word for _, word in numbered])
        for size in _sizes(bare_words):
            kept: list[tuple[int, str]] = []
            kept_bare: list[str] = []
            same = 0
            for (number, word), bare in zip(numbered, _bare([word for _, word in numbered]), strict=True):
                same = same + 1 if len(kept) >= size and kept_bare[-size] == bare else 0
                kept.append((number, word))
                kept_bare.append(bare)
                if same and same % size == 0 and same // size >= often:
                    first, second = kept[-2 * size : -size], kept[-size:]
                    if _is_cut(first, second, same // size, is_loop):
                        # The last word stays, for the mark at its end.
                        del kept[-size - 1 : -1], kept_bare[-size:]
                        same -= size
            numbered = kept
    return [word for _, word in numbered]


def _is_cut(first: list[tuple[int, str]], second: list[tuple[int, str]], times: int, is_loop: IsLoop | None) -> bool:
    """Whether the second of two equal phrases, which has followed itself so many times, is a loop."""
    phrase = " ".join(word for _, word in second)
    if _PLACEHOLDER.search(phrase) or any(map(str.isdigit, phrase)):
        return False
    if not any(map(str.isalpha, phrase)):
        return times >= MAX_SIGNS
    if times >= MAX_REPEATS:
        return True
    if times < MIN_WORD_REPEATS and (len(second) == 1 or any(_MARKS.search(word) for _, word in first)):
        return False
    return is_loop is not None and is_loop([number for number, _ in first], [number for number, _ in second])


def _most_repeated_signs(text: str) -> int:
    """How often at most signs follow themselves within a word, of those that do so too often for a translation."""
    return max((len(found[0]) // len(found[1]) for word in text.split() for found in _LOOP.finditer(word)), default=1)


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
    stripped = [_MARKS.sub("", word) or word for word in words]
    return [word.casefold() if word.isalpha() else word for word in stripped]


def _sizes(words: list[str]) -> list[int]:
    """Words of the phrases that may follow themselves: a word comes again so much later."""
    return [size for size in range(1, MAX_PHRASE_WORDS + 1) if any(map(eq, words, words[size:]))]
