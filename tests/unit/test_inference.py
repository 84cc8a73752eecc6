"""A step of the search is a position of the teacher-forced pass; in bytes nearly so, and the same in any company."""

import pytest
import torch
from torch import Tensor

from data_prep.subwords import BEGIN, END, PAD, UNKNOWN
from seq2seq.ensemble import Ensemble
from seq2seq.inference import BLOCK, LANES, NEVER, Inference, Source, fit_bytes, select
from seq2seq.model import Translation
from seq2seq.products import FEW
from tests.toys import ATTENTIONS, CELLS, network, sources, targets

LENGTHS = (3, 9, 5, 1)


def prefixes(rows: int, size: int, positions: int = 5) -> Tensor:
    """BEGIN and random subwords after it."""
    return torch.cat([torch.full((rows, 1), BEGIN), targets(rows, positions, size=size)], dim=1)


def repeat(states: list[Tensor], times: int) -> list[Tensor]:
    return [part.repeat_interleave(times, dim=0) for part in states]


@torch.inference_mode()
def encode(inference: Inference, source_BS: Tensor, lengths_B: Tensor) -> tuple[list[Source], list[Tensor]]:
    """Without gradients, as the search does it."""
    return inference.encode(source_BS, lengths_B)


@torch.inference_mode()
def walk(inference: Inference, read: list[Source], states: list[Tensor], ids_RT: Tensor) -> tuple[Tensor, Tensor]:
    """Step by step: log-probabilities [R, T, V] and the blocks' maxima [R, T, Y]."""
    found = []
    for position in range(ids_RT.size(1)):
        features_RE, states = inference.step(ids_RT[:, position], read, states)
        none = torch.zeros(len(features_RE), 0, dtype=torch.bool)
        scores_RV, maxima_RY = inference.scores(features_RE, none, none, position == 0)
        log_sum_R = inference.normaliser(scores_RV)
        found.append((scores_RV - log_sum_R.unsqueeze(1), maxima_RY - log_sum_R.unsqueeze(1)))
    return torch.stack([log_p for log_p, _ in found], dim=1), torch.stack([maxima for _, maxima in found], dim=1)


@torch.no_grad()
def teacher_forced(model: Translation, source_BS: Tensor, lengths_B: Tensor, ids_RT: Tensor) -> Tensor:
    """Log-probabilities [R, T, V] of one pass over all positions, -inf for what may not come."""
    each = len(ids_RT) // len(source_BS)
    repeated = (part.repeat_interleave(each, dim=0) for part in (source_BS, lengths_B))
    logits_RTV = model.logits(model(*repeated, ids_RT))
    logits_RTV[:, :, [PAD, UNKNOWN, BEGIN]] = -torch.inf
    logits_RTV[:, 0, END] = -torch.inf
    return logits_RTV.log_softmax(dim=2)


def check(model: Translation, size: int, each: int = 1) -> None:
    """`each` hypotheses a sentence, in float64."""
    source_BS, lengths_B = sources(LENGTHS, size=size)
    ids_RT = prefixes(each * len(LENGTHS), size)
    expected_RTV = teacher_forced(model.double(), source_BS, lengths_B, ids_RT)
    inference = Inference(model, in_bytes=False)
    read, states = encode(inference, source_BS, lengths_B)
    log_p_RTV, maxima_RTY = walk(inference, read, repeat(states, each), ids_RT)
    possible_RTV = expected_RTV > -torch.inf
    # The vocabulary is filled up to whole blocks with what never comes.
    assert log_p_RTV.size(2) % (BLOCK * LANES) == 0 <= log_p_RTV.size(2) - size < BLOCK * LANES
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
def test_a_step_is_a_position_of_the_teacher_forced_pass(cell: str, attention: bool, size: int) -> None:
    check(network(cell, attention, size=size), size)


@pytest.mark.parametrize("attention", ATTENTIONS)
@pytest.mark.parametrize("cell", CELLS)
def test_hypotheses_of_a_sentence_share_what_is_known_of_it(cell: str, attention: bool) -> None:
    check(network(cell, attention, size=20), 20, each=5)


@pytest.mark.parametrize(
    "others",
    [
        {"decoder_layers": 1},
        {"decoder_layers": 3},
        {"joint": False},
        {"embedding": 8},
        {"embedding": 8, "joint": False, "encoder_layers": 2},
    ],
    ids=str,
)
@pytest.mark.parametrize("cell", CELLS)
def test_networks_of_other_shapes(cell: str, others: dict[str, int | str]) -> None:
    check(network(**{"cell": cell, "size": 20, **others}), 20, each=2)  # type: ignore[arg-type]


@pytest.mark.parametrize("product", [False, True], ids=["floats", "bytes"])
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


