"""What a run leaves in its folder and shows, and which of its checkpoints it calls the best."""

import json
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest

from data_prep.corpus import Corpus
from seq2seq import training
from seq2seq.checkpoint import find_checkpoint
from seq2seq.reporting import Reporter, read_metrics
from seq2seq.training import train
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
        *("config.toml", "corpus.json", "subwords.model", "SHA256SUMS", "environment.json", "repeat.toml"),
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


def test_the_best_is_chosen_by_bleu(corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scores = iter([3.0, 7.0, 7.0, 5.0])
    monkeypatch.setattr(training, "corpus_bleu", lambda *_: next(scores))
    state = train(corpus, config(steps=999, validate_steps=2, patience=2), tmp_path / "run")
    assert (state.step, state.best_step, state.best_bleu, state.stale) == (8, 4, 7.0, 2)
    assert find_checkpoint(tmp_path / "run", "best").name == "0000004"


def test_three_samples_are_shown_at_each_validation(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[list[tuple[str, str, str]]] = []
    monkeypatch.setattr(Reporter, "validation", lambda self, row, better, samples: shown.append(list(samples)))
    train(corpus, config(steps=4, validate_steps=2), tmp_path / "run")
    pairs = set(zip(*corpus.split("validation").texts(), strict=True))
    assert [len(set(samples)) for samples in shown] == [3, 3]
    assert all((source, reference) in pairs for samples in shown for source, _, reference in samples)
