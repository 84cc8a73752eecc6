"""Commands that are given something else than text files without fault."""

import gzip
import json
import os
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.inputs.texts import lines_of
from tests.phrases import LANGUAGES, PAIRS

Make = Callable[[Path], None]


@dataclass(frozen=True)
class Case:
    """A command that is given something else than a text file without fault."""

    arguments: tuple[str, ...]
    make: Make = lambda folder: None
    error: str = ""
    """What the one line of the error has in it; none where the command does what it is told."""
    pairs: int | None = None
    """How many pairs the preparation reads."""
    stdin: str = ""
    """File that is standard input."""
    environment: Mapping[str, str] = field(default_factory=dict)
    stdout: str = ""
    """File that is standard output; `closed` for none."""
    user: int | None = None
    """Who runs it."""
    open: bool = False
    """Whether all may write to the folder that it runs in."""


def _prepare(name: str, *more: str) -> tuple[str, ...]:
    return ("preprocess", name, "--out", "prepared", "--recipe", "tiny", "--set", "subwords.vocabulary=320", *more)


def _file(name: str, data: bytes, mode: int = 0o644) -> Make:
    def make(folder: Path) -> None:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(data)
        (folder / name).chmod(mode)

    return make


def _pair(first: bytes, second: bytes) -> Make:
    def make(folder: Path) -> None:
        (folder / "a.en").write_bytes(first)
        (folder / "a.fr").write_bytes(second)

    return make


def _table(**columns: Any) -> Make:
    return lambda folder: pq.write_table(pa.table(columns), folder / "a.parquet")


def _tsv(*extra: str) -> bytes:
    return "".join(f"{line}\n" for line in ["en\tfr", *("\t".join(pair) for pair in PAIRS), *extra]).encode()


def _json(*extra: str) -> bytes:
    rows = [json.dumps(dict(zip(LANGUAGES, pair, strict=True))) for pair in PAIRS]
    return "".join(f"{line}\n" for line in [*rows, *extra]).encode()


