"""Which language a text is in: a recurrent network that reads letters, and the check of a translator's input by it.

Shapes: B texts, T letters, E embedding, H hidden, L languages.

    h_t = LSTM(e_t, h_{t-1}),    p(language | letters 1 to t) = softmax(W h_t + b)

The network knows three languages and nothing else: a text in a fourth it takes for the most similar of the three.  So
the check speaks up only where the run's source language is one of the three and the text looks clearly like another of
them; where the source language is none of them there is no check.

The weights beside this module, and their note, are made by `python -m tests.benchmarks.language train`, which also
measures how often the check is wrong.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from data_prep.errors import UserError
from data_prep.normalization import normalize
from data_prep.placeholders import PlaceholderMasker
from data_prep.subwords import PAD
from seq2seq.batches import pad
from seq2seq.cells import RecurrentLayer
from seq2seq.run_files import read_corpus_note

LANGUAGES = {"en": "English", "fr": "French", "ar": "Arabic"}
"""Those that are known, by their codes, in the order of the network's outputs."""
WEIGHTS = Path(__file__).with_name("language.safetensors")

ARABIC = "".join(map(chr, [*range(0x621, 0x63B), *range(0x641, 0x64B)]))
LETTERS = " abcdefghijklmnopqrstuvwxyzàâäæçèéêëîïôöùûüÿœ" + ARABIC
"""What is read.  Any other letter is an unknown one, and whatever is no letter parts words."""
UNKNOWN = PAD + 1
IDS = {letter: number for number, letter in enumerate(LETTERS, UNKNOWN + 1)}
EMBEDDING, HIDDEN = 16, 64
LONGEST = 200
"""Letters of a line that are read."""

ENOUGH = 1000
"""Letters of running text after which the check has seen enough."""
LINES = 200
"""Lines after which it gives up looking for as many."""
TOGETHER = 20
"""Lines that are read together."""
LEAST = 16
"""Letters of running text that it wants before it says anything."""
THRESHOLD = 0.9
"""Share of the running text in another language, by the network's probabilities, where it speaks up."""

_WORD = re.compile(r"[^\W\d_]+")
# Arabic's vowel signs and the line that stretches a word, which most text leaves out.
_MARKS = re.compile("[\u0640\u064b-\u065f\u0670]")
# What prose has not: the signs of code, and words joined by a full stop, a bracket or a colon.
_ODD = re.compile(r"[{}\[\]<>=\\|^~_]|\w[.(:]\w|\w\(")
_ITEMS = PlaceholderMasker()


def _words(text: str) -> list[str]:
    return _WORD.findall(_MARKS.sub("", text))


def spell(text: str) -> list[int]:
    """Ids of a text's letters, all small, with one space between words; as many as are read."""
    return [IDS.get(letter, UNKNOWN) for letter in " ".join(_words(text)).casefold()[:LONGEST]]


def running_letters(text: str) -> int:
    """Letters in words that speak for a language, written small and in known letters; 0 if the text is no prose.

    Prose has words beside one another, most of which are such words, and no signs of code.
    """
    words = _words(text)
    if len(words) < 2 or _ODD.search(text):
        return 0
    running = sum(len(word) for word in words if not word[0].isupper() and all(letter in IDS for letter in word))
    return running if 2 * running > sum(map(len, words)) else 0


