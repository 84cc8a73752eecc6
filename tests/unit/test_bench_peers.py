import json
import os
import subprocess
import sys
import zipfile
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from data_prep.errors import UserError
from tests.benchmarks import peers
from tests.benchmarks.joey import JoeyNMT
from tests.benchmarks.marian import Marian
from tests.benchmarks.toolkit import Task, Toolkit, read_ids, write_text
from tests.toys import task as toy_task
from tests.toys import write_corpus

JOEY_LOG = """\
2026-01-01 10:00:00,000 - INFO - joeynmt.model - Total params: 12973056
2026-01-01 10:00:01,000 - INFO - joeynmt.training - EPOCH 1
2026-01-01 10:00:09,585 - INFO - joeynmt.training - Epoch   1, Step:        5, Batch Loss:     7.536570, \
Batch Acc: 0.035347, Tokens per Sec:      100, Lr: 0.000100
2026-01-01 10:00:12,259 - INFO - joeynmt.training - Epoch   1, Step:       10, Batch Loss:     6.888560, \
Batch Acc: 0.056019, Tokens per Sec:      300, Lr: 0.000200
2026-01-01 10:00:13,907 - INFO - joeynmt.training - Interrupt at epoch 1, step 21.
"""
JOEY_TEST_LOG = """\
2026-01-01 10:00:48,020 - INFO - joeynmt.prediction - Generation took 3.6745[sec].
2026-01-01 10:00:52,020 - INFO - joeynmt.prediction - Generation took 2.5[sec].
"""
MARIAN_LOG = """\
[2026-01-01 10:00:00] Training started
[2026-01-01 10:00:16] Ep. 1 : Up. 5 : Sen. 307 : Cost 8.98619843 * 5,570 @ 432 after 5,570 : Time 16.00s : 347.24 \
words/s : gNorm 0.2844
[2026-01-01 10:00:30] Ep. 1 : Up. 10 : Sen. 681 : Cost 8.97125340 * 5,456 @ 506 after 11,026 : Time 14.00s : 389.71 \
words/s : gNorm 0.3102
"""
TASK = Task(
    text=Path("text"),
    vocabulary=300,
    longest=9,
    embedding=6,
    hidden=8,
    dropout=0.1,
    label_smoothing=0.1,
    clip_norm=1.0,
    batch_tokens=100,
    peak_rate=1e-3,
    beam=5,
    threads=2,
)


@pytest.fixture
def task(tmp_path: Path) -> Task:
    corpus = write_corpus(tmp_path / "corpus", toy_task(lambda word: word[::-1], train=30, held_out=5))
    longest = write_text(corpus, tmp_path / "text")
    return replace(TASK, text=tmp_path / "text", vocabulary=corpus.subwords.target_size, longest=longest)


def make(kind: type[Toolkit], task: Task, folder: Path) -> Toolkit:
    toolkit = kind(Path(sys.executable), peers.fresh(folder), task)
    toolkit.write()
    return toolkit


def test_text_is_the_corpus_in_ids(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path / "corpus", {"train": [("abc", "b a")], "validation": [("a", "a")], "test": []})
    longest = write_text(corpus, tmp_path / "text")
    names = {f"{split}.{side}" for split in ("train", "validation", "test") for side in ("source", "target")}
    assert {path.name for path in (tmp_path / "text").iterdir()} == names
    lines = {name: (tmp_path / "text" / name).read_text().splitlines() for name in names}
    sources, targets = corpus.split("train").source_ids(0).tolist(), corpus.split("train").target_ids(0).tolist()
    assert [read_ids(line) for line in lines["train.source"]] == [sources]
    assert corpus.subwords.decode_target([read_ids(lines["train.target"][0])]) == ["b a"]
    assert (len(lines["validation.source"]), len(lines["test.source"])) == (1, 0)
    assert longest == max(len(sources), len(targets))


