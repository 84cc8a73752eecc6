"""The three stages of preparation: clean text on disk, the subword model, stored ids.

Each reads the stage before from disk, as a stream, and writes files that depend on nothing but its input and
settings: not on the number of processes, not on how the stream was cut.
"""

import functools
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import numpy as np
import pyarrow as pa

from data_prep import splitting, tokenized
from data_prep.cleaning import Cleaner, Dropped
from data_prep.corpus import SCHEMA, SplitWriter
from data_prep.errors import UserError
from data_prep.files import replace_durably, write_whole
from data_prep.normalization import decode_entities, normalize
from data_prep.parallel import ordered_map
from data_prep.report import Report
from data_prep.settings import Preparation
from data_prep.settings import Subwords as SubwordSettings
from data_prep.sources import Chunk, Source
from data_prep.subwords import Subwords, train_subwords
from data_prep.text_profile import TextProfile

CHUNK = 10_000  # pairs that one process works on at a time: a tenth of a second
SPLITS = ("train", "validation", "test")
TEXT_SCHEMA = pa.schema([SCHEMA.field("source"), SCHEMA.field("target")])
REASONS = {splitting.DUPLICATE: "duplicate", splitting.HELD_OUT: "held out"}


# Stage 1: clean text.


@dataclass
class SplitText:
    """How one split came about."""

    read: int = 0
    """Pairs read from the source's split of this name."""
    pairs: int = 0
    """Pairs that this split has."""
    dropped: Dropped = field(default_factory=Dropped)
    """Of the pairs read, those that are in no split."""
    entities: int = 0
    """Texts that had HTML entities, which were decoded."""


def write_text(
    source: Source, settings: Preparation, folder: Path, report: Report, processes: int
) -> dict[str, SplitText]:
    """Write `train.arrow`, `validation.arrow` and `test.arrow`, text only, into `folder`.

    Splits that the source has are kept, those with other names too; validation and test are held out from train
    if it has none.
    """
    scratch = folder / "scratch"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    further = [split for split in source.splits if split not in SPLITS]
    splits = {split: SplitText() for split in (*SPLITS, *further)}
    own: dict[str, splitting.Hashes] = {}
    clean = functools.partial(_clean, settings=settings, languages=None)
    for split in (*SPLITS[1:], *further):
        if split in source.splits:
            hashes = []
            with (
                report.stage(f"reading {split}") as advance,
                _TextWriter(folder / f"{split}.arrow") as writer,
            ):
                for part in ordered_map(clean, source.chunks(split, CHUNK), processes):
                    writer.add(part.text)
                    hashes.append(part.hashes)
                    _count(splits[split], part, advance)
            splits[split].pairs = writer.pairs
            if writer.pairs:  # an empty split is as good as none
                own[split] = np.concatenate(hashes)
    clean = functools.partial(_clean, settings=settings, languages=(source.source_language, source.target_language))
    columns = splitting.HashColumns(scratch)
    with (
        report.stage("reading and cleaning") as advance,
        _TextWriter(scratch / "kept.arrow") as writer,
        columns,
    ):
        for part in ordered_map(clean, _checked(source, report), processes):
            writer.add(part.text)
            columns.append(part.hashes)
            _count(splits["train"], part, advance)
    if not columns.rows:
        read, dropped = splits["train"].read, splits["train"].dropped
        raise UserError(
            f"{source.name}: no training pair is left after cleaning, of {read:,} (dropped: {dropped}); "
            "check the languages and cleaning.*"
        )
    with report.stage("removing duplicates and splitting", columns.rows) as advance:
        fates = splitting.divide(
            columns, scratch, settings.splitting, settings.cleaning.drop_duplicates, own, source.name
        )
        _route(scratch / "kept.arrow", fates, folder, splits, [s for s in SPLITS if s not in own], advance)
    del fates
    shutil.rmtree(scratch)
    return splits


def _checked(source: Source, report: Report) -> Iterator[Chunk]:
    """The training pairs as they are read; the first ones tell whether the corpus looks tokenized, which is noted."""
    for number, chunk in enumerate(source.chunks("train", CHUNK)):
        if number == 0 and (marks := tokenized.describe(chunk.sources, chunk.targets)):
            report.note(
                f"{source.name}: looks tokenized ({marks}); translations will look the same; detokenize it first, for "
                f"example with sacremoses"
            )
        yield chunk


@dataclass
class _Cleaned:
    """What is left of a chunk."""

    text: pa.RecordBatch
    hashes: splitting.Hashes
    read: int
    dropped: Dropped
    entities: int


def _clean(chunk: Chunk, settings: Preparation, languages: tuple[str, str] | None) -> _Cleaned:
    """Normalize a chunk and drop what is bad; without languages only pairs with an empty side are."""
    entities = sum("&" in text and decode_entities(text) != text for text in chain(chunk.sources, chunk.targets))
    sources = [normalize(text) for text in chunk.sources]
    targets = [normalize(text) for text in chunk.targets]
    dropped = Dropped()
    if languages is None:
        reasons = ["empty" if not (s and t) else None for s, t in zip(sources, targets, strict=True)]
    else:
        reasons = list(map(Cleaner(settings.cleaning, *languages).why_dropped, sources, targets))
    if any(reasons):
        for i, reason in enumerate(reasons):
            if reason:
                dropped.add(reason, sources[i], targets[i])
        sources = [text for text, reason in zip(sources, reasons, strict=True) if not reason]
        targets = [text for text, reason in zip(targets, reasons, strict=True) if not reason]
    return _Cleaned(
        pa.record_batch([pa.array(sources, pa.string()), pa.array(targets, pa.string())], schema=TEXT_SCHEMA),
        splitting.hash_pairs(sources, targets, settings.splitting.seed),
        len(reasons),
        dropped,
        entities,
    )


