"""Every network the settings allow learns a toy task, is saved, and translates what it has not seen."""

from pathlib import Path
from typing import Any

import pytest
import torch

from data_prep.corpus import Corpus
from data_prep.subwords import BEGIN, END
from seq2seq.checkpoint import find_checkpoint, load_model
from seq2seq.inference import Inference
from seq2seq.reporting import read_metrics
from seq2seq.search import Search
from seq2seq.training import train
from seq2seq.translator import Translator
from tests.toys import ATTENTIONS, CELLS, LETTERS, config, letter_subwords, model_config, task, write_corpus

pytestmark = pytest.mark.usefixtures("no_pictures")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return write_corpus(tmp_path_factory.mktemp("corpus"), task(str))


@pytest.mark.parametrize("attention", ATTENTIONS)
@pytest.mark.parametrize("cell", CELLS)
def test_every_network_trains_is_saved_and_translates(
    cell: str, attention: bool, corpus: Corpus, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    short: dict[str, Any] = {"steps": 8, "validate_steps": 4, "learning_rate": 2e-2}
    state = train(corpus, config(model_config(cell, attention), precision="bfloat16", **short), run)
    assert state.step == 8
    losses = [row["validation_loss"] for row in read_metrics(run) if "bleu" in row]
    assert len(losses) == 2
    assert losses[1] < losses[0] < 5.6  # nats of an even guess among 270 units
    lines = ["abc", "", "hgfedcba"]
    answers = Translator.load(run, "last").translate(lines)
    assert [bool(answer) for answer in answers] == [True, False, True]
    assert answers == Translator.load(run, "8").translate(lines)


@pytest.mark.parametrize("cell", CELLS)
def test_each_cell_learns_to_copy_sequences_it_has_never_seen(cell: str, tmp_path: Path) -> None:
    copying = write_corpus(tmp_path / "corpus", task(str, train=2000, held_out=60, longest=6))
    model = model_config(cell, embedding=64, hidden=64, decoder_layers=1)
    learning: dict[str, Any] = {"batch_tokens": 100, "learning_rate": 3e-2, "warmup_steps": 30, "label_smoothing": 0.0}
    train(copying, config(model, steps=280, validate_steps=280, **learning), tmp_path / "run")
    sources, targets = copying.split("test").texts()
    assert not set(sources) & set(copying.split("train").texts()[0])
    answers = Translator.load(tmp_path / "run").translate(sources, beam=1)
    right = total = 0
    for answer, target in zip(answers, targets, strict=True):
        got, wanted = letter_subwords().encode_target([answer, target])
        right += sum(a == b for a, b in zip(got, wanted, strict=False))
        total += max(len(got), len(wanted))
    assert right >= 0.98 * total


def test_separate_vocabularies_train_and_translate(tmp_path: Path) -> None:
    separate = write_corpus(tmp_path / "corpus", task(str.upper, train=50), joint=False)
    train(separate, config(steps=2), tmp_path / "run")
    names = {path.name for path in (tmp_path / "run").iterdir()}
    assert {"subwords.source.model", "subwords.target.model"} <= names
    assert Translator.load(tmp_path / "run").translate(["abc"]) != [""]


def test_both_ways_are_learned_and_told_apart(tmp_path: Path) -> None:
    """Each letter becomes the next one; turned round, with BEGIN before the source, the one before it."""
    following = str.maketrans(LETTERS, LETTERS[1:] + LETTERS[0])
    pairs = task(lambda word: word.translate(following), train=2000, held_out=60, longest=6)
    corpus = write_corpus(tmp_path / "corpus", pairs)
    model = model_config("lstm", embedding=64, hidden=64, decoder_layers=1)
    learning: dict[str, Any] = {"batch_tokens": 200, "learning_rate": 3e-2, "warmup_steps": 30, "label_smoothing": 0.0}
    train(corpus, config(model, steps=400, validate_steps=400, both_ways=True, **learning), tmp_path / "run")
    network, subwords, _ = load_model(find_checkpoint(tmp_path / "run", "best"), torch.device("cpu"))
    search = Search(Inference(network, in_bytes=False))
    for back in (False, True):
        right = 0
        for source, target in pairs["test"]:
            (ids,), wanted = subwords.encode_source([target if back else source]), source if back else target
            source_BS = torch.tensor([[BEGIN] * back + ids + [END]])
            size_B = torch.tensor([source_BS.size(1)])
            ((found,),) = search.beam(source_BS, size_B, size_B + 5, 1, 1, 1.0)
            right += subwords.decode_target([found.ids]) == [wanted]
        assert right >= 0.9 * len(pairs["test"])
