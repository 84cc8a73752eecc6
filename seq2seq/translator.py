"""Lines in, lines out: any text, in order, one line for each."""

import ctypes
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from data_prep.carrying import PLACEHOLDERS, restore
from data_prep.cleaning import normalise
from data_prep.errors import UserError
from data_prep.haste import SENTENCE_END, Habits, Haste, as_typed, neat, read_habits
from data_prep.subwords import END, Subwords
from seq2seq.batches import pad
from seq2seq.checkpoint import find_checkpoint, load_model
from seq2seq.config import Decoding
from seq2seq.ensemble import Networks
from seq2seq.inference import Inference, fit_bytes
from seq2seq.products import choose_bytes
from seq2seq.repetition import without_loops
from seq2seq.reverse import Reverse
from seq2seq.run_files import read_corpus_note
from seq2seq.search import Hypothesis, Search
from seq2seq.threads import Workers

LONGEST = 120
"""Subwords of a source that are translated at once; a longer line is cut, as training saw few so long."""
FREE = 10
"""Subwords that a translation may have beyond `Decoding.max_ratio` for each of the source."""


@dataclass(frozen=True)
class Scored:
    """One translation and its score, the higher the better: log-probability normalised by length, or `reverse.py`'s."""

    text: str
    score: float


BLANK = Scored("", 0.0)


@dataclass(frozen=True)
class Piece:
    """Text that is translated at once: its ids, and the items that placeholders among them stand for."""

    text: str
    ids: list[int]
    items: list[str]