def _count(split: SplitText, part: _Cleaned, advance: Callable[[int], None]) -> None:
    split.read += part.read
    split.entities += part.entities
    split.dropped.merge(part.dropped)
    advance(part.read)


def _route(
    kept: Path,
    fates: splitting.Fates,
    folder: Path,
    splits: dict[str, SplitText],
    wanted: list[str],
    advance: Callable[[int], None],
) -> None:
    """Write each kept pair into the split that it fell to."""
    writers = {split: _TextWriter(folder / f"{split}.arrow") for split in wanted}
    codes = {"train": splitting.TRAIN, **splitting.HELD}
    first = 0
    for batch in text_batches(kept):
        fate = fates[first : first + len(batch)]
        first += len(batch)
        for split, writer in writers.items():
            writer.add(batch.filter(pa.array(fate == codes[split])))
        for row in np.flatnonzero(fate >= splitting.DUPLICATE).tolist():
            splits["train"].dropped.add(REASONS[fate[row]], batch["source"][row].as_py(), batch["target"][row].as_py())
        advance(len(batch))
    for split, writer in writers.items():
        writer.close()
        splits[split].pairs = writer.pairs


class _TextWriter:
    """Writes text as a stream; the file has its name only when it is whole."""

    def __init__(self, path: Path) -> None:
        self.pairs = 0
        self._path = path
        self._partial = path.with_name(path.name + ".partial")
        self._writer = pa.ipc.new_file(str(self._partial), TEXT_SCHEMA)
        self._pending: list[pa.RecordBatch] = []
        self._pending_rows = 0

    def __enter__(self) -> "_TextWriter":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.close()

    def add(self, batch: pa.RecordBatch) -> None:
        self.pairs += batch.num_rows
        self._pending.append(batch)
        self._pending_rows += batch.num_rows
        if self._pending_rows >= CHUNK:  # the few rows that each batch gives to test would make slow reading
            self._flush()

    def _flush(self) -> None:
        self._writer.write_table(pa.Table.from_batches(self._pending, TEXT_SCHEMA).combine_chunks())
        self._pending, self._pending_rows = [], 0

    def close(self) -> None:
        self._flush()
        self._writer.close()
        replace_durably(self._partial, self._path)


def text_batches(path: Path) -> Iterator[pa.RecordBatch]:
    """The text columns of an Arrow file of ours, batch by batch: of this stage, or of a finished split.

    Read, not memory-mapped, so that the memory in use does not grow with the file.
    """
    with pa.OSFile(str(path)) as file:
        reader = pa.ipc.open_file(file, options=pa.ipc.IpcReadOptions(included_fields=[0, 1]))
        for i in range(reader.num_record_batches):
            yield reader.get_batch(i)


# Stage 2: the subword model.


def write_subwords(train: Path, pairs: int, settings: SubwordSettings, folder: Path, report: Report) -> Subwords:
    """Train the subword model on the text of `train`, a file of `pairs` pairs, and store it in `folder`."""
    with report.stage("training the subword model"):
        sample = functools.partial(_sample, train, pairs, settings.sentences)
        subwords = train_subwords(sample, settings, report.note)
    for name, data in subwords.files().items():
        write_whole(folder / name, data)
    return subwords


def _sample(path: Path, pairs: int, limit: int) -> Iterator[tuple[str, str]]:
    """At most `limit` pairs, spread evenly over the file."""
    first = 0
    for batch in text_batches(path):
        rows = np.arange(first, first + len(batch), dtype=np.int64)
        first += len(batch)
        if pairs > limit:
            batch = batch.filter(pa.array((rows + 1) * limit // pairs > rows * limit // pairs))
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


# Stage 3: ids.


def write_split(
    name: str, text: Path, pairs: int, subwords: Subwords, folder: Path, report: Report, processes: int
) -> dict[str, int]:
    """Encode the text and write `NAME.arrow` into `folder`; return the number of tokens of each side."""
    profile = subwords.profile.to_json()
    encode = functools.partial(_encode, models=subwords.models, profile=profile)
    with report.stage(f"encoding {name}", pairs) as advance, SplitWriter(folder / f"{name}.arrow") as writer:
        for batch in ordered_map(encode, _in_pieces(text_batches(text)), processes):
            writer.add(batch)
            advance(batch.num_rows)
    return dict(zip(("source", "target"), writer.tokens, strict=True))


def _in_pieces(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Batches of middling size: large ones are cut, so that every process has work."""
    for batch in batches:
        for first in range(0, batch.num_rows, CHUNK):
            yield batch.slice(first, CHUNK)


@functools.lru_cache(maxsize=1)
def _load(models: tuple[bytes, ...], profile: bytes) -> Subwords:
    """Loading takes as long as encoding some thousand sentences."""
    return Subwords(*models, profile=TextProfile.from_json(profile))


def _encode(batch: pa.RecordBatch, models: tuple[bytes, ...], profile: bytes) -> pa.RecordBatch:
    """The batch with the ids of both sides: the columns of SCHEMA."""
    pairs = _load(models, profile).encode_pairs(*(column.to_pylist() for column in batch.columns))
    ids = [pa.array(side, SCHEMA.field("source_ids").type) for side in pairs]
    return pa.record_batch([*batch.columns, *ids], schema=SCHEMA)
