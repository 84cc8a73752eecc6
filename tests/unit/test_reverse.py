"""How likely a source is given its translation, against the teacher-forced pass."""

from typing import Any
from unittest.mock import patch

import pytest
import torch

from data_prep.subwords import BEGIN, END
from seq2seq.config import Decoding
from seq2seq.ensemble import Ensemble, Networks
from seq2seq.inference import ROWS, Inference
from seq2seq.reverse import Reverse
from seq2seq.scripting import scripted
from seq2seq.search import Hypothesis
from seq2seq.translator import Translator
from tests.toys import CELLS, letter_subwords, network, words

CPU = torch.device("cpu")
PAIRS = [([BEGIN, 4, 5], [6, 7, 8, 9]), ([BEGIN, 9], [4]), ([BEGIN, 6, 6, 6, 11, 4], [10, 5]), ([BEGIN], [4, 4, 11])]
SOURCES, TARGETS = [source for source, _ in PAIRS], [target for _, target in PAIRS]


def reverse(model: Networks, weight: float = 0.5, compiled: bool = False) -> Reverse:
    """Compiling takes longer than these passes."""
    with patch("seq2seq.reverse.scripted", scripted if compiled else lambda code: code):
        return Reverse(Inference(model, in_bytes=False), weight)


@torch.inference_mode()
def expected(model: Networks, source: list[int], target: list[int]) -> float:
    """Log-probability of one target, its end included; what is never part of a sentence has none."""
    features_TE = model(
        torch.tensor([[*source, END]]), torch.tensor([len(source) + 1]), torch.tensor([[BEGIN, *target]])
    )[0]
    scores_TV = torch.nn.functional.linear(features_TE, model.output_weight_VE, model.output_bias_V)
    scores_TV[:, :END] = -torch.inf
    each: list[float] = scores_TV.log_softmax(dim=1)[range(len(target) + 1), [*target, END]].tolist()
    return sum(each)


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize(("cell", "attention"), [(cell, True) for cell in CELLS] + [("lstm", False)])
def test_sources_are_as_likely_as_by_the_teacher_forced_pass(cell: str, attention: bool, compiled: bool) -> None:
    model = network(cell, attention).double()
    found = reverse(model, compiled=compiled).log_p(SOURCES, TARGETS, CPU)
    assert found.tolist() == pytest.approx([expected(model, *pair) for pair in PAIRS], rel=1e-9)


def test_an_ensemble_s_are_those_of_its_mean_score() -> None:
    both = Ensemble([network("lstm", seed=seed).double() for seed in (0, 1)])
    found = reverse(both).log_p(SOURCES, TARGETS, CPU)
    assert found.tolist() == pytest.approx([expected(both, *pair) for pair in PAIRS], rel=1e-9)


def test_more_rows_than_are_scored_at_once_are_each_as_alone() -> None:
    judge = reverse(network().double())
    alone = [judge.log_p([source], [target], CPU).item() for source, target in PAIRS]
    times = ROWS[1] // len(PAIRS) + 1
    assert judge.log_p(SOURCES * times, TARGETS * times, CPU).tolist() == pytest.approx(alone * times, rel=1e-9)


def test_hypotheses_are_put_in_the_order_of_both_log_probabilities() -> None:
    model, penalty, weight = network().double(), 0.6, 0.5
    sources = [[4, 5, 6], [7]]
    found = [[Hypothesis((8, 9), -0.1), Hypothesis((4,), -0.2), Hypothesis((5, 5, 5), -0.9)], [Hypothesis((6,), -3.0)]]
    rescored = reverse(model, weight).rescored(sources, found, penalty, CPU)
    for source, before, after in zip(sources, found, rescored, strict=True):
        scores = {
            one.ids: one.score * (len(one.ids) + 1) ** penalty + weight * expected(model, [BEGIN, *one.ids], source)
            for one in before
        }
        assert [one.ids for one in after] == sorted(scores, key=lambda ids: -scores[ids])
        assert [one.score for one in after] == pytest.approx([scores[one.ids] for one in after], rel=1e-9)
    assert [one.ids for one in rescored[0]] != [one.ids for one in found[0]]


def test_a_translator_takes_the_hypothesis_that_the_source_can_be_told_from() -> None:
    """With all weight on the source, the best of the beam is the one that it is likeliest after."""
    subwords = letter_subwords()
    model = network(size=subwords.target_size)
    with torch.no_grad():
        model.output_bias_V[END] += 3.0
    plain, judged = (Translator(model, subwords, Decoding(beam=4, reverse=weight), CPU) for weight in (0.0, 10.0))
    lines = words(6, 3)
    best = judged.translate(lines)
    assert best != plain.translate(lines)
    for line, found, text in zip(lines, judged.hypotheses(lines, nbest=4), best, strict=True):
        assert {one.text for one in found} == {one.text for one in plain.hypotheses([line], nbest=4)[0]}
        assert found[0].text == text
        assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    # What is drawn at random is not judged.
    drawn = [translator.hypotheses(lines, nbest=2, sample_seed=1) for translator in (plain, judged)]
    assert drawn[0] == drawn[1]


def test_the_whole_beam_is_searched_for_and_one_hypothesis_leaves_nothing_to_choose(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    subwords = letter_subwords()
    judged, asked = Translator(network(size=subwords.target_size), subwords, Decoding(beam=3, reverse=1.0), CPU), []
    (ids,) = subwords.encode_target(["b"])

    def search(*arguments: Any) -> list[list[Hypothesis]]:
        asked.append(arguments[3:-1])
        return [[Hypothesis(tuple(ids), -1.0)]]

    monkeypatch.setattr(judged.search, "beam", search)
    (one,) = judged.hypotheses(["a"])[0]
    (alone,) = judged.hypotheses(["a"], beam=1)[0]
    judged.translate(["a"], beam=1)
    assert asked == [(3, 3, 1.0, True), (1, 1, 1.0, True), (1, 1, 1.0, False)]
    assert one.score < -1.0
    assert alone.score == -1.0
