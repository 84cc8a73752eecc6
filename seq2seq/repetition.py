"""Loops: the same few signs or words over and over, as a network falls into where its source tells it little."""

import re
from collections import Counter

TIMES = 4
"""A phrase may follow itself so often, and as often as one does in the source."""
LONG_WORD = 20
"""Signs of a word that may have a loop in it."""
LOOP = re.compile(rf"(.{{1,60}}?)\1{{{TIMES},}}")


def without_loops(text: str, source: str) -> str:
    """A translation of `source`, cut where a phrase of up to 60 signs follows itself too often.

    Phrases of words are compared with those of the source, signs within a word with signs: two hundred times the same
    letter is no reason for two hundred times the same word.
    """
    if _is_calm(text):
        return text
    within, between = _most_repeated(source)

    def shortened(found: re.Match[str]) -> str:
        phrase = found[1]
        times = len(found[0]) // len(phrase)
        return phrase * min(times, max(TIMES, between if " " in phrase else within))

    # What follows a loop may make another with what is left of it.
    while (shorter := LOOP.sub(shortened, text)) != text:
        text = shorter
    return text.strip()


def _is_calm(text: str) -> bool:
    """Whether nothing can follow itself too often, told at little cost: nearly all translations are."""
    words = text.split()
    return max(Counter(words).values(), default=0) <= TIMES and max(map(len, words), default=0) <= LONG_WORD


def _most_repeated(text: str) -> tuple[int, int]:
    """How often at most signs follow themselves within a word, and phrases with a space in them."""
    times = {False: 1, True: 1}
    for found in LOOP.finditer(text):
        spaced = " " in found[1]
        times[spaced] = max(times[spaced], len(found[0]) // len(found[1]))
    return times[False], times[True]
