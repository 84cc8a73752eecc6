"""The first rows of a table in a text file: whether the first one names the columns, and which ones hold the text."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from data_prep.errors import UserError
from data_prep.languages import base_code, is_code, language_of, role_of
from data_prep.rows import find_columns, require_columns

MAX_COLUMNS = 1000
_CODE = re.compile(r"[a-z]{2,3}([-_]\w+)?|[A-Z]{2,3}([-_]\w+)?")


@dataclass(frozen=True)
class Layout:
    """How a table in a text file is laid out."""

    source: int
    target: int
    """Index of the column of each language."""
    width: int
    """Number of columns in every row."""
    header: bool
    """Whether the first row names the columns."""
    columns: tuple[str, str]
    """What the columns of the two languages are called."""

    @classmethod
    def of(cls, rows: Sequence[Sequence[str]], languages: tuple[str, str], where: str) -> "Layout":
        """Read the layout off the first row, which has at least two cells, and the second, if there is one.

        A header names the columns as `find_columns` knows them.  Without one, the first column is the source and the
        second the target.  Raises UserError for a header of other languages, and for columns of language codes.
        """
        if len(rows[0]) > MAX_COLUMNS:
            raise UserError(f"{where}: more than {MAX_COLUMNS:,} columns; is it a table with a pair in each row?")
        first = [cell.strip() for cell in rows[0]]
        second = [cell.strip() for cell in rows[1]] if len(rows) > 1 else []
        shape: dict[str, tuple[str, ...]] = dict.fromkeys(first, ())
        if columns := find_columns(shape, languages):
            source, target = (first.index(path[0]) for path in columns)
            if len(first) > 2 and all(second[i : i + 1] == [first[i]] for i in (source, target)):
                raise UserError(
                    f"{where}: columns {source + 1} and {target + 1} hold the names of languages, not text, and no "
                    f"header says where the text is; write one with {languages[0]} and {languages[1]} above the text"
                )
            return cls(source, target, len(first), True, (first[source], first[target]))
        if _names_others(first, languages):
            require_columns(shape, languages, where)
        return cls(0, 1, len(first), False, ("column 1", "column 2"))

    def note(self, languages: tuple[str, str]) -> str:
        """Say how the columns are read where they are not named after the languages, else nothing."""
        read = f"{self.columns[0]} is read as {languages[0]} and {self.columns[1]} as {languages[1]}"
        if not self.header:
            return f"no header line names {languages[0]} and {languages[1]}, so {read}"
        return read if [role_of(name) for name in self.columns] == ["source", "target"] else ""


def _names_others(cells: Sequence[str], languages: tuple[str, str]) -> bool:
    """Whether a row is a header of languages, though not of both that are asked for.

    It has two languages or more by their names, one of them at least in a word (`English⇥German`), or nothing but
    codes, one of them asked for (`en⇥de`).  The name of one language in two languages (`French⇥Français`) is text.
    """
    named = {cell: language_of(cell) for cell in cells}
    found = set(named.values()) - {None}
    if set(cells) & set(languages) and len(set(cells)) > 1 and all(map(_CODE.fullmatch, cells)):
        return True
    if len(found) < 2:
        return False
    others = [cell for cell, language in named.items() if language is None]
    words = [cell for cell, language in named.items() if language and not is_code(cell)]
    codes = [cell for cell, language in named.items() if language and is_code(cell)]
    asked = any(base_code(language) in found for language in languages)
    return (bool(words) or (asked and not others)) and all(map(_CODE.fullmatch, codes))
