"""Rate and memory of data preparation: `python -m tests.benchmarks.preparation [--corpus FOLDER] [--lines 1 5]`.

Rate: pairs a second a core on a real corpus, in one process, without subword training: the median of three.
Memory: the greatest resident memory of a whole preparation, helper processes included, for each number of
million lines, made of the corpus by repetition with a changing number.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from data_prep import stages
from data_prep.cli import preprocess
from data_prep.report import Silent
from data_prep.settings import Preparation
from data_prep.sources import Chunk, open_source

SENTENCES = 20_000  # for subword training, which is not measured here


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--corpus", default="../shared/corpora/tatoeba-en-fr")
    parser.add_argument("--lines", type=float, nargs="*", default=[1, 5], help="millions")
    parser.add_argument("--prepare", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.prepare:
        settings = Preparation.model_validate({"subwords": {"sentences": SENTENCES}})
        preprocess(str(arguments.prepare / "lines"), ("en", "fr"), arguments.prepare / "out", settings)
        return
    with tempfile.TemporaryDirectory() as folder:
        rates = sorted(measure_rate(arguments.corpus, Path(folder)) for _ in range(3))
    print(f"pairs a second a core: {statistics.median(rates):,.0f} (of {', '.join(f'{r:,.0f}' for r in rates)})")
    for millions in arguments.lines:
        with tempfile.TemporaryDirectory() as folder:
            lines = write_lines(arguments.corpus, Path(folder), int(millions * 1e6))
            start = time.monotonic()
            main_mib, all_mib = measure_memory(Path(folder))
            seconds = time.monotonic() - start
        print(f"{lines:,} lines: {main_mib:,.0f} MiB in the main process, {all_mib:,.0f} MiB in all, {seconds:.0f} s")


def measure_rate(corpus: str, folder: Path) -> float:
    """Pairs a second of processor time: read, clean, remove duplicates, split, encode, write."""
    source = open_source(corpus, ("en", "fr"))
    chunks = list(source.chunks("train", 10_000))
    settings = Preparation.model_validate({"subwords": {"sentences": SENTENCES}})
    clean = stages.write_text(source, settings, folder / "text", Silent(), 1)
    train, pairs = folder / "text" / "train.arrow", clean["train"].pairs
    subwords = stages.write_subwords(train, pairs, settings.subwords, folder, Silent())
    start = time.process_time()
    stages.write_text(source, settings, folder / "text", Silent(), 1)
    stages.write_split("train", train, pairs, subwords, folder, Silent(), 1)
    return sum(len(chunk.sources) for chunk in chunks) / (time.process_time() - start)


def numbered(corpus: str) -> Iterator[tuple[str, str]]:
    """The pairs of a corpus again and again, each time with another number."""
    chunks: list[Chunk] = list(open_source(corpus, ("en", "fr")).chunks("train"))
    number = 0
    while True:
        for chunk in chunks:
            for source, target in zip(chunk.sources, chunk.targets, strict=True):
                number += 1
                yield f"{number} {source}", f"{number} {target}"


def write_lines(corpus: str, folder: Path, count: int) -> int:
    """Write a pair of text files; return the number of lines."""
    with (folder / "lines.en").open("w") as english, (folder / "lines.fr").open("w") as french:
        for _, (source, target) in zip(range(count), numbered(corpus), strict=False):
            english.write(source + "\n")
            french.write(target + "\n")
    return count


def measure_memory(folder: Path) -> tuple[float, float]:
    """Peak resident memory in MiB of a preparation in a process of its own: of that process, and with helpers."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.preparation", "--prepare", str(folder)], stderr=subprocess.DEVNULL
    )
    peaks = [0.0, 0.0]
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.1):
            own = resident(process.pid)
            peaks[0] = max(peaks[0], own)
            peaks[1] = max(peaks[1], own + sum(resident(pid) for pid in children(process.pid)))

    thread = threading.Thread(target=watch)
    thread.start()
    status = process.wait()
    done.set()
    thread.join()
    if status:
        raise SystemExit(f"the preparation ended with {status}")
    return peaks[0], peaks[1]


def resident(pid: int) -> float:
    """Resident memory of a process in MiB; 0 when it is gone."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    except (OSError, IndexError):
        return 0


def children(pid: int) -> list[int]:
    """Processes that a process has started, from any of its threads."""
    found: list[int] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += map(int, path.read_text().split())
        except OSError:
            continue
    return found


if __name__ == "__main__":
    main()
