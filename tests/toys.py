"""Small networks, corpora and tasks that the tests share."""

import random
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import torch
from torch import Tensor

from data_prep.corpus import SCHEMA, Corpus, SplitWriter, write_manifest
from data_prep.files import file_digest
from data_prep.settings import Subwords as SubwordSettings
from data_prep.subwords import END, Subwords, train_subwords
from seq2seq.batches import pad
from seq2seq.config import Config, Decoding, Model, Training
from seq2seq.model import Translation

CELLS = ("rnn", "gru", "lstm")
ATTENTIONS = (False, True)
LETTERS = "abcdefgh"
Pairs = Sequence[tuple[str, str]]


def words(count: int, seed: int, shortest: int = 3, longest: int = 8) -> list[str]:
    """Random strings of LETTERS, all different."""
    draw = random.Random(seed)
    found: dict[str, None] = {}
    while len(found) < count:
        found["".join(draw.choices(LETTERS, k=draw.randint(shortest, longest)))] = None
    return list(found)


def task(
    change: Callable[[str], str], train: int = 400, held_out: int = 20, seed: int = 0, longest: int = 8
) -> dict[str, Pairs]:
    """A toy task: the target is a function of the source; validation and test are new strings."""
    pairs = [(word, change(word)) for word in words(train + 2 * held_out, seed, longest=longest)]
    return {
        "train": pairs[:train],
        "validation": pairs[train : train + held_out],
        "test": pairs[train + held_out :],
    }


@cache
def letter_subwords(joint: bool = True, carry: bool = False) -> Subwords:
    """Letters as units, with the 256 bytes: about 270 ids."""
    text = words(50, 0)
    settings = SubwordSettings(kind="char", vocabulary=300, joint=joint, carry=carry)
    return train_subwords(lambda: zip(text, text, strict=True), settings)


def write_corpus(folder: Path, splits: Mapping[str, Pairs], joint: bool = True, carry: bool = False) -> Corpus:
    """A prepared corpus of the given pairs."""
    folder.mkdir(parents=True, exist_ok=True)
    subwords = letter_subwords(joint, carry)
    for name, data in subwords.files().items():
        (folder / name).write_bytes(data)
    for name, pairs in splits.items():
        sources, targets = [source for source, _ in pairs], [target for _, target in pairs]
        columns = [sources, targets, subwords.encode_source(sources), subwords.encode_target(targets)]
        arrays = [pa.array(column, field.type) for column, field in zip(columns, SCHEMA, strict=True)]
        with SplitWriter(folder / f"{name}.arrow") as writer:
            writer.add(pa.record_batch(arrays, schema=SCHEMA))
    manifest = {
        "languages": {"source": "xx", "target": "yy"},
        "splits": {name: {"pairs": len(pairs)} for name, pairs in splits.items()},
        "files": {name: file_digest(folder / name) for name in [*subwords.files(), *(f"{s}.arrow" for s in splits)]},
    }
    write_manifest(folder, manifest)
    return Corpus(folder)


def model_config(cell: str = "gru", attention: bool = True, **others: Any) -> Model:
    """Settings of a very small network."""
    small: dict[str, Any] = {"embedding": 6, "hidden": 8, "decoder_layers": 2}
    return Model.model_validate({"cell": cell, "attention": attention, **small, **others})


def network(
    cell: str = "gru",
    attention: bool = True,
    *,
    size: int = 12,
    seed: int = 0,
    scale: float = 3.0,
    joint: bool = True,
    **others: Any,
) -> Translation:
    """A random network, ready to translate; its weights times `scale`, so that its answers differ clearly."""
    torch.manual_seed(seed)
    model = Translation(model_config(cell, attention, **others), size, size, joint)
    model.reset_parameters()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn_like(parameter) * 0.1 + parameter * scale)
    return model


def config(model: Model | None = None, decoding: Decoding | None = None, **training: Any) -> Config:
    """Settings of a very short run on one thread."""
    short: dict[str, Any] = {
        "batch_tokens": 100,
        "learning_rate": 5e-3,
        "warmup_steps": 5,
        "validate_pairs": 4,
        "validate_steps": 10,
        "precision": "float32",
        "device": "cpu",
        "threads": 1,
    }
    if not {"steps", "minutes", "epochs"} & set(training):
        short["steps"] = 20
    return Config(
        model=model or model_config(),
        training=Training.model_validate(short | training),
        decoding=decoding or Decoding(beam=2),
    )


def sources(lengths: Sequence[int], size: int = 12, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Random source_BS with END after each, and lengths_B; the lengths count the END."""
    draw = random.Random(seed)
    rows = [[draw.randrange(END + 1, size) for _ in range(length - 1)] for length in lengths]
    return pad([torch.tensor(row, dtype=torch.int32).numpy() for row in rows], after=END), torch.tensor(lengths)


def targets(batch: int, positions: int, size: int = 12, seed: int = 0) -> Tensor:
    """Random target ids [B, T], no special ones."""
    return torch.randint(END + 1, size, (batch, positions), generator=torch.Generator().manual_seed(seed))
