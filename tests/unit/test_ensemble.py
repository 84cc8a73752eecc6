"""Several networks as one: the mean of their scores, each trained for itself."""

import signal
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from data_prep.corpus import Corpus
from data_prep.subwords import BEGIN, END, PAD, UNKNOWN
from seq2seq.batches import Batch, Position, training_batches
from seq2seq.checkpoint import find_checkpoint, load_model
from seq2seq.config import Config
from seq2seq.dropout import Dropout
from seq2seq.ensemble import Ensemble, Networks, make_model
from seq2seq.inference import Inference
from seq2seq.search import Search
from seq2seq.training import train
from seq2seq.translator import Translator
from seq2seq.updates import Updater, new_network
from tests.benchmarks import ensembles
from tests.toys import CELLS, config, model_config, network, sources, targets, task, write_corpus

SIZE = 20
LENGTHS = (4, 1, 6)
CPU = torch.device("cpu")


def members(cell: str = "gru", count: int = 2) -> list[Any]:
    return [network(cell, size=SIZE, seed=seed, joint=seed % 2 == 0).double() for seed in range(count)]


def scores(model: Networks, source_BS: Tensor, lengths_B: Tensor, target_BT: Tensor) -> Tensor:
    """Log-probabilities [B, T, V]."""
    features_BTE = model(source_BS, lengths_B, target_BT)
    logits = torch.nn.functional.linear(features_BTE, model.output_weight_VE, model.output_bias_V)
    return logits.log_softmax(dim=2)


@torch.no_grad()
@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("cell", CELLS)
def test_the_score_is_the_mean_of_the_scores_of_each(cell: str, count: int) -> None:
    each, batch = members(cell, count), (*sources(LENGTHS, SIZE), targets(3, 5, size=SIZE))
    mean_BTV = torch.stack([scores(one, *batch) for one in each]).mean(dim=0).log_softmax(dim=2)
    torch.testing.assert_close(scores(Ensemble(each), *batch), mean_BTV, rtol=0, atol=1e-12)


@torch.no_grad()
def test_the_target_can_be_read_in_parts_and_attention_is_the_mean() -> None:
    each, (source_BS, lengths_B), target_BT = members(), sources(LENGTHS, SIZE), targets(3, 5, size=SIZE)
    both = Ensemble(each)
    memories, states = both.encode(source_BS, lengths_B)
    first_BTE, states, first_BTS = both.decode(target_BT[:, :2], memories, states)
    rest_BTE, _, rest_BTS = both.decode(target_BT[:, 2:], memories, states)
    torch.testing.assert_close(torch.cat([first_BTE, rest_BTE], dim=1), both(source_BS, lengths_B, target_BT))
    assert first_BTS is not None
    assert rest_BTS is not None
    looks = [one.decode(target_BT, *one.encode(source_BS, lengths_B))[2] for one in each]
    torch.testing.assert_close(torch.cat([first_BTS, rest_BTS], dim=1), torch.stack(looks).mean(dim=0))


@pytest.mark.parametrize("cell", CELLS)
def test_the_search_finds_the_same_compiled_and_scores_as_the_loss_does(cell: str) -> None:
    both, (source_BS, lengths_B) = Ensemble(members(cell, 3)), sources(LENGTHS, SIZE)
    limits_B = torch.tensor([5, 3, 8])
    found = Search(Inference(both, in_bytes=False)).beam(source_BS, lengths_B, limits_B, 4, 4, 0.0)
    for row, hypotheses in enumerate(found):
        for hypothesis in hypotheses:
            ids = torch.tensor([[BEGIN, *hypothesis.ids]])
            with torch.no_grad():
                log_p_TV = scores(both, source_BS[row : row + 1, : LENGTHS[row]], lengths_B[row : row + 1], ids)[0]
            # What may not come is not counted: padding, unknown and begin, and the end as the first.
            log_p_TV[:, [PAD, UNKNOWN, BEGIN]] = -torch.inf
            log_p_TV[0, END] = -torch.inf
            log_p_TV = log_p_TV.log_softmax(dim=1)
            total = log_p_TV.gather(1, torch.tensor([*hypothesis.ids, END]).unsqueeze(1)).sum().item()
            assert hypothesis.score == pytest.approx(total, abs=1e-9)


def settings(networks: int = 2, **others: Any) -> Config:
    return config(model_config("lstm", networks=networks), **{"steps": 12, "dropout": 0.3, **others})


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return write_corpus(tmp_path_factory.mktemp("corpus"), task(str))


