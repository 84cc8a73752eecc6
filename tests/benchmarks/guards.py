"""What guarding against damage and strangers costs: the same training and translation with and without, by turns.

    python -m tests.benchmarks.guards PREPARED

Training is opening the corpus, updates, and the checkpoints that the recipe asks for; translation is loading the
network, once, and lines of the corpus.  Left out are checksums, waiting for the disk, the look for links and the checks
of Arrow files and tensors.  That an update with a loss that is not finite is skipped is in both.  As a machine's speed
varies by more than the guards cost, the time within them is counted too.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pyarrow as pa
from safetensors.torch import load_file

from data_prep import corpus as corpora
from data_prep import files
from data_prep.corpus import Corpus
from seq2seq import checkpoint, run_files, training
from seq2seq.config import Config, load_recipe
from seq2seq.translator import Translator
from seq2seq.updates import Updater

NO_DIGEST = "0" * 64


def _read_unchecked(path: Path, schema: pa.Schema) -> list[pa.RecordBatch]:
    return list(pa.ipc.open_file(pa.memory_map(str(path))).read_all().to_batches())


def _load_unchecked(path: Path, shapes: Any, device: Any) -> Any:
    return load_file(path, device=str(device))


def _nothing(*_: Any, **__: Any) -> None:
    return None


INSTEAD: dict[tuple[Any, str], Any] = {
    (corpora, "same_digest"): lambda path, expected: True,
    (checkpoint, "same_digest"): lambda path, expected: True,
    (run_files, "same_digest"): lambda path, expected: True,
    (checkpoint, "file_digest"): lambda path: NO_DIGEST,
    (files, "sync"): _nothing,
    (checkpoint, "sync"): _nothing,
    (training, "sync"): _nothing,
    (corpora, "read_batches"): _read_unchecked,
    (corpora.Split, "fits"): lambda split, source_size, target_size: True,
    (checkpoint, "read_tensors"): _load_unchecked,
    (corpora, "refuse_links"): _nothing,
    (checkpoint, "refuse_links"): _nothing,
    (run_files, "refuse_links"): _nothing,
}
"""What guards, where it is called, and what would do without."""


@contextmanager
def unguarded() -> Iterator[None]:
    """Leave out what guards."""
    with ExitStack() as stack:
        for (where, name), other in INSTEAD.items():
            stack.enter_context(patch.object(where, name, other))
        yield


@contextmanager
def timed(spent: list[float], calls: Iterable[tuple[Any, str]]) -> Iterator[None]:
    """Note the seconds of each call of some functions."""

    def noting(function: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*arguments: Any, **named: Any) -> Any:
            begun = time.perf_counter()
            try:
                return function(*arguments, **named)
            finally:
                spent.append(time.perf_counter() - begun)

        return noted

    with ExitStack() as stack:
        for where, name in calls:
            stack.enter_context(patch.object(where, name, noting(getattr(where, name))))
        yield


def side_by_side(action: Callable[[Path], None], repeats: int) -> str:
    """Run an action with guards and without by turns; tell what it took, what of it the guards, and what they cost.

    An action is as many updates as it makes, and the rest; it takes the sum of the medians of these, since one update
    that something came between says nothing.  The first of each action is not counted.
    """
    runs: tuple[list[list[float]], list[list[float]]] = [], []
    within: list[float] = []
    for repeat in range(repeats + 1):
        # Neither is always the first.
        for which in (0, 1) if repeat % 2 else (1, 0):
            with tempfile.TemporaryDirectory(prefix="guards-") as folder, ExitStack() as stack:
                spent: list[float] = []
                parts: list[float] = []
                stack.enter_context(unguarded() if which else timed(spent, INSTEAD))
                stack.enter_context(timed(parts, [(Updater, "update")]))
                begun = time.perf_counter()
                action(Path(folder))
                rest = time.perf_counter() - begun - sum(parts)
                if repeat:
                    runs[which].append([*parts, rest])
                    if not which:
                        within.append(sum(spent))
    (*updates, rest), (*bare_updates, bare_rest) = (
        [statistics.median(part) for part in zip(*of_one, strict=True)] for of_one in runs
    )
    guarded, without = sum(updates) + rest, sum(bare_updates) + bare_rest
    inside = statistics.median(within)
    return (
        f"{guarded:.3f} s with guards, {without:.3f} s without, {100 * (guarded / without - 1):+.2f} %; "
        f"of it {len(updates)} updates {sum(updates):.3f} and {sum(bare_updates):.3f} s, the rest {rest:.3f} and "
        f"{bare_rest:.3f} s; {inside:.3f} s, {100 * inside / guarded:.2f} %, in the guards"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path, help="a prepared corpus")
    parser.add_argument("--recipe", default="quick")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--lines", type=int, default=5000)
    parser.add_argument("--repeats", type=int, default=5)
    asked = parser.parse_args()
    opened = Corpus(asked.corpus)
    config = _by_steps(load_recipe(asked.recipe), asked.steps).prepared_as(opened.manifest["settings"], ())
    split = opened.split("train")
    lines = split.texts(range(min(asked.lines, len(split))))[0]

    def train(folder: Path) -> None:
        training.train(Corpus(asked.corpus), config, folder / "run")

    with tempfile.TemporaryDirectory(prefix="guards-") as folder:
        run = Path(folder) / "run"
        training.train(opened, config, run)

        def translate(_: Path) -> None:
            Translator.load(run).translate(lines)

        # A translation takes seconds, in which one per cent is soon lost in noise.
        many = 3 * asked.repeats
        for name, action, repeats in (("training", train, asked.repeats), ("translation", translate, many)):
            print(f"{name}: {side_by_side(action, repeats)}", flush=True)


def _by_steps(config: Config, steps: int) -> Config:
    """The same, ended by its steps alone."""
    limits = {"minutes": None, "epochs": None, "patience": None, "steps": steps}
    return config.model_copy(update={"training": config.training.model_copy(update=limits)})


if __name__ == "__main__":
    main()
