"""Lines of text, read strictly and in constant memory.

A line ends at a line feed and nowhere else: a carriage return before it is dropped, while U+0085, U+2028 and the like
stay inside their line.  Bytes must be UTF-8; a byte order mark at the start of a file is dropped.  Lines, and what a
gzip file unpacks to, have a largest size.
"""

import codecs
import gzip
import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

from data_prep.errors import UserError
from data_prep.rows import clear_errors
from data_prep.untrusted import refuse_pipe

LONGEST_LINE = 1 << 25
"""Bytes of a line, at most."""
BLOCK = 1 << 22
"""Bytes after which no further line is read together with others."""
UNPACKED, RATIO = 1 << 28, 100
"""Bytes that any gzip file may unpack to, and how often its own size a large one may.  Text shrinks to a third."""


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


def read_stream(file: BinaryIO, name: str, size: int) -> Iterator[tuple[int, list[str]]]:
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


def read_input(size: int) -> Iterator[tuple[int, list[str]]]:
    """Yield the lines of standard input as `read_lines` does."""
    with clear_errors(Path("standard input")):
        yield from read_stream(sys.stdin.buffer, "standard input", size)


def _block(file: BinaryIO, name: str, number: int, size: int) -> list[bytes]:
    """The next lines, the first of which has this number."""
    block: list[bytes] = []
    left = BLOCK
    while len(block) < size and left > 0 and (line := file.readline(LONGEST_LINE)):
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
