"""Exit codes and the one line of an error."""

import errno
import os
from pathlib import Path

import pytest

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
