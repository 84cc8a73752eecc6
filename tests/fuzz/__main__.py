"""`make fuzz`: many inputs for each target, counted.  Exit code 1 if one raises an error, hangs, or loses a line.

Atheris (libFuzzer) changes inputs that reached something new, so that they reach more.  It ends the process in which it
runs, so each target has its own.
"""

import argparse
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LONGEST = {"clean": 400, "read": 400, "pipeline": 400, "translate": 200}
"""Bytes of an input."""
HANG = 30
"""Seconds."""


def main() -> int:
    """Fuzz one target, or each in turn, and translate odd lines with a run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=1_000_000, help="for cleaning, reading and the text side")
    parser.add_argument("--translated", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=int, default=1800, help="most for each target")
    parser.add_argument("--run", type=Path, help="a run, to translate 500 odd lines with")
    parser.add_argument("--target", choices=LONGEST, help="this one alone, in this process")
    asked = parser.parse_args()
    if asked.target:
        fuzz(asked.target)
        return 0
    if asked.run:
        return odd(asked.run, asked.seed)
    counts = dict.fromkeys(LONGEST, asked.inputs) | {"translate": asked.translated}
    return sum(run(target, count, asked.seed, asked.seconds) for target, count in counts.items())


def fuzz(target: str) -> None:
    """Give atheris the process; its options are read from standard input."""
    import atheris

    with atheris.instrument_imports(include=["data_prep", "seq2seq"]):
        from tests.fuzz.targets import TARGETS

    atheris.Setup([sys.argv[0], *sys.stdin.read().split()], TARGETS[target])
    atheris.Fuzz()


def run(target: str, count: int, seed: int, seconds: int) -> int:
    """Fuzz a target in a process of its own; print the count; return 1 if something is wrong."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        options = (
            f"-atheris_runs={count} -runs={count} -seed={seed} -max_total_time={seconds} -timeout={HANG} "
            f"-max_len={LONGEST[target]} -artifact_prefix={folder}/"
        )
        command = [sys.executable, "-m", "tests.fuzz", "--target", target]
        done = subprocess.run(command, input=options, capture_output=True, text=True, errors="replace", check=False)
        found = re.findall(r"^Done (\d+) in (\d+) second|^#(\d+)\s", done.stderr, re.MULTILINE)
        tried = max((int(total or number) for total, _, number in found), default=0)
        covered = re.findall(r"\bcov: (\d+)", done.stderr)
        failed = [path.read_bytes() for path in Path(folder).iterdir() if path.is_file()]
    print(
        f"{target}: {tried:,} inputs, {len(failed)} failed; {covered[-1] if covered else 'no'} branches reached "
        f"({time.monotonic() - begun:.0f} s)",
        flush=True,
    )
    if done.returncode or failed:
        print(f"FAILED {target}: {failed[:1]!r}\n{done.stderr[-3000:]}", file=sys.stderr)
    return int(bool(done.returncode or failed))


def odd(run_folder: Path, seed: int) -> int:
    """Translate 500 odd lines with a run; print what came of it; return 1 if an answer is wrong."""
    from seq2seq.translator import Translator
    from tests.odd import faults, odd_lines

    translator, lines = Translator.load(run_folder), odd_lines(500, seed)
    answers = translator.translate(lines)
    failures = faults(translator, lines, answers)
    print(f"{run_folder}: {len(lines)} odd lines, {len(failures)} failed")
    for failure in failures:
        print(f"FAILED {failure}", file=sys.stderr)
    return int(bool(failures))


if __name__ == "__main__":
    sys.exit(main())
