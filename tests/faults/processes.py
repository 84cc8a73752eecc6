"""The command `seq2seq` in processes that die: forked from one that has imported everything, so that each costs little.

What is forked has started no thread.  A child runs the command's own entry point; nothing of the product knows that it
is under test.  Where it dies at a change of the file system, Python's audit events tell of the changes.
"""

import importlib
import os
import re
import resource
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data_prep.files import write_whole

CHANGES = {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "shutil.rmtree"}
WRITING = os.O_WRONLY | os.O_RDWR
LAST_WORDS, LIVED = "killed at: ", "changes lived through: "
LIMIT = 120.0
"""Seconds after which a process hangs."""


@dataclass(frozen=True)
class Ended:
    """How a process ended."""

    code: int
    """Exit code, or the negative number of the signal."""
    said: str
    """Standard output and error."""
    seconds: float

    @property
    def killed(self) -> bool:
        return self.code == -signal.SIGKILL

    @property
    def killed_at(self) -> str:
        """The change of the file system that it died at, if it did."""
        _, found, rest = self.said.rpartition(LAST_WORDS)
        return rest.splitlines()[0] if found else ""

    @property
    def changes(self) -> int:
        """Changes of the file system that it lived through, if it was to die at a later one."""
        return int(self.said.rpartition(LIVED)[2].split()[0])

    @property
    def error(self) -> str:
        """The one line of an error of the user's; empty if it did not end with exactly that."""
        lines = [line for line in self.said.splitlines() if line.startswith("error: ")]
        return lines[0] if self.code == 2 and len(lines) == 1 and "Traceback" not in self.said else ""


def run(
    arguments: Sequence[str],
    folder: Path,
    *,
    kill_after: float | None = None,
    before: Callable[[], Callable[[], None]] = lambda: _nothing,
) -> Ended:
    """Run `seq2seq` with arguments in a folder; kill it after so many seconds.

    `before` is called in the process, and what it returns when the command has ended.
    """
    output = folder / "said.txt"
    begun = time.monotonic()
    child = os.fork()
    if child == 0:
        _command(arguments, folder, output, before)
    deadline = begun + (LIMIT if kill_after is None else kill_after)
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            break
        if time.monotonic() >= deadline:
            os.kill(child, signal.SIGKILL)
            _, status = os.waitpid(child, 0)
            break
        time.sleep(0.001)
    seconds = time.monotonic() - begun
    assert seconds < LIMIT, f"{arguments} hangs"
    code = os.waitstatus_to_exitcode(status)
    return Ended(code, output.read_text(encoding="utf-8", errors="replace"), seconds)


def _nothing() -> None:
    pass


def _command(arguments: Sequence[str], folder: Path, output: Path, before: Callable[[], Callable[[], None]]) -> None:
    code, after = 1, _nothing
    try:
        os.chdir(folder)
        handle = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for stream in (1, 2):
            os.dup2(handle, stream)
        from seq2seq.cli import main

        after = before()
        main(arguments)
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        after()
        for stream in filter(None, (sys.stdout, sys.stderr)):
            stream.flush()
        os._exit(code)


def _opened(descriptor: int) -> Path:
    return Path(f"/proc/self/fd/{descriptor}").readlink()


def die_at(change: int, within: Path, torn: float, only: str = "") -> Callable[[], Callable[[], None]]:
    """Die at one change of the file system under a folder, counted from 0; of tensors, with a share of them written.

    With `only`, changes are counted whose path has this pattern.
    """

    def install() -> Callable[[], None]:
        import safetensors.torch

        from seq2seq import checkpoint

        seen = 0

        def note(event: str, path: Any) -> bool:
            nonlocal seen
            if not str(path).startswith(str(within)) or not re.search(only, str(path)):
                return False
            seen += 1
            if seen - 1 == change:
                os.write(2, f"\n{LAST_WORDS}{event} {path}\n".encode())
                return True
            return False

        def die() -> None:
            os.kill(os.getpid(), signal.SIGKILL)

        def audit(event: str, details: tuple[Any, ...]) -> None:
            if event not in CHANGES or (event == "open" and not details[2] & WRITING):
                return
            # Of a renaming, the new name tells where it is; what is removed with its folder is named within that.
            path = os.fsdecode(details[1 if event == "os.rename" else 0])
            inside = event in ("os.remove", "os.rmdir") and details[1] >= 0
            if note(event, Path(_opened(details[1]) if inside else ".", path).absolute()):
                die()

        fsync, save_file = os.fsync, safetensors.torch.save_file

        def dying_fsync(descriptor: int) -> None:
            if note("fsync", _opened(descriptor)):
                die()
            fsync(descriptor)

        def dying_save(tensors: Any, path: Path) -> None:
            dies = note("save_file", path.absolute())
            save_file(tensors, path)
            if dies:
                os.truncate(path, int(torn * path.stat().st_size))
                die()

        setattr(os, "fsync", dying_fsync)  # noqa: B010
        setattr(checkpoint, "save_file", dying_save)  # noqa: B010
        sys.addaudithook(audit)
        return lambda: print(f"\n{LIVED}{seen}", file=sys.stderr)

    return install


def limit_file_size(size: int) -> Callable[[], Callable[[], None]]:
    """No file may grow beyond so many bytes: what a full disk does, without a disk."""

    def install() -> Callable[[], None]:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
        return _nothing

    return install


def warm_up() -> None:
    """Import what the commands import, and make what they make that is kept in memory, without starting a thread."""
    import pyarrow
    import torch

    for module in ("torch.utils.tensorboard.writer", "data_prep.cli", "seq2seq.assessment", "seq2seq.training"):
        importlib.import_module(module)
    from seq2seq import reporting
    from seq2seq.config import Decoding
    from seq2seq.translator import Translator
    from tests.toys import letter_subwords, network

    torch.set_num_threads(1)
    subwords, device = letter_subwords(), torch.device("cpu")
    Translator(network(size=subwords.source_size), subwords, Decoding(), device)
    pyarrow.array([[1]]).offsets.to_numpy()
    # Half of the time would go into pictures.
    setattr(reporting, "learning_curve", lambda metrics, path: write_whole(path, b""))  # noqa: B010
    assert threading.active_count() == 1
