"""Text files, a pair a row: two aligned files, tab-separated columns, CSV (`csv_files.py`) or JSON objects; by split.

Lines are those of `lines.py`.  In tab-separated and JSON files a wholly empty line is an empty pair, so that rows and
lines stay in step.  Tabs and quotes have no escapes.
"""

import json
from collections.abc import Iterator, Mapping
from itertools import repeat
from pathlib import Path
from typing import Any

from data_prep.csv_files import CsvFile
from data_prep.errors import UserError
from data_prep.header import MAX_COLUMNS, Layout
from data_prep.lines import count_lines, read_lines
from data_prep.rows import Chunk, ColumnPath, require_columns, sha256

TEXT_SUFFIXES = (".tsv", ".tsv.gz", ".csv", ".csv.gz", ".jsonl", ".jsonl.gz")
"""Ends of the names of files that hold both languages, in any case."""


def _format(path: Path) -> str:
    """Return `.tsv`, `.csv` or `.jsonl`."""
    return Path(path.name.lower().removesuffix(".gz")).suffix


class TextFiles:
    """Reader of text files: for each split a pair of files, or one file of TEXT_SUFFIXES.

    Opening checks that every file can be read, has its columns and is not empty, and that the two files of
    a pair have as many lines.  Everything else that is wrong raises a UserError when the line is read.
    """

    def __init__(self, files: Mapping[str, tuple[Path, ...]], languages: tuple[str, str]) -> None:
        self._files = dict(files)
        self._languages = languages
        self.notes: list[str] = []
        """What the user should know about how the files are read."""
        for paths in files.values():
            for path in paths:
                if next(read_lines(path, 1), None) is None:
                    raise UserError(f"{path}: the file is empty")
            if len(paths) == 2:
                _check_counts(paths[0], paths[1])
        self.splits = tuple(self._files)
        train = self._files["train"]
        if len(train) == 2:
            columns = [path.name for path in train]
        elif _format(train[0]) == ".jsonl":
            columns = [".".join(path) for path in _json_columns(train[0], languages)]
        else:
            csv = _format(train[0]) == ".csv"
            layout = CsvFile(train[0], languages).layout if csv else _tsv_layout(train[0], languages)
            columns = list(layout.columns)
            if note := layout.note(languages):
                self.notes.append(f"{train[0]}: {note}")
        self.origin: dict[str, object] = {
            "files": [path.name for paths in self._files.values() for path in paths],
            "columns": columns,
        }

    def files(self) -> list[Path]:
        """Return all files."""
        return [path for paths in self._files.values() for path in paths]

    def chunks(self, split: str, size: int) -> Iterator[Chunk]:
        """Yield the rows of a split in order, `size` lines of its files at a time."""
        paths = self._files[split]
        if len(paths) == 2:
            return _pair_chunks(paths[0], paths[1], size)
        if _format(paths[0]) == ".csv":
            return CsvFile(paths[0], self._languages).chunks(size)
        read = _tsv_chunks if _format(paths[0]) == ".tsv" else _json_chunks
        return read(paths[0], self._languages, size)

    def inputs(self) -> dict[str, str]:
        """Return the SHA-256 of each file by its name."""
        return {path.name: sha256(path) for path in self.files()}


def _pair_chunks(source: Path, target: Path, size: int) -> Iterator[Chunk]:
    blocks = read_lines(source, size), read_lines(target, size)
    waiting: tuple[list[str], list[str]] = [], []
    while True:
        # Blocks of the two may end at different lines, where lines are long.
        for lines, reader in zip(waiting, blocks, strict=True):
            if not lines:
                lines += next(reader, (0, []))[1]
        ready = min(map(len, waiting))
        if not ready:
            break
        yield Chunk(waiting[0][:ready], waiting[1][:ready])
        for lines in waiting:
            del lines[:ready]
    if any(waiting):  # changed since it was opened
        _check_counts(source, target)


