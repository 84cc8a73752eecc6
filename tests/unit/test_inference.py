"""A step of the search is a position of the teacher-forced pass; in bytes nearly so, and the same in any company."""

import numpy as np
import pytest
import torch
from torch import Tensor

from data_prep.errors import UserError
from data_prep.subwords import BEGIN, END, PAD, UNKNOWN
from seq2seq.cells import State
from seq2seq.decoder import Memory
from seq2seq.inference import BLOCK, CHUNK, NEVER, Bytes, Float, Inference, Source, choose_bytes
from seq2seq.model import Translation
from tests.toys import ATTENTIONS, CELLS, network, sources, targets

CPU = torch.device("cpu")
in_bytes = pytest.mark.skipif(not choose_bytes("auto", CPU), reason="this processor does not multiply bytes fast")
LENGTHS = (3, 9, 5, 1)


def prefixes(rows: int, size: int, positions: int = 5) -> Tensor:
    """BEGIN and random subwords after it."""
    return torch.cat([torch.full((rows, 1), BEGIN), targets(rows, positions, size=size)], dim=1)


def repeat(states: tuple[State, ...], times: int) -> tuple[State, ...]:
    return tuple(tuple(part.repeat_interleave(times, dim=0) for part in state) for state in states)


@torch.inference_mode()
def encode(inference: Inference, source_BS: Tensor, lengths_B: Tensor) -> tuple[Source, tuple[State, ...]]:
    """Without gradients, as the search does it."""
    return inference.encode(source_BS, lengths_B)


@torch.inference_mode()
def walk(inference: Inference, source: Source, states: tuple[State, ...], ids_RT: Tensor) -> tuple[Tensor, Tensor]:
    """Step by step: log-probabilities [R, T, V] and the blocks' maxima [R, T, Y]."""
    found = []
    for position in range(ids_RT.size(1)):
        features_RE, states = inference.step(ids_RT[:, position], source, states)
        found.append(inference.log_probabilities(features_RE, first=position == 0))
    return torch.stack([log_p for log_p, _ in found], dim=1), torch.stack([maxima for _, maxima in found], dim=1)


@torch.no_grad()
def teacher_forced(model: Translation, source_BS: Tensor, lengths_B: Tensor, ids_RT: Tensor) -> Tensor:
    """Log-probabilities [R, T, V] of one pass over all positions, -inf for what may not come."""
    each = len(ids_RT) // len(source_BS)
    memory, states = model.encode(source_BS, lengths_B)
    rows_R = torch.arange(len(source_BS)).repeat_interleave(each)
    logits_RTV = model.logits(model.decode(ids_RT, memory.select(rows_R), repeat(states, each))[0])
    logits_RTV[:, :, [PAD, UNKNOWN, BEGIN]] = -torch.inf
    logits_RTV[:, 0, END] = -torch.inf
    return logits_RTV.log_softmax(dim=2)


def check(model: Translation, size: int, each: int = 1) -> None:
    """`each` hypotheses a sentence, in float64."""
    source_BS, lengths_B = sources(LENGTHS, size=size)
    ids_RT = prefixes(each * len(LENGTHS), size)
    expected_RTV = teacher_forced(model.double(), source_BS, lengths_B, ids_RT)
    inference = Inference(model, in_bytes=False)
    source, states = encode(inference, source_BS, lengths_B)
    log_p_RTV, maxima_RTY = walk(inference, source, repeat(states, each), ids_RT)
    possible_RTV = expected_RTV > -torch.inf
    # The vocabulary is filled up to whole blocks with what never comes.
    assert log_p_RTV.size(2) % BLOCK == 0 <= log_p_RTV.size(2) - size < BLOCK
    assert (log_p_RTV[:, :, size:] < NEVER / 2).all()
    assert (log_p_RTV[:, :, :size][~possible_RTV] < NEVER / 2).all()
    torch.testing.assert_close(log_p_RTV[:, :, :size][possible_RTV], expected_RTV[possible_RTV], rtol=0, atol=1e-9)
    blocks = maxima_RTY.size(2)
    assert blocks * BLOCK == log_p_RTV.size(2)
    for block in range(blocks):
        assert maxima_RTY[:, :, block].equal(log_p_RTV[:, :, block::blocks].amax(dim=2))


@pytest.mark.parametrize("size", [12, 16, 37])
@pytest.mark.parametrize("attention", ATTENTIONS)
@pytest.mark.parametrize("cell", CELLS)
def test_a_step_is_a_position_of_the_teacher_forced_pass(cell: str, attention: str, size: int) -> None:
    check(network(cell, attention, size=size), size)


@pytest.mark.parametrize("attention", ATTENTIONS)
@pytest.mark.parametrize("cell", CELLS)
def test_hypotheses_of_a_sentence_share_what_is_known_of_it(cell: str, attention: str) -> None:
    each = 15
    assert each * len(LENGTHS) > CHUNK
    check(network(cell, attention, size=20), 20, each)


