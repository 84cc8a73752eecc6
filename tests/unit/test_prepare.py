import os
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from data_prep import prepare as module
from data_prep import stages
from data_prep.corpus import MANIFEST, Corpus
from data_prep.errors import UserError
from data_prep.files import SUMS, file_digest
from data_prep.parallel import ordered_map
from data_prep.prepare import prepare
from data_prep.settings import Preparation
from data_prep.sources import REGISTRY, open_source
from data_prep.text_profile import fit
from tests.phrases import (
    LANGUAGES,
    PAIRS,
    WHO,
    Notes,
    contents,
    drops,
    run,
    settings,
    texts,
    write_pairs,
    write_source,
)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_source(tmp_path)


@pytest.fixture
def forbid(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Make stages fail if they are run."""

    def fail(name: str) -> None:
        raise AssertionError(f"{name} must not run")

    def forbid(*names: str) -> None:
        monkeypatch.undo()
        for name in names:
            owner = module if hasattr(module, name) else stages
            monkeypatch.setattr(owner, name, lambda *_, name=name, **__: fail(name))

    yield forbid
    monkeypatch.undo()


def test_a_corpus_comes_out_and_every_pair_is_accounted_for(tmp_path: Path, source: Path) -> None:
    manifest = run(source, tmp_path / "out")
    splits = manifest["splits"]
    assert splits["train"]["read"] == len(PAIRS) + 5
    dropped = splits["train"]["dropped"]
    counts = drops(splits["train"])
    assert counts | {"held out": 0} == {"copy": 1, "duplicate": 3, "empty": 1, "held out": 0}
    assert dropped["empty"]["examples"] == [["", "Vide."]]
    assert sum(split["pairs"] for split in splits.values()) + sum(counts.values()) == splits["train"]["read"]
    corpus = Corpus(tmp_path / "out")
    assert corpus.languages == LANGUAGES
    everything = []
    for name in ("train", "validation", "test"):
        split = corpus.split(name)
        everything += texts(corpus, name)
        assert len(split) == splits[name]["pairs"] > 0
        assert splits[name]["tokens"] == {
            "source": int(split.source_lengths.sum()),
            "target": int(split.target_lengths.sum()),
        }
        for row, (_, target) in enumerate(texts(corpus, name)):
            assert corpus.subwords.decode_target([split.target_ids(row).tolist()]) == [target]
    assert corpus.subwords.profile == fit(texts(corpus, "train"))
    assert set(everything) == {(s, t.replace("\u00a0", " ")) for s, t in PAIRS}
    assert manifest["files"] == {
        name: digest for name, digest in contents(tmp_path / "out").items() if name not in (MANIFEST, SUMS)
    }
    assert manifest["inputs"] == {f"corpus.{side}": file_digest(source.with_suffix(f".{side}")) for side in LANGUAGES}
    assert manifest["vocabulary"] == {"source": corpus.subwords.source_size, "target": corpus.subwords.target_size}
    assert Preparation.model_validate(manifest["settings"]) == settings()


def test_splits_of_the_sources_own_are_kept(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    write_pairs(folder / "train", PAIRS)
    held = [PAIRS[0], PAIRS[0], ("So", "So  so"), ("x y", "x y"), ("Nothing", " "), ("Go", "Va " * 200)]
    write_pairs(folder / "test", held)
    manifest = run(folder, tmp_path / "out")
    corpus = Corpus(tmp_path / "out")
    assert [source for source, _ in texts(corpus, "test")] == [held[0][0], held[0][0], "So", "x y", "Go"]
    assert drops(manifest["splits"]["test"]) == {"empty": 1}
    assert PAIRS[0][0] not in {source for source, _ in texts(corpus, "train") + texts(corpus, "validation")}
    assert manifest["splits"]["validation"]["pairs"] == 3


def test_entities_are_decoded_and_counted(tmp_path: Path) -> None:
    odd = [
        ("Tom&#39;s &amp;amp; mine are odd", "R&D de Tom"),
        ("R&D; is &foo; x", "c&rsquo;est à Tom"),
        ("a & b", "a & c"),
    ]
    manifest = run(write_pairs(tmp_path / "corpus", [*PAIRS, *odd]), tmp_path / "out")
    assert manifest["splits"]["train"]["entities"] == 2
    corpus = Corpus(tmp_path / "out")
    found = [pair for split in ("train", "validation", "test") for pair in texts(corpus, split)]
    assert ("Tom's & mine are odd", "R&D de Tom") in found
    assert ("R&D; is &foo; x", "c’est à Tom") in found


def test_further_splits_are_kept_and_leave_no_pair_in_train(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    splits = {"train": [*PAIRS, ("Both", "Les deux")], "long": [("Both", "Les deux"), ("Longer", "Plus long")]}
    monkeypatch.setattr("data_prep.phrasebook.generator.generate", lambda size, seed: splits)
    monkeypatch.setattr("data_prep.phrasebook.Phrasebook.splits", ("train", "long"))
    manifest = prepare("phrasebook", ("en", "fr"), tmp_path / "out", settings())
    corpus = Corpus(tmp_path / "out")
    assert list(manifest["splits"]) == ["train", "validation", "test", "long"]
    assert texts(corpus, "long") == splits["long"]
    for split in ("train", "validation", "test"):
        assert splits["long"][0] not in texts(corpus, split)


def test_an_empty_split_of_the_sources_own_is_held_out_instead(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    write_pairs(folder / "train", PAIRS)
    write_pairs(folder / "validation", [("", "")])
    manifest = run(folder, tmp_path / "out")
    assert manifest["splits"]["validation"]["pairs"] == manifest["splits"]["test"]["pairs"] == 4


def test_nothing_is_done_the_second_time(tmp_path: Path, source: Path, forbid: Any) -> None:
    first = run(source, tmp_path / "out")
    before = {path: path.stat() for path in (tmp_path / "out").iterdir()}
    forbid("open_source", "write_text", "write_subwords", "write_split")
    notes = Notes()
    assert run(source, tmp_path / "out", report=notes) == first
    assert notes.lines == [f"{tmp_path / 'out'} is up to date"]
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out").iterdir()} == {
        path: status.st_mtime_ns for path, status in before.items()
    }


def test_a_changed_subword_setting_redoes_only_what_follows(tmp_path: Path, source: Path, forbid: Any) -> None:
    run(source, tmp_path / "out")
    changed = settings(subwords={"kind": "char", "joint": False})
    forbid("open_source", "write_text")
    run(source, tmp_path / "out", changed)
    forbid()
    run(source, tmp_path / "fresh", changed)
    assert contents(tmp_path / "out") == contents(tmp_path / "fresh")
    assert not (tmp_path / "out" / "subwords.model").exists()


@pytest.mark.parametrize("change", [{"cleaning": {"max_words": 4}}, {"splitting": {"seed": 2}}])
def test_a_changed_cleaning_or_splitting_setting_redoes_all(
    tmp_path: Path, source: Path, change: dict[str, Any]
) -> None:
    before = run(source, tmp_path / "out")
    after = run(source, tmp_path / "out", settings(**change))
    assert after["files"]["train.arrow"] != before["files"]["train.arrow"]
    assert after == run(source, tmp_path / "fresh", settings(**change))


def test_a_changed_input_redoes_all_and_a_touched_one_nothing(tmp_path: Path, source: Path, forbid: Any) -> None:
    before = run(source, tmp_path / "out")
    os.utime(source.with_suffix(".en"), ns=(1, 1))
    forbid("write_text", "write_subwords", "write_split")
    touched = run(source, tmp_path / "out")
    assert touched["files"] == before["files"]
    forbid("open_source")
    assert run(source, tmp_path / "out") == touched
    forbid()
    write_pairs(source, PAIRS[:-1])
    assert run(source, tmp_path / "out")["splits"]["train"]["read"] == len(PAIRS) - 1


def test_the_other_direction_is_another_corpus(tmp_path: Path, source: Path) -> None:
    run(source, tmp_path / "out")
    prepare(str(source), ("fr", "en"), tmp_path / "out", settings())
    corpus = Corpus(tmp_path / "out")
    assert corpus.languages == ("fr", "en")
    assert all(target.startswith(tuple(WHO)) for _, target in texts(corpus, "train"))


@pytest.mark.parametrize("damage", ["missing", "torn", "one byte", "manifest", "sums"])
def test_what_is_damaged_is_made_again(tmp_path: Path, source: Path, damage: str) -> None:
    run(source, tmp_path / "out")
    whole = contents(tmp_path / "out")
    path = tmp_path / "out" / {"manifest": MANIFEST, "sums": SUMS}.get(damage, "train.arrow")
    if damage == "missing":
        path.unlink()
    elif damage == "one byte":
        data = path.read_bytes()
        path.write_bytes(data[:500] + bytes([data[500] ^ 1]) + data[501:])
    else:
        os.truncate(path, 100)
    notes = Notes()
    run(source, tmp_path / "out", report=notes)
    assert contents(tmp_path / "out") == whole
    assert "is prepared again" in notes.lines[0]


@pytest.mark.parametrize("name", ["words.txt", "text.json", "train.arrow", "old.partial"])
def test_files_named_as_ours_are_left_alone_where_nothing_else_is_ours(tmp_path: Path, source: Path, name: str) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / name).write_text("mine")
    with pytest.raises(UserError, match=f"has other files in it, such as {name}; choose another folder"):
        run(source, folder)
    assert (folder / name).read_text() == "mine"


@pytest.mark.parametrize("beside", [[], ["manifest.json"], ["building/"], ["building/text/", "SHA256SUMS"]])
@pytest.mark.parametrize("name", ["config.toml", "corpus.en", "a folder/", "building/mine.jpg"])
def test_a_folder_of_something_else_is_left_alone(tmp_path: Path, source: Path, name: str, beside: list[str]) -> None:
    folder = tmp_path / "data"
    for one in (name, *beside):
        path = folder / one
        (path if one.endswith("/") else path.parent).mkdir(parents=True, exist_ok=True)
        if not one.endswith("/"):
            path.write_text("mine")
    before = sorted(folder.rglob("*"))
    with pytest.raises(UserError, match=rf"has other files in it, such as {Path(name).name}; choose another folder"):
        run(source, folder)
    assert sorted(folder.rglob("*")) == before
    assert all(path.read_text() == "mine" for path in before if path.is_file())


def test_a_corpus_that_a_crash_left_without_checksums_is_read_and_given_them(tmp_path: Path, source: Path) -> None:
    run(source, tmp_path / "out")
    whole = contents(tmp_path / "out")
    (tmp_path / "out" / SUMS).unlink()
    assert len(Corpus(tmp_path / "out").split("test")) > 0
    notes = Notes()
    run(source, tmp_path / "out", report=notes)
    assert contents(tmp_path / "out") == whole
    assert notes.lines == [f"{tmp_path / 'out'} is up to date"]


def test_the_files_depend_neither_on_processes_nor_on_chunks(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(source, tmp_path / "one", processes=1)
    monkeypatch.setattr(stages, "CHUNK", 7)
    monkeypatch.setattr(stages, "ordered_map", partial(ordered_map, head_start=2))
    run(source, tmp_path / "two", processes=2)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_a_set_of_the_hub_stays_at_its_commit_also_where_its_text_is_cleaned_anew(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str | None] = []

    def open_hub_set(name: str, languages: tuple[str, str], revision: str | None = None, **options: Any) -> Any:
        opened.append(revision)
        local = open_source(str(source), languages)
        monkeypatch.setattr(type(local), "files", lambda _: [])
        return replace(local, origin={"name": name, "hub": "owner/name", "revision": revision or "newest"})

    monkeypatch.setitem(REGISTRY, "toy", "owner/name")
    monkeypatch.setattr(module, "open_source", open_hub_set)
    for _ in range(2):
        prepare("toy", LANGUAGES, tmp_path / "out", settings())
    assert opened == [None]
    shorter = settings().model_copy(update={"cleaning": settings().cleaning.model_copy(update={"max_words": 9})})
    manifest = prepare("toy", LANGUAGES, tmp_path / "out", shorter)
    assert opened == [None, manifest["source"]["revision"]] == [None, "newest"]


def test_where_nothing_is_left_the_reasons_are_told(tmp_path: Path) -> None:
    source = write_pairs(tmp_path / "same", [("hello there", "hello there")] * 3 + [("", "bonjour")])
    with pytest.raises(UserError, match=r"no training pair is left after cleaning, of 4 \(dropped: copy 3, empty 1\)"):
        run(source, tmp_path / "out")
    assert not (tmp_path / "out" / MANIFEST).exists()
