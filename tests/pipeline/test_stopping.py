"""A training in a terminal: stopped for a while, continued, and saved when the terminal is closed."""

import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from seq2seq.checkpoint import find_checkpoint, read_state
from seq2seq.reporting import read_metrics
from tests.toys import task, write_corpus

pytestmark = pytest.mark.pipeline

IN_TERMINAL = (
    "import os, sys; os.login_tty(int(sys.argv[1])); os.execv(sys.executable, [sys.executable, *sys.argv[2:]])"
)
TRAINING = """
import sys
from pathlib import Path
from data_prep.corpus import Corpus
from seq2seq.streams import guarded
from seq2seq.training import train
from tests.toys import config

corpus, run = sys.argv[1:]
endless = config(steps=10**6, validate_steps=10**6)
sys.exit(guarded(lambda: train(Corpus(Path(corpus)), endless, Path(run))))
"""
STOPPED = 4.0


def wait_for_rows(run: Path, count: int, terminal: int) -> list[dict[str, Any]]:
    """The rows of a run's metrics, once there are more than `count`; meanwhile what the terminal shows is read."""
    os.set_blocking(terminal, False)
    said = b""
    for _ in range(6000):
        if len(rows := read_metrics(run)) > count:
            return rows
        time.sleep(0.01)
        try:
            said += os.read(terminal, 1 << 16)
        except BlockingIOError:
            continue
        except OSError:
            break
    raise AssertionError(said.decode(errors="replace"))


def test_a_stop_is_no_training_time_and_a_closed_terminal_ends_with_a_save(tmp_path: Path) -> None:
    write_corpus(tmp_path / "corpus", task(str))
    run = tmp_path / "run"
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", IN_TERMINAL, str(theirs), "-c", TRAINING, str(tmp_path / "corpus"), str(run)]
    process = subprocess.Popen(command, pass_fds=(theirs,), cwd=Path(__file__).parents[2])
    os.close(theirs)
    try:
        rows = wait_for_rows(run, 0, ours)
        begun = time.monotonic()
        process.send_signal(signal.SIGSTOP)
        time.sleep(STOPPED)
        process.send_signal(signal.SIGCONT)
        wait_for_rows(run, len(rows), ours)
        os.close(ours)
        code, passed = process.wait(60), time.monotonic() - begun
    finally:
        process.kill()
        process.wait()
    assert code == 130
    state = read_state(find_checkpoint(run, "last"))
    assert state.step > rows[-1]["step"]
    assert state.seconds - rows[-1]["seconds"] < passed - STOPPED / 2
