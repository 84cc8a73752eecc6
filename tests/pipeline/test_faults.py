"""The short form of `make faults`: kills at random instants, changed bytes, full and read-only disks."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.pipeline,
    pytest.mark.skipif(sys.platform != "linux", reason="the harness needs /proc"),
]
KILLS = 10
SHORT = ("--kills", str(KILLS), "--bytes", "32", "--disks", "1")


def test_nothing_is_lost() -> None:
    """In a process of its own: the harness forks, which a process with threads, such as pytest's, must not."""
    command = [sys.executable, "-m", "tests.faults", *SHORT]
    done = subprocess.run(
        command, cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for kind, place in (("training", "a checkpoint was saved"), ("preparation", "the corpus was put in its place")):
        found = re.search(rf"^{kind}: (\d+) kills, (\d+) of them while {place}", done.stdout, re.MULTILINE)
        assert found, done.stdout
        assert int(found[1]) == KILLS
        assert int(found[2]) > 0
    assert "bytes: 32 changed" in done.stdout
    assert "32 found" in done.stdout
