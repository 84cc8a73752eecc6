"""Text of every kind that goes wrong elsewhere: put into a corpus to prepare, and translated."""

from dataclasses import dataclass
from pathlib import Path

from tests.phrases import LANGUAGES, PAIRS


@dataclass(frozen=True)
class Text:
    """A class of text: lines that are put among others, on both sides of a corpus, and translated."""

    data: bytes
    corpus_error: str = ""
    """What the preparation says, if it refuses it."""
    translate_error: str = ""
    alone: bool = False
    """Whether it is the whole file, with nothing before it."""
    short: bytes | None = None
    """Less of it, to be translated: for what takes time."""

    @property
    def lines(self) -> int:
        """Lines by the only rule there is: each line feed ends one, and what is behind the last is one."""
        return count(self.data)


def count(data: bytes) -> int:
    """Lines of a file."""
    return data.count(b"\n") + (bool(data) and not data.endswith(b"\n"))


def lines_of(*lines: str) -> bytes:
    """A file of lines."""
    return "".join(line + "\n" for line in lines).encode("utf-8", "surrogatepass")


TEXTS: dict[str, Text] = {
    "an empty file": Text(b"", corpus_error="the file is empty", alone=True),
    "a byte order mark and nothing else": Text(b"\xef\xbb\xbf", corpus_error="the file is empty", alone=True),
    "one line": Text(lines_of("The cat sees the house."), corpus_error="no training pair is left", alone=True),
    "no line feed at the end": Text(b"The cat sees the tree"),
    "lines that end in CR LF": Text(b"The cat sees the tree.\r\nTom likes the river.\r\n\r\n"),
    "a lone CR inside a line": Text(b"The cat\rsees the tree.\nTom\r\n\rlikes\n"),
    "a byte order mark, at the start and inside": Text("\ufeffTom likes the tree.\nThe \ufeffcat\n".encode()),
    "NUL and other control characters": Text(b"Tom\0likes\x01the\x1b[2Jtree.\n\0\n\x07\n"),
    "U+2028, U+2029, U+0085, VT, FF": Text(lines_of("a\u2028b\u2029c\u0085d\x0be\x0cf", "\u2028", "\u0085", "Tom")),
    "half of a surrogate pair": Text(
        lines_of("Tom \ud800 likes"), corpus_error="not UTF-8", translate_error="not UTF-8"
    ),
    "bytes that are not UTF-8": Text(b"Tom\xff\n", corpus_error="not UTF-8", translate_error="not UTF-8"),
    "UTF-16": Text("Tom likes\n".encode("utf-16"), corpus_error="not UTF-8", translate_error="not UTF-8", alone=True),
    "right-to-left marks": Text(lines_of("\u202eTom likes\u202c the \u2067tree\u2069.", "\u200f", "\u061c\u200e")),
    "a pile of combining marks": Text(lines_of("e" + "\u0301\u0323" * 5000, "\u0301" * 300, "a\u0308" * 300)),
    "invisible characters": Text(
        lines_of("\u200b", "T\u00ado\u200bm\u2060 likes\ufeff", "\u200d\u200c", "\u3000\u00a0")
    ),
    "emoji, with joiners and flags": Text(lines_of("👩\u200d👩\u200d👧\u200d👦 🏳️\u200d🌈 🇫🇷", "🙂" * 200)),
    "a line of 10 MB": Text(
        b"Tom likes the tree. " * (10 << 20 >> 4) + b"\n", short=b"Tom likes the tree. " * 2000 + b"\nTom.\n"
    ),
    "a line of 10 MB without a space": Text(b"x" * (10 << 20) + b"\n", short=b"x" * 20_000 + b"\nTom.\n"),
    "a line of more than 32 MiB": Text(
        b"x" * (33 << 20) + b"\n",
        corpus_error="a line of more than 32 MiB",
        translate_error="a line of more than 32 MiB",
    ),
    "a million blank lines": Text(b"\n" * 1_000_000),
    "tabs and quotes": Text(lines_of('"Tom\tlikes" the "tree', "'\t'", '""""')),
    "noncharacters and private use": Text(lines_of("\ufdd0\ufffe\U0010ffff \ue000\U0010fff0", "\ufffd")),
}


def write_pair(folder: Path, name: str, text: Text) -> None:
    """The text in a pair of files, in both languages, behind pairs without a fault."""
    for side, language in enumerate(LANGUAGES):
        before = "" if text.alone else "".join(pair[side] + "\n" for pair in PAIRS)
        (folder / f"{name}.{language}").write_bytes(before.encode() + text.data)
