"""The classes, one after another, through the real command, and the table of what came of them."""

import json
import os
import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.faults import preparation, training
from tests.faults.processes import Ended, run
from tests.inputs.cases import CASES, Case
from tests.inputs.texts import TEXTS, Text, count, write_pair
from tests.phrases import PAIRS, write_source

ROOT = Path(__file__).parents[2]
ROW = "| {} | {} | {} |\n"


@dataclass(frozen=True)
class Tried:
    """What came of one class."""

    name: str
    command: str
    seen: str
    """What the user sees."""
    code: int
    failure: str = ""
    """What is wrong with that."""

    @property
    def row(self) -> str:
        """Of the table."""
        return ROW.format(f"{self.name}, {self.command}" if self.command else self.name, self.seen, self.code)


def set_up(scratch: Path) -> None:
    """A prepared corpus, `data`, and a run, `run`, that every class gets a copy of."""
    source = write_source(scratch)
    for arguments in (preparation.command(source, "data"), training.command(Path("data"), "run")):
        ended = run(arguments, scratch)
        assert ended.code == 0, ended.said
    for path in (scratch / "run").rglob("*.safetensors"):
        path.chmod(0o644)


def try_all(scratch: Path) -> list[Tried]:
    """Every class of text as corpus and as input, and every case."""
    tried = []
    for name, text in TEXTS.items():
        tried += [_prepared(name, text, scratch), _translated(name, text, scratch)]
    return tried + [_tried(name, case, scratch) for name, case in CASES.items()]


def _fresh(scratch: Path) -> Path:
    folder = scratch / "here"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name in ("data", "run"):
        (folder / name).symlink_to(scratch / name)
    (folder / "runs").mkdir()
    (folder / "runs" / "run").symlink_to(scratch / "run")
    return folder


def _error(ended: Ended, expected: str) -> tuple[str, str]:
    """The line that the user sees, less what libraries of other versions say otherwise, and what is wrong with it."""
    line = ended.error
    if not line:
        return "", f"exit code {ended.code}, not one line: {ended.said[-800:]}"
    shown = re.sub(r"(not JSON|not a gzip file) \(.*\)", r"\1 (…)", line).replace(f"{ROOT}/", "")
    shown = re.sub(r"(cannot be read as a data set: ).*", r"\1…", shown).replace("|", "\\|")
    return f"`` {shown} ``", "" if expected in line else f"{expected!r} is not in {line!r}"


def _prepared(name: str, text: Text, scratch: Path) -> Tried:
    folder = _fresh(scratch)
    write_pair(folder, "corpus", text)
    ended = run(preparation.command(Path("corpus"), "prepared"), folder)
    if text.corpus_error:
        seen, failure = _error(ended, text.corpus_error)
    else:
        seen, failure = _kept(ended, folder, text.lines + (0 if text.alone else len(PAIRS)))
    return Tried(name, "preprocess", seen, ended.code, failure)


def _kept(ended: Ended, folder: Path, read: int) -> tuple[str, str]:
    """What became of the pairs; all that were read have to be somewhere."""
    if ended.code:
        return "", f"exit code {ended.code}: {ended.said[-800:]}"
    splits = json.loads((folder / "prepared" / "manifest.json").read_bytes())["splits"].values()
    dropped: dict[str, int] = {}
    for split in splits:
        for reason, found in split["dropped"].items():
            dropped[reason] = dropped.get(reason, 0) + found["pairs"]
    kept = sum(split["pairs"] for split in splits)
    whole = kept + sum(dropped.values()) == sum(split["read"] for split in splits) == read
    counts = ", ".join(f"{reason} {pairs:,}" for reason, pairs in sorted(dropped.items()))
    seen = f"{read:,} pairs read, {kept:,} kept" + (f"; dropped: {counts}" if counts else "")
    return seen, "" if whole else f"{read} pairs, and not all are accounted for: {splits}"


def _translated(name: str, text: Text, scratch: Path) -> Tried:
    folder, data = _fresh(scratch), text.data if text.short is None else text.short
    (folder / "in.txt").write_bytes(data)
    ended = run(["translate", "--run", "run", "--beam", "1", "--in", "in.txt", "--out", "out.txt"], folder)
    if text.translate_error:
        seen, failure = _error(ended, text.translate_error)
    else:
        answers = (folder / "out.txt").read_bytes() if ended.code == 0 else b""
        lines = count(data.removeprefix(b"\xef\xbb\xbf"))
        seen = f"{lines:,} lines for {lines:,}"
        failure = "" if ended.code == 0 and count(answers) == lines else f"{ended.code}: {ended.said[-800:]}"
    return Tried(
        name, "translate" if text.short is None else f"translate {len(data):,} bytes of it", seen, ended.code, failure
    )


def _tried(name: str, case: Case, scratch: Path) -> Tried:
    folder = _fresh(scratch)
    case.make(folder)
    if case.user is not None:
        folder.chmod(0o777 if case.open else 0o755 if os.geteuid() == 0 else 0o555)
    ended = run(case.arguments, folder, before=_as_asked(case))
    if case.error:
        seen, failure = _error(ended, case.error)
    elif case.pairs is not None:
        seen, failure = _kept(ended, folder, case.pairs)
    else:
        seen, failure = "as without it", "" if ended.code == 0 else f"exit code {ended.code}: {ended.said[-800:]}"
    return Tried(name, "", seen, ended.code, failure)


def _as_asked(case: Case) -> Callable[[], Callable[[], None]]:
    """Streams, environment and user of a case, set in the process that runs its command."""

    def before() -> Callable[[], None]:
        if case.stdin == "closed":
            sys.stdin = None
        elif case.stdin:
            os.dup2(os.open(case.stdin, os.O_RDONLY), 0)
        if case.stdout == "closed":
            sys.stdout = None
        elif case.stdout:
            os.dup2(os.open(case.stdout, os.O_WRONLY), 1)
        os.environ.update({name: value for name, value in case.environment.items() if value})
        for name in [name for name, value in case.environment.items() if not value]:
            os.environ.pop(name, None)
        if case.user is not None and os.geteuid() == 0:
            os.setgroups([])
            os.setresuid(case.user, case.user, case.user)
        return lambda: None

    return before