def test_text_needs_one_vocabulary(tmp_path: Path) -> None:
    splits = {"train": [("ab", "ba")], "validation": [("a", "a")], "test": [("b", "b")]}
    corpus = write_corpus(tmp_path / "corpus", splits, joint=False)
    with pytest.raises(UserError, match=r"two vocabularies.*subwords\.joint=true"):
        write_text(corpus, tmp_path / "text")


def test_foreign_special_words_are_left_out() -> None:
    assert read_ids("<s> 17 <unk> 4 </s>") == [17, 4]
    assert read_ids("") == []


@pytest.mark.parametrize("kind", [JoeyNMT, Marian])
def test_vocabulary_holds_every_word_of_the_text(kind: type[Toolkit], task: Task, tmp_path: Path) -> None:
    toolkit = make(kind, task, tmp_path / "peer")
    vocabulary = (toolkit.folder / "vocabulary.txt").read_text().splitlines()
    used = {word for path in task.text.iterdir() for word in path.read_text().split()}
    assert used <= set(vocabulary)
    # Each toolkit has special words of its own, in the file or beside it.
    assert len(set(vocabulary)) == len(vocabulary) == task.vocabulary - (4 if kind is JoeyNMT else 2)


def test_configuration_of_joey(task: Task, tmp_path: Path) -> None:
    toolkit = make(JoeyNMT, task, tmp_path / "peer")
    greedy, wide = (json.loads((toolkit.folder / name).read_text()) for name in ("greedy.yaml", "beam.yaml"))
    decoder, encoder = greedy["model"]["decoder"], greedy["model"]["encoder"]
    assert (encoder["hidden_size"], encoder["num_layers"], encoder["bidirectional"]) == (4, 1, True)
    assert (decoder["hidden_size"], decoder["num_layers"]) == (8, 2)
    assert encoder["embeddings"]["embedding_dim"] == decoder["embeddings"]["embedding_dim"] == 6
    assert greedy["training"]["batch_size"] == 100
    assert greedy["training"]["validation_freq"] % greedy["training"]["logging_freq"] == 0
    assert (greedy["testing"]["beam_size"], wide["testing"]["beam_size"]) == (1, 5)
    # Only the greedy search translates the validation split, and both load what one training wrote.
    assert ("dev" in greedy["data"], "dev" in wide["data"]) == (True, False)
    assert greedy["model_dir"] == wide["model_dir"]
    for path in (greedy["data"][name] for name in ("train", "dev", "test")):
        assert Path(f"{path}.source").is_file()
    assert Path(greedy["data"]["src"]["voc_file"]).is_file()
    assert "greedy.yaml" in toolkit.translation(1)
    assert "beam.yaml" in toolkit.translation(5)


def test_commands_of_marian(task: Task, tmp_path: Path) -> None:
    toolkit = make(Marian, task, tmp_path / "a folder")
    command = toolkit.training()
    for name, value in {"dim-emb": 6, "dim-rnn": 8, "cpu-threads": 2, "mini-batch-words": 100}.items():
        assert command[command.index(f"--{name}") + 1] == str(value)
    assert int(command[command.index("--max-length") + 1]) > task.longest
    sets = command.index("--train-sets")
    assert all(Path(path).is_file() for path in command[sets + 1 : sets + 3])
    greedy, wide = toolkit.translation(1), toolkit.translation(5)
    assert ("--beam-size 1 " in greedy[3], "--beam-size 5 " in wide[3]) == (True, True)
    assert str(tmp_path) not in greedy[3]
    assert greedy[4:] == [str(task.text / "test.source"), str(task.text / "validation.source")]
    assert wide[4:] == greedy[4:5]


def test_log_of_joey(task: Task, tmp_path: Path) -> None:
    toolkit = JoeyNMT(Path("python"), tmp_path, task)
    # As many tokens at 100 a second and at 300: 150 a second in all.
    assert toolkit.rate(JOEY_LOG) == pytest.approx(150)
    assert toolkit.parameters(JOEY_LOG) == 12_973_056
    assert toolkit.seconds(JOEY_TEST_LOG) == 2.5
    assert toolkit.started in JOEY_LOG


