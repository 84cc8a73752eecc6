"""Floating-point operations of a training step, counted from the sizes of the layers.

Only matrix products count, 2 operations for a multiplication with its addition.  With E the embedding, H hidden,
V target vocabulary, g gates of a cell (rnn 1, gru 3, lstm 4) with s vectors of state (rnn and gru 1, lstm 2),
L encoder and D decoder layers, A = 2H what stands above the attention (H without one), the forward pass multiplies:

    for each source token     g H (E + H/2) + (L - 1) g H (H + H/2)        encoder, two directions of H/2 each
                              + E H   (with attention, unless E = H)       words beside the annotations
                              + H H   (with attention)                     keys
    for each target token     g H (E + H) + (D - 1) g H (A + H)            decoder
                              + 4 H   (with attention)                     coefficients of the past
                              + A E + E V                                  readout, output layer
    for each sentence         H · D s H                                    the decoder's first states
    for each pair of tokens   2 H     (with attention)                     scores and contexts

The backward pass multiplies twice as much: for the gradient of the weights and of the input.  Looking up an
embedding and adding up its gradient are no products.  An ensemble does all of it once for each network.
"""

from dataclasses import dataclass

from torch import Tensor

from seq2seq.attention import PAST
from seq2seq.cells import state_size
from seq2seq.config import Model

GATES = {"rnn": 1, "gru": 3, "lstm": 4}
FORWARD = 2
"""Operations of the forward pass for each multiplication."""
TRAINING = 3 * FORWARD
"""Operations of a training step for each multiplication of its forward pass."""


@dataclass(frozen=True)
class Products:
    """Multiplications of the forward pass."""

    per_source_token: int
    per_target_token: int
    per_sentence: int
    per_pair_of_tokens: int

    def total(self, source_lengths_B: Tensor, target_lengths_B: Tensor) -> int:
        """Multiplications for sentences of the given lengths, END counted, padding not."""
        return int(
            self.per_source_token * source_lengths_B.sum()
            + self.per_target_token * target_lengths_B.sum()
            + self.per_sentence * len(source_lengths_B)
            + self.per_pair_of_tokens * (source_lengths_B * target_lengths_B).sum()
        )


def count_products(model: Model, target_size: int) -> Products:
    """The formula above for a network with a target vocabulary of the given size."""
    embedding, hidden = model.embedding, model.hidden
    above = 2 * hidden if model.attention else hidden
    gates = GATES[model.cell]

    def recurrent(inputs: int, layer_hidden: int) -> int:
        return gates * layer_hidden * (inputs + layer_hidden)

    source = 2 * recurrent(embedding, hidden // 2)
    source += (model.encoder_layers - 1) * 2 * recurrent(hidden, hidden // 2)
    if model.attention:
        source += hidden * hidden + (embedding * hidden if embedding != hidden else 0)
    target = recurrent(embedding, hidden) + (model.decoder_layers - 1) * recurrent(above, hidden)
    if model.attention:
        target += PAST * hidden
    target += above * embedding + embedding * target_size
    first_states = hidden * model.decoder_layers * state_size(model.cell) * hidden
    pair = 2 * hidden if model.attention else 0
    return Products(*(model.networks * products for products in (source, target, first_states, pair)))
