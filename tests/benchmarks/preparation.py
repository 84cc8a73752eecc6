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
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path

from data_prep import stages
from data_prep.cli import preprocess
from data_prep.corpus import Corpus
from data_prep.report import Silent
from data_prep.settings import Preparation
from data_prep.sources import open_source
from tests.benchmarks.processes import Figures

# Few sentences for subword training, which is not measured here.
SETTINGS = Preparation.model_validate({"subwords": {"sentences": 20_000}})
LINES = 200_000
"""Lines that `make bench` prepares."""


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--corpus", default="../shared/corpora/tatoeba-en-fr")
    parser.add_argument("--lines", type=float, nargs="*", default=[1, 5], help="millions")
    parser.add_argument("--prepare", nargs=3, metavar=("FOLDER", "SOURCE", "TARGET"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.prepare:
        folder, *languages = arguments.prepare
        preprocess(str(Path(folder, "lines")), (languages[0], languages[1]), Path(folder, "out"), SETTINGS)
        return
    languages = ("en", "fr")
    with tempfile.TemporaryDirectory() as folder:
        rates = sorted(measure_rate(arguments.corpus, languages, Path(folder)) for _ in range(3))
    print(f"pairs a second a core: {statistics.median(rates):,.0f} (of {', '.join(f'{r:,.0f}' for r in rates)})")
    pairs = [
        pair
        for chunk in open_source(arguments.corpus, languages).chunks("train")
        for pair in zip(chunk.sources, chunk.targets, strict=True)
    ]
    for millions in arguments.lines:
        with tempfile.TemporaryDirectory() as folder:
            lines = write_lines(pairs, languages, Path(folder), int(millions * 1e6))
            start = time.monotonic()
            main_mib, all_mib = measure_memory(Path(folder), languages)
            seconds = time.monotonic() - start
        print(f"{lines:,} lines: {main_mib:,.0f} MiB in the main process, {all_mib:,.0f} MiB in all, {seconds:.0f} s")


def measure(prepared: Path, lines: int = LINES) -> Figures:
    """Rate and memory with text files of so many lines, made of a prepared corpus."""
    corpus = Corpus(prepared)
    split = corpus.split("train")
    pairs = list(zip(*split.texts(range(min(len(split), lines))), strict=True))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_lines(pairs, corpus.languages, folder, lines)
        _, peak_mib = measure_memory(folder, corpus.languages)
        rate = measure_rate(str(folder / "lines"), corpus.languages, folder)
    figures: Figures = {"prepare.pairs_per_second_per_core": rate, "prepare.lines": lines}
    if peak_mib:  # only where there is /proc
        figures["prepare.peak_memory_mib"] = peak_mib
    return figures


def measure_rate(corpus: str, languages: tuple[str, str], folder: Path) -> float:
    """Pairs a second of processor time: read, clean, remove duplicates, split, encode, write."""
    source = open_source(corpus, languages)
    count = sum(len(chunk.sources) for chunk in source.chunks("train", 10_000))
    clean = stages.write_text(source, SETTINGS, folder / "text", Silent(), 1)
    train, pairs = folder / "text" / "train.arrow", clean["train"].pairs
    subwords = stages.write_subwords(train, pairs, SETTINGS.subwords, folder, Silent())
    start = time.process_time()
    stages.write_text(source, SETTINGS, folder / "text", Silent(), 1)
    stages.write_split("train", train, pairs, subwords, folder, Silent(), 1)
    return count / (time.process_time() - start)


def write_lines(pairs: Sequence[tuple[str, str]], languages: tuple[str, str], folder: Path, count: int) -> int:
    """Write a pair of text files: the pairs again and again, each line with another number; return their number."""
    paths = [folder / f"lines.{language}" for language in languages]
    with paths[0].open("w", encoding="utf-8") as sources, paths[1].open("w", encoding="utf-8") as targets:
        for number, (source, target) in zip(range(1, count + 1), cycle(pairs), strict=False):
            sources.write(f"{number} {source}\n")
            targets.write(f"{number} {target}\n")
    return count


def measure_memory(folder: Path, languages: tuple[str, str]) -> tuple[float, float]:
    """Peak resident memory in MiB of a preparation in a process of its own: of that process, and with helpers."""
    command = [sys.executable, "-m", "tests.benchmarks.preparation", "--prepare", str(folder), *languages]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
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
