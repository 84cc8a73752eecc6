"""Signals that ask a run to save and end."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Ctrl-C, a request to end, and the end of the terminal."""


@contextmanager
def interrupt_flag() -> Iterator[list[int]]:
    """A list that is no longer empty after one of STOPPING.

    A second Ctrl-C interrupts at once.  A signal that whoever started the process had it ignore, as `nohup` does,
    stays ignored.
    """
    received: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        received.append(number)
        if signal.SIGINT in heard:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    if threading.current_thread() is not threading.main_thread():
        # Only the main thread may listen to signals; elsewhere whoever started the thread does.
        yield received
        return
    heard = [number for number in STOPPING if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, note) for number in heard}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
