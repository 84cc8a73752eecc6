"""A function over a stream of items: in order, in bounded memory, by several processes where that pays."""

import itertools
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from data_prep.errors import UserError

Item = TypeVar("Item")
Result = TypeVar("Result")

# Items done in this process before any other is started: starting them takes a second or two, in which some
# hundred thousand pairs are done.
HEAD_START = 24


def available_cores() -> int:
    """Cores that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def ordered_map(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    processes: int,
    head_start: int = HEAD_START,
) -> Iterator[Result]:
    """Yield `function(item)` for each item, in order; never more than a few items are held.

    `function` must be one that other processes can import.  Raises UserError if a process is stopped from
    outside.
    """
    items = iter(items)
    yield from map(function, itertools.islice(items, head_start) if processes > 1 else items)
    following = next(items, None)
    if following is None:
        return
    # Spawned, not forked: forking a process that has threads, as Arrow's, can hang.
    pool = ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"), initializer=_start_worker)
    waiting: deque[Future[Result]] = deque()
    try:
        for item in itertools.chain([following], items):
            waiting.append(pool.submit(function, item))
            if len(waiting) > 2 * processes:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BrokenProcessPool as error:
        raise UserError(
            "a helper process was stopped from outside, most likely because memory ran out; close other "
            "programs and run `make preprocess` again"
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _start_worker() -> None:
    """Leave Ctrl-C to the main process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()


def end_with_parent() -> None:
    """In a helper process: end with the process that started it, however that ends."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
