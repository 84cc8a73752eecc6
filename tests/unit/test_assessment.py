"""Checkpoints scored: the report, the files beside it, and every way to be refused."""

import codecs
import json
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from data_prep.corpus import Corpus, read_manifest, write_manifest
from data_prep.errors import UserError
from seq2seq import evaluation
from seq2seq.assessment import evaluate_checkpoints, evaluate_files, find_checkpoints
from seq2seq.checkpoint import TrainingState, save_checkpoint
from seq2seq.config import Decoding
from seq2seq.evaluation import by_source_length, score, signatures
from seq2seq.model import Translation
from seq2seq.results import Report, read_report, render
from seq2seq.run_files import begin_run
from seq2seq.translator import Translator
from tests.toys import config, model_config, write_corpus

PAIRS = [
    ("ab cd", "dc ba"),
    ("abc", "cba"),
    ("a b c d e f g", "g f e d c b a"),
    ("h", "h"),
    ("fed cab", "bac def"),
]


def _stage(corpus: Corpus, text: str) -> Corpus:
    """The corpus with the stage `text` of its preparation noted."""
    write_manifest(corpus.folder, read_manifest(corpus.folder) | {"stages": {"text": text}})
    return Corpus(corpus.folder)


def _run(folder: Path, corpus: Corpus, steps: tuple[int, ...] = (10,)) -> Path:
    """A run with random weights at each of its steps; the first is the best."""
    begin_run(folder, config(model_config(), Decoding(beam=2)), corpus)
    for step in steps:
        torch.manual_seed(step)
        model = Translation(model_config(), corpus.subwords.source_size, corpus.subwords.target_size, True)
        for parameter in model.parameters():
            torch.nn.init.normal_(parameter)
        save_checkpoint(folder, model, (), TrainingState(step=step, best_step=steps[0]))
    return folder