def _check_counts(source: Path, target: Path) -> None:
    counts = []
    for path in (source, target):
        counts.append(count_lines(path))
    if counts[0] != counts[1]:
        raise UserError(
            f"{source} has {counts[0]:,} lines and {target} has {counts[1]:,}; line n of one must translate "
            f"line n of the other"
        )


def _tsv_layout(path: Path, languages: tuple[str, str]) -> Layout:
    """Read the layout off the first two lines.  Raises UserError if the first has no tab, and as `Layout.of` does."""
    rows: list[list[str]] = []
    for _, lines in read_lines(path, 1):
        rows.append(lines[0].split("\t", MAX_COLUMNS))
        if len(rows) == 2:
            break
    if len(rows[0]) < 2:
        raise UserError(f"{path}:1: no tab in the line; each needs a source and a target with a tab between")
    return Layout.of(rows, languages, f"{path}:1")


def _tsv_chunks(path: Path, languages: tuple[str, str], size: int) -> Iterator[Chunk]:
    layout = _tsv_layout(path, languages)
    tabs = layout.width - 1
    for number, lines in read_lines(path, size):
        if set(map(str.count, lines, repeat("\t"))) != {tabs}:
            for offset, line in enumerate(lines):
                if not line:
                    lines[offset] = "\t" * tabs
                elif line.count("\t") != tabs:
                    raise UserError(
                        f"{path}:{number + offset}: {line.count(chr(9)) + 1} columns where the first line has "
                        f"{layout.width}; look for a missing or an extra tab"
                    )
        if layout.header and number == 1:
            del lines[0]
            if not lines:
                continue
        cells = "\t".join(lines).split("\t")
        yield Chunk(cells[layout.source :: layout.width], cells[layout.target :: layout.width])


_scan_json = json.JSONDecoder().raw_decode


def _json_row(line: str, path: Path, number: int) -> dict[str, object]:
    text = line.strip(" \t\r")
    try:
        row, end = _scan_json(text) if text else ({}, 0)
        if end != len(text):
            raise ValueError(f"more text from character {end + 1} on")
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path}:{number}: not JSON ({error}); each line must hold one object") from None
    if not isinstance(row, dict):
        raise UserError(f'{path}:{number}: not a JSON object; each line must be like {{"en": …, "fr": …}}')
    return row


def _json_columns(path: Path, languages: tuple[str, str]) -> tuple[ColumnPath, ColumnPath]:
    for number, lines in read_lines(path, 1):
        if row := _json_row(lines[0], path, number):
            shape = {name: tuple(cell) if isinstance(cell, dict) else () for name, cell in row.items()}
            return require_columns(shape, languages, f"{path}:{number}")
    raise UserError(f"{path}: no line has any text")


def _json_chunks(path: Path, languages: tuple[str, str], size: int) -> Iterator[Chunk]:
    columns = _json_columns(path, languages)
    for number, lines in read_lines(path, size):
        rows = [_json_row(line, path, number + offset) for offset, line in enumerate(lines)]
        sources, targets = (_json_cells(rows, column) for column in columns)
        try:
            "".join(sources + targets).encode()
        except (TypeError, UnicodeEncodeError):
            _refuse_cell(sources, targets, path, number)
        yield Chunk(sources, targets)


def _json_cells(rows: list[dict[str, object]], column: ColumnPath) -> list[str]:
    cells: list[Any] = list(rows)
    for name in column:
        cells = [cell.get(name) if isinstance(cell, dict) else None for cell in cells]
    return ["" if cell is None else cell for cell in cells]


def _refuse_cell(sources: list[str], targets: list[str], path: Path, number: int) -> None:
    for offset, cells in enumerate(zip(sources, targets, strict=True)):
        for cell in cells:
            if not isinstance(cell, str):
                raise UserError(f"{path}:{number + offset}: {json.dumps(cell)} is not text; put it in quotes")
            if any("\ud800" <= letter <= "\udfff" for letter in cell):
                raise UserError(f"{path}:{number + offset}: half of a surrogate pair (\\ud800 to \\udfff)")
