"""The figures as a table, and against those of an earlier time."""

import json
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from data_prep.errors import UserError
from tests.benchmarks.processes import Figures

NOTICED = 0.1
"""Share by which a figure must be worse to be marked."""
MARKS = ("slower", "larger")
MORE_IS_BETTER = ("_per_second", "_per_second_per_core", ".gflops", "share_of_matrix_rate", "_ratio")
LESS_IS_BETTER = ("_ms", "start.seconds", "_seconds", "_mib")
GROUPS = ("machine", "matrix", "train", "translate", "latency", "start", "cells", "prepare", "peer")
OF_RECIPE = ("train", "translate", "latency")
"""Groups whose keys name a recipe next."""


def read_figures(path: Path) -> Figures:
    """The figures of an earlier run.  Raises UserError if they cannot be read."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}); BASELINE names a file of make bench") from error
    except ValueError as error:
        raise UserError(f"{path}: damaged ({error}); BASELINE names a file of make bench") from error
    if not isinstance(found, dict) or not all(isinstance(value, float | int | str) for value in found.values()):
        raise UserError(f"{path}: not a table of figures; BASELINE names a file of make bench")
    return found


def write_figures(path: Path, figures: Figures) -> None:
    """Write the figures, whole or not at all.  Raises UserError if the file cannot be written."""
    partial = path.with_name(path.name + ".partial")
    try:
        partial.write_text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror}); OUT names the file") from error


def in_order(figures: Figures) -> Figures:
    """The figures by GROUPS, otherwise as they were measured."""
    return dict(sorted(figures.items(), key=lambda figure: GROUPS.index(figure[0].partition(".")[0])))


def is_other_machine(figures: Figures, baseline: Figures) -> bool:
    """Whether a baseline was measured on something else, so that ratios say little."""
    keys = ("machine.processor", "machine.device", "machine.threads")
    return any(figures.get(key) != baseline.get(key) for key in keys)


def is_worse(key: str, ratio: float) -> bool:
    """Whether a figure that became `ratio` times what it was is noticeably worse."""
    if key.endswith(MORE_IS_BETTER):
        return ratio < 1 - NOTICED
    return key.endswith(LESS_IS_BETTER) and ratio > 1 + NOTICED


def rows(figures: Figures, baseline: Figures | None = None) -> list[tuple[str, ...]]:
    """Key and value of each figure; with a baseline also the value before, the ratio, and a mark if it is worse."""
    found = []
    for key, value in figures.items():
        cells = [key, show(key, value)]
        if baseline is not None:
            before = baseline.get(key)
            cells += ["" if before is None else show(key, before), *_compared(key, value, before)]
        found.append(tuple(cells))
    return found


def _compared(key: str, value: float | int | str, before: float | int | str | None) -> tuple[str, str]:
    if isinstance(value, str) or isinstance(before, str) or not before:
        return "", ""
    ratio = value / before
    return f"{ratio:.2f}", MARKS[key.endswith("_mib")] if is_worse(key, ratio) else ""


def show(key: str, value: float | int | str) -> str:
    """A value as a person reads it; shares in per cent."""
    if isinstance(value, str):
        return value
    if "share" in key or ".part." in key:
        return f"{value:.1%}"
    return f"{value:,.0f}" if isinstance(value, int) or abs(value) >= 100 else f"{value:,.2f}"


def print_table(figures: Figures, baseline: Figures | None = None) -> None:
    """Print the figures on standard output: plain, and as wide as need be, where that is no terminal."""
    # Words about the machine are too long for a column, and not to be compared.
    words = [(key, value) for key, value in figures.items() if key.startswith("machine.") and isinstance(value, str)]
    for key, value in words:
        print(f"{key}: {value}")
    table = Table(box=None, pad_edge=False, show_header=baseline is not None)
    for name in ("", "now", "before", "ratio", "")[: 2 if baseline is None else 5]:
        table.add_column(name, overflow="fold", justify="right" if name else "left")
    group: list[str] = []
    for cells in rows({key: value for key, value in figures.items() if (key, value) not in words}, baseline):
        first, *rest = cells[0].split(".")
        before, group = group, [first, rest[0]] if first in OF_RECIPE else [first]
        if before and before != group:
            table.add_row()
        table.add_row(*cells, style="bold red" if cells[-1] in MARKS else None)
    if sys.stdout.isatty():
        Console().print(table)
        return
    plain = Console(width=1000, color_system=None, highlight=False)
    with plain.capture() as text:
        plain.print(table)
    print("\n".join(line.rstrip() for line in text.get().splitlines()))
