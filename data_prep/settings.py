"""Settings of the preparation, from raw text to stored ids: strict, documented, with working defaults."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Settings(BaseModel):
    """Base of every settings group: unknown keys and wrong types are refused, values cannot change later."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


MANY = 10**12
"""More than any count or limit can sensibly be."""


class Cleaning(Settings):
    """What a training pair must satisfy to be kept.

    Validation and test splits that a source has itself are only normalised.
    """

    max_characters: int = Field(default=500, ge=1, le=MANY)
    """Longest side that is kept, in characters."""
    max_words: int = Field(default=100, ge=1, le=MANY)
    """Longest side that is kept, in words separated by white space."""
    max_ratio: float = Field(default=4.0, gt=1)
    """Greatest ratio of the two sides' lengths in characters, 20 characters of grace apart."""
    min_script_share: float = Field(default=0.5, ge=0, le=1)
    """Smallest share of a side's letters that must be in its language's script (Latin, Arabic, …)."""
    drop_copies: bool = True
    """Drop pairs whose target repeats the source (of more than one word: names and numbers stay)."""
    drop_duplicates: bool = True
    """Keep a repeated pair once."""


class Splitting(Settings):
    """How a source without splits of its own is divided."""

    validation: int = Field(default=2000, ge=1, le=MANY)
    """Sources held out for validation, at most 5 % of all."""
    test: int = Field(default=2000, ge=1, le=MANY)
    """Sources held out for the test, at most 5 % of all."""
    seed: int = Field(default=1, ge=0, lt=2**32)
    """Which sentences are held out."""


class Subwords(Settings):
    """The subword model."""

    kind: Literal["unigram", "bpe", "char"] = "unigram"
    """Units: unigram language model (Kudo 2018), byte pairs (Sennrich et al. 2016), or single letters."""
    vocabulary: int = Field(default=4000, ge=300, le=1_000_000)
    """Number of units, special ones and bytes included; it shrinks by itself on a corpus too small for it."""
    joint: bool = True
    """One vocabulary for both languages (embeddings are then shared), or one for each."""
    sentences: int = Field(default=500_000, ge=1, le=MANY)
    """Sentences of each language, at most, that the model is trained on."""
    carry: bool = True
    """Whether numbers, addresses, code and unknown names pass through a translation unchanged."""


class Preparation(Settings):
    """All settings of `seq2seq preprocess`."""

    cleaning: Cleaning = Cleaning()
    splitting: Splitting = Splitting()
    subwords: Subwords = Subwords()
