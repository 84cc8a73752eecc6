"""What has to hold for any bytes at all: of cleaning, of reading, of translating.

Each takes bytes, and raises an error if something does not hold.  test_fuzz.py gives them a few hundred of hypothesis,
`make fuzz` many that atheris makes so that they reach ever more of the code.
"""

import gzip
import io
import tempfile
import unicodedata
from functools import cache
from pathlib import Path

import pytest
import torch

from data_prep.cleaning import Cleaner
from data_prep.errors import UserError
from data_prep.lines import read_stream
from data_prep.normalization import normalize
from data_prep.placeholders import PlaceholderMasker, item_letter, unmask
from data_prep.readers import TextFiles
from data_prep.settings import Cleaning
from data_prep.subwords import END
from data_prep.words import Vocabulary
from seq2seq.config import Decoding
from seq2seq.translator import Translator
from tests.inputs.texts import count
from tests.odd import faults
from tests.toys import letter_subwords, network

KINDS = ("pair", ".tsv", ".tsv.gz", ".jsonl", ".jsonl.gz")
CLEANERS = [Cleaner(Cleaning(), source, target) for source, target in (("en", "fr"), ("fr", "ar"), ("zh", "xx"))]
MASKERS = [
    PlaceholderMasker(),
    PlaceholderMasker(Vocabulary(forms={"tom": "Tom", "the": "the"}), characters=frozenset("abcTom 12")),
]
REASONS = {None, "empty", "too long", "length ratio", "copy", "wrong script"}


def clean(data: bytes) -> None:
    """One spelling, in one line, of any text; what is carried comes back; a pair is kept, or dropped for a reason."""
    try:
        text = data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    spelt = normalize(text)
    assert normalize(spelt) == spelt
    assert spelt == " ".join(spelt.split())
    assert unicodedata.is_normalized("NFC", spelt)
    spelt.encode()
    for masker in MASKERS:
        masked = masker.mask(spelt)
        back = unmask(masked.text, {item_letter(number): item.text for number, item in enumerate(masked.items)})
        together = back + "".join(one.text for one in masked.detached)
        assert sorted(together.replace(" ", "")) == sorted(spelt.replace(" ", ""))
    source, _, target = text.partition("\t")
    source, target = normalize(source), normalize(target)
    for cleaner in CLEANERS:
        assert cleaner.why_dropped(source, target) in REASONS
    for masker in MASKERS:
        pair = masker.mask_pair(source, target)
        assert all(len(side) <= len(whole) for side, whole in zip(pair, (source, target), strict=True))


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


TARGETS = {"clean": clean, "read": read, "translate": translate}
