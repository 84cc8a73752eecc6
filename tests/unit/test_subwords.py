import itertools
from pathlib import Path

import pytest
import sentencepiece
from hypothesis import example, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from data_prep.errors import UserError
from data_prep.normalization import normalize
from data_prep.placeholders import PLACEHOLDERS
from data_prep.settings import Subwords as SubwordSettings
from data_prep.subwords import (
    BEGIN,
    END,
    JOINT_FILE,
    OLD_WORDS_FILE,
    PAD,
    SEPARATE_FILES,
    UNKNOWN,
    Subwords,
    train_subwords,
)
from data_prep.text_profile import PROFILE_FILE, TextProfile, fit
from data_prep.words import Vocabulary

ENGLISH = [
    f"{who} {does} the {what}."
    for who, does, what in itertools.product(
        ["The cat", "My friend", "Nobody", "A teacher"],
        ["sees", "likes", "forgets"],
        ["house", "tree", "river", "café"],
    )
]
FRENCH = [
    f"{who} {does} {what} !"
    for who, does, what in itertools.product(
        ["Le chat", "Mon ami", "Personne", "Un élève"],
        ["voit", "aime", "oublie"],
        ["la maison", "l'arbre", "le fleuve"],
    )
]
KINDS = ["unigram", "bpe", "char"]


def train(source: list[str], target: list[str], notes: list[str] | None = None, **options: object) -> Subwords:
    return train_subwords(
        lambda: itertools.zip_longest(source, target, fillvalue=""),
        SubwordSettings.model_validate(options),
        (notes if notes is not None else []).append,
    )


@pytest.fixture(scope="module", params=KINDS)
def model(request: pytest.FixtureRequest) -> Subwords:
    return train(ENGLISH, FRENCH, kind=request.param, vocabulary=340)


@pytest.mark.parametrize("joint", [True, False])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("lines", [1, 3])
def test_the_vocabulary_shrinks_on_a_tiny_corpus_and_says_so(kind: str, joint: bool, lines: int) -> None:
    notes: list[str] = []
    subwords = train(ENGLISH[:lines], FRENCH[:lines], notes, kind=kind, joint=joint, vocabulary=4000)
    sizes = {subwords.source_size, subwords.target_size}
    assert all(260 < size < 500 for size in sizes)
    assert subwords.joint is joint
    sides = ["joint"] if joint else ["source", "target"]
    assert len(notes) == len(sides)
    for note, side, size in zip(notes, sides, [subwords.source_size, subwords.target_size], strict=False):
        assert f"the {side} vocabulary has {size} units, not 4000" in note
    assert subwords.decode_target(subwords.encode_target(FRENCH)) == FRENCH


def test_a_vocabulary_that_fits_is_taken_as_asked() -> None:
    notes: list[str] = []
    assert train(ENGLISH, FRENCH, notes, vocabulary=310).source_size == 310
    assert notes == []


def test_special_ids_and_bytes_are_fixed(model: Subwords) -> None:
    names = ["<pad>", "<unk>", "<s>", "</s>"]
    assert model.target_pieces([PAD, UNKNOWN, BEGIN, END]) == names
    assert model.target_pieces(range(4, 12)) == list(PLACEHOLDERS)
    assert model.target_pieces(range(12, 268)) == [f"<0x{byte:02X}>" for byte in range(256)]


@examples(deadline=None)
@given(text=st.text().map(normalize))
@example(text="<s> </s> <unk> <pad> <0x41> ⁇")
@example(text="\u0301")
@example(text="\ufffe\uffff\U0010ffff👩\u200d👧 می\u200cخواهم")
def test_every_normalised_text_comes_back_and_nothing_is_unknown(model: Subwords, text: str) -> None:
    for ids in (*model.encode_source([text]), *model.encode_target([text])):
        assert model.decode_target([ids]) == [text]
        assert all(id > END for id in ids)


def test_special_ids_leave_nothing_in_the_text(model: Subwords) -> None:
    (ids,) = model.encode_target(["Le chat voit"])
    assert model.decode_target([[BEGIN, *ids, END, PAD, PAD], []]) == ["Le chat voit", ""]


