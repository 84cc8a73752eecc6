"""What a trained network looked at, subword by subword, while it wrote a translation."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from data_prep.carrying import replace_items, restore
from data_prep.errors import UserError
from data_prep.subwords import BEGIN, END
from seq2seq.checkpoint import find_checkpoint, load_model
from seq2seq.ensemble import Ensemble
from seq2seq.translator import LONGEST

END_MARK = "■"
"""Stands for the end of a sentence."""


@dataclass(frozen=True)
class Alignment:
    """The units of a sentence and of its translation, and the weights [target, source] of the attention."""

    source: list[str]
    target: list[str]
    weights: list[list[float]]


def align(run: Path, checkpoint: str, pairs: Sequence[tuple[str, str]]) -> list[Alignment]:
    """Attention of a checkpoint while it is led through the given translation of each sentence.

    Raises UserError if the run is not there, its network has no attention, or a sentence is too long to draw.
    """
    network, subwords, config = load_model(find_checkpoint(run, checkpoint), torch.device("cpu"))
    if not config.model.attention:
        raise UserError(f"{run}: this network has no attention to draw; train one with model.attention=true")
    # Of several networks the mean of what they looked at.
    model, alignments = Ensemble(network.networks), []
    for source, target in pairs:
        items: list[str] = []
        if subwords.carrier:
            source, items = subwords.carrier.mask(source)
            target = replace_items(target, items)
        (source_ids,), (target_ids,) = subwords.encode_source([source]), subwords.encode_target([target])
        if len(source_ids) > LONGEST:
            raise UserError(f"attention is drawn of up to {LONGEST} subwords of text; {len(source_ids)} were given")
        with torch.no_grad():
            memories, states = model.encode(torch.tensor([[*source_ids, END]]), torch.tensor([len(source_ids) + 1]))
            _, _, weights_BTS = model.decode(torch.tensor([[BEGIN, *target_ids]]), memories, states)
        assert weights_BTS is not None
        alignments.append(
            Alignment(
                [*(restore(piece, items) for piece in subwords.source_pieces(source)), END_MARK],
                [*(restore(piece, items) for piece in subwords.target_pieces(target_ids)), END_MARK],
                weights_BTS[0].tolist(),
            )
        )
    return alignments
