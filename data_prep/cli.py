"""Preparation as a command shows it, on standard error: bars on a terminal, a plain line a stage elsewhere."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from data_prep.prepare import prepare
from data_prep.settings import Preparation


def preprocess(source_name: str, languages: tuple[str, str], folder: Path, settings: Preparation) -> dict[str, Any]:
    """Prepare a corpus, with progress and a summary on standard error; return its manifest.

    Raises UserError for everything that is the user's to mend.
    """
    report = ConsoleReport(Console(stderr=True, soft_wrap=True))
    start = time.monotonic()
    manifest = prepare(source_name, languages, folder, settings, report)
    if report.stages:
        for line in summary(manifest):
            report.note(line)
        report.note(f"prepared {folder} in {time.monotonic() - start:.1f} s")
    return manifest


def summary(manifest: dict[str, Any]) -> list[str]:
    """Pairs kept and dropped, and the vocabulary, in a few lines."""
    lines = []
    for name, split in manifest["splits"].items():
        dropped = ", ".join(f"{reason} {found['pairs']:,}" for reason, found in split.get("dropped", {}).items())
        lines.append(f"{name}: {split['pairs']:,} pairs" + (f"; dropped: {dropped}" if dropped else ""))
    sizes = manifest["vocabulary"]
    joint = manifest["settings"]["subwords"]["joint"]
    lines.append(f"vocabulary: {sizes['source']:,}" + (" (joint)" if joint else f" source, {sizes['target']:,} target"))
    return lines


class ConsoleReport:
    """Reports to a console: progress bars if it is a terminal, else one line for each finished stage."""

    def __init__(self, console: Console) -> None:
        self.stages = 0
        self._console = console

    def note(self, message: str) -> None:
        """Print one line."""
        self._console.print(message, markup=False, highlight=False)

    @contextmanager
    def stage(self, name: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
        """Show a stage while it lasts."""
        self.stages += 1
        if self._console.is_terminal:
            with _bar(self._console, counted=total is not None) as progress:
                task = progress.add_task(name, total=total)
                yield lambda done: progress.advance(task, done)
            return
        start, pairs = time.monotonic(), 0

        def advance(done: int) -> None:
            nonlocal pairs
            pairs += done

        yield advance
        counted = f"{pairs:,} pairs, " if pairs else ""
        self.note(f"{name}: {counted}{time.monotonic() - start:.1f} s")


def _bar(console: Console, counted: bool) -> Progress:
    done = (BarColumn(), MofNCompleteColumn()) if counted else (SpinnerColumn(), TextColumn("{task.completed:,.0f}"))
    return Progress(TextColumn("{task.description}"), *done, TimeElapsedColumn(), console=console)
