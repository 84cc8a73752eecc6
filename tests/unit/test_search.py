"""Search against every target there is, over a vocabulary of four letters."""

import math
from collections import Counter
from itertools import product
from unittest.mock import patch

import pytest
import torch
from torch import Tensor

from data_prep.subwords import BEGIN, END
from seq2seq.inference import Inference
from seq2seq.model import Translation
from seq2seq.scripting import scripted
from seq2seq.search import AHEAD, Hypothesis, Search
from tests.toys import ATTENTIONS, CELLS, network, sources

LETTERS = range(END + 1, END + 5)
SIZE = END + 5
LENGTHS = (4, 1, 6, 3)
LIMITS = (3, 2, 3, 1)


def toy(cell: str = "gru", attention: bool = True, seed: int = 0, **others: float) -> Translation:
    """A network whose output layer is large, so that it is sure of some letters and not of others.

    In float64, where no two targets are as likely as each other but for rounding.
    """
    model = network(cell, attention, size=SIZE, seed=seed)
    with torch.no_grad():
        model.target_embedding.weight *= others.get("certainty", 3.0)
        model.output_bias_V[END] += others.get("end", 0.0)
    return model.double()


def batch(row: int | None = None, limits: tuple[int, ...] = LIMITS) -> tuple[Tensor, Tensor, Tensor]:
    """Sources, their lengths and limits, of all sentences or of one."""
    source, lengths = sources(LENGTHS, SIZE)
    if row is None:
        return source, lengths, torch.tensor(limits)
    return source[row : row + 1, : LENGTHS[row]], lengths[row : row + 1], torch.tensor(limits[row : row + 1])


def search(model: Translation, compiled: bool = False, placeholders: int = 0) -> Search:
    """Compiling takes longer than most of these searches."""
    with patch("seq2seq.search.scripted", scripted if compiled else lambda code: code):
        return Search(Inference(model, in_bytes=False, placeholders=placeholders))


def beam_search(
    model: Translation, batch: tuple[Tensor, Tensor, Tensor], beam: int, penalty: float, wanted: int | None = None
) -> list[list[Hypothesis]]:
    """As many as the beam holds, if no number is given."""
    return search(model).beam(*batch, beam, wanted or beam, penalty)


@torch.inference_mode()
def chances(model: Translation, row: int, targets: list[tuple[int, ...]]) -> Tensor:
    """Log-probability of each subword of targets of one length, and of their end: [targets, length + 1].

    By the teacher-forced pass.  There are no special ids, and no target is empty.
    """
    source, lengths, _ = batch(row)
    inputs = torch.tensor([[BEGIN, *ids] for ids in targets])
    logits = model.logits(model(source.expand(len(inputs), -1), lengths.expand(len(inputs)), inputs)).double()
    logits[:, :, :END] = -torch.inf
    logits[:, 0, END] = -torch.inf
    ends = torch.tensor([[*ids, END] for ids in targets])
    return logits.log_softmax(dim=2).gather(2, ends.unsqueeze(2)).squeeze(2)


def score(model: Translation, row: int, ids: tuple[int, ...], penalty: float) -> float:
    total: float = chances(model, row, [ids]).sum().item()
    return total / math.pow(len(ids) + 1, penalty)


def all_targets(limit: int) -> list[list[tuple[int, ...]]]:
    """Every target, by length."""
    return [list(product(LETTERS, repeat=length)) for length in range(1, limit + 1)]


def every_target(model: Translation, row: int, penalty: float) -> list[Hypothesis]:
    """All targets of a sentence with their scores, best first."""
    found: list[Hypothesis] = []
    for targets in all_targets(LIMITS[row]):
        totals = chances(model, row, targets).sum(dim=1) / (len(targets[0]) + 1) ** penalty
        found += map(Hypothesis, targets, totals.tolist())
    return sorted(found, key=lambda hypothesis: -hypothesis.score)


