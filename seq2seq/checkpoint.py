"""The checkpoints of a run, saved whole or not at all, verified when read.

    RUN/checkpoints/STEP/  model.safetensors  optimiser.safetensors  state.json  SHA256SUMS
    RUN/best, RUN/last     the number of a step, and its SHA-256

Whatever is read is verified first.  Kept are the best checkpoint, the last, and the one before the last, to go on from
if the last is damaged.  The random numbers of a step are a function of seed and step, so there is no generator to
save.  No pickle is written or read.
"""

import os
import re
import shutil
from collections.abc import Collection, Mapping
from functools import partial
from pathlib import Path
from typing import Annotated

import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from data_prep.errors import UserError
from data_prep.files import (
    DIFFERS,
    SUMS,
    digest,
    file_digest,
    read_sums,
    same_digest,
    sync,
    write_sums,
    write_text,
)
from data_prep.settings import MANY
from data_prep.subwords import Subwords
from data_prep.untrusted import JSON_LIMIT, read_small, refuse_links
from seq2seq.batches import Position
from seq2seq.config import Config, read_config
from seq2seq.ensemble import Networks
from seq2seq.run_files import CONFIG, verify_run
from seq2seq.tensors import (
    Optimisers,
    Shapes,
    blueprint,
    moments,
    read_tensors,
    refuse_larger,
    shapes_of,
)

MODEL, OPTIMISER, STATE = "model.safetensors", "optimiser.safetensors", "state.json"
MARKS, LAST_GOOD = ("best", "last"), "last-good"
MARK_LIMIT = 100
"""Bytes of a mark, at most."""


Group = Annotated[list[Annotated[int, Field(ge=0, le=MANY)]], Field(min_length=10, max_length=10)]
"""What BLEU of a group of sentences is made of (`evaluation.py`)."""


class TrainingState(BaseModel):
    """Where a run stands: all that a resumed run needs beside weights and moments."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True)

    step: int = Field(default=0, ge=0, le=MANY)
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
    skipped: int = 0
    """Updates skipped, as their loss or gradient was not finite."""
    skipped_in_row: int = 0
    """Of these, the last ones, one after another."""
    best_step: int = 0
    """Step of the best validation, 0 before the first."""
    best_bleu: float = -1.0
    """BLEU of that validation."""
    best_loss: float | None = None
    """Its loss in nats per subword; None before the first, if it was not finite, and in runs of older versions."""
    stale: int = 0
    """Validations since."""
    anchor_bleu: float = -1.0
    """BLEU of the validation that others are compared with (`model_selection.py`)."""
    anchor_counts: list[Group] = []
    """What that BLEU is made of, in groups of sentences; empty before the first, and in runs of older versions."""

    @field_validator("position")
    @classmethod
    def _is_somewhere(cls, position: Position) -> Position:
        if not (0 <= position.epoch <= MANY and 0 <= position.batch <= MANY):
            raise ValueError("no such batch")
        return position


def save_checkpoint(run: Path, model: Networks, optimisers: Optimisers, state: TrainingState) -> None:
    """Save and mark as the last, and as the best if it is; then remove all but these and the one before."""
    folder = _folder(run, state.step)
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        partial.mkdir(parents=True)
        _write_checkpoint(partial, model, optimisers, state)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    # What is there was left by a crash before it was marked as the last: nothing points at it.
    _remove(folder)
    partial.rename(folder)
    sync(folder.parent)
    mark(run, "last", state.step)
    best = mark_best(run, state)
    before = [step for step in _steps(run) if step < state.step]
    kept = {_folder(run, step) for step in (best, state.step, *before[-1:])}
    for other in list(folder.parent.iterdir()):
        if other not in kept:
            _remove(other)


def _remove(folder: Path) -> None:
    """Remove a checkpoint, or what is left of one, so that a crash in the middle leaves nothing that seems whole."""
    if folder.exists():
        removed = folder.with_suffix(".removed")
        if removed != folder:
            shutil.rmtree(removed, ignore_errors=True)
            folder.rename(removed)
        shutil.rmtree(removed, ignore_errors=True)


def _write_checkpoint(folder: Path, model: Networks, optimisers: Optimisers, state: TrainingState) -> None:
    """Write the files of a checkpoint."""
    weights = {name: p.detach().contiguous() for name, p in model.named_parameters()}
    for name, tensors in ((MODEL, weights), (OPTIMISER, moments(model, optimisers))):
        try:
            save_file(tensors, folder / name)
        except SafetensorError as error:
            if number := re.search(r"os error (\d+)", str(error)):
                raise OSError(int(number[1]), os.strerror(int(number[1])), folder / name) from error
            raise
        sync(folder / name)
    write_text(folder / STATE, state.model_dump_json(indent=2) + "\n")
    write_sums(folder, {name: file_digest(folder / name) for name in (MODEL, OPTIMISER, STATE)})


def mark(run: Path, which: str, step: int) -> None:
    """Note that a step is the run's `best` or `last`."""
    write_text(run / which, _mark(step))


