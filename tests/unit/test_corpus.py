import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from data_prep import corpus
from data_prep.corpus import MANIFEST, SCHEMA, Corpus, Split, SplitWriter, read_manifest, write_manifest
from data_prep.errors import UserError
from data_prep.files import SUMS, file_digest
from data_prep.settings import Subwords as SubwordSettings
from data_prep.subwords import train_subwords

Row = tuple[str, str, list[int], list[int]]

IDS = st.lists(st.integers(0, 2**31 - 1), max_size=6)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)


def batch(rows: list[Row]) -> pa.RecordBatch:
    columns = [list(column) for column in zip(*rows, strict=True)] or [[], [], [], []]
    return pa.record_batch([pa.array(c, f.type) for c, f in zip(columns, SCHEMA, strict=True)], schema=SCHEMA)


def write(path: Path, rows: list[Row], cut: int = 3) -> SplitWriter:
    with SplitWriter(path) as writer:
        for first in range(0, len(rows), cut):
            writer.add(batch(rows[first : first + cut]))
    return writer


@examples(deadline=None, max_examples=50)
@given(rows=st.lists(st.tuples(TEXT, TEXT, IDS, IDS), max_size=20), cut=st.integers(1, 20))
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, rows: list[Row], cut: int) -> None:
    path = tmp_path_factory.getbasetemp() / "round.arrow"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(corpus, "ROWS", 4)
        writer = write(path, rows, cut)
        split = Split(path)
        assert len(split) == writer.pairs == len(rows)
        assert writer.tokens == [sum(len(row[2]) for row in rows), sum(len(row[3]) for row in rows)]
        assert split.source_lengths.tolist() == [len(row[2]) for row in rows]
        assert split.target_lengths.tolist() == [len(row[3]) for row in rows]
        for i, (_, _, source, target) in enumerate(rows):
            assert split.source_ids(i).tolist() == source
            assert split.target_ids(i).tolist() == target
        assert split.texts() == ([row[0] for row in rows], [row[1] for row in rows])
        backwards = list(range(len(rows)))[::-1]
        several = np.array(backwards * 2, np.int64)
        assert split.source_ids(several).tolist() == [unit for row in rows[::-1] * 2 for unit in row[2]]
        assert split.target_ids(several).tolist() == [unit for row in rows[::-1] * 2 for unit in row[3]]
        assert split.texts(backwards) == ([row[0] for row in rows][::-1], [row[1] for row in rows][::-1])


def some_rows(number: int) -> list[Row]:
    return [(f"source {i}", f"target {i}", [i, i + 1], [i] * (i % 5)) for i in range(number)]


def test_the_file_does_not_depend_on_how_the_stream_was_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corpus, "ROWS", 10)
    contents = set()
    for cut in (1, 7, 10, 33, 100):
        write(tmp_path / "split.arrow", some_rows(100), cut)
        contents.add((tmp_path / "split.arrow").read_bytes())
    assert len(contents) == 1


def test_every_batch_but_the_last_has_the_same_number_of_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corpus, "ROWS", 10)
    write(tmp_path / "split.arrow", some_rows(25), 7)
    with pa.OSFile(str(tmp_path / "split.arrow")) as file:
        reader = pa.ipc.open_file(file)
        assert [reader.get_batch(i).num_rows for i in range(reader.num_record_batches)] == [10, 10, 5]


def test_a_replaced_file_stays_as_it_was_for_who_has_it_open(tmp_path: Path) -> None:
    write(tmp_path / "split.arrow", some_rows(5))
    split = Split(tmp_path / "split.arrow")
    write(tmp_path / "split.arrow", some_rows(3000)[1000:])
    assert split.texts()[0] == [f"source {i}" for i in range(5)]
    assert split.source_ids(4).tolist() == [4, 5]


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    write(tmp_path / "split.arrow", some_rows(5))
    before = (tmp_path / "split.arrow").read_bytes()

    def fail() -> None:
        with SplitWriter(tmp_path / "split.arrow") as writer:
            writer.add(batch(some_rows(2)))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert (tmp_path / "split.arrow").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["split.arrow"]


def test_a_missing_damaged_or_foreign_split_is_named(tmp_path: Path) -> None:
    path = tmp_path / "split.arrow"
    with pytest.raises(UserError, match=f"{path}: no such split"):
        Split(path)
    write(path, some_rows(5))
    data = path.read_bytes()
    for damaged in (data[:-20], data[: len(data) // 2], b"", b"text"):
        path.write_bytes(damaged)
        with pytest.raises(UserError, match=f"{path}: damaged"):
            Split(path)
    table = pa.table({"source": ["a"], "target": ["b"]})
    with pa.ipc.new_file(str(path), table.schema) as writer:
        writer.write_table(table)
    with pytest.raises(UserError, match=f"{path}: damaged, or not a split of a prepared corpus"):
        Split(path)


def test_manifest_comes_back_with_the_format(tmp_path: Path) -> None:
    write_manifest(
        tmp_path, {"languages": {"source": "en", "target": "fr"}, "splits": {}, "files": {}, "examples": ["œ"]}
    )
    manifest = read_manifest(tmp_path)
    assert manifest["format"] == corpus.FORMAT
    assert manifest["examples"] == ["œ"]
    assert {path.name for path in tmp_path.iterdir()} == {MANIFEST, SUMS}


def test_a_missing_damaged_or_foreign_manifest_is_named(tmp_path: Path) -> None:
    path = tmp_path / MANIFEST
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(UserError, match=f"{folder}: not a prepared corpus"):
            read_manifest(folder)
    for text in ("{", "", "\udcff"):
        path.write_bytes(text.encode(errors="surrogateescape"))
        with pytest.raises(UserError, match=f"{path}: cannot be read"):
            read_manifest(tmp_path)
    with pytest.raises(UserError, match="not a prepared corpus"):
        read_manifest(path)
    contents: list[object] = [[], {}, {"format": corpus.FORMAT + 1}]
    for content in contents:
        path.write_text(json.dumps(content))
        with pytest.raises(UserError, match=f"{path}: not of format {corpus.FORMAT}"):
            read_manifest(tmp_path)


def test_corpus_opens_what_was_prepared(tmp_path: Path) -> None:
    lines = ["one two three", "four five six"]
    subwords = train_subwords(lambda: zip(lines, lines, strict=True), SubwordSettings())
    for name, data in subwords.files().items():
        (tmp_path / name).write_bytes(data)
    rows = [(s, s, subwords.encode_source([s])[0], subwords.encode_target([s])[0]) for s in lines]
    write(tmp_path / "train.arrow", rows)
    manifest = {
        "languages": {"source": "en", "target": "fr"},
        "splits": {"train": {"pairs": 2}},
        "files": {"train.arrow": file_digest(tmp_path / "train.arrow")},
    }
    write_manifest(tmp_path, manifest)
    opened = Corpus(tmp_path)
    assert opened.languages == ("en", "fr")
    ids = opened.split("train").target_ids(1)
    assert opened.subwords.decode_target([ids.tolist()]) == ["four five six"]
    with pytest.raises(UserError, match=f"{tmp_path}: no split 'dev'; there are train"):
        opened.split("dev")
    before = opened.fingerprint
    assert Corpus(tmp_path).fingerprint == before
    write_manifest(tmp_path, {**manifest, "files": {"train.arrow": "0" * 64}})
    assert Corpus(tmp_path).fingerprint != before
