"""CSV files: separators, quotes, line breaks, limits, and what each mistake is called."""

import csv
import gzip
import io
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data_prep import lines
from data_prep.csv_files import CsvFile
from data_prep.errors import UserError
from data_prep.normalization import normalize

LANGUAGES = ("en", "fr")
ODD = st.sampled_from(
    ['"', '""', ",", ";", "\t", "\n", "\r\n", "\r", "\x85", "\u2028", "\x0b", "\x00", "\ufeff", "é", "🙂", "'", "\\"]
)
TEXT = st.lists(ODD | st.characters(exclude_categories=["Cs"]), max_size=8).map("".join)
PAIRS = st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=20)
quick = settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def read(path: Path, size: int = 3) -> list[tuple[str, str]]:
    chunks = CsvFile(path, LANGUAGES).chunks(size)
    return list(chain.from_iterable(zip(chunk.sources, chunk.targets, strict=True) for chunk in chunks))


def write(folder: Path, content: str | bytes) -> Path:
    path = folder / "a.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@quick
@given(
    PAIRS,
    st.integers(1, 5),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.booleans(),
    st.booleans(),
)
def test_what_the_csv_module_writes_comes_back(
    tmp_path: Path,
    pairs: list[tuple[str, str]],
    size: int,
    separator: str,
    end: str,
    quoting: int,
    zipped: bool,
    turned: bool,
) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=separator, lineterminator=end, quoting=quoting)  # type: ignore[arg-type]
    writer.writerow(["French", "id", "English"] if turned else ["English", "id", "French"])
    writer.writerows([target, "0", source] if turned else [source, "0", target] for source, target in pairs)
    data = text.getvalue().encode()
    path = tmp_path / ("a.csv.gz" if zipped else "a.csv")
    path.write_bytes(gzip.compress(data, mtime=0) if zipped else data)
    expected = [tuple(map(normalize, pair)) for pair in pairs]
    assert [tuple(map(normalize, pair)) for pair in read(path, size)] == expected


@pytest.mark.parametrize(
    ("content", "pairs"),
    [
        ("en,fr\na,b\n", [("a", "b")]),
        ("\ufeffen;fr\r\na, x;b\r\n", [("a, x", "b")]),
        ('\ufeff"fr";"en"\r\n"b ""c""";"a;x"\r\n', [("a;x", 'b "c"')]),
        ('en,fr\n"a\nx",b\nc,d', [("a\nx", "b"), ("c", "d")]),
        ("en\tfr\na\tb\n", [("a", "b")]),
        ("Hello, you;Bonjour, toi\n", [("Hello, you", "Bonjour, toi")]),
        ("Hello; you,Bonjour; toi\n", [("Hello; you", "Bonjour; toi")]),
        ('a "word",un "mot"\n', [('a "word"', 'un "mot"')]),
        ("en,fr\n\na,b\n,\n", [("", ""), ("a", "b"), ("", "")]),
        ("en,fr\na\0,b\n", [("a\0", "b")]),
        ("en,fr\na\rx,b\n", [("a x", "b")]),
        ("id,en,note,fr\n1,a,x,b\n", [("a", "b")]),
        ("en,fr\n", []),
    ],
)
def test_separator_columns_and_cells_are_found(tmp_path: Path, content: str, pairs: list[tuple[str, str]]) -> None:
    assert read(write(tmp_path, content)) == pairs


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("one\ntwo\n", "1: no comma, semicolon or tab in the row"),
        ("\n\n", "1: no comma, semicolon or tab in the row"),
        ('en,fr\na,b\n"c\nd",e,f\n', "3: 3 cells where the first row has 2; look for a missing or an extra comma"),
        ("en;fr\na;b\nc\n", "3: 1 cells where the first row has 2; look for a missing or an extra semicolon"),
        ('en,fr\na,b\n"c,d\ne,f\n', "3: a double quote that opens in this row is never closed"),
        ('en,fr\na,b\n"c,d\ne,"f"\n', "3: text behind a closing double quote in line 4"),
        ('en,fr\n"a" b,c\n', "2: text behind a closing double quote;"),
        ('"en,fr\na,b\n', "1: a double quote that opens in this row is never closed"),
        ("en,fr\ra,b\rc,d\r", "1: a carriage return without a line feed"),
        ("en,de\na,b\n", "1: no columns for en and fr; there are: en, de"),
        (b"en,fr\na,caf\xe9\n", "2: not UTF-8"),
        ("x," * 1001, "1: more than 1,000 columns"),
    ],
)
def test_each_mistake_is_one_line_that_names_the_row(tmp_path: Path, content: str | bytes, message: str) -> None:
    path = write(tmp_path, content)
    with pytest.raises(UserError) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}:{message}")
    assert len(str(caught.value).splitlines()) == 1


def test_a_row_has_a_largest_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "LONGEST_LINE", 1000)
    assert len(read(write(tmp_path, 'en,fr\n"' + "x\n" * 490 + '",y\n'))) == 1
    with pytest.raises(UserError, match=r"a\.csv:3: a row of more than 0 MiB; is a double quote in it never closed"):
        read(write(tmp_path, 'en,fr\na,b\n"c,d\n' + "x,y\n" * 1000))


def test_a_cell_may_be_as_long_as_a_line(tmp_path: Path) -> None:
    long = "x" * 1_000_000
    assert read(write(tmp_path, f'en,fr\n{long},"{long}"\n')) == [(long, long)]


def test_rows_are_read_as_they_are_consumed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, b"en,fr\n" + b"a,b\n" * 2000 + b"\xff,b\n")
    chunks = CsvFile(path, LANGUAGES).chunks(10)
    assert len(next(chunks).sources) == 10
    with pytest.raises(UserError, match=r"a\.csv:2002: not UTF-8"):
        list(chunks)
    monkeypatch.setattr(lines, "BLOCK", 100)
    path = write(tmp_path, "en,fr\n" + f"{'x' * 30},b\n" * 50)
    assert max(len(chunk.sources) for chunk in CsvFile(path, LANGUAGES).chunks(1000)) <= 4
