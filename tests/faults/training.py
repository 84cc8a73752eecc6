"""Training, killed at random instants: each time the same command goes on, and the end is the same bit for bit."""

import json
import random
import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from seq2seq.checkpoint import MODEL, OPTIMISER, STATE, find_checkpoint, read_state
from tests.faults.processes import Ended, die_at, run

CLOCK = {"seconds", "tokens_per_second", "pace"}
SETTINGS = ["threads=1", "steps=54", "validate_steps=18", "validate_pairs=8", "dropout=0.2", "batch_tokens=200"]
SAVING = r"/checkpoints|/best|/last"
"""Paths of what is written when a checkpoint is saved."""
OFTEN = 8
"""Kills of one run before it is left to finish."""


def command(prepared: Path, run_folder: str, *more: str) -> list[str]:
    """A short training on one thread."""
    settings = [part for setting in SETTINGS for part in ("--set", f"training.{setting}")]
    return ["train", str(prepared), "--recipe", "tiny", "--run", run_folder, *settings, *more]


@dataclass
class Kills:
    """What came of them."""

    kills: int = 0
    while_saving: int = 0
    """Of these, while a checkpoint was written, marked or removed."""
    finished: int = 0
    """Runs that were killed, went on to their end, and were compared."""
    failures: list[str] = field(default_factory=list)


def kill_training(prepared: Path, scratch: Path, kills: int, seed: int) -> Kills:
    """Kill training `kills` times: at instants of time, at changes of the file system, and while it saves."""
    draw, found = random.Random(seed), Kills()
    whole = run(command(prepared, "whole"), scratch, before=die_at(-1, scratch / "whole", 0.0))
    assert whole.code == 0, whole.said
    expected = outcome(scratch / "whole")
    while found.kills < kills:
        folder = scratch / "killed"
        shutil.rmtree(folder, ignore_errors=True)
        _kill_one(prepared, folder, expected, min(OFTEN, kills - found.kills), draw, whole, found)
    return found


def _kill_one(
    prepared: Path,
    folder: Path,
    expected: dict[str, Any],
    kills: int,
    draw: random.Random,
    whole: Ended,
    found: Kills,
) -> None:
    """Kill one run up to so many times, let it finish, and compare it."""
    arguments = command(prepared, folder.name)
    for _ in range(kills):
        before = last_step(folder)
        kind = draw.choice(("time", "change", "saving"))
        if kind == "time":
            ended = run(arguments, folder.parent, kill_after=draw.uniform(0, whole.seconds))
        else:
            change, only = (draw.randrange(whole.changes), "") if kind == "change" else (draw.randrange(50), SAVING)
            ended = run(arguments, folder.parent, before=die_at(change, folder, draw.random(), only))
        if not ended.killed:
            if ended.code:
                found.failures.append(f"exit code {ended.code}: {ended.said[-500:]}")
            break
        found.kills += 1
        found.while_saving += bool(re.search(SAVING, ended.killed_at) or list(folder.glob("checkpoints/*.partial")))
        found.failures += _failures(folder, before, ended)
    ended = run(arguments, folder.parent)
    found.finished += 1
    if ended.code:
        found.failures.append(f"not resumed, exit code {ended.code}: {ended.said[-500:]}")
    elif (now := outcome(folder)) != expected:
        found.failures.append(f"another end: {[key for key in expected if now[key] != expected[key]]}")


def last_step(folder: Path) -> int:
    """The step of the last completed save, 0 before the first."""
    return int((folder / "last").read_text().split()[0]) if (folder / "last").exists() else 0


def _failures(folder: Path, before: int, ended: Ended) -> list[str]:
    """What is wrong after a kill."""
    failures = []
    resumed = re.search(r"going on at step (\d+)", ended.said)
    if (resumed and int(resumed[1]) != before) or last_step(folder) < before:
        failures.append(f"steps lost: saved at {before}, resumed at {resumed and resumed[1]}")
    marked = [folder / name for name in ("best", "last") if (folder / name).exists()]
    listed = [path for path in folder.glob("checkpoints/*") if path.name.isdecimal()]
    try:
        for checkpoint in [*listed, *(find_checkpoint(folder, path.name) for path in marked)]:
            read_state(checkpoint)
    except Exception as error:
        failures.append(f"unreadable after {ended.killed_at or 'a time'}: {error!r}")
    return failures


def outcome(folder: Path) -> dict[str, Any]:
    """All of a finished run that may not differ: everything but times."""
    checkpoint = find_checkpoint(folder, "last")
    rows = [json.loads(line) for line in (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    state = json.loads((checkpoint / STATE).read_bytes())
    return {
        "metrics": [{key: row[key] for key in row if key not in CLOCK} for row in rows],
        "state": {key: state[key] for key in state if key not in CLOCK},
        "best": find_checkpoint(folder, "best").name,
        "last": checkpoint.name,
        "repeat": (folder / "repeat.toml").read_text(encoding="utf-8"),
        **{name: (checkpoint / name).read_bytes() for name in (MODEL, OPTIMISER)},
    }
