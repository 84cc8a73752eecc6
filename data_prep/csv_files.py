"""CSV files (RFC 4180), read in constant memory: quoted cells may hold separators, line breaks and doubled quotes.

The separator is a comma, a semicolon (as spreadsheets write where the comma is the decimal mark) or a tab.
"""

import csv
from collections.abc import Iterator
from pathlib import Path

from data_prep import lines
from data_prep.errors import UserError
from data_prep.header import Layout
from data_prep.rows import Chunk

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab"}
SAMPLED_ROWS = 100
"""Rows at the beginning of a file that tell its separator."""
SAMPLED_CHARACTERS = 1 << 20
"""Characters of these rows, at most; the first row is always whole."""


class _RowError(UserError):
    """A row breaks the rules of quoting."""


class CsvFile:
    """One CSV file: its separator, its layout and its rows."""

    def __init__(self, path: Path, languages: tuple[str, str]) -> None:
        """Find the separator and the columns in the first rows.

        The best separator gives a header of languages, then rows of equal width, then few columns.  Raises UserError
        for a first row of one cell, and as `Layout.of` does.
        """
        self._path = path
        found: list[tuple[tuple[bool, bool, int], str, Layout | UserError]] = []
        errors = []
        for separator in SEPARATORS:
            rows, error = _sample(path, separator)
            if rows and len(rows[0]) > 1:
                try:
                    layout: Layout | UserError = Layout.of(rows, languages, f"{path}:1")
                except UserError as refused:
                    layout = refused
                even = error is None and {len(row) for row in rows if row} == {len(rows[0])}
                found.append(((isinstance(layout, UserError) or layout.header, even, -len(rows[0])), separator, layout))
            elif error and not rows:
                errors.append(error)
        if not found:
            raise next(iter(errors), None) or UserError(
                f"{path}:1: no comma, semicolon or tab in the row; each needs a source and a target"
            )
        _, self._separator, layout = max(found, key=lambda candidate: candidate[0])
        if isinstance(layout, UserError):
            raise layout
        self.layout = layout

    def chunks(self, size: int) -> Iterator[Chunk]:
        """Yield the rows in order, `size` at a time or fewer where they are long.  A blank line is an empty pair."""
        layout, chunk, left = self.layout, Chunk([], []), lines.BLOCK
        for number, cells in _read_rows(self._path, self._separator):
            if layout.header and number == 1:
                continue
            if len(cells) != layout.width:
                if cells:
                    name = SEPARATORS[self._separator]
                    raise UserError(
                        f"{self._path}:{number}: {len(cells)} cells where the first row has {layout.width}; look for "
                        f"a missing or an extra {name}; a text that has a {name} must be in double quotes"
                    )
                cells = [""] * layout.width
            source, target = cells[layout.source], cells[layout.target]
            chunk.sources.append(source)
            chunk.targets.append(target)
            left -= len(source) + len(target)
            if len(chunk.sources) >= size or left <= 0:
                yield chunk
                chunk, left = Chunk([], []), lines.BLOCK
        if chunk.sources:
            yield chunk


class _Feed:
    """Gives the lines of a file to the parser, and knows where a row begins."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.number = 0
        """Number of the last line given, from 1."""
        self.begin_row()

    def begin_row(self) -> None:
        self.row = self.number + 1
        self._left = lines.LONGEST_LINE

    def __iter__(self) -> Iterator[str]:
        for _, block in lines.read_lines(self._path, 1000):
            for line in block:
                self.number += 1
                self._left -= len(line) + 1
                if self._left < 0:
                    raise UserError(
                        f"{self._path}:{self.row}: a row of more than {lines.LONGEST_LINE >> 20} MiB; is a double "
                        f"quote in it never closed?"
                    )
                yield f"{line}\n" if self.number == 1 or "\r" not in line else line.replace("\r", " ") + "\n"


def _read_rows(path: Path, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the number of each row's first line, from 1, and its cells; a blank line has none."""
    csv.field_size_limit(max(csv.field_size_limit(), lines.LONGEST_LINE))
    feed = _Feed(path)
    reader = csv.reader(feed, delimiter=separator, strict=True)
    while True:
        feed.begin_row()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise _RowError(f"{path}:{feed.row}: {_explain(error, feed)}") from None
        yield feed.row, cells


def _explain(error: csv.Error, feed: _Feed) -> str:
    """Say what is wrong with a row, and the remedy."""
    if "new-line character" in str(error):
        return "a carriage return without a line feed; convert the line ends, for example with `tr '\\r' '\\n'`"
    if "unexpected end" in str(error):
        return "a double quote that opens in this row is never closed"
    if "expected after" in str(error):
        where = f" in line {feed.number}" if feed.number > feed.row else ""
        return f"text behind a closing double quote{where}; inside a quoted cell a double quote is written twice"
    return f"not a row of a CSV file ({error})"


def _sample(path: Path, separator: str) -> tuple[list[list[str]], UserError | None]:
    """Return the cells of the first rows, and what is wrong with the row behind them, if anything is."""
    rows: list[list[str]] = []
    left = SAMPLED_CHARACTERS
    try:
        for _, cells in _read_rows(path, separator):
            rows.append(cells)
            left -= sum(map(len, cells))
            if len(rows) == SAMPLED_ROWS or left < 0:
                break
    except _RowError as error:
        return rows, error
    return rows, None
