"""Damage to a run is found, named, and another checkpoint offered."""

import errno
import subprocess
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors import SafetensorError

from data_prep.corpus import Corpus
from data_prep.errors import UserError
from data_prep.files import DIFFERS, SUMS
from seq2seq import checkpoint
from seq2seq.checkpoint import (
    MODEL,
    OPTIMISER,
    STATE,
    find_checkpoint,
    load_model,
    read_state,
    restore,
)
from seq2seq.run_files import CORPUS, held, mend_run, read_corpus_note, verify_run
from seq2seq.training import train
from tests.runs import Run, damage
from tests.toys import config, model_config, task, write_corpus

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return write_corpus(tmp_path_factory.mktemp("corpus"), task(str, train=40))


@pytest.fixture
def run(tmp_path: Path, corpus: Corpus) -> Run:
    made = Run(tmp_path / "run", corpus)
    made.update(made.model, made.optimisers)
    return made


@pytest.mark.parametrize("how", ["missing", "short", "one bit"])
@pytest.mark.parametrize("name", [MODEL, OPTIMISER])
def test_damage_is_found_and_named(run: Run, name: str, how: str) -> None:
    run.save(1, 1)
    folder = find_checkpoint(run.folder, "last")
    damage(folder / name, how)
    before = [p.clone() for p in run.model.parameters()]
    with pytest.raises(UserError) as error:
        restore(folder, run.model, run.optimisers, CPU)
    assert str(error.value).startswith(f"{folder / name}: missing or damaged")
    assert all(a.equal(b) for a, b in zip(before, run.model.parameters(), strict=True))
    if name == MODEL:
        with pytest.raises(UserError, match="missing or damaged"):
            load_model(folder, CPU)


@pytest.mark.parametrize("text", ["", "{", '{"step": "x"}', '{"unknown": 1}', "[]"])
def test_a_damaged_state_is_named(run: Run, text: str) -> None:
    run.save(1, 1)
    folder = find_checkpoint(run.folder, "last")
    (folder / STATE).write_text(text, encoding="utf-8")
    expected = f"{folder / STATE}: {DIFFERS}; no other checkpoint of the run is whole; name another RUN=…"
    with pytest.raises(UserError) as error:
        read_state(folder)
    assert str(error.value) == expected
    with pytest.raises(UserError) as error:
        load_model(folder, CPU)
    assert str(error.value) == expected


def test_files_of_a_run_that_are_damaged_are_named(run: Run) -> None:
    run.save(1, 1)
    folder = find_checkpoint(run.folder, "last")
    for name in ("corpus.json", "subwords.model", "config.toml"):
        damage(run.folder / name, "one bit")
        with pytest.raises(UserError) as error:
            read_corpus_note(run.folder) if name == "corpus.json" else load_model(folder, CPU)
        assert str(error.value).startswith(f"{run.folder / name}: {DIFFERS}; `make train` with RESUME=last-good")
        mend_run(run.folder, run.config, run.corpus)
        verify_run(run.folder)
    # As a crash leaves it before the checksums.
    (run.folder / SUMS).unlink()
    (run.folder / "corpus.json").write_text("{", encoding="utf-8")
    with pytest.raises(UserError, match=r"corpus\.json: damaged"):
        read_corpus_note(run.folder)
    (run.folder / "subwords.model").write_bytes(b"no model")
    with pytest.raises(UserError, match="subword model is damaged"):
        load_model(folder, CPU)
    (run.folder / "config.toml").unlink()
    with pytest.raises(UserError, match=r"config\.toml: no such file"):
        load_model(folder, CPU)


def test_the_newest_whole_checkpoint_is_offered_and_found(run: Run) -> None:
    for step in (1, 2, 3):
        run.save(step, 1)
    assert find_checkpoint(run.folder, "last-good").name == "0000003"
    damage(run.folder / "checkpoints" / "0000003" / OPTIMISER, "one bit")
    with pytest.raises(UserError, match="step 2 is whole: RESUME=last-good trains on from it"):
        read_state(find_checkpoint(run.folder, "last"))
    assert find_checkpoint(run.folder, "last-good").name == "0000002"
    damage(run.folder / "checkpoints" / "0000002" / STATE, "short")
    assert find_checkpoint(run.folder, "last-good").name == "0000001"
    damage(run.folder / "checkpoints" / "0000001" / MODEL, "missing")
    with pytest.raises(UserError, match="no checkpoint is whole"):
        find_checkpoint(run.folder, "last-good")
    with pytest.raises(UserError, match="no other checkpoint of the run is whole"):
        read_state(find_checkpoint(run.folder, "last"))


def test_a_best_that_still_translates_is_kept_by_resume_last_good(run: Run) -> None:
    run.save(10, 10, best_bleu=50.0)
    run.save(20, 10, best_bleu=50.0)
    damage(run.folder / "checkpoints" / "0000010" / OPTIMISER, "one bit")
    train(run.corpus, run.config.with_training(steps=20), run.folder, "last-good")
    assert find_checkpoint(run.folder, "best").name == "0000010"
    load_model(find_checkpoint(run.folder, "best"), CPU)


def test_a_damaged_best_is_given_up_by_resume_last_good(run: Run) -> None:
    limit = run.config.with_training(steps=20)
    run.save(10, 10, best_bleu=50.0)
    run.save(20, 10, best_bleu=50.0, stale=1, best_loss=2.0, anchor_bleu=50.0, anchor_counts=[[1] * 10])
    damage(run.folder / "checkpoints" / "0000010" / MODEL, "one bit")
    with pytest.raises(UserError, match="step 20 is whole: RESUME=last-good"):
        load_model(find_checkpoint(run.folder, "best"), CPU)
    state = train(run.corpus, limit, run.folder, "last-good")
    assert (state.best_bleu, state.best_loss, state.anchor_bleu, state.anchor_counts) == (-1.0, None, -1.0, [])
    load_model(find_checkpoint(run.folder, "best"), CPU)
    assert find_checkpoint(run.folder, "best").name == "0000020"
    # Nor is it the best again the next time, when nothing says that it was damaged.
    train(run.corpus, limit, run.folder)
    assert find_checkpoint(run.folder, "best").name == "0000020"


