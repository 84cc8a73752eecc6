"""Threads that each do a whole piece of work, in place of many that share every small operation."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

In = TypeVar("In")
Out = TypeVar("Out")


class Workers:
    """Threads that work side by side: PyTorch lets others run while it computes."""

    def __init__(self, count: int, threads_each: int = 1) -> None:
        """`count` threads, in which an operation of PyTorch uses `threads_each` of the processor's."""
        # A thread's number is settled when it is first asked for; before, it is whatever was last set in any thread.
        torch.get_num_threads()
        self.count = count
        self._pool = ThreadPoolExecutor(count)
        self._threads_each = threads_each

    def map(self, function: Callable[[In], Out], items: Iterable[In]) -> Iterator[Out]:
        """The function of each item, begun at once and in order."""

        def run(item: In) -> Out:
            # Each time: the mathematics library has one number for all threads, which others may have changed.
            torch.get_num_threads()
            torch.set_num_threads(self._threads_each)
            return function(item)

        return self._pool.map(run, items)

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown()
