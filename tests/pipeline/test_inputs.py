"""Every class of bad input through the real command, against the table of docs/robustness.md."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.pipeline,
    pytest.mark.skipif(sys.platform != "linux", reason="the harness needs /proc"),
]


def test_every_class_is_answered_as_the_table_says() -> None:
    """In a process of its own: the harness forks, which a process with threads, such as pytest's, must not."""
    command = [sys.executable, "-m", "tests.inputs"]
    done = subprocess.run(
        command, cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = re.search(r"^inputs: (\d+) tried, 0 failed$", done.stdout, re.MULTILINE)
    assert found
    assert int(found[1]) > 80
