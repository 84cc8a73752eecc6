"""The runner of ablations: a row for each variation and seed, each trained once."""

from pathlib import Path

import pytest

from tests.benchmarks import ablations
from tests.toys import words


def test_variations_are_trained_once_and_make_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pairs = [f"{word} {word[::-1]}\t{word[::-1]} {word}\n" for word in words(300, 1, 5, 12)]
    (tmp_path / "toy.tsv").write_text("".join(pairs), encoding="utf-8")
    command = [str(tmp_path / "toy.tsv"), "model.hidden=16 training.steps=2", "--recipe", "tiny", "--minutes", "1"]
    command += ["--out", str(tmp_path / "out")]
    ablations.main(command)
    rows = capsys.readouterr().out.splitlines()
    assert len(rows) == 4
    assert [row.split("|")[1].strip() for row in rows[2:]] == ["as it is", "model.hidden=16 training.steps=2"]
    assert rows[3].split("|")[5].strip() == "2"
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("*/report.json")}
    assert len(before) == 2
    ablations.main(command)
    assert capsys.readouterr().out.splitlines() == rows
    assert {path: path.stat().st_mtime_ns for path in before} == before