def _mark(step: int) -> str:
    return f"{step}\n{digest(str(step).encode())}\n"


def mark_best(run: Path, state: TrainingState, mend: bool = False) -> int:
    """Mark the best step of a run that stands at `state`, and return it.

    Not only where it is this one: a crash may have come between a save and its marks.  To `mend` is to remove one
    whose network is damaged.  Where the best has gone, what comes next has no score to beat.
    """
    marked = _marked(run, "best")
    for step in {state.best_step, marked}:
        if mend and not _is_whole(run, step, (MODEL,)):
            _remove(_folder(run, step))
    best = next((step for step in (state.best_step, marked) if _folder(run, step).exists()), state.step)
    if best != state.best_step:
        state.best_step, state.best_bleu, state.best_loss, state.stale = 0, -1.0, None, 0
        state.anchor_bleu, state.anchor_counts = -1.0, []
    if best != marked:
        mark(run, "best", best)
    return best


def _marked(run: Path, which: str) -> int:
    """The step that is marked so; -1 if none is, or the mark is damaged."""
    try:
        data = read_small(run / which, MARK_LIMIT)
    except (FileNotFoundError, NotADirectoryError, UserError):
        return -1
    step = data.partition(b"\n")[0]
    return int(step) if step.isdigit() and data == _mark(int(step)).encode() else -1


def _folder(run: Path, step: int) -> Path:
    return run / "checkpoints" / f"{step:07d}"


def _steps(run: Path) -> list[int]:
    """Steps of the checkpoints there are."""
    states = (run / "checkpoints").glob(f"*/{STATE}")
    return sorted(int(path.parent.name) for path in states if path.parent.name.isdecimal())


def is_begun(run: Path, resume: str) -> bool:
    """Whether there is something to go on from, `last` or `last-good`.  Raises UserError if it has been lost.

    One checkpoint without a mark is what a crash in the first save leaves: nothing that was said to be saved.
    """
    steps = _steps(run)
    if resume == "last" and not (run / "last").exists() and (len(steps) > 1 or (steps and (run / "best").exists())):
        raise _damaged(run, run / "last")
    return (run / "last").exists() or (resume == LAST_GOOD and bool(steps))


def find_checkpoint(run: Path, which: str) -> Path:
    """Folder of the checkpoint `best`, `last`, `last-good` or a step.  Raises UserError if it is not there.

    `last-good` is the newest whose checksums hold.
    """
    refuse_links(run)
    if which == LAST_GOOD:
        if step := _newest_whole(run):
            return _folder(run, step)
        raise UserError(f"{run}: no checkpoint is whole; remove the folder, or name another RUN=…")
    step = int(which) if re.fullmatch(r"\d{1,18}", which) else -1
    if which in MARKS:
        if not (run / which).is_file() and not _steps(run):
            raise UserError(f"{run}: no trained run there; `make train CORPUS=…` makes one, RUN=… names one")
        if (step := _marked(run, which)) < 0:
            raise _damaged(run, run / which)
    folder = _folder(run, step)
    if step < 0 or not (folder / STATE).is_file():
        if not (there := [path.name for path in map(partial(_folder, run), _steps(run))]):
            raise UserError(f"{run}: its checkpoints are gone; name another RUN=…")
        marks = [mark for mark in MARKS if _marked(run, mark) in _steps(run)]
        raise UserError(f"{run}: no checkpoint {which!r}; there are {', '.join([*marks, *there])}")
    return folder