def test_log_of_marian(task: Task, tmp_path: Path) -> None:
    toolkit = Marian(Path("python"), tmp_path, task)
    assert toolkit.rate(MARIAN_LOG) == pytest.approx(11_026 / 30)
    assert toolkit.seconds("[warn]\ntest split: 12.5000 s\n") == 12.5
    assert toolkit.started in MARIAN_LOG


def test_weights_of_marian_are_counted(task: Task, tmp_path: Path) -> None:
    arrays: dict[str, np.ndarray[Any, np.dtype[Any]]] = {
        "Wemb": np.zeros((7, 6), np.float32),
        "bias": np.zeros((1, 3)),
        "special:model.yml": np.zeros(99),
    }
    with zipfile.ZipFile(tmp_path / "model.npz", "w") as archive:
        for name, array in arrays.items():
            file = BytesIO()
            np.lib.format.write_array(file, array)
            archive.writestr(f"{name}.npy", file.getvalue())
    assert Marian(Path("python"), tmp_path, task).parameters("") == 7 * 6 + 3


@pytest.mark.parametrize("kind", [JoeyNMT, Marian])
def test_log_without_figures_is_an_error(kind: type[Toolkit], task: Task, tmp_path: Path) -> None:
    toolkit = kind(Path("python"), tmp_path, task)
    with pytest.raises(UserError, match=f"{kind.name}: no speed of training"):
        toolkit.rate(toolkit.started)
    with pytest.raises(UserError, match=f"{kind.name}: no time of translation"):
        toolkit.seconds("")


def test_rate_of_ours_counts_what_follows_the_last_note(tmp_path: Path) -> None:
    (tmp_path / "checkpoints" / "0000130").mkdir(parents=True)
    rows = [
        {"step": 50, "tokens": 1000, "seconds": 4.0},
        {"step": 100, "tokens": 1100, "seconds": 8.0},
        {"step": 130, "bleu": 1.0, "seconds": 10.0},
    ]
    (tmp_path / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "checkpoints" / "0000130" / "state.json").write_text(json.dumps({"window_tokens": 400}))
    assert peers.rate_of_ours(tmp_path) == 250


def test_weights_of_ours_are_counted(tmp_path: Path) -> None:
    (tmp_path / "checkpoints" / "0000130").mkdir(parents=True)
    weights = {"embedding": np.zeros((7, 6), np.float32), "bias": np.zeros(3, np.float32)}
    save_file(weights, tmp_path / "checkpoints" / "0000130" / "model.safetensors")
    assert peers.parameters_of_ours(tmp_path) == 7 * 6 + 3


def test_ratios() -> None:
    ours = {"train_tokens_per_second": 600.0, "beam5_sentences_per_second": 30.0, "bleu": 20.0, "parameters": 9.0}
    theirs = {"train_tokens_per_second": 100.0, "beam5_sentences_per_second": 60.0, "bleu": 10.0, "parameters": 12.0}
    figures = peers.with_ratios(ours, theirs)
    assert (figures["train_ratio"], figures["beam5_ratio"]) == (6.0, 0.5)
    assert (figures["bleu"], figures["ours_bleu"]) == (10.0, 20.0)
    assert not {"bleu_ratio", "parameters_ratio"} & set(figures)
    assert len(figures) == 4 + 4 + 2


def test_install_that_fails_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(command: list[str], **options: object) -> "subprocess.CompletedProcess[str]":
        status = int("pip" in command)
        return subprocess.CompletedProcess(command, status, "", "Looking\nERROR: no network\n")

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(
        UserError, match=r"^joeynmt cannot be installed into .*\(ERROR: no network\).*without PEERS"
    ) as e:
        peers.install(JoeyNMT, tmp_path / "environment", lambda message: None)
    assert "\n" not in str(e.value)


