"""Which of a run's validations is the best: by BLEU where the difference is sure, else by the loss.

BLEU of a thousand sentences is known to about a point, and early in training it is noise.  So BLEU decides only where
a validation differs from the *anchor* by more than the 95 % interval of the difference; within it, the lower loss
decides.  The anchor is the first validation, until one is surely better; that one is the anchor then.  So many small
losses of BLEU do not add up.
"""

import math

from seq2seq.checkpoint import TrainingState
from seq2seq.evaluation import Counts, bleu_margin

LOWEST_BLEU = 5.0
"""Below it BLEU does not tell networks apart: what matches are the commonest words, said over and over."""
SMALLEST_GAIN = 0.001
"""Nats per subword by which a loss has to be lower to be better."""


def note_validation(state: TrainingState, bleu: float, loss: float, counts: Counts) -> bool:
    """Note a validation at the present step in `state`; return whether it is the best so far.

    `bleu` is from 0 to 100, `loss` in nats per subword, `counts` of `bleu_counts`.
    """
    # A run of an older version has noted no anchor: its best BLEU has to be beaten.
    anchored = bool(state.anchor_counts)
    margin = bleu_margin(counts, state.anchor_counts) if anchored else 0.0
    gain = max(bleu, LOWEST_BLEU) - max(state.anchor_bleu if anchored else state.best_bleu, LOWEST_BLEU)
    surely = state.best_step == 0 or gain > margin
    lowest = math.inf if state.best_loss is None else state.best_loss - SMALLEST_GAIN
    better = surely or (gain >= -margin and loss < lowest)
    if surely or (better and not anchored):
        state.anchor_bleu, state.anchor_counts = bleu, counts
    if better:
        state.best_step, state.best_bleu = state.step, bleu
        state.best_loss = loss if math.isfinite(loss) else None
    state.stale = 0 if better else state.stale + 1
    return better
