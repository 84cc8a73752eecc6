import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_prep.cleaning import Cleaner, Dropped, _Script
from data_prep.normalization import normalize
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