def _bomb() -> bytes:
    """A gigabyte of one sentence, in a megabyte."""
    packer = zlib.compressobj(9, wbits=31)
    block = b"Tom likes the tree.\tTom aime l'arbre.\n" * 30_000
    return b"".join(packer.compress(block) for _ in range((1 << 30) // len(block))) + packer.flush()


def _csv(*extra: str, separator: str = ",", end: str = "\r\n") -> bytes:
    rows = [separator.join(f'"{side}"' for side in pair) for pair in (("English", "French"), *PAIRS)]
    return "".join(f"{line}{end}" for line in [*rows, *extra]).encode()


def _files(**contents: bytes) -> Make:
    """Files by their names, with `_` in place of `.`."""

    def make(folder: Path) -> None:
        for name, data in contents.items():
            (folder / name.replace("_", ".")).write_bytes(data)

    return make


SIDES = [[pair[side] for pair in PAIRS] for side in (0, 1)]
ALL = len(PAIRS)
LINE = "The cat sees the house.\n"
CASES: dict[str, Case] = {
    "a blank line on one side": Case(
        _prepare("a"), _pair(lines_of(*SIDES[0], ""), lines_of(*SIDES[1], "Rien.")), pairs=ALL + 1
    ),
    "one side has fewer lines": Case(
        _prepare("a"), _pair(lines_of(*SIDES[0]), lines_of(*SIDES[1][:-3])), "a.en has 80 lines and a.fr has 77"
    ),
    "one side is missing": Case(_prepare("a"), _file("a.en", lines_of(*SIDES[0])), "missing beside a.en"),
    "a pair of gzip files": Case(
        _prepare("a"),
        _files(
            **{f"a_{name}_gz": gzip.compress(lines_of(*lines)) for name, lines in zip(LANGUAGES, SIDES, strict=True)}
        ),
        pairs=ALL,
    ),
    "a pair, one a gzip file, in capitals": Case(
        _prepare("a.EN"), _files(a_EN=lines_of(*SIDES[0]), a_FR_GZ=gzip.compress(lines_of(*SIDES[1]))), pairs=ALL
    ),
    "a pair of gzip files, one side has fewer lines": Case(
        _prepare("a"),
        _files(a_en_gz=gzip.compress(lines_of(*SIDES[0])), a_fr_gz=gzip.compress(lines_of(*SIDES[1][:-3]))),
        "a.en.gz has 80 lines and a.fr.gz has 77",
    ),
    "a pair of gzip files without a line": Case(
        _prepare("a"), _files(a_en_gz=gzip.compress(b""), a_fr_gz=gzip.compress(b"")), "a.en.gz: the file is empty"
    ),
    "a pair of gzip files, one ends early": Case(
        _prepare("a"),
        _files(a_en_gz=gzip.compress(lines_of(*SIDES[0])), a_fr_gz=gzip.compress(lines_of(*SIDES[1]))[:-20]),
        "a.fr.gz: the gzip file ends too early",
    ),
    "CSV: quotes, commas and line breaks in cells": Case(
        _prepare("a.csv"),
        _file("a.csv", _csv('"Tom said ""no"",\r\nand left.",Tom a dit non et partit.')),
        pairs=ALL + 1,
    ),
    "CSV: semicolons, a byte order mark, in capitals": Case(
        _prepare("A.CSV"), _file("A.CSV", b"\xef\xbb\xbf" + _csv("a, b, c;d, e, f", separator=";")), pairs=ALL + 1
    ),
    "CSV: blank lines and NUL": Case(_prepare("a.csv"), _file("a.csv", _csv("", "a\0,b", ",")), pairs=ALL + 3),
    "CSV in gzip": Case(_prepare("a.csv.gz"), _file("a.csv.gz", gzip.compress(_csv())), pairs=ALL),
    "CSV: a cell too many": Case(
        _prepare("a.csv"), _file("a.csv", _csv("Yes, Tom.,Oui.")), "a.csv:82: 3 cells where the first row has 2"
    ),
    "CSV: one column": Case(_prepare("a.csv"), _file("a.csv", b"a\nb\n"), "no comma, semicolon or tab in the row"),
    "CSV: a quote that is never closed": Case(
        _prepare("a.csv"), _file("a.csv", _csv('"a,b', "c,d")), "a.csv:82: a double quote that opens"
    ),
    "CSV: a quote that swallows more than 32 MiB": Case(
        _prepare("a.csv"), _file("a.csv", _csv('"a,b') + b"c,d\n" * (9 << 20)), "a row of more than 32 MiB"
    ),
    "CSV: carriage returns alone": Case(
        _prepare("a.csv"), _file("a.csv", _csv(end="\r")), "a carriage return without a line feed"
    ),
    "TSV: a header of names, in capitals": Case(
        _prepare("a.TSV"),
        _file("a.TSV", "".join(f"{t}\t{s}\n" for s, t in [("ENGLISH", "Français"), *PAIRS]).encode()),
        pairs=ALL,
    ),
    "TSV: a header of source and target": Case(
        _prepare("a.tsv"), _file("a.tsv", _tsv().replace(b"en\tfr", b"source\ttarget", 1)), pairs=ALL
    ),
    "TSV: a header of names of other languages": Case(
        _prepare("a.tsv"), _file("a.tsv", b"English\tGerman\na\tb\n"), "there are: English, German"
    ),
    "tokenized text, with a hint": Case(
        _prepare("a.tsv"), _file("a.tsv", _tsv(*["it &apos;s a well @-@ known tree\tl&apos; arbre"] * 9)), pairs=ALL + 9
    ),
    "TSV: a tab too many": Case(
        _prepare("a.tsv"), _file("a.tsv", _tsv("a\tb\tc")), "3 columns where the first line has 2"
    ),
    "TSV: no tab": Case(_prepare("a.tsv"), _file("a.tsv", _tsv("a")), "1 columns where the first line has 2"),
    "TSV: quotes, which are text": Case(_prepare("a.tsv"), _file("a.tsv", _tsv('"a\t"b"', '"\t"')), pairs=ALL + 2),
    "TSV: blank lines": Case(_prepare("a.tsv"), _file("a.tsv", _tsv("", "")), pairs=ALL + 2),
    "TSV: other languages": Case(_prepare("a.tsv"), _file("a.tsv", b"en\tde\na\tb\n"), "there are: en, de"),
    "gzip that ends early": Case(
        _prepare("a.tsv.gz"), _file("a.tsv.gz", gzip.compress(_tsv())[:-20]), "the gzip file ends too early"
    ),
    "gzip that is none": Case(_prepare("a.tsv.gz"), _file("a.tsv.gz", _tsv()), "not a gzip file"),
    "gzip whose middle is damaged": Case(
        _prepare("a.tsv.gz"),
        _file("a.tsv.gz", gzip.compress(_tsv())[:60] + b"\xff" * 99),
        "damaged, or not a gzip file",
    ),
    "a gzip bomb": Case(
        _prepare("a.tsv.gz"),
        lambda folder: _file("a.tsv.gz", _bomb())(folder),
        "unpacks to more than 100 times its size",
    ),
    "JSON lines: a key is missing": Case(
        _prepare("a.jsonl"), _file("a.jsonl", _json('{"en": "a"}', "{}")), pairs=ALL + 2
    ),
    "JSON lines: null": Case(_prepare("a.jsonl"), _file("a.jsonl", _json('{"en": null, "fr": "b"}')), pairs=ALL + 1),
    "JSON lines: a number": Case(_prepare("a.jsonl"), _file("a.jsonl", _json('{"en": 1, "fr": "b"}')), "1 is not text"),
    "JSON lines: cut short": Case(_prepare("a.jsonl"), _file("a.jsonl", _json('{"en": "a"')), "a.jsonl:81: not JSON"),
    "JSON lines: 100,000 levels deep": Case(_prepare("a.jsonl"), _file("a.jsonl", _json("[" * 100_000)), "not JSON"),
    "JSON lines: half of a surrogate pair": Case(
        _prepare("a.jsonl"), _file("a.jsonl", _json('{"en": "\\ud800", "fr": "b"}')), "half of a surrogate pair"
    ),
    "JSON lines: other keys": Case(_prepare("a.jsonl"), _file("a.jsonl", b'{"x": "a"}\n'), "no columns for en and fr"),
    "Parquet: null": Case(_prepare("a.parquet"), _table(en=[*SIDES[0], None], fr=[*SIDES[1], "b"]), pairs=ALL + 1),
    "Parquet: numbers": Case(
        _prepare("a.parquet"), _table(en=[1, 2], fr=["a", "b"]), "column en holds int64, not text"
    ),
    "Parquet: other columns": Case(_prepare("a.parquet"), _table(x=["a"], fr=["b"]), "no columns for en and fr"),
    "Parquet: no rows": Case(
        _prepare("a.parquet"),
        _table(en=pa.array([], pa.string()), fr=pa.array([], pa.string())),
        "the file has no rows",
    ),
    "Parquet: text that is not UTF-8": Case(
        _prepare("a.parquet"),
        _table(en=pa.array([b"a", b"caf\xe9"]).cast(pa.string(), safe=False), fr=["a", "b"]),
        "a.parquet: cannot be read as a data set",
    ),
    "Parquet that is none": Case(
        _prepare("a.parquet"), _file("a.parquet", b"PAR1 not"), "cannot be read as a data set"
    ),
    "a folder in place of a corpus file": Case(
        _prepare("a.tsv"), lambda folder: (folder / "a.tsv").mkdir(), "a folder where a file is expected"
    ),
    "a pipe in place of a corpus file": Case(
        _prepare("a.tsv"), lambda folder: os.mkfifo(folder / "a.tsv"), "neither a file nor a folder"
    ),
    "no permission to read the corpus": Case(
        _prepare("a.tsv"), _file("a.tsv", _tsv(), 0), "no permission to read it", user=65534, open=True
    ),
    "no permission to write": Case(_prepare("a.tsv"), _file("a.tsv", _tsv()), "Permission denied", user=65534),
    "names with spaces and accents": Case(
        _prepare("été à Paris/mes données.tsv"), _file("été à Paris/mes données.tsv", _tsv()), pairs=ALL
    ),
    "a name with a line break": Case(_prepare("a\n\x1b[2J.tsv"), error="\\n\\x1b[2J.tsv"),
    "a home that cannot be written to": Case(
        _prepare("a.tsv"), _file("a.tsv", _tsv()), pairs=ALL, environment={"HOME": "/proc/none"}
    ),
    "a home that cannot be written to, Parquet": Case(
        _prepare("a.parquet"),
        _table(en=SIDES[0], fr=SIDES[1]),
        "HF_HOME",
        environment={"HOME": "/proc/none", "HF_HOME": ""},
    ),
    "a corpus that is not there": Case(_prepare("a.tsv"), error="no such file or folder"),
    "a corpus that is misspelt": Case(
        _prepare("corpsu.en"), _files(corpus_en=b"a\n", corpus_fr=b"b\n"), "did you mean corpus?"
    ),
    "a corpus that is misspelt, beside other files": Case(
        _prepare("READM"), _files(README_md=b"a\n", READM_en=b"b\n"), "READM.fr: missing beside READM.en"
    ),
    "a setting that is none": Case(_prepare("a.tsv", "--set", "model.sell=gru"), error="did you mean model.cell?"),
    "a setting of another type": Case(_prepare("a.tsv", "--set", "model.hidden=big"), error="model.hidden"),
    "a setting beyond all bounds": Case(
        _prepare("a.tsv", "--set", "subwords.vocabulary=1000000000000"), error="vocabulary"
    ),
    "translate: --seed without --sample": Case(("translate", "--seed", "2", "x"), error="give --sample too"),
    "translate: a folder for --in": Case(
        ("translate", "--in", "a"), lambda folder: (folder / "a").mkdir(), "not a file"
    ),
    "translate: a pipe for --in": Case(
        ("translate", "--in", "a"), lambda folder: os.mkfifo(folder / "a"), "not a file"
    ),
    "translate: no permission for --in": Case(
        ("translate", "--in", "a"), _file("a", LINE.encode(), 0), "no permission to read it", user=65534
    ),
    "translate: a folder for --out": Case(
        ("translate", "--out", "a", "x"), lambda folder: (folder / "a").mkdir(), "a: cannot be written"
    ),
    "translate: no folder for --out": Case(("translate", "--out", "no/a", "x"), error="no/a: cannot be written"),
    "translate: a folder is standard input": Case(("translate",), error="a folder where a file is expected", stdin="."),
    "translate: standard input is closed": Case(("translate",), error="standard input is closed", stdin="closed"),
    "translate: standard output is closed": Case(
        ("translate", "x"), error="standard output is closed", stdout="closed"
    ),
    "translate: standard output is a full disk": Case(
        ("translate", "x"), error="standard output cannot be written (No space left on device)", stdout="/dev/full"
    ),
    "translate: a home that cannot be written to": Case(("translate", "x"), environment={"HOME": "/proc/none"}),
    "evaluate: --in has fewer lines": Case(
        ("evaluate", "--in", "a.en", "--reference", "a.fr"), _pair(b"a\nb\n", b"a\n"), "a.en has 2 lines and a.fr has 1"
    ),
    "evaluate: standard output is a full disk": Case(
        ("evaluate", "--run", "run"), error="standard output cannot be written", stdout="/dev/full"
    ),
}
