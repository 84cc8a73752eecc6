"""What a command says and where: results to standard output or a file, errors in one line, and the exit code."""

import errno
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from data_prep.errors import UserError
from data_prep.files import unfinished

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF}
"""What keeps a stream from being written."""
NO_MEMORY = ("allocate memory", "out of memory", "ALLOC_FAILED")
"""Words of PyTorch, of a processor and of a GPU."""


@contextmanager
def output(path: Path | None) -> Iterator[TextIO]:
    """Standard output, or a file that appears under its name when it is whole."""
    if path is None:
        if sys.stdout is None:
            raise UserError("standard output is closed: name a file with --out")
        yield sys.stdout
        return
    partial: Path | None = None
    try:
        if path.is_dir():
            raise UserError(f"{path}: cannot be written (it is a folder)")
        # A link, a device or a pipe is written through; another file in its place would be read by nobody.
        if path.is_symlink() or (path.exists() and not path.is_file()):
            with path.open("w", encoding="utf-8") as file:
                yield file
            return
        partial = unfinished(path)
        with partial.open("w", encoding="utf-8") as file:
            yield file
        partial.replace(path)
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror})") from error
    finally:
        if partial:
            with suppress(OSError):
                partial.unlink(missing_ok=True)


def _left_to_main(failure: threading.ExceptHookArgs) -> None:
    """Say nothing of a full disk in TensorBoard's thread, which hands the error on to the main one."""
    if failure.exc_type is None or not issubclass(failure.exc_type, OSError):
        threading.__excepthook__(failure)


def guarded(command: Callable[[], object]) -> int:
    """Run a command and say what went wrong; return the exit code, as `cli.py` lists them."""
    if sys.stderr is None:  # closed
        sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115  to the end
    for stream in (sys.stdout, sys.stderr):
        # Whatever the locale says, text is UTF-8, and no answer fails for want of a character.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    threading.excepthook = _left_to_main
    try:
        try:
            command()
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()
    except UserError as error:
        return _told(str(error))
    except UnicodeEncodeError as error:
        return _told(f"a name, of a file or a folder, is not UTF-8; rename it ({error.reason})")
    except KeyboardInterrupt:
        _say("interrupted")
        return 130
    except BrokenPipeError:
        _drop_output()
        return 1
    except PermissionError as error:
        return _told(f"{error.filename or 'a stream'}: no permission; see `ls -l` and chmod")
    except OSError as error:
        # Files have names; without one it is a stream.
        if error.filename is not None or error.errno not in FULL:
            raise
        _drop_output()
        return _told(f"standard output cannot be written ({error.strerror}); what is missing is lost")
    except (MemoryError, RuntimeError) as error:
        told = _of_the_machine(error)
        if not told:
            raise
        return _told(told)
    return 0


def _of_the_machine(error: MemoryError | RuntimeError) -> str:
    """What to say of a machine that is too small, or of a GPU that fails; empty for other errors."""
    first = str(error).partition("\n")[0]
    if isinstance(error, MemoryError) or any(words in first for words in NO_MEMORY):
        return "memory ran out; close other programs, or give a new run a lower training.batch_tokens or model.hidden"
    # PyTorch has types for some of these only.  A failed assertion is a bug of ours.
    if ("CUDA" in first or "cuDNN" in first) and "assert" not in first:
        again = "a training goes on from its last checkpoint with the same command, or SET=training.device=cpu"
        return f"the GPU failed ({first}); {again}"
    return ""


def _told(error: str) -> int:
    """Say what is the user's to mend, in one line."""
    _say(f"error: {printable(error)}")
    return 2


def printable(text: str) -> str:
    """The text in one line: names of files may have line breaks, or letters that the terminal takes for orders."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def _say(line: str) -> None:
    """Write a line to standard error, unless the terminal was closed."""
    with suppress(OSError):
        print(line, file=sys.stderr)


def _drop_output() -> None:
    """Forget what is in the buffer; writing it at exit would complain again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
