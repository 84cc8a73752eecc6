"""A run without its loop, for tests of what is on disk."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from data_prep.corpus import Corpus
from seq2seq.batches import make_batch, plan
from seq2seq.checkpoint import TrainingState, find_checkpoint, load_model, save_checkpoint
from seq2seq.config import Model
from seq2seq.loss import smoothed_cross_entropy
from seq2seq.model import Translation
from seq2seq.optimisers import make_optimisers
from seq2seq.run_files import begin_run
from seq2seq.tensors import Optimisers
from seq2seq.threads import Workers
from tests.toys import config


class Run:
    """A run without its loop: a network, its optimisers, and a folder."""

    def __init__(self, folder: Path, corpus: Corpus, model: Model | None = None) -> None:
        self.folder, self.corpus, self.config = folder, corpus, config(model)
        self.model, self.optimisers = self.fresh(1)
        begin_run(folder, self.config, corpus)

    def fresh(self, seed: int) -> tuple[Translation, Optimisers]:
        torch.manual_seed(seed)
        subwords = self.corpus.subwords
        model = Translation(self.config.model, subwords.source_size, subwords.target_size, subwords.joint)
        return model, make_optimisers(model, self.config.training, Workers(1))

    def update(self, model: Translation, optimisers: Optimisers) -> None:
        split = self.corpus.split("train")
        batch = make_batch(split, plan(split, 50, (0,))[0])
        features = model(batch.source_BS, batch.source_lengths_B, batch.target_in_BT).flatten(0, 1)
        weight, bias = model.output_weight_VE, model.output_bias_V
        total, _ = smoothed_cross_entropy(features, weight, bias, batch.target_out_BT.flatten())
        total.backward()  # type: ignore[no-untyped-call]
        for optimiser in optimisers:
            optimiser.rate = 1e-2
            optimiser.step()
            optimiser.forget()

    def save(self, step: int, best_step: int = 0, **others: Any) -> TrainingState:
        state = TrainingState(step=step, best_step=best_step, **others)
        save_checkpoint(self.folder, self.model, self.optimisers, state)
        return state

    def kept(self) -> list[str]:
        return sorted(path.name for path in (self.folder / "checkpoints").iterdir())


def weights(run: Path) -> dict[str, Tensor]:
    """Those of the last checkpoint."""
    model, _, _ = load_model(find_checkpoint(run, "last"), torch.device("cpu"))
    return {name: p.detach() for name, p in model.named_parameters()}


def same_weights(run: Path, other: Path) -> bool:
    ours, theirs = weights(run), weights(other)
    return all(ours[name].equal(theirs[name]) for name in ours | theirs)


def equal(a: torch.nn.Module, b: torch.nn.Module) -> bool:
    return all(p.equal(q) for p, q in zip(a.parameters(), b.parameters(), strict=True))


def damage(path: Path, how: str) -> None:
    data = bytearray(path.read_bytes())
    if how == "missing":
        path.unlink()
    elif how == "short":
        path.write_bytes(data[: len(data) // 2])
    else:
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
