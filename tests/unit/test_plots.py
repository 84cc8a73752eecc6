"""Pictures are there, whole, and show what they are given."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from matplotlib.colors import to_rgb
from matplotlib.image import imread

from seq2seq.evaluation import Bucket
from seq2seq.plots import BLUE, COLOURS, GREY, ORANGE, bleu_by_length, learning_curve


def _pixels(path: Path) -> npt.NDArray[np.float32]:
    """The picture as [height, width, RGB], 0 to 1."""
    assert path.read_bytes().startswith(b"\x89PNG")
    assert [other.name for other in path.parent.iterdir()] == [path.name]
    return np.asarray(imread(path)[..., :3], dtype=np.float32)


def _count(pixels: npt.NDArray[np.float32], colour: str) -> int:
    return int((np.abs(pixels - np.array(to_rgb(colour))).max(axis=-1) < 0.02).sum())


def _metrics(steps: int) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for step in range(50, steps + 1, 50):
        rows.append({"step": step, "loss": 2 + 6 * math.exp(-step / 500)})
        if step % 200 == 0:
            rows.append({"step": step, "validation_loss": rows[-1]["loss"] - 0.2, "bleu": 30 - 3000 / step})
    return rows


def test_learning_curve_shows_both_losses_and_bleu(tmp_path: Path) -> None:
    learning_curve(_metrics(2000), tmp_path / "curve.png")
    pixels = _pixels(tmp_path / "curve.png")
    assert pixels.shape[:2] == (660, 840)
    for colour in (GREY, BLUE, ORANGE):
        assert _count(pixels, colour) > 300
    assert _count(pixels, "white") > 0.8 * pixels[..., 0].size


@pytest.mark.parametrize("steps", [0, 150, 200])
def test_learning_curve_of_a_run_that_has_just_begun(tmp_path: Path, steps: int) -> None:
    learning_curve(_metrics(steps), tmp_path / "curve.png")
    pixels = _pixels(tmp_path / "curve.png")
    assert (_count(pixels, ORANGE) > 0) == (steps >= 200)
    assert pixels.std() > 0.01


def test_learning_curve_replaces_the_one_before(tmp_path: Path) -> None:
    learning_curve(_metrics(400), tmp_path / "curve.png")
    before = _pixels(tmp_path / "curve.png")
    learning_curve(_metrics(2000), tmp_path / "curve.png")
    assert not np.array_equal(_pixels(tmp_path / "curve.png"), before)


def _buckets(*scores: float | None) -> list[Bucket]:
    return [Bucket(f"{i}", 10 if score is not None else 0, score) for i, score in enumerate(scores)]


def test_bars_are_as_high_as_the_scores(tmp_path: Path) -> None:
    bleu_by_length({"a": _buckets(40.0, 20.0, None)}, tmp_path / "bars.png")
    pixels = _pixels(tmp_path / "bars.png")
    is_bar = np.abs(pixels - np.array(to_rgb(BLUE))).max(axis=-1) < 0.02
    columns = is_bar.sum(axis=0)
    heights = columns[columns > 50]
    assert heights.max() / heights.min() == pytest.approx(2, rel=0.05)
    changes = np.flatnonzero(np.diff((columns > 50).astype(int)))
    assert len(changes) == 2 * 2, "two bars: no room is kept for a bucket without sentences"


def test_every_system_has_its_bars(tmp_path: Path) -> None:
    systems = {f"system {n}": _buckets(30.0 + n, 20.0, 10.0) for n in range(3)}
    bleu_by_length(systems, tmp_path / "bars.png")
    pixels = _pixels(tmp_path / "bars.png")
    areas = [_count(pixels, colour) for colour in COLOURS[:3]]
    assert min(areas) > 0.9 * max(areas) > 1000


def test_a_name_with_dollars_is_no_formula(tmp_path: Path) -> None:
    bleu_by_length({"a$_$": _buckets(30.0), "b": _buckets(20.0)}, tmp_path / "bars.png")
    assert _count(_pixels(tmp_path / "bars.png"), BLUE) > 1000
