import sys
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from data_prep.cleaning import _INVISIBLE, _NORMAL, RESERVED, Cleaner, Dropped, _Script, normalize
from data_prep.settings import Cleaning

# Text with far more of what needs care than chance would give.
AWKWARD = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("eEoéàçñ ßİıſ\u0301\u0323\u0327\u0308 \t\n\r\u0085\u00a0\u202f\u2028\u2029\u3000\x00\x1f\x7f"),
        st.sampled_from("\u200b\u200c\u200d\u200e\ufeff\u00ad\u2060\u202e\ud800\udfff\u2581_"),
        st.sampled_from("بفيِّকিक्षनिไทยกำ가각かが\u3099漢\u212b\u2126👩👧❤\ufe0f🏳🌈"),
    )
)


@settings(deadline=None, max_examples=500)
@given(AWKWARD)
@example("e\u200d\u0301\u200dα")
@example("e\u200b\u0301")
@example("\u1100\u200d\u1161")
@example("か\u200d\u3099\u200dか")
def test_normalised_text_is_stable_and_clean(text: str) -> None:
    clean = normalize(text)
    assert normalize(clean) == clean
    assert unicodedata.is_normalized("NFC", clean)
    assert clean == " ".join(clean.split())
    assert "\u2581" not in clean
    clean.encode()  # no surrogates
    assert not any(unicodedata.category(character) == "Cc" for character in clean)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("  Two\t words\r\n", "Two words"),
        ("Quoi\u00a0?\u202fNon\u2009!", "Quoi ? Non !"),
        ("a\u2028b\u2029c\u0085d\u3000e", "a b c d e"),
        ("e\u0301te\u0301", "été"),
        ("\ufeffso\u00adft\u200b hy\u2060phen\u200e", "soft hyphen"),
        ("a\x00b\x1bc\x7fd\x9f", "abcd"),
        ("lone\ud83d half", "lone half"),
        ("\u2581mark\u2581", "_mark_"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("क्\u200dष", "क्\u200dष"),
        ("👩\u200d👧", "👩\u200d👧"),
        ("end\u200d of\u200c x\u200dy \u200d", "end of xy"),
        ("\u200d\u200cمی\u200c", "می"),
        ("", ""),
        ("\u200b \u00ad", ""),
    ],
)
def test_normalise(text: str, clean: str) -> None:
    assert normalize(text) == clean


def test_the_short_way_takes_only_what_the_long_way_leaves_alone() -> None:
    """Every character that the short way lets through, beside those it could combine or clash with."""
    plain = [chr(i) for i in range(0x10000) if _NORMAL.fullmatch(chr(i))]
    assert len(plain) > 30_000
    for character in plain:
        assert unicodedata.combining(character) == 0
        assert unicodedata.category(character)[0] not in "CZM"
        assert not _INVISIBLE.match(character)
    text = "".join(plain)
    assert unicodedata.is_normalized("NFC", text + text[::-1])
    for second in ("\u0301", "\u0653", "\u3099", "\u11a8"):
        assert not _NORMAL.fullmatch("a" + second)


def test_invisible_characters_are_those_of_unicode() -> None:
    joiners = {0x200C, 0x200D}
    visible = {*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD}  # signs around numbers
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        category = unicodedata.category(character)
        if category in ("Cc", "Cf", "Cs") and not character.isspace() and code not in joiners | visible:
            assert _INVISIBLE.match(character), hex(code)
        elif character in RESERVED:
            assert category == "Co"
            assert _INVISIBLE.match(character), hex(code)
        elif category != "Cn":
            assert not _INVISIBLE.match(character), hex(code)


