"""Variations of a recipe, each trained for the same time and scored on the validation split.

    python -m tests.benchmarks.ablations CORPUS [--minutes 8] [--seeds 1 2] [VARIATION …]

A variation is a list of settings, such as "training.dropout=0 training.batch_tokens=1000"; the recipe as it is comes
first.  One run to a core, as many at a time as there are cores, so that all have the same conditions; leave the machine
alone meanwhile.  Prints rows of a table as Markdown, and keeps what is done: the same command goes on where it stopped.
"""

import argparse
import hashlib
import math
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

import torch

from seq2seq.checkpoint import find_checkpoint, load_model, read_state
from seq2seq.results import REPORT, read_report

COMMAND = (sys.executable, "-c", "from seq2seq.cli import main; main()")
HEADER = ("settings", "seed", "BLEU", "chrF", "updates", "minutes", "parameters")


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, score, print."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.ablations")
    parser.add_argument("corpus", help="name in the registry, Hub id, folder or file")
    parser.add_argument("variations", nargs="*", help="settings of one variation, as for SET")
    parser.add_argument("--langs", default="en-fr", help="source-target")
    parser.add_argument("--recipe", default="small", help="what is varied")
    parser.add_argument("--minutes", type=float, default=8, help="of training, on one core")
    parser.add_argument("--seeds", nargs="+", type=int, default=[1], help="runs of each variation")
    parser.add_argument("--out", type=Path, default=Path("runs/ablations"), help="folder to work in")
    options = parser.parse_args(arguments)
    jobs = [Job(options, variation.split(), seed) for variation in ["", *options.variations] for seed in options.seeds]
    for job in jobs:
        job.prepare()
    cores: SimpleQueue[int] = SimpleQueue()
    for core in sorted(os.sched_getaffinity(0)):
        cores.put(core)

    def row(job: Job) -> str:
        core = cores.get()
        try:
            job.train(core)
        finally:
            cores.put(core)
        return job.row()

    print("| " + " | ".join(HEADER) + " |\n" + "|---" * len(HEADER) + "|", flush=True)
    with ThreadPoolExecutor(cores.qsize()) as pool:
        for found in pool.map(row, jobs):
            print(found, flush=True)


class Job:
    """One run of one variation."""

    def __init__(self, options: argparse.Namespace, settings: list[str], seed: int) -> None:
        self.settings, self.seed, self.corpus = settings, seed, options.corpus
        self.shared = ["--langs", options.langs, "--recipe", options.recipe]
        self.budget = [f"training.minutes={options.minutes}", "training.threads=1", f"training.seed={seed}"]
        self.subwords = [setting for setting in settings if setting.startswith("subwords.")]
        name = re.sub(r"\W+", "-", Path(options.corpus).name)
        kind = f"{name}-{options.langs}-{options.recipe}"
        self.prepared = options.out / f"{kind}-{_digest(self.subwords)}"
        self.run = options.out / f"{kind}-{options.minutes:g}-{seed}-{_digest(settings)}"

    def prepare(self) -> None:
        """Make the corpus, unless it is there."""
        self.prepared.parent.mkdir(parents=True, exist_ok=True)
        self._call("preprocess", self.corpus, *self.shared, "--out", str(self.prepared), *_sets(self.subwords))

    def train(self, core: int) -> None:
        """Train and evaluate on a core of its own, unless that is done."""
        if not (self.run / REPORT).is_file():
            os.sched_setaffinity(0, {core})  # of this thread, and of the commands that it starts
            sets = _sets([*self.settings, *self.budget])
            self._call("train", str(self.prepared), "--run", str(self.run), *self.shared[2:], *sets)
            self._call("evaluate", str(self.run), "--split", "validation")

    def _call(self, *command: str) -> None:
        with self.run.with_name(self.run.name + ".log").open("a") as log:
            subprocess.run([*COMMAND, *command], check=True, stdout=log, stderr=subprocess.STDOUT)

    def row(self) -> str:
        """The run as a row of the table."""
        report, checkpoint = read_report(self.run), find_checkpoint(self.run, "best")
        state, (model, _, _) = read_state(checkpoint), load_model(checkpoint, torch.device("cpu"))
        low, high = report.confidence.get("bleu", (math.nan, math.nan))
        cells = (
            " ".join(self.settings) or "as it is",
            f"{self.seed}",
            f"{report.scores.bleu:.1f} ± {(high - low) / 2:.1f}",
            f"{report.scores.chrf:.1f}",
            f"{state.step:,}",
            f"{state.seconds / 60:.1f}",
            f"{sum(parameter.numel() for parameter in model.parameters()) / 1e6:.1f} M",
        )
        return "| " + " | ".join(cells) + " |"


def _sets(settings: Sequence[str]) -> list[str]:
    return [word for setting in settings for word in ("--set", setting)]


def _digest(settings: list[str]) -> str:
    return hashlib.sha256(" ".join(sorted(settings)).encode()).hexdigest()[:8]


if __name__ == "__main__":
    main()
