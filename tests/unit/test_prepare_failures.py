import errno
import fcntl
import json
import os
import shutil
import threading
from pathlib import Path
from typing import Any

import pytest

from data_prep import stages
from data_prep.corpus import MANIFEST, Corpus, read_manifest, write_manifest
from data_prep.errors import UserError
from data_prep.files import file_digest
from data_prep.report import Silent
from tests.phrases import PAIRS, contents, run, settings, write_pairs, write_source


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_source(tmp_path)


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


def test_another_source_in_the_same_folder_is_said(tmp_path: Path, source: Path) -> None:
    class Notes(Silent):
        def note(self, message: str) -> None:
            notes.append(message)

    notes: list[str] = []
    other = write_pairs(source.with_name("other"), PAIRS[:-1])
    run(source, out := tmp_path / "out")
    run(other, out, report=Notes())
    assert f"{out} had been prepared from {source}, and is now from {other}" in notes
    # A stranger's manifest may say anything.
    write_manifest(out, read_manifest(out) | {"source": "x", "stages": {}})
    run(source, out)
    assert read_manifest(out)["source"]["name"] == str(source)


def test_a_folder_that_cannot_be_written_is_named(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "below", tmp_path / ("long" * 64)):
        with pytest.raises(UserError, match=f"{folder}: cannot be written .* choose another folder"):
            run(source, folder)

    def full(*args: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    def refused(*args: object) -> None:
        raise OSError(errno.EACCES, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(stages, "write_text", refused)
        with pytest.raises(UserError, match=r"Permission denied.* choose another folder"):
            run(source, tmp_path / "out")
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
    # As the other one does when it could make nothing.
    (tmp_path / "out").rmdir()
    os.close(handle)
    thread.join(20)
    assert len(Corpus(tmp_path / "out").split("train")) > 0