@pytest.fixture(autouse=True)
def _few_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Intervals of the few pairs here, too."""
    monkeypatch.setattr(evaluation, "RESAMPLES", 50)
    monkeypatch.setattr(evaluation, "FEWEST_RESAMPLED", 3)


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    return _stage(write_corpus(tmp_path / "data", {"train": PAIRS, "test": PAIRS, "validation": []}), "1")


@pytest.fixture
def run(tmp_path: Path, corpus: Corpus) -> Path:
    return _run(tmp_path / "run", corpus, (10, 20))


def _refused(call: Callable[[], object], *parts: str) -> None:
    with pytest.raises(UserError) as caught:
        call()
    message = str(caught.value)
    assert "\n" not in message
    assert [part for part in parts if part not in message] == [], message


def test_report_of_one_checkpoint(run: Path, corpus: Corpus) -> None:
    notes: list[str] = []
    report = evaluate_checkpoints(find_checkpoints([], run), note=notes.append)
    sources, references = corpus.split("test").texts()
    translations = Translator.load(run).translate(sources)
    written = json.loads((run / "report.json").read_text(encoding="utf-8"))
    designed = {"checkpoint", "corpus", "split", "scores", "signatures", "decoding", "sentences_per_second"}
    assert written.keys() >= designed
    assert written["checkpoint"] == str(run / "checkpoints" / "0000010")
    assert (written["corpus"], written["split"], written["sentences"]) == (str(corpus.folder), "test", len(PAIRS))
    assert written["scores"] == pytest.approx(vars(score(translations, references, "yy")))
    assert written["signatures"] == signatures("yy")
    assert written["decoding"]["beam"] == 2
    assert written["sentences_per_second"] > 0
    assert report.by_length == by_source_length(sources, translations, references, "yy")
    assert (run / "translations.test.txt").read_text(encoding="utf-8").split("\n") == [*translations, ""]
    assert (run / "bleu_by_length.png").read_bytes().startswith(b"\x89PNG")
    assert read_report(run) == report
    assert not list(run.glob("*.partial"))
    assert "translating 5 sentences" in notes[0]
    assert len(notes) == 2


def test_several_checkpoints_are_compared_with_the_first(run: Path) -> None:
    checkpoints = find_checkpoints(["best", "last"], run)
    report = evaluate_checkpoints(checkpoints, beam=1)
    assert [report.checkpoint, report.comparison[0].checkpoint] == [str(folder) for folder in checkpoints]
    assert report.p_values == {}
    assert report.comparison[0].p_values.keys() == {"bleu", "chrf", "ter"}
    assert report.comparison[0].translations == "translations.test.2.txt"
    assert report.decoding.beam == 1
    first, second = ((run / f"translations.test{n}.txt").read_text(encoding="utf-8") for n in ("", ".2"))
    assert first != second
    assert second == "".join(
        line + "\n" for line in Translator.load(run, "20").translate([s for s, _ in PAIRS], beam=1)
    )


def test_files_give_the_scores_of_the_split_with_the_same_text(run: Path, tmp_path: Path) -> None:
    source, reference = tmp_path / "in.txt", tmp_path / "ref.txt"
    source.write_bytes("\n".join(s for s, _ in PAIRS).encode())
    reference.write_bytes(("\r\n".join(t for _, t in PAIRS) + "\r\n").encode())
    checkpoints = find_checkpoints([], run)
    of_split = evaluate_checkpoints(checkpoints)
    of_files = evaluate_files(checkpoints, source, reference)
    assert of_files.scores == of_split.scores
    assert of_files.split is None
    assert of_files.translations == "translations.file.in.txt"
    translations = [(run / f"translations.{name}.txt").read_text(encoding="utf-8") for name in ("file.in", "test")]
    assert translations[0] == translations[1]


def test_references_are_normalised_as_translations_are(run: Path, tmp_path: Path) -> None:
    source, plain, odd = tmp_path / "in.txt", tmp_path / "plain.txt", tmp_path / "odd.txt"
    references = ["dé ba", "cba ?", "g f e d c b a", "h", "bac çé"]
    source.write_text("".join(s + "\n" for s, _ in PAIRS), encoding="utf-8")
    plain.write_text("".join(line + "\n" for line in references), encoding="utf-8")
    text = unicodedata.normalize("NFD", "\r\n".join(references) + "\r\n")
    text = text.replace(" ?", "\u00a0?").replace("g f", "g\u00ad f\u200b").replace("bac", "\ufeffbac")
    odd.write_bytes(codecs.BOM_UTF8 + text.encode())
    checkpoints = find_checkpoints([], run)
    assert evaluate_files(checkpoints, source, odd).scores == evaluate_files(checkpoints, source, plain).scores


def test_several_references(run: Path, tmp_path: Path) -> None:
    source, first, second, short = (tmp_path / name for name in ("in", "first", "second", "short"))
    translations = Translator.load(run).translate([s for s, _ in PAIRS])
    others = [f"{line} x" for line in translations]
    source.write_text("".join(s + "\n" for s, _ in PAIRS))
    first.write_text("".join(t + "\n" for _, t in PAIRS))
    second.write_text("".join(line + "\n" for line in others))
    short.write_text("x\n")
    checkpoints = find_checkpoints([], run)
    report = evaluate_files(checkpoints, source, [first, second])
    assert vars(report.scores) == pytest.approx(vars(score(translations, [t for _, t in PAIRS], "yy", [others])))
    assert report.scores.chrf > evaluate_files(checkpoints, source, first).scores.chrf + 10
    report = evaluate_files(checkpoints, source, [first, second])
    assert report.signatures == signatures("yy", 2)
    assert report.corpus == f"{source} → {first}, {second}"
    assert read_report(run) == report
    _refused(lambda: evaluate_files(checkpoints, source, [first, short]), f"{source} has 5 lines and {short} has 1")
    _refused(lambda: evaluate_files(checkpoints, source, [first, first]), "--reference", "twice")


def test_few_sentences_are_told_to_be_too_few(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_interval = evaluate_checkpoints(find_checkpoints([], run))
    monkeypatch.setattr(evaluation, "FEWEST_RESAMPLED", 6)
    report = evaluate_checkpoints(find_checkpoints([], run))
    assert with_interval.confidence
    assert report.confidence == {}
    assert report.scores == with_interval.scores
    text = render(report)
    assert "±" not in text
    assert "too few sentences for an interval: fewer than 6" in text
    assert "too few" not in render(with_interval)


def test_hints_at_a_wrong_reference_are_told(run: Path, tmp_path: Path) -> None:
    source, reference = tmp_path / "in", tmp_path / "reference"
    source.write_text("".join(s + "\n" for s, _ in PAIRS))
    notes: list[str] = []
    for text in (PAIRS, [(s, f"{s} @-@ .") for s, _ in PAIRS]):
        reference.write_text("".join(t + "\n" for _, t in text))
        evaluate_files(find_checkpoints([], run), source, reference, note=notes.append)
    (hint,) = (note for note in notes if note.startswith("hint: "))
    assert str(reference) in hint


def test_the_same_is_not_evaluated_twice(run: Path, corpus: Corpus) -> None:
    notes: list[str] = []

    def translates(*, beam: int | None = None, which: str = "best") -> bool:
        notes.clear()
        evaluate_checkpoints(find_checkpoints([which], run), beam=beam, note=notes.append)
        assert ("up to date" in notes[0]) == (len(notes) == 1)
        return len(notes) > 1

    assert translates()
    before = (run / "report.json").read_bytes()
    assert not translates()
    assert (run / "report.json").read_bytes() == before
    assert translates(beam=1)
    assert not translates(beam=1)
    assert translates(which="last")
    assert translates()
    _stage(corpus, "1")
    assert translates()
    (run / "report.json").write_text("{")
    assert translates()
    assert not translates()


def test_names_of_checkpoints(run: Path) -> None:
    best, last = run / "checkpoints" / "0000010", run / "checkpoints" / "0000020"
    assert find_checkpoints([], run) == [best]
    assert find_checkpoints(["last", "10", "best"], run) == [last, best]
    assert find_checkpoints([str(last), str(run), str(run / "last")], None) == [last, best]


def test_checkpoints_that_are_not_there(run: Path, tmp_path: Path) -> None:
    _refused(lambda: find_checkpoints(["last"], None), "last", "runs/NAME/best")
    _refused(lambda: find_checkpoints(["15"], run), "'15'", "best, last, 0000010, 0000020")
    _refused(lambda: find_checkpoints([str(run / "checkpoints" / "15")], None), "'15'", "0000010")
    _refused(lambda: find_checkpoints([str(tmp_path / "nowhere")], None), "nowhere: no such checkpoint", "--run DIR")
    _refused(lambda: find_checkpoints([str(tmp_path)], None), "no trained run there", "make train")


def test_splits_that_are_not_there(run: Path, corpus: Corpus) -> None:
    checkpoints = find_checkpoints([], run)
    _refused(lambda: evaluate_checkpoints(checkpoints, "dev"), str(corpus.folder), "'dev'", "train, test, validation")
    _refused(lambda: evaluate_checkpoints(checkpoints, "validation"), "its validation split is empty", "--split")


def test_a_corpus_that_is_gone(run: Path, corpus: Corpus) -> None:
    corpus.folder.rename(corpus.folder.with_name("moved"))
    checkpoints = find_checkpoints([], run)
    _refused(
        lambda: evaluate_checkpoints(checkpoints), str(corpus.folder), "not there", "make preprocess", "--prepared"
    )
    report = evaluate_checkpoints(checkpoints, prepared=corpus.folder.with_name("moved"))
    assert report.corpus == str(corpus.folder.with_name("moved"))


def test_a_corpus_prepared_anew(run: Path, corpus: Corpus) -> None:
    notes: list[str] = []
    _stage(write_corpus(corpus.folder, {"train": PAIRS, "test": PAIRS[:2]}), "other")
    checkpoints = find_checkpoints([], run)
    _refused(lambda: evaluate_checkpoints(checkpoints), "prepared anew", "config.toml", "--prepared")
    report = evaluate_checkpoints(checkpoints, prepared=corpus.folder, note=notes.append)
    assert report.sentences == 2
    assert "other text" in notes[0]


def test_other_subwords_of_the_same_text_do_not_matter(run: Path, corpus: Corpus) -> None:
    notes: list[str] = []
    before = evaluate_checkpoints(find_checkpoints([], run))
    _stage(write_corpus(corpus.folder, {"train": PAIRS, "test": PAIRS}, joint=False), "1")
    after = evaluate_checkpoints(find_checkpoints([], run), note=notes.append)
    assert after.scores == before.scores
    assert not [note for note in notes if "other text" in note]


def test_other_languages(run: Path, corpus: Corpus, tmp_path: Path) -> None:
    other = _stage(write_corpus(tmp_path / "other", {"train": PAIRS, "test": PAIRS}), "1")
    manifest = read_manifest(other.folder) | {"languages": {"source": "yy", "target": "xx"}}
    write_manifest(other.folder, manifest)
    own = find_checkpoints([], run)
    _refused(lambda: evaluate_checkpoints(own, prepared=other.folder), f"{other.folder}: yy-xx", "translates xx-yy")
    back = find_checkpoints([], _run(tmp_path / "back", Corpus(other.folder)))
    _refused(lambda: evaluate_checkpoints([*own, *back]), "yy-xx", "xx-yy", "the same languages")


def test_files_that_do_not_fit(run: Path, tmp_path: Path) -> None:
    three, two, latin, empty = (tmp_path / name for name in ("three", "two", "latin", "empty"))
    three.write_bytes("a\u2028b\nb\u0085c\n\n".encode())
    two.write_bytes(b"a\nb\n")
    latin.write_bytes(b"a\n\xe9t\xe9\n")
    empty.write_bytes(b"")
    checkpoints = find_checkpoints([], run)
    _refused(lambda: evaluate_files(checkpoints, three, two), f"{three} has 3 lines and {two} has 2")
    _refused(lambda: evaluate_files(checkpoints, two, latin), f"{latin}:2: not UTF-8")
    _refused(lambda: evaluate_files(checkpoints, empty, empty), f"{empty}: the file is empty")
    _refused(lambda: evaluate_files(checkpoints, tmp_path / "none", two), str(tmp_path / "none"))
    assert not (run / "report.json").exists()


def test_a_run_that_cannot_be_written_to(run: Path) -> None:
    (run / "translations.test.txt").mkdir()
    _refused(lambda: evaluate_checkpoints(find_checkpoints([], run)), f"{run}: cannot be written to")


def test_reports_that_cannot_be_read(run: Path) -> None:
    _refused(lambda: read_report(run), "report.json", "make evaluate")
    (run / "report.json").write_text('{"checkpoint": "x"}')
    _refused(lambda: read_report(run), "report.json", "damaged")
    report = evaluate_checkpoints(find_checkpoints(["best", "last"], run)).model_dump(mode="json")
    first, other = report["by_length"][0], report["comparison"][0]
    for damage in (
        {"signatures": {"bleu": "x", "meteor": "x"}},
        {"by_length": [first | {"bleu": None}, *report["by_length"][1:]]},
        {"by_length": report["by_length"][1:]},
        {"comparison": [other | {"p_values": {"bleu": 0.5}}]},
    ):
        (run / "report.json").write_text(json.dumps(report | damage))
        _refused(lambda: read_report(run), "report.json", "damaged")


def test_the_report_as_text(run: Path) -> None:
    report = evaluate_checkpoints(find_checkpoints(["best", "last"], run))
    text = render(report)
    lines = text.splitlines()
    assert lines[0] == f"test of {report.corpus}: 5 sentences"
    assert lines[1].startswith(f"[1] {report.checkpoint}: beam 2, ")
    assert [line.split()[0] for line in lines[5:8]] == ["[1]", "[2]", "p"]
    for metric, value in vars(report.comparison[0].scores).items():
        assert f"{value:.1f} ± " in lines[6]
        assert f"p = {report.comparison[0].p_values[metric]:.3f}" in lines[7]
        assert f"{metric}: {report.signatures[metric]}" in lines
    table = lines[lines.index("by words of the source") + 1 :]
    assert table[0].split("  ")[0].strip() == "words"
    assert [row.split()[:2] for row in table[1:3]] == [["1–5", "4"], ["6–10", "1"]]
    alone = render(Report.model_validate(report.model_dump() | {"comparison": [], "confidence": {}}))
    assert "±" not in alone
    assert "p =" not in alone
    assert "[1]" not in alone
