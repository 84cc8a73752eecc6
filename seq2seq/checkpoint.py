"""A run on disk: its folder, its checkpoints, saved whole or not at all, verified when read.

    RUN/config.toml  corpus.json  subwords*.model  environment.json     written when the run begins
    RUN/checkpoints/STEP/  model.safetensors  optimiser.safetensors  state.json
    RUN/best, RUN/last     the number of a step

`state.json` holds the SHA-256 of the two others.  The random numbers of a step are a function of seed and step, so
there is no generator to save.  No pickle is written or read.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import torch
from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from data_prep.corpus import Corpus, file_digest, replace_durably, sync
from data_prep.errors import UserError
from data_prep.subwords import Subwords
from seq2seq.batches import Position
from seq2seq.config import Config, read_config
from seq2seq.model import Translation
from seq2seq.optimisers import Muon

Optimisers = tuple[torch.optim.Optimizer, ...]
MOMENTS = {Muon: ("momentum",), torch.optim.AdamW: ("exp_avg", "exp_avg_sq", "step")}
"""What each kind of optimiser keeps for a parameter."""
MODEL, OPTIMISER, STATE = "model.safetensors", "optimiser.safetensors", "state.json"
CONFIG, CORPUS = "config.toml", "corpus.json"


class TrainingState(BaseModel):
    """Where a run stands: all that a resumed run needs beside weights and moments."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    step: int = 0
    """Updates made."""
    position: Position = Position()
    """Where the next batch is."""
    epochs: float = 0.0
    """Passes over the training split made."""
    seconds: float = 0.0
    """Time trained."""
    pace: list[tuple[int, float]] = []
    """Progress of the schedule at steps, where it goes by the clock."""
    window_loss: float = 0.0
    """Loss summed since the last note in metrics.jsonl."""
    window_tokens: int = 0
    """Target subwords since that note."""
    window_steps: int = 0
    """Updates since that note."""
    window_norm: float = 0.0
    """Norms of their gradients, summed."""
    window_clipped_norm: float = 0.0
    """The same after clipping."""
    window_clipped: float = 0.0
    """How many of them were clipped."""
    best_step: int = 0
    """Step of the best validation, 0 before the first."""
    best_bleu: float = -1.0
    """BLEU of that validation."""
    stale: int = 0
    """Validations since."""
    checksums: dict[str, str] = {}
    """SHA-256 of the files beside this one."""


def write_text(path: Path, text: str) -> None:
    """Write a small file so that a crash leaves the old one or the new one, whole."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text, encoding="utf-8")
    replace_durably(partial, path)


def begin_run(run: Path, config: Config, corpus: Corpus) -> None:
    """Make the folder of a new run, able to translate without the corpus that it was trained on."""
    try:
        run.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{run}: no folder can be made there ({error.strerror}); name another RUN=…") from error
    for name, data in corpus.subwords.files().items():
        partial = run / (name + ".partial")
        partial.write_bytes(data)
        replace_durably(partial, run / name)
    about = {"folder": str(corpus.folder), "fingerprint": corpus.fingerprint, "manifest": corpus.manifest}
    write_text(run / CORPUS, json.dumps(about, indent=2, ensure_ascii=False) + "\n")
    write_text(run / CONFIG, config.toml())


def read_corpus_note(run: Path) -> dict[str, Any]:
    """What the run notes of its corpus: `folder`, `fingerprint`, `manifest`."""
    try:
        note: dict[str, Any] = json.loads((run / CORPUS).read_bytes())
        return note
    except FileNotFoundError as error:
        raise UserError(f"{run}: not a run; `make train` makes one") from error
    except ValueError as error:
        raise UserError(f"{run / CORPUS}: damaged ({error})") from error


def save_checkpoint(run: Path, model: Translation, optimisers: Optimisers, state: TrainingState) -> None:
    """Save and mark as the last, and as the best if it is; then remove what is neither."""
    folder = run / "checkpoints" / f"{state.step:07d}"
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    save_file({name: p.detach().contiguous() for name, p in model.named_parameters()}, partial / MODEL)
    save_file(_moments(model, optimisers), partial / OPTIMISER)
    for name in (MODEL, OPTIMISER):
        sync(partial / name)
    checksums = {name: file_digest(partial / name) for name in (MODEL, OPTIMISER)}
    state = state.model_copy(update={"checksums": checksums})
    write_text(partial / STATE, state.model_dump_json(indent=2) + "\n")
    if folder.exists():
        # Left by a crash before it was marked as the last: nothing points at it.
        shutil.rmtree(folder)
    partial.rename(folder)
    sync(folder.parent)
    write_text(run / "last", f"{state.step}\n")
    # Not only where this step is the best: a crash may have come between a save and its mark.
    if folder.with_name(f"{state.best_step:07d}").exists():
        write_text(run / "best", f"{state.best_step}\n")
    elif not (run / "best").exists():
        write_text(run / "best", f"{state.step}\n")
    kept = {find_checkpoint(run, mark).name for mark in ("best", "last")}
    for other in folder.parent.iterdir():
        if other.name not in kept:
            shutil.rmtree(other, ignore_errors=True)


def _moments(model: Translation, optimisers: Optimisers) -> dict[str, Tensor]:
    """The optimisers' state by parameter name."""
    return {
        f"{name}.{key}": value
        for name, parameter in model.named_parameters()
        for optimiser in optimisers
        for key, value in optimiser.state.get(parameter, {}).items()
    }