def test_pieces_are_for_people_to_read(model: Subwords) -> None:
    pieces = model.source_pieces("The cat")
    assert "".join(pieces).replace("▁", " ").strip() == "The cat"
    assert model.target_pieces(model.encode_target(["The cat"])[0]) == pieces


def test_letters_are_units_of_their_own() -> None:
    subwords = train(ENGLISH, FRENCH, kind="char")
    assert subwords.source_pieces("The cat") == ["▁", "T", "h", "e", "▁", "c", "a", "t"]


def test_separate_models_know_one_language_each() -> None:
    subwords = train(["aaa bbb"] * 5, ["ccc ddd"] * 5, joint=False)
    assert len(subwords.source_pieces("ccc ddd")) > len(subwords.source_pieces("aaa bbb"))
    (ids,) = subwords.encode_target(["ccc ddd"])
    assert subwords.decode_target([ids]) == ["ccc ddd"]


@pytest.mark.parametrize("kind", KINDS)
def test_training_is_repeatable(kind: str) -> None:
    first, second = (train(ENGLISH, FRENCH, kind=kind, vocabulary=340) for _ in range(2))
    assert first.models == second.models


@pytest.mark.parametrize("kind", KINDS)
def test_lines_longer_than_four_kilobytes_are_learned_from(kind: str) -> None:
    subwords = train([("zyx " * 2000).strip()], ["abc"], kind=kind)
    assert "z" in "".join(subwords.source_pieces("zyx"))


def test_training_says_nothing_by_itself(capfd: pytest.CaptureFixture[str]) -> None:
    train(ENGLISH, FRENCH, vocabulary=340)
    train(ENGLISH[:1], FRENCH[:1])
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("kind", ["unigram", "bpe"])
def test_too_small_a_vocabulary_names_one_that_will_do(kind: str) -> None:
    letters = ["".join(chr(0x4E00 + i + j) for j in range(20)) for i in range(0, 600, 20)]
    with pytest.raises(UserError, match=r"subwords.vocabulary=300 .* set subwords.vocabulary=(\d+) or more") as error:
        train(letters, letters, kind=kind, vocabulary=300)
    enough = int(str(error.value).rsplit("=", 1)[1].split()[0])
    assert train(letters, letters, kind=kind, vocabulary=enough).source_size <= enough


def test_letters_beyond_the_vocabulary_are_spelled_in_bytes() -> None:
    letters = ["".join(chr(0x4E00 + i + j) for j in range(20)) for i in range(0, 600, 20)]
    subwords = train(letters, letters, kind="char", vocabulary=300)
    assert subwords.source_size == 300
    assert subwords.decode_target(subwords.encode_target(letters)) == letters


@pytest.mark.parametrize("lines", [[], ["", " "]])
@pytest.mark.parametrize("kind", KINDS)
def test_no_text_is_the_users_to_mend(kind: str, lines: list[str]) -> None:
    with pytest.raises(UserError, match="no joint subword model can be trained: there is no text"):
        train(lines, lines, kind=kind)


def test_other_errors_of_the_library_are_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**options: object) -> None:
        raise RuntimeError("something else")

    monkeypatch.setattr(sentencepiece.SentencePieceTrainer, "train", fail)
    with pytest.raises(RuntimeError, match="something else"):
        train(ENGLISH, FRENCH)


@pytest.mark.parametrize("joint", [True, False])
def test_files_are_what_load_reads(tmp_path: Path, joint: bool) -> None:
    subwords = train(ENGLISH, FRENCH, joint=joint, vocabulary=320)
    assert tuple(subwords.files()) == (*((JOINT_FILE,) if joint else SEPARATE_FILES), PROFILE_FILE)
    for name, data in subwords.files().items():
        (tmp_path / name).write_bytes(data)
    loaded = Subwords.load(tmp_path)
    assert loaded.models == subwords.models
    assert loaded.encode_source(ENGLISH) == subwords.encode_source(ENGLISH)


