"""Preparation as a whole: which stages must run, and a finished corpus put in the place of the old one.

Everything is made in `building/` inside the corpus folder and moved out only when it is whole, so that a
crash at any instant costs at most the stage that was running.  `building/draft.json` says which stages are
done.
"""

import json
import platform
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow as pa

from data_prep import stages, typicality
from data_prep.arrow import is_whole
from data_prep.corpus import MANIFEST, SCHEMA, SUBWORD_FILES, Split, read_manifest, write_manifest
from data_prep.errors import UserError
from data_prep.files import (
    DIFFERS,
    SUMS,
    clear_errors,
    digest,
    file_digest,
    locked,
    replace_durably,
    same_digest,
    write_whole,
)
from data_prep.parallel import available_cores
from data_prep.phrasebook import is_phrasebook
from data_prep.report import Report, Silent
from data_prep.rows import file_stamps
from data_prep.settings import Preparation
from data_prep.sources import REGISTRY, open_source
from data_prep.subwords import Subwords
from data_prep.untrusted import JSON_LIMIT, check_manifest, parse_json, read_small, refuse_links

RULES = 4  # raised whenever the same text and settings come to give other files
DRAFT = "draft.json"
LIBRARIES = ("datasets", "numpy", "pyarrow", "sentencepiece", "sentencex", "xxhash")

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
    with (
        clear_errors(folder, "make preprocess", "choose another folder"),
        _locked(folder, report := report or Silent()),
    ):
        return _prepare(source_name, languages, folder, settings, report, processes or available_cores())


def _refuse_other_use(folder: Path) -> None:
    """Raise UserError if the folder has files of something else, a run's for instance, which would be written over."""
    with suppress(UserError):
        read_manifest(folder)
        return
    begun = any((folder / name).exists() for name in (MANIFEST, SUMS, "building"))
    for inside, more in ((folder, {"building"}), (folder / "building", {DRAFT, "text"})):
        names = {MANIFEST, SUMS, *SUBWORD_FILES, *more}
        for path in sorted(inside.iterdir()) if inside.is_dir() else ():
            ours = begun and (path.name in names or path.suffix in (".arrow", ".partial"))
            if not ours and not path.name.startswith("."):
                raise UserError(f"{inside}: has other files in it, such as {path.name}; choose another folder")


def _prepare(
    source_name: str,
    languages: tuple[str, str],
    folder: Path,
    settings: Preparation,
    report: Report,
    processes: int,
) -> Json:
    building = folder / "building"
    refuse_links(folder)
    _refuse_other_use(folder)
    if (building / MANIFEST).is_file():
        try:
            _publish(folder)
        except UserError:  # damaged, so that it is no use
            shutil.rmtree(building)
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
            "watched": _watched(source_name, source.files()),
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
        # Moved or touched, not changed; or made before there were checksums.
        if (old | given) != old or not (folder / SUMS).is_file():
            old |= given
            write_manifest(folder, old)
        shutil.rmtree(building, ignore_errors=True)
        report.note(f"{folder} is up to date")
        return old

    if old.get("stages", {}).get("text") == text_stage and _have_text(folder, old, SCHEMA):
        text, splits = folder, old["splits"]
    else:
        text = building / "text"
        if draft.get("stages", {}).get("text") != text_stage or not _have_text(text, draft, stages.TEXT_SCHEMA):
            shutil.rmtree(building, ignore_errors=True)
            pinned = given["source"].get("revision")
            source = source or open_source(source_name, languages, report=report.note, revision=pinned)
            before = old.get("source")
            if isinstance(before, dict) and before.get("name", source_name) != source_name:
                report.note(f"{folder} had been prepared from {before['name']}, and is now from {source_name}")
            try:
                made = stages.write_text(source, settings, text, report, processes)
            except BaseException:
                # The folder may be read-only, so that there is none.
                shutil.rmtree(building, ignore_errors=True)
                raise
            draft = {
                **given,
                "languages": {"source": languages[0], "target": languages[1]},
                "stages": {"text": text_stage},
                "splits": {
                    name: {
                        "read": split.read,
                        "pairs": split.pairs,
                        "dropped": split.dropped.as_json(),
                        "entities": split.entities,
                    }
                    for name, split in made.items()
                },
            }
            _write_draft(building, draft)
        splits = draft["splits"]
    building.mkdir(exist_ok=True)
    if draft.get("stages", {}).get("subwords") == subword_stage:
        subwords = Subwords.load(building)
    else:
        _remove(building, SUBWORD_FILES)
        subwords = stages.write_subwords(
            text / "train.arrow", splits["train"]["pairs"], settings.subwords, building, report
        )
        _write_draft(building, {**draft, "stages": {**draft.get("stages", {}), "subwords": subword_stage}})
    for name, split in splits.items():
        path = text / f"{name}.arrow"
        tokens = stages.write_split(name, path, split["pairs"], subwords, building, report, processes)
        splits[name] = {**split, "tokens": tokens}
    counts = Split(building / "train.arrow").source_counts(subwords.source_size)
    splits["train"][typicality.KEY] = typicality.measure(*counts)
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
    _remove(folder, {SUMS, *SUBWORD_FILES - manifest["files"].keys()})
    for name in (*manifest["files"], SUMS):
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
        damaged = [name for name, expected in manifest["files"].items() if not same_digest(folder / name, expected)]
    except (UserError, OSError, KeyError):
        report.note(f"{folder}: what is there is incomplete, damaged or of another version; it is prepared again")
        return {}
    if damaged:
        report.note(f"{folder / damaged[0]}: {DIFFERS}; the corpus is prepared again")
        return {}
    return manifest


