"""Lines in, lines out: any text, in order, one line for each."""

import ctypes
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from data_prep.errors import UserError
from data_prep.normalization import normalize
from data_prep.placeholders import PLACEHOLDERS, item_letters, unmask
from data_prep.subwords import END, Subwords
from seq2seq.alignment import Alignment, align, attention_weights
from seq2seq.attachment import attach, piece_ends
from seq2seq.batches import pad
from seq2seq.checkpoint import find_checkpoint, load_model
from seq2seq.config import Decoding
from seq2seq.ensemble import Networks
from seq2seq.inference import Inference, fit_bytes
from seq2seq.products import choose_bytes
from seq2seq.repetition import Weights, by_words, goes_back, repeats, without_loops
from seq2seq.reverse import Reverse
from seq2seq.run_files import read_corpus_note
from seq2seq.search import Hypothesis, Search
from seq2seq.text_pipeline import Segment, SourceLine, SourcePart, TextPipeline, placed_items
from seq2seq.threads import Workers

FREE = 10
"""Subwords that a translation may have beyond `Decoding.max_ratio` for each of the source."""


@dataclass(frozen=True)
class Scored:
    """One translation and its score, the higher the better: log-probability normalized by length, or `reverse.py`'s."""

    text: str
    score: float


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
        languages: tuple[str, str] = ("en", "en"),
    ) -> None:
        """Put a model in memory to use; `load` reads one from disk.

        `languages` are those of source and target, whose sentences end by different rules.
        """
        placeholders = len(PLACEHOLDERS) if subwords.masker else 0
        in_bytes = choose_bytes(decoding.precision, device) and (decoding.precision == "int8" or fit_bytes(model))
        self.search = Search(Inference(model, in_bytes, placeholders))
        self.reverse = Reverse(self.search.network, decoding.reverse) if decoding.reverse else None
        self.workers = Workers(torch.get_num_threads() if device.type == "cpu" else 1)
        self.model = model
        self.pipeline = TextPipeline(subwords, languages)
        self.subwords = subwords
        self.decoding = decoding
        self.device = device

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
        languages = read_corpus_note(folder)["manifest"]["languages"]
        return cls(model, subwords, config.decoding, where, (languages["source"], languages["target"]))

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

    def align(self, pairs: Sequence[tuple[str, str]]) -> list[Alignment]:
        """What the network looks at while it is led through the given translation of each line.

        Raises UserError if it has no attention, or a line is too long to draw.
        """
        return align(self.model, self.pipeline, pairs)

    def _found(
        self, lines: Sequence[str], width: int, nbest: int, sample_seed: int | None = None, scored: bool = True
    ) -> list[list[Scored]]:
        read = [self.pipeline.read(line) for line in lines]
        flat = [(part, segment) for line in read for part in line.parts for segment in part.segments]
        batches = list(self._batches([segment.ids for _, segment in flat], width))

        def translate(number: int) -> list[list[Scored]]:
            rows = [flat[row] for row in batches[number]]
            texts = (
                self._texts(*row, hypotheses)
                for row, hypotheses in zip(rows, search(number, [segment for _, segment in rows]), strict=True)
            )
            some = [list(islice(_distinct(one) if sample_seed is None else one, nbest)) for one in texts]
            return [one or [Scored(segment.text, -torch.inf)] for one, (_, segment) in zip(some, rows, strict=True)]

        def search(number: int, segments: list[Segment]) -> list[list[Hypothesis]]:
            sources, penalty = [segment.ids for segment in segments], self.decoding.length_penalty
            batch = self._tensors(sources)
            order_BPP = torch.from_numpy(np.stack([segment.order_PP for segment in segments])).to(self.device)
            order_BPP = order_BPP[:, : self.search.network.placeholders, : self.search.network.placeholders]
            if sample_seed is None:
                if self.reverse is None or width == 1:
                    return self.search.beam(*batch, width, nbest, penalty, scored, order_BPP)
                found = self.search.beam(*batch, width, width, penalty, True, order_BPP)
                return self.reverse.rescored(sources, found, penalty, self.device)
            # What is drawn at random depends on the batch's number, not on which is first.
            seed = np.random.SeedSequence((sample_seed, number)).generate_state(1)
            generator = torch.Generator(self.device).manual_seed(int(seed[0]))
            return self.search.sample(*batch, width, penalty, generator, order_BPP)

        found: list[list[Scored]] = [[] for _ in flat]
        # The longest first, or they are what is waited for at the end.
        order = range(len(batches) - 1, -1, -1)
        for number, scored_batch in zip(order, self.workers.map(translate, order), strict=True):
            for row, texts in zip(batches[number], scored_batch, strict=True):
                found[row] = texts
        remaining = iter(found)
        answers = [
            self._joined(line, [list(islice(remaining, len(part.segments))) for part in line.parts]) for line in read
        ]
        return answers if sample_seed is not None else [list(_distinct(line)) for line in answers]

    def _joined(self, line: SourceLine, found: list[list[list[Scored]]]) -> list[Scored]:
        """The translations of a line from those of the segments of its parts, rank by rank."""
        segments = [scored for part in found for scored in part]
        answers = []
        for rank in range(min(map(len, segments), default=1)):
            texts = [
                self.pipeline.answer(part, [one[rank].text for one in scored])
                for part, scored in zip(line.parts, found, strict=True)
            ]
            text = "".join(chain.from_iterable(zip(texts, [*line.separators, ""], strict=True)))
            score = sum(scored[rank].score for scored in segments) / max(1, len(segments))
            answers.append(Scored(line.layout + text, score))
        return answers

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

    def _texts(self, part: SourcePart, segment: Segment, hypotheses: list[Hypothesis]) -> Iterator[Scored]:
        """Texts of those hypotheses that say something, with letters for items."""
        for hypothesis in hypotheses:
            # A letter for each placeholder: places in the text stay what they are.
            text = unmask(self.subwords.decode_target([hypothesis.ids])[0], segment.letters)
            pieces: list[str] = []
            weights_TS: Weights | None = None
            if text and (segment.detached or repeats(text, segment.masked)):
                weights = attention_weights(self.model, segment.ids, hypothesis.ids)
                weights_TS = None if weights is None else weights.float().cpu().numpy()
                pieces = self.subwords.target_pieces(hypothesis.ids)
            if segment.detached and text:
                ends = [piece_ends(one) for one in (self.subwords.source_pieces(segment.masked), pieces)]
                tags = [part.items[item_letters(one.text)[0]].text for one in segment.detached]
                attached = attach(text, segment.detached, tags, weights_TS, *ends)
            else:
                attached = text
            judge = None
            if weights_TS is not None and attached == text and len(pieces) == len(hypothesis.ids):
                words_WS = by_words(weights_TS, pieces)
                judge = goes_back(words_WS) if len(words_WS) == len(text.split(" ")) else None
            text = without_loops(normalize(attached), segment.masked, judge)
            if text := placed_items(text, segment):
                yield Scored(text, hypothesis.score)


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
