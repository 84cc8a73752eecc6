"""Lines in, lines out: an untrained network must answer every line, in order, whatever stands in it."""

import math
import re
import unicodedata
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from data_prep.errors import UserError
from data_prep.normalization import normalize
from data_prep.subwords import END, Subwords
from data_prep.text_profile import TextProfile
from data_prep.truecasing import StyleCounts
from data_prep.words import Vocabulary
from seq2seq.config import Decoding
from seq2seq.products import choose_bytes
from seq2seq.repetition import MAX_REPEATS
from seq2seq.search import Hypothesis
from seq2seq.text_pipeline import _LAYOUT, MAX_SOURCE_TOKENS, TextPipeline
from seq2seq.translator import Scored, Translator
from tests.toys import letter_subwords, network, words

CPU = torch.device("cpu")


BYTES = range(END + 1, END + 257)


def translator(favoured: dict[int, float] | None = None, **decoding: float) -> Translator:
    """A random network over letters, and bytes if it must; `favoured` are added to the scores of subwords."""
    subwords = letter_subwords()
    model = network(size=subwords.target_size)
    with torch.no_grad():
        model.output_bias_V[BYTES.start : BYTES.stop] -= 50.0
        for subword, bias in (favoured or {}).items():
            model.output_bias_V[subword] += bias
    return Translator(model, subwords, Decoding.model_validate({"beam": 2, **decoding}), CPU)


# Answers are short, and may be of any bytes.
QUICK = translator({END: 6.0, **dict.fromkeys(BYTES, 50.0)})
STYLED = TextProfile(
    vocabulary=Vocabulary(forms={}, names=False),
    source_style=StyleCounts(sentences=1000, lowercase_start=0, all_caps=0, no_end_mark=0, ending="."),
)
"""Of whole sentences."""
# Everything that breaks a line for str.splitlines, what is invisible, and letters that are their own trouble.
ODD = list("\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029\x00\u200b\ufeff\u00ad\u200d\u2581\u0301🙂漢ﷺ\ud7ff\U0010ffff")
LINE = st.text(st.sampled_from(ODD) | st.sampled_from("ab .") | st.characters(), max_size=12)


@settings(max_examples=60, deadline=None)
@given(st.lists(LINE, max_size=5))
def test_any_line_gets_one_line_that_is_blank_only_for_a_blank_one(lines: list[str]) -> None:
    answers = QUICK.translate(lines)
    assert len(answers) == len(lines)
    for line, answer in zip(lines, answers, strict=True):
        assert len(answer.splitlines()) <= 1
        # Indentation and list marks are those of the line, as they were typed.
        layout = _LAYOUT.match(line)
        assert layout
        text = answer.removeprefix(layout[0].replace("\ufeff", ""))
        assert text == normalize(text)
        assert bool(answer) is bool(normalize(line))


@pytest.mark.parametrize("blank", ["", " ", "\t \u3000\xa0", "\n", "\u200b", "\ufeff", "\x00\x07", "\u00ad\u200e "])
def test_a_line_of_nothing_visible_is_blank_and_stays_so(blank: str) -> None:
    assert QUICK.translate([blank, "abc", blank])[::2] == ["", ""]
    assert QUICK.hypotheses([blank], nbest=3) == [[Scored("", 0.0)]]


def test_surrogates_that_no_encoding_has_are_no_trouble() -> None:
    assert QUICK.translate(["\ud800", "a\udfffb"])[0] == ""
    assert QUICK.translate(["a\udfffb"]) == QUICK.translate(["ab"])


@pytest.mark.parametrize(("beam", "batch_tokens"), [(1, 60), (3, 60), (3, 1), (3, 4000)])
def test_answers_come_in_the_order_of_the_lines_however_they_are_batched(beam: int, batch_tokens: int) -> None:
    model = translator({END: 2.0}, beam=beam, batch_tokens=batch_tokens)
    lines = ["", *words(15, 0, 1, 12), "abc", "abc", " "]
    alone = [model.translate([line])[0] for line in lines]
    assert len(set(alone)) > 6
    assert model.translate(lines) == alone
    assert model.translate(lines[::-1]) == alone[::-1]
    assert model.translate([]) == []


