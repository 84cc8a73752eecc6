"""Splitting: duplicates found, and validation and test sentences held out so that none of them is in train.

Works on three columns of 64-bit hashes on disk, one row a pair, in memory that does not depend on their
length: the whole pair, and the key of each side.  Two different texts among ten million share a hash with a
probability of 3 in a million; the worst that follows is one pair dropped.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import xxhash

from data_prep.errors import UserError
from data_prep.settings import Splitting

# What becomes of a row.
TRAIN, VALIDATION, TEST, DUPLICATE, HELD_OUT = range(5)
HELD = {"validation": VALIDATION, "test": TEST}
COLUMNS = ("pairs", "sources", "targets")
PART = 1 << 20  # hashes looked at together
LARGEST_SHARE = 20  # at most one source in so many goes into each held-out split

Hashes = npt.NDArray[np.uint64]
Rows = npt.NDArray[np.int64]
Fates = npt.NDArray[np.uint8]

_ASCII_SIGNS = bytes(i for i in range(128) if not chr(i).isalnum())
# Signs elsewhere.  Between U+0300 and U+1FFF nearly all characters that are no letters are marks which belong
# to a letter, so there only the common punctuation is named.
_SIGNS = re.compile("[^\\w\u0000-\u007f\u0300-\u1fff]+|[\u060c\u061b\u061f\u066a-\u066d\u06d4\u0964\u0965]")


def key(text: str) -> bytes:
    """What near copies of a sentence have in common: its letters and digits, casefolded."""
    letters = text.casefold().encode().translate(None, _ASCII_SIGNS)
    if not letters.isascii() and not (rest := letters.decode()).isalnum():
        letters = _SIGNS.sub("", rest).encode()
    return letters or text.encode()


def hash_pairs(sources: list[str], targets: list[str], seed: int) -> Hashes:
    """One row of hashes for each pair of normalised texts, with the columns of COLUMNS: (pairs, 3)."""
    digest = xxhash.xxh3_64_intdigest
    hashes = np.empty((len(sources), len(COLUMNS)), np.uint64)
    hashes[:, 0] = [digest(f"{s}\n{t}".encode()) for s, t in zip(sources, targets, strict=True)]
    hashes[:, 1] = [digest(key(text), seed) for text in sources]
    hashes[:, 2] = [digest(key(text), seed) for text in targets]
    return hashes


class HashColumns:
    """The columns of hashes on disk: written once, then read in blocks."""

    def __init__(self, folder: Path) -> None:
        self.rows = 0
        self._paths = {name: folder / f"{name}.u64" for name in COLUMNS}
        self._files: list[BinaryIO] = []

    def __enter__(self) -> "HashColumns":
        self._files = [path.open("wb") for path in self._paths.values()]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file in self._files:
            file.close()

    def append(self, hashes: Hashes) -> None:
        """Add rows of `hash_pairs`."""
        for file, column in zip(self._files, hashes.T, strict=True):
            file.write(column.tobytes())
        self.rows += len(hashes)

    def blocks(self, name: str) -> Iterator[tuple[slice, Hashes]]:
        """One column, PART rows at a time."""
        for first in range(0, self.rows, PART):
            block = np.fromfile(self._paths[name], np.uint64, PART, offset=8 * first)
            yield slice(first, first + len(block)), block

    def parts(self, name: str) -> Iterator[tuple[Hashes, Rows]]:
        """One column in parts that hold all copies of a value, each with its rows in increasing order.

        Reads the file once for each part, which for a hundred million pairs is still nothing beside cleaning.
        """
        number = -(-self.rows // PART)
        for part in range(number):
            found = []
            for where, block in self.blocks(name):
                places = np.flatnonzero(block % np.uint64(number) == part)
                found.append((block[places], places + where.start))
            values, rows = zip(*found, strict=True)
            yield np.concatenate(values), np.concatenate(rows)


def divide(
    columns: HashColumns,
    folder: Path,
    settings: Splitting,
    drop_duplicates: bool,
    own: dict[str, Hashes],
    name: str,
) -> Fates:
    """What becomes of each training row: an array on disk in `folder`.

    `own` has the hashes of the validation and test splits that the source brings itself; of the two, those
    missing are held out here.  Pairs that are also in a split of the source's own leave train.  For a missing
    split, the sources whose seeded hash is smallest are held out with all their pairs, whatever the order of
    the pairs; a pair elsewhere that shares a side with them is dropped.  `name` is the source's, for errors.
    Raises UserError if there is too little text to divide; there has to be a row.
    """
    fates: Fates = np.memmap(folder / "fates.u8", np.uint8, "w+", shape=(columns.rows,))
    if own:
        known = np.unique(np.concatenate([hashes[:, 0] for hashes in own.values()]))
        _mark(columns, "pairs", known, fates, TRAIN, HELD_OUT)
    if drop_duplicates:
        for pairs, rows in columns.parts("pairs"):
            again = np.ones(len(rows), bool)
            again[np.unique(pairs, return_index=True)[1]] = False
            again_rows = rows[again]
            fates[again_rows[fates[again_rows] == TRAIN]] = DUPLICATE
    if missing := {split: getattr(settings, split) for split in ("test", "validation") if split not in own}:
        _hold_out(columns, fates, missing, own, name)
    counts = np.sum([np.bincount(fates[i : i + PART], minlength=5) for i in range(0, len(fates), PART)], 0)
    for split, fate in {"train": TRAIN, **{split: HELD[split] for split in missing}}.items():
        if not counts[fate]:
            raise UserError(f"{name}: too few different sentences to fill {split}; give more text")
    return fates


def _hold_out(columns: HashColumns, fates: Fates, wanted: dict[str, int], own: dict[str, Hashes], name: str) -> None:
    """Mark the rows of the wanted splits, and those that share a side with them."""
    smallest, distinct = np.zeros(0, np.uint64), 0
    for sources, rows in columns.parts("sources"):
        unique = np.unique(sources[fates[rows] == TRAIN])
        distinct += len(unique)
        smallest = np.sort(np.concatenate([smallest, unique]))[: sum(wanted.values())]
    if distinct < len(wanted) + 1:
        raise UserError(
            f"{name}: {distinct} different sentences cannot be divided into train, {' and '.join(wanted)}; "
            "give more text"
        )
    taken = [np.concatenate([np.zeros(0, np.uint64), *(h[:, side] for h in own.values())]) for side in (1, 2)]
    for split, size in wanted.items():
        size = min(size, max(1, distinct // LARGEST_SHARE))
        chosen, smallest = smallest[:size], smallest[size:]
        _mark(columns, "sources", chosen, fates, TRAIN, HELD[split])
        for side, name in enumerate(COLUMNS[1:]):
            _mark(columns, name, np.unique(taken[side]), fates, HELD[split], HELD_OUT)
            taken[side] = np.concatenate([taken[side], _marked(columns, name, fates, HELD[split])])
    # A held-out source has taken all its pairs along, but their targets may have stayed behind.
    targets = np.concatenate([_marked(columns, "targets", fates, HELD[split]) for split in wanted])
    _mark(columns, "targets", np.unique(targets), fates, TRAIN, HELD_OUT)


def _mark(columns: HashColumns, name: str, known: Hashes, fates: Fates, old: int, new: int) -> None:
    """Change the fate of the rows whose hash is in `known`, which is sorted."""
    if not len(known):
        return
    for where, hashes in columns.blocks(name):
        part = fates[where]
        places = np.minimum(np.searchsorted(known, hashes), len(known) - 1)
        part[(part == old) & (known[places] == hashes)] = new


def _marked(columns: HashColumns, name: str, fates: Fates, fate: int) -> Hashes:
    """The hashes of the rows of one fate."""
    return np.concatenate([hashes[fates[where] == fate] for where, hashes in columns.blocks(name)])
