"""Which of two sentences a translator finds likelier, and how sure an accuracy is.

Shapes: B sentences, T target positions, V vocabulary, S seeds, N twins, P samples.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from data_prep.subwords import BEGIN, END, PAD, Subwords
from seq2seq.batches import pad
from seq2seq.model import Translation

TOGETHER = 64
"""Sentences scored at a time."""
SAMPLES = 2000
"""Of the bootstrap."""

Twins = Mapping[str, Any]
"""Those of `probes` as JSON."""
Rights = npt.NDArray[np.float64]
"""Share of the two sentences of twins that is right, [seeds, twins]."""


def agreeing(model: Translation, subwords: Subwords, held_out: Sequence[Twins]) -> list[float]:
    """Share of each two twins whose right form the network finds likelier than the other."""
    asked = [probe for one in held_out for probe in one["pair"]]
    sources = [probe["en"] for probe in asked]
    right_B, other_B = (
        log_probabilities(model, subwords, sources, [probe[form] for probe in asked]) for form in ("fr", "other")
    )
    shares: list[float] = (right_B > other_B).float().view(-1, 2).mean(dim=1).tolist()
    return shares


@torch.inference_mode()
def log_probabilities(model: Translation, subwords: Subwords, sources: Sequence[str], targets: Sequence[str]) -> Tensor:
    """Of each target as the translation of its source [B]."""
    sums = []
    for first in range(0, len(sources), TOGETHER):
        texts = [list(side[first : first + TOGETHER]) for side in (sources, targets)]
        source, target = ([np.array(row, np.int32) for row in side] for side in subwords.encode_pairs(*texts))
        lengths_B = torch.tensor([len(row) + 1 for row in source])
        features_BTE = model(pad(source, after=END), lengths_B, pad(target, before=BEGIN))
        logits_BVT = model.logits(features_BTE).transpose(1, 2)
        losses_BT = cross_entropy(logits_BVT, pad(target, after=END), ignore_index=PAD, reduction="none")
        sums.append(-losses_BT.sum(dim=1))
    return torch.cat(sums)


def accuracy(rights_SN: Rights) -> dict[str, float]:
    """Mean in percent, and the 95 % interval of a bootstrap over seeds and twins."""
    seeds, count = rights_SN.shape
    draw = np.random.default_rng(1)
    # How often each seed and each twins are in a sample.
    often_PS = draw.multinomial(seeds, np.full(seeds, 1 / seeds), size=SAMPLES)
    often_PN = draw.multinomial(count, np.full(count, 1 / count), size=SAMPLES)
    means_P = ((often_PS @ rights_SN) * often_PN).sum(axis=1) / rights_SN.size
    low, high = np.quantile(means_P, (0.025, 0.975))
    return {"accuracy": 100 * float(rights_SN.mean()), "low": 100 * float(low), "high": 100 * float(high)}
