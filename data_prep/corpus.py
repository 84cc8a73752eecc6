"""The prepared corpus on disk: its writer and its reader.

A folder with `manifest.json`, the subword model, one Arrow file for each split, memory-mapped when read, and the
checksums of them all; each file is verified when it is opened.
Every record batch holds exactly ROWS pairs, the last one excepted, so that row i is in batch i // ROWS.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from data_prep.arrow import read_batches
from data_prep.errors import UserError
from data_prep.files import DIFFERS, SUMS, digest, read_sums, replace_durably, same_digest, write_sums, write_whole
from data_prep.subwords import JOINT_FILE, OLD_WORDS_FILE, SEPARATE_FILES, Subwords
from data_prep.text_profile import PROFILE_FILE
from data_prep.untrusted import JSON_LIMIT, check_manifest, parse_json, read_small, refuse_links

FORMAT = 1
MANIFEST = "manifest.json"
SUBWORD_FILES = {JOINT_FILE, *SEPARATE_FILES, PROFILE_FILE, OLD_WORDS_FILE}
AGAIN = "run `make preprocess` again"
ROWS = 16_384
SCHEMA = pa.schema(
    [
        ("source", pa.string()),
        ("target", pa.string()),
        ("source_ids", pa.list_(pa.int32())),
        ("target_ids", pa.list_(pa.int32())),
    ]
)
Ids = npt.NDArray[np.int32]
Rows = npt.NDArray[np.int64]
"""Numbers of pairs."""


class SplitWriter:
    """Writes one split as a stream; the file appears whole under its name, or not at all."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.pairs = 0
        self.tokens = [0, 0]
        self._partial = path.with_name(path.name + ".partial")
        self._pending: list[pa.RecordBatch] = []
        self._pending_rows = 0

    def __enter__(self) -> "SplitWriter":
        self._writer = pa.ipc.new_file(str(self._partial), SCHEMA)
        return self

    def add(self, batch: pa.RecordBatch) -> None:
        """Append pairs: a record batch with the columns of SCHEMA."""
        self.pairs += batch.num_rows
        for side, name in enumerate(("source_ids", "target_ids")):
            self.tokens[side] += len(batch.column(name).flatten())
        self._pending.append(batch)
        self._pending_rows += batch.num_rows
        if self._pending_rows >= ROWS:
            self._write(whole_batches_only=True)

    def _write(self, whole_batches_only: bool) -> None:
        table = pa.Table.from_batches(self._pending, SCHEMA).combine_chunks()
        end = table.num_rows - table.num_rows % ROWS if whole_batches_only else table.num_rows
        for first in range(0, end, ROWS):
            # A copy, not a slice: of a slice more may be written than its rows, and the file's bytes would then
            # depend on how the stream was cut.
            self._writer.write_table(table.take(np.arange(first, min(first + ROWS, end))))
        rest = table.slice(end)
        self._pending = rest.to_batches() if rest.num_rows else []
        self._pending_rows = rest.num_rows

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._write(whole_batches_only=False)
        self._writer.close()
        if kind is None:
            replace_durably(self._partial, self.path)
        else:
            self._partial.unlink(missing_ok=True)


def stretches(starts: npt.NDArray[np.integer[Any]], sizes: npt.NDArray[np.integer[Any]]) -> Rows:
    """The places of stretches that begin at `starts`: [3, 10] of sizes [2, 3] are [3, 4, 10, 11, 12]."""
    ends = sizes.cumsum()
    places: Rows = np.repeat(starts - (ends - sizes), sizes) + np.arange(sizes.sum())
    return places


