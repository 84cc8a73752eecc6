"""Limits of lines and of gzip files, with smaller numbers than they have; what lines are is told by test_readers.py."""

import ast
import gzip
import io
import os
import pty
import random
import socket
import subprocess
import sys
import threading
import time
import tty
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

import pytest

from data_prep import lines
from data_prep.errors import UserError
from data_prep.lines import count_lines, read_lines, read_stream
from data_prep.readers import TextFiles


def test_two_files_stay_in_step_where_blocks_end_at_other_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw = random.Random(1)
    pairs = [("a" * draw.choice((0, 1, 50)) + str(i), "b" * draw.choice((0, 1, 90)) + str(i)) for i in range(300)]
    paths = tmp_path / "text.en", tmp_path / "text.fr"
    for side, path in enumerate(paths):
        path.write_text("".join(pair[side] + "\n" for pair in pairs), encoding="utf-8")
    monkeypatch.setattr(lines, "BLOCK", 100)
    chunks = list(TextFiles({"train": paths}, ("en", "fr")).chunks("train", 40))
    assert [pair for chunk in chunks for pair in zip(chunk.sources, chunk.targets, strict=True)] == pairs
    assert max(len(chunk.sources) for chunk in chunks) < 40


def test_a_line_has_a_largest_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "LONGEST_LINE", 10)
    longest = [
        line for _, block in read_stream(io.BytesIO(b"a\n" + b"x" * 9 + b"\n" + b"y" * 9), "x", 5) for line in block
    ]
    assert longest == ["a", "x" * 9, "y" * 9]
    with pytest.raises(UserError, match=r"^x:2: a line of more than 0 MiB"):
        list(read_stream(io.BytesIO(b"a\n" + b"x" * 10 + b"\n"), "x", 5))


def test_a_gzip_file_unpacks_to_a_multiple_of_its_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.tsv.gz"
    path.write_bytes(gzip.compress(b"a\tb\n" * 10_000, mtime=0))
    monkeypatch.setattr(lines, "UNPACKED", 40_000)
    monkeypatch.setattr(lines, "RATIO", 1)
    assert sum(len(block) for _, block in read_lines(path, 1000)) == 10_000
    monkeypatch.setattr(lines, "UNPACKED", 39_999)
    with pytest.raises(UserError, match=r"a\.tsv\.gz: unpacks to more than 1 times its size"):
        list(read_lines(path, 1000))
    monkeypatch.setattr(lines, "RATIO", 1000)
    assert sum(len(block) for _, block in read_lines(path, 1000)) == 10_000


@pytest.mark.parametrize(
    ("data", "number"), [(b"", 0), (b"a", 1), (b"a\n", 1), (b"\n\n", 2), (b"a\nb", 2), (b"\xff\r", 1)]
)
def test_lines_are_counted(tmp_path: Path, data: bytes, number: int) -> None:
    (tmp_path / "file").write_bytes(data)
    assert count_lines(tmp_path / "file") == number


def test_lines_of_a_gzip_file_are_counted_as_they_unpack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.en.GZ"
    path.write_bytes(gzip.compress(b"a\n" * 10_000, mtime=0))
    assert count_lines(path) == 10_000
    monkeypatch.setattr(lines, "UNPACKED", 9_999)
    monkeypatch.setattr(lines, "RATIO", 1)
    with pytest.raises(UserError, match=r"a\.en\.GZ: unpacks to more than 1 times its size"):
        count_lines(path)


PIECES = [b"\xef\xbb", b"\xbfa", b"b\r", b"\n", b"caf\xc3", b"\xa9\n\xe2\x80", b"\xa8x\n", b"\n", b"last"]
WHOLE = ["ab", "café", "\u2028x", "", "last"]
READER = (
    "import sys\nfrom data_prep.lines import read_input\n"
    "for first, lines in read_input(int(sys.argv[1]), wait=len(sys.argv) > 2):\n"
    "    print(first, lines, flush=True)"
)


@contextmanager
def reader(size: int, *more: str, stdin: int | IO[bytes] = subprocess.PIPE) -> Iterator[subprocess.Popen[bytes]]:
    """A process that prints what `read_input` yields."""
    command = [sys.executable, "-c", READER, str(size), *more]
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8", "PYTHONPATH": str(Path(lines.__file__).parents[1])}
    with subprocess.Popen(
        command, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    ) as process:
        guard = threading.Timer(60, process.kill)
        guard.start()
        try:
            yield process
        finally:
            guard.cancel()
            process.kill()


def answer(process: subprocess.Popen[bytes]) -> str:
    assert process.stdout
    return process.stdout.readline().decode().rstrip("\n")


def test_lines_of_a_pipe_come_before_more_is_written() -> None:
    with reader(2000) as process:
        assert process.stdin
        for number, line in enumerate(("Hello.", "Ça va ?", "", "x"), 1):
            process.stdin.write(f"{line}\n".encode())
            process.stdin.flush()
            assert answer(process) == f"{number} {[line]}"
        # A line and the beginning of the next: the first is answered, the second when it is whole.
        process.stdin.write(b"one\ntw")
        process.stdin.flush()
        assert answer(process) == "5 ['one']"
        process.stdin.write(b"o")
        process.stdin.close()
        assert answer(process) == "6 ['two']"
        assert process.wait() == 0


