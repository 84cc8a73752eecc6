"""Where pairs come from: a name in the registry, a set on the Hugging Face Hub, or files and folders on disk.

| named | read as |
|---|---|
| `phrasebook`, `phrasebook:SIZE`, `phrasebook:SIZE:SEED` | the built-in corpus |
| a name in `REGISTRY` | that set of the Hub |
| `owner/name` or `owner/name:configuration` | any set of the Hub |
| a folder with `train.en` and `train.fr`, or `train` with one of the ends below (`validation`, `test`) | text |
| any other folder | a set laid out as on the Hub: a README.md with configurations, or `data/train.parquet` |
| `file.parquet` | a table with two text columns |
| `file.tsv`, `file.tsv.gz` | columns named by a header line, or else source and target in this order |
| `file.csv`, `file.csv.gz` | the same, by commas, semicolons or tabs, with quotes |
| `file.jsonl`, `file.jsonl.gz` | an object a line |
| `path` where `path.en` and `path.fr` exist, each as it is or with `.gz` (or one of the two) | line-aligned text |

The ends of the names may be in any case.  How columns are found is told in `rows.find_columns`.
"""

import difflib
import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from data_prep.errors import UserError
from data_prep.hub import open_hub
from data_prep.phrasebook import Phrasebook, is_phrasebook
from data_prep.readers import TEXT_SUFFIXES, TextFiles
from data_prep.rows import SPLIT_NAMES, Chunk, clear_errors
from data_prep.tables import has_columns, open_folder, open_parquet
from data_prep.untrusted import LANGUAGE, refuse_pipe

__all__ = ["REGISTRY", "Chunk", "Source", "open_source", "parse_languages"]


REGISTRY = {
    "tatoeba": "sentence-transformers/parallel-sentences-tatoeba",  # everyday sentences, English with others
    "talks": "sentence-transformers/parallel-sentences-talks",  # subtitles of talks, English with others
    "multi30k": "amitkparekh/HWU-F21NL-multi30k",  # image descriptions
    "opus-books": "Helsinki-NLP/opus_books",  # novels out of copyright
    "opus-100": "Helsinki-NLP/opus-100",  # a mixture of sources, up to a million pairs
    "news-commentary": "Helsinki-NLP/news_commentary",  # opinion articles
    "europarl": "Helsinki-NLP/europarl",  # proceedings of the European Parliament
    "un-pc": "Helsinki-NLP/un_pc",  # documents of the United Nations
    "wmt14": "wmt/wmt14",  # training and test sets of the WMT 2014 task
}
"""Sets of the Hub under short names.  Their configurations and columns follow from the languages."""


FILE_SUFFIXES = (*TEXT_SUFFIXES, ".parquet")


class Reader(Protocol):
    """What is asked of every kind of source; see `Source` for the meaning."""

    @property
    def splits(self) -> tuple[str, ...]: ...
    @property
    def origin(self) -> dict[str, object]: ...
    @property
    def notes(self) -> list[str]: ...
    def chunks(self, split: str, size: int) -> Iterator[Chunk]: ...
    def inputs(self) -> dict[str, str]: ...
    def files(self) -> list[Path]: ...


@dataclass(frozen=True)
class Source:
    """A parallel corpus that is open for reading, in one direction."""

    name: str
    """Name in the registry, identifier on the Hub, or path, as the user gave it."""
    source_language: str
    target_language: str
    origin: dict[str, object]
    """Where it comes from, for the manifest: Hub identifier, configuration, commit, licence, columns."""
    splits: tuple[str, ...]
    """Which of train, validation and test it has, in this order, and further ones to test on; train always."""
    _reader: Reader = field(repr=False, compare=False)

    def chunks(self, split: str, size: int = 10_000) -> Iterator[Chunk]:
        """Yield all rows of a split in order, about `size` at a time, in constant memory."""
        return self._reader.chunks(split, size)

    def inputs(self) -> dict[str, str]:
        """Return the SHA-256 of each input file by its name; for a set of the Hub, `git:` and its commit."""
        return self._reader.inputs()

    def files(self) -> list[Path]:
        """Return the local files that are read; none for a set of the Hub."""
        return self._reader.files()


