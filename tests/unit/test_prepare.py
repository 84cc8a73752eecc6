import errno
import fcntl
import json
import os
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from data_prep import prepare as module
from data_prep import stages
from data_prep.corpus import MANIFEST, Corpus, file_digest
from data_prep.errors import UserError
from data_prep.parallel import ordered_map
from data_prep.prepare import prepare
from data_prep.report import Silent
from data_prep.settings import Preparation

LANGUAGES = ("en", "fr")
WHO = {"The cat": "Le chat", "My friend": "Mon ami", "Nobody": "Personne", "A teacher": "Un élève", "Tom": "Tom"}
DOES = {"sees": "voit", "likes": "aime", "forgets": "oublie", "finds": "trouve"}
WHAT = {"the house": "la maison", "the tree": "l'arbre", "the river": "le fleuve", "the street": "la rue"}
PAIRS = [
    (f"{who} {does} {what}.", f"{WHO[who]} {DOES[does]}\u00a0{WHAT[what]}.")
    for who in WHO
    for does in DOES
    for what in WHAT
]


class Notes(Silent):
    def __init__(self) -> None:
        self.lines: list[str] = []

    def note(self, message: str) -> None:
        self.lines.append(message)


def write_pairs(prefix: Path, pairs: list[tuple[str, str]]) -> Path:
    prefix.parent.mkdir(parents=True, exist_ok=True)
    for side, language in enumerate(LANGUAGES):
        text = "".join(pair[side] + "\n" for pair in pairs)
        prefix.with_name(f"{prefix.name}.{language}").write_text(text, encoding="utf-8")
    return prefix


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_pairs(tmp_path / "text" / "corpus", [*PAIRS, *PAIRS[:3], ("", "Vide."), ("Copy me", "copy me")])


def settings(**groups: dict[str, Any]) -> Preparation:
    return Preparation.model_validate({"subwords": {"vocabulary": 320}, **groups})


def run(source: Path, folder: Path, given: Preparation | None = None, **options: Any) -> dict[str, Any]:
    return prepare(str(source), LANGUAGES, folder, given or settings(), **options)


def contents(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): file_digest(path) for path in folder.rglob("*") if path.is_file()}


def texts(corpus: Corpus, split: str) -> list[tuple[str, str]]:
    return list(zip(*corpus.split(split).texts(), strict=True))


def drops(split: dict[str, Any]) -> dict[str, int]:
    return {reason: found["pairs"] for reason, found in split["dropped"].items()}