@pytest.mark.parametrize(
    "others",
    [
        {"decoder_layers": 1},
        {"decoder_layers": 3},
        {"heads": 4},
        {"heads": 4, "attention": "additive"},
        {"heads": 2, "attention": "dot", "decoder_layers": 3},
        {"joint": False},
        {"embedding": 8},
        {"embedding": 8, "joint": False, "encoder_layers": 2},
    ],
    ids=str,
)
@pytest.mark.parametrize("cell", CELLS)
def test_networks_of_other_shapes(cell: str, others: dict[str, int | str]) -> None:
    check(network(**{"cell": cell, "size": 20, **others}), 20, each=2)  # type: ignore[arg-type]


@pytest.mark.parametrize("product", [False, pytest.param(True, marks=in_bytes)], ids=["floats", "bytes"])
@pytest.mark.parametrize("size", [12, 16])
@pytest.mark.parametrize("cell", CELLS)
def test_a_network_is_not_changed_and_its_weights_are_those_of_the_moment(cell: str, size: int, product: bool) -> None:
    model = network(cell, size=size)
    before = [parameter.clone() for parameter in model.parameters()]
    source_BS, lengths_B = sources(LENGTHS, size=size)
    ids_RT = prefixes(len(LENGTHS), size)

    def log_probabilities() -> Tensor:
        inference = Inference(model, product)
        return walk(inference, *encode(inference, source_BS, lengths_B), ids_RT)[0]

    plain_RTV = log_probabilities()
    assert all(now.equal(then) for now, then in zip(model.parameters(), before, strict=True))
    with torch.no_grad():
        model.output_bias_V[5] += 3.0
    favoured_RTV = log_probabilities()
    assert (favoured_RTV[:, :, 5] > plain_RTV[:, :, 5]).all()
    assert (favoured_RTV[:, :, 6] < plain_RTV[:, :, 6]).all()


def test_floats_are_multiplied_as_they_are() -> None:
    torch.manual_seed(0)
    weight_OI, bias_O, values_RI = (torch.randn(*shape, dtype=torch.float64) for shape in ((7, 5), (7,), (3, 5)))
    product = Float(weight_OI, bias_O)
    torch.testing.assert_close(product(product.prepare(values_RI)), values_RI @ weight_OI.t() + bias_O)


@in_bytes
@pytest.mark.parametrize(("rows", "inputs", "outputs"), [(1, 8, 6), (3, 33, 17), (60, 256, 100)])
def test_a_product_in_bytes_is_that_of_integers(rows: int, inputs: int, outputs: int) -> None:
    draw = np.random.default_rng(rows)
    # Outputs of very different size, as a matrix may have them, and one of nothing at all.
    sizes_O1 = 10.0 ** draw.integers(-3, 3, (outputs, 1))
    weight_OI = (draw.normal(size=(outputs, inputs)) * sizes_O1).astype(np.float32)
    weight_OI[0] = 0.0
    bias_O = draw.normal(size=outputs).astype(np.float32)
    values_RI = draw.uniform(-1, 1, (rows, inputs)).astype(np.float32)
    values_RI[0, :3] = -1, 0, 1
    with torch.inference_mode():
        product = Bytes(torch.from_numpy(weight_OI), torch.from_numpy(bias_O))
        prepared_RI = product.prepare(torch.from_numpy(values_RI))
        found_RO = product(prepared_RI).numpy()
    scale_O = np.maximum(np.abs(weight_OI).max(axis=1), 1e-12) / 127
    rounded_OI = np.rint(weight_OI / scale_O[:, None]).astype(np.int64)
    integers_RI = prepared_RI.numpy().astype(np.int64) - 128
    assert prepared_RI.dtype == torch.uint8
    assert prepared_RI[0, :3].tolist() == [1, 128, 255]
    assert np.abs(integers_RI - values_RI.astype(np.float64) * 127).max() <= 0.5 + 1e-4  # the nearest
    exact_RO = integers_RI @ rounded_OI.T * (scale_O / 127) + bias_O
    np.testing.assert_allclose(found_RO, exact_RO, rtol=1e-5, atol=1e-5 * np.abs(weight_OI).max())
    # Each number is off by half a byte's step at most, of the weights and of the values.
    bound_O = (np.abs(weight_OI) / 254 + scale_O[:, None] / 2 * (1 + 1 / 254)).sum(axis=1)
    assert (np.abs(found_RO - (values_RI @ weight_OI.T + bias_O)) <= bound_O + 1e-4 * np.abs(weight_OI).max()).all()


