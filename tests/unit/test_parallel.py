import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from textwrap import indent

import pytest

from data_prep.errors import UserError
from data_prep.parallel import available_cores, ordered_map


@pytest.mark.parametrize(("processes", "head_start"), [(1, 0), (2, 0), (2, 5), (2, 1000)])
def test_results_come_in_order(processes: int, head_start: int) -> None:
    assert list(ordered_map(math.isqrt, range(200), processes, head_start)) == list(map(math.isqrt, range(200)))


@pytest.mark.parametrize("processes", [1, 2])
def test_no_items_no_results(processes: int) -> None:
    assert list(ordered_map(math.isqrt, [], processes, 0)) == []


def test_only_a_few_items_are_read_ahead() -> None:
    read = []

    def items() -> Iterator[int]:
        for i in range(100):
            read.append(i)
            yield i

    results = ordered_map(math.isqrt, items(), 2, 0)
    next(results)
    assert len(read) < 10
    results.close()  # type: ignore[attr-defined]


def test_an_error_in_another_process_is_raised_here() -> None:
    with pytest.raises(ValueError, match="nonnegative"):
        list(ordered_map(math.isqrt, [4, -1, 9], 2, 0))


def test_a_stopped_process_is_told_in_one_line() -> None:
    with pytest.raises(UserError, match="a helper process was stopped from outside"):
        list(ordered_map(os._exit, [1], 2, 0))


def test_available_cores() -> None:
    assert 1 <= available_cores() <= (os.cpu_count() or 1)


PREPARING = """
from data_prep.parallel import ordered_map
results = ordered_map(abs, range(99), 2, 0)
next(results)
"""
LESSON = """
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from seq2seq.lesson.runner import _begin
from seq2seq.lesson.section import Keep
context, keep = multiprocessing.get_context("spawn"), Keep(Path("."), False)
pool = ProcessPoolExecutor(2, context, initializer=_begin, initargs=(keep,))
waiting = [pool.submit(time.sleep, seconds) for seconds in (0, 60, 60)]
waiting[0].result()
"""


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="asks /proc which processes run")
@pytest.mark.parametrize("work", [PREPARING, LESSON])
def test_helpers_end_with_a_killed_parent(work: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = "print(*(p.pid for p in multiprocessing.active_children()), flush=True); time.sleep(60)"
    code = f"import multiprocessing, time\nif __name__ == '__main__':\n{indent(work + told, '    ')}\n"
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    monkeypatch.chdir(tmp_path)
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    helpers = [int(pid) for pid in parent.stdout.readline().split()]
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    assert len(helpers) == 2
    give_up = time.monotonic() + 20
    while any(map(is_running, helpers)) and time.monotonic() < give_up:
        time.sleep(0.05)
    assert not any(map(is_running, helpers))


def is_running(pid: int) -> bool:
    """Whether a process is there and not merely waiting to be collected by its new parent."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
