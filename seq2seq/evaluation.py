"""Scores of translations, by sacreBLEU (Post 2018)."""

from collections.abc import Sequence

from sacrebleu.metrics.bleu import BLEU


def corpus_bleu(translations: Sequence[str], references: Sequence[str]) -> float:
    """Cased, detokenised BLEU of a corpus, 0 to 100."""
    return float(BLEU().corpus_score(list(translations), [list(references)]).score)
