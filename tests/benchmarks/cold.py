"""The command `seq2seq translate` from outside: how long it takes to its first answer, and how much memory.

`python -m tests.benchmarks.cold ARGUMENTS` runs `seq2seq ARGUMENTS` and then prints its peak memory in MiB.
"""

import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from data_prep.errors import UserError
from seq2seq.cli import main
from tests.benchmarks.processes import peak_mib

STARTS = 5
COMMAND = "from seq2seq.cli import main; main()"


def start_seconds(run: Path, sentence: str) -> float:
    """Time from the command to the first line of its answer, the median of STARTS."""
    times = []
    for _ in range(STARTS):
        arguments = [sys.executable, "-c", COMMAND, "translate", "--run", str(run), "--", sentence]
        start = time.perf_counter()
        with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            answer = process.stdout.readline()
            times.append(time.perf_counter() - start)
            _, errors = process.communicate()
        if process.returncode or not answer:
            raise UserError(f"{run}: cannot be translated with: {errors.strip()}")
    return statistics.median(times)


def translation_memory_mib(run: Path, lines: Sequence[str], folder: Path) -> float:
    """Peak resident memory of translating lines from file to file; `folder` is for the files."""
    source, out = folder / "source.txt", folder / "translations.txt"
    source.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    arguments = ["translate", "--run", str(run), "--in", str(source), "--out", str(out)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.cold", *arguments], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise UserError(f"{run}: cannot be translated with: {done.stderr.strip()}")
    return float(done.stdout)


if __name__ == "__main__":
    try:
        main()
    finally:
        print(peak_mib())
