"""Scores against sacreBLEU's own command, significance, and BLEU by length."""

import json
import math
import random
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seq2seq import evaluation
from seq2seq.evaluation import (
    GROUPS,
    bleu_counts,
    bleu_margin,
    by_source_length,
    compare,
    corpus_bleu,
    score,
    signatures,
)

TEXT = "Le chat n’est pas sur la table, mais où est-il donc ? « Ici », dit-elle à 10,5 km."
WORDS = TEXT.split(" ")
CHINESE = (["猫在桌子上睡觉，今天天气很好。"] * 3, ["猫在桌子上休息，今天天气不好。"] * 3)


def _references(count: int = 40) -> list[str]:
    draw = random.Random(1)
    return [" ".join(draw.choices(WORDS, k=draw.randint(1, 16))) for _ in range(count)]


def _noisy(texts: list[str], share: float, seed: int) -> list[str]:
    """The texts with a share of their words replaced."""
    draw = random.Random(seed)
    return [" ".join(draw.choice(WORDS) if draw.random() < share else w for w in text.split(" ")) for text in texts]


REFERENCES = _references()
GOOD, BAD = _noisy(REFERENCES, 0.1, 2), _noisy(REFERENCES, 0.4, 3)


def _command(
    folder: Path, translations: list[str], references: list[str], *options: str, more: Sequence[str] = ()
) -> dict[str, tuple[float, str]]:
    """Score and signature by metric, from the command `sacrebleu`."""
    for name, lines in (("translations", translations), ("references", references)):
        (folder / name).write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    files = [str(folder / "references"), *more, "-i", str(folder / "translations")]
    command = [sys.executable, "-m", "sacrebleu", *files, "-m", "bleu", "chrf", "ter", "-w", "6", *options]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return {
        row["name"].lower().rstrip("2"): (
            row["score"],
            row["signature"].removeprefix(row["name"] + "|"),
        )
        for row in json.loads(printed)
    }


def test_scores_and_signatures_are_those_of_the_command(tmp_path: Path) -> None:
    theirs = _command(tmp_path, BAD, REFERENCES)
    ours = score(BAD, REFERENCES, "fr")
    assert {name: value for name, (value, _) in theirs.items()} == pytest.approx(vars(ours), abs=1e-5)
    assert {name: signature for name, (_, signature) in theirs.items()} == signatures("fr")
    assert ours.bleu == pytest.approx(corpus_bleu(BAD, REFERENCES))
    assert 5 < ours.bleu < 95


def test_chinese_is_cut_into_characters_as_the_command_does(tmp_path: Path) -> None:
    theirs = _command(tmp_path, *CHINESE, "-tok", "zh", "--ter-asian-support", "--ter-normalized")
    ours = score(*CHINESE, "zh")
    assert {name: value for name, (value, _) in theirs.items()} == pytest.approx(vars(ours), abs=1e-5)
    assert {name: signature for name, (_, signature) in theirs.items()} == signatures("zh")
    assert ours.bleu > 10 > corpus_bleu(*CHINESE)


@pytest.mark.parametrize(
    ("language", "tokenizer"),
    [("fr", "13a"), ("ko", "13a"), ("zh-Hans", "zh"), ("zh_TW", "zh"), ("JA", "char"), ("th", "char")],
)
def test_tokenizer_of_a_language(language: str, tokenizer: str) -> None:
    assert f"|tok:{tokenizer}|" in signatures(language)["bleu"]


def test_identical_texts_are_perfect_and_case_matters() -> None:
    assert vars(score(REFERENCES, REFERENCES, "fr")) == pytest.approx({"bleu": 100, "chrf": 100, "ter": 0})
    assert corpus_bleu([text.upper() for text in REFERENCES], REFERENCES) < 50


@pytest.fixture
def _few_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation, "RESAMPLES", 200)


@pytest.mark.usefixtures("_few_resamples")
def test_a_better_system_is_told_apart_and_the_numbers_are_the_same_twice() -> None:
    systems = {"good": GOOD, "bad": BAD, "good again": list(GOOD)}
    compared = compare(systems, REFERENCES, "fr")
    assert list(compared) == list(systems)
    for name, texts in systems.items():
        assert vars(compared[name].scores) == pytest.approx(vars(score(texts, REFERENCES, "fr")))
        for metric, (low, high) in compared[name].confidence.items():
            assert low < getattr(compared[name].scores, metric) < high
    assert compared["good"].p_values == {}
    assert all(p < 0.01 for p in compared["bad"].p_values.values())
    assert compared["good again"].p_values == {"bleu": 1, "chrf": 1, "ter": 1}
    assert compare(systems, REFERENCES, "fr") == compared


@pytest.mark.usefixtures("_few_resamples")
def test_like_systems_are_not_told_apart() -> None:
    other = _noisy(REFERENCES, 0.1, 4)
    assert compare({"a": GOOD, "b": other}, REFERENCES, "fr")["b"].p_values["bleu"] > 0.05


def test_a_text_too_long_to_resample_is_scored_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation, "MOST_RESAMPLED", len(REFERENCES) - 1)
    compared = compare({"good": GOOD, "bad": BAD}, REFERENCES, "fr")
    assert compared["bad"].scores == score(BAD, REFERENCES, "fr")
    assert not compared["bad"].p_values
    assert not compared["bad"].confidence


