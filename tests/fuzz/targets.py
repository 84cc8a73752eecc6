"""What has to hold for any bytes at all: of cleaning, of reading, of the text side of a translation, of translating.

Each takes bytes, and raises an error if something does not hold.  test_fuzz.py gives them a few hundred of hypothesis,
`make fuzz` many that atheris makes so that they reach ever more of the code.
"""

import gzip
import io
import tempfile
import unicodedata
from collections.abc import Callable
from functools import cache
from itertools import chain, pairwise
from pathlib import Path

import pytest
import torch

from data_prep.cleaning import Cleaner
from data_prep.copyable import find_items, find_unknown, merge, unite
from data_prep.errors import UserError
from data_prep.lines import read_stream
from data_prep.normalization import CharacterForms, normalize
from data_prep.numbers import NumberFormat
from data_prep.placeholders import PLACEHOLDERS, PlaceholderMasker, item_letter, item_letters, unmask, without_letters
from data_prep.readers import TextFiles
from data_prep.settings import Cleaning
from data_prep.subwords import END, Subwords
from data_prep.text_profile import TextProfile
from data_prep.truecasing import StyleCounts
from data_prep.words import Vocabulary
from seq2seq.attachment import attach, piece_ends
from seq2seq.config import Decoding
from seq2seq.text_pipeline import MAX_SOURCE_TOKENS, Segment, SourcePart, TextPipeline, placed_items
from seq2seq.translator import Translator
from tests.inputs.texts import count
from tests.odd import faults
from tests.toys import letter_subwords, network

KINDS = ("pair", ".tsv", ".tsv.gz", ".jsonl", ".jsonl.gz")
CLEANERS = [Cleaner(Cleaning(), source, target) for source, target in (("en", "fr"), ("fr", "ar"), ("zh", "xx"))]
VOCABULARY = Vocabulary(forms={"tom": "Tom", "the": "the", "may": ""}, copied=["tom"], prefixes=["l"], suffixes=["s"])
MASKERS = [
    PlaceholderMasker(),
    PlaceholderMasker(VOCABULARY, {"time": False, "unit km": False}, characters=frozenset("abcdefgh Tom.,'")),
]
PROFILE = TextProfile(
    vocabulary=VOCABULARY,
    numbers=NumberFormat(zero="0", separators={"4+": " ", "5+": " "}, decimal=",", source_decimals="."),
    source_style=StyleCounts(
        sentences=1000, lowercase_start=0, all_caps=0, no_end_mark=0, ending=".", endings={"is": "?"}
    ),
    source_characters=CharacterForms(replace={"’": "'", "…": "...", "！": "!"}, quotes='"', rare_quotes="“”«»"),
    target_characters=CharacterForms(replace={"'": "’", "...": "…"}, quotes="« | »", rare_quotes='"“”'),
)
"""A profile that changes as much as one can."""
CHANGES: list[Callable[[str], str]] = [str, lambda text: text[::-1], lambda text: text.replace(" ", "")]
REASONS = {None, "empty", "too long", "length ratio", "copy", "wrong script"}


def clean(data: bytes) -> None:
    """One spelling, in one line, of any text; items come back; a pair is kept, or dropped for a reason."""
    text = _decoded(data)
    spelt = normalize(text)
    assert normalize(spelt) == spelt
    assert spelt == " ".join(spelt.split())
    assert unicodedata.is_normalized("NFC", spelt)
    spelt.encode()
    found = find_items(spelt)
    for items in (found, unite(spelt, found), merge(found, find_unknown(spelt, frozenset("abc ")))):
        assert all(one.start < one.end for one in items)
        assert all(one.end <= other.start for one, other in pairwise(items))
    for masker in MASKERS:
        free = without_letters(spelt)
        masked = masker.mask(free)
        assert sorted(item_letters(masked.text)) == list(range(len(masked.items)))
        if not masked.detached:
            assert unmask(masked.text, {item_letter(i): item.text for i, item in enumerate(masked.items)}) == free
    source, _, target = text.partition("\t")
    source, target = normalize(source), normalize(target)
    for cleaner in CLEANERS:
        assert cleaner.why_dropped(source, target) in REASONS
    for masker in MASKERS:
        pair = masker.mask_pair(source, target)
        assert all(len(side) <= len(whole) for side, whole in zip(pair, (source, target), strict=True))
        assert len({tuple(sorted(letter for letter in side if letter in PLACEHOLDERS)) for side in pair}) == 1


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return data.decode("latin-1")


@cache
def pipelines() -> list[TextPipeline]:
    """Of a toy model without placeholders, and with them and a profile."""
    return [
        TextPipeline(letter_subwords()),
        TextPipeline(Subwords(*letter_subwords(carry=True).models, profile=PROFILE), ("en", "fr")),
    ]


