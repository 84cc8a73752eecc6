"""Threads for whole pieces of work, and the processor threads that each of them uses."""

import threading
from contextlib import closing

import pytest
import torch

from seq2seq.threads import Workers

pytestmark = pytest.mark.usefixtures("same_threads_after")


def threads_used(_: object = None) -> int:
    """Processor threads of the operations of the thread that asks, by its own account and by OpenMP's."""
    torch.ones(3, 3) @ torch.ones(3, 3)
    account = dict(
        line.strip().split(" : ") for line in torch.__config__.parallel_info().splitlines() if "max_threads()" in line
    )
    if "omp_get_max_threads()" in account:
        assert int(account["omp_get_max_threads()"]) == torch.get_num_threads()
    return torch.get_num_threads()


@pytest.mark.parametrize("each", [1, 2, 3])
def test_work_uses_the_threads_asked_for_and_the_caller_s_number_stays(each: int) -> None:
    before = threads_used()
    with closing(Workers(3, each)) as pool:
        assert list(pool.map(threads_used, range(9))) == [each] * 9
        assert threads_used() == before
    assert threads_used() == before


def test_two_kinds_of_workers_do_not_disturb_each_other() -> None:
    with closing(Workers(2, 3)) as many, closing(Workers(2)) as single:
        for _ in range(3):
            assert list(many.map(threads_used, range(4))) == [3] * 4
            assert list(single.map(threads_used, range(4))) == [1] * 4


def test_the_number_stays_of_a_caller_that_has_computed_nothing_yet() -> None:
    """PyTorch lets a thread's first operation take over the number that was set last anywhere."""
    seen: list[int] = []

    def caller() -> None:
        torch.set_num_threads(2)
        with closing(Workers(1, 3)) as pool:
            seen.extend(pool.map(threads_used, range(1)))
        seen.append(threads_used())

    thread = threading.Thread(target=caller)
    thread.start()
    thread.join()
    assert seen == [3, 2]


def test_a_number_that_others_set_meanwhile_does_not_last() -> None:
    with closing(Workers(1)) as pool:
        assert list(pool.map(threads_used, range(2))) == [1, 1]
        list(pool.map(torch.set_num_threads, [3]))
        assert list(pool.map(threads_used, range(2))) == [1, 1]


def test_answers_come_in_order_errors_come_through_and_close_ends_the_threads() -> None:
    pool = Workers(3)
    assert list(pool.map(lambda i: i * i, range(50))) == [i * i for i in range(50)]
    with pytest.raises(ZeroDivisionError):
        list(pool.map(lambda i: 1 / (i - 1), range(3)))
    workers = set(pool.map(lambda _: threading.current_thread(), range(9)))
    assert threading.current_thread() not in workers
    assert all(worker.is_alive() for worker in workers)
    pool.close()
    assert not any(worker.is_alive() for worker in workers)


def test_there_are_as_many_as_asked_for_side_by_side() -> None:
    # Each waits for the others: with fewer threads none would come through.
    meeting = threading.Barrier(3)
    with closing(Workers(3)) as pool:
        assert len(set(pool.map(lambda _: meeting.wait(timeout=30), range(3)))) == 3
