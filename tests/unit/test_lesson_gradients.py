"""The lesson's section on gradients: its data, its pictures, and that its text quotes only what was measured."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from seq2seq.lesson import gradients
from seq2seq.lesson.section import Keep
from seq2seq.training import train
from tests.quoting import NUMBER, unfounded
from tests.toys import ATTENTIONS, CELLS, config, model_config, task, write_corpus


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What the section measures on runs of a few steps."""
    folder = tmp_path_factory.mktemp("lesson")
    corpus = write_corpus(folder / "corpus", task(str, train=40, held_out=6))

    def run_folder(keep: Keep, cell: str, attention: bool) -> Path:
        run = keep.folder / "runs" / f"{cell}-{attention}"
        train(corpus, config(model_config(cell, attention), steps=2, weights_steps=1, clip_norm=0.3), run)
        return run

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("seq2seq.reporting.learning_curve", lambda metrics, path: None)
        patch.setattr("seq2seq.training.REPORT_STEPS", 1)
        patch.setattr(gradients, "run_folder", run_folder)
        patch.setattr(gradients, "SENTENCES", {False: 2})
        yield json.loads(json.dumps(gradients.measure(Keep(folder, full=False))))


def test_each_cell_is_measured_before_and_after_with_and_without_attention(measured: dict[str, Any]) -> None:
    found = [(n["attention"], n["cell"], n["trained"]) for n in measured["networks"]]
    assert found == [(a, cell, trained) for a in ATTENTIONS for cell in CELLS for trained in (False, True)]
    assert [(run["attention"], run["cell"]) for run in measured["runs"]] == [(a, c) for a in ATTENTIONS for c in CELLS]
    for run in measured["runs"]:
        assert [row["step"] for row in run["notes"]] == [1, 2]
        assert all(name.startswith(gradients.CHAIN) for name in run["notes"][0]["shares"])
        last = [one["gradient_last"] for one in run["still"]]
        assert last == sorted(last)
        assert len(last) == 3
    assert measured["networks"][0]["text"]["corpus"] == "corpus"


def test_pictures_are_made(measured: dict[str, Any], tmp_path: Path) -> None:
    gradients.draw(measured, tmp_path)
    names = {"gradients-reach.png", "gradients-jacobian.png", "gradients-weights.png"}
    assert {path.name for path in tmp_path.iterdir()} == names
    assert all(path.stat().st_size > 20_000 for path in tmp_path.iterdir())
    text = gradients.tell(measured)
    assert all(f"](lesson/{name})" in text for name in names)


def test_the_text_quotes_only_what_was_measured(measured: dict[str, Any]) -> None:
    text = gradients.tell(measured)
    assert text.startswith("## ")
    assert len(NUMBER.findall(text)) > 100
    assert not unfounded(text, measured)


def test_what_was_measured_once_is_not_measured_again(
    measured: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path] = []

    def of_run(folder: Path, sentences: int) -> dict[str, Any]:
        asked.append(folder)
        return {"networks": measured["networks"][:2], "run": {}}

    monkeypatch.setattr(gradients, "run_folder", lambda keep, cell, attention: Path(f"{cell}-{attention}"))
    monkeypatch.setattr(gradients, "_of_run", of_run)
    keep = Keep(tmp_path, full=False)
    assert gradients.measure(keep) == gradients.measure(keep)
    assert len(asked) == 6
