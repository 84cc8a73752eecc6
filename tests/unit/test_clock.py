"""Time during which a process is stopped does not count; time without progress does."""

import threading
from collections.abc import Callable
from contextlib import closing
from types import SimpleNamespace

import pytest

from seq2seq import clock
from seq2seq.clock import BEAT, RunningClock


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> Callable[[float, float], None]:
    """Let so many seconds pass, with so many of processor time; nothing reads the clock meanwhile."""
    now, used = [100.0], [5.0]
    monkeypatch.setattr(clock, "time", SimpleNamespace(monotonic=lambda: now[0], process_time=lambda: used[0]))
    monkeypatch.setattr(threading.Thread, "start", lambda thread: None)

    def passed(seconds: float, computed: float) -> None:
        now[0] += seconds
        used[0] += computed

    return passed


def test_a_stop_does_not_count(passes: Callable[[float, float], None]) -> None:
    running = RunningClock(50.0)
    assert running.seconds() == 50.0
    passes(0.9, 0.0)  # it waits, such as for a disk
    assert running.seconds() == pytest.approx(50.9)
    passes(3.0, 2.9)  # nobody could read the clock, but it computes
    assert running.seconds() == pytest.approx(53.9)
    passes(0.1, 0.2)
    passes(3600.0, 0.0)  # stopped
    passes(0.1, 0.2)
    assert running.seconds() == pytest.approx(53.9 + BEAT)
    passes(0.5, 0.5)
    assert running.seconds() == pytest.approx(54.4 + BEAT)


def test_a_thread_reads_the_clock_until_it_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    read = threading.Semaphore(0)
    monkeypatch.setattr(RunningClock, "seconds", lambda clock: read.release())
    before = threading.active_count()
    with closing(RunningClock()):
        assert read.acquire(timeout=60)
        assert read.acquire(timeout=60)
    assert threading.active_count() == before
