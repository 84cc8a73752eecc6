"""Joey NMT (Kreutzer et al. 2019), a toolkit in PyTorch, for comparison."""

import re
from importlib.metadata import version
from pathlib import Path
from statistics import harmonic_mean
from typing import Any

from tests.benchmarks.toolkit import Toolkit, write_json

GREEDY, WIDE = "greedy.yaml", "beam.yaml"
LOG_STEPS = 2
"""Updates between two notes of its speed."""
NEVER = 10**9
WARMUP = 200
SENTENCES = 64
"""Sentences translated at a time."""
LAUNCH = """
import runpy, signal, sys
signal.signal(signal.SIGTERM, signal.default_int_handler)
sys.argv[0] = "joeynmt"
runpy.run_module("joeynmt", run_name="__main__")
"""
"""Starts it with SIGTERM in place of Ctrl-C, upon which it saves: a process in the background may not hear Ctrl-C."""


class JoeyNMT(Toolkit):
    """Joey NMT 2.3.0.

    Its log counts target tokens without padding, ends of sentences included (`ntokens` of its batches), as ours does,
    and its time includes reading the batches.  It translates in its mode `test`, which reports the time of the
    search alone: the text comes cut into subwords and is not put together again, which ours has to do in its time.
    """

    name = "joeynmt"
    # PyTorch first and in the version that we use, or pip may choose another.
    requirements = (
        f"torch=={version('torch').partition('+')[0]}",
        "joeynmt==2.3.0 importlib_metadata sentencepiece<0.2.2",
    )
    started = " - EPOCH 1"
    unequal = (
        "joeynmt: attention asked by the second decoder layer and fed back into the first; the output layer has weights"
        " of its own for all of the hidden size, since it ties them only where embedding = hidden; batches are not"
        " sorted by length and their budget counts the longer side; float32; ours drops"
        " nothing in its first pass over the corpus, and as much as the others after nine"
    )

    def write(self) -> None:
        (self.folder / "vocabulary.txt").write_text("".join(f"{word}\n" for word in self.task.words()), "ascii")
        write_json(self.folder / GREEDY, self.configuration(1))
        write_json(self.folder / WIDE, self.configuration(self.task.beam))

    def configuration(self, beam: int) -> dict[str, Any]:
        """Its configuration.  A wide search has no validation split to translate."""
        task = self.task
        embeddings = {"embedding_dim": task.embedding, "dropout": task.dropout}
        layers = {"type": "recurrent", "rnn_type": "lstm", "embeddings": embeddings, "dropout": task.dropout}
        side = {"level": "word", "voc_file": str(self.folder / "vocabulary.txt")}
        return {
            "name": "comparison",
            "joeynmt_version": "2.3.0",
            "model_dir": str(self.folder / "model"),
            "use_cuda": False,
            "random_seed": 1,
            "data": {
                "dataset_type": "plain",
                "train": str(task.text / "train"),
                **({"dev": str(task.text / "validation")} if beam == 1 else {}),
                "test": str(task.text / "test"),
                "src": {"lang": "source", **side},
                "trg": {"lang": "target", **side},
            },
            "model": {
                "tied_embeddings": True,
                "encoder": {**layers, "hidden_size": task.hidden // 2, "num_layers": 1, "bidirectional": True},
                "decoder": {
                    **layers,
                    "hidden_size": task.hidden,
                    "num_layers": 2,
                    "hidden_dropout": task.dropout,
                    "attention": "luong",
                    "init_hidden": "bridge",
                },
            },
            "training": {
                "optimizer": "adamw",
                "learning_rate": task.peak_rate,
                # The scheduler `plateau` calls PyTorch as it was; others decay by epochs.
                "scheduling": "warmupinversesquareroot",
                "learning_rate_warmup": WARMUP,
                "learning_rate_min": 0.0,
                "weight_decay": 0.01,
                "clip_grad_norm": task.clip_norm,
                "label_smoothing": task.label_smoothing,
                "normalization": "tokens",
                "batch_type": "token",
                "batch_size": task.batch_tokens,
                "epochs": NEVER,
                "logging_freq": LOG_STEPS,
                "validation_freq": NEVER * LOG_STEPS,
                "overwrite": True,
            },
            "testing": {
                "batch_type": "sentence",
                "batch_size": SENTENCES,
                "beam_size": beam,
                "beam_alpha": 1.0,
            },
        }

    def _command(self, *arguments: str) -> list[str]:
        return [str(self.python), "-c", LAUNCH, *arguments]

    def training(self) -> list[str]:
        return self._command("train", GREEDY, "--skip-test")

    def rate(self, log: str) -> float:
        rates = [float(number) for number in re.findall(r"Tokens per Sec: +([\d.]+)", log)]
        if not rates:
            raise self.missing("speed of training")
        # Each is the speed over as many updates, which have as good as the same number of tokens.
        return harmonic_mean(rates)

    def parameters(self, log: str) -> int:
        found = re.search(r"Total params: (\d+)", log)
        if not found:
            raise self.missing("number of parameters")
        return int(found[1])

    def translation(self, beam: int) -> list[str]:
        return self._command("test", GREEDY if beam == 1 else WIDE, "--output-path", f"beam{beam}")

    def seconds(self, log: str) -> float:
        found = re.findall(r"Generation took ([\d.]+)\[sec\]", log)
        if not found:
            raise self.missing("time of translation")
        return float(found[-1])

    def validation(self) -> Path:
        return self.folder / "beam1.dev"
