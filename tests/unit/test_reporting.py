"""What a run tells: metrics.jsonl across a resume, plain lines, TensorBoard, the learning curve."""

import errno
import io
import json
from pathlib import Path
from typing import Any

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from seq2seq import reporting
from seq2seq.reporting import METRICS, Reporter, read_metrics, read_movement


def _row(step: int) -> dict[str, Any]:
    return {
        "step": step,
        "epoch": step / 100,
        "loss": 5.0,
        "learning_rate": 1e-3,
        "gradient_norm": 0.5,
        "tokens": 1000,
        "seconds": step / 10,
    }


def _validation(step: int) -> dict[str, Any]:
    return {"step": step, "validation_loss": 4.0, "bleu": 12.34, "seconds": step / 10}


def _report(run: Path, begin: int, steps: list[int]) -> None:
    run.mkdir(exist_ok=True)
    reporter = Reporter(run, begin)
    for step in steps:
        reporter.training(_row(step), step / 1000)
    reporter.close()


def _steps(run: Path) -> list[int]:
    """Steps of the losses that TensorBoard shows."""
    events = EventAccumulator(str(run / "tensorboard"))
    events.Reload()
    return [event.step for event in events.Scalars("train/loss")]


def test_rows_are_on_disk_at_once_with_their_rate(tmp_path: Path) -> None:
    reporter = Reporter(tmp_path, 0)
    reporter.training(_row(50), 0.05)
    reporter.training(_row(100), 0.1)
    rows = read_metrics(tmp_path)
    reporter.close()
    assert [row["step"] for row in rows] == [50, 100]
    assert [row["tokens_per_second"] for row in rows] == pytest.approx([200, 200])
    assert rows[0].items() >= _row(50).items()


@pytest.mark.parametrize("terminal", [False, True])
def test_a_run_goes_on_when_its_terminal_is_gone(
    terminal: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(errno.EIO, "Input/output error")

        def isatty(self) -> bool:
            return terminal

    monkeypatch.setattr("sys.stderr", Gone())
    reporter = Reporter(tmp_path, 0)
    reporter.say("hello")
    reporter.training(_row(50), 0.05)
    reporter.validation(_validation(50), True, [("a", "b", "c")])
    reporter.finished("done")
    reporter.close()
    assert [row["step"] for row in read_metrics(tmp_path)] == [50, 50]


def test_a_resumed_run_forgets_the_steps_after_its_checkpoint(tmp_path: Path) -> None:
    _report(tmp_path, 0, [50, 100, 150])
    _report(tmp_path, 100, [150, 200])
    assert [row["step"] for row in read_metrics(tmp_path)] == [50, 100, 150, 200]
    assert len((tmp_path / METRICS).read_text().splitlines()) == 4
    _report(tmp_path, 60, [])
    assert [row["step"] for row in read_metrics(tmp_path)] == [50]


def test_a_last_line_cut_short_is_ignored_and_replaced(tmp_path: Path) -> None:
    _report(tmp_path, 0, [50, 100])
    path = tmp_path / METRICS
    path.write_text(path.read_text()[:-20])
    assert [row["step"] for row in read_metrics(tmp_path)] == [50]
    _report(tmp_path, 100, [150])
    assert [json.loads(line)["step"] for line in path.read_text().splitlines()] == [50, 150]


def test_a_run_without_metrics_has_none(tmp_path: Path) -> None:
    assert read_metrics(tmp_path) == read_movement(tmp_path) == []


def test_notes_on_weights_after_the_checkpoint_are_forgotten_too(tmp_path: Path) -> None:
    for begin, steps in ((0, [2, 4, 6]), (4, [6, 8])):
        reporter = Reporter(tmp_path, begin)
        for step in steps:
            reporter.movement({"step": step, "gradient": {"decoder.1.U": begin}, "update": {"decoder.1.U": 0.5}})
        reporter.close()
    assert [(row["step"], row["gradient"]["decoder.1.U"]) for row in read_movement(tmp_path)] == [
        *((2, 0), (4, 0), (6, 4), (8, 4))
    ]
    assert read_metrics(tmp_path) == []


def test_tensorboard_shows_each_step_once_after_a_resume(tmp_path: Path) -> None:
    _report(tmp_path, 0, [50, 100, 150])
    _report(tmp_path, 100, [150, 200])
    assert list((tmp_path / "tensorboard").glob("events.out.tfevents.*"))
    assert _steps(tmp_path) == [50, 100, 150, 200]


def test_plain_lines_without_a_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporting, "LINE_SECONDS", 0.0)
    _report(tmp_path, 0, [50, 100])
    output = capsys.readouterr()
    lines = output.err.splitlines()
    assert output.out == ""
    assert len(lines) == 2
    assert lines[1].startswith("epoch 1.00  step 100  loss 5.000  200 tokens/s  lr 1.0e-03")
    assert lines[1].endswith("1.5 min left")
    assert "\x1b" not in output.err


def test_lines_come_no_more_often_than_they_should(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _report(tmp_path, 0, [50, 100, 150])
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_validation_shows_samples_and_draws_the_curve(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    reporter = Reporter(tmp_path, 0)
    long = "a [bold]long[/bold] source " * 20
    reporter.validation(_validation(50), better=True, samples=[(long, "traduction", "référence")])
    reporter.validation(_validation(100), better=False, samples=[])
    reporter.draw()
    reporter.close()
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "step 50: validation loss 4.000, BLEU 12.3 (best so far)"
    assert [line.strip() for line in lines[1:4]] == [long.strip(), "→ traduction", "= référence"]
    assert lines[4] == "step 100: validation loss 4.000, BLEU 12.3"
    assert [row["bleu"] for row in read_metrics(tmp_path)] == [12.34, 12.34]
    assert (tmp_path / "learning_curve.png").stat().st_size > 1000
