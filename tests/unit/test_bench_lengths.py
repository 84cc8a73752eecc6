"""The loss by place is the loss: all places together give what the loss itself gives."""

from pathlib import Path

import numpy as np
import pytest
import torch

from seq2seq.batches import make_batch
from seq2seq.checkpoint import find_checkpoint, load_model
from seq2seq.loss import smoothed_cross_entropy
from seq2seq.training import train
from tests.benchmarks import lengths
from tests.toys import config, task, write_corpus


@pytest.mark.usefixtures("no_pictures")
def test_places_and_lengths_have_their_losses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pairs = [("ab cd ef", "cdefg"), ("ab", "ba"), ("cd", "dcdcdc"), ("a b c d", "abc"), *[("a", "b")] * 3]
    corpus = write_corpus(tmp_path / "corpus", task(str) | {"validation": pairs})
    train(corpus, config(steps=2), tmp_path / "run")
    for name, value in (("WORDS", ((1, 1), (2, 3), (4, 9), (10, 99))), ("PLACES", 3), ("COLUMNS", 2), ("FEWEST", 1)):
        monkeypatch.setattr(lengths, name, value)
    lengths.main(tmp_path / "run", corpus.folder)
    header, _, *rows = capsys.readouterr().out.splitlines()
    assert header == "| words | sentences | 1–3 | 4–6 |"
    assert [row.split(" | ")[:2] for row in rows] == [["| 1–1", "5"], ["| 2–3", "1"], ["| 4–9", "1"], ["| 10–99", "0"]]
    cells = [row.strip("|").split("|") for row in rows]
    assert [[cell.strip() != "" for cell in row[2:]] for row in cells] == [
        [True, True],
        [True, True],
        [True, True],
        [False, False],
    ]
    # All places of "a b c d" together, the end among them, have the loss of the pair.
    model, _, _ = load_model(find_checkpoint(tmp_path / "run", "best"), torch.device("cpu"))
    batch = make_batch(corpus.split("validation"), np.array([3]))
    with torch.no_grad():
        features_NE = model(batch.source_BS, batch.source_lengths_B, batch.target_in_BT).flatten(0, 1)
        arguments = (model.output_weight_VE, model.output_bias_V, batch.target_out_BT.flatten())
        total = smoothed_cross_entropy(features_NE, *arguments)[1].item()
    assert 3 < batch.target_tokens <= 6
    assert 3 * float(cells[2][2]) + (batch.target_tokens - 3) * float(cells[2][3]) == pytest.approx(total, abs=0.03)