def reason(source: str, target: str, languages: tuple[str, str] = ("en", "fr"), **options: object) -> str | None:
    return Cleaner(Cleaning.model_validate(options), *languages).why_dropped(source, target)


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ("Hello.", "Bonjour.", None),
        ("", "Bonjour.", "empty"),
        ("Hello.", "", "empty"),
        ("x" * 500, "x" * 400, None),
        ("x" * 501, "x" * 400, "too long"),
        ("a " * 99 + "a", "b " * 80 + "b", None),
        ("a " * 100 + "a", "b " * 80 + "b", "too long"),
        ("b " * 80 + "b", "a " * 100 + "a", "too long"),
        ("Go.", "Va-t'en tout de suite !", None),
        ("Go.", "x" * 32, None),
        ("Go.", "x" * 33, "length ratio"),
        ("x" * 33, "Go.", "length ratio"),
        ("Ignore Tom.", "ignore tom.", "copy"),
        ("Tom", "Tom", None),
        ("Good morning to you", "Доброе утро вам", "wrong script"),
        ("Доброе утро", "Bonjour à tous", "wrong script"),
        ("The word Москва is Russian.", "Le mot Москва est russe.", None),
        ("1 + 1 = 2!", "1 + 1 = 2 !", None),
        ("Œuvre, naïve “café” — §5", "L’œuvre coûte 5 € à Noël…", None),
    ],
)
def test_why_dropped(source: str, target: str, expected: str | None) -> None:
    assert reason(source, target) == expected


@pytest.mark.parametrize(
    ("language", "right", "wrong"),
    [
        ("ar", "مرحبا بالعالم", "Hello world"),
        ("fa", "می\u200cخواهم بروم", "Привет всем"),
        ("ru", "Привет, мир", "Hello world"),
        ("sr", "Dobar dan, добар дан", "γειά σου κόσμε"),
        ("el", "Γειά σου", "Hello you"),
        ("he", "שלום עולם", "مرحبا بالعالم"),
        ("hi", "नमस्ते दुनिया", "Hello world"),
        ("th", "สวัสดีชาวโลก", "Hello world"),
        ("zh", "你好世界", "Hello world"),
        ("zh_Hans", "你好世界", "Hello world"),
        ("ja", "こんにちは世界カタカナ", "Hello world"),
        ("ko", "안녕하세요 세계", "Привет"),
        ("vi", "Xin chào thế giới", "你好世界"),
    ],
)
def test_scripts(language: str, right: str, wrong: str) -> None:
    assert reason("12345", right, ("en", language)) is None
    assert reason("12345", wrong, ("en", language)) == "wrong script"


def test_thresholds_are_the_settings() -> None:
    assert reason("a b c", "d e f", max_words=2) == "too long"
    assert reason("abcdef", "abc", max_characters=5) == "too long"
    assert reason("a" * 41, "b" * 10, max_ratio=2) == "length ratio"
    assert reason("Ignore Tom.", "Ignore Tom.", drop_copies=False) is None
    assert reason("Привет Tom and all", "Salut", min_script_share=0.5) is None
    assert reason("Привет Tom and all", "Salut", min_script_share=0.9) == "wrong script"


def test_a_language_without_an_entry_is_not_checked() -> None:
    assert reason("نص", "Text", ("xx", "qaa")) is None


@settings(deadline=None)
@given(AWKWARD.map(normalize).filter(bool), st.sampled_from(["en", "ar", "zh", "sr", "el", "xx"]))
def test_the_quick_look_at_the_script_agrees_with_counting(text: str, language: str) -> None:
    found = reason(text, "1" * len(text), (language, "en"), min_script_share=1.0, drop_copies=False)
    assert found == ("wrong script" if _Script.of(language).share(text) < 1 else None)


def test_dropped_counts_all_and_keeps_the_first_examples() -> None:
    first, second = Dropped(), Dropped()
    for i in range(4):
        first.add("copy", f"s{i}", "x" * 1000)
        second.add("copy", f"t{i}", "y")
    second.add("empty", "", "z")
    first.merge(second)
    found = first.as_json()
    assert list(found) == ["copy", "empty"]
    assert found["copy"]["pairs"] == 8
    assert [source for source, _ in found["copy"]["examples"]] == ["s0", "s1", "s2", "s3", "t0"]
    assert len(found["copy"]["examples"][0][1]) == 200
    assert found["empty"] == {"pairs": 1, "examples": [["", "z"]]}
