"""Training as `seq2seq train` does it, for some seconds: rate, share of what the machine can do, padding, memory.

Shapes: B pairs of a batch, T target positions.
"""

import statistics
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from data_prep.corpus import Corpus
from data_prep.subwords import PAD
from seq2seq.batches import Batch, Position, ahead, training_batches
from seq2seq.config import Config
from seq2seq.ensemble import Networks
from seq2seq.schedule import learning_rate
from seq2seq.updates import Updater
from tests.benchmarks.flops import TRAINING, Products, count_products
from tests.benchmarks.machine import matrix_gflops, synchronise
from tests.benchmarks.processes import Figures, peak_mib

WARM_UP = 10
"""Updates before the measurement."""
STRETCHES = 4
"""Parts of the measurement; the matrix rate is measured before, between and after them."""


@dataclass
class Tally:
    """What was trained on."""

    seconds: float = 0.0
    waited: float = 0.0
    products: int = 0
    tokens: list[int] = field(default_factory=lambda: [0, 0])
    positions: list[int] = field(default_factory=lambda: [0, 0])

    def add(self, batch: Batch, products: Products) -> None:
        """Count one batch; source before target."""
        target_lengths_B = (batch.target_out_BT != PAD).sum(dim=1)
        self.products += products.total(batch.source_lengths_B, target_lengths_B)
        for side, (tokens, positions) in enumerate(
            [
                (int(batch.source_lengths_B.sum()), batch.source_BS.numel()),
                (batch.target_tokens, batch.target_out_BT.numel()),
            ]
        ):
            self.tokens[side] += tokens
            self.positions[side] += positions

    def padding(self) -> Figures:
        """Shares of the positions that hold no token."""
        source, target = (1 - self.tokens[side] / self.positions[side] for side in (0, 1))
        both = 1 - sum(self.tokens) / sum(self.positions)
        return {"padding_share": both, "source_padding_share": source, "target_padding_share": target}


def measure(corpus: Corpus, config: Config, seconds: float) -> tuple[Networks, Figures]:
    """Train a new network for some seconds, its learning rate falling over them; return it and figures of it."""
    training, subwords = config.training, corpus.subwords
    updater = Updater.of_new(config, subwords)
    model, device = updater.model, updater.device
    products = count_products(config.model, subwords.target_size)
    data = training_batches(corpus.split("train"), training, Position())
    tally, matrix, step = Tally(), list[float](), 0
    with closing(updater):
        batches = ahead(data)
        for step in range(WARM_UP):
            updater.update(next(batches)[0], step, learning_rate(training, step, 0.0), training.dropout)
        matrix.append(matrix_gflops(updater.precision, device))
        for stretch in range(1, STRETCHES + 1):
            synchronise(device)
            while tally.seconds < seconds * stretch / STRETCHES:
                step += 1
                rate = learning_rate(training, step, tally.seconds / seconds)
                start = time.perf_counter()
                batch, *_ = next(batches)
                ready = time.perf_counter()
                updater.update(batch, step, rate, training.dropout)
                end = time.perf_counter()
                tally.seconds += end - start
                tally.waited += ready - start
                tally.add(batch, products)
            start = time.perf_counter()
            synchronise(device)
            tally.seconds += time.perf_counter() - start
            matrix.append(matrix_gflops(updater.precision, device))
    operations = TRAINING * tally.products
    gflops, matrix_rate = operations / tally.seconds / 1e9, statistics.median(matrix)
    figures: Figures = {
        "tokens_per_second": tally.tokens[1] / tally.seconds,
        "flops_per_token": operations / tally.tokens[1],
        "gflops": gflops,
        "matrix_gflops": matrix_rate,
        "share_of_matrix_rate": gflops / matrix_rate,
        **tally.padding(),
        "batch_wait_share": tally.waited / tally.seconds,
        "precision": str(updater.precision).removeprefix("torch."),
        "updates": step + 1 - WARM_UP,
        "peak_memory_mib": peak_mib(),
    }
    return model, figures


def measure_cell(prepared: Path, config: Config, cell: str, seconds: float) -> Figures:
    """Rate and share of a network like another, of the given cell: one without a fast path is seen."""
    model = config.model.model_copy(update={"cell": cell})
    _, figures = measure(Corpus(prepared), config.model_copy(update={"model": model}), seconds)
    return {name: figures[name] for name in ("tokens_per_second", "share_of_matrix_rate")}
