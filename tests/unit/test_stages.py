from pathlib import Path

import pyarrow as pa
import pytest

from data_prep import stages
from data_prep.settings import Preparation
from data_prep.sources import open_source
from tests.phrases import Notes


@pytest.mark.parametrize("rows", [1, 7, 70])
def test_the_subword_model_learns_from_sentences_spread_over_the_corpus(tmp_path: Path, rows: int) -> None:
    everything = [f"source {i}" for i in range(70)]
    with stages._TextWriter(tmp_path / "train.arrow") as writer:
        for first in range(0, 70, rows):
            part = everything[first : first + rows]
            writer.add(pa.record_batch([pa.array(part), pa.array(part)], schema=stages.TEXT_SCHEMA))
    assert writer.pairs == 70
    for limit, expected in ((10, everything[6::7]), (70, everything), (100, everything), (1, everything[69:])):
        assert list(stages._sample(tmp_path / "train.arrow", 70, limit)) == [(text, text) for text in expected]


@pytest.mark.parametrize("tokenized", [True, False])
def test_a_tokenized_corpus_is_noted_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tokenized: bool) -> None:
    apostrophe = " &apos;" if tokenized else "'"
    path = tmp_path / "corpus.tsv"
    path.write_text("".join(f"it{apostrophe}s {i} o'clock\til est {i} heures\n" for i in range(100)))
    monkeypatch.setattr(stages, "CHUNK", 10)
    notes = Notes()
    source = open_source(str(path), ("en", "fr"))
    made = stages.write_text(source, Preparation(), tmp_path / "text", notes, 1)
    assert sum(split.read for split in made.values()) == 100
    hint = f"{path}: looks tokenized (&apos; in 10 of the first 10 pairs); translations will look the same; "
    assert notes.lines == [f"{hint}detokenize it first, for example with sacremoses"] * tokenized


def test_text_has_its_name_only_when_it_is_whole(tmp_path: Path) -> None:
    def fail() -> None:
        with stages._TextWriter(tmp_path / "train.arrow"):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert not (tmp_path / "train.arrow").exists()
    with stages._TextWriter(tmp_path / "train.arrow"):
        pass
    assert list(stages.text_batches(tmp_path / "train.arrow")) == []
