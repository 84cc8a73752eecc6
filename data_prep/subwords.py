"""Subwords: text to ids and back, by SentencePiece (Kudo & Richardson 2018).

Special ids are the same in every model: 0 padding, 1 unknown, 2 begin, 3 end of sentence, and behind them those of
`placeholders.PLACEHOLDERS`, if any.  Bytes stand in for characters that the model has never seen, so that no input is
unknown and every text comes back whole.
"""

import io
import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import chain
from pathlib import Path

import sentencepiece

from data_prep.errors import UserError
from data_prep.placeholders import PLACEHOLDERS, PlaceholderMasker
from data_prep.settings import Subwords as SubwordSettings
from data_prep.text_profile import PROFILE_FILE, PROFILE_LIMIT, TextProfile, fit
from data_prep.untrusted import read_small
from data_prep.words import Vocabulary

PAD, UNKNOWN, BEGIN, END = range(4)
JOINT_FILE = "subwords.model"
SEPARATE_FILES = ("subwords.source.model", "subwords.target.model")
OLD_WORDS_FILE = "words.txt"
"""The known words, in runs that were begun before there was PROFILE_FILE."""
MODEL_LIMIT = 1 << 26
"""Bytes of a model, at most."""


class Subwords:
    """The subword model of one prepared corpus: one vocabulary for both sides, or one for each."""

    def __init__(
        self, source_model: bytes, target_model: bytes | None = None, *, profile: TextProfile | None = None
    ) -> None:
        """Take serialized SentencePiece models; without a second one the first serves both sides.

        `profile` is what the training text shows.
        """
        self.profile = profile or TextProfile()
        self.models = (source_model,) if target_model is None else (source_model, target_model)
        self._source = sentencepiece.SentencePieceProcessor(model_proto=source_model)
        self._target = (
            self._source if target_model is None else sentencepiece.SentencePieceProcessor(model_proto=target_model)
        )
        pieces = self._source.id_to_piece(list(range(self._source.get_piece_size())))
        letters = [piece for piece in pieces if len(piece) == 1]
        self.characters = frozenset([" ", *letters, *(letter.upper() for letter in letters)])
        """Those that the source model knows, as capitals too; others are spelled in bytes."""
        self.masker: PlaceholderMasker | None = None
        if self._source.piece_to_id(PLACEHOLDERS[0]) == END + 1:
            learned = self.profile
            self.masker = PlaceholderMasker(learned.vocabulary, learned.copied, learned.numbers, self.characters)

    @property
    def joint(self) -> bool:
        """Whether both sides share one vocabulary."""
        return len(self.models) == 1

    @property
    def source_size(self) -> int:
        """Number of ids of the source side."""
        return int(self._source.get_piece_size())

    @property
    def target_size(self) -> int:
        """Number of ids of the target side."""
        return int(self._target.get_piece_size())

    def encode_source(self, lines: list[str]) -> list[list[int]]:
        """Ids of each line, without begin and end."""
        return _encode(self._source, lines)

    def encode_target(self, lines: list[str]) -> list[list[int]]:
        """Ids of each line, without begin and end."""
        return _encode(self._target, lines)

    def encode_pairs(self, sources: list[str], targets: list[str]) -> tuple[list[list[int]], list[list[int]]]:
        """Ids of both sides of pairs, with placeholders for what is copied."""
        if self.masker and sources:
            masked = map(self.masker.mask_pair, sources, targets)
            sources, targets = map(list, zip(*masked, strict=True))
        return self.encode_source(sources), self.encode_target(targets)

    def decode_target(self, ids: Sequence[Sequence[int]]) -> list[str]:
        """Detokenised text of each sequence; special ids leave nothing behind."""
        return [str(self._target.decode([i for i in sequence if i > END])) for sequence in ids]

    def source_pieces(self, line: str) -> list[str]:
        """The units that `line` is cut into, for people to look at."""
        return list(self._source.encode(line, out_type=str))

    def target_pieces(self, ids: Sequence[int]) -> list[str]:
        """The units that target `ids` stand for."""
        return [str(self._target.id_to_piece(i)) for i in ids]

    def files(self) -> dict[str, bytes]:
        """File names and contents, as `load` reads them."""
        names = (JOINT_FILE,) if self.joint else SEPARATE_FILES
        return dict(zip(names, self.models, strict=True)) | {PROFILE_FILE: self.profile.to_json()}

    @classmethod
    def load(cls, folder: Path) -> "Subwords":
        """Read the model or models of a prepared corpus or a run.

        Raises UserError if the folder has none or one is damaged.
        """
        names = (JOINT_FILE,) if (folder / JOINT_FILE).is_file() else SEPARATE_FILES
        damaged = f"{folder}: the subword model is damaged; delete it and run `make preprocess` again"
        try:
            models = [read_small(folder / name, MODEL_LIMIT) for name in names]
            if not all(models):  # the library takes an empty file for a model
                raise UserError(damaged)
            if any(map(_has_rules, models)):
                raise UserError(f"{folder}: its subword model has rules of spelling; it is not ours")
            subwords = cls(*models, profile=_load_profile(folder))
            for model in (subwords._source, subwords._target):
                model.id_to_piece(list(range(model.get_piece_size())))  # each of them is text
        except FileNotFoundError as error:
            raise UserError(f"{folder}: no subword model ({JOINT_FILE}) there; run `make preprocess` again") from error
        except (RuntimeError, ValueError, LookupError) as error:
            raise UserError(damaged) from error
        for model in (subwords._source, subwords._target):
            if (model.pad_id(), model.unk_id(), model.bos_id(), model.eos_id()) != (PAD, UNKNOWN, BEGIN, END):
                raise UserError(f"{folder}: its subword model has other special ids than 0 to 3; it is not ours")
        return subwords