def test_no_batch_is_larger_than_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    model = translator(batch_tokens=100)
    shapes: list[torch.Size] = []

    def search(source: torch.Tensor, *_: object) -> list[list[Hypothesis]]:
        shapes.append(source.shape)
        return [[Hypothesis((5,), 0.0)] for _ in source]

    monkeypatch.setattr(model.search, "beam", search)
    lines = words(40, 0, 1, 30)
    model.translate(lines)
    assert sum(rows for rows, _ in shapes) == len(lines)
    assert all(rows * positions * 2 <= 100 or rows == 1 for rows, positions in shapes)
    assert len(shapes) < len(lines)


def echo(monkeypatch: pytest.MonkeyPatch, model: Translator) -> list[str]:
    """Make the network repeat its source; return the pieces that it was given, in no particular order."""
    pieces: list[str] = []

    def search(source: torch.Tensor, *_: object) -> list[list[Hypothesis]]:
        rows = [tuple(i for i in row if i > END) for row in source.tolist()]
        assert all(len(row) <= MAX_SOURCE_TOKENS for row in rows)
        pieces.extend(model.subwords.decode_target(rows))
        return [[Hypothesis(row, -1.0)] for row in rows]

    monkeypatch.setattr(model.search, "beam", search)
    return pieces


def test_a_line_in_another_style_is_translated_in_that_of_the_training_text(monkeypatch: pytest.MonkeyPatch) -> None:
    model = translator()
    pieces = echo(monkeypatch, model)
    lines = ["ab cd", "AB CD", "Ab cd.", "", "ab cd. " * 40 + "ab"]
    assert model.translate(lines) == lines
    pieces.clear()
    styled = Subwords(*model.subwords.models, profile=STYLED)
    model.pipeline = TextPipeline(styled, ("en", "fr"))
    assert model.translate(lines) == lines
    assert pieces.count("Ab cd.") == 3
    assert any(piece.startswith("Ab cd. Ab") for piece in pieces)
    assert {piece[-1] for piece in pieces} == {"."}


def cut(model: Translator, text: str) -> list[str]:
    """The pieces of a line, which come with their ids."""
    segments = [segment for part in model.pipeline.read(text).parts for segment in part.segments]
    texts = [segment.text for segment in segments]
    assert [segment.ids for segment in segments] == model.pipeline.subwords.encode_source(texts)
    return texts


