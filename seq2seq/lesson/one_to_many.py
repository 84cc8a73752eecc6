"""One to many: a number goes in as one vector, its French name comes out letter by letter.

Shapes: B numbers, P PLACES, D = 10 P, T letters, N letters that are no padding, E embedding, H hidden, V letters
of the alphabet.

    (h_0, c_0) = tanh(W' tanh(W x + b) + b'),    (h_t, c_t) = LSTM(e_{t-1}, h_{t-1}, c_{t-1}),
    p(letter t) = softmax(E tanh(R h_t + r) + c)

x has a 1 for the digit in each place, e_{t-1} is the letter before, at first BEGIN: the translator's decoder without
attention, told a number in place of a sentence.
"""

import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from data_prep.subwords import BEGIN, END, PAD
from seq2seq.batches import pad
from seq2seq.cells import RecurrentLayer, State
from seq2seq.config import Training
from seq2seq.decoder import Decoder, Memory
from seq2seq.lesson.practice import practise
from seq2seq.lesson.section import Keep, Results
from seq2seq.lesson.unfolded import unfolded
from seq2seq.loss import smoothed_cross_entropy

NAME = "one_to_many"
PLACES = 4
"""Digits of the largest number."""
TRAINED = 0.2
"""Share of all numbers that it is trained on; the names of all others it has to make."""
BATCH = 64
EMBEDDING, HIDDEN = 32, 128
LONGEST = 60
"""Letters after which a name that does not end is cut off."""


def names(numbers: Sequence[int]) -> list[str]:
    """The numbers in French."""
    from num2words import num2words

    return [num2words(number, lang="fr") for number in numbers]


def split(seed: int) -> tuple[list[int], list[int]]:
    """Numbers to train on, and those held out."""
    numbers = list(range(10**PLACES))
    random.Random(seed).shuffle(numbers)
    trained = int(TRAINED * len(numbers))
    return numbers[:trained], sorted(numbers[trained:])


def vectors(numbers: Sequence[int]) -> Tensor:
    """Each number as one vector of zeros and ones [B, D], no digit in the places that it has not."""
    digits_BPD = torch.zeros(len(numbers), PLACES, 10)
    for row, number in enumerate(numbers):
        for place, digit in enumerate(reversed(str(number))):
            digits_BPD[row, place, int(digit)] = 1
    return digits_BPD.flatten(1)


class Namer(nn.Module):
    """Writes the name of a number."""

    def __init__(self, alphabet: str) -> None:
        """An untrained network that writes in the letters of `alphabet`."""
        super().__init__()
        self.alphabet = alphabet
        self.first = nn.Linear(10 * PLACES, HIDDEN)
        self.embedding = nn.Embedding(END + 1 + len(alphabet), EMBEDDING, padding_idx=PAD)
        self.decoder = Decoder("lstm", EMBEDDING, HIDDEN, 1, attention=False)
        self.bias_V = nn.Parameter(torch.zeros(END + 1 + len(alphabet)))
        with torch.no_grad():
            self.embedding.weight.mul_(EMBEDDING**-0.5)
        for layer in self.decoder.layers:
            assert isinstance(layer, RecurrentLayer)
            layer.reset_parameters()

    def begin(self, numbers_BD: Tensor) -> tuple[State, ...]:
        """The state that holds the number."""
        return self.decoder.initial_states(torch.tanh(self.first(numbers_BD)), numbers_BD.new_ones(len(numbers_BD), 1))

    def forward(self, letters_BT: Tensor, states: tuple[State, ...]) -> tuple[Tensor, tuple[State, ...]]:
        """Features [B, T, E] of the letter after each, and the states after the last."""
        nothing = letters_BT.new_zeros(0)
        memory = Memory(nothing, nothing, nothing)
        features_BTE, after, _ = self.decoder(self.embedding(letters_BT), memory, states)
        return features_BTE, after

    def ids(self, name: str) -> np.ndarray[Any, np.dtype[np.int32]]:
        """A name's letters as numbers."""
        return np.array([END + 1 + self.alphabet.index(letter) for letter in name], np.int32)

    @torch.inference_mode()
    def write(self, numbers_BD: Tensor) -> list[str]:
        """The names, the likeliest letter each time."""
        states = self.begin(numbers_BD)
        letters_B1 = torch.full((len(numbers_BD), 1), BEGIN)
        written = []
        for _ in range(LONGEST):
            features_B1E, states = self(letters_B1, states)
            letters_B1 = nn.functional.linear(features_B1E, self.embedding.weight, self.bias_V).argmax(dim=2)
            written.append(letters_B1)
        rows = torch.cat(written, dim=1).tolist()
        ended = [row[: row.index(END)] if END in row else row for row in rows]
        return ["".join(self.alphabet[i - END - 1] if i > END else "?" for i in row) for row in ended]


