"""What a run notes in its folder when it begins, verified when read, and the lock of the folder.

RUN/config.toml  corpus.json  subwords*.model  text.json  SHA256SUMS  environment.json
"""

import json
import os
import platform
import subprocess
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from data_prep.corpus import MANIFEST, SUBWORD_FILES, Corpus
from data_prep.errors import UserError
from data_prep.files import DIFFERS, SUMS, digest, locked, read_sums, same_digest, write_sums, write_whole
from data_prep.typicality import read_typicality
from data_prep.untrusted import JSON_LIMIT, check_manifest, parse_json, read_small, refuse_links
from seq2seq.config import Config, read_config

CONFIG, CORPUS, ENVIRONMENT = "config.toml", "corpus.json", "environment.json"
LIMITS = {"minutes", "steps", "epochs", "patience"}
MAY_CHANGE = {*LIMITS, "weights_steps", "precision", "device"}
"""Settings of [training] that may be others when a run goes on: its limits, what is noted, and what suits a machine."""
MEND = "`make train` with RESUME=last-good and the settings it had writes it anew"


@contextmanager
def held(run: Path) -> Iterator[None]:
    """Make the folder of a run if need be, and refuse it to other trainings meanwhile.

    Raises UserError if it is in use, cannot be made, or has files of something else, which a run would write over.
    """

    def refuse() -> None:
        raise UserError(f"{run}: another training is under way in this folder; wait for it, or name another RUN=…")

    _make_folder(run)
    if (run / MANIFEST).exists():
        raise UserError(f"{run}: a prepared corpus is in this folder; name another RUN=…")
    with locked(run, refuse):
        refuse_links(run)
        if not (run / CORPUS).exists() and CORPUS not in _sums(run):
            for path in sorted(run.iterdir()):
                if path.suffix != ".partial" and not path.name.startswith("."):
                    raise UserError(f"{run}: has other files in it, such as {path.name}; name another RUN=…")
        yield


def _make_folder(run: Path) -> None:
    try:
        run.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{run}: no folder can be made there ({error.strerror}); name another RUN=…") from error


def begin_run(run: Path, config: Config, corpus: Corpus) -> None:
    """Make the folder of a new run, able to translate without the corpus that it was trained on."""
    _make_folder(run)
    files = _files(config, corpus)
    digests = {name: digest(data) for name, data in files.items()}
    # What is as it should be stays as it is: a report is newer than the configuration that it was made with.
    if _sums(run) == digests and all(same_digest(run / name, expected) for name, expected in digests.items()):
        return
    # A crash in here leaves files without checksums, not files that seem damaged.
    (run / SUMS).unlink(missing_ok=True)
    # What a start with other settings left, before its first checkpoint, would be read too.
    for name in SUBWORD_FILES - files.keys():
        (run / name).unlink(missing_ok=True)
    for name, data in files.items():
        write_whole(run / name, data)
    write_sums(run, digests)


def note_environment(run: Path, device: torch.device, precision: torch.dtype) -> None:
    """Write down what the numbers of a run depend on beside its configuration."""
    packages = ("torch", "sentencepiece", "sacrebleu", "safetensors", "numpy", "pyarrow")
    git = ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"]
    try:
        commit = subprocess.run(git, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        commit = None
    about = {
        "versions": {name: version(name) for name in packages},
        "python": platform.python_version(),
        "commit": commit,
        "host": platform.node(),
        "system": platform.platform(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else platform.processor() or "cpu",
        "precision": str(precision).removeprefix("torch."),
    }
    write_whole(run / ENVIRONMENT, (json.dumps(about, indent=2) + "\n").encode())


def _files(config: Config, corpus: Corpus) -> dict[str, bytes]:
    """What a run notes when it begins."""
    about = {"folder": str(corpus.folder), "fingerprint": corpus.fingerprint, "manifest": corpus.manifest}
    note = json.dumps(about, indent=2, ensure_ascii=False) + "\n"
    # The first tells, whatever comes in between, that the others are a run's.
    return {CORPUS: note.encode(), **corpus.subwords.files(), CONFIG: config.toml().encode()}


def verify_run(run: Path, names: Collection[str] = ()) -> None:
    """Compare the files that the run wrote when it began, or some of them, with their checksums.

    Raises UserError if one is damaged, or a link leads out of the folder.
    """
    refuse_links(run)
    for name, expected in (read_sums(run, MEND) or {}).items():
        if (not names or name in names) and not same_digest(run / name, expected):
            raise UserError(f"{run / name}: {DIFFERS}; {MEND}")


def mend_run(run: Path, config: Config, corpus: Corpus) -> None:
    """Write damaged files of a run anew, as far as these settings and this corpus make what was there."""
    asked = config.training.precision
    # A run notes the type that `auto` came to on the machine where it began.
    for precision in ("float32", "bfloat16") if asked == "auto" else (asked,):
        files = _files(config.with_training(precision=precision), corpus)
        digests = {name: digest(data) for name, data in files.items()}
        sums = _sums(run)
        for name, data in files.items():
            if digests[name] == sums.get(name):
                write_whole(run / name, data)
        if all(same_digest(run / name, expected) for name, expected in digests.items()):
            write_sums(run, digests)


@contextmanager
def writable(run: Path) -> Iterator[None]:
    """Tell in one line what keeps something from being added to a run."""
    try:
        yield
    except OSError as error:
        raise UserError(
            f"{run}: cannot be written to ({error.strerror}); make room, or copy the run to where it can be"
        ) from error


def _sums(run: Path) -> dict[str, str]:
    """SHA-256 of a run's files by their names, as noted; empty where that note is missing or damaged."""
    try:
        return read_sums(run, MEND) or {}
    except UserError:
        return {}


def read_corpus_note(run: Path) -> dict[str, Any]:
    """What the run notes of its corpus: `folder`, `fingerprint`, `manifest`."""
    verify_run(run, {CORPUS})
    try:
        note: dict[str, Any] = parse_json(read_small(run / CORPUS, 2 * JSON_LIMIT))
        if not isinstance(note, dict) or not {"folder", "fingerprint"} <= {k for k in note if isinstance(note[k], str)}:
            raise ValueError("folder or fingerprint is missing")
        check_manifest(note.get("manifest"))
        read_typicality(note["manifest"])
        return note
    except FileNotFoundError as error:
        raise UserError(f"{run}: not a run; `make train` makes one") from error
    except ValueError as error:
        raise UserError(f"{run / CORPUS}: damaged ({error})") from error


def continued(run: Path, config: Config, corpus: Corpus) -> Config:
    """The settings with which a run goes on: `config`, with the type that it has multiplied in if that says `auto`.

    Raises UserError if it began on another corpus or with other settings, of which only a few may change.
    """
    remedy = "name another RUN=…, or remove that folder"
    began = read_config(run / CONFIG)
    for section in ("model", "training"):
        old, new = getattr(began, section), getattr(config, section)
        for key, value in new:
            # What repeats another run knows the schedule up to that one's limit alone.
            if (key not in MAY_CHANGE or (key in LIMITS and began.training.pace)) and getattr(old, key) != value:
                raise UserError(f"{run} was begun with {section}.{key}={getattr(old, key)}, not {value}; {remedy}")
    if read_corpus_note(run)["fingerprint"] != corpus.fingerprint:
        raise UserError(f"{run} was begun on another corpus, or one prepared with other settings; {remedy}")
    # A trial that comes out otherwise, now or on another machine, must not make another run of it.
    return config.with_training(precision=began.training.precision) if config.training.precision == "auto" else config
