"""Checkpoints: exact, whole or absent, verified, and never a pickle."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from data_prep.corpus import Corpus
from data_prep.errors import UserError
from data_prep.files import SUMS
from seq2seq import checkpoint
from seq2seq.batches import Position
from seq2seq.checkpoint import (
    MODEL,
    OPTIMISER,
    STATE,
    find_checkpoint,
    load_model,
    read_state,
    restore,
)
from seq2seq.config import Config
from seq2seq.run_files import begin_run, read_corpus_note
from tests.runs import Run, equal
from tests.toys import CELLS, config, model_config, task, write_corpus

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return write_corpus(tmp_path_factory.mktemp("corpus"), task(str, train=40))


@pytest.fixture
def run(tmp_path: Path, corpus: Corpus) -> Run:
    made = Run(tmp_path / "run", corpus)
    made.update(made.model, made.optimisers)
    return made


@pytest.mark.parametrize("cell", CELLS)
def test_what_is_restored_is_what_was_saved_and_goes_on_the_same(cell: str, tmp_path: Path, corpus: Corpus) -> None:
    run = Run(tmp_path / "run", corpus, model_config(cell, decoder_layers=3))
    for _ in range(3):
        run.update(run.model, run.optimisers)
    numbers = {"seconds": 0.1 + 0.2, "window_loss": 1 / 3, "pace": [(0, 0.0), (2, 1 / 7)], "epochs": 1e-17}
    numbers |= {"best_loss": 1 / 3, "anchor_bleu": 1 / 9, "anchor_counts": [list(range(10)), [5] * 10]}
    saved = run.save(7, 7, position=Position(2, 5), best_bleu=12.3456789, stale=2, window_tokens=9, **numbers)
    model, optimisers = run.fresh(2)
    assert not equal(model, run.model)
    state = restore(find_checkpoint(run.folder, "last"), model, optimisers, CPU)
    assert state == saved
    assert equal(model, run.model)
    for before, after in zip(run.optimisers, optimisers, strict=True):
        for moments, others in zip(before.state.values(), after.state.values(), strict=True):
            assert set(moments) == set(others) != set()
            assert all(moments[key].equal(others[key]) for key in moments)
    run.update(run.model, run.optimisers)
    run.update(model, optimisers)
    assert equal(model, run.model)


def test_a_network_is_loaded_from_its_run_alone(run: Run, corpus: Corpus, tmp_path: Path) -> None:
    run.save(3, 3)
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(run.folder, elsewhere)
    shutil.rmtree(run.folder)
    model, subwords, settings = load_model(find_checkpoint(elsewhere, "best"), CPU)
    assert equal(model, run.model)
    assert not model.training
    assert subwords.models == corpus.subwords.models
    assert settings == run.config
    assert read_corpus_note(elsewhere)["fingerprint"] == corpus.fingerprint


def test_the_best_the_last_and_the_one_before_are_kept(run: Run) -> None:
    saved = [(1, 0, [1]), (2, 2, [1, 2]), (3, 2, [2, 3]), (4, 2, [2, 3, 4]), (5, 5, [4, 5])]
    for step, best, kept in saved:
        run.save(step, best)
        assert run.kept() == [f"{number:07d}" for number in kept]
    assert find_checkpoint(run.folder, "best") == find_checkpoint(run.folder, "5")
    run.save(6, 5)
    assert find_checkpoint(run.folder, "best").name == "0000005"
    assert find_checkpoint(run.folder, "last").name == "0000006"


def test_the_same_step_may_be_saved_again(run: Run) -> None:
    run.save(5, 5)
    run.update(run.model, run.optimisers)
    run.save(5, 5)
    assert run.kept() == ["0000005"]
    assert equal(load_model(find_checkpoint(run.folder, "last"), CPU)[0], run.model)


@pytest.mark.parametrize("function", ["save_file", "sync", "write_text", "write_sums"])
@pytest.mark.parametrize("call", range(4))
def test_a_crash_at_any_point_of_saving_leaves_a_whole_run(
    run: Run, function: str, call: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    run.save(1, 1)
    works, calls = getattr(checkpoint, function), 0

    def crash(*arguments: Any, **others: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls > call:
            raise OSError("no space left")
        return works(*arguments, **others)

    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, function, crash)
        try:
            run.save(2, 2)
        except OSError:
            crashed = True
        else:
            crashed = False
    assert crashed is (calls > call)
    for mark in ("best", "last"):
        folder = find_checkpoint(run.folder, mark)
        assert read_state(folder).step in (1, 2)
        load_model(folder, CPU)
    # The next save puts all in order: the best is found again, and what the crash left is gone.
    last = read_state(find_checkpoint(run.folder, "last"))
    run.save(3, last.best_step)
    assert find_checkpoint(run.folder, "best").name == f"{last.best_step:07d}"
    assert run.kept() == sorted({f"{step:07d}" for step in (last.best_step, last.step, 3)} | set(run.kept()[-2:]))
    assert len(run.kept()) <= 3


def test_what_a_crash_left_behind_is_no_checkpoint(run: Run) -> None:
    run.save(1, 1)
    for name in ("0000009.partial", "0000001.old"):
        shutil.copytree(run.folder / "checkpoints" / "0000001", run.folder / "checkpoints" / name)
    for which in ("9", "0000009.partial"):
        with pytest.raises(UserError, match=r"no checkpoint .*; there are best, last, 0000001$"):
            find_checkpoint(run.folder, which)
    (run.folder / "checkpoints" / "0000008").mkdir()
    with pytest.raises(UserError, match="no checkpoint"):
        find_checkpoint(run.folder, "8")
    assert find_checkpoint(run.folder, "last").name == "0000001"
    run.save(9, 1)
    assert run.kept() == ["0000001", "0000009"]


@pytest.mark.parametrize("which", ["2", "0000002", "besst", "../1", "", "-1", "1.5"])
def test_an_unknown_checkpoint_is_answered_with_those_there_are(run: Run, which: str) -> None:
    run.save(1, 1)
    run.save(30, 1)
    with pytest.raises(UserError) as error:
        find_checkpoint(run.folder, which)
    assert str(error.value) == (f"{run.folder}: no checkpoint {which!r}; there are best, last, 0000001, 0000030")


def test_a_mark_that_is_not_there_is_not_named(run: Run) -> None:
    run.save(1, 1)
    (run.folder / "best").unlink()
    with pytest.raises(UserError, match=r"no checkpoint '7'; there are last, 0000001$"):
        find_checkpoint(run.folder, "7")


def test_a_folder_without_a_run_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    for folder in (tmp_path, tmp_path / "nowhere", tmp_path / "file"):
        with pytest.raises(UserError, match="no trained run there; `make train"):
            find_checkpoint(folder, "best")
    with pytest.raises(UserError, match="not a run; `make train` makes one"):
        read_corpus_note(tmp_path)


def test_weights_that_do_not_fit_the_settings_are_refused(run: Run, tmp_path: Path, corpus: Corpus) -> None:
    run.save(1, 1)
    other = Run(tmp_path / "other", corpus, model_config(hidden=10))
    other.update(other.model, other.optimisers)
    other.save(1, 1)
    for name in ("config.toml", SUMS):
        shutil.copy(other.folder / name, run.folder / name)
    with pytest.raises(UserError, match=r"its tensors do not fit config\.toml of the run"):
        load_model(find_checkpoint(run.folder, "last"), CPU)
    with pytest.raises(UserError, match="its tensors do not fit"):
        restore(find_checkpoint(run.folder, "last"), other.model, other.optimisers, CPU)


def test_a_run_cannot_be_made_of_a_file(tmp_path: Path, corpus: Corpus) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    for folder in (tmp_path / "file", tmp_path / "file" / "run"):
        with pytest.raises(UserError, match=r"no folder can be made there .* name another RUN="):
            begin_run(folder, config(), corpus)
    assert (tmp_path / "file").read_text(encoding="utf-8") == "mine"


def test_neither_training_nor_translating_loads_compiler_or_algebra(tmp_path: Path, corpus: Corpus) -> None:
    # Of PyTorch, and each takes longer to load than a sentence to translate.
    command = (
        "import sys, torch\nfrom pathlib import Path\nbefore = set(sys.modules)\n"
        "from data_prep.corpus import Corpus\nfrom seq2seq.training import train\n"
        "from seq2seq.translator import Translator\nfrom tests.toys import config\n"
        "train(Corpus(Path(sys.argv[1])), config().with_training(steps=2), Path(sys.argv[2]))\n"
        "Translator.load(sys.argv[2]).translate(['a b'])\n"
        "found = {'sympy', 'torch._dynamo'} & set(sys.modules) - before\nassert not found, found"
    )
    subprocess.run([sys.executable, "-c", command, str(corpus.folder), str(tmp_path / "run")], check=True)


def test_no_pickle_is_written_or_read(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a pickle")

    for module, name in [("torch", "load"), ("torch", "save"), ("pickle", "load"), ("pickle", "Unpickler")]:
        monkeypatch.setattr(f"{module}.{name}", refuse)
    monkeypatch.setattr("pickle.loads", refuse)
    run.save(1, 1)
    folder = find_checkpoint(run.folder, "last")
    restore(folder, run.model, run.optimisers, CPU)
    load_model(folder, CPU)
    assert {path.name for path in folder.iterdir()} == {MODEL, OPTIMISER, STATE, SUMS}
    for name in (MODEL, OPTIMISER):
        # The form of safetensors: the length of a JSON header, the header, the numbers.
        data = (folder / name).read_bytes()
        json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])


def test_settings_are_written_as_they_were_resolved(run: Run) -> None:
    assert isinstance(run.config, Config)
    assert (run.folder / "config.toml").read_text(encoding="utf-8") == run.config.toml()
    assert {path.name for path in run.folder.iterdir()} == {
        "config.toml",
        "corpus.json",
        "subwords.model",
        "text.json",
        SUMS,
    }
