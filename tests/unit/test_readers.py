"""Text pairs, tab-separated files and JSON lines: what is read, and what each mistake is called."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data_prep.errors import UserError
from data_prep.lines import read_lines
from data_prep.readers import TextFiles

LANGUAGES = ("en", "fr")

# All that can stand in a line: no line feed, no surrogates; a carriage return only before other text.
ODD = st.sampled_from(["\x85", "\u2028", "\u2029", "\x0b", "\x0c", "\x1c", "\x00", "\r.", "\ufeff", "é", "🙂", '"'])
TEXT = st.lists(ODD | st.characters(exclude_categories=["Cs"], exclude_characters="\n\r\t"), max_size=8).map("".join)
PAIRS = st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=20)
quick = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def opened(*paths: Path) -> TextFiles:
    return TextFiles({"train": paths}, LANGUAGES)


def read(files: TextFiles, size: int = 3) -> list[tuple[str, str]]:
    chunks = files.chunks("train", size)
    return [pair for chunk in chunks for pair in zip(chunk.sources, chunk.targets, strict=True)]


def write_pair(folder: Path, source: bytes, target: bytes) -> tuple[Path, Path]:
    paths = folder / "text.en", folder / "text.fr"
    for path, content in zip(paths, (source, target), strict=True):
        path.write_bytes(content)
    return paths


@quick
@given(PAIRS, st.integers(1, 5), st.sampled_from(["\n", "\r\n"]), st.booleans(), st.booleans())
def test_any_text_survives_a_pair_of_files(
    tmp_path: Path, pairs: list[tuple[str, str]], size: int, end: str, final: bool, mark: bool
) -> None:
    for side, path in enumerate((tmp_path / "text.en", tmp_path / "text.fr")):
        text = "".join(pair[side] + end for pair in pairs)
        if not final and pairs[-1][side]:
            text = text.removesuffix(end)
        path.write_bytes(("\ufeff" if mark or text.startswith("\ufeff") else "").encode() + text.encode())
    assert read(opened(tmp_path / "text.en", tmp_path / "text.fr"), size) == pairs


@quick
@given(PAIRS, st.integers(1, 5), st.booleans(), st.booleans())
def test_any_text_survives_tab_separated_files(
    tmp_path: Path, pairs: list[tuple[str, str]], size: int, zipped: bool, turned: bool
) -> None:
    path = tmp_path / ("text.tsv.gz" if zipped else "text.tsv")
    lines = ["fr\tmore\ten" if turned else "en\tfr\tmore"]
    lines += [f"{target}\t0\t{source}" if turned else f"{source}\t{target}\t0" for source, target in pairs]
    content = "".join(line + "\n" for line in lines).encode()
    path.write_bytes(gzip.compress(content, mtime=0) if zipped else content)
    assert read(opened(path), size) == pairs


@quick
@given(PAIRS, st.integers(1, 5), st.booleans(), st.booleans())
def test_any_text_survives_json_lines(
    tmp_path: Path, pairs: list[tuple[str, str]], size: int, ascii: bool, nested: bool
) -> None:
    path = tmp_path / "text.jsonl"
    rows: list[object] = [dict(zip(LANGUAGES, pair, strict=True)) for pair in pairs]
    if nested:
        rows = [{"translation": row, "id": 1} for row in rows]
    path.write_text("".join(json.dumps(row, ensure_ascii=ascii) + "\n" for row in rows), newline="\n")
    assert read(opened(path), size) == pairs


def test_only_a_line_feed_ends_a_line_and_one_carriage_return_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("\ufeffa\u2028b\x85c\x0bd\re\r\n\r\nf\r\r\ng\r".encode())
    lines = [line for _, block in read_lines(path, 2) for line in block]
    assert lines == ["a\u2028b\x85c\x0bd\re", "", "f\r", "g"]


def test_a_blank_line_on_one_side_does_not_shift_the_rest(tmp_path: Path) -> None:
    paths = write_pair(tmp_path, b"one\n\nthree\n", b"un\ndeux\ntrois\n")
    assert read(opened(*paths)) == [("one", "un"), ("", "deux"), ("three", "trois")]


def test_tab_separated_without_header_is_source_then_target(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text("Go.\tVa !\tCC-BY\n\nen\tde\tx\n")
    files = opened(path)
    assert read(files, 1) == [("Go.", "Va !"), ("", ""), ("en", "de")]
    assert "column 1 is read as en" in files.notes[0]
    path.write_text("en\tfr\nGo.\tVa !\n")
    assert opened(path).notes == []


def test_a_header_of_names_and_other_formats_go_by_the_suffix_in_any_case(tmp_path: Path) -> None:
    contents = {
        "a.TSV": b"French\tEnglish\nVa !\tGo.\n",
        "a.Csv": b'French;English\n"Va !";Go.\n',
        "a.tsv.GZ": gzip.compress(b"fra\teng\nVa !\tGo.\n"),
        "a.csv.gz": gzip.compress(b"fr,en\nVa !,Go.\n"),
        "a.JSONL": b'{"French": "Va !", "English": "Go."}\n',
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
        files = opened(tmp_path / name)
        assert read(files) == [("Go.", "Va !")]
        assert files.notes == []


def test_columns_named_after_sides_are_read_and_noted(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("target\tsource\nb\ta\n")
    files = opened(tmp_path / "a.tsv")
    assert read(files) == [("a", "b")]
    assert files.notes == [f"{tmp_path / 'a.tsv'}: source is read as en and target as fr"]
    (tmp_path / "a.jsonl").write_text('{"target": "b", "source": "a"}\n')
    assert read(opened(tmp_path / "a.jsonl")) == [("a", "b")]


def test_json_with_missing_and_null_cells_reads_as_empty(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('\n{"en": "a", "fr": "b"}\n{"en": null, "fr": "c"}\n{"en": "d"}\n\n')
    assert read(opened(path)) == [("", ""), ("a", "b"), ("", "c"), ("d", ""), ("", "")]


def test_inputs_follow_the_files(tmp_path: Path) -> None:
    paths = write_pair(tmp_path, b"a\n", b"b\n")
    files = opened(*paths)
    inputs = files.inputs()
    assert files.files() == list(paths)
    assert inputs["text.en"] == "87428fc522803d31065e7bce3cf03fe475096631e5e07bbd7a0fde60c4cf25c7"
    paths[1].write_bytes(b"longer\n")
    assert files.inputs()["text.fr"] != inputs["text.fr"]


def test_a_file_is_read_as_it_is_consumed(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_bytes(b"en\tfr\n" + b"a\tb\n" * 1000 + b"\xff\tb\n")
    chunks: Iterator[object] = opened(path).chunks("train", 10)
    next(chunks)
    with pytest.raises(UserError, match=r"a\.tsv:1002: not UTF-8 \(byte 0xff\)"):
        list(chunks)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.tsv", b"", r"a\.tsv: the file is empty"),
        ("a.tsv", b"\xef\xbb\xbf", r"a\.tsv: the file is empty"),
        ("a.tsv.gz", gzip.compress(b"", mtime=0), r"a\.tsv\.gz: the file is empty"),
        ("a.tsv", b"one line of text\n", r"a\.tsv:1: no tab"),
        ("a.tsv", b"a\tb\nc\td\te\n", r"a\.tsv:2: 3 columns where the first line has 2"),
        ("a.tsv", b"a\tb\nc\td\nc\n", r"a\.tsv:3: 1 columns where the first line has 2"),
        ("a.tsv", b"en\tde\na\tb\n", r"a\.tsv:1: no columns for en and fr; there are: en, de"),
        ("a.tsv", b"English\tGerman\na\tb\n", r"a\.tsv:1: no columns for en and fr; there are: English, German"),
        ("a.tsv", b"x\t" * 1001, r"a\.tsv:1: more than 1,000 columns"),
        ("a.csv", b"\xef\xbb\xbf", r"a\.csv: the file is empty"),
        ("a.csv.gz", gzip.compress(b"", mtime=0), r"a\.csv\.gz: the file is empty"),
        ("a.csv.gz", gzip.compress(b"a,b\n" * 9999, mtime=0)[:-30], "ends too early"),
        ("a.csv", b"one line of text\n", r"a\.csv:1: no comma, semicolon or tab"),
        ("a.jsonl", b'{"English": "a", "German": "b"}\n', r"a\.jsonl:1: no columns .* there are: English, German"),
        ("a.tsv", b"a\tb\nc\td\ne\xe9\tf\n", r"a\.tsv:3: not UTF-8 \(byte 0xe9\)"),
        ("a.tsv", b"\xff\xfee\0n\0", r"a\.tsv:1: not UTF-8"),
        ("a.tsv.gz", gzip.compress(b"a\tb\n" * 9999, mtime=0)[:-30], "ends too early"),
        ("a.tsv.gz", b"plain text\n", "not a gzip file"),
        ("a.jsonl", b'{"en": "a", "fr": "b"}\n{"en": "a"\n', r"a\.jsonl:2: not JSON"),
        ("a.jsonl", b'{"en": "a", "fr": "b"}\n' + b"[" * 99999, r"a\.jsonl:2: not JSON"),
        ("a.jsonl", b'{"en": "a", "fr": "b"}{}\n', r"a\.jsonl:1: not JSON \(more text from character 23"),
        ("a.jsonl", b'["a", "b"]\n', r"a\.jsonl:1: not a JSON object"),
        ("a.jsonl", b'{"de": "a", "text": {"fr": "b"}}\n', r"there are: de, text \{fr\}"),
        ("a.jsonl", b'{"en": "a", "fr": 0}\n', r"a\.jsonl:1: 0 is not text"),
        ("a.jsonl", b'{"en": "a", "fr": "\\ud83d"}\n', r"a\.jsonl:1: half of a surrogate pair"),
        ("a.jsonl", b"\n\n", r"a\.jsonl: no line has any text"),
    ],
)
def test_each_mistake_in_a_file_is_one_clear_line(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=message) as caught:
        read(opened(tmp_path / name))
    assert len(str(caught.value).splitlines()) == 1
    assert str(tmp_path / name) in str(caught.value)


def test_different_numbers_of_lines_give_both_counts(tmp_path: Path) -> None:
    paths = write_pair(tmp_path, b"a\nb\nc", b"a\nb\n")
    with pytest.raises(UserError, match=r"text\.en has 3 lines and .*text\.fr has 2"):
        opened(*paths)
    paths = write_pair(tmp_path, b"a\nb\nc\n", b"a\nb\nc\n")
    files = opened(*paths)
    paths[1].write_bytes(b"a\n")
    with pytest.raises(UserError, match=r"has 3 lines and .*text\.fr has 1"):
        read(files, 2)


def test_a_folder_or_a_forbidden_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match=r"a folder where a file is expected"):
        opened(tmp_path)

    def refuse(*args: object, **options: object) -> None:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "a.tsv").write_text("a\tb\n")
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(UserError, match=r"a\.tsv: no permission to read it"):
        opened(tmp_path / "a.tsv")
