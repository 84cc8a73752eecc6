"""The lesson's memory probe: what is asked, what is measured, drawn and told."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from matplotlib.image import imread

from data_prep.phrasebook.probes import KINDS, NEAREST
from data_prep.subwords import BEGIN, END
from seq2seq.config import Config
from seq2seq.lesson import memory
from seq2seq.lesson.agreeing import accuracy, agreeing, log_probabilities
from seq2seq.lesson.section import Keep
from seq2seq.lesson.translators import SYSTEMS, trained
from seq2seq.model import Translation
from tests.quoting import unfounded
from tests.toys import CELLS, letter_subwords, model_config


def briefly(config: Config) -> Config:
    """Hardly any validation: networks that know nothing write long translations."""
    return config.model_copy(update={"training": config.training.model_copy(update={"validate_pairs": 1})})


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What the section measures with networks of a few updates, on few sentences."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(memory, "EACH", {False: 2})
        patch.setattr(memory, "HELD_OUT", {False: 2})
        patch.setattr(memory, "STEPS", {False: 1})
        patch.setattr("seq2seq.reporting.learning_curve", lambda metrics, path: None)
        patch.setattr(memory, "trained", lambda data, config, run: trained(data, briefly(config), run))
        keep = Keep(tmp_path_factory.mktemp("lesson"), full=False)
        memory.prepare(keep)
        found = json.loads(json.dumps(memory.measure(keep)))
        patch.setattr(memory, "trained", lambda *_: pytest.fail("trained again"))
        memory.prepare(keep)
        assert json.loads(json.dumps(memory.measure(keep))) == found
        yield found | {"folder": str(keep.folder)}


def test_what_is_held_out_is_not_trained_on_and_is_balanced(measured: dict[str, Any]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(memory, "EACH", {False: 2})
        patch.setattr(memory, "HELD_OUT", {False: 2})
        parts = memory.twins(Keep(Path(measured["folder"]), full=False))
    texts = [{probe[side] for one in part for probe in one["pair"] for side in ("en", "fr")} for part in parts]
    assert texts[0].isdisjoint(texts[1])
    for part in parts:
        counts = Counter((one["kind"], one["distance"], one["same"]) for one in part)
        assert set(counts.values()) == {1}
        assert {(kind, distance) for kind, distance, _ in counts} == {
            (kind, distance) for kind in KINDS for distance in range(NEAREST[kind], 31)
        }
    lines = (Path(measured["folder"]) / "data-small" / "probes" / "train.tsv").read_text().splitlines()
    assert len(lines) == 1 + measured["sentences"]["train"] == 1 + 2 * len(parts[0])


def test_json_has_all_networks_at_all_distances(measured: dict[str, Any]) -> None:
    assert list(measured["networks"]) == list(SYSTEMS)
    sizes = [found["parameters"] for found in measured["networks"].values()]
    assert max(sizes) <= 1.02 * min(sizes)
    assert measured["spread"] == pytest.approx(100 * (max(sizes) / min(sizes) - 1))
    for found in measured["networks"].values():
        assert [(group["from"], group["to"]) for group in found["groups"]] == [(k, k + 2) for k in range(1, 30, 3)]
        for group in found["groups"]:
            for key in ("all", *KINDS):
                assert 0 <= group[key]["low"] <= group[key]["accuracy"] <= group[key]["high"] <= 100
    quoted = measured["networks"]["rnn"]["groups"][measured["quoted"]["place"]]
    assert quoted["from"] <= 20 <= quoted["to"]


def test_log_probabilities_are_those_of_the_whole_pass() -> None:
    torch.manual_seed(1)
    units = letter_subwords()
    model = Translation(model_config("gru", True), units.source_size, units.target_size, units.joint).eval()
    sources, targets = ["a b c", "c b", "b"], ["b c", "c a b b", "a"]
    found_B = log_probabilities(model, units, sources, targets)
    for source, target, found in zip(sources, targets, found_B.tolist(), strict=True):
        (source_ids,), (target_ids,) = units.encode_source([source]), units.encode_target([target])
        features = model(
            torch.tensor([[*source_ids, END]]),
            torch.tensor([len(source_ids) + 1]),
            torch.tensor([[BEGIN, *target_ids]]),
        )
        log_p = model.logits(features)[0].log_softmax(dim=1)
        wanted = sum(log_p[place, unit].item() for place, unit in enumerate([*target_ids, END]))
        assert found == pytest.approx(wanted, rel=1e-4)


def test_right_is_what_is_likelier(monkeypatch: pytest.MonkeyPatch) -> None:
    scores = {"good": -1.0, "bad": -2.0, "worse": -3.0}
    monkeypatch.setattr(
        "seq2seq.lesson.agreeing.log_probabilities",
        lambda model, units, sources, targets: torch.tensor([scores[target] for target in targets]),
    )
    forms = (
        (("good", "bad"), ("bad", "good")),
        (("good", "bad"), ("bad", "worse")),
        (("worse", "bad"), ("bad", "good")),
    )
    held_out = [{"pair": [{"en": "a", "fr": fr, "other": other} for fr, other in pair]} for pair in forms]
    assert agreeing(None, None, held_out) == [0.5, 1.0, 0.0]  # type: ignore[arg-type]


def test_intervals_are_those_of_the_binomial_and_wider_over_seeds() -> None:
    draw = np.random.default_rng(7)
    rights_1N = (draw.random((1, 400)) < 0.8).astype(float)
    found = accuracy(rights_1N)
    mean = rights_1N.mean()
    half = 196 * np.sqrt(mean * (1 - mean) / 400)
    assert found["accuracy"] == pytest.approx(100 * mean)
    assert found["low"] == pytest.approx(100 * mean - half, abs=0.8)
    assert found["high"] == pytest.approx(100 * mean + half, abs=0.8)
    assert accuracy(rights_1N) == found
    apart = accuracy(np.stack([np.ones(400), np.full(400, 0.5), np.full(400, 0.75)]))
    assert apart["accuracy"] == 75
    assert 50 <= apart["low"] < 70 < 80 < apart["high"] <= 100
    guess = accuracy(np.full((2, 30), 0.5))
    assert guess == {"accuracy": 50, "low": 50, "high": 50}


@pytest.mark.parametrize("seeds", [1, 3])
def test_the_text_quotes_only_what_was_measured(measured: dict[str, Any], seeds: int) -> None:
    results = measured | {"seeds": seeds}
    text = memory.tell(results)
    assert text.startswith("## ")
    assert unfounded(text, results) == []
    for needed in ("`make lesson`", "\n$$\n", "What it does not show", *(f"| {name} |" for name in SYSTEMS)):
        assert needed in text
    assert all(cell in text.partition("Without attention, at k = 19–21")[2] for cell in CELLS)


def test_a_picture_is_made(measured: dict[str, Any], tmp_path: Path) -> None:
    memory.draw(measured, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["memory-distance.png"]
    assert imread(tmp_path / "memory-distance.png")[..., :3].std() > 0.02
    assert "](lesson/memory-distance.png)" in memory.tell(measured)
