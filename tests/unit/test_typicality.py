"""How typical a text is: the note of a manifest, and texts compared with it."""

import numpy as np
import pytest

from data_prep.typicality import KEY, Typical, Typicality, measure, read_typicality

COUNTS = np.array([0, 8, 4, 4])
"""Of 16.5 or so smoothed counts, ids 1 to 3 have 8.5, 4.5 and 4.5."""


def test_bits_are_those_of_the_frequencies() -> None:
    noted = measure(COUNTS, characters=20)
    assert noted
    typicality = Typicality.model_validate(noted)
    expected = np.log2(18 / (COUNTS + 0.5))
    assert typicality.costs() == pytest.approx(expected, abs=1 / 16)
    assert typicality.bits == pytest.approx(expected @ COUNTS / 20, abs=0.1)


def test_the_training_text_itself_has_a_ratio_of_one() -> None:
    noted = measure(COUNTS, characters=20)
    assert noted
    typical = Typical(Typicality.model_validate(noted))
    ids = [i for i, count in enumerate(COUNTS) for _ in range(count)]
    assert typical.ratio(ids, "x" * 20) == pytest.approx(1, abs=1e-3)
    assert typical.ratio([0] * 16, "x" * 20) > 2
    assert typical.ratio([99], "x") == typical.ratio([0], "x")


def test_an_empty_text_has_no_note() -> None:
    assert measure(COUNTS, characters=0) is None
    assert read_typicality({"splits": {"train": {KEY: None}}}) is None
    assert read_typicality({"splits": {"train": {"pairs": 3}}}) is None
    assert read_typicality({"splits": {}}) is None


@pytest.mark.parametrize(
    "damage", [[], {}, {"bits": 0.0}, {"bits": float("nan")}, {"subwords": "é"}, {"subwords": 3}, {"more": 1}]
)
def test_a_damaged_note_is_refused(damage: object) -> None:
    noted = measure(COUNTS, characters=20)
    changed = noted | damage if isinstance(damage, dict) and damage and noted else damage
    with pytest.raises(ValueError, match=r"(?s).+"):
        read_typicality({"splits": {"train": {KEY: changed}}})
