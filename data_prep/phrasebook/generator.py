"""The corpus: pairs drawn from phrases and frames, every one distinct, the same for the same seed.

Validation and test hold combinations of a frame with its words that are nowhere in train.  Two further splits
measure: `long`, with more embedded clauses than any sentence of train, and `agreement` (see `agreement`).
"""

import random
from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import TypeVar

import xxhash

from data_prep.errors import UserError
from data_prep.phrasebook import english, french
from data_prep.phrasebook.agreement import agreements
from data_prep.phrasebook.closed import PERSON_WEIGHTS
from data_prep.phrasebook.draw import Draw, Unfit
from data_prep.phrasebook.frames import FRAMES, Frame
from data_prep.phrasebook.frames.complex_sentences import nested
from data_prep.phrasebook.structure import Features, Form, Polarity, Sentence, Tense
from data_prep.phrasebook.tables import load

T = TypeVar("T")
PHRASES = Path(__file__).parent / "phrases.tsv"
HELD_OUT = 1000  # pairs in validation, and in test
LONG = 500  # pairs in long
DEEPEST = 2  # most embedded clauses in a sentence of train
SHARE = 25  # one combination in so many may go into validation, another into test
TENSE_WEIGHTS = {
    Tense.PRESENT: 6, Tense.PAST: 4, Tense.PROGRESSIVE: 3, Tense.FUTURE: 3, Tense.PERFECT: 2, Tense.GOING: 2,
    Tense.CONDITIONAL: 1.5, Tense.HABITUAL: 1, Tense.PAST_PROGRESSIVE: 1, Tense.PLUPERFECT: 1, Tense.JUST: 1,
    Tense.SINCE: 1,
}  # fmt: skip
POLARITY_WEIGHTS = {
    Polarity.POSITIVE: 12, Polarity.NOT: 3, Polarity.NEVER: 1, Polarity.NO_LONGER: 0.7, Polarity.NOT_YET: 0.6,
}  # fmt: skip
COMPLEX = next(frame for frame in FRAMES if frame.name == "thinking_that")
FORM_WEIGHTS: dict[Form, float] = {"statement": 4, "question": 1, "imperative": 1}


def goes_with(polarity: Polarity, tense: Tense) -> bool:
    """Whether English says no in this way in this tense."""
    simple = (Tense.PRESENT, Tense.PERFECT, Tense.FUTURE, Tense.CONDITIONAL, Tense.PLUPERFECT)
    return {
        Polarity.POSITIVE: True,
        Polarity.NOT: tense is not Tense.JUST,
        Polarity.NEVER: tense in (*simple, Tense.PAST),
        Polarity.NO_LONGER: tense in (Tense.PRESENT, Tense.FUTURE),
        Polarity.NOT_YET: tense in (Tense.PERFECT, Tense.PLUPERFECT),
    }[polarity]


@dataclass(frozen=True)
class Pair:
    """A sentence in both languages, and what it was made from."""

    en: str
    fr: str
    combination: int
    """Hash of the frame and its words, whatever the tense, the person and the number."""
    embedded: int
    """Number of embedded clauses."""


