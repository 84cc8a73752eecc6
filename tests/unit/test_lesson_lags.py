"""The lesson's section on long lags: the tasks, what is measured, drawn and told."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from matplotlib.image import imread

from seq2seq.config import Training
from seq2seq.lesson import lags
from seq2seq.lesson.lag_tasks import (
    ALPHABET,
    LETTERS,
    TASKS,
    Reader,
    adding,
    copying,
    hidden_size,
    learn,
    parameters,
)
from seq2seq.lesson.section import Keep
from tests.quoting import unfounded
from tests.toys import CELLS


@pytest.mark.parametrize("lag", [10, 33])
def test_each_letter_is_asked_after_so_many_steps(lag: int) -> None:
    inputs_BTI, letters_BA = copying(50, lag, torch.Generator().manual_seed(1))
    read_BT = inputs_BTI.argmax(dim=2)
    assert inputs_BTI.sum(dim=2).eq(1).all()
    for place in range(LETTERS):
        assert read_BT[:, place].equal(letters_BA[:, place])
        assert read_BT[:, place + lag].eq(ALPHABET + 1).all(), "a call, so many steps later"
    assert read_BT[:, LETTERS:lag].eq(ALPHABET).all(), "silence between"
    assert read_BT.size(1) == lag + LETTERS
    assert set(letters_BA.flatten().tolist()) == set(range(ALPHABET))


def test_marked_numbers_are_added() -> None:
    inputs_BTI, sums_B1 = adding(500, 20, torch.Generator().manual_seed(1))
    numbers_BT, marks_BT = inputs_BTI.unbind(dim=2)
    assert inputs_BTI.size(1) == 20
    assert marks_BT[:, :10].sum(dim=1).eq(1).all()
    assert marks_BT[:, 10:].sum(dim=1).eq(1).all()
    for row in range(20):
        first, second = marks_BT[row].nonzero().flatten().tolist()
        assert sums_B1[row].item() == pytest.approx((numbers_BT[row, first] + numbers_BT[row, second]).item())
    assert sums_B1.var().item() == pytest.approx(TASKS["adding"].guess, rel=0.15)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("cell", CELLS)
def test_networks_of_all_cells_are_equally_large(cell: str, task: str) -> None:
    of = TASKS[task]
    size = parameters(cell, of, hidden_size(cell, of))
    assert size == pytest.approx(parameters("lstm", of, hidden_size("lstm", of)), rel=0.02)
    network = Reader(cell, of.inputs, hidden_size(cell, of), of.outputs)
    assert sum(p.numel() for p in network.parameters()) == size
    inputs_BTI, wanted_BA = of.make(3, 10, torch.Generator().manual_seed(1))
    answers_BAO = network(inputs_BTI, wanted_BA.size(1))
    assert answers_BAO.shape == (3, wanted_BA.size(1), of.outputs)
    assert of.loss(answers_BAO, wanted_BA).item() > 0


def test_right_answers_have_no_error() -> None:
    draw = torch.Generator().manual_seed(1)
    _, letters_BA = copying(40, 10, draw)
    said_BAO = torch.nn.functional.one_hot(letters_BA, ALPHABET).float()
    assert TASKS["copy"].error(said_BAO, letters_BA) == 0
    assert TASKS["copy"].error(said_BAO.roll(1, dims=2), letters_BA) == 1
    _, sums_B1 = adding(40, 10, draw)
    assert TASKS["adding"].error(sums_B1.unsqueeze(2), sums_B1) == 0
    assert TASKS["adding"].error(sums_B1.unsqueeze(2) + 0.5, sums_B1).item() == pytest.approx(0.25)


@pytest.mark.parametrize("task", TASKS)
def test_a_short_training_beats_a_guess_and_is_the_same_each_time(task: str) -> None:
    training = Training(steps=40, learning_rate=0.04, warmup_steps=5, seed=1, weight_decay=0.0)
    torch.rand(2)
    errors = [learn("gru", TASKS[task], 6, training) for _ in range(2)]
    assert errors[0] == errors[1] < 0.9 * TASKS[task].guess


@pytest.fixture(scope="module", params=[False, True])
def measured(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What the section measures where errors grow with the lag, the faster the larger the network is."""

    def error(cell: str, task: Any, lag: int, training: Training) -> float:
        worth = {"rnn": 15, "gru": 60, "lstm": 500}[cell] * (1 + training.seed / 5) * (1 + training.learning_rate)
        return 0.0042 * lag / worth + 0.3 * (lag > worth)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lags, "learn", error)
        keep = Keep(tmp_path_factory.mktemp("lags"), full=request.param)
        found = json.loads(json.dumps(lags.measure(keep)))
        patch.setattr(lags, "learn", lambda *_: pytest.fail("measured again"))
        assert json.loads(json.dumps(lags.measure(keep))) == found
        yield found


def test_each_cell_goes_on_until_a_lag_is_not_solved(measured: dict[str, Any]) -> None:
    tried = measured["lags"]
    for cells in measured["tasks"].values():
        assert list(cells) == list(CELLS)
        for found in cells.values():
            assert len(found["seeds"]) == measured["seeds"]
            for seed in found["seeds"]:
                done = [one["lag"] for one in seed["errors"]]
                assert done == tried[: len(done)]
                assert all(one["error"] < measured["solved"] for one in seed["errors"][:-1])
                assert seed["longest"] == (tried[-1] if len(done) == len(tried) else tried[len(done) - 2])
        assert cells["rnn"]["longest"] < cells["gru"]["longest"] < cells["lstm"]["longest"] == 200
        longest = sorted(seed["longest"] for seed in cells["gru"]["seeds"])
        assert cells["gru"]["longest"] == longest[len(longest) // 2]


def test_the_better_learning_rate_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    errors = {0.01: 0.3, 0.04: 0.2}
    monkeypatch.setattr(lags, "learn", lambda cell, task, lag, training: errors[training.learning_rate])
    assert lags.tried("rnn", TASKS["copy"], 10, 5, 1) == {"lag": 10, "error": 0.2, "rate": 0.04}
    errors[0.01] = 0.001
    assert lags.tried("rnn", TASKS["copy"], 10, 5, 1) == {"lag": 10, "error": 0.001, "rate": 0.01}


def test_the_text_quotes_only_what_was_measured(measured: dict[str, Any]) -> None:
    text = lags.tell(measured)
    assert text.startswith("## ")
    assert unfounded(text, measured) == []
    for needed in ("`make lesson`", "\n$$\n", "What it does not show", "| rnn |"):
        assert needed in text


def test_a_cell_that_solves_nothing_is_said_to(measured: dict[str, Any]) -> None:
    worse = json.loads(json.dumps(measured))
    worse["tasks"]["copy"]["rnn"] |= {"longest": 0, "seeds": [{"seed": 1, "longest": 0, "errors": []}]}
    text = lags.tell(worse)
    assert "| none |" in text
    assert "rnn no lag" in text


def test_a_picture_is_made(measured: dict[str, Any], tmp_path: Path) -> None:
    lags.draw(measured, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["lags-error.png"]
    assert imread(tmp_path / "lags-error.png")[..., :3].std() > 0.02
    assert "](lesson/lags-error.png)" in lags.tell(measured)
