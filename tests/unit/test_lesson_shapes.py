"""The first three shapes: what is measured, drawn and told, in tiny settings."""

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from matplotlib.image import imread
from num2words import num2words

from data_prep.subwords import BEGIN, END
from seq2seq.config import Training
from seq2seq.lesson import many_to_one, one_to_many, one_to_one
from seq2seq.lesson.practice import practise
from seq2seq.lesson.section import Keep
from seq2seq.lesson.unfolded import unfolded
from seq2seq.plots import BLUE, ORANGE

TRAINING = Training(steps=3, learning_rate=0.02, warmup_steps=1, seed=1)
TEXTS = [["the cat sees a dog", "a dog and the cat"], ["le chat voit un chien", "un chien et le chat"]]
SECTIONS = {"one_to_one": one_to_one, "one_to_many": one_to_many, "many_to_one": many_to_one}


def tiny(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Settings with which a section is measured in a second, and toy corpora, all of which are there."""
    short: Callable[..., Training] = lambda **others: Training(**{**others, "steps": 2})  # noqa: E731
    monkeypatch.setattr(one_to_one, "STEPS", 30)
    monkeypatch.setattr(one_to_many, "Training", short)
    monkeypatch.setattr(one_to_many, "PLACES", 2)
    monkeypatch.setattr(one_to_many, "LONGEST", 8)
    monkeypatch.setattr(many_to_one, "Training", short)
    monkeypatch.setattr(many_to_one, "sides", lambda source, languages, split: ([split, *TEXTS[0]], [split, *TEXTS[1]]))
    monkeypatch.setattr(many_to_one, "ARABIC", folder)
    monkeypatch.setattr(many_to_one, "REAL", folder)


@dataclass(frozen=True)
class Measured:
    """A section and what it measured, as JSON gives it back, and again."""

    section: Any
    results: dict[str, Any]
    again: dict[str, Any]


@pytest.fixture(scope="module", params=SECTIONS)
def measured(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Measured:
    section, folder = SECTIONS[request.param], tmp_path_factory.mktemp("lesson")
    with pytest.MonkeyPatch.context() as monkeypatch:
        tiny(monkeypatch, folder)
        results = json.loads(json.dumps(section.measure(Keep(folder, False))))
        for name in ("learn", "descend"):
            monkeypatch.setattr(section, name, lambda *_: pytest.fail("trained again"), raising=False)
        return Measured(section, results, json.loads(json.dumps(section.measure(Keep(folder, False)))))


def numbers_in(value: Any) -> Iterator[float]:
    """All numbers of a section's results."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from numbers_in(part)
    elif isinstance(value, int | float):
        yield value


def quoted(text: str) -> list[str]:
    """The numbers that prose and tables tell, without code, equations and links."""
    for pattern in (r"```.*?```", r"\$\$.*?\$\$", r"`[^`]*`", r"\$[^$]*\$", r"\]\([^)]*\)"):
        text = re.sub(pattern, " ", text, flags=re.DOTALL)
    return re.findall(r"(?<![\w.])\d[\d,]*(?:\.\d+)?", text)


def test_the_text_quotes_only_what_was_measured(measured: Measured) -> None:
    known = list(numbers_in(measured.results))
    found = quoted(measured.section.tell(measured.results))
    assert found
    for number in found:
        plain = number.replace(",", "").rstrip(".")
        decimals = len(plain.partition(".")[2])
        assert any(f"{one:.{decimals}f}" == plain for one in known), number


def test_the_text_is_a_section_with_its_pictures(measured: Measured, tmp_path: Path) -> None:
    section = measured.section
    text = section.tell(measured.results)
    assert text.startswith("## ")
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    for needed in ("`make lesson`", "\n$$\n", "What it does not show"):
        assert needed in text
    section.draw(measured.results, tmp_path)
    names = re.findall(r"!\[[^]]+\]\(lesson/([\w-]+\.png)\)", text)
    assert names
    assert {path.name for path in tmp_path.iterdir()} == set(names)
    for name in names:
        assert name.startswith(f"{section.NAME}-")
        assert imread(tmp_path / name)[..., :3].std() > 0.02


def test_a_second_measurement_reads_the_first(measured: Measured) -> None:
    assert measured.again == measured.results


def test_the_sweep_has_a_rate_too_small_one_right_and_one_too_large() -> None:
    pixels_BP, classes_B, held_BP, held_B = one_to_one.digits(1)
    assert len(pixels_BP) == len(classes_B) > 2 * len(held_BP) == 2 * len(held_B)
    ends = {rate: one_to_one.descend(pixels_BP, classes_B, rate, 60, 1) for rate in (0.001, 1.0, 10.0)}
    first, small, right, large = (ends[0.001][1][0], *(losses[-1] for _, losses in ends.values()))
    assert right < 0.5 * small < small < first < large
    answers = one_to_one.scores(held_BP, ends[1.0][0]).argmax(dim=1)
    assert (answers == held_B).float().mean() > 0.8


def test_a_step_goes_down_the_slope() -> None:
    """Against finite differences of the loss."""
    draw = torch.Generator().manual_seed(1)
    pixels_BP, classes_B = torch.rand(6, 5, generator=draw), torch.tensor([0, 1, 2, 0, 1, 2])
    rate = 0.1
    before, _ = one_to_one.descend(pixels_BP, classes_B, rate, 0, 3)
    after, _ = one_to_one.descend(pixels_BP, classes_B, rate, 1, 3)
    weights = [weight.detach().double() for weight in before]
    for place, (first, second) in enumerate(zip(before, after, strict=True)):
        index = (0,) * first.dim()
        losses = []
        for change in (1e-5, -1e-5):
            moved = [weight.clone() for weight in weights]
            moved[place][index] += change
            scores_BC = one_to_one.scores(pixels_BP.double(), moved)
            losses.append(torch.nn.functional.cross_entropy(scores_BC, classes_B).item())
        slope = (losses[0] - losses[1]) / 2e-5
        assert (second - first)[index].item() == pytest.approx(-rate * slope, rel=1e-3, abs=1e-7)


def test_no_number_is_trained_on_and_held_out() -> None:
    trained, held_out = one_to_many.split(1)
    assert sorted([*trained, *held_out]) == list(range(10_000))
    assert len(trained) == 2_000
    assert one_to_many.split(2)[0] != trained
    names = one_to_many.names(range(10_000))
    assert len(set(names)) == len(names), "no name is that of two numbers"
    assert names[9_771] == num2words(9_771, lang="fr")


def test_a_number_is_one_vector() -> None:
    vectors_BD = one_to_many.vectors([7, 70, 1970])
    assert vectors_BD.shape == (3, 40)
    assert [vector.nonzero().flatten().tolist() for vector in vectors_BD] == [[7], [0, 17], [0, 17, 29, 31]]


def test_names_are_learnt_by_heart_and_written_to_their_end() -> None:
    numbers = [1, 2, 3, 10, 20]
    training = Training(steps=60, learning_rate=0.02, warmup_steps=5, seed=1)
    network, losses = one_to_many.learn(numbers, training)
    assert losses[-1] < 0.1 * losses[0]
    assert network.write(one_to_many.vectors(numbers)) == ["un", "deux", "trois", "dix", "vingt"]
    assert min(network.ids("deux")) > END


def test_writing_gives_what_the_whole_pass_gives() -> None:
    """Step by step, each letter is the likeliest of the pass over all letters, and so is the end."""
    torch.manual_seed(1)
    network = one_to_many.Namer("abcd")
    with torch.no_grad():
        # Names of other numbers are others, and no letter is none.
        network.first.weight *= 9
        network.bias_V[:END] = -9
    vectors_BD = one_to_many.vectors(range(40))
    texts = network.write(vectors_BD)
    ended = [text for text in texts if len(text) < one_to_many.LONGEST]
    assert len({text for text in ended if text}) > 1
    for vector_1D, text in zip(torch.split(vectors_BD, 1), texts, strict=True):
        ids = network.ids(text).tolist()
        features, _ = network(torch.tensor([[BEGIN, *ids]]), network.begin(vector_1D))
        best = (features @ network.embedding.weight.T + network.bias_V).argmax(dim=2)[0].tolist()
        assert best[: len(ids)] == ids
        assert text not in ended or best[-1] == END


@pytest.mark.parametrize(
    "learn", [partial(many_to_one.learn, TEXTS, TRAINING), partial(one_to_many.learn, [1, 2, 30], TRAINING)]
)
def test_training_is_the_same_each_time(learn: Callable[[], tuple[torch.nn.Module, list[float]]]) -> None:
    torch.rand(3)
    (first, losses), (second, again) = learn(), learn()
    assert losses == again
    for one, other in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(one, other)


def test_two_languages_are_learnt_and_asked_after_each_letter() -> None:
    training = Training(steps=40, learning_rate=0.02, warmup_steps=5, seed=1)
    network, losses = many_to_one.learn(TEXTS, training)
    assert losses[0] == pytest.approx(math.log(2), rel=1e-4)
    for label, texts in enumerate(TEXTS):
        by_letters, whole = many_to_one.right_after(network, texts, label, 40)
        assert len(by_letters) == 40
        assert by_letters[-1] == whole == 100
        for letters in (1, 5):
            cut = [text[:letters] for text in texts]
            assert many_to_one.right_after(network, cut, label, 1)[1] == pytest.approx(by_letters[letters - 1])


def test_practice_makes_so_many_updates_down_the_loss() -> None:
    torch.manual_seed(1)
    network = torch.nn.Linear(3, 1)
    target = torch.tensor([1.0, -2.0, 0.5])
    inputs = torch.randn(20, 3, generator=torch.Generator().manual_seed(2))
    seen: list[int] = []

    def loss(step: int) -> torch.Tensor:
        seen.append(step)
        answers: torch.Tensor = network(inputs).squeeze(1)
        return (answers - inputs @ target).square().mean()

    losses = practise(network, Training(steps=100, learning_rate=0.3, warmup_steps=5, seed=1), loss)
    assert seen == list(range(100))
    assert losses[-1] < 0.05 * losses[0]


def _blobs(path: Path, colour: str) -> int:
    """Boxes of a colour in the picture's middle row of such boxes."""
    pixels = np.asarray(imread(path)[..., :3], dtype=np.float32)
    rgb = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    alike = np.abs(pixels - rgb).max(axis=-1) < 0.02
    rows = np.flatnonzero(alike.sum(axis=1) > 10)
    # Near the upper edge no symbol is in the way.
    row = alike[rows[0] + 5]
    return int((np.diff(row.astype(int)) == 1).sum())


@pytest.mark.parametrize(
    ("inputs", "outputs", "states", "answers"),
    [
        (["8"], ["eight"], 1, 1),
        (["21"], ["v", "i", "n", "end"], 4, 4),
        (["i", "l", " ", "y"], ["", "", "", "French"], 4, 1),
        (["I", "see"], ["", "je", "vois", "end"], 4, 3),
    ],
)
def test_an_unfolded_network_has_a_box_for_each_state_and_output(
    inputs: list[str], outputs: list[str], states: int, answers: int, tmp_path: Path
) -> None:
    unfolded(inputs, outputs, tmp_path / "a.png", fed_back=True)
    assert _blobs(tmp_path / "a.png", BLUE) == states
    assert _blobs(tmp_path / "a.png", ORANGE) == answers
