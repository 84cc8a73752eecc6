"""Lines of text, read strictly and in constant memory.

A line ends at a line feed and nowhere else: a carriage return before it is dropped, while U+0085, U+2028 and the like
stay inside their line.  Bytes must be UTF-8; a byte order mark at the start of a file is dropped.  Lines, and what a
gzip file unpacks to, have a largest size.
"""

import codecs
import gzip
import io
import os
import select
import stat
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

from data_prep.errors import UserError
from data_prep.rows import clear_errors
from data_prep.untrusted import refuse_pipe

LONGEST_LINE = 1 << 25
"""Bytes of a line, at most."""
BLOCK = 1 << 22
"""Bytes after which no further line is read together with others."""
UNPACKED, RATIO = 1 << 28, 100
"""Bytes that any gzip file may unpack to, and how often its own size a large one may.  Text shrinks to a third."""
IDLE, LONGEST_WAIT = 0.02, 0.2
"""Seconds: lines of a pipe are handed on when no byte follows for IDLE, or LONGEST_WAIT after the first of them."""
PIPE_BYTES = 1 << 16
"""Bytes that are read from a pipe at once, at most."""


def read_lines(path: Path, size: int) -> Iterator[tuple[int, list[str]]]:
    """Yield the lines of a file, at most `size` at a time, with the number of the first one (from 1)."""
    with clear_errors(path), _opened(path) as file:
        yield from read_stream(file, str(path), size)


def _opened(path: Path) -> BinaryIO:
    """Open a file to read its bytes; those of a gzip file, which ends in `.gz`, are unpacked."""
    refuse_pipe(path)
    return cast(BinaryIO, io.BufferedReader(_Unpacked(path))) if path.suffix.lower() == ".gz" else path.open("rb")


class _Unpacked(io.RawIOBase):
    """What is in a gzip file; raises UserError if that is far more than text can be."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path, self._file = path, gzip.GzipFile(path)
        self._left = max(UNPACKED, RATIO * path.stat().st_size)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._file.read1(len(buffer))
        self._left -= len(data)
        if self._left < 0:
            raise UserError(
                f"{self._path}: unpacks to more than {RATIO} times its size, as text does not; if it is what you want, "
                f"unpack it with gunzip"
            )
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._file.close()
        super().close()


class _Readable(Protocol):
    """What lines are read from: an open file, or a pipe."""

    def readline(self, size: int, /) -> bytes:
        """The next line with its line feed, `size` bytes of it at most; nothing at the end."""
        ...


class _Pipe:
    """Lines of a pipe, a socket or a terminal, which may pause between any two bytes."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._data = bytearray()
        self._searched = 0
        """Bytes of `_data` that have no line feed."""
        self._at_end = False

    def readline(self, size: int, /) -> bytes:
        while not (length := self._line_length(size)) and not self._at_end:
            self._read(None)
        line = bytes(self._data[: length or size])
        del self._data[: len(line)]
        self._searched = 0
        return line

    def has_line(self, size: int, until: float) -> bool:
        """Whether another line, or the end, comes before the pipe is idle and before the time `until`."""
        while not self._line_length(size) and not self._at_end:
            seconds = min(IDLE, until - time.monotonic())
            if not self._read(max(0.0, seconds)):
                return False
        return True

    def _line_length(self, size: int) -> int:
        """Bytes of the next line, 0 if it is not all there."""
        if end := self._data.find(b"\n", self._searched, size) + 1:
            return end
        self._searched = len(self._data)
        return size if len(self._data) >= size else 0

    def _read(self, seconds: float | None) -> bool:
        """Read what is there, or comes within so many seconds; without a number, wait for it."""
        if not select.select([self._descriptor], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self._descriptor, PIPE_BYTES)
        except BlockingIOError:  # another process was faster
            return False
        self._data += data
        self._at_end = not data
        return True


def read_stream(file: _Readable, name: str, size: int) -> Iterator[tuple[int, list[str]]]:
    """Yield the lines of an open file as `read_lines` does; `name` is what errors call it."""
    number = 1
    while block := _block(file, name, number, size):
        data = b"".join(block)
        if number == 1:
            data = data.removeprefix(codecs.BOM_UTF8)
            if not data:
                return
        yield number, _decode(data, name, number)
        number += len(block)


def read_input(size: int, wait: bool = False) -> Iterator[tuple[int, list[str]]]:
    """Yield the lines of standard input as `read_lines` does.

    Lines of a pipe come as soon as it is idle, however few they are; with `wait`, only the last are fewer than `size`.
    """
    with clear_errors(Path("standard input")):
        file: _Readable = sys.stdin.buffer
        if not wait and (descriptor := _pipe_descriptor(sys.stdin.buffer)) is not None:
            file = _Pipe(descriptor)
        yield from read_stream(file, "standard input", size)


def _pipe_descriptor(file: BinaryIO) -> int | None:
    """The descriptor of an open file that may pause; none for a regular file or an object in memory."""
    try:
        descriptor = file.fileno()
        return None if stat.S_ISREG(os.fstat(descriptor).st_mode) else descriptor
    except (AttributeError, io.UnsupportedOperation):
        return None


def _block(file: _Readable, name: str, number: int, size: int) -> list[bytes]:
    """The next lines, the first of which has this number."""
    block: list[bytes] = []
    left = BLOCK
    until = 0.0
    while len(block) < size and left > 0:
        if isinstance(file, _Pipe) and block and not file.has_line(LONGEST_LINE, until):
            break
        if not (line := file.readline(LONGEST_LINE)):
            break
        until = until or time.monotonic() + LONGEST_WAIT
        if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
            raise UserError(
                f"{name}:{number + len(block)}: a line of more than {LONGEST_LINE >> 20} MiB; is it text, a sentence a "
                f"line?"
            )
        block.append(line)
        left -= len(line)
    return block


def _decode(data: bytes, name: str, number: int) -> list[str]:
    """Return the lines in `data`, which is not empty and starts at line `number` of `name`."""
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = number + data.count(b"\n", 0, error.start)
        raise UserError(
            f"{name}:{line}: not UTF-8 (byte 0x{data[error.start]:02x}); convert the file, for example with "
            f"`iconv -f latin1 -t utf-8`"
        ) from None
    if "\r" in text:
        text = text.replace("\r\n", "\n")
    # Only the last line of a file can lack its line feed, and then it can still have its carriage return.
    text = text[:-1] if text.endswith(("\n", "\r")) else text
    return text.split("\n")


def count_lines(path: Path) -> int:
    """How many lines a file has; they may be of any length, and of any bytes."""
    lines, last = 0, b"\n"
    with clear_errors(path), _opened(path) as file:
        while data := file.read(1 << 20):
            lines, last = lines + data.count(b"\n"), data[-1:]
    return lines + (last != b"\n")
