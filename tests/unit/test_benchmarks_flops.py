"""The formula for the work of a training step, against the network itself and against PyTorch's own count."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from seq2seq.cells import KINDS
from seq2seq.model import Translation
from tests.benchmarks.flops import FORWARD, GATES, TRAINING, count_products
from tests.toys import ATTENTIONS, CELLS, model_config, sources, targets

VOCABULARY = 30
SOURCE, TARGET = [7, 5, 5], 9
SIZES = [{}, {"embedding": 8}, {"encoder_layers": 2, "decoder_layers": 3}]


def expected(model: Translation, source: int, target: int, sentences: int, pairs: int) -> int:
    """Every matrix of the network is multiplied with one vector for each of what it belongs to."""
    total = 0
    for name, parameter in model.named_parameters():
        if parameter.dim() < 2:
            continue
        if name.startswith("decoder.initial"):
            total += parameter.numel() * sentences
        elif name.startswith(("encoder", "words", "decoder.attention.key")):
            total += parameter.numel() * source
        else:
            total += parameter.numel() * target
    if model.decoder.attention is not None:
        total += 2 * model.decoder.hidden * pairs  # scores and contexts
    return total


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("attention", ATTENTIONS)
@pytest.mark.parametrize("sizes", SIZES)
def test_each_matrix_is_counted_once_for_what_it_is_multiplied_with(
    cell: str, attention: bool, sizes: dict[str, int]
) -> None:
    config = model_config(cell, attention, **sizes)
    model = Translation(config, VOCABULARY, VOCABULARY, True)
    products = count_products(config, VOCABULARY)
    lengths_B, targets_B = torch.tensor(SOURCE), torch.tensor([4, 2, 6])
    pairs = sum(s * t for s, t in zip(SOURCE, [4, 2, 6], strict=True))
    assert products.total(lengths_B, targets_B) == expected(model, sum(SOURCE), 12, 3, pairs)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("attention", ATTENTIONS)
def test_pytorch_counts_the_same(cell: str, attention: bool) -> None:
    config = model_config(cell, attention)
    # In float64 and without gradients nothing is fused, and PyTorch sees every product.
    model = Translation(config, VOCABULARY, VOCABULARY, True).double()
    source_BS, lengths_B = sources([6, 6, 6], VOCABULARY)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model.logits(model(source_BS, lengths_B, targets(3, TARGET, VOCABULARY)))
    products = count_products(config, VOCABULARY).total(lengths_B, torch.full((3,), TARGET))
    assert counter.get_total_flops() == FORWARD * products


@pytest.mark.parametrize("cell", CELLS)
def test_the_way_back_multiplies_twice_as_much(cell: str) -> None:
    layer = KINDS[cell](4, 6).double()
    inputs_TBI = torch.randn(5, 3, 4, dtype=torch.float64, requires_grad=True)
    h_1BH = torch.randn(1, 3, 6, dtype=torch.float64, requires_grad=True)
    with FlopCounterMode(display=False) as counter:
        outputs_TBH, _ = layer(inputs_TBI, (h_1BH, h_1BH) if cell == "lstm" else h_1BH)
        outputs_TBH.sum().backward()
    assert counter.get_total_flops() == TRAINING * 5 * 3 * GATES[cell] * 6 * (4 + 6)
