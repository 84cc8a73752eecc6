"""Scores of translations by sacreBLEU (Post 2018), how sure they are, and BLEU by length of the source.

The three metrics are set as the command `sacrebleu -m bleu chrf ter` sets them, so that its users can check every
number: BLEU (Papineni et al. 2002) and chrF2 (Popović 2015) see case, TER (Snover et al. 2006) does not.  All take
detokenised text; BLEU cuts it into words itself, by the rules `13a`.  Those see one long word where a language
writes no spaces, so there BLEU goes by characters (Chinese: by the rules `zh`, which leave Latin words whole) and
TER separates Chinese and Japanese characters.  Signatures say which it was.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from sacrebleu.metrics.base import Metric
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF
from sacrebleu.metrics.ter import TER
from sacrebleu.significance import PairedTest

TOKENIZERS = {"zh": "zh"} | dict.fromkeys(("ja", "km", "lo", "my", "th"), "char")
"""BLEU's tokenizer of target languages that `13a` does not suit.  All come with sacreBLEU and need no download."""
LENGTHS = ((1, 5), (6, 10), (11, 15), (16, 20), (21, 30), (31, None))
"""Buckets of source lengths in words, both ends included."""
RESAMPLES = 1000
"""Bootstrap samples."""
FEWEST_RESAMPLED, MOST_RESAMPLED = 40, 10_000
"""Sentences between which texts are resampled.  Samples of fewer are too much alike, so that an interval would be far
too narrow, or empty; of more, sacreBLEU holds all samples at once, 72 kB for a sentence."""


GROUPS = 20
"""Groups of sentences whose scores tell how sure a difference of BLEU is."""
STUDENT = 2.093
"""Standard errors to each side of a 95 % interval, of so many groups."""

Counts = list[list[int]]
"""What BLEU is made of, a row for each group of sentences: lengths, matching n-grams of each order, and all n-grams."""


@dataclass(frozen=True)
class Scores:
    """Corpus scores: BLEU and chrF from 0 to 100, the higher the better; TER from 0 up, the lower the better."""

    bleu: float
    chrf: float
    ter: float


@dataclass(frozen=True)
class Compared:
    """One of several systems that translated the same text."""

    scores: Scores
    confidence: dict[str, tuple[float, float]] = field(default_factory=dict)
    """95 % interval of each score; none for a text too short or too long to resample."""
    p_values: dict[str, float] = field(default_factory=dict)
    """Probability of a difference this large from the first system by chance; none for the first itself, or without
    an interval."""


@dataclass(frozen=True)
class Bucket:
    """The sentences whose sources have so many words."""

    words: str
    """Such as `6–10` or `31+`."""
    sentences: int
    bleu: float | None
    """Corpus BLEU of these sentences; none where there are none."""


Further = Sequence[Sequence[str]]
"""References beside the first one of each sentence: texts as long as the first."""


def corpus_bleu(
    translations: Sequence[str], references: Sequence[str], language: str = "", further: Further = ()
) -> float:
    """BLEU of a corpus in the target language, 0 to 100; no language is one with spaces."""
    return float(_bleu(language).corpus_score(list(translations), _lists(references, further)).score)


def bleu_counts(translations: Sequence[str], references: Sequence[str], language: str = "") -> Counts:
    """What a corpus's BLEU is made of, of each of up to GROUPS groups of its sentences."""
    metric = _bleu(language)
    # Only silences a warning; what is counted is the same.
    metric.effective_order = True
    groups = np.zeros((min(GROUPS, len(translations)), 2 + 2 * metric.max_ngram_order), int)
    for row, (translation, reference) in enumerate(zip(translations, references, strict=True)):
        found = metric.sentence_score(translation, [reference])
        groups[row % len(groups)] += [found.sys_len, found.ref_len, *found.counts, *found.totals]
    counts: Counts = groups.tolist()
    return counts


def bleu_margin(counts: Counts, others: Counts) -> float:
    """Half the 95 % interval of the difference in BLEU of two translations of the same sentences.

    By a jackknife: the difference is taken again without each group (Efron & Tibshirani 1993).  Infinite for one group.
    """
    ours, theirs = np.array(counts), np.array(others)
    if ours.shape != theirs.shape or len(ours) < 2:
        return math.inf
    without = [_bleu_of(ours.sum(0) - a) - _bleu_of(theirs.sum(0) - b) for a, b in zip(ours, theirs, strict=True)]
    return STUDENT * math.sqrt((len(ours) - 1) * float(np.var(without)))


