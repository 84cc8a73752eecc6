"""What a trained network looked at, subword by subword, while it wrote a translation."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from data_prep.errors import UserError
from data_prep.placeholders import item_letters, unmask
from data_prep.subwords import BEGIN, END
from seq2seq.ensemble import Ensemble, Networks
from seq2seq.text_pipeline import MAX_SOURCE_TOKENS, TextPipeline

END_MARK = "■"
"""Stands for the end of a sentence."""


@dataclass(frozen=True)
class Alignment:
    """The units of a sentence and of its translation, and the weights [target, source] of the attention."""

    source: list[str]
    target: list[str]
    weights: list[list[float]]


@torch.no_grad()
def attention_weights(model: Networks, source_ids: Sequence[int], target_ids: Sequence[int]) -> Tensor | None:
    """What a network looks at while it is led through a translation: [T + 1, S + 1], the ends of both counted.

    None if it has no attention; of several networks the mean.
    """
    device = model.output_bias_V.device
    network = Ensemble(model.networks)
    source_BS = torch.tensor([[*source_ids, END]], device=device)
    memories, states = network.encode(source_BS, torch.tensor([len(source_ids) + 1], device=device))
    weights_BTS = network.decode(torch.tensor([[BEGIN, *target_ids]], device=device), memories, states)[2]
    return None if weights_BTS is None else weights_BTS[0]


def align(model: Networks, pipeline: TextPipeline, pairs: Sequence[tuple[str, str]]) -> list[Alignment]:
    """Attention of a network while it is led through the given translation of each sentence.

    Raises UserError if the network has no attention, or a sentence is too long to draw.
    """
    alignments = []
    for source, target in pairs:
        parts = pipeline.read(source).parts
        if len(parts) != 1 or len(parts[0].segments) != 1:
            raise UserError(f"attention is drawn of up to {MAX_SOURCE_TOKENS} subwords of text, with words in it")
        segment, copied = parts[0].segments[0], parts[0].items
        items = {place: copied[item_letters(letter)[0]].text for place, letter in segment.letters.items()}
        masked = target
        for place, item in sorted(items.items(), key=lambda pair: -len(pair[1])):
            masked = masked.replace(item, place, 1)
        (target_ids,) = pipeline.subwords.encode_target([masked])
        weights_TS = attention_weights(model, segment.ids, target_ids)
        if weights_TS is None:
            raise UserError("this network has no attention to draw; train one with model.attention=true")
        alignments.append(
            Alignment(
                [*(unmask(piece, items) for piece in pipeline.subwords.source_pieces(segment.masked)), END_MARK],
                [*(unmask(piece, items) for piece in pipeline.subwords.target_pieces(target_ids)), END_MARK],
                weights_TS.tolist(),
            )
        )
    return alignments