def test_what_is_copied_is_a_unit_of_both_sides(tmp_path: Path) -> None:
    source = [*ENGLISH * 3, "I see Zbigniew and 25 cats", "I see the Wrzeszcz"]
    target = [*FRENCH * 4, "Je vois Zbigniew et 25 chats", "Je vois le Wrzeszcz"]
    subwords = train(source[-50:], target[-50:], vocabulary=340)
    assert subwords.masker
    assert subwords.profile == fit(zip(source[-50:], target[-50:], strict=True))
    assert subwords.masker.vocabulary == subwords.profile.vocabulary
    for name, data in subwords.files().items():
        (tmp_path / name).write_bytes(data)
    for model in (subwords, Subwords.load(tmp_path)):
        (ours,), (theirs,) = model.encode_pairs(["I see Xyz at 3:30, 4 cats"], ["Je vois Xyz à 3:30, quatre chats"])
        copied = range(END + 1, END + 1 + len(PLACEHOLDERS))
        assert [i for i in ours if i in copied] == [i for i in theirs if i in copied]
        assert len({i for i in ours if i in copied}) == 2
        assert model.profile == subwords.profile
    plain = train(source[-50:], target[-50:], vocabulary=340, carry=False)
    assert plain.masker is None
    assert plain.encode_pairs(ENGLISH, ENGLISH) == (plain.encode_source(ENGLISH), plain.encode_target(ENGLISH))
    assert plain.profile == subwords.profile


def test_characters_that_training_never_saw_are_items() -> None:
    subwords = train(ENGLISH, FRENCH, vocabulary=340)
    assert subwords.masker
    assert subwords.characters.issuperset("The cat.é")
    assert not subwords.characters & set("❤漢5")
    assert [item.kind for item in subwords.masker.find_all("The ❤ 漢")] == ["symbol", "foreign"]


def test_a_run_that_has_only_a_list_of_words_is_read(tmp_path: Path) -> None:
    subwords = train(ENGLISH, FRENCH, vocabulary=340)
    (tmp_path / JOINT_FILE).write_bytes(subwords.models[0])
    assert Subwords.load(tmp_path).profile == TextProfile()
    (tmp_path / OLD_WORDS_FILE).write_text("cat\nthe\n", encoding="utf-8")
    loaded = Subwords.load(tmp_path)
    assert loaded.profile == TextProfile(vocabulary=Vocabulary(forms={"cat": "", "the": ""}))
    assert loaded.masker
    assert [item.kind for item in loaded.masker.find("The cat Zbigniew")] == ["name"]


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"format": 0}', b'{"format": 1, "more": 1}', b"[" * 100_000])
def test_a_damaged_profile_is_named(tmp_path: Path, data: bytes) -> None:
    for name, whole in train(ENGLISH, FRENCH, vocabulary=340).files().items():
        (tmp_path / name).write_bytes(whole)
    (tmp_path / PROFILE_FILE).write_bytes(data)
    with pytest.raises(UserError, match=f"{tmp_path}: the subword model is damaged"):
        Subwords.load(tmp_path)


def test_a_missing_or_damaged_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=f"{tmp_path}: no subword model"):
        Subwords.load(tmp_path)
    for name, damage in (("torn", slice(0, -100)), ("empty", slice(0, 0))):
        folder = tmp_path / name
        folder.mkdir()
        data = train(ENGLISH, FRENCH, vocabulary=320).models[0]
        (folder / JOINT_FILE).write_bytes(data[damage])
        with pytest.raises(UserError, match=f"{folder}: the subword model is damaged"):
            Subwords.load(folder)


@pytest.mark.parametrize(("rules", "message"), [("identity", "other special ids"), ("nmt_nfkc", "rules of spelling")])
def test_a_model_that_is_not_ours_is_refused(tmp_path: Path, rules: str, message: str) -> None:
    with (tmp_path / JOINT_FILE).open("wb") as file:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(ENGLISH),
            model_writer=file,
            vocab_size=35,
            minloglevel=2,
            normalization_rule_name=rules,
        )
    with pytest.raises(UserError, match=message):
        Subwords.load(tmp_path)
