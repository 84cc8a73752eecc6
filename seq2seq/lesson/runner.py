"""`make lesson`: measures every section, two or more at a time, and writes docs/lesson.md from what came out."""

import importlib
import json
import os
import sys
import time
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from multiprocessing import active_children, get_context
from pathlib import Path
from typing import cast

import torch

from data_prep.errors import UserError
from data_prep.files import write_text
from data_prep.parallel import end_with_parent
from seq2seq.lesson.section import Divided, Keep, Results, Section

SECTIONS = (
    "one_to_one",
    "one_to_many",
    "many_to_one",
    "translators",
    "letters",
    "gradients",
    "memory",
    "lags",
)
"""Modules of this package, in the order in which they are read."""
AFTER = ("translators", "letters", "gradients", "memory", "lags")
"""Those that need what parts have trained, their own or others': begun beside a part, they would train it too."""
PAGE, PICTURES = "lesson.md", "lesson"
INTRODUCTION = """# Recurrent networks, measured
A lecture on recurrent networks makes claims: that a feed-forward network has no memory; that a recurrent one feeds
its state back, unfolds over time and so maps sequences of any length; that it is trained by gradient descent through
time; that the gradient vanishes over long distances, and that the LSTM cures it. Here each claim is a command with a
figure and a picture, made by the same modules that translate ([seq2seq/](../seq2seq)). This page is written by `make
lesson`, which measures in small, in ten minutes on two cores, or by `make lesson FULL=1`, which measures more lags,
seeds and corpora, in an hour and a quarter. The figures are in [lesson/](lesson) as JSON.
"""


PREPARE = "preparation"
Task = tuple[str, str | None]
"""A section, or a part of one, or its preparation."""


def section(name: str) -> Section:
    """A section by the name of its module."""
    return cast(Section, importlib.import_module(f"seq2seq.lesson.{name}"))


def divided(name: str) -> Divided | None:
    """A section if it has parts."""
    of = section(name)
    return of if isinstance(of, Divided) else None


def run(keep: Keep, docs: Path) -> Path:
    """Measure what is not measured yet, on all cores, and write the lesson into a folder; return its page.

    Raises UserError if the folder cannot be written.
    """
    try:
        (docs / PICTURES).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{docs}: no folder can be made there ({error.strerror})") from error
    begun = time.monotonic()
    in_parts = {name: of for name in SECTIONS if (of := divided(name))}
    phases: list[list[Task]] = [
        [(name, PREPARE) for name in in_parts],
        [(name, part) for name, of in in_parts.items() for part in of.parts(keep)]
        + [(name, None) for name in SECTIONS if name not in AFTER],
        [(name, None) for name in AFTER],
    ]
    # A fresh process each, one thread each: what is measured does not depend on what else runs.
    workers = max(1, os.cpu_count() or 1)
    with ProcessPoolExecutor(workers, get_context("spawn"), initializer=_begin, initargs=(keep,)) as pool:
        try:
            for tasks in phases:
                _finish({pool.submit(_measure, keep, *task): task for task in tasks}, begun)
        except BaseException:
            # They would finish what they have begun; what is kept or saved is whole at any instant.
            for worker in active_children():
                worker.kill()
            raise
    results = {name: section(name).measure(keep) for name in SECTIONS}
    return write(results, docs)


def write(results: dict[str, Results], docs: Path) -> Path:
    """JSON and pictures of each section, and the page that shows them."""
    for name, found in results.items():
        of = section(name)
        write_text(docs / PICTURES / f"{of.NAME}.json", json.dumps(found, indent=1, ensure_ascii=False) + "\n")
        of.draw(found, docs / PICTURES)
    write_text(docs / PAGE, page(results))
    return docs / PAGE


def page(results: dict[str, Results]) -> str:
    """The text of all sections."""
    return "\n".join([INTRODUCTION, *(section(name).tell(found).strip() + "\n" for name, found in results.items())])


def _begin(keep: Keep) -> None:
    """A worker: one thread, and what training says goes into a file."""
    end_with_parent()
    torch.set_num_threads(1)
    keep.folder.mkdir(parents=True, exist_ok=True)
    log = (keep.folder / f"log-{os.getpid()}.txt").open("w", encoding="utf-8")
    os.dup2(log.fileno(), sys.stderr.fileno())


def _measure(keep: Keep, name: str, part: str | None) -> None:
    if part is None:
        section(name).measure(keep)
        return
    of = divided(name)
    assert of is not None
    if part == PREPARE:
        of.prepare(keep)
    else:
        of.measure_part(keep, part)


def _finish(running: dict[Future[None], Task], begun: float) -> None:
    """Wait for all, and say which is done."""
    for done in as_completed(running):
        done.result()
        _say(f"{(time.monotonic() - begun) / 60:5.1f} min  {' '.join(filter(None, running[done]))}")


def _say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)
