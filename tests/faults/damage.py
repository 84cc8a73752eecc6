"""Single bytes changed in a run and in a prepared corpus: each is found, named in one line, with exit code 2.

What `train` reads is tried with `train`, the rest with `evaluate`.  After a damaged checkpoint the run goes on with
`--resume last-good` to the same end.
"""

import random
import shutil
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from data_prep.files import SUMS
from seq2seq.checkpoint import LAST_GOOD, find_checkpoint
from tests.faults.processes import run
from tests.faults.training import command, outcome

LONGER = ("--set", "training.steps=55")
"""More to do for the run, which would otherwise not be read."""


@dataclass
class Damages:
    """What came of them."""

    tried: Counter[str] = field(default_factory=Counter)
    """Bytes changed, by name of the file."""
    found: int = 0
    """Of these, found."""
    recovered: int = 0
    """Runs that went on from their last good checkpoint to the same end."""
    failures: list[str] = field(default_factory=list)


def damage_files(prepared: Path, scratch: Path, bytes_changed: int, recoveries: int, seed: int) -> Damages:
    """Change one byte at a time of a run's or a corpus's files, drawn evenly, and put it back."""
    draw, damages = random.Random(seed), Damages()
    data, folder = scratch / "data", scratch / "run"
    shutil.copytree(prepared, data)
    ended = run(command(data, "run"), scratch)
    assert ended.code == 0, ended.said
    checkpoint = find_checkpoint(folder, "last")
    in_run = ("config.toml", "corpus.json", "subwords.model", "text.json", SUMS, "best", "last")
    files = [folder / name for name in in_run if (folder / name).exists()]
    files += [path for where in (data, checkpoint) for path in sorted(where.iterdir())]
    for number in range(bytes_changed):
        # In turn: drawn by size, almost all would fall into tensors and text.
        path = files[number % len(files)]
        whole = path.read_bytes()
        place, change = draw.randrange(len(whole)), draw.randrange(1, 256)
        path.write_bytes(whole[:place] + bytes([whole[place] ^ change]) + whole[place + 1 :])
        evaluated = path in (data / "test.arrow", folder / "best")
        ended = run(["evaluate", "--run", "run"] if evaluated else command(data, "run", *LONGER), scratch)
        path.write_bytes(whole)
        damages.tried[str(path.relative_to(scratch))] += 1
        # A wrong checksum is found in the file that it is of.
        named = path.parent if path.name == SUMS else path
        if str(named.relative_to(scratch)) in ended.error and ended.said.count("\n") == 1:
            damages.found += 1
        else:
            damages.failures.append(f"{path} byte {place} ^ {change}: {ended.code} {ended.said[-300:]}")
    _recover(data, scratch, recoveries, draw, damages)
    return damages


def _recover(data: Path, scratch: Path, recoveries: int, draw: random.Random, damages: Damages) -> None:
    """Damage the last checkpoint: the offer that is made is taken, and the end is as if nothing had been."""
    expected = outcome(scratch / "run")
    damaged = scratch / "damaged"
    for number in range(recoveries):
        shutil.rmtree(damaged, ignore_errors=True)
        shutil.copytree(scratch / "run", damaged)
        checkpoint = find_checkpoint(damaged, "last")
        path = sorted(checkpoint.iterdir())[number % 4]
        whole = bytearray(path.read_bytes())
        place = draw.randrange(len(whole))
        if number % 2:
            whole[place] ^= draw.randrange(1, 256)
        path.write_bytes(whole if number % 2 else whole[:place])
        refused = run(command(data, "damaged"), scratch)
        resumed = run(command(data, "damaged", "--resume", LAST_GOOD), scratch)
        now = outcome(damaged) if resumed.code == 0 else {}
        if f"RESUME={LAST_GOOD}" in refused.error and now == expected:
            damages.recovered += 1
        else:
            damages.failures.append(f"{path} not recovered: {refused.said[-300:]} {resumed.said[-300:]}")
