"""The same command again: a run that is finished, goes on, lost something, or was begun otherwise."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from data_prep.corpus import Corpus
from data_prep.errors import UserError
from seq2seq import training
from seq2seq.checkpoint import find_checkpoint
from seq2seq.config import Config, Decoding, read_config
from seq2seq.reporting import read_metrics, read_movement
from seq2seq.run_files import begin_run
from seq2seq.training import train
from seq2seq.translator import Translator
from tests.runs import same_weights, weights
from tests.toys import config, model_config, task, write_corpus

pytestmark = pytest.mark.usefixtures("no_pictures")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return write_corpus(tmp_path_factory.mktemp("corpus"), task(str))


def settings(**others: Any) -> Config:
    """A short run, validated at steps 10, 20 and 24."""
    return config(model_config("lstm"), **{"steps": 24, "weights_steps": 4, **others})


@pytest.fixture(scope="module")
def whole(corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that is finished."""
    run = tmp_path_factory.mktemp("whole") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("seq2seq.reporting.learning_curve", lambda metrics, path: None)
        train(corpus, settings(), run)
    return run


def test_a_finished_run_is_left_as_it_is(corpus: Corpus, tmp_path: Path) -> None:
    def times() -> dict[str, int]:
        names = ("config.toml", "environment.json", "SHA256SUMS", "repeat.toml", "best", "last")
        return {name: (run / name).stat().st_mtime_ns for name in names}

    run = tmp_path / "run"
    train(corpus, settings(steps=3), run)
    before = times()
    train(corpus, settings(steps=3), run)
    assert times() == before
    # A crash before the last mark of the last save: nothing is left to train, and no save comes.
    for mark in ("", "1\n"):
        (run / "best").write_text(mark, encoding="utf-8")
        train(corpus, settings(steps=3), run)
        assert find_checkpoint(run, "best").name == "0000003"


def test_a_run_that_lost_its_mark_is_not_begun_anew(corpus: Corpus, whole: Path, tmp_path: Path) -> None:
    run = shutil.copytree(whole, tmp_path / "run")
    (run / "last").unlink()
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    offer = "last: missing or damaged .* step 24 is whole: RESUME=last-good trains on from it"
    for _ in range(2):
        with pytest.raises(UserError, match=offer):
            train(corpus, settings(), run)
        assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before
        with pytest.raises(UserError, match=offer):
            find_checkpoint(run, "last")
        (run / "best").unlink(missing_ok=True)
        before.pop(run / "best", None)
    assert train(corpus, settings(steps=30), run, "last-good").step == 30