@pytest.mark.parametrize("attention", ATTENTIONS)
@pytest.mark.parametrize("cell", CELLS)
def test_bytes_are_nearly_floats(cell: str, attention: bool) -> None:
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


@pytest.mark.parametrize("hidden", [8, 64])
@pytest.mark.parametrize("attention", ATTENTIONS)
@pytest.mark.parametrize("cell", CELLS)
def test_in_bytes_a_sentence_gets_the_same_numbers_in_any_company(cell: str, attention: bool, hidden: int) -> None:
    """To the last bit from the same annotations among few, and nearly so among many, by another library."""
    size = 40
    inference = Inference(network(cell, attention, size=size, hidden=hidden), in_bytes=True)
    read, states = encode(inference, *sources(LENGTHS, size=size))
    ids_RT = prefixes(len(LENGTHS), size)
    together_RTV, maxima_RTY = walk(inference, read, states, ids_RT)
    many = FEW
    crowd_RTV, _ = walk(inference, read, repeat(states, many), ids_RT.repeat_interleave(many, dim=0))
    torch.testing.assert_close(crowd_RTV, together_RTV.repeat_interleave(many, dim=0), rtol=0, atol=1e-4)
    for row, length in enumerate(LENGTHS):
        (alone,) = select(read, torch.tensor([row]))
        for end in (length, max(LENGTHS)):
            states_alone = [part[row : row + 1] for part in states]
            if attention:
                states_alone[-2:] = [past[:, : past.size(1) - max(LENGTHS) + end] for past in states_alone[-2:]]
            annotations, keys = alone.annotations_BSH[:, :end], alone.keys_BSH[:, :end]
            padded = Source(annotations.contiguous(), keys.contiguous(), alone.padding_B1S[:, :, :end])
            log_p_RTV, maxima = walk(inference, [padded], states_alone, ids_RT[row : row + 1])
            assert log_p_RTV.equal(together_RTV[row : row + 1])
            assert maxima.equal(maxima_RTY[row : row + 1])


def test_select_takes_sentences_in_their_order() -> None:
    read, _ = encode(Inference(network(size=20), in_bytes=False), *sources(LENGTHS, size=20))
    (source,), (selected,) = read, select(read, torch.tensor([2, 0, 2]))
    for chosen, known in zip(selected, source, strict=True):
        assert chosen.equal(torch.stack([known[2], known[0], known[2]]))


@pytest.mark.parametrize("attention", ATTENTIONS)
def test_padding_of_the_source_changes_nothing(attention: bool) -> None:
    size = 40
    inference = Inference(network("lstm", attention, size=size), in_bytes=True)
    source_BS, lengths_B = sources(LENGTHS, size=size)
    wider_BS = torch.nn.functional.pad(source_BS, (0, 7), value=PAD)
    ids_RT = prefixes(len(LENGTHS), size)
    plain, padded = (walk(inference, *encode(inference, s, lengths_B), ids_RT)[0] for s in (source_BS, wider_BS))
    assert padded.equal(plain)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("scale", [0.5, 3.0, 50.0])
@pytest.mark.parametrize(
    "others",
    [{}, {"joint": False}, {"embedding": 8}, {"attention": False}, {"encoder_layers": 2}],
    ids=str,
)
def test_no_annotation_is_beyond_the_bound(others: dict[str, int | str], scale: float, seed: int) -> None:
    model = network(**{"size": 40, "seed": seed, "scale": scale, **others})  # type: ignore[arg-type]
    inference = Inference(model, in_bytes=True)
    source_BS, lengths_B = sources([40, 12, 30], size=40, seed=seed)
    (source,), _ = encode(inference, source_BS, lengths_B)
    with torch.no_grad():
        memory, _ = model.encode(source_BS, lengths_B)
    annotations_BSH = source.annotations_BSH
    largest = annotations_BSH.abs().max().item()
    assert 0 < largest <= 1
    # They are nearly the annotations themselves, only smaller, and the bound is not idle.
    bound = inference.networks[0].bound
    assert isinstance(bound, float)
    errors_BSH = (annotations_BSH * bound - memory.annotations_BSH).abs()
    assert errors_BSH[memory.mask_BS].mean() < 0.1
    assert scale < 50 or largest > 0.3


def test_large_output_weights_do_not_overflow() -> None:
    model = network(size=20)
    with torch.no_grad():
        model.target_embedding.weight *= 1000
    inference = Inference(model, in_bytes=False)
    assert not inference.bounded
    found, _ = walk(inference, *encode(inference, *sources(LENGTHS, size=20)), prefixes(len(LENGTHS), 20))
    assert found.isfinite().all()


def test_of_several_networks_all_have_to_fit_in_bytes() -> None:
    wide = network()
    with torch.no_grad():
        wide.target_embedding.weight *= 1000
    assert fit_bytes(network())
    assert not fit_bytes(Ensemble([network(), wide]))