def batch(corpus: Corpus, step: int) -> Batch:
    return next(
        training_batches(corpus.split("train"), config(batch_tokens=200, joined=0.0, seed=step).training, Position())
    )[0]


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_each_network_is_trained_as_if_it_were_alone(corpus: Corpus, threads: int) -> None:
    """Clipping included; of loss and norm the means are noted."""
    asked = settings(threads=threads, clip_norm=0.5).training
    both = Updater(new_network(settings(), corpus.subwords).double(), asked, CPU)
    alone = [
        Updater(one, asked.model_copy(update={"threads": 1}), CPU)
        for one in new_network(settings(), corpus.subwords).double().networks
    ]
    for step in range(3):
        data = batch(corpus, step)
        norm, nats = both.update(data, step, 1e-2, 0.0)
        norms, losses = zip(*(one.update(data, step, 1e-2, 0.0) for one in alone), strict=True)
        torch.testing.assert_close(norm, torch.stack(norms).mean(), rtol=1e-6, atol=0)
        torch.testing.assert_close(nats, torch.stack(losses).mean(), rtol=1e-6, atol=0)
    for ours, one in zip(both.model.networks, alone, strict=True):
        for a, b in zip(ours.parameters(), one.model.parameters(), strict=True):
            torch.testing.assert_close(a, b, rtol=0, atol=1e-5)
    both.close()


def test_networks_begin_apart_and_drop_other_features(corpus: Corpus) -> None:
    first, second = new_network(settings(), corpus.subwords).networks
    assert not any(a.equal(b) for a, b in zip(first.parameters(), second.parameters(), strict=True) if a.dim() == 2)
    made = Updater(Ensemble([first, first]), settings(threads=1).training, CPU)
    seeds = []

    def note(model: Networks, data: Any, smoothing: float, dropout: Dropout) -> tuple[Tensor, Tensor]:
        assert dropout.generator is not None
        seeds.append(dropout.generator.initial_seed())
        return Updater.losses(made, model, data, smoothing, dropout)

    made.losses = note  # type: ignore[method-assign, assignment]
    made.update(batch(corpus, 0), 0, 0.0, 0.5)
    made.close()
    assert len(set(seeds)) == 2


def test_the_loss_is_that_of_the_mean_of_scores(corpus: Corpus) -> None:
    made = Updater(new_network(settings(), corpus.subwords), settings(threads=1).training, CPU)
    data, model = batch(corpus, 0), made.model
    with torch.no_grad():
        _, nats = made.losses(model, data, 0.0)
        log_p = scores(model, data.source_BS, data.source_lengths_B, data.target_in_BT)
    targets_N = data.target_out_BT.flatten()[data.real_N]
    expected = torch.nn.functional.nll_loss(log_p.flatten(0, 1)[data.real_N], targets_N, reduction="sum")
    torch.testing.assert_close(nats, expected, rtol=1e-5, atol=0)
    made.close()


def test_a_run_of_several_is_saved_resumed_and_translates(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("seq2seq.reporting.learning_curve", lambda metrics, path: None)
    monkeypatch.setattr("seq2seq.training.dropout_rate", lambda training, epochs: training.dropout)
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    train(corpus, settings(), whole)
    update = Updater.update

    def stopping(self: Updater, data: Batch, step: int, *others: Any) -> tuple[Tensor, Tensor]:
        if step == 5:
            signal.raise_signal(signal.SIGINT)
        return update(self, data, step, *others)

    with monkeypatch.context() as patch:
        patch.setattr(Updater, "update", stopping)
        with pytest.raises(KeyboardInterrupt):
            train(corpus, settings(), cut)
    train(corpus, settings(), cut)
    ours, theirs = (load_model(find_checkpoint(run, "last"), CPU)[0] for run in (whole, cut))
    assert isinstance(ours, Ensemble)
    assert all(a.equal(b) for a, b in zip(ours.parameters(), theirs.parameters(), strict=True))
    assert len(Translator.load(whole, "last").translate(["abc", "", "h"])) == 3
    (found,) = Translator.load(whole, "last").align([("ab", "ba")])
    assert all(sum(row) == pytest.approx(1) for row in found.weights)
    capsys.readouterr()
    ensembles.main(whole, corpus.folder)
    printed = capsys.readouterr().out.splitlines()
    assert [line.split(" BLEU")[0].rstrip() for line in printed if "BLEU" in line] == [
        "network 1",
        "network 2",
        "the first 2",
    ]


def test_one_network_is_no_ensemble() -> None:
    assert not isinstance(make_model(model_config(), 9, 9, True), Ensemble)
