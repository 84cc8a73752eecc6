"""A small corpus as text files, and its preparation."""

from pathlib import Path
from typing import Any

from data_prep.corpus import Corpus
from data_prep.files import file_digest
from data_prep.prepare import prepare
from data_prep.report import Silent
from data_prep.settings import Preparation

LANGUAGES = ("en", "fr")
WHO = {"The cat": "Le chat", "My friend": "Mon ami", "Nobody": "Personne", "A teacher": "Un élève", "Tom": "Tom"}
DOES = {"sees": "voit", "likes": "aime", "forgets": "oublie", "finds": "trouve"}
WHAT = {"the house": "la maison", "the tree": "l'arbre", "the river": "le fleuve", "the street": "la rue"}
PAIRS = [
    (f"{who} {does} {what}.", f"{WHO[who]} {DOES[does]}\u00a0{WHAT[what]}.")
    for who in WHO
    for does in DOES
    for what in WHAT
]


class Notes(Silent):
    def __init__(self) -> None:
        self.lines: list[str] = []

    def note(self, message: str) -> None:
        self.lines.append(message)


def write_pairs(prefix: Path, pairs: list[tuple[str, str]]) -> Path:
    prefix.parent.mkdir(parents=True, exist_ok=True)
    for side, language in enumerate(LANGUAGES):
        text = "".join(pair[side] + "\n" for pair in pairs)
        prefix.with_name(f"{prefix.name}.{language}").write_text(text, encoding="utf-8")
    return prefix


def write_source(folder: Path) -> Path:
    """A pair of text files with three duplicates, an empty side and a copy."""
    return write_pairs(folder / "text" / "corpus", [*PAIRS, *PAIRS[:3], ("", "Vide."), ("Copy me", "copy me")])


def settings(**groups: dict[str, Any]) -> Preparation:
    return Preparation.model_validate({"subwords": {"vocabulary": 320}, **groups})


def run(source: Path, folder: Path, given: Preparation | None = None, **options: Any) -> dict[str, Any]:
    return prepare(str(source), LANGUAGES, folder, given or settings(), **options)


def contents(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): file_digest(path) for path in folder.rglob("*") if path.is_file()}


def texts(corpus: Corpus, split: str) -> list[tuple[str, str]]:
    return list(zip(*corpus.split(split).texts(), strict=True))


def drops(split: dict[str, Any]) -> dict[str, int]:
    return {reason: found["pairs"] for reason, found in split["dropped"].items()}