@pytest.mark.parametrize("mark", [".", "!", "?", "…", "。", "؟"])
def test_a_long_line_is_cut_at_sentence_ends_and_joined(mark: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sentences = [f"{first} {second}{mark}" for first, second in zip(words(60, 0), words(60, 1, 5, 12), strict=True)]
    text = " ".join(sentences)
    assert translator().subwords.encode_source([text])[0][MAX_SOURCE_TOKENS:]
    model = translator()
    echo(monkeypatch, model)
    assert model.translate(["abc", text, "def"]) == ["abc", text, "def"]
    pieces = cut(model, text)
    assert all(piece.endswith(mark) for piece in pieces)
    sizes = [len(ids) for ids in model.subwords.encode_source(pieces)]
    # None too long, and none so short that the next sentence would have found room.
    longest = max(len(ids) for ids in model.subwords.encode_source(sentences))
    assert max(sizes) <= MAX_SOURCE_TOKENS
    assert min(sizes[:-1]) > MAX_SOURCE_TOKENS - longest


def test_a_long_sentence_is_cut_between_words(monkeypatch: pytest.MonkeyPatch) -> None:
    model, text = translator(), " ".join(words(100, 0))
    pieces = echo(monkeypatch, model)
    assert model.translate([text]) == [text]
    assert set(" ".join(pieces).split()) == set(text.split())
    assert len(pieces) < 20


@pytest.mark.parametrize("letter", ["a", "é", "漢", "e\u0301", "a🙂", "a\u0301", "a.", "a👩\u200d🚀"])
def test_a_line_of_5000_characters_without_a_space_is_translated_whole(
    letter: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, text = translator(), letter * (5000 // len(letter))
    pieces = echo(monkeypatch, model)
    (answer,) = model.translate([text])
    # Cut where there is no space, the parts come back with one between; a cut may part an emoji's joiner.
    assert unicodedata.normalize("NFC", answer.replace(" ", "")).replace("\u200d", "") == normalize(text).replace(
        "\u200d", ""
    )
    assert len(pieces) > 1


def test_a_line_whose_parts_seem_to_fit_together_is_cut_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    model = translator()
    encode = model.subwords.encode_source
    subwords = Subwords(*model.subwords.models)
    # As if each space cost a subword more than the parts tell.
    monkeypatch.setattr(
        subwords,
        "encode_source",
        lambda lines: [[5] * line.count(" ") + ids for line, ids in zip(lines, encode(lines), strict=True)],
    )
    model.pipeline.subwords = subwords
    text = " ".join(["abc"] * 25)
    pieces = cut(model, text)
    assert len(pieces) == 2
    assert " ".join(pieces) == text


def test_a_very_long_line_is_answered_by_the_network_too() -> None:
    text = "ab cd. " * 700 + "x" * 5000
    (answer,) = QUICK.translate([text], beam=1)
    assert answer
    assert len(answer.splitlines()) == 1


@pytest.mark.parametrize("piece", ["▁", "<0x0A>", "<0x0D>", "<0x00>"])
def test_a_network_that_says_nothing_is_replaced_by_the_source(piece: str) -> None:
    subwords = letter_subwords()
    ids = {p: i for i in range(subwords.target_size) for p in subwords.target_pieces([i])}
    model = translator({ids[piece]: 1e6})
    assert model.hypotheses(["abc  d\u200b"], beam=1) == [[Scored("abc d", -math.inf)]]
    assert model.translate(["abc d"], beam=1) == ["abc d"]
    # Where others of the hypotheses say something, those are the answer.
    (found,) = model.hypotheses(["abc d"], nbest=3)
    assert all(one.text and math.isfinite(one.score) for one in found)


def test_line_breaks_that_the_network_spells_in_bytes_become_spaces(monkeypatch: pytest.MonkeyPatch) -> None:
    model = translator()
    subwords = letter_subwords()
    ids = {p: i for i in range(subwords.target_size) for p in subwords.target_pieces([i])}
    spelt = [ids[p] for p in ("a", "<0x0A>", "b", "<0xE2>", "<0x80>", "<0xA8>", "c", "<0xC2>", "<0x85>", "d", "<0x0D>")]
    monkeypatch.setattr(model.search, "beam", lambda *_: [[Hypothesis(tuple(spelt), -1.0)]])
    assert model.translate(["x"]) == ["a b c d"]


def test_nbest_is_sorted_distinct_and_begins_with_the_translation() -> None:
    model = translator({END: 2.0})
    lines = words(5, 3)
    for found, best in zip(model.hypotheses(lines, nbest=4), model.translate(lines, beam=4), strict=True):
        assert len(found) == 4
        assert found[0].text == best
        scores = [one.score for one in found]
        assert scores == sorted(scores, reverse=True)
        assert all(math.isfinite(score) and score < 0 for score in scores)
        assert len({one.text for one in found}) == 4
    assert [len(found) for found in model.hypotheses(lines, beam=4)] == [1] * 5


def test_subwords_that_spell_the_same_and_loops_that_are_cut_are_one_of_the_nbest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = translator()
    ids = {p: i for i in range(model.subwords.target_size) for p in model.subwords.target_pieces([i])}
    spelt = (["▁", "a"], ["▁", "<0x61>"], ["▁", "a"] * 9, ["▁", "a"] * MAX_REPEATS, ["▁", "c"], ["▁", "d"])
    hypotheses = [Hypothesis(tuple(ids[piece] for piece in pieces), -n) for n, pieces in enumerate(spelt)]
    monkeypatch.setattr(model.search, "beam", lambda *_: [hypotheses])
    monkeypatch.setattr("seq2seq.translator.attention_weights", lambda *_: None)
    texts = [[one.text for one in model.hypotheses(["x"], nbest=count)[0]] for count in (1, 2, 4, 6)]
    loop = " ".join("a" * MAX_REPEATS)
    assert texts == [["a"], ["a", loop], ["a", loop, "c", "d"], ["a", loop, "c", "d"]]
    monkeypatch.setattr(model.search, "sample", lambda *_: [hypotheses])
    assert [one.text for one in model.hypotheses(["x"], nbest=3, sample_seed=1)[0]] == ["a", "a", loop]


def test_nbest_of_a_long_line_joins_the_pieces_rank_by_rank() -> None:
    # With shorter answers than by 2.0, in which there is no loop to cut.
    model = translator({END: 3.0})
    first, second = ("ab. " * 30).strip(), ("cd. " * 30).strip()
    (whole,) = model.hypotheses([f"{first} {second}"], nbest=2)
    pieces = cut(model, f"{first} {second}")
    parts = model.hypotheses(pieces, nbest=2)
    assert len(pieces) > 1
    for rank, one in enumerate(whole):
        assert one.text == " ".join(part[rank].text for part in parts)
        assert one.score == pytest.approx(sum(part[rank].score for part in parts) / len(parts))


def test_samples_are_repeated_by_their_seed_and_differ() -> None:
    model = translator({END: 3.0})
    lines = words(5, 3)
    drawn = model.hypotheses(lines, nbest=3, sample_seed=1)
    assert drawn == model.hypotheses(lines, nbest=3, sample_seed=1)
    assert drawn != model.hypotheses(lines, nbest=3, sample_seed=2)
    assert all(one.text for found in drawn for one in found)
    assert len({one.text for found in drawn for one in found}) > 5


def test_a_wider_beam_may_be_asked_for_and_scores_are_made_for_those_who_see_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model, widths = translator(beam=3), []

    def search(*arguments: Any) -> list[list[Hypothesis]]:
        *_, beam, wanted, _, scored, _ = arguments
        widths.append((beam, wanted, scored))
        return [[Hypothesis((5,), -1.0)]]

    monkeypatch.setattr(model.search, "beam", search)
    model.translate(["a"])
    model.translate(["a"], beam=1)
    model.hypotheses(["a"], nbest=7)
    model.hypotheses(["a"], beam=9, nbest=2)
    assert widths == [(3, 1, False), (1, 1, False), (7, 7, True), (9, 2, True)]


def test_a_translation_ends_at_its_limit() -> None:
    never = translator({END: -1e6}, max_ratio=1.5)
    ((found,),) = never.hypotheses(["abcd"], beam=1)
    # Five letters with the space before them, the end, at one and a half each, and ten; encoding again adds a space.
    assert len(never.subwords.encode_target([found.text])[0]) in (6 * 1.5 + 10, 6 * 1.5 + 11)


@pytest.mark.parametrize(("wide", "in_bytes"), [(2.0, True), (100.0, False)])
def test_bytes_are_not_taken_where_a_word_s_vector_leaves_them_no_room(wide: float, in_bytes: bool) -> None:
    subwords = letter_subwords()
    model = network(size=subwords.target_size, scale=1.0)
    with torch.no_grad():
        model.target_embedding.weight[-1, 0] = wide
    found = {
        precision: Translator(model, subwords, Decoding(precision=precision), CPU).hypotheses(words(20, 0))
        for precision in ("auto", "int8", "float32")
    }
    assert found["int8"] != found["float32"]
    assert found["auto"] == found["int8" if in_bytes and choose_bytes("auto", CPU) else "float32"]


@pytest.mark.parametrize("beam", [1, 3])
@pytest.mark.parametrize(
    ("line", "items"), [("ab 1234 c", ["1234"]), ("a https://x.y/z b 567", ["https://x.y/z", "567"])]
)
def test_copied_items_are_in_the_translation_once(line: str, items: list[str], beam: int) -> None:
    subwords = letter_subwords(carry=True)
    model = network(size=subwords.target_size)
    with torch.no_grad():
        model.output_bias_V[END] += 40.0
    (answer,) = Translator(model, subwords, Decoding(), CPU).translate([line], beam=beam)
    assert all(answer.count(item) == 1 for item in items)


def looking(places: Sequence[int]) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Attention [T + 1, S + 1] that looks at one place of four for each subword, and at the end at last."""
    return np.eye(4, dtype=np.float32)[[*places, 3]]


@pytest.mark.parametrize(("again", "answer"), [([0, 1], "ab cd"), ([1, 2], "ab cd ab cd")])
def test_what_is_said_twice_is_cut_if_the_attention_goes_back(
    again: list[int], answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = translator()
    ids = tuple(made.subwords.encode_target(["ab cd ab cd"])[0])
    pieces = made.subwords.target_pieces(ids)
    words_at = [piece.startswith("▁") for piece in pieces]
    places = [[0, 1, *again][sum(words_at[: place + 1]) - 1] for place in range(len(pieces))]
    monkeypatch.setattr(made.search, "beam", lambda *_: [[Hypothesis(ids, -1.0)]])
    monkeypatch.setattr("seq2seq.translator.attention_weights", lambda *_: torch.from_numpy(looking(places)))
    assert made.translate(["x y z"]) == [answer]


def test_items_are_copied_in_the_order_of_the_source() -> None:
    subwords = letter_subwords(carry=True)
    for seed in range(8):
        model = network(size=subwords.target_size, seed=seed)
        line = "a 12 b 34, 56, 78 c https://x.y/z `ab` d"
        for beam in (1, 4):
            (answer,) = Translator(model, subwords, Decoding(), CPU).translate([line], beam=beam)
            places = [answer.index(item) for item in ("12", "34", "56", "78", "https://x.y/z", "`ab`")]
            assert places == sorted(places)


def test_more_items_than_placeholders_are_copied_too() -> None:
    subwords = letter_subwords(carry=True)
    numbers = [str(number) for number in range(100, 130)]
    (answer,) = Translator(network(size=subwords.target_size), subwords, Decoding(), CPU).translate(
        ["a " + " b ".join(numbers)], beam=1
    )
    assert [word for word in re.findall(r"\d+", answer) if word in numbers] == numbers


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("?", "?"),
        ("---", "---"),
        ("- ", "-"),
        ("12", "12"),
        ("  -5 ", "  -5"),
        ("🙂🎉", "🙂🎉"),
        ("https://x.y", "https://x.y"),
    ],
)
def test_lines_without_words_come_back(line: str, answer: str) -> None:
    subwords = letter_subwords(carry=True)
    assert Translator(network(size=subwords.target_size), subwords, Decoding(), CPU).translate([line]) == [answer]


@pytest.mark.parametrize("layout", ["  ", "\t", "- ", "* ", "> ", "# ", "• ", "  - ", "> > - ", "\xa0"])
def test_indentation_and_list_marks_are_kept(layout: str) -> None:
    plain, marked = QUICK.translate(["abc", layout + "abc"])
    assert marked == layout + plain


def test_batches_do_not_draw_alike() -> None:
    made = translator(batch_tokens=1)
    drawn = made.hypotheses(["ab"] * 20, sample_seed=1)
    assert len({scored[0].text for scored in drawn}) > 1


def test_a_gpu_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UserError, match="cuda:0: PyTorch finds no GPU here"):
        Translator.load("run", device="cuda:0")
