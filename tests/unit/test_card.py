"""A model card has what the run's files hold, in a form that the Hub's own library reads."""

import errno
from pathlib import Path

import pytest
import torch
from huggingface_hub import ModelCard

from data_prep.corpus import Corpus, read_manifest, write_manifest
from data_prep.errors import UserError
from seq2seq.assessment import evaluate_checkpoints, evaluate_files, find_checkpoints
from seq2seq.card import CARD, write_card
from seq2seq.checkpoint import TrainingState, save_checkpoint
from seq2seq.config import Decoding
from seq2seq.model import Translation
from seq2seq.run_files import begin_run
from tests.toys import config, model_config, write_corpus

PAIRS = [("ab cd", "dc ba"), ("abc", "cba"), ("h", "h")]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """An evaluated run of random weights."""
    corpus = write_corpus(tmp_path / "corpus", {"train": PAIRS, "test": PAIRS})
    source = {"name": "tales", "hub": "someone/tales", "revision": "abc123", "licence": "CC-BY-4.0", "columns": ["a"]}
    splits = {"train": {"pairs": 1234, "dropped": {"copy": {"pairs": 56}}}, "test": {"pairs": 3}}
    more = {"source": source, "splits": splits, "settings": {"cleaning": {"max_words": 77}}}
    write_manifest(corpus.folder, read_manifest(corpus.folder) | more)
    corpus, folder = Corpus(corpus.folder), tmp_path / "my-run"
    begin_run(folder, config(model_config(), Decoding(beam=2)), corpus)
    torch.manual_seed(1)
    model = Translation(model_config(), corpus.subwords.source_size, corpus.subwords.target_size, True)
    model.reset_parameters()
    save_checkpoint(folder, model, (), TrainingState(step=1040, best_step=1040, seconds=120, epochs=2.5))
    evaluate_checkpoints(find_checkpoints(["best"], folder), "test")
    return folder


def test_the_hub_s_library_reads_the_card(run: Path) -> None:
    assert write_card(run) == run / CARD
    data = ModelCard.load(run / CARD).data
    assert data.language == ["xx", "yy"]
    assert data.license == "cc-by-4.0"
    assert data.datasets == ["someone/tales"]
    assert data.eval_results is not None
    assert [result.metric_type for result in data.eval_results] == ["bleu", "chrf", "ter"]
    assert all("nrefs:1" in result.metric_args["signature"] for result in data.eval_results)
    assert {result.dataset_revision for result in data.eval_results} == {"abc123"}
    assert "value" not in data.to_dict()


def test_the_card_says_what_people_ask(run: Path) -> None:
    text = write_card(run).read_text(encoding="utf-8")
    for expected in ("# my-run", "from xx to yy", "1,040 updates, 2.5 passes", "2 minutes", "up to 77 words"):
        assert expected in text
    assert "| train | 1,234 | copy 56 |" in text
    assert "BLEU" in text.split("## Scores")[1]
    assert "bias" in text


def test_without_scores_of_a_split_there_is_no_card(run: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text("abc\n", encoding="utf-8")
    evaluate_files(find_checkpoints(["best"], run), tmp_path / "a", tmp_path / "b")
    with pytest.raises(UserError, match="evaluates it on a split"):
        write_card(run)
    (run / "report.json").unlink()
    with pytest.raises(UserError, match="`make evaluate` writes it"):
        write_card(run)
    assert not (run / CARD).exists()


def test_scores_on_another_corpus_are_not_those_of_the_card(run: Path, tmp_path: Path) -> None:
    other = write_corpus(tmp_path / "other", {"train": PAIRS, "test": PAIRS[1:]})
    evaluate_checkpoints(find_checkpoints(["best"], run), "test", other.folder)
    with pytest.raises(UserError, match=r"its report is of .*other, and a card tells of the corpus trained on"):
        write_card(run)


def test_the_name_is_that_of_the_folder_from_inside_too(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(run)
    assert "\n# my-run\n" in write_card(Path()).read_text(encoding="utf-8")


def test_a_card_that_cannot_be_written_is_told(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, text: str) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("seq2seq.card.write_text", full)
    with pytest.raises(UserError, match="my-run: cannot be written to \\(No space left"):
        write_card(run)


def test_a_file_of_the_user_s_is_not_written_over(run: Path) -> None:
    (run / CARD).write_text("mine")
    with pytest.raises(UserError, match=r"README\.md: is no card of ours, and would be written over; rename it"):
        write_card(run)
    assert (run / CARD).read_text() == "mine"
    (run / CARD).unlink()
    assert write_card(run).read_bytes() == write_card(run).read_bytes()


def test_a_corpus_that_has_moved_is_still_the_one(run: Path, tmp_path: Path) -> None:
    (tmp_path / "corpus").rename(tmp_path / "moved")
    evaluate_checkpoints(find_checkpoints(["best"], run), "test", tmp_path / "moved")
    assert write_card(run).is_file()
