"""Preparation as a whole: which stages must run, and a finished corpus put in the place of the old one.

Everything is made in `building/` inside the corpus folder and moved out only when it is whole, so that a
crash at any instant costs at most the stage that was running.  `building/draft.json` says which stages are
done.
"""

import errno
import fcntl
import json
import os
import platform
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

from data_prep import stages
from data_prep.corpus import MANIFEST, digest, file_digest, read_manifest, replace_durably, write_manifest
from data_prep.errors import UserError
from data_prep.parallel import available_cores
from data_prep.phrasebook import is_phrasebook
from data_prep.report import Report, Silent
from data_prep.rows import file_stamps
from data_prep.settings import Preparation
from data_prep.sources import REGISTRY, open_source
from data_prep.subwords import JOINT_FILE, SEPARATE_FILES, WORDS_FILE, Subwords

RULES = 2  # raised whenever the same text and settings come to give other files
DRAFT = "draft.json"
LIBRARIES = ("datasets", "numpy", "pyarrow", "sentencepiece", "xxhash")

Json = dict[str, Any]


def prepare(
    source_name: str,
    languages: tuple[str, str],
    folder: Path,
    settings: Preparation,
    report: Report | None = None,
    processes: int | None = None,
) -> Json:
    """Bring the prepared corpus in `folder` up to date and return its manifest.

    Stages whose input and settings have not changed are not run again; if none has to run, the source is not
    even opened.  A source from the Hub stays at the revision it was prepared from.  `processes` is at most
    the number of cores, which is the default, and changes nothing in the files. Raises UserError for what is
    wrong with source, text, settings or folder; the corpus that was there stays.
    """
    with _clear_errors(folder), _locked(folder, report := report or Silent()):
        return _prepare(source_name, languages, folder, settings, report, processes or available_cores())


def _prepare(
    source_name: str,
    languages: tuple[str, str],
    folder: Path,
    settings: Preparation,
    report: Report,
    processes: int,
) -> Json:
    building = folder / "building"
    if (building / MANIFEST).is_file():
        _publish(folder)
    old = _whole_manifest(folder, report)
    draft = _read_draft(building)
    for earlier in (old, draft):
        if _input_unchanged(earlier, source_name, languages):
            given, source = {name: earlier[name] for name in ("source", "inputs", "watched")}, None
            break
    else:
        source = open_source(source_name, languages, report=report.note)
        given = {
            "source": source.origin,
            "inputs": source.inputs(),
            "watched": _watched(source_name, source.stamp(), "hub" in source.origin),
        }
    origin = {key: value for key, value in given["source"].items() if key != "name"}
    text_stage = _fingerprint(
        RULES,
        origin,
        given["inputs"],
        languages,
        settings.cleaning.model_dump(),
        settings.splitting.model_dump(),
    )
    subword_stage = _fingerprint(text_stage, settings.subwords.model_dump())
    done = {"text": text_stage, "subwords": subword_stage}
    if old.get("stages") == done:
        if (old | given) != old:  # moved or touched, not changed
            old |= given
            write_manifest(folder, old)
        shutil.rmtree(building, ignore_errors=True)
        report.note(f"{folder} is up to date")
        return old

    if old.get("stages", {}).get("text") == text_stage:
        text, splits = folder, old["splits"]
    else:
        text = building / "text"
        if draft.get("stages", {}).get("text") != text_stage:
            shutil.rmtree(building, ignore_errors=True)
            source = source or open_source(source_name, languages, report=report.note)
            try:
                made = stages.write_text(source, settings, text, report, processes)
            except BaseException:
                shutil.rmtree(building)
                raise
            draft = {
                **given,
                "languages": {"source": languages[0], "target": languages[1]},
                "stages": {"text": text_stage},
                "splits": {
                    name: {"read": split.read, "pairs": split.pairs, "dropped": split.dropped.as_json()}
                    for name, split in made.items()
                },
            }
            _write_draft(building, draft)
        splits = draft["splits"]
    building.mkdir(exist_ok=True)
    if draft.get("stages", {}).get("subwords") == subword_stage:
        subwords = Subwords.load(building)
    else:
        _remove(building, (JOINT_FILE, *SEPARATE_FILES, WORDS_FILE))
        subwords = stages.write_subwords(
            text / "train.arrow", splits["train"]["pairs"], settings.subwords, building, report
        )
        _write_draft(building, {**draft, "stages": {**draft.get("stages", {}), "subwords": subword_stage}})
    for name, split in splits.items():
        path = text / f"{name}.arrow"
        tokens = stages.write_split(name, path, split["pairs"], subwords, building, report, processes)
        splits[name] = {**split, "tokens": tokens}
    names = [*(f"{name}.arrow" for name in splits), *subwords.files()]
    write_manifest(
        building,
        {
            **given,
            "languages": {"source": languages[0], "target": languages[1]},
            "settings": settings.model_dump(),
            "versions": {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}},
            "splits": splits,
            "vocabulary": {"source": subwords.source_size, "target": subwords.target_size},
            "files": {name: file_digest(building / name) for name in names},
            "bytes": {name: (building / name).stat().st_size for name in names},
            "stages": done,
        },
    )
    _publish(folder)
    return read_manifest(folder)


