"""What must not be lost: numbers, addresses, code and new names in 1,000 sentences made from a test split.

    python -m tests.benchmarks.carrying RUN CORPUS

Sentences of the split that have an item, or a name that both sides share, get another in its place that no training
text has; it has to stand in the translation once.
"""

import random
import sys
from collections.abc import Callable
from pathlib import Path

from data_prep.carrying import PLACEHOLDERS, Carrier

from data_prep.corpus import Corpus
from seq2seq.translator import Translator

SENTENCES = 1000
SYLLABLES = [onset + vowel for onset in (*"bcdfghjklmnprstvwz", "ch", "kr", "st", "gr", "dj") for vowel in "aeiou"]


def name(draw: random.Random) -> str:
    """A name that nobody has."""
    return "".join(draw.choice(SYLLABLES) for _ in range(draw.randint(2, 4))).capitalize() + draw.choice(["", "n", "x"])


def number(draw: random.Random) -> str:
    """A number as it is written."""
    whole = draw.randint(2, 10 ** draw.randint(1, 7))
    return draw.choice([f"{whole}", f"{whole:,}", f"{whole}.{draw.randint(1, 99)}", f"{whole % 24}:{whole % 60:02}"])


def address(draw: random.Random) -> str:
    """A URL or an e-mail address."""
    site = f"{name(draw).lower()}.{draw.choice(['org', 'com', 'fr'])}"
    path = f"/{name(draw)}/{draw.randint(1, 999)}.html?{name(draw).lower()}={draw.randint(1, 99)}"
    return draw.choice([f"https://www.{site}{path}", f"http://{site}", f"{name(draw).lower()}.x@{site}"])


def code(draw: random.Random) -> str:
    """A span of code."""
    return f"`{name(draw).lower()}({draw.randint(1, 99)}, x={draw.choice(['None', 'True', '[]'])})`"


def main(run: Path, folder: Path) -> None:
    """Print the shares that came through."""
    corpus, translator = Corpus(folder), Translator.load(run)
    sources, targets = corpus.split("test").texts()
    draw = random.Random(1)
    # Where one item stands any other may, and where one name any other.
    items = slots_of(Carrier(), sources, targets)
    slots = {"items": items, "names": [s for s in slots_of(Carrier(frozenset()), sources, targets) if s not in items]}
    kinds: dict[str, tuple[str, Callable[[random.Random], str]]] = {
        "numbers": ("items", number),
        "addresses": ("items", address),
        "code": ("items", code),
        "names": ("names", name),
    }
    for kind, (slot, make) in kinds.items():
        if not slots[slot]:
            print(f"{kind}: no sentence of the test split has any")
            continue
        made = [make(draw) for _ in range(SENTENCES)]
        texts = [draw.choice(slots[slot]).replace("_", item, 1) for item in made]
        for beam in (1, 5):
            found = translator.translate(texts, beam=beam)
            kept = sum(answer.count(item) == 1 for answer, item in zip(found, made, strict=True))
            print(f"{kind}: {kept / SENTENCES:.1%} of {SENTENCES}, beam {beam}")


def slots_of(carrier: Carrier, sources: list[str], targets: list[str]) -> list[str]:
    """Sentences with one item that both sides have, and _ in its place."""
    found = []
    for source, target in zip(sources, targets, strict=True):
        masked, _ = carrier.mask_pair(source, target)
        places = [letter for letter in masked if letter in PLACEHOLDERS]
        if len(places) == 1 and "_" not in source:
            found.append(masked.replace(places[0], "_"))
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
