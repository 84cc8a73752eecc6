"""Time during which this process ran; time during which it was stopped does not count."""

import threading
import time

BEAT = 0.25
"""Seconds between two readings of the clock."""
STOPPED = 1.0
"""Seconds between two readings from which on the process may have been stopped."""
IDLE = 0.5
"""Processor time, as a share of the time between two readings, below which the process was stopped."""


class RunningClock:
    """Seconds that the process has run.

    `SIGSTOP` and Ctrl-Z stop a process without telling it.  A thread reads the clock several times a second: if it
    could not for long, and the process computed nothing meanwhile, the process was stopped.
    """

    def __init__(self, seconds: float = 0.0) -> None:
        """Start at so many seconds."""
        self._seconds = seconds
        self._read, self._used = time.monotonic(), time.process_time()
        self._lock, self._closed = threading.Lock(), threading.Event()
        self._thread = threading.Thread(target=self._beat, name="clock", daemon=True)
        self._thread.start()

    def seconds(self) -> float:
        """Seconds until now."""
        with self._lock:
            now, used = time.monotonic(), time.process_time()
            passed, busy = now - self._read, used - self._used
            stopped = passed > STOPPED and busy < IDLE * passed
            # The process ran for a beat at most before it was stopped.
            self._seconds += min(passed, BEAT) if stopped else passed
            self._read, self._used = now, used
            return self._seconds

    def close(self) -> None:
        """End the thread."""
        self._closed.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._closed.wait(BEAT):
            self.seconds()
