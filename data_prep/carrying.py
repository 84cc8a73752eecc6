"""What a translation carries over unchanged: numbers, addresses, code, and names that training did not know.

Before text is cut into subwords, placeholders take the place of such items: in a training pair where both sides have
the same, and in whatever is translated.  The network learns where placeholders go, the search puts each of the
source's into the translation once, and then they are items again.
"""

import re
import zlib
from collections import Counter
from collections.abc import Iterable

from data_prep.cleaning import RESERVED

PLACEHOLDERS = RESERVED
"""Letters that stand for items, and that no clean text has."""
KNOWN = 3
"""Times that a word stands in the training text if it is known."""
FAMILIAR = 10
"""One of so many pairs has known names carried too, so that placeholders are seen in all the places of names."""
CARRIED = 0.3
"""Share of unknown names that the other side has as they are, from which on names are carried at all."""

# Each begins where nothing like it goes before, so that a long word is not read again from each of its letters.
ITEM = re.compile(
    r"`[^`]+`"
    r"|(?:(?<![a-zA-Z0-9+.-])[a-zA-Z][a-zA-Z0-9+.-]*://|www\.)[^\s<>\"«»]*[^\s<>\"«».,;:!?'’)\]…]"
    r"|(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
    r"|(?<!\w)[@#]\w+"
    r"|(?<![\w.,])\d+(?:[.,:/-]\d+)*(?!\w)"
    r"|(?<!\w)(?P<word>[^\W\d_]+(?:-[^\W\d_]+)*)(?!\w)"
)


class Carrier:
    """Finds items and puts placeholders in their place.

    `words`, in small letters, are known, and any other with a capital is a name.  Without them there are no names.
    """

    def __init__(self, words: frozenset[str] | None = None) -> None:
        self.words = words

    def mask(self, text: str) -> tuple[str, list[str]]:
        """The text with placeholders, and what each of PLACEHOLDERS stands for, nothing for most.

        Items that there are no placeholders left for stay.
        """
        found = [match for match in ITEM.finditer(text) if self._is_item(match)]
        marks = [(match.span(), place) for match, place in zip(found, _places(text), strict=False)]
        items = [""] * len(PLACEHOLDERS)
        for (start, end), place in marks:
            items[place] = text[start:end]
        return _replace(text, marks), items

    def mask_pair(self, source: str, target: str) -> tuple[str, str]:
        """Both sides with placeholders for what stands in both, as often in one as in the other."""
        known_too = zlib.crc32(source.encode()) % FAMILIAR == 0
        items = [match for match in ITEM.finditer(source) if self._is_item(match, known_too)]
        if not items:
            return source, target
        ours, theirs = _by_text(source), _by_text(target)
        found = [
            (match.span(), theirs[match[0]][ours[match[0]].index(match.span())])
            for match in items
            if len(ours[match[0]]) == len(theirs.get(match[0], ()))
        ]
        marks = list(zip(found, _places(source), strict=False))
        return (
            _replace(source, [(span, place) for (span, _), place in marks]),
            _replace(target, sorted((span, place) for (_, span), place in marks)),
        )

    def _is_item(self, match: re.Match[str], known_too: bool = False) -> bool:
        word = match["word"]
        if word is None:
            return True
        return self.words is not None and word[0].isupper() and (known_too or word.lower() not in self.words)


def restore(text: str, items: list[str]) -> str:
    """The text with items in the place of placeholders."""
    return re.sub(f"[{PLACEHOLDERS}]", lambda match: items[PLACEHOLDERS.index(match[0])], text)


def replace_items(text: str, items: list[str]) -> str:
    """The text with placeholders in the place of items, as far as it has them: `restore` backwards."""
    for place, item in sorted(enumerate(items), key=lambda pair: -len(pair[1])):
        if item:
            text = text.replace(item, PLACEHOLDERS[place], 1)
    return text


def learn(pairs: Iterable[tuple[str, str]]) -> Carrier:
    """What is known in the training text.

    Names are carried if rare ones mostly are the same in both languages, which they are not in two scripts, nor where
    every noun has a capital.
    """
    counts: Counter[str] = Counter()
    capitals: Counter[str] = Counter()
    same: Counter[str] = Counter()
    for source, target in pairs:
        for match in ITEM.finditer(source):
            if word := match["word"]:
                counts[word.lower()] += 1
                # A sentence begins with a capital, whatever its first word is.
                if match.start() and word[0].isupper():
                    capitals[word] += 1
                    same[word] += word in target
    known = frozenset(word for word, count in counts.items() if count >= KNOWN)
    names = [word for word in capitals if word.lower() not in known]
    shared = sum(same[word] for word in names) > CARRIED * sum(capitals[word] for word in names)
    return Carrier(known if shared else None)


def _by_text(text: str) -> dict[str, list[tuple[int, int]]]:
    """Where each item or word stands."""
    spans: dict[str, list[tuple[int, int]]] = {}
    for match in ITEM.finditer(text):
        spans.setdefault(match[0], []).append(match.span())
    return spans


def _places(text: str) -> list[int]:
    """An order of the placeholders that depends on the text, so that none of them is the usual one."""
    first = zlib.crc32(text.encode()) // FAMILIAR
    return [(first + i) % len(PLACEHOLDERS) for i in range(len(PLACEHOLDERS))]


def _replace(text: str, marks: list[tuple[tuple[int, int], int]]) -> str:
    parts, done = [], 0
    for (start, end), place in marks:
        parts += [text[done:start], PLACEHOLDERS[place]]
        done = end
    return "".join([*parts, text[done:]])