def pipeline(data: bytes) -> None:
    """Segments that fit, with each item once; one line for each, with each item, whatever a network makes of it."""
    line = _decoded(data)
    for tried in pipelines():
        read = tried.read(line)
        assert len(read.separators) == len(read.parts) - 1
        for change in CHANGES:
            parts = [_answer(tried, part, change) for part in read.parts]
            answer = read.layout + "".join(chain.from_iterable(zip(parts, [*read.separators, ""], strict=True)))
            assert len(answer.splitlines()) <= 1
            assert answer.strip() or not normalize(line)


def _answer(pipeline: TextPipeline, part: SourcePart, change: Callable[[str], str]) -> str:
    """The answer to a part, if the network makes so much of its segments."""
    numbers = [number for segment in part.segments for number in item_letters(segment.text)]
    detached = [item_letters(one.text)[0] for segment in part.segments for one in segment.detached]
    assert sorted(numbers + detached) == list(range(len(part.items)))
    for segment in part.segments:
        assert len(segment.ids) <= MAX_SOURCE_TOKENS
        assert len(segment.letters) <= len(PLACEHOLDERS)
    texts = [_translated(pipeline, part, segment, change(segment.text)) for segment in part.segments]
    assert sorted(item_letters("".join(texts))) == list(range(len(part.items)))
    return pipeline.answer(part, texts)


def _translated(pipeline: TextPipeline, part: SourcePart, segment: Segment, text: str) -> str:
    """A translation as `Translator` treats it, of a network without attention."""
    ends = [piece_ends(pipeline.subwords.source_pieces(one)) for one in (segment.masked, text)]
    tags = [part.items[item_letters(one.text)[0]].text for one in segment.detached]
    return placed_items(normalize(attach(text, segment.detached, tags, None, *ends)), segment)


def read(data: bytes) -> None:
    """As many rows as lines, or one line that says why not; the first byte says in which kind of file."""
    kind, rest = KINDS[data[0] % len(KINDS)] if data else "pair", data[1:]
    _stream(rest)
    folder = _folder()
    paths: tuple[Path, ...] = (folder / f"a{kind}",)
    if kind == "pair":
        source, _, target = rest.partition(b"\xff")
        paths = folder / "a.en", folder / "a.fr"
        for path, side in zip(paths, (source, target or source), strict=True):
            path.write_bytes(side)
    elif kind.endswith(".gz") and rest[:1] != b"\x1f":
        paths[0].write_bytes(gzip.compress(rest, 1)[: None if rest[:1] < b"\x80" else -5])
    else:
        paths[0].write_bytes(rest)
    refused = ""
    try:
        files = TextFiles({"train": paths}, ("en", "fr"))
        chunks = list(files.chunks("train", 3))
    except UserError as error:
        refused = str(error)
    if refused:
        assert str(folder) in refused
        return
    rows = 0
    for chunk in chunks:
        assert len(chunk.sources) == len(chunk.targets)
        rows += len(chunk.sources)
        "".join(chunk.sources + chunk.targets).encode()
    whole = paths[0].read_bytes()
    lines = count((gzip.decompress(whole) if kind.endswith(".gz") else whole).removeprefix(b"\xef\xbb\xbf"))
    assert rows == lines or (".tsv" in kind and rows == lines - 1)


def _stream(data: bytes) -> None:
    """Lines are what is between line feeds, however many are read together."""
    if not _is_utf8(data):
        with pytest.raises(UserError, match="not UTF-8"):
            list(read_stream(io.BytesIO(data), "x", 7))
        return
    found = [[line for _, lines in read_stream(io.BytesIO(data), "x", size) for line in lines] for size in (1, 7)]
    text = data.removeprefix(b"\xef\xbb\xbf").decode()
    expected = [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")] if text else []
    assert found == [expected, expected]


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


@cache
def _folder() -> Path:
    memory = Path("/dev/shm")
    return Path(tempfile.mkdtemp(prefix="fuzz-", dir=memory if memory.is_dir() else None))


@cache
def translator() -> Translator:
    """A tiny network that answers in a few letters, and in bytes if it must."""
    subwords = letter_subwords(carry=True)
    model = network(size=subwords.target_size)
    with torch.no_grad():
        model.output_bias_V[END] += 6.0
    return Translator(model, subwords, Decoding(beam=2), torch.device("cpu"))


def translate(data: bytes) -> None:
    """An answer for every line, in one line, blank for none but blank ones, and not too long."""
    lines = data.decode("utf-8", "replace").split("\n")
    answers = translator().translate(lines)
    assert len(answers) == len(lines)
    asked = [(line, answer) for line, answer in zip(lines, answers, strict=True) if normalize(line)]
    assert sum(map(bool, answers)) == len(asked)
    if asked:
        written, answered = zip(*asked, strict=True)
        assert not faults(translator(), written, answered)


TARGETS = {"clean": clean, "read": read, "pipeline": pipeline, "translate": translate}