def parse_languages(text: str) -> tuple[str, str]:
    """Return source and target language of a direction like `en-fr` or `en-pt_BR`."""
    source, _, target = text.strip().partition("-")
    if source == target or not all(map(LANGUAGE.fullmatch, (source, target))):
        raise UserError(
            f"LANGS={text!r} is not a direction: name two languages as SOURCE-TARGET, for example LANGS=en-fr"
        )
    return source, target


def open_source(
    name: str,
    languages: tuple[str, str],
    *,
    report: Callable[[str], None] = lambda line: None,
    revision: str | None = None,
) -> Source:
    """Open a corpus by its name (see the table above), ready to be read from `languages[0]` into
    `languages[1]`.

    A set of the Hub is downloaded if it is not cached, at `revision` or else its newest commit.  `report` is told,
    a line at a time, what the user should know.  Raises UserError for everything that keeps it from being read.
    """
    reader = _open_reader(name, languages, report, revision)
    for note in reader.notes:
        report(note)
    return Source(name, *languages, {"name": name} | reader.origin, reader.splits, reader)


def _open_reader(name: str, languages: tuple[str, str], report: Callable[[str], None], revision: str | None) -> Reader:
    if is_phrasebook(name):
        return Phrasebook(name, languages)
    if name in REGISTRY:
        return open_hub(REGISTRY[name], languages, report, revision=revision)
    try:
        path = Path(name).expanduser()
    except RuntimeError as error:
        raise UserError(f"{name}: there is no user of this name here") from error
    if not name.strip():
        raise UserError("the name of the corpus is empty: name one, for example CORPUS=tatoeba")
    with clear_errors(path):
        if path.is_dir() and not name.lower().endswith(FILE_SUFFIXES):
            return _open_folder(path, languages)
        if path.exists():
            return _open_file(path, languages)
        pair = _find_pair(path, languages)
        prefix, side = _split_name(path.name, languages)
        if not pair and side is not None:  # `x.en` where there is `x.en.gz`
            pair = _find_pair(path.with_name(prefix), languages)
        if pair:
            return TextFiles({"train": pair}, languages)
    match = re.fullmatch(r"(\w[\w.-]*/\w[\w.-]*?)(?::([\w.-]+))?", name)
    if match and not name.lower().endswith((*FILE_SUFFIXES, ".txt", ".gz")):
        try:
            return open_hub(match[1], languages, report, configuration=match[2], revision=revision)
        except UserError as error:
            if near := _similar(path, languages):
                raise UserError(f"{error}; did you mean {' or '.join(near)}?") from error
            raise
    known = ["phrasebook"] * (set(languages) == {"en", "fr"}) + [*REGISTRY]
    near = difflib.get_close_matches(name.casefold(), known, 2, 0.6) + _similar(path, languages)
    hint = f"did you mean {' or '.join(near)}?" if near else f"known names: {', '.join(known)}"
    raise UserError(f"{name}: no such file or folder, nor a name in the registry; {hint}")


def _open_folder(folder: Path, languages: tuple[str, str]) -> Reader:
    files = _split_files(folder, languages)
    if "train" in files:
        return TextFiles(files, languages)
    if not any(folder.iterdir()):
        raise UserError(f"{folder}: the folder is empty")
    found = {split: _find(folder, [f"{name}.parquet" for name in names]) for split, names in SPLIT_NAMES.items()}
    tables = {split: path for split, path in found.items() if path}
    if any(path.name != path.name.lower() for path in tables.values()):  # which the library does not find
        return open_parquet(tables, languages, str(folder))
    return open_folder(folder, languages)


def _split_files(folder: Path, languages: tuple[str, str]) -> dict[str, tuple[Path, ...]]:
    """Return the text files of each split in a folder; none where a loading script says how it is read."""
    files: dict[str, tuple[Path, ...]] = {}
    if (folder / f"{folder.name}.py").exists():
        return files
    for split, names in SPLIT_NAMES.items():
        for name in names:
            single = _find(folder, [f"{name}{suffix}" for suffix in TEXT_SUFFIXES])
            if paths := _find_pair(folder / name, languages, alone=not single) or (single and (single,)):
                files[split] = paths
                break
    return files


