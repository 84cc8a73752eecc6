"""The lesson's translators: equal sizes, and a text that says what was measured."""

from pathlib import Path
from typing import Any

import pytest
from matplotlib.image import imread

from seq2seq.config import Model
from seq2seq.lesson import letters, translators
from seq2seq.lesson.section import Keep
from seq2seq.lesson.sizes import as_large_as, parameters
from seq2seq.model import Translation
from tests.quoting import unfounded
from tests.toys import ATTENTIONS, CELLS


@pytest.mark.parametrize("attention", ATTENTIONS)
@pytest.mark.parametrize("cell", CELLS)
def test_networks_of_all_cells_are_equally_large(cell: str, attention: bool) -> None:
    model = Model.model_validate({"hidden": 128, "embedding": 64, "decoder_layers": 1})
    wanted = parameters(model, 2000)
    other = as_large_as(wanted, model.model_copy(update={"cell": cell, "attention": attention}), 2000)
    real = Translation(other, 2000, 2000, joint=True)
    assert sum(p.numel() for p in real.parameters()) == parameters(other, 2000)
    assert abs(parameters(other, 2000) - wanted) <= 0.02 * wanted
    if (cell, attention) == ("lstm", True):
        assert other == model


def _network(number: int, splits: tuple[str, ...]) -> dict[str, Any]:
    buckets = [
        {"words": "1–5", "sentences": 40, "bleu": 70.25 - number},
        {"words": "6–10", "sentences": 40 + number, "bleu": 60.25 - number},
    ]
    scores = {split: {"sentences": 500, "bleu": 61.5 + number, "chrf": 72.75 + number} for split in splits}
    return {"parameters": 512_345 + number, "hidden": 128 + number, "updates": 400, "by_length": buckets, **scores}


@pytest.fixture(params=[{"phrasebook": 19_000}, {"phrasebook": 58_000, "tatoeba": 158_000}])
def results(request: pytest.FixtureRequest) -> dict[str, Any]:
    corpora: dict[str, int] = request.param
    networks = {
        f"{corpus}-{name}": _network(number, ("test", "long") if corpus == "phrasebook" else ("test",))
        for corpus in corpora
        for number, name in enumerate(translators.SYSTEMS)
    }
    weights = [[1.0, 0.0, 0.0], [0.0, 0.5, 0.5]]
    alignments = [{"source": ["▁a", "▁b", "■"], "target": ["▁c", "■"], "weights": weights}] * 3
    pairs = [["I see.", "Je vois."]] * 3
    limit = {"minutes": None, "updates": 400} if len(corpora) == 1 else {"minutes": 20.0, "updates": None}
    return {
        "networks": networks,
        "limit": limit,
        "corpora": corpora,
        "vocabulary": 2000,
        "embedding": 128,
        "rate": 0.02,
        "attention": {"pairs": pairs, "alignments": alignments},
    }


def test_text_quotes_only_what_was_measured(results: dict[str, Any]) -> None:
    text = translators.tell(results)
    assert text.startswith("## ")
    assert unfounded(text, results) == []
    assert unfounded(text + " 4711", results) == ["4711"]
    for name in translators.SYSTEMS:
        assert f"\n| {name} |" in text


def test_pictures_are_made(results: dict[str, Any], tmp_path: Path) -> None:
    translators.draw(results, tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {f"many_to_many-{what}.png" for what in ("unfolded", "attention", "length")}
    assert all(imread(path)[..., :3].std() > 0.01 for path in tmp_path.iterdir())
    assert all(f"lesson/{name}" in translators.tell(results) for name in names)


def test_letters_beside_subwords(results: dict[str, Any], tmp_path: Path) -> None:
    found = {
        corpus: {
            unit: {**_network(number, ("test",)), "vocabulary": 300 + 1700 * number, "units": 31.25}
            for number, unit in enumerate(letters.UNITS)
        }
        for corpus in results["corpora"]
    }
    of_letters = {"corpora": found, "limit": results["limit"]}
    assert unfounded(letters.tell(of_letters), of_letters) == []
    letters.draw(of_letters, tmp_path)
    assert imread(tmp_path / "letters-length.png")[..., :3].std() > 0.01


def test_parts_are_all_networks_of_all_corpora(tmp_path: Path) -> None:
    assert len(translators.parts(Keep(tmp_path, full=False))) == 6
    assert len(set(translators.parts(Keep(tmp_path, full=True)))) == 12
    assert letters.parts(Keep(tmp_path, full=True)) == ["phrasebook", "tatoeba"]
