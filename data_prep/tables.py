"""Sets read by the `datasets` library: Parquet files, folders laid out as on the Hub, and the Hub's own.

The library keeps an Arrow copy of what it has read in its cache (`HF_HOME`) and maps it into memory, so
reading takes constant memory, and a second opening is quick.  A local file that has changed is read afresh.
"""

import logging
import os
import re
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from data_prep.errors import UserError
from data_prep.rows import SPLIT_NAMES, Chunk, ColumnPath, require_columns, sha256

_DIRECTION = re.compile(r"[a-z]{2,3}(_\w+)?-[a-z]{2,3}(_\w+)?")
"""Name of a configuration that LANGS can be set to."""


def load_library() -> ModuleType:
    """Import `datasets` (a second or two), silent except for progress bars on a terminal.

    The Hub client reads its settings when it is first imported: no statistics are sent, and downloads are
    plain HTTP, which can be resumed.
    """
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("HF_UPDATE_DOWNLOAD_COUNTS", "0")
    os.environ.setdefault("HF_HUB_DISABLE_XET", "1")
    import datasets
    import huggingface_hub

    for library in (datasets, huggingface_hub):  # their errors are raised too
        library.logging.set_verbosity(logging.CRITICAL)
    if not sys.stderr.isatty():
        datasets.disable_progress_bars()
        huggingface_hub.utils.disable_progress_bars()  # type: ignore[attr-defined]  # exported at run time
    return datasets  # type: ignore[no-any-return]


@contextmanager
def library_errors(what: str) -> Iterator[None]:
    """Turn the library's complaints about the data into one line about `what`."""
    datasets = load_library()
    import pyarrow
    import yaml  # type: ignore[import-untyped]

    try:
        yield
    except (
        datasets.exceptions.DatasetsError,
        pyarrow.ArrowException,
        yaml.YAMLError,
        # What it says of loading scripts, of a card that is no card, and of what it would need for other addresses.
        RuntimeError,
        LookupError,
        TypeError,
        ImportError,
        OSError,
        ValueError,
    ) as error:
        cause = error.__cause__ or error
        raise UserError(f"{what}: cannot be read as a data set: {one_line(cause)}") from error


def one_line(error: BaseException) -> str:
    """Return the first line of an error's message, after its kind."""
    first = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    return f"{type(error).__name__}: {first[:200]}" if first else type(error).__name__


class Table:
    """Reader of a `datasets.DatasetDict`."""

    def __init__(
        self,
        dataset: Mapping[str, Any],
        languages: tuple[str, str],
        what: str,
        origin: dict[str, object],
        files: Sequence[Path] = (),
        inputs: dict[str, str] | None = None,
    ) -> None:
        """`files` are the local files it was read from; `inputs` says what a set that is not local is."""
        self._what = what
        self._files = files
        self._inputs = inputs
        self._dataset = {}
        for split, names in SPLIT_NAMES.items():
            if name := next((name for name in names if name in dataset), None):
                self._dataset[split] = dataset[name]
        if "train" not in self._dataset:
            raise UserError(f"{what}: no split named train; there are: {', '.join(dataset)}")
        self.notes: list[str] = []
        self.splits = tuple(self._dataset)
        self._columns = {
            split: _columns(rows.features.arrow_schema, languages, what) for split, rows in self._dataset.items()
        }
        if not len(self._dataset["train"]):
            raise UserError(f"{what}: its train split has no rows")
        self.origin = origin | {"columns": [".".join(path) for path in self._columns["train"]]}

    def chunks(self, split: str, size: int) -> Iterator[Chunk]:
        """Yield the rows of a split in order, `size` at a time."""
        columns = self._columns[split]
        rows = self._dataset[split].select_columns(sorted({path[0] for path in columns}))
        tables = iter(rows.with_format("arrow").iter(size))
        while True:
            # Text that is not UTF-8 is only found when it is read.
            with library_errors(self._what):
                if (table := next(tables, None)) is None:
                    return
                sources, targets = (_texts(table, path) for path in columns)
            yield Chunk(sources, targets)

    def inputs(self) -> dict[str, str]:
        """Return the SHA-256 of each local file by the end of its path, or the commit of a set on the Hub."""
        if self._inputs is not None:
            return self._inputs
        parent = Path(os.path.commonpath([path.parent for path in self._files]))
        return {path.relative_to(parent).as_posix(): sha256(path) for path in self._files}

    def files(self) -> list[Path]:
        """Return the local files; none for a set on the Hub."""
        return list(self._files)


def _columns(schema: Any, languages: tuple[str, str], what: str) -> tuple[ColumnPath, ColumnPath]:
    import pyarrow

    shape = {
        field.name: [inner.name for inner in field.type] if pyarrow.types.is_struct(field.type) else ()
        for field in schema
    }
    columns = require_columns(shape, languages, what)
    for path in columns:
        kind = schema.field(path[0]).type
        kind = kind.field(path[1]).type if len(path) == 2 else kind
        if not (pyarrow.types.is_string(kind) or pyarrow.types.is_large_string(kind)):
            raise UserError(f"{what}: column {'.'.join(path)} holds {kind}, not text")
    return columns