def _newest_whole(run: Path, but: Path | None = None) -> int:
    """Step of the newest checkpoint whose checksums hold, other than one; 0 if there is none."""
    return next((step for step in reversed(_steps(run)) if _folder(run, step) != but and _is_whole(run, step)), 0)


def _is_whole(run: Path, step: int, names: Collection[str] = (MODEL, OPTIMISER)) -> bool:
    folder = _folder(run, step)
    sums = _read_sums(folder)
    try:
        state = _read_state(folder, sums)
    except (OSError, UserError, ValidationError):
        return False
    return state.step == step and all(same_digest(folder / name, sums.get(name)) for name in names)


def _damaged(run: Path, path: Path, why: str = DIFFERS) -> UserError:
    """What to say of a damaged file of a run's checkpoint, and of another one that is whole."""
    if step := _newest_whole(run, but=path.parent):
        offer = f"step {step} is whole: RESUME={LAST_GOOD} trains on from it, --checkpoint {LAST_GOOD} translates by it"
    else:
        offer = "no other checkpoint of the run is whole; name another RUN=…"
    return UserError(f"{path}: {why}; {offer}")


def _read_sums(checkpoint: Path) -> dict[str, str]:
    """Checksums of the files of a checkpoint; none where they are missing or damaged."""
    try:
        sums = read_sums(checkpoint, "use another checkpoint") or {}
    except (OSError, UserError):
        return {}
    return sums if sums.keys() == {MODEL, OPTIMISER, STATE} else {}


def _read_state(checkpoint: Path, sums: Mapping[str, str]) -> TrainingState:
    data = read_small(checkpoint / STATE, JSON_LIMIT)
    if sums.get(STATE) != digest(data):
        raise UserError(f"{checkpoint / STATE}: {DIFFERS}")
    return TrainingState.model_validate_json(data)


def read_state(checkpoint: Path, names: Collection[str] = (MODEL, OPTIMISER)) -> TrainingState:
    """The state of a checkpoint, its checksum and those of `names` verified.

    Raises UserError if one is damaged.
    """
    run = checkpoint.parent.parent
    if not (sums := _read_sums(checkpoint)):
        raise _damaged(run, checkpoint / SUMS, "missing or damaged")
    try:
        state = _read_state(checkpoint, sums)
    except (OSError, UserError, ValidationError) as error:
        raise _damaged(run, checkpoint / STATE) from error
    for name in names:
        if not same_digest(checkpoint / name, sums.get(name)):
            raise _damaged(run, checkpoint / name)
    return state


def _load_tensors(path: Path, shapes: Shapes, device: torch.device) -> dict[str, Tensor]:
    try:
        return read_tensors(path, shapes, device)
    except (OSError, SafetensorError) as error:
        raise _damaged(path.parent.parent.parent, path, f"cannot be read ({error})") from error


def load_model(checkpoint: Path, device: torch.device) -> tuple[Networks, Subwords, Config]:
    """The network of a checkpoint, ready to translate, with the run's subwords and configuration."""
    run = checkpoint.parent.parent
    verify_run(run)
    config = read_config(run / CONFIG)
    subwords = Subwords.load(run)
    model = blueprint(config, subwords)
    shapes = shapes_of(dict(model.named_parameters()))
    refuse_larger(checkpoint / MODEL, shapes)
    read_state(checkpoint, {MODEL})
    tensors = _load_tensors(checkpoint / MODEL, shapes, device)
    # Copies, as what is read may be a view of the file.
    model.load_state_dict({name: tensor.clone() for name, tensor in tensors.items()}, assign=True)
    return model.eval(), subwords, config


def restore(checkpoint: Path, model: Networks, optimisers: Optimisers, device: torch.device) -> TrainingState:
    """Put a checkpoint back into a network and its optimisers; return the state to go on from."""
    ours: dict[str, Mapping[str, Tensor]] = {
        MODEL: dict(model.named_parameters()),
        OPTIMISER: moments(model, optimisers),
    }
    for name, tensors in ours.items():
        refuse_larger(checkpoint / name, shapes_of(tensors))
    state = read_state(checkpoint)
    saved = [_load_tensors(checkpoint / name, shapes_of(tensors), device) for name, tensors in ours.items()]
    with torch.no_grad():
        for tensors, others in zip(ours.values(), saved, strict=True):
            for name, tensor in tensors.items():
                tensor.copy_(others[name])
    return state