@pytest.fixture
def forbid(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Make stages fail if they are run."""

    def fail(name: str) -> None:
        raise AssertionError(f"{name} must not run")

    def forbid(*names: str) -> None:
        monkeypatch.undo()
        for name in names:
            owner = module if hasattr(module, name) else stages
            monkeypatch.setattr(owner, name, lambda *_, name=name, **__: fail(name))

    yield forbid
    monkeypatch.undo()


def test_a_corpus_comes_out_and_every_pair_is_accounted_for(tmp_path: Path, source: Path) -> None:
    manifest = run(source, tmp_path / "out")
    splits = manifest["splits"]
    assert splits["train"]["read"] == len(PAIRS) + 5
    dropped = splits["train"]["dropped"]
    counts = drops(splits["train"])
    assert counts | {"held out": 0} == {"copy": 1, "duplicate": 3, "empty": 1, "held out": 0}
    assert dropped["empty"]["examples"] == [["", "Vide."]]
    assert sum(split["pairs"] for split in splits.values()) + sum(counts.values()) == splits["train"]["read"]
    corpus = Corpus(tmp_path / "out")
    assert corpus.languages == LANGUAGES
    everything = []
    for name in ("train", "validation", "test"):
        split = corpus.split(name)
        everything += texts(corpus, name)
        assert len(split) == splits[name]["pairs"] > 0
        assert splits[name]["tokens"] == {
            "source": int(split.source_lengths.sum()),
            "target": int(split.target_lengths.sum()),
        }
        for row, (_, target) in enumerate(texts(corpus, name)):
            assert corpus.subwords.decode_target([split.target_ids(row).tolist()]) == [target]
    assert set(everything) == {(s, t.replace("\u00a0", " ")) for s, t in PAIRS}
    assert manifest["files"] == {
        name: digest for name, digest in contents(tmp_path / "out").items() if name != MANIFEST
    }
    assert manifest["inputs"] == {
        f"corpus.{side}": file_digest(source.with_suffix(f".{side}")) for side in LANGUAGES
    }
    assert manifest["vocabulary"] == {"source": corpus.subwords.source_size, "target": corpus.subwords.target_size}
    assert Preparation.model_validate(manifest["settings"]) == settings()


def test_splits_of_the_sources_own_are_kept(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    write_pairs(folder / "train", PAIRS)
    held = [PAIRS[0], PAIRS[0], ("So", "So  so"), ("x y", "x y"), ("Nothing", " "), ("Go", "Va " * 200)]
    write_pairs(folder / "test", held)
    manifest = run(folder, tmp_path / "out")
    corpus = Corpus(tmp_path / "out")
    assert [source for source, _ in texts(corpus, "test")] == [held[0][0], held[0][0], "So", "x y", "Go"]
    assert drops(manifest["splits"]["test"]) == {"empty": 1}
    assert PAIRS[0][0] not in {source for source, _ in texts(corpus, "train") + texts(corpus, "validation")}
    assert manifest["splits"]["validation"]["pairs"] == 3


def test_nothing_is_done_the_second_time(tmp_path: Path, source: Path, forbid: Any) -> None:
    first = run(source, tmp_path / "out")
    before = {path: path.stat() for path in (tmp_path / "out").iterdir()}
    forbid("open_source", "write_text", "write_subwords", "write_split")
    notes = Notes()
    assert run(source, tmp_path / "out", report=notes) == first
    assert notes.lines == [f"{tmp_path / 'out'} is up to date"]
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out").iterdir()} == {
        path: status.st_mtime_ns for path, status in before.items()
    }


def test_a_changed_subword_setting_redoes_only_what_follows(tmp_path: Path, source: Path, forbid: Any) -> None:
    run(source, tmp_path / "out")
    changed = settings(subwords={"kind": "char", "joint": False})
    forbid("open_source", "write_text")
    run(source, tmp_path / "out", changed)
    forbid()
    run(source, tmp_path / "fresh", changed)
    assert contents(tmp_path / "out") == contents(tmp_path / "fresh")
    assert not (tmp_path / "out" / "subwords.model").exists()


@pytest.mark.parametrize("change", [{"cleaning": {"max_words": 4}}, {"splitting": {"seed": 2}}])
def test_a_changed_cleaning_or_splitting_setting_redoes_all(
    tmp_path: Path, source: Path, change: dict[str, Any]
) -> None:
    before = run(source, tmp_path / "out")
    after = run(source, tmp_path / "out", settings(**change))
    assert after["files"]["train.arrow"] != before["files"]["train.arrow"]
    assert after == run(source, tmp_path / "fresh", settings(**change))


def test_a_changed_input_redoes_all_and_a_touched_one_nothing(tmp_path: Path, source: Path, forbid: Any) -> None:
    before = run(source, tmp_path / "out")
    os.utime(source.with_suffix(".en"), ns=(1, 1))
    forbid("write_text", "write_subwords", "write_split")
    touched = run(source, tmp_path / "out")
    assert touched["files"] == before["files"]
    forbid("open_source")
    assert run(source, tmp_path / "out") == touched
    forbid()
    write_pairs(source, PAIRS[:-1])
    assert run(source, tmp_path / "out")["splits"]["train"]["read"] == len(PAIRS) - 1


def test_the_other_direction_is_another_corpus(tmp_path: Path, source: Path) -> None:
    run(source, tmp_path / "out")
    prepare(str(source), ("fr", "en"), tmp_path / "out", settings())
    corpus = Corpus(tmp_path / "out")
    assert corpus.languages == ("fr", "en")
    assert all(target.startswith(tuple(WHO)) for _, target in texts(corpus, "train"))


@pytest.mark.parametrize("damage", ["missing", "torn", "manifest"])
def test_what_is_damaged_is_made_again(tmp_path: Path, source: Path, damage: str) -> None:
    run(source, tmp_path / "out")
    whole = contents(tmp_path / "out")
    path = tmp_path / "out" / (MANIFEST if damage == "manifest" else "train.arrow")
    if damage == "missing":
        path.unlink()
    else:
        os.truncate(path, 100)
    notes = Notes()
    run(source, tmp_path / "out", report=notes)
    assert contents(tmp_path / "out") == whole
    assert "it is prepared again" in notes.lines[0]


def test_the_files_depend_neither_on_processes_nor_on_chunks(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(source, tmp_path / "one", processes=1)
    monkeypatch.setattr(stages, "CHUNK", 7)
    monkeypatch.setattr(stages, "ordered_map", partial(ordered_map, head_start=2))
    run(source, tmp_path / "two", processes=2)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


class Killed(BaseException):
    pass


@pytest.mark.parametrize("over_old", [False, True])
def test_a_kill_at_any_instant_costs_nothing(tmp_path: Path, source: Path, over_old: bool) -> None:
    """The process dies at each change of the file system in turn; from then on nothing can be tidied up."""
    letters = {"kind": "char"}
    old, new = settings(), settings(subwords=letters, cleaning={"max_words": 4})
    run(source, tmp_path / "old", old)
    run(source, tmp_path / "new", new)
    wholes = [json.loads((tmp_path / name / MANIFEST).read_text())["files"] for name in ("old", "new")]
    out, step, ended = tmp_path / "out", 0, False
    while not ended:
        shutil.rmtree(out, ignore_errors=True)
        if over_old:
            shutil.copytree(tmp_path / "old", out)
        with pytest.MonkeyPatch.context() as patch:
            kill_at(patch, step)
            try:
                run(source, out, new)
                ended = True
            except Killed:
                step += 1 if over_old else 5
        if (out / MANIFEST).exists():  # whatever can be opened is whole
            corpus = Corpus(out)
            assert corpus.manifest["files"] in wholes
            assert all(file_digest(out / name) == digest for name, digest in corpus.manifest["files"].items())
        run(source, out, new)
        assert contents(out) == contents(tmp_path / "new")
    assert step > 20


def kill_at(patch: pytest.MonkeyPatch, step: int) -> None:
    left = step

    def deadly(change: Any) -> Any:
        def changed(*args: Any, **options: Any) -> Any:
            nonlocal left
            left -= 1
            if left < 0:
                raise Killed
            return change(*args, **options)

        return changed

    for name in ("replace", "unlink", "rmdir", "mkdir"):
        patch.setattr(Path, name, deadly(getattr(Path, name)))
    patch.setattr(shutil, "rmtree", deadly(shutil.rmtree))


def test_a_failure_leaves_the_old_corpus_and_no_rubbish(tmp_path: Path, source: Path) -> None:
    run(source, tmp_path / "out")
    whole = contents(tmp_path / "out")
    write_pairs(source, PAIRS[:2])
    with pytest.raises(UserError, match="2 different sentences cannot be divided"):
        run(source, tmp_path / "out")
    assert contents(tmp_path / "out") == whole
    with pytest.raises(UserError):
        run(source, tmp_path / "fresh")
    assert not (tmp_path / "fresh").exists()


def test_a_folder_that_cannot_be_written_is_named(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(UserError, match=f"{folder}: cannot be written .* choose another folder"):
            run(source, folder)

    def full(*args: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(stages, "write_subwords", full)
    with pytest.raises(UserError, match=r"No space left on device.* free some space"):
        run(source, tmp_path / "out")


def test_two_preparations_of_one_folder_take_turns(tmp_path: Path, source: Path) -> None:
    (tmp_path / "out").mkdir()
    handle = os.open(tmp_path / "out", os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    told = threading.Event()

    class Told(Silent):
        def note(self, message: str) -> None:
            assert told.is_set() or "is being prepared by another process" in message
            told.set()

    thread = threading.Thread(target=run, args=(source, tmp_path / "out"), kwargs={"report": Told()})
    thread.start()
    assert told.wait(20)
    assert list((tmp_path / "out").iterdir()) == []
    os.close(handle)
    thread.join(20)
    assert len(Corpus(tmp_path / "out").split("train")) > 0
