"""Where pairs come from: a name in the registry, a set on the Hugging Face Hub, or files and folders on disk.

| named | read as |
|---|---|
| `phrasebook`, `phrasebook:SIZE`, `phrasebook:SIZE:SEED` | the built-in corpus |
| a name in `REGISTRY` | that set of the Hub |
| `owner/name` or `owner/name:configuration` | any set of the Hub |
| a folder with `train.en` and `train.fr`, `train.tsv` or `train.jsonl` (`validation`, `test`) | text |
| any other folder | a set laid out as on the Hub: a README.md with configurations, or `data/train.parquet` |
| `file.parquet` | a table with two text columns |
| `file.tsv`, `file.tsv.gz` | columns named by a header line, or else source and target in this order |
| `file.jsonl`, `file.jsonl.gz` | an object a line |
| `path` where `path.en` and `path.fr` exist (or one of the two) | line-aligned text |

How columns are found is told in `rows.find_columns`.
"""

import difflib
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from data_prep.errors import UserError
from data_prep.hub import open_hub
from data_prep.phrasebook import Phrasebook, is_phrasebook
from data_prep.readers import TEXT_SUFFIXES, TextFiles
from data_prep.rows import SPLIT_NAMES, Chunk, clear_errors
from data_prep.tables import open_folder, open_parquet
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
        if path.is_dir() and not name.endswith((*TEXT_SUFFIXES, ".parquet")):
            return _open_folder(path, languages)
        if path.exists():
            return _open_file(path, languages)
        if pair := _find_pair(path, languages):
            return TextFiles({"train": pair}, languages)
    match = re.fullmatch(r"(\w[\w.-]*/\w[\w.-]*?)(?::([\w.-]+))?", name)
    if match and not name.endswith((*TEXT_SUFFIXES, ".parquet", ".csv", ".txt")):
        return open_hub(match[1], languages, report, configuration=match[2], revision=revision)
    raise UserError(f"{name}: no such file or folder, nor a name in the registry; {_suggestions(name, path)}")


def _open_folder(folder: Path, languages: tuple[str, str]) -> Reader:
    files: dict[str, tuple[Path, ...]] = {}
    for split, names in SPLIT_NAMES.items():
        for name in names:
            single = [folder / f"{name}{suffix}" for suffix in TEXT_SUFFIXES]
            found = [path for path in single if path.exists()][:1]
            if paths := _find_pair(folder / name, languages, alone=not found) or tuple(found):
                files[split] = paths
                break
    if "train" in files:
        return TextFiles(files, languages)
    if not any(folder.iterdir()):
        raise UserError(f"{folder}: the folder is empty")
    return open_folder(folder, languages)


def _open_file(path: Path, languages: tuple[str, str]) -> Reader:
    refuse_pipe(path)
    if path.suffix == ".parquet":
        with clear_errors(path), path.open("rb") as file:
            if not file.read(1):
                raise UserError(f"{path}: the file is empty")
        return open_parquet(path, languages)
    if path.name.endswith(TEXT_SUFFIXES):
        return TextFiles({"train": (path,)}, languages)
    if path.suffix.removeprefix(".") in languages and (pair := _find_pair(path.with_suffix(""), languages)):
        return TextFiles({"train": pair}, languages)
    raise UserError(
        f"{path}: cannot tell its format: name a .tsv[.gz], .jsonl[.gz] or .parquet file, or a pair of text "
        f"files named after their languages (such as corpus.{languages[0]} and corpus.{languages[1]})"
    )


def _find_pair(prefix: Path, languages: tuple[str, str], *, alone: bool = True) -> tuple[Path, Path] | None:
    """Return the files of a pair if they are there; with only one of them raise, unless `alone` is False."""
    source, target = (prefix.with_name(f"{prefix.name}.{language}") for language in languages)
    if source.exists() and target.exists():
        return source, target
    if alone and (source.exists() or target.exists()):
        here, missing = (source, target) if source.exists() else (target, source)
        raise UserError(f"{missing}: missing beside {here}; a pair of text files has one for each language of LANGS")
    return None


def _suggestions(name: str, path: Path) -> str:
    folder, beside = path.parent, []
    with suppress(OSError):
        beside = [entry.name for entry in folder.iterdir()]
    near = difflib.get_close_matches(name, ["phrasebook", *REGISTRY], 2, 0.6)
    near += [str(folder / match) for match in difflib.get_close_matches(path.name, beside, 2, 0.6)]
    if near:
        return f"did you mean {' or '.join(near)}?"
    return f"known names: phrasebook, {', '.join(REGISTRY)}"
