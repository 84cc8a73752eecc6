"""Whether long sentences are forgotten or hard: the loss of a trained network by place in sentences of like length.

    python -m tests.benchmarks.lengths RUN CORPUS [SPLIT]

Prints nats for each target subword, given those before it as they should be, as a table in Markdown: a row for each
length of the source in words, a column for every five places of the target.  What is forgotten would cost more the
later it comes; what is hard costs more from the beginning.  The split is the validation split, if none is named.

Shapes: B pairs, T target positions, V vocabulary.
"""

import sys
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from data_prep.corpus import Corpus
from data_prep.subwords import PAD
from seq2seq.batches import by_length, make_batch
from seq2seq.checkpoint import find_checkpoint, load_model

WORDS = ((1, 5), (6, 10), (11, 15), (16, 30))
PLACES, COLUMNS = 5, 6
"""Places in a column, and columns."""
BUDGET = 4000
"""Target subwords of a batch."""
FEWEST = 100
"""Subwords of a cell, at least; those with fewer stay empty."""


@torch.no_grad()
def main(run: Path, folder: Path, split_name: str = "validation") -> None:
    """Print the table."""
    split, device = Corpus(folder).split(split_name), torch.device("cpu")
    model, _, _ = load_model(find_checkpoint(run, "best"), device)
    words = np.array([len(text.split()) for text in split.texts()[0]])

    def nats(rows: np.ndarray) -> tuple[Tensor, Tensor]:
        """Sum over the pairs, and number of subwords, for each column."""
        sums, counts = torch.zeros(COLUMNS, dtype=torch.float64), torch.zeros(COLUMNS)
        for part in by_length(split, rows, BUDGET):
            batch = make_batch(split, part)
            features_BTE = model(batch.source_BS, batch.source_lengths_B, batch.target_in_BT)
            log_p_BTV = (features_BTE @ model.output_weight_VE.T + model.output_bias_V).log_softmax(dim=2)
            log_p_BT = log_p_BTV.gather(2, batch.target_out_BT.unsqueeze(2)).squeeze(2)
            real_BT = batch.target_out_BT != PAD
            column_BT = (torch.arange(real_BT.size(1)) // PLACES).expand_as(real_BT)
            real_BT = real_BT & (column_BT < COLUMNS)
            sums.index_add_(0, column_BT[real_BT], -log_p_BT[real_BT].double())
            counts += torch.bincount(column_BT[real_BT], minlength=COLUMNS)
        return sums, counts

    columns = [f"{PLACES * place + 1}–{PLACES * (place + 1)}" for place in range(COLUMNS)]
    print("| words | sentences | " + " | ".join(columns) + " |\n" + "|---" * (COLUMNS + 2) + "|")
    for shortest, longest in WORDS:
        (rows,) = np.nonzero((words >= shortest) & (words <= longest))
        sums, counts = nats(rows)
        cells = [f"{s / n:.2f}" if n >= FEWEST else "" for s, n in zip(sums.tolist(), counts.tolist(), strict=True)]
        print(f"| {shortest}–{longest} | {len(rows)} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
