"""The whole network: its gradients, and what batching and padding must not change."""

import pytest
import torch
from torch import Tensor, nn

from data_prep.subwords import BEGIN
from seq2seq.cells import RecurrentLayer
from seq2seq.dropout import Dropout
from seq2seq.loss import smoothed_cross_entropy
from seq2seq.model import PLAIN, Translation
from tests.toys import ATTENTIONS, CELLS, model_config, network, sources, targets

LENGTHS = (5, 1, 7, 3)
every_combination = pytest.mark.parametrize(
    ("cell", "attention"), [(cell, attention) for cell in CELLS for attention in ATTENTIONS]
)


def loss(model: Translation, source: Tensor, lengths: Tensor, target: Tensor) -> Tensor:
    """Smoothed loss of the targets behind BEGIN."""
    features = model(source, lengths, nn.functional.pad(target, (1, 0), value=BEGIN)[:, :-1])
    weight, bias = model.output_weight_VE, model.output_bias_V
    return smoothed_cross_entropy(features.flatten(0, 1), weight, bias, target.flatten(), 0.1)[0]


@every_combination
def test_gradients_are_the_finite_differences(cell: str, attention: bool) -> None:
    model = network(cell, attention, scale=1.0, encoder_layers=2).double()
    (source, lengths), target = sources(LENGTHS), targets(4, 5)
    loss(model, source, lengths, target).backward()  # type: ignore[no-untyped-call]
    # One random direction for each parameter: a wrong gradient has no chance to be right along it.
    generator = torch.Generator().manual_seed(0)
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        direction = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
        slope = (parameter.grad * direction).sum().item()
        ends = []
        with torch.no_grad():
            for sign in (1, -2):
                parameter.add_(direction, alpha=sign * 1e-5)
                ends.append(loss(model, source, lengths, target).item())
            parameter.add_(direction, alpha=1e-5)
        assert slope != 0, f"{name} learns nothing"
        assert slope == pytest.approx((ends[0] - ends[1]) / 2e-5, rel=1e-5, abs=1e-7), name


@every_combination
def test_a_batch_is_its_sentences_and_padding_changes_nothing(cell: str, attention: bool) -> None:
    model = network(cell, attention, encoder_layers=2, decoder_layers=3).double()
    (source, lengths), target = sources(LENGTHS), targets(4, 5)
    logits = model.logits(model(source, lengths, target))
    wider = nn.functional.pad(source, (0, 4))
    torch.testing.assert_close(model.logits(model(wider, lengths, target)), logits, rtol=0, atol=1e-12)
    noisy = wider.clone()
    noisy[:, max(LENGTHS) :] = 7
    torch.testing.assert_close(model.logits(model(noisy, lengths, target)), logits, rtol=0, atol=1e-12)
    total = loss(model, source, lengths, target)
    torch.testing.assert_close(loss(model, wider, lengths, target), total, rtol=0, atol=1e-11)
    apart = torch.zeros_like(total)
    for row, length in enumerate(LENGTHS):
        alone = source[row : row + 1, :length], lengths[row : row + 1], target[row : row + 1]
        torch.testing.assert_close(model.logits(model(*alone))[0], logits[row], rtol=0, atol=1e-12)
        apart += loss(model, *alone)
    torch.testing.assert_close(apart, total, rtol=0, atol=1e-11)


@every_combination
def test_steps_of_the_search_are_the_teacher_forced_pass(cell: str, attention: bool) -> None:
    model = network(cell, attention).double()
    (source, lengths), target = sources(LENGTHS), targets(4, 5)
    whole = model(source, lengths, target)
    memory, states = model.encode(source, lengths)
    for t in range(target.size(1)):
        step, states, _ = model.decode(target[:, t : t + 1], memory, states)
        torch.testing.assert_close(step[:, 0], whole[:, t], rtol=0, atol=1e-12)


