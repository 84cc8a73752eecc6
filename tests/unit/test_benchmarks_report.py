"""The table of `make bench`, and what it says of an earlier one."""

import json
from pathlib import Path

import pytest

from data_prep.errors import UserError
from tests.benchmarks import __main__ as bench
from tests.benchmarks.processes import Figures
from tests.benchmarks.report import in_order, is_other_machine, is_worse, print_table, read_figures, rows

BEFORE: Figures = {
    "machine.processor": "a processor",
    "machine.threads": 2,
    "machine.device": "cpu",
    "train.small.tokens_per_second": 1000.0,
    "train.small.peak_memory_mib": 500.0,
    "latency.small.median_ms": 10.0,
    "gone": 1.0,
}
NOW: Figures = {
    "machine.processor": "a processor",
    "machine.threads": 2,
    "machine.device": "cpu",
    "train.small.tokens_per_second": 800.0,
    "train.small.peak_memory_mib": 600.0,
    "train.small.part.loss": 0.25,
    "latency.small.median_ms": 10.5,
    "start.seconds": 2.0,
}


@pytest.mark.parametrize(
    ("key", "ratio", "worse"),
    [
        ("train.small.tokens_per_second", 0.89, True),
        ("train.small.tokens_per_second", 0.91, False),
        ("train.small.tokens_per_second", 2.0, False),
        ("translate.base.beam5.sentences_per_second", 0.5, True),
        ("matrix.bf16.gflops", 0.5, True),
        ("train.base.share_of_matrix_rate", 0.8, True),
        ("peer.joeynmt.greedy_ratio", 0.8, True),
        ("prepare.pairs_per_second_per_core", 0.8, True),
        ("latency.small.median_ms", 1.11, True),
        ("latency.small.p95_ms", 0.5, False),
        ("start.seconds", 1.2, True),
        ("peer.joeynmt.seconds", 2.0, False),
        ("translate.small.peak_memory_mib", 1.2, True),
        ("translate.small.peak_memory_mib", 0.5, False),
        ("train.small.part.loss", 0.5, False),
        ("train.small.flops_per_token", 2.0, False),
        ("machine.load_before", 9.0, False),
    ],
)
def test_worse_is_slower_or_larger_by_more_than_a_tenth(key: str, ratio: float, worse: bool) -> None:
    assert is_worse(key, ratio) is worse


def test_rows_have_the_value_before_the_ratio_and_a_mark() -> None:
    found = {key: tuple(cells) for key, *cells in rows(NOW, BEFORE)}
    assert found["train.small.tokens_per_second"] == ("800", "1,000", "0.80", "slower")
    assert found["train.small.peak_memory_mib"] == ("600", "500", "1.20", "larger")
    assert found["latency.small.median_ms"] == ("10.50", "10.00", "1.05", "")
    assert found["start.seconds"] == ("2.00", "", "", "")
    assert found["machine.processor"] == ("a processor", "a processor", "", "")
    assert "gone" not in found


def test_rows_without_a_baseline_are_keys_and_values() -> None:
    assert ("train.small.part.loss", "25.0%") in rows(NOW)


def test_a_baseline_of_nothing_has_no_ratio() -> None:
    assert rows({"start.seconds": 2.0}, {"start.seconds": 0.0}) == [("start.seconds", "2.00", "0.00", "", "")]


def test_the_order_is_that_of_the_groups() -> None:
    mixed: Figures = {"peer.joeynmt.train_ratio": 1.0, "train.b.x": 1, "machine.cores": 2, "train.a.x": 1}
    assert list(in_order(mixed)) == ["machine.cores", "train.b.x", "train.a.x", "peer.joeynmt.train_ratio"]


def test_another_machine_is_told_from_the_same() -> None:
    assert not is_other_machine(NOW, BEFORE)
    assert is_other_machine(NOW | {"machine.threads": 1}, BEFORE)


def test_the_table_is_plain_where_it_is_piped(capsys: pytest.CaptureFixture[str]) -> None:
    long = " ".join(["avx512"] * 40)
    print_table(NOW | {"machine.instructions": long}, BEFORE)
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("machine.instructions") and line.endswith(long) for line in lines)
    assert any(line.split() == ["train.small.tokens_per_second", "800", "1,000", "0.80", "slower"] for line in lines)
    assert "\x1b" not in "".join(lines)
    assert all(line == line.rstrip() for line in lines)


@pytest.mark.parametrize("content", [None, "{", "[1, 2]", '{"train": {"small": 1}}', "\x00"])
def test_a_baseline_that_cannot_be_read_is_told_before_anything_is_measured(
    content: str | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "before.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(UserError, match="BASELINE"):
        read_figures(path)
    assert bench.main(["--baseline", str(path)]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.count("\n") == 1
    assert str(path) in output.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["--out", "nowhere/bench.json"], "nowhere"), (["--recipes", "smal"], "smal"), (["--langs", "en"], "LANGS")],
)
def test_wrong_input_is_told_in_one_line(
    arguments: list[str],
    words: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert bench.main(arguments) == 2
    output = capsys.readouterr()
    assert output.out.strip() == ""
    assert output.err.startswith("error: ")
    assert words in output.err


def test_figures_are_printed_and_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def measure(options: object, languages: object, recipes: object, figures: Figures) -> Path:
        figures |= NOW
        return tmp_path

    monkeypatch.setattr(bench, "measure", measure)
    out, before = tmp_path / "bench.json", tmp_path / "before.json"
    before.write_text(json.dumps(BEFORE), encoding="utf-8")
    assert bench.main(["--out", str(out), "--baseline", str(before)]) == 0
    assert read_figures(out) == NOW
    assert "slower" in capsys.readouterr().out


def test_what_was_measured_before_an_error_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def measure(options: object, languages: object, recipes: object, figures: Figures) -> Path:
        figures |= NOW
        raise UserError("the disk is full")

    monkeypatch.setattr(bench, "measure", measure)
    out = tmp_path / "bench.json"
    assert bench.main(["--out", str(out)]) == 2
    output = capsys.readouterr()
    assert "train.small.tokens_per_second" in output.out
    assert "error: the disk is full" in output.err
    assert not out.exists()
