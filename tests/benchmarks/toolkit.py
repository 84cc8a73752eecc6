"""What another toolkit must offer to be measured beside ours, and the text that all are trained on.

Words are ids of our subword model in decimal, separated by spaces.  So every side sees the same tokens, however a
toolkit cuts its lines: a subword may hold a no-break space, a number cannot.  The ids of our special subwords never
occur in text; toolkits bring their own.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from data_prep.corpus import Corpus
from data_prep.errors import UserError
from data_prep.subwords import END

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Task:
    """What all sides have in common."""

    text: Path
    """Folder with `SPLIT.source` and `SPLIT.target` for each of SPLITS."""
    vocabulary: int
    """Number of ids, the four special ones included."""
    longest: int
    """Subwords of the longest training sentence: no side may leave it out."""
    embedding: int
    hidden: int
    """Size of the decoder's state."""
    dropout: float
    label_smoothing: float
    clip_norm: float
    batch_tokens: int
    """Budget of a training batch."""
    peak_rate: float
    """Largest learning rate of the peer; ours has the one of its recipe, as its optimiser is another."""
    beam: int
    """The wider of the two searches; the other is greedy."""
    threads: int

    def words(self) -> list[str]:
        """The vocabulary without the special ids, in order."""
        return [str(i) for i in range(END + 1, self.vocabulary)]


class Toolkit(ABC):
    """Another toolkit, in a virtual environment of its own.  Its commands run in `folder`."""

    name: ClassVar[str]
    requirements: ClassVar[Sequence[str]]
    """What to install, one call of pip after the other."""
    started: ClassVar[str]
    """What its log says when training begins."""
    unequal: ClassVar[str]
    """What could not be made equal, for the reader of the figures."""

    def __init__(self, python: Path, folder: Path, task: Task) -> None:
        """Take the environment's Python, an empty folder and the task."""
        self.python, self.folder, self.task = python, folder, task

    @property
    def omp_threads(self) -> int:
        """Threads of one matrix product."""
        return self.task.threads

    @abstractmethod
    def write(self) -> None:
        """Write what the commands need: vocabulary and configuration."""

    @abstractmethod
    def training(self) -> list[str]:
        """Command that trains until it gets SIGTERM, then saves the model."""

    @abstractmethod
    def rate(self, log: str) -> float:
        """Target tokens a second in a log of training: ends of sentences count, padding does not."""

    @abstractmethod
    def parameters(self, log: str) -> int:
        """Number of weights of the trained model."""

    @abstractmethod
    def translation(self, beam: int) -> list[str]:
        """Command that translates the test split; before it the validation split, if the search is greedy."""

    @abstractmethod
    def seconds(self, log: str) -> float:
        """Time of the test split in a log of translation, without starting and loading."""

    @abstractmethod
    def validation(self) -> Path:
        """File of the translated validation split, in ids."""

    def missing(self, what: str) -> UserError:
        """The error for a log that does not say what it should."""
        return UserError(f"{self.name}: no {what} in its log, see {self.folder}; give it more seconds")


def write_text(corpus: Corpus, folder: Path) -> int:
    """Write the splits of a prepared corpus as words; return the length of the longest training sentence.

    Raises UserError if the corpus has a vocabulary for each side: tied embeddings need one for both.
    """
    if not corpus.subwords.joint:
        raise UserError(f"{corpus.folder}: two vocabularies; prepare it with subwords.joint=true to compare toolkits")
    folder.mkdir(parents=True, exist_ok=True)
    longest = 0
    for name in SPLITS:
        split = corpus.split(name)
        for side, ids_of in (("source", split.source_ids), ("target", split.target_ids)):
            with (folder / f"{name}.{side}").open("w", encoding="ascii") as file:
                for row in range(len(split)):
                    ids = ids_of(row).tolist()
                    file.write(" ".join(map(str, ids)) + "\n")
                    if name == "train":
                        longest = max(longest, len(ids))
    return longest


def read_ids(line: str) -> list[int]:
    """The ids of a line that a toolkit wrote; its own special words, such as `<unk>`, are left out."""
    return [int(word) for word in line.split() if word.isdigit()]


def write_json(path: Path, values: Any) -> None:
    """Write a configuration as JSON, which YAML includes."""
    path.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