def test_install_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[list[str]] = []

    def run(command: list[str], **options: object) -> "subprocess.CompletedProcess[str]":
        commands.append(command)
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setenv("PIP", "--find-links 'a folder'")
    (tmp_path / "environment").mkdir()
    for _ in range(2):
        python = peers.install(JoeyNMT, tmp_path / "environment", lambda message: None)
    assert python == tmp_path / "environment" / "bin" / "python"
    assert [command[1:3] for command in commands] == [["-m", "venv"], ["-m", "pip"], ["-m", "pip"]]
    assert "a folder" in commands[1]
    # PyTorch comes before what depends on it.
    assert any(word.startswith("torch==") for word in commands[1])
    assert "sentencepiece<0.2.2" in commands[2]


class Scripted(JoeyNMT):
    """A peer that is a line of Python."""

    script = ""

    def training(self) -> list[str]:
        return [sys.executable, "-c", self.script]

    def translation(self, beam: int) -> list[str]:
        return [sys.executable, "-c", self.script]


WORKS = (
    f"import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: sys.exit()); print({JOEY_LOG!r}, flush=True)"
)


def test_training_is_stopped_in_time(task: Task, tmp_path: Path) -> None:
    toolkit = make(Scripted, task, tmp_path / "peer")
    assert isinstance(toolkit, Scripted)
    toolkit.script = f"{WORKS}; time.sleep(100)"
    figures = peers.train_peer(toolkit, 0.1, lambda message: None)
    assert figures == {"train_tokens_per_second": pytest.approx(150), "parameters": 12_973_056}


@pytest.mark.parametrize(
    ("script", "error"),
    [("print('no')", "does not begin to train"), (WORKS, "stopped training before its time")],
)
def test_training_that_ends_by_itself_is_an_error(script: str, error: str, task: Task, tmp_path: Path) -> None:
    toolkit = make(Scripted, task, tmp_path / "peer")
    assert isinstance(toolkit, Scripted)
    toolkit.script = script
    with pytest.raises(UserError, match=f"joeynmt {error}; see .*training.log"):
        peers.train_peer(toolkit, 60, lambda message: None)


def test_translations_of_a_peer_are_put_together_and_scored(tmp_path: Path) -> None:
    pairs = [("a b", "a b c d e f g"), ("b", "h g f e d c")]
    corpus = write_corpus(tmp_path / "corpus", {"train": pairs, "validation": pairs, "test": pairs * 2})
    longest = write_text(corpus, tmp_path / "text")
    task = replace(TASK, text=tmp_path / "text", vocabulary=corpus.subwords.target_size, longest=longest)
    toolkit = make(Scripted, task, tmp_path / "peer")
    assert isinstance(toolkit, Scripted)
    copy = f"import shutil; shutil.copy({str(task.text / 'validation.target')!r}, 'beam1.dev')"
    toolkit.script = f"{copy}; print({JOEY_TEST_LOG!r})"
    speeds = {"greedy_sentences_per_second": 4 / 2.5, "beam5_sentences_per_second": 4 / 2.5}
    assert peers.translate_peer(toolkit, corpus, lambda message: None) == {**speeds, "bleu": pytest.approx(100)}
    toolkit.script = f"open('beam1.dev', 'w').write('17\\n'); print({JOEY_TEST_LOG!r})"
    with pytest.raises(UserError, match="joeynmt: 1 translations of 2"):
        peers.translate_peer(toolkit, corpus, lambda message: None)


def test_command_that_fails_says_why(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import os, sys; sys.exit('threads: ' + os.environ['OMP_NUM_THREADS'])"]
    with pytest.raises(UserError, match=r"ended with 1 \(threads: 7\); see .*a.log"):
        peers.run_to_end(command, tmp_path / "a.log", tmp_path, 7)
    assert os.environ.get("OMP_NUM_THREADS") != "7"