def _texts(table: Any, path: ColumnPath) -> list[str]:
    import pyarrow.compute

    column = table[path[0]]
    for name in path[1:]:
        column = pyarrow.compute.struct_field(column, name)
    return pyarrow.compute.fill_null(column, "").to_pylist()  # type: ignore[no-any-return]


def choose_configuration(names: Collection[str], languages: tuple[str, str], what: str) -> str | None:
    """Return the configuration of a set that is for two languages, in whichever order it names them.

    A set with one configuration that does not name two languages, or with none, leaves no choice; its
    columns then show whether it fits.
    """
    source, target = languages
    for candidate in (f"{source}-{target}", f"{target}-{source}"):
        if candidate in names:
            return candidate
    if not names:
        return None
    only = next(iter(names))
    if len(names) == 1 and not _DIRECTION.fullmatch(only):
        return only
    directions = sorted(name for name in names if _DIRECTION.fullmatch(name))
    near = [name for name in directions if {source, target} & set(name.split("-"))] or directions or sorted(names)
    remedy = "choose LANGS among what it has" if directions else "its configurations do not name two languages"
    more = f" and {len(near) - 20} more" if len(near) > 20 else ""
    raise UserError(f"{what}: nothing for {source} and {target}; {remedy}: {', '.join(near[:20])}{more}")


def read_card(path: Path) -> dict[str, Any]:
    """Return the YAML head of a set's README.md, or nothing if it has none."""
    if not path.is_file():
        return {}
    with library_errors(str(path)):
        import huggingface_hub

        card: dict[str, Any] = huggingface_hub.DatasetCard.load(path).data.to_dict()
    return card


def licence(card: Mapping[str, Any]) -> str | list[str] | None:
    """The licence, or licences, that a card names."""
    named = card.get("license")
    if isinstance(named, list) and all(isinstance(one, str) for one in named):
        return named
    return named if isinstance(named, str) else None


def configuration_names(card: Mapping[str, Any]) -> list[str]:
    """Return the names of the configurations that a card lists."""
    configs = card.get("configs")
    entries = configs if isinstance(configs, list) else []
    names = [entry.get("config_name") for entry in entries if isinstance(entry, dict)]
    return [str(name) for name in names if isinstance(name, str | int)]


def open_folder(folder: Path, languages: tuple[str, str]) -> Table:
    """Open a folder laid out like a data set on the Hub."""
    card = read_card(folder / "README.md")
    configuration = choose_configuration(configuration_names(card), languages, str(folder))
    origin: dict[str, object] = {"configuration": configuration, "licence": licence(card)}
    return _open_local(str(folder), languages, origin, str(folder.resolve()), configuration)


def open_parquet(files: Mapping[str, Path], languages: tuple[str, str], what: str) -> Table:
    """Open Parquet files, one for each split.  Raises UserError for one without rows."""
    for path in files.values():
        with library_errors(str(path)):
            import pyarrow.parquet

            rows = pyarrow.parquet.read_metadata(path).num_rows
        if not rows:
            raise UserError(f"{path}: the file has no rows")
    data_files = {split: str(path.resolve()) for split, path in files.items()}
    return _open_local(what, languages, {}, "parquet", data_files=data_files)


def has_columns(path: Path, languages: tuple[str, str]) -> bool:
    """Whether a Parquet file, or the first one for training in a folder, has rows and text in the two languages.

    Raises UserError if a folder has nothing for them by its card.
    """
    import pyarrow.parquet

    if path.is_dir():
        choose_configuration(configuration_names(read_card(path / "README.md")), languages, str(path))
        files = sorted([*path.glob("train*.parquet"), *path.glob("*/train*.parquet")])
    else:
        files = [path]
    try:
        tables = [pyarrow.parquet.read_metadata(file) for file in files[:1] if file.is_file()]
    except (pyarrow.ArrowException, OSError):
        return False
    return any(table.num_rows and _columns(table.schema.to_arrow_schema(), languages, str(path)) for table in tables)


def _open_local(
    what: str, languages: tuple[str, str], origin: dict[str, object], *arguments: Any, **options: Any
) -> Table:
    cache = Path(load_library().config.HF_DATASETS_CACHE)
    try:
        cache.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            f"{cache}: no cache of data sets can be made there ({error.strerror}); set HF_HOME to where one can"
        ) from error
    with library_errors(what):
        builder = load_library().load_dataset_builder(*arguments, **options)
        # A card's counts may be out of date; nothing is wrong with the data then.
        builder.download_and_prepare(verification_mode="no_checks")
        dataset = builder.as_dataset()
    files = [Path(file) for group in builder.config.data_files.values() for file in group]
    return Table(dataset, languages, what, origin, files)
