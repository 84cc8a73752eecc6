"""The check whether an input is like the training text: when it speaks up, and when it does not."""

import base64
import json
import random
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data_prep.normalization import normalize
from data_prep.phrasebook.generator import phrases
from data_prep.settings import Subwords as SubwordSettings
from data_prep.subwords import Subwords, train_subwords
from data_prep.typicality import KEY, Typical, Typicality, measure
from seq2seq import domain
from seq2seq.domain import DomainCheck, input_check
from seq2seq.text_pipeline import TextPipeline

GERMAN = ["Meine Schwester wohnt seit vielen Jahren in dem alten Haus am Fluss.", "Wir haben nie darüber gesprochen."]
FRENCH = ["Ma sœur habite depuis longtemps la vieille maison près du fleuve.", "Nous n'en parlons jamais entre nous."]
OTHER = {
    "German": GERMAN * 3,
    "Russian": ["Моя сестра много лет живёт в старом доме у реки.", "Мы никогда об этом не говорили."] * 3,
    "Chinese": ["我的姐姐在河边的老房子里住了很多年，我们从来没有谈过这件事。"] * 6,
    "code": [f"    self._items[{i}] = max(len(row.get_{i}(x, y)), *(f(z)[0] for z in zip(a, b)))" for i in range(9)],
    "base64": base64.encodebytes(random.Random(1).randbytes(600)).decode().splitlines(),
    "law": [
        "Notwithstanding the foregoing, the indemnifying party's aggregate liability hereunder shall be limited to the "
        "consideration received pursuant to Article IV, excluding consequential or punitive damages."
    ],
}


@cache
def trained() -> tuple[Subwords, dict[str, Any], list[str]]:
    """Subwords of a small corpus, the note of its English side, and English that is held out."""
    draw = random.Random(1)
    pairs = list(phrases())
    draw.shuffle(pairs)
    train, held_out = pairs[:-100], [source for source, _ in pairs[-100:]]
    settings = SubwordSettings(vocabulary=2000, carry=False)
    subwords = train_subwords(lambda: iter(train), settings)
    ids = subwords.encode_source([source for source, _ in train])
    counts = np.bincount([i for line in ids for i in line], minlength=subwords.source_size)
    noted = measure(counts, sum(len(source) for source, _ in train))
    assert noted
    return subwords, noted, held_out


def read(line: str) -> tuple[str, list[int]]:
    text = normalize(line)
    return text, trained()[0].encode_source([text])[0]


def said(*chunks: list[str]) -> list[str]:
    """What the check says of chunks of lines."""
    found: list[str] = []
    check = DomainCheck(Typical(Typicality.model_validate(trained()[1])), read, found.append)
    for lines in chunks:
        check(lines)
    return found


@pytest.mark.parametrize("kind", OTHER)
def test_speaks_up_once_if_most_lines_are_unlike(kind: str) -> None:
    (warning,) = said(OTHER[kind], OTHER[kind], OTHER[kind] * 100)
    assert "\n" not in warning
    assert "--no-language-check" in warning
    number = len(OTHER[kind])
    assert ("this line looks" if number == 1 else f"{number} of the first {number} lines look") in warning
    assert len(said(*([line] for line in OTHER[kind] * 2))) == 1


def test_says_nothing_of_text_like_that_of_training() -> None:
    lines = trained()[2]
    assert said(lines) == []
    assert said(*([line] for line in lines)) == []
    assert said([" ".join(lines[:10])]) == []


def test_less_than_half_is_not_most() -> None:
    like = trained()[2]
    assert said(like[:20] + GERMAN * 5) == []
    assert len(said(like[:5] + GERMAN * 5)) == 1


def test_little_text_is_not_judged() -> None:
    assert said(GERMAN[:1]) == []
    assert said(GERMAN[:1], GERMAN[1:]) == []
    assert len(said(GERMAN[:1], GERMAN[1:], GERMAN[:1])) == 1


def test_numbers_and_blank_lines_are_in_every_language() -> None:
    assert said(["", " ", "13,481 + 2 = ?", "2024-01-05", "…"] * 50) == []
    assert said(["2024-01-05"] * 50 + GERMAN * 3) != []


def test_only_the_beginning_is_looked_at() -> None:
    like = trained()[2]
    assert said((like * 10)[: domain.FIRST_LINES], GERMAN * 1000) == []
    assert said([like[0]] * 400 + GERMAN * 1000) == []


class Translator:
    """A translator as far as the check looks at it."""

    def __init__(self) -> None:
        self.pipeline = TextPipeline(trained()[0])


def note(folder: Path, noted: dict[str, Any] | None, source: str = "en") -> Path:
    train = {"pairs": 1} | ({KEY: noted} if noted else {})
    manifest = {"languages": {"source": source, "target": "fr"}, "splits": {"train": train}, "files": {}}
    (folder / "corpus.json").write_text(json.dumps({"folder": "data", "fingerprint": "", "manifest": manifest}))
    return folder


@pytest.fixture
def heard() -> list[str]:
    return []


def test_one_warning_in_all(tmp_path: Path, heard: list[str]) -> None:
    check = input_check(note(tmp_path, trained()[1]), Translator(), heard.append)  # type: ignore[arg-type]
    check(FRENCH * 5)
    check(GERMAN * 5)
    assert len(heard) == 1
    assert "looks like French" in heard[0]


def test_no_second_warning_of_the_language(tmp_path: Path, heard: list[str]) -> None:
    check = input_check(note(tmp_path, trained()[1]), Translator(), heard.append)  # type: ignore[arg-type]
    check(OTHER["code"])
    check(FRENCH * 5)
    assert len(heard) == 1
    assert "unlike the text" in heard[0]


def test_a_run_of_an_older_version_is_not_checked(tmp_path: Path, heard: list[str]) -> None:
    check = input_check(note(tmp_path, None, "de"), object(), heard.append)  # type: ignore[arg-type]
    check(FRENCH * 5)
    assert heard == []