def test_several_references_are_scored_as_the_command_does(tmp_path: Path) -> None:
    others = _noisy(REFERENCES, 0.3, 5)
    (tmp_path / "others").write_text("".join(line + "\n" for line in others), encoding="utf-8")
    theirs = _command(tmp_path, BAD, REFERENCES, more=[str(tmp_path / "others")])
    ours = score(BAD, REFERENCES, "fr", [others])
    assert {name: value for name, (value, _) in theirs.items()} == pytest.approx(vars(ours), abs=1e-5)
    assert {name: signature for name, (_, signature) in theirs.items()} == signatures("fr", 2)
    assert "nrefs:2" in signatures("fr", 2)["bleu"]
    assert ours.bleu > score(BAD, REFERENCES, "fr").bleu
    assert compare({"bad": BAD}, REFERENCES, "fr", [others])["bad"].scores.ter == pytest.approx(ours.ter)
    lengths = by_source_length(["w"] * len(BAD), BAD, REFERENCES, "fr", [others])
    assert lengths[0].bleu == pytest.approx(ours.bleu)


@pytest.mark.usefixtures("_few_resamples")
@pytest.mark.parametrize("sentences", [1, 2, 5, evaluation.FEWEST_RESAMPLED - 1, evaluation.FEWEST_RESAMPLED])
def test_few_sentences_have_no_interval(sentences: int) -> None:
    compared = compare({"good": GOOD[:sentences], "bad": BAD[:sentences]}, REFERENCES[:sentences], "fr")
    enough = sentences >= evaluation.FEWEST_RESAMPLED
    assert bool(compared["good"].confidence) == bool(compared["bad"].p_values) == enough
    assert vars(compared["bad"].scores) == pytest.approx(vars(score(BAD[:sentences], REFERENCES[:sentences], "fr")))


def test_bleu_by_length_is_bleu_of_the_sentences_of_that_length() -> None:
    sources = ["w " * n for n in (1, 5, 6, 10, 11, 15, 16, 20, 21, 30, 31, 200)]
    buckets = by_source_length(sources, GOOD[:12], REFERENCES[:12], "fr")
    assert [bucket.words for bucket in buckets] == ["1–5", "6–10", "11–15", "16–20", "21–30", "31+"]
    assert [bucket.sentences for bucket in buckets] == [2] * 6
    expected = [corpus_bleu(GOOD[i : i + 2], REFERENCES[i : i + 2]) for i in range(0, 12, 2)]
    assert [bucket.bleu for bucket in buckets] == expected
    assert len(set(expected)) > 1


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(alphabet="ab \t\u00a0", max_size=80), max_size=20))
def test_every_sentence_is_in_one_bucket(sources: list[str]) -> None:
    buckets = by_source_length(sources, ["x"] * len(sources), ["x"] * len(sources), "fr")
    assert sum(bucket.sentences for bucket in buckets) == len(sources)
    assert all((bucket.bleu is None) == (bucket.sentences == 0) for bucket in buckets)


def test_scoring_imports_no_torch() -> None:
    command = "import sys, seq2seq.evaluation; print({'torch', 'matplotlib'} & set(sys.modules))"
    root = Path(evaluation.__file__).parents[1]
    printed = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True, cwd=root)
    assert printed.stdout.strip() == "set()"


@pytest.mark.parametrize("language", ["fr", "zh"])
def test_counts_of_groups_are_those_of_the_corpus(language: str) -> None:
    counts = bleu_counts(BAD, REFERENCES, language)
    assert len(counts) == GROUPS
    summed = [sum(column) for column in zip(*counts, strict=True)]
    expected = evaluation._bleu(language).corpus_score(BAD, [REFERENCES])
    assert summed == [expected.sys_len, expected.ref_len, *expected.counts, *expected.totals]
    assert evaluation._bleu_of(np.array(summed)) == pytest.approx(corpus_bleu(BAD, REFERENCES, language))


def test_the_margin_holds_19_differences_of_20() -> None:
    """Of translations that are equally good, by resampling."""
    references, beyond = _references(4000), 0
    ours, theirs = _noisy(references, 0.3, 4), _noisy(references, 0.3, 5)
    for first in range(0, 4000, 100):
        part = slice(first, first + 100)
        counts = [bleu_counts(texts[part], references[part]) for texts in (ours, theirs)]
        difference = corpus_bleu(ours[part], references[part]) - corpus_bleu(theirs[part], references[part])
        beyond += abs(difference) > bleu_margin(*counts)
    assert beyond <= 5  # 2 of 40 are to be expected


def test_the_margin_shrinks_with_the_number_of_sentences() -> None:
    def margin(ours: list[str], theirs: list[str], references: list[str]) -> float:
        return bleu_margin(bleu_counts(ours, references), bleu_counts(theirs, references))

    assert margin(BAD, BAD, REFERENCES) == 0.0
    many = _references(1000)
    assert 0.0 < margin(_noisy(many, 0.1, 2), _noisy(many, 0.4, 3), many) < margin(GOOD, BAD, REFERENCES) / 2
    # Of one sentence nothing is sure, nor of different ones.
    assert margin(GOOD[:1], BAD[:1], REFERENCES[:1]) == math.inf
    assert bleu_margin(bleu_counts(BAD, REFERENCES), bleu_counts(BAD[:5], REFERENCES[:5])) == math.inf
