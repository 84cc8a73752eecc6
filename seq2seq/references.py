"""Reference translations in files: read, normalised as translations are, and hints at what looks wrong with them."""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from data_prep.errors import UserError
from data_prep.lines import read_lines
from data_prep.normalization import normalize
from seq2seq.language import LANGUAGES, judge, weigh

LINES = 5000
"""Lines that hints look at, at most."""
LANGUAGE_LINES = 200
"""Lines whose language is checked, the first of them."""
FEWEST = 5
"""Lines below which nothing is said of a shift."""
MUCH_BETTER = 0.2
"""Difference of similarity, from 0 to 1, that is more than chance."""
SHIFTED, TOKENIZED, COPIED = 0.2, 0.3, 0.5
"""Shares of lines from which on a hint is given."""
SWAPPED = 0.8
"""Bits per character of a reference, divided by those of the source, below which the two seem swapped."""
# What a tokenizer writes and text has not: marks and clitics with spaces around them, and the escapes of Moses.  No
# mark that French has a space before.
_TOKENS = re.compile(r" (?:[.,)\]](?= |$)|['’](?:\w+|)(?= |$))|[(\[] \w|\w['’] \w|@-@|&(?:apos|quot|amp|lt|gt|#\d+);")


def read_texts(source: Path, references: Sequence[Path]) -> tuple[list[str], list[list[str]]]:
    """Lines of the source, and of each reference, normalised.  Raises UserError unless all have as many."""
    if len({path.resolve() for path in references}) < len(references):
        raise UserError("--reference: the same file is given twice; name another one, or leave it out")
    sources, *texts = (
        [line for _, block in read_lines(path, 10_000) for line in block] for path in (source, *references)
    )
    for path, lines in zip(references, texts, strict=True):
        if len(sources) != len(lines):
            raise UserError(
                f"{source} has {len(sources):,} lines and {path} has {len(lines):,}; line n of one must translate "
                f"line n of the other"
            )
    if not sources:
        raise UserError(f"{source}: the file is empty")
    return sources, [list(map(normalize, lines)) for lines in texts]


def hints(
    path: Path,
    reference: Sequence[str],
    sources: Sequence[str],
    translations: Sequence[str],
    languages: tuple[str, str],
    bits: Callable[[Sequence[str]], float] | None = None,
) -> Iterator[str]:
    """What looks wrong with a normalised reference, each in one line.

    `languages` are those of the run; `bits` says how many bits per character lines have by what is typical of its
    source side.
    """
    sources = [normalize(line) for line in islice(sources, LINES)]
    reference, translations = reference[:LINES], translations[:LINES]
    if hint := _wrong_language(reference, sources, languages, bits):
        yield f"{path} {hint}"
        return
    ours, theirs = ([_trigrams(line) for line in text] for text in (translations, reference))
    written = [row for row, line in enumerate(reference) if line]
    # Numbers and names are the same in every language.
    copied = sum(
        similarity(_trigrams(sources[row]), theirs[row]) > similarity(ours[row], theirs[row]) + MUCH_BETTER
        for row in written
    )
    if written and copied > COPIED * len(written):
        yield f"{path} looks like the source: {copied:,} of {len(written):,} lines are more like that than translations"
        return
    if hint := _shift(ours, theirs):
        yield f"{path} {hint}"
    found, own = (
        sum(bool(_TOKENS.search(line)) for line in text) / max(1, len(text)) for text in (reference, translations)
    )
    if found > TOKENIZED and found > 2 * own:
        yield (
            f"{path} looks tokenized (spaces before marks, or @-@ and &apos;), which translations are not; scores are "
            f"too low until it is detokenized, for example with `sacremoses detokenize`"
        )


def similarity(ours: frozenset[str], theirs: frozenset[str]) -> float:
    """Dice coefficient of two texts' trigrams, 0 to 1."""
    return 2 * len(ours & theirs) / max(1, len(ours) + len(theirs))


def _trigrams(text: str) -> frozenset[str]:
    text = f" {text.casefold()} "
    return frozenset(text[i : i + 3] for i in range(len(text) - 2))


def _wrong_language(
    reference: Sequence[str],
    sources: Sequence[str],
    languages: tuple[str, str],
    bits: Callable[[Sequence[str]], float] | None,
) -> str:
    """What to say of a reference in the source language, so far as that can be told; empty if it is not."""
    source, target = (language.lower().split("_")[0] for language in languages)
    if source == target or not {source, target} <= LANGUAGES.keys():
        if bits and bits(reference[:LANGUAGE_LINES]) < SWAPPED * bits(sources[:LANGUAGE_LINES]):
            return "looks more like the source language than the source does: are the two files swapped?"
        return ""
    if judge(*weigh(reference[:LANGUAGE_LINES])) != source:
        return ""
    if judge(*weigh(sources[:LANGUAGE_LINES])) == target:
        return f"looks like {LANGUAGES[source]} and the source like {LANGUAGES[target]}: are the two files swapped?"
    return f"looks like {LANGUAGES[source]}, the language translated from; a reference is in {LANGUAGES[target]}"


def _shift(ours: Sequence[frozenset[str]], theirs: Sequence[frozenset[str]]) -> str:
    """What to say of a reference whose lines fit the translations one line before or behind; empty if they fit."""
    if len(ours) < FEWEST:
        return ""
    fitting = [similarity(*pair) for pair in zip(ours, theirs, strict=True)]
    for step, where in ((1, "later"), (-1, "earlier")):
        rows = [
            row
            for row in range(max(0, -step), len(ours) - max(0, step))
            if similarity(ours[row], theirs[row + step]) > fitting[row] + MUCH_BETTER
        ]
        if len(rows) >= max(FEWEST - 2, SHIFTED * len(ours)):
            return (
                f"seems shifted: {len(rows):,} of {len(ours):,} translations fit the line that is one {where}, from "
                f"line {rows[0] + 1} on; look for a line missing or too many"
            )
    return ""