class Generator:
    """An endless stream of pairs."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.draw = Draw(load(), self.rng)
        self._frames = list(accumulate(frame.weight for frame in FRAMES))

    def pairs(self) -> Iterator[Pair]:
        """Pairs from the frames by their weight, not necessarily distinct."""
        while True:
            frame = FRAMES[bisect(self._frames, self.rng.random() * self._frames[-1])]
            while (sentence := self.attempt(frame, self.features(frame))) is None:
                pass
            yield self.pair(frame, sentence)

    def features(self, frame: Frame) -> Features:
        """Person, tense, polarity and form among those that the frame allows."""
        tense = self._weighted({tense: TENSE_WEIGHTS[tense] for tense in frame.tenses})
        polarities = {p: POLARITY_WEIGHTS[p] for p in frame.polarities if goes_with(p, tense)}
        forms = {form: FORM_WEIGHTS[form] for form in frame.forms}
        return Features(
            self._weighted({person: PERSON_WEIGHTS[person] for person in frame.persons}),
            tense,
            self._weighted(polarities),
            self._weighted(forms),
        )

    def attempt(self, frame: Frame, features: Features) -> Sentence | None:
        """A sentence of this frame with these features, or None if the words drawn do not go together."""
        self.draw.start(features)
        try:
            return frame.build(self.draw)
        except Unfit:
            return None

    def pair(self, frame: Frame, sentence: Sentence) -> Pair:
        """The sentence in both languages."""
        self.draw.finish()
        words = "|".join(sorted({word.name for word in self.draw.used}))
        return Pair(
            english.realise(sentence),
            french.realise(sentence),
            xxhash.xxh3_64_intdigest(f"{frame.name}|{words}".encode()) if len(self.draw.used) > 1 else 0,
            self.draw.embedded,
        )

    def _weighted(self, weights: dict[T, float]) -> T:
        limits = list(accumulate(weights.values()))
        return list(weights)[bisect(limits, self.rng.random() * limits[-1])]


def phrases() -> list[tuple[str, str]]:
    """The pairs written by hand."""
    lines = PHRASES.read_text(encoding="utf-8").splitlines()
    return [(en, fr) for en, fr in (line.split("\t") for line in lines if line and not line.startswith("#"))]


def long_sentences(generator: Generator) -> list[tuple[str, str]]:
    """Sentences with three to five embedded clauses, where train has at most two."""
    draw = generator.draw
    found: dict[str, str] = {}
    while len(found) < LONG:
        draw.start(generator.features(COMPLEX))
        depth = DEEPEST + 1 + len(found) % 3
        try:
            sentence = nested(draw, depth)
        except Unfit:
            continue
        if draw.embedded > DEEPEST:
            draw.finish()
            found[english.realise(sentence)] = french.realise(sentence)
    return list(found.items())


def choose(generator: Generator, size: int) -> Iterator[tuple[str, Pair]]:
    """Pairs of the grammar with the split that each belongs to, all distinct, until the splits are full.

    Words are counted only where they are in train, so that none stays rare there.
    """
    by_hand = phrases()
    held = min(HELD_OUT, size // SHARE)
    room = {"train": size - 2 * held - len(by_hand), "validation": held, "test": held}
    seen = {side.casefold() for pair in by_hand for side in pair}
    fruitless = 0
    for pair in generator.pairs():
        split = {1: "validation", 2: "test"}.get(pair.combination % SHARE, "train")
        text = f"{pair.en}\n{pair.fr}"
        known = not seen.isdisjoint((text, pair.en.casefold(), pair.fr.casefold()))
        if known or pair.en == pair.fr or pair.embedded > DEEPEST or not room[split]:
            generator.draw.take_back()
            fruitless += 1
            if fruitless > 100_000:
                raise UserError(f"phrasebook:{size}: the grammar has not so many different sentences; ask for fewer")
            continue
        yield split, pair
        seen.add(text)
        room[split] -= 1
        fruitless = 0
        if split != "train":
            generator.draw.take_back()
        if not any(room.values()):
            return


def generate(size: int, seed: int) -> dict[str, list[tuple[str, str]]]:
    """All splits: `size` pairs in train, validation and test together, besides `long` and `agreement`.

    Raises UserError for a size too small to hold the phrases and something to test, or too large.
    """
    splits: dict[str, list[tuple[str, str]]] = {"train": phrases(), "validation": [], "test": []}
    smallest = 2 * len(splits["train"])
    if size < smallest:
        raise UserError(f"phrasebook:{size}: the smallest size is {smallest:,}")
    generator = Generator(seed)
    for split, pair in choose(generator, size):
        splits[split].append((pair.en, pair.fr))
    generator.rng.shuffle(splits["train"])
    splits["long"] = long_sentences(generator)
    splits["agreement"] = [(pair.en, pair.fr) for pair in agreements(seed)]
    return splits
