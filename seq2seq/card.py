"""The model card of a run: a README.md as the Hugging Face Hub expects it, from what the run's files hold."""

from pathlib import Path
from typing import Any

import torch
from huggingface_hub import EvalResult, ModelCardData
from pydantic import ValidationError

from data_prep.corpus import Corpus
from data_prep.errors import UserError
from data_prep.files import write_text
from data_prep.settings import Preparation
from seq2seq.assessment import same_text
from seq2seq.checkpoint import find_checkpoint, load_model, read_state
from seq2seq.config import Config
from seq2seq.results import Report, read_report, render
from seq2seq.run_files import CORPUS, read_corpus_note, writable

CARD, MARK = "README.md", "\nlibrary_name: seq2seq\n"


def write_card(run: Path) -> Path:
    """Write the card of the checkpoint that the run's `report.json` is about; return its path.

    Raises UserError if the run has not been evaluated on a split of a corpus.
    """
    report = read_report(run)
    if report.split is None:
        raise UserError(f"{run}: its report is of a pair of files; `make evaluate RUN={run}` evaluates it on a split")
    checkpoint = find_checkpoint(run, Path(report.checkpoint).name)
    model, _, config = load_model(checkpoint, torch.device("cpu"))
    state, note, name = read_state(checkpoint), read_corpus_note(run), run.resolve().name
    if not _is_own(report, note):
        raise UserError(
            f"{run}: its report is of {report.corpus}, and a card tells of the corpus trained on, {note['folder']}; "
            f"`make evaluate RUN={run}` evaluates it on that"
        )
    manifest = note["manifest"]
    try:
        Preparation.model_validate(manifest.get("settings"))
        if not isinstance(manifest["source"]["name"], str):
            raise TypeError
    except (ValidationError, LookupError, TypeError) as error:
        raise UserError(f"{run / CORPUS}: does not say what the corpus is, of which a card tells") from error
    effort = f"{state.step:,} updates, {state.epochs:.1f} passes over the corpus, {state.seconds / 60:.0f} minutes"
    parts = [
        f"---\n{_metadata(name, manifest, report, config)}\n---\n",
        _what_it_is(name, manifest, config, sum(parameter.numel() for parameter in model.parameters())),
        _data(manifest),
        f"## Training\nAs told in `config.toml`: {effort}, seed {config.training.seed}.\n",
        f"## Scores\n```\n{render(report)}```\n",
        _limits(manifest, config),
    ]
    with writable(run):
        if (run / CARD).exists() and MARK not in (run / CARD).read_text(encoding="utf-8", errors="replace"):
            raise UserError(f"{run / CARD}: is no card of ours, and would be written over; rename it")
        write_text(run / CARD, "\n".join(parts))
    return run / CARD


def _is_own(report: Report, note: dict[str, Any]) -> bool:
    """Whether the scores are on the corpus that a run was trained on, by its folder, or its text."""
    if Path(report.corpus).resolve() == Path(note["folder"]).resolve():
        return True
    try:
        return same_text(note, Corpus(Path(report.corpus)))
    except UserError:
        return False


def _metadata(name: str, manifest: dict[str, Any], report: Report, config: Config) -> str:
    """What the Hub reads of a card."""
    source, languages = manifest["source"], manifest["languages"]
    hub = source.get("hub")
    data = ModelCardData(
        language=[languages["source"], languages["target"]],
        license=str(source.get("licence") or "unknown").lower(),
        library_name="seq2seq",
        pipeline_tag="translation",
        tags=["translation", "recurrent-neural-network", config.model.cell],
        datasets=[hub] if hub else None,
        metrics=list(report.signatures),
        model_name=name,
        eval_results=[
            EvalResult(
                task_type="translation",
                dataset_type=hub or source["name"],
                dataset_name=source["name"],
                dataset_split=report.split,
                dataset_revision=source.get("revision"),
                metric_type=metric,
                metric_value=round(getattr(report.scores, metric), 2),
                metric_args={"signature": signature},
            )
            for metric, signature in report.signatures.items()
        ],
    )
    return data.to_yaml().strip()


def _what_it_is(name: str, manifest: dict[str, Any], config: Config, parameters: int) -> str:
    source, target = (manifest["languages"][side] for side in ("source", "target"))
    network = config.model
    attention = "attention" if network.attention else "no attention"
    kind = "a recurrent encoder-decoder" if network.networks == 1 else f"{network.networks} recurrent encoder-decoders"
    return f"""# {name}
Translates from {source} to {target}: {kind} ({network.cell}, {parameters:,} parameters, layers of
the encoder {network.encoder_layers}, of the decoder {network.decoder_layers}, {attention}), trained
by seq2seq on one corpus.

```
seq2seq translate --run {name} "…"
```
```python
from seq2seq import Translator

Translator.load("{name}").translate(["…"])
```
"""


def _data(manifest: dict[str, Any]) -> str:
    source = manifest["source"]
    about = [f"{key}: {value}" for key, value in source.items() if isinstance(value, str | int)]
    lines = ["## Data", *(f"- {line}" for line in about), ""]
    lines += ["| split | pairs | dropped in cleaning |", "|---|---|---|"]
    for name, split in manifest["splits"].items():
        dropped = ", ".join(f"{reason} {found['pairs']:,}" for reason, found in split.get("dropped", {}).items())
        lines.append(f"| {name} | {split['pairs']:,} | {dropped or 'none'} |")
    return "\n".join(lines) + "\n"


def _limits(manifest: dict[str, Any], config: Config) -> str:
    words = Preparation.model_validate(manifest["settings"]).cleaning.max_words
    carried = "Numbers, addresses and code pass through unchanged." if config.subwords.carry else ""
    return f"""## Limits and bias
It knows the kind of text it was trained on, sentence by sentence (those of training have up to {words} words). Of
other text, and of words that are not in its corpus, it makes guesses that may read well and be wrong. {carried}
Who is meant by a pronoun, how formal an address is, or what gender a person has, it decides by what is most frequent
in its corpus, whose prejudices it so repeats. Do not rely on it where a mistake does harm. The licence above is that
of the data, as its source states it; check it before passing the network on.
"""
