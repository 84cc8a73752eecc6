"""Checkpoints on a test text: translations, scores and `report.json` in the folder of the first one's run.

RUN/report.json   translations.SPLIT.txt, …SPLIT.2.txt for the second checkpoint and so on   bleu_by_length.png
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from data_prep.corpus import MANIFEST, Corpus
from data_prep.errors import UserError
from data_prep.files import write_text
from data_prep.normalization import normalize
from data_prep.subwords import Subwords
from data_prep.typicality import Typical, read_typicality
from seq2seq.checkpoint import LAST_GOOD, MARKS, STATE, find_checkpoint
from seq2seq.config import Decoding, read_config
from seq2seq.evaluation import by_source_length, compare, resampled, signatures
from seq2seq.plots import bleu_by_length
from seq2seq.references import hints, read_texts
from seq2seq.results import REPORT, Report, Result, read_report, write_report
from seq2seq.run_files import CONFIG, read_corpus_note, writable
from seq2seq.translator import Translator

PICTURE = "bleu_by_length.png"


@dataclass(frozen=True)
class Text:
    """What is translated and scored."""

    corpus: str
    split: str | None
    name: str
    """For the names of files made from it."""
    sources: list[str]
    references: list[str]
    further: tuple[list[str], ...] = ()
    """References of the same sources beside the first."""


def find_checkpoints(names: Sequence[str], run: Path | None) -> list[Path]:
    """Folders of checkpoints, each once, in the order named; with no name, the best of `run`.

    A name is `best`, `last`, `last-good` or a step of `run`, or else a path: of a run (its best), of its `best` or
    `last`, or of a checkpoint.  Raises UserError for one that is not there.
    """
    return list(dict.fromkeys(_find(name, run) for name in names or ["best"]))


def _find(name: str, run: Path | None) -> Path:
    path = Path(name)
    if name in (*MARKS, LAST_GOOD) or name.isdecimal():
        if run is None:
            raise UserError(f"checkpoint {name}: of which run? name its folder, or its best or last: runs/NAME/best")
        return find_checkpoint(run, name)
    if path.parent.name == "checkpoints":
        return find_checkpoint(path.parent.parent, path.name)
    if path.name in MARKS and path.is_file():
        return find_checkpoint(path.parent, path.name)
    if not path.is_dir():
        raise UserError(f"{name}: no such checkpoint; name a run's folder, or best, last or a step with --run DIR")
    return find_checkpoint(path, "best")


def evaluate_checkpoints(
    checkpoints: Sequence[Path],
    split: str = "test",
    prepared: Path | None = None,
    beam: int | None = None,
    note: Callable[[str], None] = lambda message: None,
) -> Report:
    """Translate a split of a prepared corpus with each checkpoint, score, and write the report.

    The corpus is the one that the first checkpoint's run was trained on, as long as it is still there with the
    same text; `prepared` names another one.  `note` is told what is going on.  Raises UserError.
    """
    corpus = Corpus(prepared) if prepared else own_corpus(_run(checkpoints[0]))
    languages = languages_of(checkpoints)
    if corpus.languages != languages:
        raise UserError(
            f"{corpus.folder}: {'-'.join(corpus.languages)}, but {checkpoints[0]} translates {'-'.join(languages)}"
        )
    for checkpoint in checkpoints:
        trained = read_corpus_note(_run(checkpoint))
        if not same_text(trained, corpus):
            note(
                f"{checkpoint} was trained on other text than {corpus.folder} has; what it has seen of this "
                f"{split} split, if anything, makes its scores too good"
            )
    if len(checkpoints) == 1 and (report := _up_to_date(checkpoints[0], split, corpus, beam)):
        note(f"{_run(checkpoints[0]) / REPORT} is up to date")
        return report
    part = corpus.split(split)
    if not len(part):
        raise UserError(f"{corpus.folder}: its {split} split is empty; choose another with --split")
    sources, references = part.texts()
    text = Text(str(corpus.folder), split, split, sources, references)
    return _evaluate(checkpoints, text, languages[1], beam, note)


def evaluate_files(
    checkpoints: Sequence[Path],
    source: Path,
    references: Path | Sequence[Path],
    beam: int | None = None,
    note: Callable[[str], None] = lambda message: None,
) -> Report:
    """The same with text files, UTF-8, in which line n of each reference translates line n of the source.

    References are normalized as translations are.  `note` gets a hint for each that looks wrong.
    """
    languages = languages_of(checkpoints)
    paths = [references] if isinstance(references, Path) else list(references)
    sources, texts = read_texts(source, paths)
    forms = Subwords.load(_run(checkpoints[0])).profile.target_characters
    texts = [[normalize(forms.apply(line)) for line in lines] for lines in texts]
    names = ", ".join(map(str, paths))
    text = Text(f"{source} → {names}", None, f"file.{source.stem[:50]}", sources, texts[0], tuple(texts[1:]))

    bits = _bits_of_source_text(_run(checkpoints[0]))

    def hint(translations: Sequence[str]) -> None:
        for path, lines in zip(paths, texts, strict=True):
            for found in hints(path, lines, sources, translations, languages, bits):
                note(f"hint: {found}")

    return _evaluate(checkpoints, text, languages[1], beam, note, hint)


def _bits_of_source_text(run: Path) -> Callable[[Sequence[str]], float] | None:
    """Bits per character that lines have by what is typical of a run's source text; none in older runs."""
    noted = read_typicality(read_corpus_note(run)["manifest"])
    if noted is None:
        return None
    typical, subwords = Typical(noted), Subwords.load(run)

    def bits(lines: Sequence[str]) -> float:
        text = "".join(lines)
        return typical.ratio([i for ids in subwords.encode_source(list(lines)) for i in ids], text) if text else 0.0

    return bits


