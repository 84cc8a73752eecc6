"""Marian (Junczys-Dowmunt et al. 2018), a toolkit in C++, for comparison: its recurrent model, by PyPI's pymarian."""

import re
import zipfile
from math import prod
from pathlib import Path

import numpy as np

from tests.benchmarks.toolkit import SPLITS, Toolkit

VOCABULARY, MODEL, VALIDATION = "vocabulary.txt", "model.npz", "validation.ids"
LOG_STEPS = 2
"""Updates between two notes of its speed."""
WARMUP = 200
SENTENCES, SORTED = 64, 100
"""Sentences translated at a time, and of how many such batches they are sorted by length."""
LONGEST_RATIO = 2
"""Longest translation, as a multiple of the source."""
SCRIPT = """
import sys, time
from pathlib import Path
from pymarian import Translator
options, test, *validation = sys.argv[1:]
translator = Translator(options)
for source in validation:
    lines = translator.translate(Path(source).read_text().splitlines())
    Path("validation.ids").write_text("".join(line + "\\n" for line in lines))
lines = Path(test).read_text().splitlines()
start = time.perf_counter()
assert len(translator.translate(lines)) == len(lines)
print(f"test split: {time.perf_counter() - start:.4f} s", flush=True)
"""
"""Translates by its Python interface; loading stays out of the time."""


class Marian(Toolkit):
    """Marian's `s2s`.

    Its log counts target tokens without padding, ends of sentences included.  Each of its threads computes a batch of
    its own and updates the weights without waiting for the other, which is its fastest way.  The decoder has one LSTM
    cell before the attention and one after it, which reads the context: the wiring closest to ours.
    """

    name = "marian"
    requirements = ("pymarian==1.12.42",)
    started = "Training started"
    unequal = (
        "marian: each direction of the encoder has the whole hidden size, there is one setting for all layers; the"
        " context enters the recurrence of the decoder; additive attention; the budget of a batch counts source"
        " tokens, and each thread has a batch of its own; float32; ours drops"
        " nothing in its first pass over the corpus, and as much as the others after nine"
    )

    @property
    def omp_threads(self) -> int:
        # Its threads divide the sentences, and each multiplies by itself.
        return 1

    def write(self) -> None:
        words = ["</s>", "<unk>", *self.task.words()]
        (self.folder / VOCABULARY).write_text("".join(f"{word}\n" for word in words), "ascii")

    def training(self) -> list[str]:
        task = self.task
        options = {
            "type": "s2s",
            "model": MODEL,
            "train-sets": [task.text / f"{SPLITS[0]}.source", task.text / f"{SPLITS[0]}.target"],
            "vocabs": [VOCABULARY, VOCABULARY],
            "dim-vocabs": [task.vocabulary, task.vocabulary],
            "dim-emb": task.embedding,
            "dim-rnn": task.hidden,
            "enc-cell": "lstm",
            "dec-cell": "lstm",
            "enc-type": "bidirectional",
            "enc-depth": 1,
            "dec-depth": 1,
            "dec-cell-base-depth": 2,
            "tied-embeddings-all": "true",
            "dropout-rnn": task.dropout,
            "label-smoothing": task.label_smoothing,
            "clip-norm": task.clip_norm,
            "optimizer": "adam",
            "learn-rate": task.peak_rate,
            "lr-warmup": WARMUP,
            "lr-decay-inv-sqrt": WARMUP,
            "mini-batch": task.batch_tokens,
            "mini-batch-words": task.batch_tokens,
            "max-length": task.longest + 1,
            "cpu-threads": task.threads,
            "disp-freq": f"{LOG_STEPS}u",
            "save-freq": "1000000000u",
            "overwrite": "true",
            "shuffle-in-ram": "true",
            "seed": 1,
        }
        command = [str(self.python), "-m", "pymarian", "train"]
        for name, value in options.items():
            command += [f"--{name}", *(map(str, value) if isinstance(value, list) else [str(value)])]
        return command

    def rate(self, log: str) -> float:
        notes = re.findall(r" after ([\d,]+) : Time ([\d.]+)s", log)
        if not notes:
            raise self.missing("speed of training")
        return int(notes[-1][0].replace(",", "")) / sum(float(seconds) for _, seconds in notes)

    def parameters(self, log: str) -> int:
        with zipfile.ZipFile(self.folder / MODEL) as archive:
            names = [name for name in archive.namelist() if not name.startswith("special:")]
            return sum(_size(archive, name) for name in names)

    def translation(self, beam: int) -> list[str]:
        task = self.task
        # One string, cut at spaces by Marian: it holds no path but those of files in the folder where it runs.
        options = (
            f"--models {MODEL} --vocabs {VOCABULARY} {VOCABULARY} --cpu-threads {task.threads} --beam-size {beam}"
            f" --normalize 1 --mini-batch {SENTENCES} --maxi-batch {SORTED} --maxi-batch-sort src"
            f" --max-length-factor {LONGEST_RATIO} --max-length 1000 --quiet --quiet-translation"
        )
        validation = [str(task.text / "validation.source")] if beam == 1 else []
        return [str(self.python), "-c", SCRIPT, options, str(task.text / "test.source"), *validation]

    def seconds(self, log: str) -> float:
        found = re.search(r"^test split: ([\d.]+) s$", log, re.MULTILINE)
        if not found:
            raise self.missing("time of translation")
        return float(found[1])

    def validation(self) -> Path:
        return self.folder / VALIDATION


def _size(archive: zipfile.ZipFile, name: str) -> int:
    """Numbers in one array of an .npz, from its header alone."""
    with archive.open(name) as file:
        assert np.lib.format.read_magic(file) == (1, 0)
        shape, _, _ = np.lib.format.read_array_header_1_0(file)
    return prod(shape)
