"""What a run leaves in its folder and shows, and which of its checkpoints it calls the best."""

import json
import tomllib
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from data_prep.corpus import Corpus, Split
from seq2seq import training
from seq2seq.batches import Batch
from seq2seq.checkpoint import find_checkpoint
from seq2seq.config import Decoding
from seq2seq.reporting import Reporter, read_metrics
from seq2seq.schedule import learning_rate
from seq2seq.training import train
from seq2seq.translator import Translator
from seq2seq.updates import Updater
from tests.toys import config, task, write_corpus

pytestmark = pytest.mark.usefixtures("no_pictures")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return write_corpus(tmp_path_factory.mktemp("corpus"), task(str))


def test_what_a_run_leaves_in_its_folder(corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    run = tmp_path / "run"
    train(corpus, config(steps=60, validate_steps=40), run)
    assert {path.name for path in run.iterdir()} == {
        *("config.toml", "corpus.json", "subwords.model", "text.json", "SHA256SUMS", "environment.json"),
        "repeat.toml",
        *("metrics.jsonl", "learning_curve.png", "tensorboard", "checkpoints", "best", "last"),
    }
    assert (run / "learning_curve.png").read_bytes().startswith(b"\x89PNG")
    assert any((run / "tensorboard").iterdir())
    environment = json.loads((run / "environment.json").read_text(encoding="utf-8"))
    assert environment["versions"]["torch"] == version("torch")
    assert environment["precision"] == "float32"
    assert tomllib.loads((run / "config.toml").read_text(encoding="utf-8"))["training"]["steps"] == 60
    rows = read_metrics(run)
    assert [row["step"] for row in rows] == [40, 50, 60]
    assert set(rows[1]) == {
        *("step", "epoch", "loss", "learning_rate", "tokens", "seconds", "tokens_per_second"),
        *("gradient_norm", "clipped_norm", "clipped", "skipped"),
    }
    assert set(rows[0]) == {"step", "validation_loss", "bleu", "seconds"}


def test_the_best_is_chosen_by_bleu_and_loss(corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A difference of 1 is within the interval: there the loss, which falls, decides."""
    scores = iter([3.0, 7.0, 6.5, 5.0, 5.0])
    monkeypatch.setattr(training, "corpus_bleu", lambda *_: next(scores))
    monkeypatch.setattr("seq2seq.model_selection.bleu_margin", lambda *_: 1.0)
    state = train(corpus, config(steps=999, validate_steps=2, patience=2), tmp_path / "run")
    assert (state.step, state.best_step, state.best_bleu, state.stale) == (10, 6, 6.5, 2)
    losses = [row["validation_loss"] for row in read_metrics(tmp_path / "run") if "bleu" in row]
    assert state.best_loss == losses[2] < losses[1]
    assert find_checkpoint(tmp_path / "run", "best").name == "0000006"


def test_three_samples_are_shown_at_each_validation(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[list[tuple[str, str, str]]] = []
    monkeypatch.setattr(Reporter, "validation", lambda self, row, better, samples: shown.append(list(samples)))
    train(corpus, config(steps=4, validate_steps=2), tmp_path / "run")
    pairs = set(zip(*corpus.split("validation").texts(), strict=True))
    assert [len(set(samples)) for samples in shown] == [3, 3]
    assert all((source, reference) in pairs for samples in shown for source, _, reference in samples)


def test_a_run_in_bytes_translates_alike_where_there_are_no_instructions_for_bytes(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, lines = tmp_path / "run", corpus.split("test").texts()[0]
    train(corpus, config(steps=30, decoding=Decoding(precision="int8")), run)
    found = [scored[0].score for scored in Translator.load(run).hypotheses(lines)]
    monkeypatch.setattr("torch.cpu.get_capabilities", dict)
    monkeypatch.setattr("seq2seq.products.multiplies_bytes", lambda: False)
    again = [scored[0].score for scored in Translator.load(run).hypotheses(lines)]
    assert again == pytest.approx(found, abs=1e-4)


def test_the_time_of_a_validation_is_not_that_of_the_updates_after_it(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or their rate would be told too low."""
    now = iter(range(10**6))
    clock = SimpleNamespace(seconds=lambda: float(next(now)), close=lambda: None)
    monkeypatch.setattr(training, "RunningClock", lambda seconds: clock)
    monkeypatch.setattr(training, "REPORT_STEPS", 1)

    def slow(*_: object) -> float:
        for _passed in range(1000):
            next(now)
        return 1.0

    monkeypatch.setattr(training, "corpus_bleu", slow)
    train(corpus, config(steps=3, validate_steps=2), tmp_path / "run")
    rows = read_metrics(tmp_path / "run")
    assert [row["step"] for row in rows if "bleu" in row] == [2, 3]
    before, validated, after = (next(row["seconds"] for row in rows[first:]) for first in (1, 2, 3))
    assert validated - before >= 1000
    assert after - validated < 1000


def test_each_update_has_the_rate_and_the_dropout_of_the_schedule(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[int, float, float]] = []
    update = Updater.update

    def noted(self: Updater, batch: Batch, step: int, rate: float, dropped: float, *others: Any) -> Any:
        seen.append((step, rate, dropped))
        return update(self, batch, step, rate, dropped, *others)

    monkeypatch.setattr(Updater, "update", noted)
    asked = config(steps=60)
    train(corpus, asked, tmp_path / "run")
    assert [step for step, _, _ in seen] == list(range(60))
    rates = [learning_rate(asked.training, step, step / 60) for step in range(60)]
    assert [rate for _, rate, _ in seen] == pytest.approx(rates)
    assert seen[0][2] == 0.0 < seen[-1][2]


def test_validation_pairs_are_spread_over_the_split(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[int]] = []
    texts = Split.texts

    def noted(self: Split, rows: list[int]) -> tuple[list[str], list[str]]:
        seen.append(rows)
        return texts(self, rows)

    monkeypatch.setattr(Split, "texts", noted)
    train(corpus, config(steps=2, validate_steps=2, validate_pairs=4), tmp_path / "run")
    last = len(corpus.split("validation")) - 1
    assert seen == [[0, last // 3, 2 * last // 3, last]]
