"""Whether a corpus looks as if a tokenizer had been run over it, which a translator then learns to imitate."""

import re
from collections.abc import Sequence

PAIRS = 2000
"""Pairs at the beginning of a corpus that are looked at."""
MARKED_SHARE = 0.01
"""Share of the pairs with a tokenizer's mark from which a corpus looks tokenized."""
SPACED_SHARE = 0.8
"""Share of a side's full stops and commas with a space before them from which it does."""
FEWEST = 3
"""Pairs, or full stops and commas, that this takes at least."""

# What tokenizers leave: hyphens, commas and stops inside a word (Moses), escapes that stand alone or, in French and
# Italian, end an elided word (Moses), and the joints of subwords.
_MARKS = {
    "@-@": re.compile(r"(?<!\S)@[-/,.]@(?!\S)"),
    "&apos;": re.compile(r"(?<!\S)&apos;\w{0,2}(?!\S)|(?<!\w)[^\W\d_]{1,2}&apos;(?=\s\w)"),
    "&quot;": re.compile(r"(?<!\S)&(?:quot|#91|#93|#124);(?!\S)"),
    "@@": re.compile(r"\w@@(?!\S)"),
    "▁": re.compile(r"(?<!\S)▁\w"),
}
_ANY = re.compile("[@&▁]")
_SPACED = re.compile(r" [.,。，、](?!\S)")
_STOP = re.compile(r"\S ?[.,。，、](?!\S)")


def describe(sources: Sequence[str], targets: Sequence[str]) -> str | None:
    """Return by what the raw text of the pairs looks tokenized, for a message; None if it does not."""
    pairs = list(zip(sources[:PAIRS], targets[:PAIRS], strict=True))
    found = dict.fromkeys(_MARKS, 0)
    marked = 0
    for source, target in pairs:
        text = f"{source}\n{target}"
        if _ANY.search(text):
            names = [name for name, mark in _MARKS.items() if mark.search(text)]
            marked += bool(names)
            for name in names:
                found[name] += 1
    if marked >= max(FEWEST, MARKED_SHARE * len(pairs)):
        names = sorted(filter(found.get, found), key=lambda name: -found[name])
        return f"{' or '.join(names[:2])} in {marked:,} of the first {len(pairs):,} pairs"
    for side in zip(*pairs, strict=True):
        text = "\n".join(side)
        stops, spaced = len(_STOP.findall(text)), len(_SPACED.findall(text))
        if stops >= FEWEST and spaced >= SPACED_SHARE * stops:
            return f"a space before {spaced:,} of {stops:,} full stops and commas in the first {len(pairs):,} pairs"
    return None