class Recogniser(nn.Module):
    """Reads letters and tells the language after each: many to one."""

    def __init__(self, languages: int) -> None:
        """A network without knowledge; `reset_parameters` makes it ready for training."""
        super().__init__()
        self.embedding = nn.Embedding(UNKNOWN + 1 + len(LETTERS), EMBEDDING, padding_idx=PAD)
        self.layer = RecurrentLayer("lstm", EMBEDDING, HIDDEN)
        self.weight_LH = nn.Parameter(torch.zeros(languages, HIDDEN))
        self.bias_L = nn.Parameter(torch.zeros(languages))

    def reset_parameters(self) -> None:
        """Draw the weights that training begins with; those of the output layer begin at zero."""
        self.layer.reset_parameters()
        with torch.no_grad():
            self.embedding.weight.normal_(std=EMBEDDING**-0.5)
            self.embedding.weight[PAD].zero_()

    def forward(self, ids_BT: Tensor) -> Tensor:
        """The state after each letter [B, T, H]."""
        embedded_BTE = self.embedding(ids_BT)
        states_BTH: Tensor = self.layer(embedded_BTE, self.layer.zero_state(len(ids_BT), embedded_BTE))[0]
        return states_BTH

    def probabilities(self, ids_BT: Tensor) -> Tensor:
        """Of each language, after each letter [B, T, L]."""
        return nn.functional.linear(self(ids_BT), self.weight_LH, self.bias_L).softmax(dim=2)


@torch.inference_mode()
def after_all(network: Recogniser, spelt: Sequence[Sequence[int]]) -> Tensor:
    """Probabilities [B, L] after the last letter of each text; none is empty."""
    lengths_B = torch.tensor([len(ids) for ids in spelt])
    ids_BT = pad([np.array(ids, np.int32) for ids in spelt])
    return network.probabilities(ids_BT)[torch.arange(len(spelt)), lengths_B - 1]


@cache
def shipped() -> Recogniser:
    """The network that comes with the package."""
    network = Recogniser(len(LANGUAGES))
    network.load_state_dict(load_file(WEIGHTS))
    return network


def weigh(lines: Iterable[str]) -> tuple[int, Tensor]:
    """Letters of running text in the lines, and how many of them are in each language by the network [L]."""
    texts, letters = [], []
    for line in lines:
        # Numbers, addresses and quoted code are in no language.
        text = _ITEMS.mask(normalize(line[: 2 * LONGEST])).text
        if found := running_letters(text):
            texts.append(spell(text))
            letters.append(found)
    if not texts:
        return 0, torch.zeros(len(LANGUAGES))
    letters_B = torch.tensor(letters, dtype=torch.float)
    return sum(letters), letters_B @ after_all(shipped(), texts)


def judge(letters: int, weights_L: Tensor) -> str | None:
    """The language that so many letters of running text are clearly in, if they are in one."""
    share, language = (weights_L / max(1, letters)).max(dim=0)
    return list(LANGUAGES)[int(language)] if letters >= LEAST and share >= THRESHOLD else None


class InputCheck:
    """Looks at the first lines of an input and says, once, if they are not in the language that they should be in."""

    def __init__(self, language: str, say: Callable[[str], None]) -> None:
        """`language` is the code of the source language; `say` gets the warning."""
        self._language, self._say = language.lower().split("_")[0], say
        self._lines, self._letters = 0, 0
        self._weights_L = torch.zeros(len(LANGUAGES))
        self._done = self._language not in LANGUAGES

    @classmethod
    def of_run(cls, run: Path, say: Callable[[str], None]) -> "InputCheck":
        """The check for a run; none if the run does not note its language."""
        try:
            return cls(read_corpus_note(run)["manifest"]["languages"]["source"], say)
        except (UserError, KeyError):
            return cls("", say)

    def __call__(self, lines: Sequence[str]) -> None:
        """Take the next lines of the input into account."""
        if self._done:
            return
        for first in range(0, len(lines), TOGETHER):
            some = lines[first : first + TOGETHER]
            letters, weights_L = weigh(some)
            self._letters += letters
            self._weights_L += weights_L
            self._lines += len(some)
            if self._letters >= ENOUGH or self._lines >= LINES:
                self._done = True
                break
        language = judge(self._letters, self._weights_L)
        if language and language != self._language:
            self._done = True
            self._say(
                f"warning: the input looks like {LANGUAGES[language]}, and this run translates from "
                f"{LANGUAGES[self._language]}; name another run with RUN=…, or silence this with --no-language-check"
            )