def _encode(model: sentencepiece.SentencePieceProcessor, lines: list[str]) -> list[list[int]]:
    # A list makes the library start a thread, which takes longer than a sentence.
    return (
        [model.encode(lines[0], out_type=int)] if len(lines) == 1 else model.encode(lines, out_type=int, num_threads=1)
    )


def _load_profile(folder: Path) -> TextProfile | None:
    """The profile beside a model, if there is one.  Raises ValueError if it is damaged."""
    if (folder / PROFILE_FILE).is_file():
        return TextProfile.from_json(read_small(folder / PROFILE_FILE, PROFILE_LIMIT))
    if (folder / OLD_WORDS_FILE).is_file():
        words = read_small(folder / OLD_WORDS_FILE, PROFILE_LIMIT).decode().split()
        return TextProfile(vocabulary=Vocabulary(forms=dict.fromkeys(words, "")))
    return None


def _has_rules(model: bytes) -> bool:
    """Whether a model has spelling rules of its own: ours have none, and the library trusts those that it is given.

    Raises LookupError if it is none.  A model is a Protocol Buffers message, its field 3 (and 5, for the
    way back) another one, of whose fields the second are the rules, compiled.
    """
    fields = (field for number, message in _fields(model) if number in (3, 5) for field in _fields(message))
    return any(number == 2 and rules for number, rules in fields)


def _fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """Number and bytes of each field of a message; of numbers no bytes."""
    place = 0

    def varint() -> int:
        nonlocal place
        value = shift = 0
        while shift < 64:
            byte = message[place]
            place, value, shift = place + 1, value | (byte & 127) << shift, shift + 7
            if byte < 128:
                break
        return value

    while place < len(message):
        number, kind = divmod(varint(), 8)
        if kind == 0:
            varint()
        size = varint() if kind == 2 else {0: 0, 1: 8, 5: 4}[kind]
        yield number, message[place : place + size]
        place += size


def train_subwords(
    pairs: Callable[[], Iterator[tuple[str, str]]],
    settings: SubwordSettings,
    report: Callable[[str], None] = lambda message: None,
) -> Subwords:
    """Train the model, or the two, on pairs of sentences given by a function that starts a new pass.

    `report` is told when the vocabulary had to shrink.  Raises UserError if there is no text to train on.
    """
    profile = fit(pairs())
    masker = PlaceholderMasker(profile.vocabulary, profile.copied, profile.numbers) if settings.carry else None

    def masked() -> Iterator[tuple[str, str]]:
        return (masker.mask_pair(*pair) for pair in pairs()) if masker else pairs()

    def side(number: int) -> Iterator[str]:
        return (pair[number] for pair in masked())

    if settings.joint:
        model = _train(lambda: chain.from_iterable(masked()), settings, "joint", report)
        return Subwords(model, profile=profile)
    source, target = (
        _train(partial(side, number), settings, name, report) for number, name in enumerate(("source", "target"))
    )
    return Subwords(source, target, profile=profile)


def _train(
    sentences: Callable[[], Iterator[str]],
    settings: SubwordSettings,
    side: str,
    report: Callable[[str], None],
) -> bytes:
    """One serialised model, with as much of the asked vocabulary as the text supports."""
    model = io.BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=sentences(),
            model_writer=model,
            model_type=settings.kind,
            vocab_size=settings.vocabulary,
            # A text with fewer units than asked for gives a smaller model instead of an error.
            hard_vocab_limit=False,
            # Cleaning has normalised already: the text must come back as it was.
            normalization_rule_name="identity",
            user_defined_symbols=list(PLACEHOLDERS) if settings.carry else [],
            byte_fallback=True,
            character_coverage=1.0 if settings.kind == "char" else 0.9999,
            # In bytes.  Longer lines would be left out without a word; what is too long is for cleaning to
            # say.
            max_sentence_length=1 << 30,
            pad_id=PAD,
            unk_id=UNKNOWN,
            bos_id=BEGIN,
            eos_id=END,
            # A fixed number: the sums of the unigram model depend on how the text is divided.
            num_threads=2,
            minloglevel=2,
        )
    except RuntimeError as error:
        text = str(error)
        if needed := re.search(r"smaller than required_chars\. \d+ vs (\d+)", text):
            raise UserError(
                f"subwords.vocabulary={settings.vocabulary} has no room for the {side} text's letters and "
                f"256 bytes; set subwords.vocabulary={int(needed[1]) + 200} or more"
            ) from error
        # In the words of sentencepiece 0.2.0 to 0.2.3.
        if any(check in text for check in ("sentences_.empty()", "all_chars_count", "required_chars_.empty()")):
            raise UserError(f"no {side} subword model can be trained: there is no text") from error
        raise
    found = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue()).get_piece_size()
    if found < settings.vocabulary:
        report(f"the {side} vocabulary has {found} units, not {settings.vocabulary}: the text has no more")
    return model.getvalue()
