"""The soak in a few seconds, with commands that answer rightly, lose a line, swap two, or take ever more memory."""

import itertools
import sys
from pathlib import Path

import pytest

from tests import soak
from tests.soak import FIRST, Soak, is_of, written

ANSWERS = {
    "rightly": "for line in sys.stdin: print(line.strip(), flush=True)",
    "one too few": "next(sys.stdin)\nfor line in sys.stdin: print(line.strip(), flush=True)",
    "swapped": "for line in sys.stdin: print(next(sys.stdin, '').strip(), line.strip(), sep='\\n', flush=True)",
}


def command(folder: Path, answer: str) -> None:
    """A program in the place of seq2seq."""
    program = folder / "seq2seq"
    program.write_text(f"#!{sys.executable}\nimport sys\n{ANSWERS[answer]}\n", encoding="utf-8")
    program.chmod(0o755)


@pytest.mark.parametrize("answer", ANSWERS)
def test_answers_are_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    command(tmp_path, answer)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    found = soak.soak(Path("run"), 0.02, 1)
    assert found.code == 0
    assert found.lines > 100
    assert (not found.wrong and found.lines == found.asked) is (answer == "rightly")


def test_lines_are_the_same_for_a_seed_and_each_has_its_number() -> None:
    lines = list(itertools.islice(written(1), 200))
    assert lines == list(itertools.islice(written(1), 200))
    assert "" in lines
    assert all(line.endswith(f" {number}.") for number, line in enumerate(lines, FIRST) if line)
    assert is_of("the cat 1000012.", "le chat 1000012.")
    assert not is_of("the cat 1000012.", "le chat 1000013.")
    assert not is_of("the cat 1000012.", "")
    assert is_of("the cat 1000012.", "le chat")
    assert is_of("the cat 1000012.", "le chat 7")
    assert not is_of("", "le chat")


def test_growth_is_that_after_the_warm_up() -> None:
    sizes = [10, 50, 80, 100, 102, 98, 100, 130, 100, 105, 104, 106, 105]
    memory = [(10.0 * second, size) for second, size in enumerate(sizes)]
    first, most, growth = Soak(seconds=90.0, memory=memory).growth()
    assert (first, most) == (101, 130)
    assert growth == pytest.approx(105.5 / 101 - 1)