def _open_file(path: Path, languages: tuple[str, str]) -> Reader:
    refuse_pipe(path)
    if path.suffix.lower() == ".parquet":
        with clear_errors(path), path.open("rb") as file:
            if not file.read(1):
                raise UserError(f"{path}: the file is empty")
        return open_parquet({"train": path}, languages, str(path))
    if path.name.lower().endswith(TEXT_SUFFIXES):
        return TextFiles({"train": (path,)}, languages)
    prefix, side = _split_name(path.name, languages)
    if side is not None and (pair := _find_pair(path.with_name(prefix), languages)):
        return TextFiles({"train": (path, pair[1]) if side == 0 else (pair[0], path)}, languages)
    raise UserError(
        f"{path}: cannot tell its format: name a .tsv[.gz], .csv[.gz], .jsonl[.gz] or .parquet file, or a pair of text "
        f"files named after their languages (such as corpus.{languages[0]} and corpus.{languages[1]}, each also with "
        f".gz)"
    )


def _split_name(name: str, languages: tuple[str, str]) -> tuple[str, int | None]:
    """Return the prefix of one file of a pair, and which side it is: 0 the source, 1 the target, None neither."""
    stem = name[:-3] if name.lower().endswith(".gz") else name
    prefix, _, suffix = stem.rpartition(".")
    sides = [language.lower() for language in languages]
    side = sides.index(suffix.lower()) if prefix and suffix.lower() in sides else None
    return prefix, side


def _find(folder: Path, names: Sequence[str]) -> Path | None:
    """Return the first of the names that is in a folder as it is written, or else in any case."""
    for name in names:
        if (folder / name).exists():
            return folder / name
    with suppress(OSError):
        there = {path.name.lower(): path for path in sorted(folder.iterdir(), reverse=True)}
        return next((there[name.lower()] for name in names if name.lower() in there), None)
    return None


def _find_pair(prefix: Path, languages: tuple[str, str], *, alone: bool = True) -> tuple[Path, Path] | None:
    """Return the files of a pair if they are there; with only one of them raise, unless `alone` is False."""
    names = [f"{prefix.name}.{language}" for language in languages]
    source, target = (_find(prefix.parent, [name, f"{name}.gz"]) for name in names)
    if source and target:
        return source, target
    if alone and (here := source or target):
        missing = here.with_name(names[1] if source else names[0])
        raise UserError(
            f"{missing}: missing beside {here}; a pair of text files, as they are or each with .gz, has one for each "
            f"language of LANGS"
        )
    return None


def _similar(path: Path, languages: tuple[str, str]) -> list[str]:
    """Return up to two corpora beside `path` whose names are like its name, as they are typed in a shell."""
    names: list[tuple[str, Path]] = []
    with suppress(OSError):
        for entry in path.parent.iterdir():
            prefix, side = _split_name(entry.name, languages)
            if side is not None:
                names += [(entry.name, entry.with_name(prefix)), (prefix, entry.with_name(prefix))]
            elif entry.name.lower().endswith(FILE_SUFFIXES) or entry.is_dir():
                stem = re.sub(r"\.\w+(\.gz)?$", "", entry.name, flags=re.IGNORECASE)
                names += [(entry.name, entry), (stem, entry)]
    forms = sorted({form.lower() for form, _ in names})
    near: list[str] = []
    for match in difflib.get_close_matches(path.name.lower(), forms, 5, 0.6):
        for found in sorted({found for form, found in names if form.lower() == match}):
            typed = str(found)
            if typed in REGISTRY or is_phrasebook(typed) or typed.startswith("-"):
                typed = f"./{typed}"
            typed = shlex.quote(typed)
            if typed not in near and typed.isprintable() and len(near) < 2 and _can_open(found, languages):
                near.append(typed)
    return near


def _can_open(path: Path, languages: tuple[str, str]) -> bool:
    """Whether a file, a folder or the prefix of a pair can be opened as a corpus; tables are not read for it."""
    try:
        if path.suffix.lower() == ".parquet" or (path.is_dir() and "train" not in _split_files(path, languages)):
            return has_columns(path, languages)
        _open_reader(str(path.absolute()), languages, lambda line: None, None)
    except UserError:
        return False
    return True
