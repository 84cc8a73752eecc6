"""Threads that each do a whole piece of work, in place of many that share every small operation."""

from concurrent.futures import ThreadPoolExecutor

import torch


def worker_threads(count: int, threads_each: int = 1) -> ThreadPoolExecutor:
    """Threads whose PyTorch operations use `threads_each` processor threads.

    PyTorch lets others run while it computes, so on a processor these work side by side.
    """
    return ThreadPoolExecutor(count, initializer=lambda: torch.set_num_threads(threads_each))