def _up_to_date(checkpoint: Path, split: str, corpus: Corpus, beam: int | None) -> Report | None:
    """The report that is there already, if it is of the same and newer than all that it was made from."""
    run = _run(checkpoint)
    if not (run / REPORT).is_file():
        return None
    made_from = [checkpoint / STATE, run / CONFIG, corpus.folder / MANIFEST]
    if (run / REPORT).stat().st_mtime <= max(path.stat().st_mtime for path in made_from):
        return None
    try:
        report = read_report(run)
    except UserError:
        return None
    decoding = read_config(run / CONFIG).decoding
    decoding = decoding.model_copy(update={} if beam is None else {"beam": beam})
    asked: tuple[object, ...] = (str(checkpoint), split, str(corpus.folder), decoding, [])
    found = (report.checkpoint, report.split, report.corpus, report.decoding, report.comparison)
    # Earlier versions gave every text an interval.
    return report if found == asked and bool(report.confidence) == resampled(report.sentences) else None


def _run(checkpoint: Path) -> Path:
    return checkpoint.parent.parent


def own_corpus(run: Path) -> Corpus:
    """The corpus that a run was trained on, unless its text has changed since."""
    trained = read_corpus_note(run)
    # Relative to where the run was made, which mostly has the run two folders deep.
    noted = Path(trained["folder"])
    folder = next((one for one in (noted, run.resolve().parent.parent / noted) if (one / MANIFEST).is_file()), None)
    other = "or name a prepared corpus with --prepared DIR"
    if folder is None:
        raise UserError(f"{noted}: the prepared corpus of {run} is not there; run `make preprocess` again, {other}")
    corpus = Corpus(folder)
    if not same_text(trained, corpus):
        raise UserError(
            f"{folder}: prepared anew since {run} was trained on it, from other text or with other cleaning or "
            f"splitting; run `make preprocess` with the settings in {run / CONFIG}, {other}"
        )
    return corpus


def same_text(trained: dict[str, object], corpus: Corpus) -> bool:
    """Whether a run was trained on the same text, perhaps cut into other subwords.

    `trained` is the run's note of its corpus.  The stage `text` of a manifest stands for source, cleaning and
    splitting.
    """
    if trained["fingerprint"] == corpus.fingerprint:
        return True
    manifest = trained["manifest"]
    assert isinstance(manifest, dict)
    stages = [one.get("stages", {}).get("text") for one in (manifest, corpus.manifest)]
    return stages[0] is not None and stages[0] == stages[1]


def languages_of(checkpoints: Sequence[Path]) -> tuple[str, str]:
    """Source and target language, the same for all."""
    all_languages = []
    for checkpoint in checkpoints:
        languages = read_corpus_note(_run(checkpoint))["manifest"]["languages"]
        all_languages.append((languages["source"], languages["target"]))
        if all_languages[-1] != all_languages[0]:
            raise UserError(
                f"{checkpoint} translates {'-'.join(all_languages[-1])} and {checkpoints[0]} "
                f"{'-'.join(all_languages[0])}; only checkpoints of the same languages can be compared"
            )
    return all_languages[0]


@dataclass(frozen=True)
class _Translated:
    """What one checkpoint made of the text."""

    checkpoint: str
    decoding: Decoding
    translations: list[str]
    rate: float
    """Sentences a second."""
    file: str


def _evaluate(
    checkpoints: Sequence[Path],
    text: Text,
    language: str,
    beam: int | None,
    note: Callable[[str], None],
    check: Callable[[Sequence[str]], None] = lambda translations: None,
) -> Report:
    """Translate with all checkpoints, score and write; `check` is shown the first one's translations."""
    run = _run(checkpoints[0])
    made = []
    for number, checkpoint in enumerate(checkpoints, 1):
        file = f"translations.{text.name}.txt" if number == 1 else f"translations.{text.name}.{number}.txt"
        made.append(_translate(checkpoint, text, beam, note, file))
        with writable(run):
            write_text(run / file, "".join(line + "\n" for line in made[-1].translations))
    check(made[0].translations)
    systems = {one.checkpoint: one.translations for one in made}
    compared = compare(systems, text.references, language, text.further)
    first, *others = (
        Result(
            checkpoint=one.checkpoint,
            scores=compared[one.checkpoint].scores,
            confidence=compared[one.checkpoint].confidence,
            p_values=compared[one.checkpoint].p_values,
            by_length=by_source_length(text.sources, one.translations, text.references, language, text.further),
            decoding=one.decoding,
            sentences_per_second=one.rate,
            translations=one.file,
        )
        for one in made
    )
    report = Report(
        **dict(first),
        corpus=text.corpus,
        split=text.split,
        sentences=len(text.sources),
        signatures=signatures(language, 1 + len(text.further)),
        comparison=others,
    )
    with writable(run):
        write_report(run, report)
        bleu_by_length({result.checkpoint: result.by_length for result in (first, *others)}, run / PICTURE)
    note(f"wrote {run / REPORT}, and {PICTURE} and {', '.join(one.file for one in made)} beside it")
    return report


def _translate(checkpoint: Path, text: Text, beam: int | None, note: Callable[[str], None], file: str) -> _Translated:
    translator = Translator.load(_run(checkpoint), checkpoint.name)
    decoding = translator.decoding.model_copy(update={} if beam is None else {"beam": beam})
    note(f"translating {len(text.sources):,} sentences with {checkpoint}, beam {decoding.beam}")
    start = time.perf_counter()
    translations = translator.translate(text.sources, beam=decoding.beam)
    seconds = time.perf_counter() - start
    return _Translated(str(checkpoint), decoding, translations, len(text.sources) / seconds, file)