@in_bytes
@pytest.mark.parametrize("attention", ATTENTIONS)
@pytest.mark.parametrize("cell", CELLS)
def test_bytes_are_nearly_floats(cell: str, attention: str) -> None:
    """Within 0.2 of each log-probability, and 0.02 on average, where these spread over about 0.5 around their mean."""
    size = 300
    model = network(cell, attention, size=size, scale=1.0, hidden=64, embedding=32)
    source_BS, lengths_B = sources(LENGTHS, size=size)
    ids_RT = prefixes(len(LENGTHS), size, positions=8)
    floats_RTV, bytes_RTV = (
        walk(inference, *encode(inference, source_BS, lengths_B), ids_RT)[0]
        for inference in (Inference(model, in_bytes=False), Inference(model, in_bytes=True))
    )
    possible_RTV = floats_RTV > NEVER / 2
    assert (possible_RTV == (bytes_RTV > NEVER / 2)).all()
    errors = (floats_RTV - bytes_RTV)[possible_RTV].abs()
    assert 0 < errors.max() < 0.2
    assert errors.mean() < 0.02 < 0.1 < floats_RTV[possible_RTV].std()


@in_bytes
@pytest.mark.parametrize("hidden", [8, 64])
@pytest.mark.parametrize("attention", ATTENTIONS)
@pytest.mark.parametrize("cell", CELLS)
def test_in_bytes_a_sentence_gets_the_same_numbers_in_any_company(cell: str, attention: str, hidden: int) -> None:
    """To the last bit from the same annotations, which are floats and the encoder's."""
    size = 40
    inference = Inference(network(cell, attention, size=size, hidden=hidden), in_bytes=True)
    source, states = encode(inference, *sources(LENGTHS, size=size))
    ids_RT = prefixes(len(LENGTHS), size)
    together_RTV, maxima_RTY = walk(inference, source, states, ids_RT)
    for row, length in enumerate(LENGTHS):
        alone = source.select(torch.tensor([row]))
        annotations_1SH, keys_1SH, mask_1S = alone.memory.annotations_BSH, alone.memory.keys_BSH, alone.memory.mask_BS
        states_alone = tuple(tuple(part[row : row + 1] for part in state) for state in states)
        for end in (length, max(LENGTHS)):
            memory = Memory(annotations_1SH[:, :end], keys_1SH[:, :end], mask_1S[:, :end])
            padded = Source(memory, alone.padding_B1S[:, :, :end])
            log_p_RTV, maxima = walk(inference, padded, states_alone, ids_RT[row : row + 1])
            assert log_p_RTV.equal(together_RTV[row : row + 1])
            assert maxima.equal(maxima_RTY[row : row + 1])


@in_bytes
@pytest.mark.parametrize("attention", ATTENTIONS)
def test_padding_of_the_source_changes_nothing(attention: str) -> None:
    size = 40
    inference = Inference(network("lstm", attention, size=size), in_bytes=True)
    source_BS, lengths_B = sources(LENGTHS, size=size)
    wider_BS = torch.nn.functional.pad(source_BS, (0, 7), value=PAD)
    ids_RT = prefixes(len(LENGTHS), size)
    plain, padded = (walk(inference, *encode(inference, s, lengths_B), ids_RT)[0] for s in (source_BS, wider_BS))
    assert padded.equal(plain)


@in_bytes
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("scale", [0.5, 3.0, 50.0])
@pytest.mark.parametrize(
    "others",
    [{}, {"joint": False}, {"embedding": 8}, {"attention": "none"}, {"encoder_layers": 2, "heads": 2}],
    ids=str,
)
def test_no_annotation_is_beyond_the_bound(others: dict[str, int | str], scale: float, seed: int) -> None:
    model = network(**{"size": 40, "seed": seed, "scale": scale, **others})  # type: ignore[arg-type]
    inference = Inference(model, in_bytes=True)
    source_BS, lengths_B = sources([40, 12, 30], size=40, seed=seed)
    source, _ = encode(inference, source_BS, lengths_B)
    with torch.no_grad():
        memory, _ = model.encode(source_BS, lengths_B)
    largest = source.memory.annotations_BSH.abs().max().item()
    assert 0 < largest <= 1
    # They are the annotations themselves, only smaller, and the bound is not idle.
    torch.testing.assert_close(source.memory.annotations_BSH * inference.context_bound, memory.annotations_BSH)
    assert scale < 50 or largest > 0.3


def test_bytes_are_chosen_where_they_are_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    def chosen(precision: str, feature: str, device: str = "cpu") -> bool:
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {feature: True})
        return choose_bytes(precision, torch.device(device))

    for fast in ("avx512_vnni", "avx_vnni", "amx_int8"):
        assert chosen("auto", fast)
        assert chosen("int8", fast)
        assert not chosen("float32", fast)
        assert not chosen("auto", fast, "cuda")
    assert not chosen("auto", "avx2")
    for feature, device in (("avx2", "cpu"), ("avx512_vnni", "cuda")):
        with pytest.raises(UserError, match=r"^decoding\.precision=int8: .*; use auto or float32$"):
            chosen("int8", feature, device)
