"""Disks that are full, file sizes that are limited, folders that are read-only: one line, exit code 2, nothing lost."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults import preparation
from tests.faults.processes import Ended, limit_file_size, run
from tests.faults.training import command, last_step, outcome


@dataclass
class Stops:
    """What came of a disk that is full or read-only."""

    stopped: int = 0
    """Commands that it stopped, with one line and exit code 2."""
    failures: list[str] = field(default_factory=list)

    def note(self, ended: Ended, again: Ended | None = None) -> None:
        """Count a command, and the same again with enough room."""
        if ended.error:
            self.stopped += 1
        else:
            self.failures.append(f"not stopped in one line: {ended.code} {ended.said[-800:]}")
        if again and again.code:
            self.failures.append(f"not resumed: {again.code} {again.said[-500:]}")


def limited(source: Path, prepared: Path, scratch: Path, sizes: int) -> Stops:
    """Limit the size of files to ever more, up to what is needed: each time one line, and afterwards the same end."""
    stops = Stops()
    whole = run(command(prepared, "whole"), scratch)
    assert whole.code == 0, whole.said
    corpus = run(preparation.command(source, "whole-data"), scratch)
    assert corpus.code == 0, corpus.said
    for kind, folder in (("training", "whole"), ("preparation", "whole-data")):
        largest = max(path.stat().st_size for path in (scratch / folder).rglob("*") if path.is_file())
        for number in range(sizes):
            small = scratch / "small"
            shutil.rmtree(small, ignore_errors=True)
            arguments = command(prepared, "small") if kind == "training" else preparation.command(source, "small")
            ended = run(arguments, scratch, before=limit_file_size(largest * (number + 1) // (sizes + 1)))
            again = run(arguments, scratch)
            stops.note(ended, again)
            if kind == "training" and outcome(small) != outcome(scratch / "whole"):
                stops.failures.append("training: another end after a limit of file sizes")
    return stops


def full(prepared: Path, scratch: Path, sizes: int) -> Stops | None:
    """Train on a small file system, which fills up; give it room; go on.  None where none can be mounted."""
    stops = Stops()
    whole = run(command(prepared, "whole"), scratch)
    assert whole.code == 0, whole.said
    needed = sum(path.stat().st_size for path in (scratch / "whole").rglob("*") if path.is_file())
    for number in range(sizes):
        with _mounted(scratch / "disk", needed * (number + 1) // (sizes + 1)) as there:
            if not there:
                return None
            arguments = command(prepared, "disk/run")
            ended = run(arguments, scratch)
            saved = last_step(scratch / "disk" / "run")
            _remount(scratch / "disk", f"size={4 * needed}")
            again = run(arguments, scratch)
            stops.note(ended, again)
            if saved and f"going on at step {saved}" not in again.said:
                stops.failures.append(f"step {saved} was saved, and not gone on from: {again.said[:300]}")
            if outcome(scratch / "disk" / "run") != outcome(scratch / "whole"):
                stops.failures.append("training: another end after a full disk")
    return stops


def read_only(source: Path, prepared: Path, scratch: Path) -> Stops | None:
    """Train and prepare on a read-only file system.  None where none can be mounted."""
    stops = Stops()
    with _mounted(scratch / "disk", 1 << 24) as there:
        if not there:
            return None
        commands = [command(prepared, "disk/run"), preparation.command(source, "disk/data")]
        for arguments in commands:
            assert run(arguments, scratch).code == 0
        _remount(scratch / "disk", "ro")
        # On what is there, with more to do; and on what is not.
        commands += [[*commands[0], "--set", "training.steps=99"], [*commands[1], "--set", "subwords.kind=char"]]
        commands += [[*commands[1], "--set", "cleaning.max_words=50"]]
        commands += [command(prepared, "disk/new"), preparation.command(source, "disk/new-data")]
        for arguments in commands[2:]:
            stops.note(run(arguments, scratch))
    return stops


@contextmanager
def _mounted(folder: Path, size: int) -> Iterator[bool]:
    """A file system in memory; yields whether there is one."""
    folder.mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(folder)]
    try:
        yield os.geteuid() == 0 and subprocess.run(mount, capture_output=True, check=False).returncode == 0
    finally:
        with suppress(OSError):
            subprocess.run(["umount", str(folder)], capture_output=True, check=False)


def _remount(folder: Path, option: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{option}", str(folder)], capture_output=True, check=True)