class Translator:
    """A trained model with its subwords: what `seq2seq translate` and Python programs use.

    >>> Translator.load("runs/tatoeba-en-fr-small").translate(["How are you?"])  # doctest: +SKIP
    ['Comment vas-tu ?']
    """

    def __init__(
        self,
        model: Networks,
        subwords: Subwords,
        decoding: Decoding,
        device: torch.device,
        habits: Habits | None = None,
    ) -> None:
        """Put a model in memory to use; `load` reads one from disk.

        With the `habits` of the training text, lines that are typed otherwise are translated in its form.
        """
        placeholders = len(PLACEHOLDERS) if subwords.carrier else 0
        in_bytes = choose_bytes(decoding.precision, device) and (decoding.precision == "int8" or fit_bytes(model))
        self.search = Search(Inference(model, in_bytes, placeholders))
        self.reverse = Reverse(self.search.network, decoding.reverse) if decoding.reverse else None
        self.workers = Workers(torch.get_num_threads() if device.type == "cpu" else 1)
        self.subwords = subwords
        self.decoding = decoding
        self.device = device
        self.habits = habits

    @classmethod
    def load(cls, run: str | Path, checkpoint: str = "best", device: str = "cpu") -> "Translator":
        """Read a checkpoint of a run: `best`, `last` or a step.

        Raises UserError if it is missing or damaged, or there is no such device.
        """
        folder = Path(run)
        where = torch.device(device)
        if where.type == "cuda" and not torch.cuda.is_available():
            raise UserError(f"{device}: PyTorch finds no GPU here; leave the device out, or say cpu")
        model, subwords, config = load_model(find_checkpoint(folder, checkpoint), where)
        return cls(model, subwords, config.decoding, where, read_habits(read_corpus_note(folder)["manifest"]))

    def translate(self, lines: Sequence[str], *, beam: int | None = None) -> list[str]:
        """The best translation of each line; a blank line for a blank line."""
        found = self._found(lines, beam or self.decoding.beam, 1, scored=False)
        return [line[0].text for line in found]

    def hypotheses(
        self, lines: Sequence[str], *, beam: int | None = None, nbest: int = 1, sample_seed: int | None = None
    ) -> list[list[Scored]]:
        """Up to `nbest` translations of each line with their scores, best first, never none; no two are alike.

        With `sample_seed` they are drawn at random instead of searched for, and may be alike.
        """
        width = nbest if sample_seed is not None else max(nbest, beam or self.decoding.beam)
        return self._found(lines, width, nbest, sample_seed)

    def neat(self, line: str) -> tuple[str, Haste | None]:
        """A line as the network reads it, in the form of its training text, and how it was typed where that is known.

        A line that is neat stays as it is.
        """
        line = normalise(line)
        if not (self.habits and line):
            return line, None
        return neat(line, self.habits, lambda word: len(self.subwords.encode_source([word])[0]))

    def _found(
        self, lines: Sequence[str], width: int, nbest: int, sample_seed: int | None = None, scored: bool = True
    ) -> list[list[Scored]]:
        read = [self.neat(line) for line in lines]
        pieces = self._pieces([line for line, _ in read])
        flat = [piece for line in pieces for piece in line]
        ids = [piece.ids for piece in flat]
        batches = list(self._batches(ids, width))

        def search(number: int) -> list[list[Hypothesis]]:
            sources, penalty = [ids[row] for row in batches[number]], self.decoding.length_penalty
            batch = self._tensors(sources)
            if sample_seed is None:
                if self.reverse is None or width == 1:
                    return self.search.beam(*batch, width, nbest, penalty, scored)
                found = self.search.beam(*batch, width, width, penalty)
                return self.reverse.rescored(sources, found, penalty, self.device)
            # What is drawn at random depends on the batch's number, not on which is first.
            seed = np.random.SeedSequence((sample_seed, number)).generate_state(1)
            generator = torch.Generator(self.device).manual_seed(int(seed[0]))
            return self.search.sample(*batch, width, penalty, generator)

        found: list[list[Scored]] = [[] for _ in flat]
        # The longest first, or they are what is waited for at the end.
        order = range(len(batches) - 1, -1, -1)
        for number, hypotheses in zip(order, self.workers.map(search, order), strict=True):
            for row, of_piece in zip(batches[number], hypotheses, strict=True):
                texts = self._texts(flat[row], of_piece)
                texts = islice(_distinct(texts) if sample_seed is None else texts, nbest)
                found[row] = list(texts) or [Scored(flat[row].text, -torch.inf)]
        remaining = iter(found)
        joined = [
            _join(parts, [next(remaining) for _ in parts], haste, line)
            for parts, (_, haste), line in zip(pieces, read, lines, strict=True)
        ]
        # Cut where they went round in loops, two may be alike.
        return joined if sample_seed is not None else [list(_distinct(line)) for line in joined]

    def _tensors(self, sources: list[list[int]]) -> tuple[Tensor, Tensor, Tensor]:
        """Sources of like length, their lengths, and how long their translations may be."""
        lengths_B = torch.tensor([len(ids) + 1 for ids in sources])
        limits_B = (lengths_B * self.decoding.max_ratio + FREE).long()
        source_BS = pad([np.array(ids, np.int32) for ids in sources], after=END)
        return source_BS.to(self.device), lengths_B.to(self.device), limits_B.to(self.device)

    def _batches(self, ids: list[list[int]], width: int) -> Iterator[list[int]]:
        """Rows of sources, the shortest first, as many at a time as the budget holds."""
        rows: list[int] = []
        for row in sorted(range(len(ids)), key=lambda row: len(ids[row])):
            if rows and (len(ids[row]) + 1) * width * (len(rows) + 1) > self.decoding.batch_tokens:
                yield rows
                rows = []
            rows.append(row)
        if rows:
            yield rows

    def _texts(self, source: Piece, hypotheses: list[Hypothesis]) -> Iterator[Scored]:
        """Texts of those hypotheses that say something."""
        for hypothesis in hypotheses:
            # Bytes can spell a line break, which would make two lines of one.
            text = self.subwords.decode_target([hypothesis.ids])[0]
            if text := normalise(restore(text, source.items) if source.items else text):
                yield Scored(text, hypothesis.score)

    def _pieces(self, lines: list[str]) -> list[list[Piece]]:
        """Each line in pieces short enough to translate; none for a blank line."""
        carrier = self.subwords.carrier
        written = [line for line in lines if line]
        masked = [carrier.mask(line) if carrier else (line, []) for line in written]
        ids_of_lines = iter(self.subwords.encode_source([text for text, _ in masked]))
        items_of_lines = (items for _, items in masked)
        pieces: list[list[Piece]] = []
        for line in lines:
            if not line:
                pieces.append([])
            elif len(ids := next(ids_of_lines)) <= LONGEST:
                pieces.append([Piece(line, ids, next(items_of_lines))])
            else:
                next(items_of_lines)
                pieces.append([piece for part in self._cut(line) for piece in self._pieces([part])[0]])
        return pieces

    def _cut(self, text: str) -> list[str]:
        """A line that is too long in parts, which may still be."""
        parts = SENTENCE_END.split(text)
        if len(parts) == 1:
            parts = text.split(" ")
        if len(parts) == 1:
            middle = len(text) // 2
            return [text[:middle], text[middle:]]
        # As many parts together as fit: sentences translate best in company, words need it.
        sizes = [len(ids) for ids in self.subwords.encode_source(parts)]
        groups: list[list[str]] = []
        total = 0
        for part, size in zip(parts, sizes, strict=True):
            if groups and total + size <= LONGEST:
                groups[-1].append(part)
                total += size
            else:
                groups.append([part])
                total = size
        if len(groups) == 1:
            # Together they are too long after all: the sizes of parts do not always add up to that of the whole.
            groups = [parts[: len(parts) // 2], parts[len(parts) // 2 :]]
        return [" ".join(group) for group in groups]


def give_back_memory() -> None:
    """Return freed memory to the system, where its C library (glibc) can.

    Tensors of ever other sizes leave gaps, so that a process that translates for hours would hold ever more memory that
    it does not use.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim:
        trim(0)


def _distinct(found: Iterable[Scored]) -> Iterator[Scored]:
    """The first of those that have the same text: subwords can be put together in several ways."""
    seen: set[str] = set()
    for one in found:
        if one.text not in seen:
            seen.add(one.text)
            yield one


def _join(parts: list[Piece], found: list[list[Scored]], haste: Haste | None, line: str) -> list[Scored]:
    """The translations of a line from those `found` of its parts, rank by rank, in the form in which it was typed."""
    if not parts:
        return [BLANK]
    source = " ".join(piece.text for piece in parts)
    texts = [
        without_loops(" ".join(scored[rank].text for scored in found), source) for rank in range(min(map(len, found)))
    ]
    return [
        Scored(as_typed(text, haste, line) if haste else text, sum(scored[rank].score for scored in found) / len(found))
        for rank, text in enumerate(texts)
    ]
