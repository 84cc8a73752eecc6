"""Each measurement in a process of its own, so that its memory is its own and none warms up another."""

import multiprocessing
import resource
import signal
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import ParamSpec, TypeVar

Figures = dict[str, float | int | str]
"""What was measured: flat keys, the unit last."""

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def in_own_process(
    function: Callable[Arguments, Result], *arguments: Arguments.args, **named: Arguments.kwargs
) -> Result:
    """What a function that can be imported returns, or raises, in a new process."""
    # A child that Ctrl-C ends at once leaves no traceback; this process says what is to be said.
    with ProcessPoolExecutor(
        1, multiprocessing.get_context("spawn"), initializer=signal.signal, initargs=(signal.SIGINT, signal.SIG_DFL)
    ) as pool:
        return pool.submit(function, *arguments, **named).result()


def peak_mib() -> float:
    """Greatest resident memory of this process so far, in MiB."""
    try:
        # Not getrusage where it can be helped: on Linux it counts the memory of the process that started this one.
        status = Path("/proc/self/status").read_text(encoding="utf-8")
        return int(status.partition("VmHWM:")[2].split()[0]) / 1024
    except (OSError, IndexError):
        unit = 2**20 if sys.platform == "darwin" else 2**10
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def say(message: str) -> None:
    """Show progress."""
    print(message, file=sys.stderr, flush=True)
