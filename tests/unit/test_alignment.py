"""What the attention looked at, sentence by sentence."""

from pathlib import Path

import pytest
import torch
from matplotlib.image import imread

from data_prep.corpus import Corpus
from data_prep.errors import UserError
from seq2seq import attention_picture, cli
from seq2seq.alignment import END_MARK
from seq2seq.checkpoint import TrainingState, save_checkpoint
from seq2seq.model import Translation
from seq2seq.plots import attention_maps
from seq2seq.run_files import begin_run
from seq2seq.translator import Translator
from tests.toys import config, model_config, write_corpus

PAIRS = [("ab cd", "dc ba"), ("abc", "cba"), ("h", "h")]


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    return write_corpus(tmp_path / "data", {"train": PAIRS, "test": PAIRS, "validation": []})


def _run(folder: Path, corpus: Corpus, attention: bool = True) -> Path:
    settings = model_config("lstm", attention)
    begin_run(folder, config(settings), corpus)
    torch.manual_seed(0)
    model = Translation(settings, corpus.subwords.source_size, corpus.subwords.target_size, True)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter)
    save_checkpoint(folder, model, (), TrainingState(step=10, best_step=10))
    return folder


def test_every_unit_of_the_translation_has_weights_over_the_source(tmp_path: Path, corpus: Corpus) -> None:
    run = _run(tmp_path / "run", corpus)
    for (source, target), found in zip(PAIRS, Translator.load(run, "best").align(PAIRS), strict=True):
        assert "".join(found.source) == "▁" + source.replace(" ", "▁") + END_MARK
        assert "".join(found.target) == "▁" + target.replace(" ", "▁") + END_MARK
        weights = torch.tensor(found.weights)
        assert weights.shape == (len(found.target), len(found.source))
        assert torch.allclose(weights.sum(dim=1), torch.ones(len(weights)))


def test_weights_are_those_of_each_prefix(tmp_path: Path, corpus: Corpus) -> None:
    """A longer translation does not change what was looked at for its beginning; another beginning does."""
    run = _run(tmp_path / "run", corpus)
    long, short, other = Translator.load(run, "best").align([("abcd", "abba"), ("abcd", "ab"), ("abcd", "ba")])
    rows = len(short.target)
    assert torch.allclose(torch.tensor(long.weights[: rows - 1]), torch.tensor(short.weights[: rows - 1]), atol=1e-6)
    assert not torch.allclose(torch.tensor(other.weights), torch.tensor(short.weights), atol=1e-3)


def test_a_network_without_attention_has_nothing_to_show(tmp_path: Path, corpus: Corpus) -> None:
    with pytest.raises(UserError, match="no attention"):
        Translator.load(_run(tmp_path / "run", corpus, attention=False), "best").align(PAIRS)


def test_command_draws_the_lines_it_translates(
    tmp_path: Path, corpus: Corpus, capsys: pytest.CaptureFixture[str]
) -> None:
    run, picture = _run(tmp_path / "run", corpus), tmp_path / "map.png"
    with pytest.raises(SystemExit) as done:
        cli.main(["translate", "--run", str(run), "--attention", str(picture), "ab\udce9 cd\n\nh"])
    assert done.value.code == 0
    printed = capsys.readouterr()
    assert printed.out.count("\n") == 3
    assert str(picture) in printed.err
    assert imread(picture)[..., :3].min() < 0.5
    assert imread(picture).shape[1] > imread(_drawn(run, tmp_path / "one.png")).shape[1]


@pytest.mark.parametrize("options", [["--beam", "1"], ["--beam", "5"], ["--sample", "--seed", "3"], ["--nbest", "2"]])
def test_what_is_drawn_is_what_is_printed(
    tmp_path: Path,
    corpus: Corpus,
    options: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn: list[tuple[str, str]] = []
    monkeypatch.setattr(attention_picture, "draw", lambda *arguments: drawn.extend(arguments[-1]))
    run = _run(tmp_path / "run", corpus)
    with pytest.raises(SystemExit) as done:
        cli.main(["translate", "--run", str(run), *options, "--attention", str(tmp_path / "map.png"), "ab cd"])
    assert done.value.code == 0
    printed = capsys.readouterr().out.splitlines()[0]
    assert drawn == [("ab cd", printed.split("\t")[-1])]


def test_copied_items_are_drawn_as_they_are(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path / "data", {"train": PAIRS, "validation": []}, carry=True)
    (found,) = Translator.load(_run(tmp_path / "run", corpus), "best").align([("ab 12 c 1", "1 c 12 dc")])
    assert "".join(found.source) == "▁ab▁12▁c▁1" + END_MARK
    assert "".join(found.target) == "▁1▁c▁12▁dc" + END_MARK
    assert "12" in found.source
    assert "12" in found.target


def test_what_is_too_long_to_draw_is_refused(tmp_path: Path, corpus: Corpus) -> None:
    with pytest.raises(UserError, match="drawn of up to 120 subwords of text"):
        Translator.load(_run(tmp_path / "run", corpus), "best").align([("a" * 199, "b")])


def _drawn(run: Path, path: Path) -> Path:
    attention_maps(Translator.load(run, "best").align(PAIRS[:1]), path)
    return path


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--attention", "map.png", "\n".join("abcdefg")], "1 to 6 lines"),
        (["--attention", "map.png", " "], "1 to 6 lines"),
        (["--attention", "map.png", "\u200b"], "1 to 6 lines"),
        (["--attention", "map.png", "--in", "FILE"], "text given on the command line"),
        (["--attention", "no/such/folder/map.png", "ab"], "no/such/folder/map.png"),
        (["--attention", ".", "ab"], ".: --attention names a file to write"),
    ],
)
def test_what_cannot_be_drawn_is_refused(
    tmp_path: Path, corpus: Corpus, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run = _run(tmp_path / "run", corpus)
    with pytest.raises(SystemExit) as done:
        cli.main(
            [
                "translate",
                "--run",
                str(run),
                *(str(corpus.folder / "manifest.json") if a == "FILE" else a for a in arguments),
            ]
        )
    assert done.value.code == 2
    assert message in capsys.readouterr().err
