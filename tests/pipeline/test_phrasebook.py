"""The built-in corpus at its default size: enough words, each of them often enough to be learned."""

import re
from collections import Counter

import pytest

from data_prep.phrasebook import SIZE
from data_prep.phrasebook.generator import Generator, choose, phrases
from data_prep.phrasebook.lexicon import Lemma
from data_prep.phrasebook.tables import load

pytestmark = pytest.mark.pipeline


def test_every_word_is_met_often_and_there_are_many() -> None:
    generator, met = Generator(seed=1), Counter[Lemma]()
    pairs = phrases()
    for split, pair in choose(generator, SIZE):
        if split == "train":
            met.update(generator.draw.used)
            pairs.append((pair.en, pair.fr))
    rare = {lemma.name: met[lemma] for lemma in load().lemmas() if met[lemma] < 20}
    assert not rare
    english, french = (set(re.findall(r"[\w-]+", " ".join(side).lower())) for side in zip(*pairs, strict=True))
    assert len(english) >= 3000
    assert len(french) >= 4500