@pytest.mark.parametrize("which", ["best", "last"])
def test_a_damaged_mark_is_found_and_does_not_stop_saving(run: Run, which: str) -> None:
    run.save(10, 10)
    run.save(20, 10)
    mark = (run.folder / which).read_bytes()
    for place in range(len(mark)):
        (run.folder / which).write_bytes(mark[:place] + bytes([mark[place] ^ 1]) + mark[place + 1 :])
        with pytest.raises(UserError, match=f"{which}: missing or damaged .* step 20 is whole"):
            find_checkpoint(run.folder, which)
    run.save(30, 10)
    assert find_checkpoint(run.folder, "best").name == "0000010"
    assert find_checkpoint(run.folder, "last").name == "0000030"


@pytest.mark.parametrize("name", [MODEL, OPTIMISER, STATE, SUMS])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_byte_changed_in_a_checkpoint_is_found(run: Run, name: str, data: st.DataObject) -> None:
    run.save(1, 1)
    folder = find_checkpoint(run.folder, "last")
    path = folder / name
    whole = path.read_bytes()
    place = data.draw(st.integers(0, len(whole) - 1))
    value = data.draw(st.integers(0, 255).filter(lambda byte: byte != whole[place]))
    path.write_bytes(whole[:place] + bytes([value]) + whole[place + 1 :])
    with pytest.raises(UserError, match=f"{folder}/.*: missing or damaged"):
        read_state(folder)
    path.write_bytes(whole)
    read_state(folder)


@pytest.mark.parametrize("how", ["missing", "short", "empty", "of one file"])
def test_a_checkpoint_without_checksums_is_not_whole(run: Run, how: str) -> None:
    run.save(1, 1)
    folder = find_checkpoint(run.folder, "last")
    if how in ("empty", "of one file"):
        lines = (folder / SUMS).read_text(encoding="utf-8").splitlines(keepends=True)
        (folder / SUMS).write_text("".join(lines[: how == "of one file"]), encoding="utf-8")
    else:
        damage(folder / SUMS, how)
    with pytest.raises(UserError, match=f"{SUMS}: missing or damaged"):
        read_state(folder)
    with pytest.raises(UserError, match="no checkpoint is whole"):
        find_checkpoint(run.folder, "last-good")


def test_checksums_are_in_the_form_of_sha256sum(run: Run) -> None:
    run.save(1, 1)
    for folder in (run.folder, find_checkpoint(run.folder, "last")):
        assert subprocess.run(["sha256sum", "--check", "--strict", SUMS], cwd=folder, check=False).returncode == 0


def test_checksums_that_are_damaged_are_written_anew_from_the_same_files(run: Run) -> None:
    run.save(1, 1)
    damage(run.folder / SUMS, "one bit")
    with pytest.raises(UserError, match="RESUME=last-good"):
        verify_run(run.folder)
    mend_run(run.folder, run.config, run.corpus)
    verify_run(run.folder)
    # Settings that are not what it began with mend nothing.
    damage(run.folder / "config.toml", "one bit")
    mend_run(run.folder, config(model_config(hidden=10)), run.corpus)
    with pytest.raises(UserError, match=r"config\.toml: missing or damaged"):
        verify_run(run.folder)


def test_a_full_disk_leaves_the_checkpoints_there_are_and_no_other(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run.save(1, 1)

    def full(*_: object) -> None:
        raise SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")

    monkeypatch.setattr(checkpoint, "save_file", full)
    with pytest.raises(OSError, match="No space left") as error:
        run.save(2, 2)
    assert error.value.errno == errno.ENOSPC
    assert run.kept() == ["0000001"]


def test_a_run_is_not_put_into_a_prepared_corpus(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("{}")
    with pytest.raises(UserError, match=r"a prepared corpus is in this folder; name another RUN="), held(tmp_path):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["manifest.json"]


@pytest.mark.parametrize(
    "name", ["config.toml", "words.txt", "text.json", "metrics.jsonl", "best", "checkpoints/notes"]
)
def test_a_run_is_not_put_among_other_files(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "run"
    (folder / name).parent.mkdir(parents=True)
    (folder / name).write_text("mine")
    with pytest.raises(UserError, match=f"has other files in it, such as {name.split('/')[0]}; name another RUN"):
        held(folder).__enter__()
    assert (folder / name).read_text() == "mine"


def test_a_run_that_was_begun_is_known_by_its_note_or_its_checksums(run: Run) -> None:
    (run.folder / CORPUS).unlink()
    with held(run.folder):
        pass
    (run.folder / SUMS).unlink()
    with pytest.raises(UserError, match="has other files in it"):
        held(run.folder).__enter__()


def test_an_empty_file_of_checksums_is_damaged(run: Run) -> None:
    (run.folder / SUMS).write_bytes(b"")
    with pytest.raises(UserError, match="SHA256SUMS: damaged"):
        verify_run(run.folder)


def test_a_run_is_held_by_one_at_a_time(tmp_path: Path) -> None:
    with held(tmp_path / "run"):
        with (
            pytest.raises(UserError, match=r"another training is under way .* name another RUN="),
            held(tmp_path / "run"),
        ):
            pass
        with held(tmp_path / "other"):
            pass
    with held(tmp_path / "run"):
        pass