def test_a_higher_limit_goes_on(corpus: Corpus, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = tmp_path / "run"
    assert train(corpus, settings(steps=5), run).step == 5
    before = weights(run)
    assert train(corpus, settings(steps=5), run).step == 5
    assert "already trained for 5 steps, nothing to do" in capsys.readouterr().err
    assert all(before[name].equal(value) for name, value in weights(run).items())
    assert train(corpus, settings(steps=8, epochs=3), run).step == 8
    assert "going on at step 5" in capsys.readouterr().err
    assert read_config(run / "config.toml").training.steps == 8
    # How it translates may change too, where it is trained, and what is noted.
    other = settings(steps=9, weights_steps=1, device="auto").model_copy(update={"decoding": Decoding(beam=7)})
    assert train(corpus, other, run).step == 9
    assert [row["step"] for row in read_movement(run)] == [4, 8, 9]


def test_a_run_goes_on_in_the_type_that_it_began_in(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def tried(config: Config, precision: str) -> Config:
        return config.with_training(precision=precision) if config.training.precision == "auto" else config

    def is_in(run: Path) -> str:
        return read_config(run / "config.toml").training.precision

    run, auto = tmp_path / "run", settings(steps=3, precision="auto", threads=0, schedule="inverse_sqrt")
    monkeypatch.setattr(training, "resolved", lambda config: tried(config, "bfloat16"))
    train(corpus, auto, run)
    train(corpus, auto.with_training(steps=6), tmp_path / "whole")
    monkeypatch.setattr(training, "resolved", lambda config: tried(config, "float32"))
    train(corpus, auto.with_training(steps=6), run)
    assert is_in(run) == "bfloat16"
    assert json.loads((run / "environment.json").read_text(encoding="utf-8"))["precision"] == "bfloat16"
    assert same_weights(run, tmp_path / "whole")
    again = read_config(run / "repeat.toml").training
    assert (again.precision, again.threads) == ("bfloat16", torch.get_num_threads())
    # What was damaged is mended in the type it began in, too.
    (run / "config.toml").write_text("x", encoding="utf-8")
    train(corpus, auto.with_training(steps=6), run, "last-good")
    assert is_in(run) == "bfloat16"
    # On another machine, another type may be asked for.
    train(corpus, auto.with_training(steps=7, precision="float32"), run)
    assert is_in(run) == "float32"


@pytest.mark.parametrize(("speed", "told"), [(0.2, True), (1.5, False)])
def test_a_run_in_bfloat16_goes_on_where_there_is_no_lstm_for_it(
    speed: float,
    told: bool,
    corpus: Corpus,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(training, "bfloat16_speedup", lambda: speed)
    run = tmp_path / "run"
    train(corpus, settings(steps=3, precision="bfloat16"), run)
    monkeypatch.setattr("seq2seq.cells.has_bfloat16_lstm", lambda: False)
    assert train(corpus, settings(steps=6, precision="auto"), run).step == 6
    assert read_config(run / "config.toml").training.precision == "bfloat16"
    remedy = "bfloat16 is slower than float32 on this processor; SET=training.precision=float32 continues the same run"
    assert (remedy in capsys.readouterr().err) is told
    assert train(corpus, settings(steps=9, precision="float32"), run).step == 9
    assert "bfloat16 is slower" not in capsys.readouterr().err
    # What was begun in float32 goes on in bfloat16, too.
    assert train(corpus, settings(steps=12, precision="bfloat16"), run).step == 12
    loss = [row["validation_loss"] for row in read_metrics(run) if "bleu" in row]
    assert loss == sorted(loss, reverse=True)


def test_what_was_left_before_the_first_checkpoint_is_not_read(tmp_path: Path) -> None:
    pairs, run = task(str, train=20, held_out=5), tmp_path / "run"
    begin_run(run, settings(), write_corpus(tmp_path / "joint", pairs))
    two = write_corpus(tmp_path / "two", pairs, joint=False)
    train(two, settings(steps=2), run)
    assert not Translator.load(run).subwords.joint


def test_what_repeats_a_run_does_not_train_on(corpus: Corpus, tmp_path: Path) -> None:
    repeated = settings(steps=2, pace=((0, 0.0), (1, 0.5)))
    train(corpus, repeated, tmp_path / "run")
    with pytest.raises(UserError, match=r"training\.steps=2, not 3; name another RUN"):
        train(corpus, repeated.with_training(steps=3), tmp_path / "run")


@pytest.mark.parametrize(
    ("other", "key"),
    [
        (settings(seed=2), "training.seed=1, not 2"),
        (settings(learning_rate=0.1), "training.learning_rate=0.005, not 0.1"),
        (config(model_config("rnn")), "model.cell=lstm, not rnn"),
    ],
)
def test_other_settings_are_refused_by_name(other: Config, key: str, corpus: Corpus, whole: Path) -> None:
    before = {path: path.read_bytes() for path in whole.rglob("*") if path.is_file()}
    with pytest.raises(UserError) as error:
        train(corpus, other, whole)
    assert str(error.value) == f"{whole} was begun with {key}; name another RUN=…, or remove that folder"
    assert {path: path.read_bytes() for path in whole.rglob("*") if path.is_file()} == before


def test_another_corpus_is_refused(corpus: Corpus, whole: Path, tmp_path: Path) -> None:
    other = write_corpus(tmp_path / "other", task(str, seed=5))
    with pytest.raises(UserError) as error:
        train(other, settings(steps=30), whole)
    assert str(error.value).startswith(f"{whole} was begun on another corpus")
    assert "\n" not in str(error.value)
