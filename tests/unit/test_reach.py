"""`seq2seq gradients`: what is chosen, measured of runs and of fresh networks, and written."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from matplotlib.image import imread

from data_prep.corpus import Corpus, write_manifest
from data_prep.errors import UserError
from seq2seq.checkpoint import find_checkpoint, load_model
from seq2seq.cli import main
from seq2seq.config import Config
from seq2seq.gradients import measure
from seq2seq.reach import choose, ends_of_movement, of_runs, render, write
from seq2seq.training import train
from tests.toys import ATTENTIONS, CELLS, config, model_config, task
from tests.toys import write_corpus as write_toy


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    folder = tmp_path_factory.mktemp("corpus")
    made = write_toy(folder, {**task(str, train=60, held_out=5), "agreement": task(str, 9, 1, seed=3)["train"]})
    write_manifest(folder, {**made.manifest, "settings": settings().preparation.model_dump(mode="json")})
    return Corpus(folder)


def settings(cell: str = "gru", attention: bool = True, **training: Any) -> Config:
    return config(model_config(cell, attention, decoder_layers=1), **{"steps": 6, "weights_steps": 2, **training})


@pytest.fixture(scope="module")
def run(corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "toy"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("seq2seq.reporting.learning_curve", lambda metrics, path: None)
        patch.setattr("seq2seq.training.REPORT_STEPS", 3)
        train(corpus, settings(), folder)
    return folder


def answer(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as exit_:
        main(["gradients", *arguments])
    said = capsys.readouterr()
    assert isinstance(exit_.value.code, int)
    return exit_.value.code, said.out, said.err


def assert_picture(path: Path) -> None:
    assert path.read_bytes().startswith(b"\x89PNG")
    pixels = imread(path)
    assert min(pixels.shape[:2]) > 200
    assert pixels[..., :3].std() > 0.01


SHAPE = {
    *("name", "trained", "step", "text", "cell", "attention", "hidden"),
    *("loss", "jacobian", "singular_values", "reach"),
}


def test_a_run_is_measured_before_and_after_training(
    run: Path, corpus: Corpus, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = answer([str(run), "--sentences", "3"], capsys)
    assert code == 0
    results = json.loads((run / "gradients.json").read_text(encoding="utf-8"))
    assert set(results) == {"faded", "networks", "runs"}
    before, after = results["networks"]
    assert set(before) == set(after) == SHAPE
    assert (before["trained"], before["step"], after["trained"], after["step"]) == (False, 0, True, 6)
    assert before["text"] == after["text"]
    assert (after["text"]["split"], after["text"]["sentences"]) == ("agreement", 3)
    assert set(after["loss"][0]) == {"distance", "part", "sentences", "lower", "median", "upper"}
    (about,) = results["runs"]
    assert set(about) == {"name", "clipping", "movement"}
    assert 0 <= about["clipping"]["share"] <= 1
    assert about["clipping"]["clipped_norm"] <= about["clipping"]["norm"]
    assert set(about["movement"]["decoder.1.U.reset"]) == {"gradient", "update"}
    for name in ("gradients.png", "weights.png"):
        assert_picture(run / name)
        assert str(run / name) in err
    for text in ("3 longest sentences of agreement", "toy, step 6", "were clipped", "decoder.1"):
        assert text in out
    # The trained one is the checkpoint, to the last bit.
    model, subwords, _ = load_model(find_checkpoint(run, "best"), torch.device("cpu"))
    sentences, _ = choose(corpus, subwords, 3)
    assert json.loads(json.dumps(measure(model.networks[0], sentences)["loss"])) == after["loss"]


@pytest.mark.usefixtures("no_pictures")
def test_first_weights_are_those_that_the_run_began_with(corpus: Corpus, run: Path, tmp_path: Path) -> None:
    # So small a step changes nothing but the last digits.
    train(corpus, settings(steps=1, learning_rate=1e-12, seed=5), tmp_path / "run")
    before, after = map(_medians, of_runs([str(tmp_path / "run")], None, 2)[0]["networks"])
    assert before == pytest.approx(after, rel=1e-4)
    assert before != pytest.approx(_medians(of_runs([str(run)], None, 2)[0]["networks"][0]), rel=1e-2)


def _medians(network: dict[str, Any]) -> list[float]:
    return [row["median"] for kind in ("loss", "jacobian") for row in network[kind]]


@pytest.mark.usefixtures("no_pictures")
def test_runs_without_notes_have_no_picture_of_their_weights(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seq2seq.reach.reach_picture", lambda networks, path: None)
    train(corpus, settings("lstm", False, weights_steps=0, steps=2), tmp_path / "run")
    results, folders = of_runs([str(tmp_path / "run")], None, 2)
    assert results["runs"] == [{"name": "run", "clipping": None, "movement": {}}]
    assert [path.name for path in write(results, tmp_path / "out", folders)] == ["gradients.json", "gradients.png"]
    assert "clipped" not in render(results)


def test_one_gradient_that_exploded_is_not_all_that_is_told(tmp_path: Path) -> None:
    gradients = [1, 9e9, 2, 4, 4, 4, 4, 4, 4, 4, 4, 4, 6, 5, 9e9]
    rows = [{"step": step, "gradient": {"W": g}, "update": {"W": g / 10}} for step, g in enumerate(gradients, 1)]
    (tmp_path / "weights.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    movement = ends_of_movement(tmp_path)["W"]
    assert movement == {"gradient": {"first": 2, "last": 6}, "update": {"first": 0.2, "last": 0.6}}


def test_fresh_networks_of_each_cell(corpus: Corpus, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe, out = tmp_path / "small.toml", tmp_path / "out"
    recipe.write_text(settings().toml(), encoding="utf-8")
    prepared = ["--prepared", str(corpus.folder), "--recipe", str(recipe), "--set", "model.hidden=6"]
    code, told, _ = answer([*prepared, "--sentences", "2", "--out", str(out)], capsys)
    assert code == 0
    networks = json.loads((out / "gradients.json").read_text(encoding="utf-8"))["networks"]
    assert [(n["cell"], n["attention"]) for n in networks] == [(cell, a) for a in ATTENTIONS for cell in CELLS]
    assert all(set(n) - {"loss_h", "jacobian_h"} == SHAPE for n in networks)
    assert {n["hidden"] for n in networks} == {6}
    assert {path.name for path in out.iterdir()} == {"gradients.json", "gradients.png"}
    assert_picture(out / "gradients.png")
    assert "lstm, no attention, first weights" in told


def test_complaints_are_one_line(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    for arguments, named in (
        (["no/such/run"], "no/such/run"),
        ([str(tmp_path)], str(tmp_path)),
        ([], "data/phrasebook-en-fr"),
        ([str(run), "--prepared", "nowhere"], "nowhere"),
        ([str(run), "--sentences", "1", "--out", str(tmp_path / "file")], "--out"),
    ):
        code, out, err = answer(arguments, capsys)
        last = err.splitlines()[-1]
        assert (code, out) == (2, "")
        assert last.startswith("error: ")
        assert named in last


def test_a_corpus_without_pairs_is_named(tmp_path: Path) -> None:
    corpus = write_toy(tmp_path, {**task(str, train=5, held_out=2), "validation": []})
    with pytest.raises(UserError, match="the validation split is empty"):
        choose(corpus, corpus.subwords, 3)
