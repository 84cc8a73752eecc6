"""What every reader shares: chunks of rows, the columns of two languages, and clear errors about files."""

import gzip
import hashlib
import zlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from data_prep.errors import UserError
from data_prep.languages import named_after, role_of

SPLIT_NAMES = {
    "train": ("train",),
    "validation": ("validation", "valid", "val", "dev"),
    "test": ("test",),
}
"""Canonical split → the names it goes by, the first found being used."""

ColumnPath = tuple[str, ...]
"""Where one language is in a row: a column, or a column and the field inside it."""


@dataclass(frozen=True)
class Chunk:
    """Consecutive rows of one split; a null cell or a missing translation is the empty string."""

    sources: list[str]
    targets: list[str]


def find_columns(
    shape: Mapping[str, Collection[str]], languages: tuple[str, str]
) -> tuple[ColumnPath, ColumnPath] | None:
    """Say which columns hold the source and the target language, or None.

    `shape` maps each column to the fields inside it (none for a plain column).  Tried in order: the fields of
    `translation`, columns named as the languages, the fields of `text`, columns `text.en` and `text.fr`; columns, or
    fields of one column, with other names of the languages (`English`, `fra`, `en_text`); `english` with
    `non_english` where English is one of the two; `source` with `target`.
    """
    candidates: list[tuple[ColumnPath, ...]] = [
        tuple(("translation", language) for language in languages),
        tuple((language,) for language in languages),
        tuple(("text", language) for language in languages),
        tuple((f"text.{language}",) for language in languages),
    ]
    plain = [name for name, fields in shape.items() if not fields]
    for inside, names in [((), plain), *(((name,), fields) for name, fields in shape.items() if fields)]:
        found = [named_after(language, names) for language in languages]
        if found[0] != found[1]:
            candidates.append(tuple((*inside, name) for name in found if name is not None))
    if "en" in languages:
        candidates.append(tuple(("english" if language == "en" else "non_english",) for language in languages))
    roles = {role_of(name): name for name in reversed(plain)}
    candidates.append(tuple((roles[role],) for role in ("source", "target") if role in roles))
    for paths in candidates:
        if len(paths) == 2 and all(
            path[0] in shape and (len(path) == 1 or path[1] in shape[path[0]]) for path in paths
        ):
            return paths[0], paths[1]
    return None


def require_columns(
    shape: Mapping[str, Collection[str]], languages: tuple[str, str], where: str
) -> tuple[ColumnPath, ColumnPath]:
    """Return what `find_columns` finds, or raise a UserError that names the columns there are."""
    columns = find_columns(shape, languages)
    if columns is None:
        there = ", ".join(f"{name} {{{', '.join(fields)}}}" if fields else name for name, fields in shape.items())
        raise UserError(
            f"{where}: no columns for {languages[0]} and {languages[1]}; there are: {there or 'none'}; "
            f"set LANGS to languages it has, or name the columns after them"
        )
    return columns


@contextmanager
def clear_errors(path: Path) -> Iterator[None]:
    """Turn what can go wrong with a file into one line that names it."""
    try:
        yield
    except FileNotFoundError:
        raise UserError(f"{path}: there is no such file") from None
    except IsADirectoryError:
        raise UserError(f"{path}: this is a folder where a file is expected") from None
    except PermissionError:
        raise UserError(f"{path}: no permission to read it; see `ls -l` and chmod") from None
    except EOFError:
        raise UserError(f"{path}: the gzip file ends too early; copy or download it again") from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise UserError(f"{path}: damaged, or not a gzip file ({error}); copy or download it again") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror or error})") from None


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal, read as a stream."""
    with clear_errors(path), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def file_stamps(paths: Collection[Path]) -> list[list[object]]:
    """Return absolute path, size in bytes and time of change in nanoseconds of each file."""
    stamps: list[list[object]] = []
    for path in paths:
        with clear_errors(path):
            status = path.stat()
        stamps.append([str(path.resolve()), status.st_size, status.st_mtime_ns])
    return stamps