def learn(numbers: Sequence[int], training: Training) -> tuple[Namer, list[float]]:
    """A network that has learnt the names of these numbers, and its losses."""
    texts = names(numbers)
    torch.manual_seed(training.seed)
    network = Namer("".join(sorted(set("".join(texts)))))
    vectors_BD, spelt = vectors(numbers), [network.ids(text) for text in texts]
    draw = random.Random(training.seed)

    def loss(step: int) -> Tensor:
        rows = draw.sample(range(len(numbers)), min(BATCH, len(numbers)))
        target_BT = pad([spelt[row] for row in rows], after=END)
        features_BTE, _ = network(pad([spelt[row] for row in rows], before=BEGIN), network.begin(vectors_BD[rows]))
        real_N = (target_BT.flatten() != PAD).nonzero().squeeze(1)
        features_NE = features_BTE.flatten(0, 1).index_select(0, real_N)
        targets_N = target_BT.flatten().index_select(0, real_N)
        total, _ = smoothed_cross_entropy(features_NE, network.embedding.weight, network.bias_V, targets_N)
        return total / len(real_N)

    return network, practise(network, training, loss)


def measure(keep: Keep) -> Results:
    """How many names of numbers that it has not seen are right, by their number of digits."""
    training = Training(steps=600, learning_rate=0.02, warmup_steps=30, seed=1)
    trained, held_out = split(training.seed)

    def measured() -> Results:
        network, losses = learn(trained, training)
        right = names(held_out)
        found = list(zip(held_out, right, network.write(vectors(held_out)), strict=True))
        wrong = [{"number": number, "right": name, "written": text} for number, name, text in found if text != name]
        # A short name that shows something, and is right if there is such.
        example = next((row for row in found if row[0] > 70 and row[1] == row[2]), found[-1])
        by_digits = []
        for digits in range(1, PLACES + 1):
            of_length = [text == name for number, name, text in found if len(str(number)) == digits]
            seen = sum(len(str(number)) == digits for number in trained)
            exact = 100 * sum(of_length) / len(of_length)
            by_digits.append({"digits": digits, "trained": seen, "held_out": len(of_length), "exact": exact})
        return {
            "last_loss": losses[-1],
            "exact": 100 * (1 - len(wrong) / len(found)),
            "wrong": len(wrong),
            "by_digits": by_digits,
            "mistakes": random.Random(training.seed).sample(wrong, min(4, len(wrong))),
            "example": {"number": example[0], "written": example[2]},
        }

    return {
        "largest": 10**PLACES - 1,
        "places": PLACES,
        "trained": len(trained),
        "held_out": len(held_out),
        "trained_share": 100 * TRAINED,
        "steps": training.steps,
        "batch": BATCH,
        "hidden": HIDDEN,
        "embedding": EMBEDDING,
        "learning_rate": training.learning_rate,
        "seed": training.seed,
        **keep.get(NAME, measured),
    }


def draw(results: Mapping[str, Any], folder: Path) -> None:
    """The network as it writes one name."""
    example = results["example"]
    unfolded([str(example["number"])], [*example["written"], "end"], folder / f"{NAME}-unfolded.png", fed_back=True)


def tell(results: Mapping[str, Any]) -> str:
    """The section as Markdown."""
    example, by_digits = results["example"], results["by_digits"]
    rows = "\n".join(
        f"| {row['digits']} | {row['trained']:,} | {row['held_out']:,} | {row['exact']:.1f} % |" for row in by_digits
    )
    mistakes = "\n".join(f"| {row['number']} | {row['right']} | {row['written']} |" for row in results["mistakes"])
    wrong = f"""
Some of the {results["wrong"]:,} mistakes:

| number | its name | written |
|---|---|---|
{mistakes}
"""
    return f"""\
## One to many: a number and its name

A recurrent network has a state, which each step hands on to the next. So one input can become a sequence: the
input sets the first state, every step writes one letter, and the letter goes back in as the input of the next
step, until the network writes the end.

$$
(h_0, c_0) = \\tanh(W' \\tanh(W x + b) + b'), \\qquad
(h_t, c_t) = \\mathrm{{LSTM}}(e_{{t-1}}, h_{{t-1}}, c_{{t-1}}), \\qquad
p_t = \\mathrm{{softmax}}(E \\tanh(R h_t + r) + c)
$$

$x$ is a number of up to {results["places"]} digits, as one vector with a 1 for the digit in each place,
$e_{{t-1}}$ the embedding of the letter before, $h_t$ and $c_t$ the state ({results["hidden"]} units each), $p_t$ the
probability of each letter, and $E$ the matrix of all embeddings ({results["embedding"]} numbers for a letter).
It is the translator's decoder without attention, with the translator's loss and optimisers.

![{example["number"]}, unfolded](lesson/{NAME}-unfolded.png)

`make lesson` draws {results["trained"]:,} of the numbers from 0 to {results["largest"]:,}
({results["trained_share"]:.0f} %), trains on their French names (by num2words) for {results["steps"]} updates
of {results["batch"]} names, and asks for the names of the {results["held_out"]:,} others, none of which it has
seen. A name counts if every letter is right: {results["exact"]:.1f} % do.

| digits | numbers trained on | held out | names right |
|---|---|---|---|
{rows}
{wrong if results["wrong"] else ""}
What it does not show: that it counts. It has learnt how names are put together out of pieces that it saw often;
of short numbers, which are few, it has seen too little, and of a number with one more digit it knows nothing.
"""
