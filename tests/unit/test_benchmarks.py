"""What `make bench` measures, on toy corpora and for a moment; no test asserts a time."""

from pathlib import Path

import numpy as np
import pytest
import torch

from data_prep.corpus import Corpus
from data_prep.errors import UserError
from seq2seq.batches import make_batch
from seq2seq.config import Model, load_recipe
from seq2seq.model import Translation
from tests.benchmarks import cold, machine, parts, preparation, recipe, training, translation
from tests.benchmarks.flops import Products, count_products
from tests.benchmarks.processes import in_own_process, peak_mib
from tests.toys import config, model_config, network, task, words, write_corpus

SECONDS = 0.05


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return write_corpus(tmp_path_factory.mktemp("prepared"), task(lambda word: word[::-1], train=200))


@pytest.fixture
def moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "SECONDS", 0.001)
    monkeypatch.setattr(machine, "SIZE", {"cpu": 64})


@pytest.mark.usefixtures("moment")
def test_a_recipe_gives_all_its_figures(corpus: Corpus, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    figures = recipe.measure(corpus.folder, "toy", config(), SECONDS, None, tmp_path / "run")
    searched = ("sentences_per_second", "tokens_per_second", "length_share")
    rates = {f"{search}.{key}" for search in ("greedy", "beam5") for key in searched}
    train = {"tokens_per_second", "flops_per_token", "gflops", "matrix_gflops", "share_of_matrix_rate", "precision"}
    train |= {"padding_share", "source_padding_share", "target_padding_share", "batch_wait_share", "updates"}
    train |= {"peak_memory_mib"} | {f"part.{name}" for name in parts.PARTS}
    assert set(figures) == {
        *(f"train.toy.{key}" for key in train),
        *(f"translate.toy.{key}" for key in rates),
        *(f"latency.toy.{key}" for key in ("median_ms", "p95_ms", "words")),
    }
    numbers = {key: value for key, value in figures.items() if not isinstance(value, str)}
    assert all(value > 0 for key, value in numbers.items() if "padding" not in key)
    assert sum(value for key, value in numbers.items() if ".part." in key) == pytest.approx(1)
    assert numbers["train.toy.share_of_matrix_rate"] == pytest.approx(
        numbers["train.toy.gflops"] / numbers["train.toy.matrix_gflops"]
    )
    assert numbers["train.toy.gflops"] * 1e9 == pytest.approx(
        numbers["train.toy.flops_per_token"] * numbers["train.toy.tokens_per_second"]
    )
    assert capsys.readouterr().out == ""


@pytest.mark.usefixtures("moment")
def test_a_cell_is_measured_in_place_of_the_recipes(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    cells = []

    def note(model: Model, target_size: int) -> Products:
        cells.append(model.cell)
        return count_products(model, target_size)

    monkeypatch.setattr(training, "count_products", note)
    figures = training.measure_cell(corpus.folder, config(model_config("lstm")), "rnn", SECONDS)
    assert set(figures) == {"tokens_per_second", "share_of_matrix_rate"}
    assert cells == ["rnn"]


def test_parts_leave_the_network_and_the_threads_as_they_are(corpus: Corpus) -> None:
    model, settings = network(size=corpus.subwords.target_size), config().training
    before = [parameter.clone() for parameter in model.parameters()]
    threads = torch.get_num_threads()
    parts.measure(model, corpus.split("train"), settings, torch.device("cpu"), SECONDS)
    assert all(torch.equal(old, new) for old, new in zip(before, model.parameters(), strict=True))
    assert torch.get_num_threads() == threads
    assert not model._forward_hooks


def test_a_part_within_a_part_interrupts_it(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr("time.perf_counter", lambda: now)
    clock = parts.PartClock(torch.device("cpu"))
    now = 1.0
    with clock.part("outer"):
        now = 3.0
        with clock.part("inner"):
            now = 7.0
        now = 15.0
    now = 100.0
    with clock.part("outer"):
        now = 101.0
    assert clock.seconds == {"outer": 11.0, "inner": 4.0}


def test_padding_is_counted_on_each_side_and_on_both(tmp_path: Path) -> None:
    split = write_corpus(tmp_path, task(lambda word: word[:2] + word, train=10)).split("train")
    chosen = np.arange(7)
    source, target = (lengths[chosen] + 1 for lengths in (split.source_lengths, split.target_lengths))
    tally = training.Tally()
    tally.add(make_batch(split, chosen), Products(1, 100, 10_000, 1_000_000))
    positions = 7 * source.max(), 7 * target.max()
    assert source.sum() < positions[0] < positions[1]
    assert tally.padding() == {
        "padding_share": pytest.approx(1 - (source.sum() + target.sum()) / sum(positions)),
        "source_padding_share": pytest.approx(1 - source.sum() / positions[0]),
        "target_padding_share": pytest.approx(1 - target.sum() / positions[1]),
    }
    assert tally.products == source.sum() + 100 * target.sum() + 10_000 * 7 + 1_000_000 * (source * target).sum()


def test_single_sentences_are_different_and_have_about_ten_words() -> None:
    lines = [" ".join(["a"] * length) for length in range(1, 400)]
    chosen = translation.of_about_ten_words([*lines, *lines, "b " * 10])
    assert chosen[:2] == [lines[9], "b " * 10]
    assert len(chosen) == len(set(chosen)) == translation.SENTENCES


def test_the_command_is_measured_from_outside(corpus: Corpus, tmp_path: Path) -> None:
    settings = config()
    size = corpus.subwords.target_size
    recipe.save(tmp_path / "run", Translation(settings.model, size, size, True), settings, corpus)
    assert cold.translation_memory_mib(tmp_path / "run", ["abc", "def"], tmp_path) > 50
    assert len((tmp_path / "translations.txt").read_text(encoding="utf-8").splitlines()) == 2


def test_a_command_that_fails_is_no_measurement(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cold, "COMMAND", "import sys; print(sys.argv[1:])")
    assert cold.start_seconds(tmp_path, "abc") > 0
    monkeypatch.setattr(cold, "COMMAND", "import sys; sys.exit('no such run')")
    with pytest.raises(UserError, match="no such run"):
        cold.start_seconds(tmp_path, "abc")


def test_a_run_belongs_to_the_recipe_with_its_layers(corpus: Corpus, tmp_path: Path) -> None:
    lstm, gru = config(model_config("lstm")), config(model_config("gru"))
    model = Translation(gru.model, 300, 300, True)
    recipe.save(tmp_path, model, gru, corpus)
    assert recipe.recipe_of(tmp_path, {"a": lstm, "b": gru}) == "b"
    with pytest.raises(UserError, match="RECIPE"):
        recipe.recipe_of(tmp_path, {"a": lstm})


def test_the_corpus_is_prepared_for_each_recipe_and_its_text_only_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for side in ("en", "fr"):
        lines = "".join(f"{side} {word} and {word[::-1]}\n" for word in words(300, 1, 5, 12))
        (tmp_path / f"toy.{side}").write_text(lines, encoding="utf-8")
    recipes = {
        name: config().model_copy(update={"subwords": config().subwords.model_copy(update={"vocabulary": vocabulary})})
        for name, vocabulary in (("a", 300), ("b", 310))
    }
    folders = recipe.prepare(str(tmp_path / "toy"), ("en", "fr"), recipes, tmp_path / "data")
    assert [Corpus(folders[name]).subwords.target_size for name in recipes] == [300, 310]
    assert capsys.readouterr().err.count("reading and cleaning") == 1


def test_the_machine_is_described() -> None:
    found = machine.describe(torch.device("cpu"))
    assert found["machine.processor"]
    assert found["machine.threads"] == torch.get_num_threads()
    assert all(isinstance(value, int | str) for value in found.values())


@pytest.mark.usefixtures("moment")
@pytest.mark.parametrize("kind", machine.KINDS.values())
def test_the_matrix_rate_is_that_of_the_median_product(kind: torch.dtype, monkeypatch: pytest.MonkeyPatch) -> None:
    # The beginning, start and end of three products, and the time after them.
    ticks = iter([0.0, 0.0, 0.5, 0.5, 0.75, 1.0, 5.0, 5.0])
    monkeypatch.setattr("time.perf_counter", lambda: next(ticks))
    assert machine.matrix_gflops(kind, torch.device("cpu")) == pytest.approx(2 * 64**3 / 0.5 / 1e9)


def test_prepared_lines_are_the_pairs_again_and_again_all_different(tmp_path: Path) -> None:
    assert preparation.write_lines([("a", "b"), ("c", "d")], ("en", "fr"), tmp_path, 3) == 3
    assert (tmp_path / "lines.en").read_text(encoding="utf-8") == "1 a\n2 c\n3 a\n"
    assert (tmp_path / "lines.fr").read_text(encoding="utf-8") == "1 b\n2 d\n3 b\n"


def test_another_process_returns_and_raises() -> None:
    assert in_own_process(peak_mib) > 1
    with pytest.raises(UserError, match="no recipe"):
        in_own_process(load_recipe, "nothing")