def _bleu_of(counts: npt.NDArray[np.int64]) -> float:
    orders = (len(counts) - 2) // 2
    parts = counts.tolist()
    found = BLEU.compute_bleu(parts[2 : 2 + orders], parts[2 + orders :], parts[0], parts[1], max_ngram_order=orders)
    return float(found.score)


def score(translations: Sequence[str], references: Sequence[str], language: str, further: Further = ()) -> Scores:
    """Scores of the translations against their references, in a target language such as `fr`."""
    assert len(translations) == len(references) > 0
    texts = _lists(references, further)
    return Scores(
        **{
            name: float(metric.corpus_score(list(translations), texts).score)
            for name, metric in _metrics(language).items()
        }
    )


def _lists(references: Sequence[str], further: Further) -> list[list[str]]:
    """All references in the form that sacreBLEU takes."""
    return [list(references), *map(list, further)]


def signatures(language: str, references: int = 1) -> dict[str, str]:
    """SacreBLEU's signature of each score against so many references: all that is needed to compute it again."""
    # A metric knows its number of references, which is part of the signature, once it has scored something.
    metrics = _metrics(language)
    for metric in metrics.values():
        metric.corpus_score(["x"], [["x"]] * references)
    return {name: str(metric.get_signature()) for name, metric in metrics.items()}


def resampled(sentences: int) -> bool:
    """Whether a text of so many sentences gets intervals and p-values."""
    return FEWEST_RESAMPLED <= sentences <= MOST_RESAMPLED


def compare(
    systems: Mapping[str, Sequence[str]], references: Sequence[str], language: str, further: Further = ()
) -> dict[str, Compared]:
    """Scores of several systems' translations, tested against the first by paired bootstrap (Koehn 2004).

    The samples are the same at every call, unless sacreBLEU's variable SACREBLEU_SEED says otherwise.
    """
    assert all(len(translations) == len(references) > 0 for translations in systems.values())
    if not resampled(len(references)):
        return {name: Compared(score(texts, references, language, further)) for name, texts in systems.items()}
    named: list[tuple[str, Sequence[str]]] = [(name, list(translations)) for name, translations in systems.items()]
    metrics = _metrics(language)
    _, table = PairedTest(named, metrics, _lists(references, further), test_type="bs", n_samples=RESAMPLES)()
    # Its columns are the names, then the results by metric in our order.
    columns: dict[str, list[Any]] = dict(zip(("name", *metrics), table.values(), strict=True))
    compared = {}
    for row, name in enumerate(systems):
        results = {metric: columns[metric][row] for metric in metrics}
        p_values = {}
        if row > 0:
            for metric, result in results.items():
                # To sacreBLEU no difference at all is one that chance never reaches.
                p_values[metric] = 1.0 if result.score == columns[metric][0].score else float(result.p_value)
        compared[name] = Compared(
            Scores(**{metric: float(result.score) for metric, result in results.items()}),
            {metric: (float(r.mean - r.ci), float(r.mean + r.ci)) for metric, r in results.items()},
            p_values,
        )
    return compared


def by_source_length(
    sources: Sequence[str],
    translations: Sequence[str],
    references: Sequence[str],
    language: str,
    further: Further = (),
) -> list[Bucket]:
    """BLEU of the sentences in each bucket of LENGTHS, by words between white space; blank sources are short."""
    buckets = []
    lengths = [max(1, len(source.split())) for source in sources]
    for low, high in LENGTHS:
        rows = [row for row, length in enumerate(lengths) if low <= length and (high is None or length <= high)]
        found, first, *others = ([text[row] for row in rows] for text in (translations, references, *further))
        bleu = corpus_bleu(found, first, language, others) if rows else None
        buckets.append(Bucket(f"{low}+" if high is None else f"{low}–{high}", len(rows), bleu))
    return buckets


def _metrics(language: str) -> dict[str, Metric]:
    """Fresh metrics by the names of Scores' fields."""
    unspaced = _primary(language) in ("ja", "zh")
    return {"bleu": _bleu(language), "chrf": CHRF(), "ter": TER(normalized=unspaced, asian_support=unspaced)}


def _bleu(language: str) -> BLEU:
    # `force` only silences a warning about text that looks tokenised; the corpus is what it is.
    return BLEU(tokenize=TOKENIZERS.get(_primary(language), "13a"), force=True)


def _primary(language: str) -> str:
    """`zh` of `zh-Hans` or `zh_TW`."""
    return re.split("[-_]", language.lower())[0]
