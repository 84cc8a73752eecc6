"""`seq2seq lesson` as a command: Ctrl-C ends it, with all of its workers, and the same command goes on."""

import os
import signal
import subprocess
import sys
from pathlib import Path

QUICK = 3
"""Parts that are done in seconds; the fourth, the sentences of the memory probe, takes longer."""


def begin(folder: Path) -> subprocess.Popen[str]:
    """The lesson as a process, in a group of its own."""
    program = str(Path(sys.executable).with_name("seq2seq"))
    command = [program, "lesson", "--docs", str(folder / "docs"), "--work", str(folder / "work")]
    return subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # What a shell runs in the background is told to ignore Ctrl-C, and so would be all that it begins.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def interrupt(process: subprocess.Popen[str]) -> list[str]:
    """Press Ctrl-C when the quick parts are done, wait for the end, and return what was done."""
    assert process.stderr is not None
    done = [" ".join(line.split()[2:]) for _, line in zip(range(QUICK), process.stderr, strict=False)]
    # The command alone is told, none of its workers.
    process.send_signal(signal.SIGINT)
    # What is said ends, and with it the command, when nobody is left who could say anything.
    try:
        process.communicate(timeout=300)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    return sorted(done)


def test_ctrl_c_ends_a_lesson_and_the_same_command_goes_on(tmp_path: Path) -> None:
    for _ in range(2):
        process = begin(tmp_path)
        assert interrupt(process) == [f"{name} preparation" for name in ("lags", "letters", "translators")]
        assert process.returncode == 130
        # A worker that had been left alone would have finished it.
        assert not (tmp_path / "work" / "data-small" / "memory").exists()
    assert not (tmp_path / "docs" / "lesson.md").exists()
