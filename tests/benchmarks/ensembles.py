"""What an ensemble is worth: BLEU and chrF of each of its networks, and of the first so many together.

    python -m tests.benchmarks.ensembles RUN CORPUS [SPLIT]

The networks of a run differ in their first weights and in what dropout takes, as those of runs with other seeds do, so
that the first table is also the spread between seeds.  The split is the validation split, if none is named.
"""

import statistics
import sys
from pathlib import Path

import torch

from data_prep.corpus import Corpus
from seq2seq.checkpoint import find_checkpoint, load_model
from seq2seq.ensemble import Ensemble, Networks
from seq2seq.evaluation import score
from seq2seq.translator import Translator


def main(run: Path, folder: Path, split: str = "validation") -> None:
    """Print both tables."""
    corpus, device = Corpus(folder), torch.device("cpu")
    model, subwords, config = load_model(find_checkpoint(run, "best"), device)
    sources, references = corpus.split(split).texts()

    def measured(name: str, networks: Networks) -> float:
        found = Translator(networks, subwords, config.decoding, device).translate(sources)
        scores = score(found, references, corpus.languages[1])
        print(f"{name:<12} BLEU {scores.bleu:.1f}  chrF {scores.chrf:.1f}", flush=True)
        return scores.bleu

    each = [measured(f"network {number}", network) for number, network in enumerate(model.networks, start=1)]
    print(f"mean {statistics.mean(each):.1f}, from {min(each):.1f} to {max(each):.1f}")
    for count in range(2, len(each) + 1):
        measured(f"the first {count}", Ensemble(model.networks[:count]))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
