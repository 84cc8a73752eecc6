"""`report.json`, how checkpoints did on a test text: its contents, its writer and reader, and it as plain text."""

from dataclasses import fields
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from data_prep.errors import UserError
from data_prep.files import write_text
from data_prep.untrusted import JSON_LIMIT, read_small, refuse_links
from seq2seq import evaluation
from seq2seq.config import Decoding
from seq2seq.evaluation import Bucket, Scores

REPORT = "report.json"


class Result(BaseModel):
    """How one checkpoint did."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    checkpoint: str
    """Its folder."""
    scores: Scores
    confidence: dict[str, tuple[float, float]]
    """95 % interval of each score; empty for a text too short or too long to resample."""
    p_values: dict[str, float]
    """Of the difference from the first checkpoint, by paired bootstrap; empty for the first, or without intervals."""
    by_length: list[Bucket]
    """BLEU by words of the source."""
    decoding: Decoding
    """How the translations were searched for."""
    sentences_per_second: float
    """Rate of translating, without loading and scoring."""
    translations: str
    """File of the translations, beside the report."""


class Report(Result):
    """Contents of report.json: the first checkpoint's result, and those compared with it."""

    corpus: str
    """Folder of the prepared corpus, or the pair of files."""
    split: str | None
    """Its part that was translated; none for a pair of files."""
    sentences: int
    """Number of sentences."""
    signatures: dict[str, str]
    """SacreBLEU's signature of each score."""
    comparison: list[Result]
    """The other checkpoints."""

    @model_validator(mode="after")
    def _is_whole(self) -> "Report":
        metrics, lengths = self.signatures.keys(), [(bucket.words, bucket.sentences) for bucket in self.by_length]
        if not metrics <= {field.name for field in fields(Scores)}:
            raise ValueError("a signature of no score")
        for result in (self, *self.comparison):
            if result.p_values and result.p_values.keys() != metrics:
                raise ValueError("scores and p-values differ")
            if [(bucket.words, bucket.sentences) for bucket in result.by_length] != lengths:
                raise ValueError("results are of other sentences")
            if any(bucket.sentences and bucket.bleu is None for bucket in result.by_length):
                raise ValueError("sentences without a score")
        return self


def write_report(run: Path, report: Report) -> None:
    """Write the report of a run, whole or not at all."""
    write_text(run / REPORT, report.model_dump_json(indent=2) + "\n")


def read_report(run: Path) -> Report:
    """The report of a run.  Raises UserError if there is none or it is damaged."""
    refuse_links(run)
    try:
        return Report.model_validate_json(read_small(run / REPORT, JSON_LIMIT))
    except (OSError, ValidationError) as error:
        raise UserError(f"{run / REPORT}: missing or damaged; `make evaluate` writes it") from error


def render(report: Report) -> str:
    """The report as plain text for people."""
    results = [report, *report.comparison]
    numbers = [f"[{number}]" for number in range(1, len(results) + 1)] if len(results) > 1 else [""]
    where = report.corpus if report.split is None else f"{report.split} of {report.corpus}"
    lines = [f"{where}: {report.sentences:,} sentences"]
    for number, result in zip(numbers, results, strict=True):
        lines.append(
            f"{number} {result.checkpoint}: beam {result.decoding.beam}, "
            f"{result.sentences_per_second:,.0f} sentences/s".lstrip()
        )
    rows = [["", "BLEU", "chrF", "TER"]]
    for number, result in zip(numbers, results, strict=True):
        rows.append([number, *(_score(result, metric) for metric in report.signatures)])
        if result.p_values:
            rows.append(["", *(f"p = {result.p_values[metric]:.3f}" for metric in report.signatures)])
    lines += ["", *align(rows)]
    if report.confidence:
        against = "; p against [1]" if report.comparison else ""
        lines.append(f"±: 95 % interval{against}, by paired bootstrap, {evaluation.RESAMPLES:,} samples")
    elif report.sentences < evaluation.FEWEST_RESAMPLED:
        lines.append(f"too few sentences for an interval: fewer than {evaluation.FEWEST_RESAMPLED}")
    rows = [["words", "sentences", *(f"BLEU {number}".rstrip() for number in numbers)]]
    for place, bucket in enumerate(report.by_length):
        if bucket.sentences:
            found = (result.by_length[place].bleu for result in results)
            rows.append([bucket.words, f"{bucket.sentences:,}", *(f"{bleu:.1f}" for bleu in found)])
    lines += ["", "by words of the source", *align(rows), ""]
    lines += [f"{metric}: {signature}" for metric, signature in report.signatures.items()]
    return "\n".join(lines) + "\n"


def _score(result: Result, metric: str) -> str:
    text = f"{getattr(result.scores, metric):.1f}"
    if metric in result.confidence:
        low, high = result.confidence[metric]
        text += f" ± {(high - low) / 2:.1f}"
    return text


def align(rows: list[list[str]]) -> list[str]:
    """Rows as lines with every column flush right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