def find_checkpoint(run: Path, which: str) -> Path:
    """Folder of the checkpoint `best`, `last` or a step.  Raises UserError if it is not there."""
    step = which
    if which in ("best", "last"):
        try:
            step = (run / which).read_text(encoding="utf-8").strip()
        except (FileNotFoundError, NotADirectoryError) as error:
            raise UserError(f"{run}: no trained run there; `make train CORPUS=…` makes one, RUN=… names one") from error
    folder = run / "checkpoints" / f"{int(step):07d}" if step.isdecimal() else run / "checkpoints" / step
    if not step.isdecimal() or not (folder / STATE).is_file():
        there = sorted(path.name for path in (run / "checkpoints").glob("*") if path.name.isdecimal())
        raise UserError(f"{run}: no checkpoint {which!r}; there are best, last, {', '.join(there) or 'no others'}")
    return folder


def read_state(checkpoint: Path) -> TrainingState:
    """The state of a checkpoint, its files' checksums verified.  Raises UserError if one is damaged."""
    state = _read_unverified(checkpoint)
    for name in (MODEL, OPTIMISER):
        _verify(checkpoint / name, state)
    return state


def _read_unverified(checkpoint: Path) -> TrainingState:
    try:
        return TrainingState.model_validate_json((checkpoint / STATE).read_bytes())
    except (OSError, ValidationError) as error:
        raise UserError(f"{checkpoint / STATE}: damaged; use another checkpoint of the run") from error


def _verify(path: Path, state: TrainingState) -> None:
    if not path.is_file() or file_digest(path) != state.checksums.get(path.name):
        raise UserError(f"{path}: missing or damaged (its checksum differs); use another checkpoint of the run")


def _load_tensors(path: Path, device: torch.device) -> dict[str, Tensor]:
    try:
        return load_file(path, device=str(device))
    except (OSError, SafetensorError) as error:
        raise UserError(f"{path}: cannot be read ({error}); use another checkpoint of the run") from error


def load_model(checkpoint: Path, device: torch.device) -> tuple[Translation, Subwords, Config]:
    """The network of a checkpoint, ready to translate, with the run's subwords and configuration."""
    run = checkpoint.parent.parent
    config = read_config(run / CONFIG)
    subwords = Subwords.load(run)
    _verify(checkpoint / MODEL, _read_unverified(checkpoint))
    model = Translation(config.model, subwords.source_size, subwords.target_size, subwords.joint)
    _load_weights(model, _load_tensors(checkpoint / MODEL, device), checkpoint)
    return model.to(device).eval(), subwords, config


def _load_weights(model: Translation, tensors: dict[str, Tensor], checkpoint: Path) -> None:
    try:
        model.load_state_dict(tensors)
    except RuntimeError as error:
        raise UserError(f"{checkpoint}: its weights do not fit {CONFIG} of the run") from error


def restore(checkpoint: Path, model: Translation, optimisers: Optimisers, device: torch.device) -> TrainingState:
    """Put a checkpoint back into a network and its optimisers; return the state to go on from."""
    state = read_state(checkpoint)
    _load_weights(model, _load_tensors(checkpoint / MODEL, device), checkpoint)
    moments = _load_tensors(checkpoint / OPTIMISER, device)
    unfit = f"{checkpoint / OPTIMISER}: does not fit the network; use another checkpoint"
    names = {parameter: name for name, parameter in model.named_parameters()}
    for optimiser in optimisers:
        kept = MOMENTS[type(optimiser)]
        for parameter in optimiser.param_groups[0]["params"]:
            try:
                optimiser.state[parameter] = {key: moments.pop(f"{names[parameter]}.{key}") for key in kept}
            except KeyError as error:
                raise UserError(unfit) from error
    if moments:
        raise UserError(unfit)
    return state
