"""Every way to type in haste has its two figures."""

from pathlib import Path

import pytest
from data_prep.haste import count

from data_prep.corpus import Corpus, read_manifest, write_manifest
from seq2seq.training import train
from tests.benchmarks import haste
from tests.toys import config, task, write_corpus


def test_what_is_typed_otherwise() -> None:
    ways = {way: change("Où est Paul ?") for way, change in haste.WAYS.items()}
    assert list(ways.values()) == [
        "Où est Paul ?",
        "Où est Paul",
        "où est Paul ?",
        "où est Paul",
        "où est paul",
        "OÙ EST PAUL ?",
    ]


@pytest.mark.usefixtures("no_pictures")
def test_each_way_is_scored_with_and_without(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    corpus = write_corpus(tmp_path / "corpus", task(str) | {"validation": [("ab cd", "dc ba")] * 3})
    train(corpus, config(steps=2), tmp_path / "without")
    with pytest.raises(SystemExit, match="does not note"):
        haste.main(tmp_path / "without", corpus.folder)
    manifest = read_manifest(corpus.folder)
    manifest["splits"]["train"]["typed"] = count(["Ab cd."])
    write_manifest(corpus.folder, manifest)
    train(Corpus(corpus.folder), config(steps=2), tmp_path / "with")
    capsys.readouterr()
    haste.main(tmp_path / "with", corpus.folder, 2)
    header, *rows = capsys.readouterr().out.splitlines()
    assert header.split() == ["typed", "as", "typed", "made", "neat"]
    assert [row[:22].strip() for row in rows] == list(haste.WAYS)
    assert all(len(row[22:].split()) == 2 for row in rows)