def _have_text(folder: Path, earlier: Json, schema: pa.Schema) -> bool:
    """Whether the text of an earlier preparation can be read from a folder."""
    return all(is_whole(folder / f"{name}.arrow", schema) for name in earlier["splits"])


def _input_unchanged(earlier: Json, source_name: str, languages: tuple[str, str]) -> bool:
    """Whether an earlier preparation read what would be read now, so far as files and names tell."""
    if earlier.get("languages") != {"source": languages[0], "target": languages[1]}:
        return False
    try:
        origin, watched = dict(earlier["source"]), earlier["watched"]
        if "inputs" not in earlier or watched["name"] != _identity(source_name):
            return False
        if "hub" in origin:
            return True
        return bool(file_stamps([Path(path) for path, *_ in watched["files"]]) == watched["files"])
    except (UserError, LookupError, TypeError, ValueError):
        return False


def _watched(source_name: str, files: Collection[Path]) -> Json:
    """The files whose size and time of change tell that the input is the same; none of a set on the Hub.

    Of a source that is a folder, the folders too: they change when a file comes or goes.
    """
    paths = {path.resolve() for path in files}
    named = Path(source_name).expanduser().resolve()
    if paths and named.is_dir() and not is_phrasebook(source_name):
        paths |= {named, *(path.parent for path in paths)}
        paths |= {path for path in [named / "README.md"] if path.is_file()}
    return {"name": _identity(source_name), "files": file_stamps(sorted(paths))}


def _identity(source_name: str) -> str:
    if is_phrasebook(source_name):
        return f"{source_name} by pyrealb {version('pyrealb')}"
    return source_name if source_name in REGISTRY else str(Path(source_name).expanduser().resolve())


def _fingerprint(*parts: Any) -> str:
    return digest(json.dumps(parts, sort_keys=True).encode())


def _read_draft(building: Path) -> Json:
    try:
        draft: Json = parse_json(read_small(building / DRAFT, JSON_LIMIT))
        # Where text is as it was, a draft is of the subwords alone.
        nothing = {"languages": {"source": "xx", "target": "xx"}, "splits": {}} if len(draft) == 1 else {}
        check_manifest({"files": {}, **nothing, **draft})
    except (OSError, UserError, TypeError, ValueError):
        return {}
    return draft


def _write_draft(building: Path, draft: Json) -> None:
    write_whole(building / DRAFT, json.dumps(draft).encode())


def _remove(folder: Path, names: Collection[str]) -> None:
    for name in sorted(names):
        (folder / name).unlink(missing_ok=True)


@contextmanager
def _locked(folder: Path, report: Report) -> Iterator[None]:
    """Make the folder if need be, and keep other preparations out of it meanwhile."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with locked(folder, lambda: report.note(f"{folder} is being prepared by another process; waiting for it")):
            # The one that was waited for may have removed it, having made nothing.
            folder.mkdir(parents=True, exist_ok=True)
            yield
    finally:
        with suppress(OSError):  # removed if nothing could be made, else not empty
            folder.rmdir()
