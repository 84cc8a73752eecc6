"""Exit codes and the one line of an error."""

import errno
import os
from pathlib import Path

import pytest
import torch

from data_prep.errors import UserError
from seq2seq.streams import guarded, output


def raising(error: BaseException) -> int:
    def command() -> None:
        raise error

    return guarded(command)


def test_an_error_is_one_line_whatever_is_in_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert raising(UserError("a\nb\x1b[2J\r\u2028\u202ec é")) == 2
    assert capsys.readouterr().err == "error: a\\nb\\x1b[2J\\r\\u2028\\u202ec é\n"


def test_what_the_system_refuses_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert raising(PermissionError(errno.EACCES, "Permission denied", "x.txt")) == 2
    assert capsys.readouterr().err == "error: x.txt: no permission; see `ls -l` and chmod\n"
    with pytest.raises(OSError, match="No space"):
        raising(OSError(errno.ENOSPC, "No space left on device", "x.txt"))
    with pytest.raises(ZeroDivisionError):
        raising(ZeroDivisionError())


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (MemoryError(), "memory ran out; "),
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.\nSee also"), "memory ran out; "),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling"), "memory ran out; "),
        (RuntimeError("cuDNN error: CUDNN_STATUS_X\nmore"), "the GPU failed (cuDNN error: CUDNN_STATUS_X); "),
        (
            RuntimeError("CUDA error: unspecified launch failure\nFor"),
            "the GPU failed (CUDA error: unspecified launch f",
        ),
    ],
)
def test_what_the_machine_cannot_is_told(error: Exception, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert raising(error) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"error: {told}")
    assert said.count("\n") == 1


def test_a_lack_of_memory_is_known_by_the_words_of_pytorch(capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(lambda: torch.empty(10**17)) == 2
    assert "memory ran out" in capsys.readouterr().err


@pytest.mark.parametrize("words", ["shapes do not match", "CUDA error: device-side assert triggered"])
def test_a_bug_is_not_hidden(words: str) -> None:
    with pytest.raises(RuntimeError, match=words):
        raising(RuntimeError(words))


def test_codes() -> None:
    assert guarded(lambda: None) == 0
    assert raising(KeyboardInterrupt()) == 130


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    def fail() -> None:
        with output(tmp_path / "out.txt") as file:
            file.write("half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert not list(tmp_path.iterdir())
    with output(tmp_path / "out.txt") as file:
        file.write("whole")
    assert [path.name for path in tmp_path.iterdir()] == ["out.txt"]
    # What is no file stays what it is.
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    with output(tmp_path / "pipe") as file:
        file.write("piped")
    assert os.read(reader, 99) == b"piped"
    os.close(reader)
    assert (tmp_path / "pipe").is_fifo()
    for place in (tmp_path / "out.txt" / "x", tmp_path / "no" / "x", tmp_path, Path(), Path("/")):
        with pytest.raises(UserError, match="cannot be written"), output(place):
            pass


def test_no_file_of_the_user_s_is_written_over_but_the_one_named(tmp_path: Path) -> None:
    (tmp_path / "a.partial").write_text("mine")
    (tmp_path / "target").write_text("old")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    for name in ("a", "link"):
        with output(tmp_path / name) as file:
            file.write("new")
    assert (tmp_path / "a.partial").read_text() == "mine"
    assert (tmp_path / "target").read_text() == "new"
    assert (tmp_path / "link").is_symlink()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "a.partial", "link", "target"]


def test_a_name_that_is_too_long_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be written \\(File name too long"), output(tmp_path / ("long" * 99)):
        pass


def test_a_closed_standard_error_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", None)
    assert raising(UserError("lost")) == 2


def test_a_name_that_is_not_utf8_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(lambda: "\udcff".encode()) == 2
    assert capsys.readouterr().err.startswith("error: a name, of a file or a folder, is not UTF-8; rename it")
