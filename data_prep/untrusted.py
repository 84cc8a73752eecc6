"""Prepared corpora and runs may come from strangers: what is read of them is bounded and stays in their folder.

Links that lead out of a folder are refused before anything in it is opened, as are devices and pipes, which would be
waited for.  Small files have a limit of size; JSON and TOML one of depth too.  Names in them are plain names.
"""

import json
import re
import tomllib
from collections.abc import Mapping
from itertools import accumulate
from pathlib import Path
from typing import Any

from data_prep.errors import UserError

JSON_LIMIT = 1 << 24
"""Bytes of a manifest, a state or a report, at most."""
TOML_LIMIT = 1 << 18
"""Bytes of a recipe, at most."""
DEEPEST = 30
"""Levels of lists and objects in JSON and TOML, at most."""

NAME = re.compile(r"\w[\w.-]{0,99}", re.ASCII)
"""A file in its folder, or a split."""
SHA256 = re.compile(r"[0-9a-f]{64}")
LANGUAGE = re.compile(r"[A-Za-z]{2,3}(_\w{1,20})?", re.ASCII)
# Both go on from where they have been, so that no text takes longer than its length.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+\\?(?:"|\Z)|[\[\]{}]', re.DOTALL)
_KEY = r"""(?:[\w-]++|"(?:[^"\\\n]|\\.)*+"|'[^'\n]*+')"""
_LONG_KEY = re.compile(rf"(?<![\w.-])(?:{_KEY}[ \t]*+\.[ \t]*+){{{DEEPEST}}}")


def refuse_links(folder: Path) -> None:
    """Raise UserError if anything in a folder is a link that leads out of it, or neither a file nor a folder."""
    inside = folder.resolve()
    folders = [folder]
    while folders:
        try:
            entries = list(folders.pop().iterdir())
        except OSError:  # whoever reads it says what is wrong
            continue
        for path in entries:
            if path.is_symlink():
                try:
                    leads_to = path.resolve()
                except (OSError, RuntimeError):  # in a circle
                    leads_to = None
                if leads_to is None or not leads_to.is_relative_to(inside):
                    raise UserError(f"{path}: a link out of its folder is not followed; put a copy in its place")
            elif path.is_dir():
                folders.append(path)
            elif path.exists() and not path.is_file():
                raise UserError(f"{path}: neither a file nor a folder; remove it")


def refuse_pipe(path: Path) -> None:
    """Raise UserError for a pipe or a device, which could be waited for without end."""
    if path.exists() and not path.is_file() and not path.is_dir():
        raise UserError(f"{path}: neither a file nor a folder, and what is read has to be a file: write it to one")


def read_small(path: Path, limit: int) -> bytes:
    """The bytes of a file that has no more than so many.

    Raises UserError for a larger one or a folder, OSError as `open` does.
    """
    refuse_pipe(path)
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except IsADirectoryError as error:
        raise UserError(f"{path}: a folder is there in place of the file; move it away") from error
    if len(data) > limit:
        raise UserError(f"{path}: larger than the {limit:,} bytes that such a file has at most; it is not ours")
    return data


def parse_json(data: bytes) -> Any:
    """What JSON says.  Raises ValueError if it is none, or deeper than DEEPEST."""
    text = data.decode()
    levels = ({"[": 1, "{": 1, "]": -1, "}": -1}.get(token[0], 0) for token in _TOKEN.finditer(text))
    if max(accumulate(levels, initial=0)) > DEEPEST:
        raise ValueError(f"more than {DEEPEST} levels deep")
    return json.loads(text)


def parse_toml(text: str) -> dict[str, Any]:
    """What TOML says.  Raises ValueError if it is none, or deeper than DEEPEST."""
    try:
        # Long keys cost the library time that grows with their square.
        values = None if _LONG_KEY.search(text) else tomllib.loads(text)
    except RecursionError:
        values = None
    if values is None or _depth(values) > DEEPEST:
        raise ValueError(f"more than {DEEPEST} levels deep")
    return values


def _depth(values: Any) -> int:
    """Levels of lists and tables; one more than DEEPEST for all that are deeper."""
    level, depth = [values], 0
    while level and depth <= DEEPEST:
        inner: list[Any] = []
        for value in level:
            inner += value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        level, depth = inner, depth + 1
    return depth


def check_manifest(manifest: Any) -> None:
    """Raise ValueError unless a manifest has what is read of it, in the form in which it is read.

    Names of splits and files become paths, so they may be nothing but names.
    """
    languages, splits, files = (_mapping(manifest, key) for key in ("languages", "splits", "files"))
    for side in ("source", "target"):
        if not LANGUAGE.fullmatch(_text(languages, side)):
            raise ValueError(f"{side} is not a language")
    for name, split in splits.items():
        if not NAME.fullmatch(name):
            raise ValueError(f"{name!r} cannot be a split")
        pairs = _mapping(splits, name).get("pairs")
        if not isinstance(pairs, int) or not 0 <= pairs < 1 << 40:
            raise ValueError(f"{name} has no number of pairs")
        for reason, found in _mapping(split, "dropped").items() if "dropped" in split else ():
            if not isinstance(found, dict) or not isinstance(found.get("pairs"), int):
                raise ValueError(f"{reason!r} has no number of pairs")
    for name in files:
        if not NAME.fullmatch(name) or not SHA256.fullmatch(_text(files, name)):
            raise ValueError(f"{name!r} is not a file and its checksum")
    if "stages" in manifest:
        for name in _mapping(manifest, "stages"):
            _text(manifest["stages"], name)


def _mapping(value: Any, key: str) -> Mapping[str, Any]:
    found = value.get(key) if isinstance(value, dict) else None
    if not isinstance(found, dict):
        raise ValueError(f"{key} is missing")
    return found


def _text(value: Mapping[str, Any], key: str) -> str:
    if not isinstance(value.get(key), str):
        raise ValueError(f"{key} is missing")
    return str(value[key])
