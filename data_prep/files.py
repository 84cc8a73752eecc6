"""Files that appear whole or not at all, sums by which damage is found, and a lock that no crash leaves behind.

A folder's `SHA256SUMS` has the form that `sha256sum --check` reads.
"""

import errno
import fcntl
import hashlib
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from data_prep.errors import UserError
from data_prep.untrusted import read_small

SUMS = "SHA256SUMS"
SUMS_LIMIT = 1 << 16
"""Bytes of such a file, at most."""
DIFFERS = "missing or damaged (its checksum differs)"


def write_whole(path: Path, data: bytes) -> None:
    """Write a small file so that a crash leaves the old one or the new one, whole."""
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(data)
    replace_durably(partial, path)


def unfinished(path: Path) -> Path:
    """A name for what will be a file of the user's, beside it, that no other file has."""
    return path.with_name(f".{path.name[:50]}.{os.getpid()}.partial")


def write_text(path: Path, text: str) -> None:
    """The same for text."""
    write_whole(path, text.encode())


def replace_durably(partial: Path, path: Path) -> None:
    """Give a finished file its name; a crash at any instant leaves the old file or the new one, whole."""
    sync(partial)
    partial.replace(path)
    sync(path.parent)


def sync(path: Path) -> None:
    """Wait until a file, or the list of names in a folder, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        if hasattr(fcntl, "F_FULLFSYNC"):  # macOS, whose fsync leaves it to the drive when to write
            with suppress(OSError):
                fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def digest(data: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def file_digest(path: Path) -> str:
    """SHA-256 of a file, read as a stream."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def same_digest(path: Path, expected: str | None) -> bool:
    """Whether a file is there and has this SHA-256."""
    return path.is_file() and file_digest(path) == expected


def write_sums(folder: Path, digests: Mapping[str, str]) -> None:
    """Note the SHA-256 of files by their names."""
    write_whole(folder / SUMS, "".join(f"{found}  {name}\n" for name, found in digests.items()).encode())


def read_sums(folder: Path, remedy: str) -> dict[str, str] | None:
    """SHA-256 of files by their names; None if there is no note of them.  Raises UserError if it is damaged."""
    try:
        lines = read_small(folder / SUMS, SUMS_LIMIT).splitlines(keepends=True)
    except FileNotFoundError:
        return None
    found = [re.fullmatch(rb"([0-9a-f]{64})  (\w[\w.-]*)\n", line) for line in lines]
    if not found or not all(found):
        raise UserError(f"{folder / SUMS}: damaged; {remedy}")
    return {match[2].decode(): match[1].decode() for match in found if match}


@contextmanager
def locked(folder: Path, busy: Callable[[], None]) -> Iterator[None]:
    """Hold the lock of a folder; the system gives it back however the process ends.

    If another has it, `busy` is called and then the other waited for, unless `busy` raises.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            busy()
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextmanager
def clear_errors(folder: Path, command: str, elsewhere: str) -> Iterator[None]:
    """Turn what the file system refuses into one line; `command` goes on after it, `elsewhere` avoids it."""
    try:
        yield
    except OSError as error:
        full = f"free some space and run `{command}` again; it goes on where it stopped"
        remedies = {
            errno.ENOSPC: full,
            errno.EDQUOT: full,
            errno.EFBIG: f"raise the limit of a file's size (`ulimit -f`) and run `{command}` again",
            errno.ENAMETOOLONG: elsewhere,
            errno.EILSEQ: elsewhere,
            errno.EACCES: elsewhere,
            errno.EPERM: elsewhere,
            errno.EROFS: elsewhere,
            errno.ENOENT: elsewhere,
            errno.EISDIR: f"a folder has the name of a file; {elsewhere}",
            errno.EEXIST: f"a file has this name; {elsewhere}",
            errno.ENOTDIR: f"a file has this name; {elsewhere}",
            errno.EIO: f"the disk fails; copy what is there, and {elsewhere}",
        }
        if error.errno not in remedies:
            raise
        raise UserError(f"{folder}: cannot be written ({os.strerror(error.errno)}): {remedies[error.errno]}") from error
