"""Five hundred odd lines to a network that was trained: each is answered, none with nothing, none without end."""

import pytest

from data_prep.corpus import Corpus
from seq2seq.config import load_recipe
from seq2seq.training import train
from seq2seq.translator import Translator
from tests.odd import faults, odd_lines
from tests.phrases import run, settings, write_source


@pytest.fixture(scope="module")
def translator(tmp_path_factory: pytest.TempPathFactory) -> Translator:
    folder = tmp_path_factory.mktemp("odd")
    run(write_source(folder), folder / "data", settings(), processes=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("seq2seq.reporting.learning_curve", lambda metrics, path: None)
        recipe = load_recipe("tiny", ["training.threads=1", "training.steps=200"])
        train(Corpus(folder / "data"), recipe, folder / "run")
    return Translator.load(folder / "run")


@pytest.mark.parametrize("beam", [1, 3])
def test_odd_lines_are_answered_within_bounds(translator: Translator, beam: int) -> None:
    lines = odd_lines(500, 1)
    assert faults(translator, lines, translator.translate(lines, beam=beam)) == []


def test_what_is_wrong_with_answers_is_told(translator: Translator) -> None:
    lines = ["The cat sees the house."] * 4
    assert faults(translator, lines, lines[:3]) == ["3 answers for 4 lines"]
    told = faults(translator, lines, ["Le chat.", "", "a\u2028b", "chat " * 100])
    assert [one.split(":")[0] for one in told] == ["empty", "not one line", "a loop", "too long"]
