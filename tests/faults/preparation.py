"""Preparation, killed at random instants: the same command goes on, and its corpus is the same byte for byte."""

import random
import shutil
from pathlib import Path

from data_prep.corpus import MANIFEST, Corpus
from tests.faults.processes import die_at, run
from tests.faults.training import OFTEN, Kills
from tests.phrases import contents


def command(source: Path, folder: str, *more: str) -> list[str]:
    """The preparation of a small corpus."""
    return ["preprocess", str(source), "--out", folder, "--recipe", "tiny", "--set", "subwords.vocabulary=320", *more]


def kill_preparation(source: Path, scratch: Path, kills: int, seed: int) -> Kills:
    """Kill preparation `kills` times, half at instants of time and half at changes of the file system.

    By turns nothing is there before, and a corpus that was prepared otherwise.
    """
    draw, found = random.Random(seed), Kills()
    assert run(command(source, "old", "--set", "subwords.kind=char"), scratch).code == 0
    whole = run(command(source, "whole"), scratch, before=die_at(-1, scratch / "whole", 0.0))
    assert whole.code == 0, whole.said
    expected = contents(scratch / "whole")
    folder = scratch / "killed"
    while found.kills < kills:
        shutil.rmtree(folder, ignore_errors=True)
        if found.finished % 2:
            shutil.copytree(scratch / "old", folder)
        for _ in range(min(OFTEN, kills - found.kills)):
            if draw.random() < 0.5:
                ended = run(command(source, "killed"), scratch, kill_after=draw.uniform(0, whole.seconds))
            else:
                ended = run(command(source, "killed"), scratch, before=die_at(draw.randrange(whole.changes), folder, 0))
            if not ended.killed:
                break
            found.kills += 1
            found.while_saving += (folder / "building" / MANIFEST).exists()
            found.failures += _failures(folder)
        ended = run(command(source, "killed"), scratch)
        found.finished += 1
        if ended.code or contents(folder) != expected:
            found.failures.append(f"another corpus, exit code {ended.code}: {ended.said[-500:]}")
    return found


def _failures(folder: Path) -> list[str]:
    """What is wrong after a kill: whatever can be opened has to be whole."""
    if not (folder / MANIFEST).exists():
        return []
    try:
        corpus = Corpus(folder)
        for split in corpus.manifest["splits"]:
            corpus.split(split)
    except Exception as error:
        return [f"not whole: {error!r}"]
    return []
