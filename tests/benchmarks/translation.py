"""Translation as the Python API does it: rate of a whole split, and how long one sentence takes."""

import statistics
import time
from collections.abc import Sequence

import numpy as np

from seq2seq.translator import Translator
from tests.benchmarks.processes import Figures

PASSES = 3
ENOUGH = 20.0
"""Seconds after which no further pass over the split is begun."""
WORDS = 10
SENTENCES = 200
"""How many sentences are translated one by one, those nearest to WORDS."""
SEARCHES = {"greedy": 1, "beam5": 5}


def measure(translator: Translator, sources: Sequence[str], references: Sequence[str]) -> tuple[Figures, Figures]:
    """Figures of `translate.*` and of `latency.*`.

    Time goes with the length of the translations, and a network trained for a minute may not know it yet: the
    `length_share` is theirs of that of the references.
    """
    rates: Figures = {}
    right_tokens = count_tokens(translator, references)
    for name, beam in SEARCHES.items():
        translator.translate(sources[:50], beam=beam)
        times: list[float] = []
        begun = time.perf_counter()
        while len(times) < PASSES and (not times or time.perf_counter() - begun < ENOUGH):
            start = time.perf_counter()
            translations = translator.translate(sources, beam=beam)
            times.append(time.perf_counter() - start)
        seconds = statistics.median(times)
        tokens = count_tokens(translator, translations)
        rates[f"{name}.sentences_per_second"] = len(sources) / seconds
        rates[f"{name}.tokens_per_second"] = tokens / seconds
        rates[f"{name}.length_share"] = tokens / right_tokens
    return rates, latency(translator, sources)


def count_tokens(translator: Translator, targets: Sequence[str]) -> int:
    """Target tokens of a text; the end of each sentence is one too, as in training."""
    return sum(len(ids) + 1 for ids in translator.subwords.encode_target(list(targets)))


def latency(translator: Translator, sources: Sequence[str]) -> Figures:
    """Time of single sentences, one by one, greedy."""
    chosen = of_about_ten_words(sources)
    for line in chosen[:10]:
        translator.translate([line], beam=1)
    times = []
    for line in chosen:
        start = time.perf_counter()
        translator.translate([line], beam=1)
        times.append(1000 * (time.perf_counter() - start))
    median, high = np.percentile(times, [50, 95]).tolist()
    return {"median_ms": median, "p95_ms": high, "words": statistics.mean(len(line.split()) for line in chosen)}


def of_about_ten_words(sources: Sequence[str]) -> list[str]:
    """SENTENCES different ones, as near to WORDS as there are; the first of those equally near."""
    different = list(dict.fromkeys(sources))
    return sorted(different, key=lambda line: abs(len(line.split()) - WORDS))[:SENTENCES]
