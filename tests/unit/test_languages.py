"""Names of languages above columns: which ones are known, and which column is meant."""

import pytest

from data_prep.cleaning import _LANGUAGES
from data_prep.languages import base_code, language_of, named_after, role_of


@pytest.mark.parametrize("code", sorted({code for listed in _LANGUAGES.values() for code in listed.split()}))
def test_every_language_that_cleaning_knows_has_a_name(code: str) -> None:
    assert language_of(code) == code
    assert language_of(code.upper()) == code


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("English", "en"),
        (" FRENCH ", "fr"),
        ("Français", "fr"),
        ("Franc\u0327ais", "fr"),
        ("eng", "en"),
        ("fre", "fr"),
        ("ger", "de"),
        ("cmn", "zh"),
        ("日本語", "ja"),
        ("العربية", "ar"),
        ("Ελληνικά", "el"),
        ("Русский", "ru"),
        ("Anglais", "en"),
        ("en-GB", "en"),
        ("pt_BR", "pt"),
        ("zh-Hans", "zh"),
        ("Chinese (Simplified)", "zh"),
        ("Brazilian Portuguese", "pt"),
        ("en_text", "en"),
        ("text_en", "en"),
        ("text.fr", "fr"),
        ("source_en", "en"),
        ("English words/sentences", "en"),
        ("French translation", "fr"),
        ("English.", None),
        ("Hello", None),
        ("en_id", None),
        ("I speak English", None),
        ("source", None),
        ("text", None),
        ("", None),
        ("(" * 100_000, None),
    ],
)
def test_a_name_means_a_language_or_none(name: str, code: str | None) -> None:
    assert language_of(name) == code


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("source", "source"),
        ("SRC", "source"),
        ("src_text", "source"),
        ("Target sentence", "target"),
        ("tgt", "target"),
        ("translation", "target"),
        ("source_lang", None),
        ("source target", None),
        ("text", None),
        ("", None),
    ],
)
def test_a_name_means_a_side_or_none(name: str, role: str | None) -> None:
    assert role_of(name) == role


@pytest.mark.parametrize(
    ("language", "names", "found"),
    [
        ("en", ["English", "en"], "en"),
        ("en", ["en_text", "English"], "English"),
        ("pt_BR", ["Portuguese", "pt-br"], "pt-br"),
        ("pt_BR", ["Portuguese"], "Portuguese"),
        ("eng", ["English"], "English"),
        ("tlh", ["Klingon", "TLH"], "TLH"),
        ("tlh", ["Klingon"], None),
    ],
)
def test_the_closest_name_is_taken(language: str, names: list[str], found: str | None) -> None:
    assert named_after(language, names) == found


def test_a_language_of_LANGS_has_a_base_code() -> None:
    assert [base_code(language) for language in ("en", "eng", "pt_BR", "zh_cn", "tlh")] == [
        "en",
        "en",
        "pt",
        "zh",
        "tlh",
    ]