def same(found: list[Hypothesis], expected: list[Hypothesis]) -> None:
    assert [h.ids for h in found] == [h.ids for h in expected]
    assert [h.score for h in found] == pytest.approx([h.score for h in expected], rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("penalty", [0.0, 0.6, 1.0])
@pytest.mark.parametrize(("cell", "attention"), [("rnn", False), ("gru", True), ("lstm", True)])
def test_a_beam_wide_enough_finds_every_target_in_order(cell: str, attention: bool, penalty: float) -> None:
    model = toy(cell, attention)
    found = beam_search(model, batch(), 90, penalty)
    for row in range(len(LENGTHS)):
        same(found[row], every_target(model, row, penalty))


def plain_beam_search(model: Translation, row: int, beam: int, wanted: int, limit: int) -> list[Hypothesis]:
    """Prefixes in a list, each extended by every letter and by the end; the scores by the teacher-forced pass."""
    open_prefixes: list[tuple[float, tuple[int, ...]]] = [(0.0, ())]
    finished: list[Hypothesis] = []
    for length in range(limit + 1):
        candidates = []
        for total, prefix in open_prefixes:
            following = [END] if length == limit else [*LETTERS, END] if prefix else list(LETTERS)
            for subword in following:
                ids = prefix if subword == END else (*prefix, subword)
                gain = chances(model, row, [ids])[0, length].item()
                candidates.append((total + gain, (*prefix, subword)))
        candidates.sort(reverse=True)
        finished += [Hypothesis(ids[:-1], total / (length + 1)) for total, ids in candidates[:beam] if ids[-1] == END]
        open_prefixes = [candidate for candidate in candidates if candidate[1][-1] != END][:beam]
        best = sorted((hypothesis.score for hypothesis in finished), reverse=True)
        hope = max((total / (length + 1 + AHEAD) for total, _ in open_prefixes), default=-math.inf)
        if len(finished) >= beam or (len(finished) >= wanted and hope <= best[wanted - 1]):
            break
    return sorted(finished, key=lambda hypothesis: -hypothesis.score)[:beam]


@pytest.mark.parametrize(("beam", "wanted"), [(2, 1), (2, 2), (3, 1), (5, 1), (5, 3), (5, 5), (9, 4)])
@pytest.mark.parametrize("seed", range(2))
def test_a_narrow_beam_is_the_plain_algorithm(beam: int, wanted: int, seed: int) -> None:
    model, limits = toy(certainty=1.0, seed=seed), (6, 2, 6, 4)
    found = beam_search(model, batch(limits=limits), beam, 1.0, wanted)
    for row, limit in enumerate(limits):
        same(found[row], plain_beam_search(model, row, beam, wanted, limit))


def test_a_sentence_is_done_when_nothing_better_can_be_hoped_for() -> None:
    """With wide beams that happens before as many as the beam have ended."""
    limits = (30, 30, 30, 30)
    model = toy(seed=1)
    few, all_of_them = (beam_search(model, batch(limits=limits), 20, 1.0, wanted) for wanted in (1, 20))
    assert any(len(a) < len(b) for a, b in zip(few, all_of_them, strict=True))
    assert all(a[0].ids == b[0].ids for a, b in zip(few, all_of_them, strict=True))


@pytest.mark.parametrize("attention", ATTENTIONS)
@pytest.mark.parametrize("cell", CELLS)
def test_compiled_or_not_the_search_is_the_same(cell: str, attention: bool) -> None:
    model = toy(cell, attention, seed=5)
    plain, compiled = search(model), search(model, compiled=True)
    assert isinstance(compiled.network, torch.jit.ScriptModule)
    for limits in (LIMITS, (9, 9, 9, 9)):
        for beam in (1, 4):
            found = plain.beam(*batch(limits=limits), beam, 2 if beam > 1 else 1, 0.6)
            assert compiled.beam(*batch(limits=limits), beam, 2 if beam > 1 else 1, 0.6) == found
        # What greedy search finds does not depend on its score.
        for line, unscored in zip(
            plain.beam(*batch(limits=limits), 1, 1, 0.6),
            compiled.beam(*batch(limits=limits), 1, 1, 0.6, scored=False),
            strict=True,
        ):
            assert unscored == [Hypothesis(line[0].ids, 0.0)]
        drawn = [s.sample(*batch(limits=limits), 3, 0.6, torch.Generator().manual_seed(1)) for s in (plain, compiled)]
        assert drawn[0] == drawn[1]


@pytest.mark.parametrize("attention", ATTENTIONS)
@pytest.mark.parametrize("cell", CELLS)
def test_greedy_takes_the_likeliest_subword_each_time(cell: str, attention: bool) -> None:
    model, limits = toy(cell, attention, seed=1), (9, 9, 9, 9)
    found = beam_search(model, batch(limits=limits), 1, 1.0)
    for row in range(len(LENGTHS)):
        source, lengths, _ = batch(row)
        ids: tuple[int, ...] = ()
        while len(ids) < 9:
            logits = model.logits(model(source, lengths, torch.tensor([[BEGIN, *ids]])))[0, -1]
            allowed = [*LETTERS, END] if ids else list(LETTERS)
            best = max(allowed, key=lambda subword: logits[subword].item())
            if best == END:
                break
            ids = (*ids, best)
        same(found[row], [Hypothesis(ids, score(model, row, ids, 1.0))])


@pytest.mark.parametrize("end", [1.0, -999.0])
@pytest.mark.parametrize("beam", [1, 2, 5])
@pytest.mark.parametrize("cell", CELLS)
def test_a_sentence_is_found_the_same_alone(cell: str, beam: int, end: float) -> None:
    model, limits = toy(cell, seed=2, end=end), (12, 2, 20, 7)
    found = beam_search(model, batch(limits=limits), beam, 1.0)
    # An unlikely end makes the sentences leave the batch one after the other, at their limits.
    assert end > 0 or tuple(len(hypotheses[0].ids) for hypotheses in found) == limits
    for row in range(len(LENGTHS)):
        same(
            beam_search(model, batch(row, limits), beam, 1.0)[0],
            found[row],
        )
    source, lengths, limit = batch(limits=limits)
    wider = torch.nn.functional.pad(source, (0, 5))
    for row, hypotheses in enumerate(beam_search(model, (wider, lengths, limit), beam, 1.0)):
        same(hypotheses, found[row])


@pytest.mark.parametrize("end", [-9.0, 0.0, 9.0])
@pytest.mark.parametrize("beam", [1, 3, 20])
def test_hypotheses_are_distinct_sorted_and_neither_empty_nor_too_long(beam: int, end: float) -> None:
    limits = (5, 1, 8, 2)
    model = toy(seed=3, end=end)
    found = beam_search(model, batch(limits=limits), beam, 0.6)
    for hypotheses, limit in zip(found, limits, strict=True):
        # A limit of one leaves four targets; there is never more than the beam.
        assert 1 <= len(hypotheses) <= beam
        assert len(hypotheses) == min(beam, 4) or limit > 1
        assert len({h.ids for h in hypotheses}) == len(hypotheses)
        assert all(1 <= len(h.ids) <= limit and set(h.ids) <= set(LETTERS) for h in hypotheses)
        scores = [h.score for h in hypotheses]
        assert scores == sorted(scores, reverse=True)
        assert all(score < 0 for score in scores)


@pytest.mark.parametrize("penalty", [0.0, 0.6, 1.0])
def test_scores_are_the_model_s_normalised_by_length(penalty: float) -> None:
    model = toy(seed=4)
    for row, hypotheses in enumerate(beam_search(model, batch(limits=(9, 9, 9, 9)), 4, penalty)):
        for h in hypotheses:
            assert h.score == pytest.approx(score(model, row, h.ids, penalty), rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("end", [0.0, 9.0])
@pytest.mark.parametrize("beam", [1, 3, 20])
def test_a_target_has_each_placeholder_of_its_source_once_and_no_other(beam: int, end: float) -> None:
    """The first two letters are placeholders here."""
    model = toy(seed=3, certainty=1.0, end=end)
    first, second = END + 1, END + 2
    source_BS = torch.tensor([[6, first, 7, END], [first, second, first, END], [7, 6, END, 0], [second, END, 0, 0]])
    lengths_B, limits_B = torch.tensor([4, 4, 3, 2]), torch.tensor([40, 50, 30, 35])
    expected = [{first}, {first, second}, set(), {second}]
    searches = search(model, placeholders=2)
    drawn = searches.sample(source_BS, lengths_B, limits_B, beam, 0.6, torch.Generator().manual_seed(1))
    for found in (searches.beam(source_BS, lengths_B, limits_B, beam, beam, 0.6), drawn):
        for hypotheses, placeholders in zip(found, expected, strict=True):
            assert hypotheses
            for hypothesis in hypotheses:
                assert sorted(i for i in hypothesis.ids if i in (first, second)) == sorted(placeholders)
    # A limit that is too near goes before.
    short = searches.beam(source_BS, lengths_B, torch.ones(4, dtype=torch.long), beam, beam, 0.6)
    drawn = searches.sample(source_BS, lengths_B, torch.ones(4, dtype=torch.long), beam, 0.6, torch.Generator())
    for hypotheses in (*short, *drawn):
        assert all(len(hypothesis.ids) == 1 and hypothesis.score > -1e6 for hypothesis in hypotheses)


@pytest.mark.parametrize("beam", [1, 4])
def test_where_the_end_would_be_come_the_placeholders_that_are_left(beam: int) -> None:
    """Nothing else is said to put the end off, however unlikely they are."""
    model = toy(seed=3, certainty=1.0, end=9.0)
    first, second = END + 1, END + 2
    with torch.no_grad():
        model.output_bias_V[[first, second]] -= 20
    source_BS, lengths_B = torch.tensor([[6, first, second, END], [6, 7, second, END]]), torch.tensor([4, 4])
    found = search(model, placeholders=2).beam(source_BS, lengths_B, torch.tensor([40, 40]), beam, 1, 0.6)
    # The first subword is not the end.
    assert [sorted(hypotheses[0].ids[1:]) for hypotheses in found] == [[first, second], [second]]


def test_length_normalisation_favours_longer_targets() -> None:
    model = toy(certainty=1.0, end=-0.5)
    short, long = (
        sum(len(found[0].ids) for found in beam_search(model, batch(limits=(9, 9, 9, 9)), 20, penalty))
        for penalty in (0.0, 1.0)
    )
    assert short < long


def test_sampling_follows_the_model_s_distribution() -> None:
    model, draws = toy(certainty=1.0), 4000
    found = search(model).sample(*batch(), draws, 0.0, torch.Generator().manual_seed(0))
    for row, limit in enumerate(LIMITS):
        assert len(found[row]) == draws
        frequencies = Counter(h.ids for h in found[row])
        total = 0.0
        for targets in all_targets(limit):
            # At the limit the end is forced, whatever its chance.
            expected = chances(model, row, targets)[:, :limit].sum(dim=1).exp()
            total += expected.sum().item()
            for ids, chance in zip(targets, expected.tolist(), strict=True):
                spread = (chance * (1 - chance) / draws) ** 0.5
                assert abs(frequencies[ids] / draws - chance) < 5 * spread + 1e-3
        assert total == pytest.approx(1.0)


def test_samples_are_scored_sorted_and_repeated_by_their_seed() -> None:
    model, limits = toy(certainty=1.0), (9, 1, 5, 9)
    searches = search(model)

    def draw(seed: int) -> list[list[Hypothesis]]:
        return searches.sample(*batch(limits=limits), 5, 0.6, torch.Generator().manual_seed(seed))

    assert draw(1) == draw(1)
    assert draw(1) != draw(2)
    for row, hypotheses in enumerate(draw(1)):
        assert len(hypotheses) == 5
        assert hypotheses == sorted(hypotheses, key=lambda h: -h.score)
        for h in hypotheses:
            assert 1 <= len(h.ids) <= limits[row]
            assert h.score == pytest.approx(score(model, row, h.ids, 0.6), rel=1e-5, abs=1e-5)
