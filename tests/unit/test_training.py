"""The loop: equal runs are equal bit for bit, however they are cut."""

import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from data_prep.corpus import Corpus
from data_prep.errors import UserError
from seq2seq import training
from seq2seq.batches import Batch
from seq2seq.checkpoint import find_checkpoint
from seq2seq.config import Config, read_config
from seq2seq.dropout import Dropout
from seq2seq.interrupts import STOPPING
from seq2seq.reporting import read_metrics, read_movement
from seq2seq.training import train
from seq2seq.updates import SHARE, Updater
from tests.runs import same_weights
from tests.toys import config, model_config, task, write_corpus

CPU = torch.device("cpu")
TIMINGS = {"seconds", "tokens_per_second"}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return write_corpus(tmp_path_factory.mktemp("corpus"), task(str))


pytestmark = pytest.mark.usefixtures("no_pictures")


@pytest.fixture(autouse=True, scope="module")
def _dropout_from_the_start() -> Iterator[None]:
    """Runs here are shorter than the passes in which nothing is dropped."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("seq2seq.training.dropout_rate", lambda training, epochs: training.dropout / (1 + epochs))
        yield


def metrics(run: Path) -> list[dict[str, Any]]:
    """What is noted of a run, but for its timing."""
    return [{key: row[key] for key in row if key not in TIMINGS} for row in read_metrics(run)]


def interrupt(monkeypatch: pytest.MonkeyPatch, step: int, stop: Callable[[], None]) -> None:
    """Call `stop` in the middle of an update."""
    update = Updater.update

    def stopping(self: Updater, batch: Batch, present: int, *others: Any) -> tuple[Tensor, Tensor]:
        if present == step:
            stop()
        return update(self, batch, present, *others)

    monkeypatch.setattr(Updater, "update", stopping)


def by_signal(number: int) -> Callable[[], None]:
    return lambda: signal.raise_signal(number)


def crash() -> None:
    raise RuntimeError("power cut")


LSTM = model_config("lstm")


def settings(**others: Any) -> Config:
    """A run with all that is random and noted, validated at steps 10, 20 and 24, noted at 7, 14, 21."""
    return config(LSTM, **{"steps": 24, "dropout": 0.3, "weights_steps": 4, "clip_norm": 0.47, **others})


@pytest.fixture(scope="module")
def whole(corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The uninterrupted run that others are compared with."""
    run = tmp_path_factory.mktemp("whole") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "REPORT_STEPS", 7)
        patch.setattr("seq2seq.reporting.learning_curve", lambda metrics, path: None)
        train(corpus, settings(), run)
    return run


@pytest.fixture
def _often_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "REPORT_STEPS", 7)