class Split:
    """One split, memory-mapped: it takes no memory but for the sentences' lengths."""

    def __init__(self, path: Path) -> None:
        """Open `path`.  Raises UserError if it is missing or not a file of ours."""
        try:
            batches = read_batches(path, SCHEMA)
        except FileNotFoundError as error:
            raise UserError(f"{path}: no such split; {AGAIN}") from error
        except (pa.ArrowException, OSError) as error:
            raise UserError(f"{path}: damaged, or not a split of a prepared corpus ({error}); {AGAIN}") from error
        if any(len(batch) != ROWS for batch in batches[:-1]) or len(batches[-1] if batches else ()) > ROWS:
            raise UserError(f"{path}: its parts are not of {ROWS:,} pairs; {AGAIN}")
        self._table = pa.Table.from_batches(batches, SCHEMA)
        self._ids = [self._views(name) for name in ("source_ids", "target_ids")]
        self.source_lengths, self.target_lengths = (
            np.concatenate([np.diff(offsets) for offsets, _ in views] or [np.zeros(0, np.int32)]) for views in self._ids
        )

    def fits(self, source_size: int, target_size: int) -> bool:
        """Whether all ids are of vocabularies of these sizes."""
        return all(
            not len(values) or (values.min() >= 0 and values.max() < size)
            for views, size in zip(self._ids, (source_size, target_size), strict=True)
            for _, values in views
        )

    def _views(self, name: str) -> list[tuple[Ids, Ids]]:
        """(offsets, values) of each record batch, without a copy."""
        views = []
        for chunk in self._table.column(name).chunks:
            offsets = chunk.offsets.to_numpy(zero_copy_only=True)
            views.append((offsets, chunk.values.to_numpy(zero_copy_only=True)))
        return views

    def __len__(self) -> int:
        """Number of pairs."""
        return int(self._table.num_rows)

    def _gathered(self, side: int, rows: Rows | int) -> Ids:
        rows = np.atleast_1d(rows)
        lengths = (self.source_lengths, self.target_lengths)[side][rows]
        ids = np.empty(lengths.sum(), np.int32)
        firsts, parts = lengths.cumsum() - lengths, rows // ROWS
        for part in np.unique(parts):
            (chosen,) = np.nonzero(parts == part)
            offsets, values = self._ids[side][part]
            starts, sizes = offsets[rows[chosen] % ROWS], lengths[chosen]
            ids[stretches(firsts[chosen], sizes)] = values[stretches(starts, sizes)]
        return ids

    def source_ids(self, rows: Rows | int) -> Ids:
        """Source ids of one pair or of several, one behind another, without begin and end."""
        return self._gathered(0, rows)

    def target_ids(self, rows: Rows | int) -> Ids:
        """Target ids of one pair or of several, one behind another, without begin and end."""
        return self._gathered(1, rows)

    def source_counts(self, size: int) -> tuple[Rows, int]:
        """How often the sources have each of `size` ids [V], and their number of characters."""
        counts = sum((np.bincount(values, minlength=size) for _, values in self._ids[0]), np.zeros(size, np.int64))
        characters = pc.sum(pc.utf8_length(self._table.column("source"))).as_py() or 0
        return counts, int(characters)

    def texts(self, rows: Sequence[int] | None = None) -> tuple[list[str], list[str]]:
        """Source and target text of the given rows, or of all."""
        table = self._table.select(["source", "target"])
        if rows is not None:
            table = table.take(pa.array(rows, pa.int64()))
        return table.column("source").to_pylist(), table.column("target").to_pylist()


class Corpus:
    """A prepared corpus, as training and evaluation read it."""

    def __init__(self, folder: Path) -> None:
        """Open the folder.  Raises UserError if it is not a prepared corpus of this format."""
        self.folder = folder
        self.manifest = read_manifest(folder)
        languages = self.manifest["languages"]
        self.languages: tuple[str, str] = (languages["source"], languages["target"])
        for name in SUBWORD_FILES & self.manifest["files"].keys():
            self._verify(name)
        self.subwords = Subwords.load(folder)

    @property
    def fingerprint(self) -> str:
        """Digest of all that a run depends on: two corpora with the same one train the same."""
        return digest(json.dumps(self.manifest["files"], sort_keys=True).encode())

    def split(self, name: str) -> Split:
        """The split `train`, `validation` or `test`."""
        if name not in self.manifest["splits"]:
            raise UserError(f"{self.folder}: no split {name!r}; there are {', '.join(self.manifest['splits'])}")
        path = self.folder / f"{name}.arrow"
        self._verify(path.name)
        split = Split(path)
        if not split.fits(self.subwords.source_size, self.subwords.target_size):
            raise UserError(f"{path}: ids that the subword model does not have; {AGAIN}")
        return split

    def _verify(self, name: str) -> None:
        if not same_digest(self.folder / name, self.manifest["files"].get(name)):
            raise UserError(f"{self.folder / name}: {DIFFERS}; {AGAIN}")


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a prepared corpus.

    Raises UserError if the folder, or its manifest, is missing, damaged or of another format.
    """
    path = folder / MANIFEST
    refuse_links(folder)
    try:
        data = read_small(path, JSON_LIMIT)
        sums = read_sums(folder, AGAIN)
        if sums and sums.get(MANIFEST) != digest(data):
            raise UserError(f"{path}: damaged (its checksum differs); {AGAIN}")
        manifest = parse_json(data)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UserError(f"{folder}: not a prepared corpus; `make preprocess CORPUS=…` makes one") from error
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: cannot be read ({error}); {AGAIN}") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise UserError(f"{path}: not of format {FORMAT}; {AGAIN}")
    try:
        check_manifest(manifest)
    except ValueError as error:
        raise UserError(f"{path}: not a manifest ({error}); {AGAIN}") from error
    if sums is not None and sums != _sums(manifest, data):
        raise UserError(f"{folder / SUMS}: damaged; {AGAIN}")
    return dict(manifest)


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """Write the manifest, last of all files: a folder without one is not a prepared corpus."""
    data = (json.dumps({"format": FORMAT, **manifest}, indent=2, ensure_ascii=False) + "\n").encode()
    # A crash between the two files leaves one without the other, not two that do not fit.
    (folder / SUMS).unlink(missing_ok=True)
    write_whole(folder / MANIFEST, data)
    write_sums(folder, _sums(manifest, data))


def _sums(manifest: dict[str, Any], data: bytes) -> dict[str, str]:
    """SHA-256 of all files of a corpus: those that the manifest notes, and of the manifest itself."""
    return {MANIFEST: digest(data), **manifest.get("files", {})}
