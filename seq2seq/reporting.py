"""What a training run tells: on the terminal, in two files of rows, to TensorBoard and as a learning curve."""

import io
import json
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, cast

from pydantic import TypeAdapter
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from data_prep.files import write_text
from data_prep.untrusted import parse_json, read_small
from seq2seq.plots import learning_curve

METRICS, WEIGHTS = "metrics.jsonl", "weights.jsonl"
ROWS_LIMIT = 1 << 28
"""Bytes of each, at most."""
TOGETHER = {"step": {"seconds"}, "bleu": {"validation_loss"}, "clipped": {"gradient_norm", "clipped_norm"}}
"""What a row of metrics has beside what."""
LINE_SECONDS = 10.0
"""Time between two plain lines where there is no terminal."""


_NUMBERS = TypeAdapter(dict[str, float])
_SHARES = TypeAdapter(dict[str, int | dict[str, float]])


class _StandardError(io.TextIOBase):
    """Standard error that drops what it cannot write: a run does not end with the terminal that it began in."""

    def write(self, text: str) -> int:
        with suppress(OSError):
            self._stream().write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._stream().flush()

    def isatty(self) -> bool:
        return bool(self._stream().isatty())

    def _stream(self) -> Any:
        # A progress bar puts a stream of its own in place of standard error, which writes to this one.
        return getattr(sys.stderr, "rich_proxied_file", sys.stderr)


class Reporter:
    """The voice of one run.  Everything it says goes to standard error; files go into the run's folder."""

    def __init__(self, run: Path, step: int) -> None:
        """Go on after `step`: what was noted of later steps, by a run that then broke off, is forgotten."""
        # TensorBoard takes a second to import, and nothing but training needs it.
        from torch.utils.tensorboard.writer import SummaryWriter

        self.run = run
        self.metrics = [row for row in read_metrics(run) if row["step"] <= step]
        write_text(run / METRICS, "".join(json.dumps(row) + "\n" for row in self.metrics))
        self.file = (run / METRICS).open("a", encoding="utf-8")
        if (run / WEIGHTS).exists():
            rows = [row for row in read_movement(run) if row["step"] <= step]
            write_text(run / WEIGHTS, "".join(json.dumps(row) + "\n" for row in rows))
        self.board = SummaryWriter(str(run / "tensorboard"), purge_step=step + 1)
        self.console = Console(file=cast(IO[str], _StandardError()), highlight=False)
        self.bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            TextColumn("{task.percentage:>3.0f}%"),
            TimeRemainingColumn(),
            console=self.console,
            disable=not sys.stderr.isatty(),
        )
        self.task = self.bar.add_task("training", total=1.0)
        self.last_line = 0.0
        self.bar.start()

    def say(self, text: str) -> None:
        """One line for the person."""
        self.console.print(text, markup=False, soft_wrap=True)

    def training(self, row: dict[str, Any], progress: float) -> None:
        """A note on the training.

        The row has step, epoch, learning_rate and seconds; and of the updates since the last note the mean loss, the
        mean norm of their gradients before (gradient_norm) and after clipping (clipped_norm), the share that was
        clipped, and the tokens; and how many updates of the run were skipped.
        """
        since = self.metrics[-1]["seconds"] if self.metrics else 0.0
        row["tokens_per_second"] = row["tokens"] / max(row["seconds"] - since, 1e-9)
        self._note(row, "train")
        text = (
            f"epoch {row['epoch']:.2f}  step {row['step']}  loss {row['loss']:.3f}"
            f"  {row['tokens_per_second']:,.0f} tokens/s  lr {row['learning_rate']:.1e}"
        )
        self.bar.update(self.task, completed=progress, description=text)
        now = time.monotonic()
        if self.bar.disable and now - self.last_line >= LINE_SECONDS:
            left = row["seconds"] * (1 - progress) / progress if progress > 0 else None
            self.say(text + ("" if left is None else f"  {left / 60:.1f} min left"))
            self.last_line = now

    def movement(self, row: dict[str, Any]) -> None:
        """A note on the weights: step, and for each matrix by name its `gradient` and its `update` (`weights.py`)."""
        with (self.run / WEIGHTS).open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")

    def finished(self, text: str) -> None:
        """The run has reached its limit."""
        self.bar.update(self.task, completed=1.0)
        self.say(text)

    def validation(self, row: dict[str, Any], better: bool, samples: Sequence[tuple[str, str, str]]) -> None:
        """A validation: step, validation_loss, bleu, seconds; and samples of (source, translation, reference)."""
        self._note(row, "validation")
        self.say(
            f"step {row['step']}: validation loss {row['validation_loss']:.3f}, BLEU {row['bleu']:.1f}"
            + (" (best so far)" if better else "")
        )
        for source, translation, reference in samples:
            self.say(f"    {source}\n      → {translation}\n      = {reference}")
            self.board.add_text(f"sample/{source}", f"{translation}\n\n= {reference}", row["step"])
        self.board.flush()

    def draw(self) -> None:
        """The learning curve, anew."""
        learning_curve(self.metrics, self.run / "learning_curve.png")

    def _note(self, row: dict[str, Any], kind: str) -> None:
        self.metrics.append(row)
        self.file.write(json.dumps(row) + "\n")
        self.file.flush()
        for key, value in row.items():
            if key != "step" and value is not None:
                self.board.add_scalar(f"{kind}/{key}", value, row["step"])

    def close(self) -> None:
        """Leave the terminal and the files in order."""
        self.bar.stop()
        self.file.close()
        self.board.close()


def read_metrics(run: Path) -> list[dict[str, Any]]:
    """The rows of metrics.jsonl; a last line that a crash cut short is left out."""
    rows = _rows(run / METRICS, _NUMBERS)
    return [row for row in rows if all(beside <= row.keys() for key, beside in TOGETHER.items() if key in row)]


def read_movement(run: Path) -> list[dict[str, Any]]:
    """The rows of weights.jsonl, none of a run with `training.weights_steps` of 0."""
    rows = [row for row in _rows(run / WEIGHTS, _SHARES) if {"gradient", "update"} <= row.keys()]
    return [row for row in rows if row["gradient"].keys() == row["update"].keys() == rows[0]["gradient"].keys()]


def _rows(path: Path, form: TypeAdapter[Any]) -> list[dict[str, Any]]:
    """The rows of a file, each with a step, up to the first that does not have the form of one."""
    rows = []
    try:
        lines = read_small(path, ROWS_LIMIT).splitlines()
    except FileNotFoundError:
        return []
    for line in lines:
        try:
            row = parse_json(line)
            form.validate_python(row, strict=True)
        except ValueError:
            break
        if "step" in row:
            rows.append(row)
    return rows