def test_embeddings_are_shared_where_the_vocabulary_is() -> None:
    joint, separate = network(joint=True), network(joint=False)
    assert joint.output_weight_VE is joint.target_embedding.weight
    assert separate.output_weight_VE is separate.target_embedding.weight
    assert joint.own_source_embedding is None
    assert separate.own_source_embedding is not None
    difference = sum(p.numel() for p in separate.parameters()) - sum(p.numel() for p in joint.parameters())
    assert difference == separate.own_source_embedding.weight.numel()


def test_separate_vocabularies_may_differ_in_size() -> None:
    torch.manual_seed(0)
    model = Translation(model_config(), source_size=30, target_size=9, joint=False)
    source, lengths = sources((4, 2), size=30)
    features = model(source, lengths, targets(2, 3, size=9))
    assert model.logits(features).shape == (2, 3, 9)


def test_padding_is_embedded_as_zero() -> None:
    assert not Translation(model_config(), 12, 12, True).target_embedding.weight[0].any()


def test_logits_are_the_output_layer() -> None:
    model = network().double()
    features = torch.randn(2, 3, 6, dtype=torch.float64)
    expected = features @ model.target_embedding.weight.T + model.output_bias_V
    torch.testing.assert_close(model.logits(features), expected)


def test_without_attention_one_state_is_all_that_reaches_the_target() -> None:
    model = network(attention=False)
    (source, lengths), target = sources(LENGTHS), targets(4, 5)
    memory, states = model.encode(source, lengths)
    other_memory, _ = model.encode(source.flip(0), lengths.flip(0))
    assert model.decode(target, memory, states)[0].equal(model.decode(target, other_memory, states)[0])


def test_with_attention_the_first_state_comes_from_the_mean_annotation() -> None:
    model = network()
    source, lengths = sources(LENGTHS)
    memory, states = model.encode(source, lengths)
    for row, length in enumerate(LENGTHS):
        mean = memory.annotations_BSH[row : row + 1, :length].mean(dim=1)
        for layer, expected in zip(states, model.decoder.initial_states(mean, memory.mask_BS[:1]), strict=True):
            torch.testing.assert_close(layer[0][row : row + 1], expected[0])


def test_a_pass_leaves_nothing_behind() -> None:
    model = network()
    before = {name: dict(module.__dict__) for name, module in model.named_modules()}
    model(*sources(LENGTHS), targets(4, 5))
    assert {name: dict(module.__dict__) for name, module in model.named_modules()} == before


def test_dropout_reaches_encoder_and_decoder() -> None:
    widths: list[int] = []

    class Noted(Dropout):
        def __call__(self, values_BTH: Tensor) -> Tensor:
            widths.append(values_BTH.size(2))
            return super().__call__(values_BTH)

    network()(*sources(LENGTHS), targets(4, 5), Noted(0.5))
    # Of the encoder what goes in and the annotations; of the decoder what goes in, both layers' outputs with contexts
    # and the features.
    assert widths == [6, 8, 6, 16, 16, 6]


def test_first_vectors_are_of_length_one() -> None:
    model = Translation(model_config(embedding=64, hidden=64), 500, 500, True)
    model.reset_parameters()
    assert model.target_embedding.weight[1:].std().item() == pytest.approx(64**-0.5, rel=0.05)


@pytest.mark.parametrize("cell", CELLS)
def test_a_cell_that_cannot_forget_begins_with_a_small_recurrent_matrix(cell: str) -> None:
    model = Translation(model_config(cell=cell, hidden=64), 50, 50, True)
    model.reset_parameters()
    layers = [module for module in model.modules() if isinstance(module, RecurrentLayer)]
    assert len(layers) > 2
    for layer in layers:
        for gate in torch.split(layer.weights[1].detach(), layer.hidden_size):
            values = torch.linalg.svdvals(gate)
            torch.testing.assert_close(values, torch.full_like(values, PLAIN if cell == "rnn" else 1.0))
