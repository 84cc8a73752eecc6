"""The assembly: embeddings, encoder, decoder and output layer.

Shapes: B batch, S source positions, T target positions, E embedding, H hidden, V target vocabulary.
"""

import torch
from torch import Tensor, nn

from data_prep.subwords import PAD
from seq2seq.cells import RecurrentLayer, State
from seq2seq.config import Model
from seq2seq.decoder import Decoder, Memory
from seq2seq.dropout import NONE, Dropout
from seq2seq.encoder import Encoder, position_mask

PLAIN = 0.5
"""First size of a plain cell's recurrent matrix.  It has no gate to forget with: at 1 all that was read stands in a
state as large as the word at hand, and whether attention is found is luck (docs/ablations.md)."""


class Translation(nn.Module):
    """p(target | source) as a product over target positions (Sutskever et al. 2014, Bahdanau et al. 2015).

    The output layer shares its weights with the target embeddings, and these with the source embeddings where the
    vocabulary is joint (Press & Wolf 2017).
    """

    def __init__(self, config: Model, source_size: int, target_size: int, joint: bool) -> None:
        """Make the network for vocabularies of the given sizes; `reset_parameters` makes it ready for training."""
        super().__init__()
        self.target_embedding = _embedding(target_size, config.embedding)
        self.own_source_embedding = None if joint else _embedding(source_size, config.embedding)
        self.encoder = Encoder(config.cell, config.embedding, config.hidden, config.encoder_layers)
        self.decoder = Decoder(
            config.cell,
            config.embedding,
            config.hidden,
            config.decoder_layers,
            config.attention,
        )
        self.words = None
        if config.attention:
            same = config.embedding == config.hidden
            self.words = nn.Identity() if same else nn.Linear(config.embedding, config.hidden, bias=False)
        self.output_bias_V = nn.Parameter(torch.zeros(target_size))

    def reset_parameters(self) -> None:
        """Draw the weights of recurrent layers anew; those of others are drawn as they are made."""
        for module in self.modules():
            if isinstance(module, RecurrentLayer):
                module.reset_parameters(PLAIN if module.cell == "rnn" else 1.0)

    @property
    def networks(self) -> list["Translation"]:
        """Itself: of an ensemble there are several (`ensemble.py`)."""
        return [self]

    @property
    def output_weight_VE(self) -> Tensor:
        """Matrix of the output layer: the target embeddings."""
        return self.target_embedding.weight

    def encode(self, source_BS: Tensor, lengths_B: Tensor, dropout: Dropout = NONE) -> tuple[Memory, tuple[State, ...]]:
        """Read the source: what the decoder may look at, and its first states.

        With attention the states start from the mean annotation; without, from the encoder's last outputs, all
        that then passes from source to target.
        """
        own = self.own_source_embedding
        embedded_BSE = self._embedded(source_BS) if own is None else own(source_BS)
        annotations_BSH, last_BH = self.encoder(embedded_BSE, lengths_B, dropout)
        mask_BS = position_mask(lengths_B, source_BS.size(1))
        attention = self.decoder.attention
        if attention is None or self.words is None:
            return Memory(annotations_BSH, annotations_BSH, mask_BS), self.decoder.initial_states(last_BH, mask_BS)
        # With its word's embedding an annotation is worth attending to from the start, and attention is found early.
        annotations_BSH = (annotations_BSH + self.words(embedded_BSE)) * mask_BS.unsqueeze(2)
        mean_BH = annotations_BSH.sum(dim=1) / lengths_B.unsqueeze(1)
        memory = Memory(annotations_BSH, attention.keys(annotations_BSH), mask_BS)
        return memory, self.decoder.initial_states(mean_BH, mask_BS)

    def decode(
        self,
        target_BT: Tensor,
        memory: Memory,
        states: tuple[State, ...],
        dropout: Dropout = NONE,
    ) -> tuple[Tensor, tuple[State, ...], Tensor | None]:
        """Features [B, T, E] of the subword after each of `target_BT`, the states after, attention [B, T, S]."""
        features_BTE, states, weights_BTS = self.decoder(self._embedded(target_BT), memory, states, dropout)
        return features_BTE, states, weights_BTS

    def forward(self, source_BS: Tensor, lengths_B: Tensor, target_BT: Tensor, dropout: Dropout = NONE) -> Tensor:
        """Teacher-forced pass: features [B, T, E] of the subword after each position."""
        memory, states = self.encode(source_BS, lengths_B, dropout)
        return self.decode(target_BT, memory, states, dropout)[0]

    def _embedded(self, ids_BT: Tensor) -> Tensor:
        """Vectors of subwords of the target, or the joint, vocabulary.

        Their gradient joins that of the output layer, which has all rows: on a processor it is added to those it
        concerns.
        """
        weight = self.target_embedding.weight
        return nn.functional.embedding(ids_BT, weight, PAD, sparse=not weight.is_cuda)

    def logits(self, features_E: Tensor) -> Tensor:
        """Scores of every target subword, [..., V]."""
        return nn.functional.linear(features_E, self.output_weight_VE, self.output_bias_V)


def _embedding(size: int, dimension: int) -> nn.Embedding:
    vectors_VE = torch.empty(size, dimension)
    # To draw numbers that have no memory PyTorch loads its compiler, which takes longer than to translate a sentence.
    if not vectors_VE.is_meta:
        nn.init.normal_(vectors_VE, std=dimension**-0.5)
        vectors_VE[PAD] = 0
    embedding: nn.Embedding = nn.Embedding.from_pretrained(  # type: ignore[no-untyped-call]
        vectors_VE, freeze=False, padding_idx=PAD
    )
    return embedding