def test_a_steady_stream_is_answered_while_it_runs() -> None:
    """Lines that come faster than the pipe is idle must not wait for 2,000 of them."""
    with reader(2000) as process:
        assert process.stdin
        stopped = threading.Event()
        found: list[str] = []

        def ask() -> None:
            found.append(answer(process))
            stopped.set()

        asker = threading.Thread(target=ask)
        asker.start()
        written = 0
        while written < 1500 and not stopped.wait(0.01):
            process.stdin.write(b"line\n")
            process.stdin.flush()
            written += 1
        process.stdin.close()
        asker.join()
        assert found[0].startswith("1 ['line'")
        assert written < 1500


@pytest.mark.parametrize("kind", ["pipe", "fifo", "socket", "terminal", "file"])
def test_every_kind_of_standard_input_gives_the_same_lines(kind: str, tmp_path: Path) -> None:
    data = b"".join(PIECES)
    with ExitStack() as stack:
        if kind == "file":
            (tmp_path / "in").write_bytes(data)
            ours, theirs = None, stack.enter_context((tmp_path / "in").open("rb")).fileno()
        elif kind == "fifo":
            os.mkfifo(tmp_path / "in")
            theirs = os.open(tmp_path / "in", os.O_RDONLY | os.O_NONBLOCK)
            ours = os.open(tmp_path / "in", os.O_WRONLY)
        elif kind == "socket":
            ours, theirs = (end.detach() for end in socket.socketpair())
        elif kind == "terminal":
            ours, theirs = pty.openpty()
            tty.setraw(theirs)
        else:
            theirs, ours = os.pipe()
        process = stack.enter_context(reader(2000, stdin=theirs))
        printed: list[str] = []
        if ours is not None:
            for piece in PIECES:
                os.write(ours, piece)
                time.sleep(0.03)
            # The last line of a terminal has its line feed, and closing one is an error to its reader.
            if kind == "terminal":
                os.write(ours, b"\n")
                printed = list(iter(lambda: answer(process), "5 ['last']"))
                process.kill()
            os.close(ours)
        rest = [] if kind == "terminal" else process.communicate()[0].decode().splitlines()
    found = [line for text in (*printed, *rest) for line in ast.literal_eval(text.partition(" ")[2])]
    assert found == (WHOLE[:-1] if kind == "terminal" else WHOLE)


@pytest.mark.parametrize("kind", ["pipe", "file"])
def test_plenty_of_lines_come_in_whole_chunks(kind: str, tmp_path: Path) -> None:
    (tmp_path / "in").write_text("".join(f"line {number}\n" for number in range(5000)))
    with ExitStack() as stack:
        file = stack.enter_context((tmp_path / "in").open("rb"))
        if kind == "pipe":
            theirs, ours = os.pipe()
            # It all fits into the pipe: there at once, as a fast writer's lines are.
            os.write(ours, file.read())
            os.close(ours)
        else:
            theirs = file.fileno()
        process = stack.enter_context(reader(2000, stdin=theirs))
        printed = process.communicate()[0].decode().splitlines()
    blocks = [(int(text.partition(" ")[0]), ast.literal_eval(text.partition(" ")[2])) for text in printed]
    assert [(first, len(block)) for first, block in blocks] == [(1, 2000), (2001, 2000), (4001, 1000)]
    assert [line for _, block in blocks for line in block] == [f"line {number}" for number in range(5000)]


def test_a_pipe_can_be_waited_for() -> None:
    with reader(3, "wait") as process:
        assert process.stdin
        for line in (b"a\n", b"b\n", b"c\n", b"d\n"):
            process.stdin.write(line)
            process.stdin.flush()
            time.sleep(0.03)
        process.stdin.close()
        assert [answer(process), answer(process)] == ["1 ['a', 'b', 'c']", "4 ['d']"]


def test_errors_of_a_pipe_name_the_line() -> None:
    with reader(2000) as process:
        assert process.stdin
        process.stdin.write(b"a\nb\n")
        process.stdin.flush()
        assert answer(process) == "1 ['a', 'b']"
        _, errors = process.communicate(b"c\n\xe9t\xe9\n")
        assert "UserError: standard input:4: not UTF-8 (byte 0xe9)" in errors.decode()


def test_a_line_of_a_pipe_has_a_largest_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "LONGEST_LINE", 10)
    theirs, ours = os.pipe()
    os.write(ours, b"a\n" + b"x" * 9 + b"\n" + b"y" * 10 + b"\n")
    os.close(ours)
    with os.fdopen(theirs, "rb") as file, pytest.raises(UserError, match=r"^x:3: a line of more than 0 MiB"):
        list(read_stream(lines._Pipe(file.fileno()), "x", 5))


def test_only_what_may_pause_is_read_as_a_pipe(tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(b"a\n")
    theirs, ours = os.pipe()
    with (tmp_path / "in").open("rb") as file, os.fdopen(theirs, "rb") as pipe:
        assert lines._pipe_descriptor(file) is None
        assert lines._pipe_descriptor(io.BytesIO()) is None
        assert lines._pipe_descriptor(pipe) == theirs
    os.close(ours)
