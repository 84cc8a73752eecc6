"""Which corpora look tokenized, and which do not."""

from pathlib import Path

import pytest

from data_prep.sources import open_source
from data_prep.tokenized import PAIRS, describe

CORPORA = Path(__file__).parents[3] / "shared" / "corpora"
PLAIN = [
    ("It's a well-known fact, isn't it?", "C'est un fait bien connu, n'est-ce pas ?"),
    ("Stop!", "Arrêtez !"),
    ("The dogs' bowl; his: 3,000.5", "La gamelle des chiens ; la sienne : 3 000,5"),
    ("Wait ...", "Attends ..."),
]


def both(pairs: list[tuple[str, str]]) -> str | None:
    sources, targets = zip(*pairs, strict=True)
    return describe(sources, targets)


@pytest.mark.parametrize(
    ("pair", "mark"),
    [
        (("a well @-@ known fact", "un fait bien connu"), "@-@"),
        (("3 @,@ 000 people", "3 000 personnes"), "@-@"),
        (("it &apos;s late", "il est tard"), "&apos;"),
        (("the man is late", "l&apos; homme est en retard"), "&apos;"),
        (("he said &quot; yes &quot;", "il a dit oui"), "&quot;"),
        (("un@@ known", "in@@ connu"), "@@"),
        (("▁a ▁fact", "▁un ▁fait"), "▁"),
    ],
)
def test_marks_of_tokenizers_in_one_pair_of_a_hundred_are_told(pair: tuple[str, str], mark: str) -> None:
    assert both(PLAIN * 99 + [pair] * 4) == f"{mark} in 4 of the first 400 pairs"
    assert both(PLAIN * 250 + [pair] * 4) is None
    assert both([pair] * 2) is None


def test_only_the_first_pairs_count() -> None:
    pair = ("a well @-@ known fact", "x")
    assert both([pair] * PAIRS + PLAIN) == f"@-@ in {PAIRS:,} of the first {PAIRS:,} pairs"
    assert both(PLAIN * PAIRS + [pair] * PAIRS) is None


def test_a_space_before_stops_and_commas_is_told_on_either_side() -> None:
    spaced = [("Two men , one dog .", "Deux hommes, un chien."), ("He runs .", "Il court.")]
    expected = "a space before 30 of 30 full stops and commas in the first 20 pairs"
    assert both(spaced * 10) == both([(target, source) for source, target in spaced * 10]) == expected
    assert both(spaced * 10 + PLAIN * 100) is None


@pytest.mark.parametrize(
    "pair",
    [
        ("It&apos;s &quot;late&quot;, R &amp; D", "C&apos;est &quot;tard&quot;"),
        ("the dogs&apos; bowl", "la gamelle"),
        ("me@example.org or @tom", "à moi : moi@exemple.fr"),
        ("", ""),
    ],
)
def test_other_text_is_not_taken_for_tokenized(pair: tuple[str, str]) -> None:
    assert both(PLAIN + [pair] * 1000) is None


@pytest.mark.skipif(not CORPORA.is_dir(), reason="the shared corpora are not beside this clone")
@pytest.mark.parametrize("name", ["multi30k-en-fr", "tatoeba-en-fr", "tatoeba-en-de", "tatoeba-en-ar"])
def test_no_part_of_a_real_corpus_is_taken_for_tokenized(name: str) -> None:
    source = open_source(str(CORPORA / name), ("en", name[-2:]))
    for chunk in source.chunks("train", PAIRS):
        assert describe(chunk.sources, chunk.targets) is None