@pytest.mark.usefixtures("_often_noted")
@pytest.mark.parametrize(
    ("step", "stop", "error"),
    [
        (12, by_signal(signal.SIGINT), KeyboardInterrupt),
        (3, by_signal(signal.SIGTERM), KeyboardInterrupt),
        (13, by_signal(signal.SIGHUP), KeyboardInterrupt),
        (17, crash, RuntimeError),
        (5, crash, RuntimeError),
    ],
    ids=["Ctrl-C", "terminated", "terminal closed", "crash", "crash before the first checkpoint"],
)
def test_a_resumed_run_is_the_uninterrupted_one(
    step: int, stop: Callable[[], None], error: type[BaseException], corpus: Corpus, whole: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    with pytest.MonkeyPatch.context() as patch:
        interrupt(patch, step, stop)
        with pytest.raises(error):
            train(corpus, settings(), run)
    if error is KeyboardInterrupt:
        assert find_checkpoint(run, "last").name == f"{step + 1:07d}"
    state = train(corpus, settings(), run)
    assert (state.step, state.window_tokens > 0) == (24, True)
    assert same_weights(run, whole)
    assert metrics(run) == metrics(whole)
    assert [row["step"] for row in metrics(run)] == [7, 10, 14, 20, 21, 24]
    assert (run / "weights.jsonl").read_bytes() == (whole / "weights.jsonl").read_bytes()
    assert [row["step"] for row in read_movement(run)] == [4, 8, 12, 16, 20, 24]
    assert {path.name for path in run.iterdir()} == {path.name for path in whole.iterdir()}
    for mark in ("best", "last"):
        assert find_checkpoint(run, mark).name == find_checkpoint(whole, mark).name


@pytest.mark.usefixtures("_often_noted", "same_threads_after")
def test_a_run_on_two_copies_of_the_network_is_resumed_too(corpus: Corpus, tmp_path: Path) -> None:
    two = settings(threads=2, batch_tokens=2 * SHARE)
    train(corpus, two, tmp_path / "whole")
    with pytest.MonkeyPatch.context() as patch:
        interrupt(patch, 12, by_signal(signal.SIGINT))
        with pytest.raises(KeyboardInterrupt):
            train(corpus, two, tmp_path / "run")
    assert train(corpus, two, tmp_path / "run").step == 24
    assert same_weights(tmp_path / "run", tmp_path / "whole")
    assert metrics(tmp_path / "run") == metrics(tmp_path / "whole")


@pytest.mark.parametrize("seed", [0, 2**32 - 1])
def test_every_update_has_random_numbers_of_its_own(
    seed: int, corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seeds: list[int] = []
    losses = Updater.losses

    def note(self: Updater, *arguments: Any) -> tuple[Tensor, Tensor]:
        if isinstance(arguments[-1], Dropout):
            assert arguments[-1].generator
            seeds.append(arguments[-1].generator.initial_seed())
        return losses(self, *arguments)

    monkeypatch.setattr(Updater, "losses", note)
    train(corpus, settings(steps=5, seed=seed), tmp_path / "run")
    assert len(seeds) == len(set(seeds)) == 5


def test_signals_are_heard_as_before_after_a_run(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = [signal.getsignal(number) for number in STOPPING]
    interrupt(monkeypatch, 2, by_signal(signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        train(corpus, settings(), tmp_path / "run")
    assert [signal.getsignal(number) for number in STOPPING] == before


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT], ids=["nohup", "in the background of a script"])
def test_what_is_ignored_from_the_start_stays_ignored(
    number: int, corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupt(monkeypatch, 2, by_signal(number))
    before = signal.signal(number, signal.SIG_IGN)
    try:
        assert train(corpus, settings(steps=5), tmp_path / "run").step == 5
        assert signal.getsignal(number) is signal.SIG_IGN
    finally:
        signal.signal(number, before)


def test_a_second_interrupt_does_not_wait(corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def twice() -> None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    interrupt(monkeypatch, 2, twice)
    with pytest.raises(KeyboardInterrupt):
        train(corpus, settings(), tmp_path / "run")
    assert not (tmp_path / "run" / "last").exists()


def test_a_run_may_be_made_in_a_thread(corpus: Corpus, whole: Path, tmp_path: Path) -> None:
    thread = threading.Thread(target=train, args=(corpus, settings(), tmp_path / "run"))
    thread.start()
    thread.join()
    assert same_weights(tmp_path / "run", whole)


@pytest.mark.usefixtures("_often_noted")
def test_the_seed_is_all_that_is_random(corpus: Corpus, whole: Path, tmp_path: Path) -> None:
    torch.manual_seed(12345)  # what others drew before makes no difference
    train(corpus, settings(), tmp_path / "same")
    assert same_weights(tmp_path / "same", whole)
    assert metrics(tmp_path / "same") == metrics(whole)
    train(corpus, settings(seed=2), tmp_path / "other")
    assert not same_weights(tmp_path / "other", whole)


@pytest.mark.parametrize(
    "limits", [{"minutes": 0.02}, {"minutes": 9.0, "epochs": 0.5}, {"epochs": 0.33}, {"patience": 1, "steps": 999}]
)
def test_a_run_is_made_again_by_its_record(limits: dict[str, Any], corpus: Corpus, tmp_path: Path) -> None:
    # A run ends by patience only if it does not learn.
    if "patience" in limits:
        limits = {**limits, "learning_rate": 1e-9}
    first = train(corpus, config(LSTM, **limits), tmp_path / "first")
    assert first.step > 1
    again = read_config(tmp_path / "first" / "repeat.toml")
    assert again.training.minutes is None
    assert bool(again.training.pace) is ("minutes" in limits)
    second = train(corpus, again, tmp_path / "second")
    assert second.step == first.step
    assert same_weights(tmp_path / "first", tmp_path / "second")


def test_both_ways_need_one_vocabulary(tmp_path: Path) -> None:
    two = write_corpus(tmp_path / "corpus", task(str, train=20, held_out=5), joint=False)
    with pytest.raises(UserError, match=r"training\.both_ways needs one vocabulary; .* subwords\.joint=true"):
        train(two, config(both_ways=True), tmp_path / "run")


@pytest.mark.parametrize("split", ["train", "validation"])
def test_an_empty_split_is_named(split: str, tmp_path: Path) -> None:
    empty = write_corpus(tmp_path / "corpus", {**task(str, train=20, held_out=5), split: []})
    with pytest.raises(UserError, match=f"the {split} split is empty"):
        train(empty, settings(), tmp_path / "run")


@pytest.mark.usefixtures("_often_noted")
def test_what_clipping_did_is_noted(corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    norms: list[float] = []
    update = Updater.update

    def listening(self: Updater, *arguments: Any) -> tuple[Tensor, Tensor]:
        norm, nats = update(self, *arguments)
        norms.append(norm.item())
        return norm, nats

    monkeypatch.setattr(Updater, "update", listening)
    clip = settings().training.clip_norm
    train(corpus, settings(), tmp_path / "run")
    rows = [row for row in metrics(tmp_path / "run") if "clipped" in row]
    assert [row["step"] for row in rows] == [7, 14, 21]
    for row in rows:
        since = norms[row["step"] - 7 : row["step"]]
        assert row["gradient_norm"] == pytest.approx(sum(since) / 7)
        assert row["clipped_norm"] == pytest.approx(sum(min(norm, clip) for norm in since) / 7)
        assert row["clipped"] == sum(norm > clip for norm in since) / 7
    assert 0 < sum(row["clipped"] for row in rows) < len(rows)


def test_weights_are_not_noted_unless_asked_for(corpus: Corpus, whole: Path, tmp_path: Path) -> None:
    train(corpus, settings(weights_steps=0), tmp_path / "run")
    assert not (tmp_path / "run" / "weights.jsonl").exists()
    assert same_weights(tmp_path / "run", whole)
