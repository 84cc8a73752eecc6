"""`make soak`: the command behind `make translate`, fed for minutes on end.

Every line has a number, which passes through a translation unchanged, so that an answer tells which line it is of; some
lines are blank.  Where a translation is cut off at its limit before the number, nothing tells; these are counted.
Memory is what the system says is resident, and may not grow by more than 2 % after the warm-up.
Exit code 1 if a line is lost, out of order or wrongly blank, or if memory grows.
"""

import argparse
import itertools
import os
import random
import re
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from seq2seq.cli import latest_run
from seq2seq.streams import guarded
from tests.odd import WORDS

WARM_UP = 1 / 3
"""Share of the time."""
GROWTH = 0.02
FIRST = 1_000_000
"""Number of the first line: what a network makes up is shorter."""
NUMBER = re.compile(rf"\d{{{len(str(FIRST))}}}")
TOGETHER = 5000
"""Lines that are on their way at most, more than the command reads before it answers."""


@dataclass
class Soak:
    """What came of it."""

    seconds: float = 0.0
    asked: int = 0
    """Lines that it was fed with."""
    lines: int = 0
    """Lines that it answered."""
    unnumbered: int = 0
    """Of these, not blank and without a number."""
    wrong: list[str] = field(default_factory=list)
    """Answers that are not of their lines."""
    memory: list[tuple[float, int]] = field(default_factory=list)
    """Seconds since the start, and bytes that were resident."""
    code: int = 0

    def growth(self) -> tuple[float, int, float]:
        """Memory after the warm-up, the most of it from then on, and the share by which it grows.

        Medians of the first and the last quarter of the time after the warm-up: within a batch it goes up and down.
        """
        warm = [size for seconds, size in self.memory if seconds >= WARM_UP * self.seconds] or [1]
        few = max(1, len(warm) // 4)
        first, last = statistics.median(warm[:few]), statistics.median(warm[-few:])
        return first, max(warm), last / first - 1


def written(seed: int) -> Iterator[str]:
    """Endless lines, of one to forty words and a number, or blank."""
    draw = random.Random(seed)
    for number in itertools.count(FIRST):
        words = " ".join(draw.choices(WORDS, k=draw.choice((1, 3, 5, 8, 12, 20, 40))))
        yield "" if draw.random() < 0.05 else f"{words} {number}."


def is_of(line: str, answer: str) -> bool:
    """Whether an answer can be of a line: it is blank if the line is, and has no other line's number."""
    if not line or not answer:
        return line == answer
    numbers = NUMBER.findall(answer)
    return not numbers or NUMBER.findall(line)[0] in numbers


def resident(process: int) -> int:
    """Bytes of a process's memory that are resident, 0 where the system does not tell."""
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1])
    except (OSError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def soak(run: Path, minutes: float, seed: int) -> Soak:
    """Feed the command for so many minutes, and compare what it answers."""
    found, begun = Soak(), time.monotonic()
    command = [str(Path(sys.executable).with_name("seq2seq")), "translate", "--run", str(run), "--no-language-check"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8")
    assert process.stdin
    assert process.stdout
    room, ended = threading.Semaphore(TOGETHER), threading.Event()

    def feed(to: IO[str]) -> None:
        for line in written(seed):
            room.acquire()
            if ended.is_set() or time.monotonic() - begun > 60 * minutes:
                break
            to.write(line + "\n")
            found.asked += 1
        to.close()

    def watch() -> None:
        while not ended.wait(1.0):
            if size := resident(process.pid):
                found.memory.append((time.monotonic() - begun, size))

    threads = [threading.Thread(target=feed, args=(process.stdin,)), threading.Thread(target=watch)]
    for thread in threads:
        thread.start()
    for line, answer in zip(written(seed), process.stdout, strict=False):
        room.release()
        found.lines += 1
        found.unnumbered += bool(line and not NUMBER.search(answer))
        if not is_of(line, answer.rstrip("\n")):
            found.wrong.append(f"line {found.lines}: {line!r} → {answer!r}")
    found.seconds = time.monotonic() - begun
    found.code = process.wait()
    ended.set()
    room.release()
    for thread in threads:
        thread.join()
    return found


def main() -> int:
    """Soak, and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, help="folder of the run; without it, the run trained last")
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    run = asked.run or latest_run()
    found = soak(run, asked.minutes, asked.seed)
    first, most, growth = found.growth()
    print(
        f"{run}: {found.lines:,} lines in {found.seconds / 60:.1f} minutes, {found.lines / found.seconds:,.0f} a "
        f"second, {len(found.wrong)} not answered in order, {found.unnumbered} cut off before their number; memory "
        f"{first / 1e6:.0f} MB after the warm-up, at most {most / 1e6:.0f} MB, {100 * growth:+.1f} %"
    )
    for wrong in found.wrong[:5]:
        print(f"FAILED {wrong}", file=sys.stderr)
    if lost := found.asked - found.lines:
        print(f"FAILED {lost:,} lines have no answer", file=sys.stderr)
    return int(bool(found.wrong or lost or found.code or growth > GROWTH))


if __name__ == "__main__":
    sys.exit(guarded(lambda: sys.exit(main())))
