"""Every way to write a line has its two figures."""

from pathlib import Path

import pytest

from data_prep.corpus import Corpus, read_manifest, write_manifest
from data_prep.files import file_digest
from data_prep.text_profile import PROFILE_FILE, TextProfile
from seq2seq.training import train
from tests.benchmarks import truecasing
from tests.toys import config, task, write_corpus


def test_what_is_typed_otherwise() -> None:
    ways = {way: change("Où est Paul ?") for way, change in truecasing.WAYS.items()}
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
    whole = (corpus.folder / PROFILE_FILE).read_bytes()
    assert TextProfile.from_json(whole).source_style
    _write_profile(corpus.folder, TextProfile().to_json())
    train(Corpus(corpus.folder), config(steps=2), tmp_path / "without")
    with pytest.raises(SystemExit, match="has no counts"):
        truecasing.main(tmp_path / "without", corpus.folder)
    _write_profile(corpus.folder, whole)
    train(Corpus(corpus.folder), config(steps=2), tmp_path / "with")
    capsys.readouterr()
    truecasing.main(tmp_path / "with", corpus.folder, 2)
    header, *rows = capsys.readouterr().out.splitlines()
    assert header.split() == ["typed", "as", "typed", "truecased"]
    assert [row[:22].strip() for row in rows] == list(truecasing.WAYS)
    assert all(len(row[22:].split()) == 2 for row in rows)


def _write_profile(folder: Path, data: bytes) -> None:
    (folder / PROFILE_FILE).write_bytes(data)
    manifest = read_manifest(folder)
    manifest["files"][PROFILE_FILE] = file_digest(folder / PROFILE_FILE)
    write_manifest(folder, manifest)