def _publish(folder: Path) -> None:
    """Move a whole corpus out of `building/`; after a crash in the middle, called again, it does the rest.

    Files are replaced, never written over: a training run that has the old ones mapped keeps them.
    """
    building = folder / "building"
    manifest = read_manifest(building)
    (folder / MANIFEST).unlink(missing_ok=True)
    _remove(folder, (JOINT_FILE, *SEPARATE_FILES, WORDS_FILE), keep=manifest["files"])
    for name in manifest["files"]:
        if (building / name).is_file():
            replace_durably(building / name, folder / name)
    replace_durably(building / MANIFEST, folder / MANIFEST)
    shutil.rmtree(building)


def _whole_manifest(folder: Path, report: Report) -> Json:
    """The manifest of what is in the folder, or nothing if that is not a whole corpus of this format."""
    if not (folder / MANIFEST).exists():
        return {}
    try:
        manifest = read_manifest(folder)
        sizes = {name: (folder / name).stat().st_size for name in manifest["bytes"]}
    except (UserError, OSError, KeyError):
        sizes, manifest = {}, {"bytes": None}
    if sizes != manifest["bytes"]:
        report.note(f"{folder}: what is there is incomplete or of another version; it is prepared again")
        return {}
    return manifest


def _input_unchanged(earlier: Json, source_name: str, languages: tuple[str, str]) -> bool:
    """Whether an earlier preparation read what would be read now, so far as files and names tell."""
    if not earlier or earlier["languages"] != {"source": languages[0], "target": languages[1]}:
        return False
    origin, watched = earlier["source"], earlier["watched"]
    if watched is None or watched["name"] != _identity(source_name):
        return False
    if "hub" in origin:
        pinned = REGISTRY[source_name].revision if source_name in REGISTRY else None
        return pinned in (None, origin["revision"])
    try:
        return bool(file_stamps([Path(path) for path, *_ in watched["files"]]) == watched["files"])
    except UserError:
        return False


def _watched(source_name: str, stamp: Json, is_on_hub: bool) -> Json | None:
    """The files whose size and time of change tell that the input is the same; None: cannot be told.

    Of a source that is a folder, the folders too: they change when a file comes or goes.
    """
    if "files" not in stamp and not is_on_hub:
        return None
    paths = {Path(path) for path, *_ in stamp.get("files", [])}
    named = Path(source_name).expanduser().resolve()
    if paths and named.is_dir() and not is_phrasebook(source_name):
        paths |= {named, *(path.parent for path in paths)}
        paths |= {path for path in [named / "README.md"] if path.is_file()}
    return {"name": _identity(source_name), "files": file_stamps(sorted(paths))}


def _identity(source_name: str) -> str:
    return (
        source_name
        if source_name in REGISTRY or is_phrasebook(source_name)
        else str(Path(source_name).expanduser().resolve())
    )


def _fingerprint(*parts: Any) -> str:
    return digest(json.dumps(parts, sort_keys=True).encode())


def _read_draft(building: Path) -> Json:
    try:
        draft: Json = json.loads((building / DRAFT).read_bytes())
    except (OSError, ValueError):
        return {}
    return draft


def _write_draft(building: Path, draft: Json) -> None:
    partial = building / (DRAFT + ".partial")
    partial.write_text(json.dumps(draft))
    replace_durably(partial, building / DRAFT)


def _remove(folder: Path, names: tuple[str, ...], keep: Json | None = None) -> None:
    for name in names:
        if name not in (keep or {}):
            (folder / name).unlink(missing_ok=True)


@contextmanager
def _locked(folder: Path, report: Report) -> Iterator[None]:
    """Make the folder if need be, and keep other preparations out of it meanwhile."""
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report.note(f"{folder} is being prepared by another process; waiting for it")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
        with suppress(OSError):  # removed if nothing could be made, else not empty
            folder.rmdir()


@contextmanager
def _clear_errors(folder: Path) -> Iterator[None]:
    """Turn what the file system refuses into one line."""
    try:
        yield
    except OSError as error:
        remedies = {
            errno.ENOSPC: "free some space and run `make preprocess` again; it goes on where it stopped",
            errno.EDQUOT: "free some space and run `make preprocess` again; it goes on where it stopped",
            errno.EACCES: "choose another folder",
            errno.EROFS: "choose another folder",
            errno.EEXIST: "a file has this name; choose another folder",
            errno.ENOTDIR: "a file has this name; choose another folder",
        }
        if error.errno not in remedies:
            raise
        raise UserError(f"{folder}: cannot be written ({os.strerror(error.errno)}): {remedies[error.errno]}") from error
