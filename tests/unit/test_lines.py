"""Limits of lines and of gzip files, with smaller numbers than they have; what lines are is told by test_readers.py."""

import gzip
import io
import random
from pathlib import Path

import pytest

from data_prep import lines
from data_prep.errors import UserError
from data_prep.lines import count_lines, read_lines, read_stream
from data_prep.readers import TextFiles


def test_two_files_stay_in_step_where_blocks_end_at_other_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw = random.Random(1)
    pairs = [("a" * draw.choice((0, 1, 50)) + str(i), "b" * draw.choice((0, 1, 90)) + str(i)) for i in range(300)]
    paths = tmp_path / "text.en", tmp_path / "text.fr"
    for side, path in enumerate(paths):
        path.write_text("".join(pair[side] + "\n" for pair in pairs), encoding="utf-8")
    monkeypatch.setattr(lines, "BLOCK", 100)
    chunks = list(TextFiles({"train": paths}, ("en", "fr")).chunks("train", 40))
    assert [pair for chunk in chunks for pair in zip(chunk.sources, chunk.targets, strict=True)] == pairs
    assert max(len(chunk.sources) for chunk in chunks) < 40


def test_a_line_has_a_largest_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "LONGEST_LINE", 10)
    longest = [
        line for _, block in read_stream(io.BytesIO(b"a\n" + b"x" * 9 + b"\n" + b"y" * 9), "x", 5) for line in block
    ]
    assert longest == ["a", "x" * 9, "y" * 9]
    with pytest.raises(UserError, match=r"^x:2: a line of more than 0 MiB"):
        list(read_stream(io.BytesIO(b"a\n" + b"x" * 10 + b"\n"), "x", 5))


def test_a_gzip_file_unpacks_to_a_multiple_of_its_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.tsv.gz"
    path.write_bytes(gzip.compress(b"a\tb\n" * 10_000, mtime=0))
    monkeypatch.setattr(lines, "UNPACKED", 40_000)
    monkeypatch.setattr(lines, "RATIO", 1)
    assert sum(len(block) for _, block in read_lines(path, 1000)) == 10_000
    monkeypatch.setattr(lines, "UNPACKED", 39_999)
    with pytest.raises(UserError, match=r"a\.tsv\.gz: unpacks to more than 1 times its size"):
        list(read_lines(path, 1000))
    monkeypatch.setattr(lines, "RATIO", 1000)
    assert sum(len(block) for _, block in read_lines(path, 1000)) == 10_000


@pytest.mark.parametrize(
    ("data", "number"), [(b"", 0), (b"a", 1), (b"a\n", 1), (b"\n\n", 2), (b"a\nb", 2), (b"\xff\r", 1)]
)
def test_lines_are_counted(tmp_path: Path, data: bytes, number: int) -> None:
    (tmp_path / "file").write_bytes(data)
    assert count_lines(tmp_path / "file") == number


def test_lines_of_a_gzip_file_are_counted_as_they_unpack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.en.GZ"
    path.write_bytes(gzip.compress(b"a\n" * 10_000, mtime=0))
    assert count_lines(path) == 10_000
    monkeypatch.setattr(lines, "UNPACKED", 9_999)
    monkeypatch.setattr(lines, "RATIO", 1)
    with pytest.raises(UserError, match=r"a\.en\.GZ: unpacks to more than 1 times its size"):
        count_lines(path)
