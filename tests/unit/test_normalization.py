"""One spelling for every text, and the forms of characters that the training text has."""

import sys
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from data_prep.normalization import (
    _INVISIBLE,
    _NORMAL,
    FIRST_LETTER,
    LAST_LETTER,
    MIN_EVIDENCE,
    RARE,
    RESERVED,
    CharacterForms,
    FormCounter,
    decode_entities,
    normalize,
)

# Text with far more of what needs care than chance would give.
AWKWARD = st.lists(
    st.one_of(
        st.characters(),
        st.sampled_from("eEoéàçñ ßİıſ\u0301\u0323\u0327\u0308 \t\n\r\u0085\u00a0\u202f\u2028\u2029\u3000\x00\x1f\x7f"),
        st.sampled_from("\u200b\u200c\u200d\u200e\ufeff\u00ad\u2060\u202e\ud800\udfff\u2581_"),
        st.sampled_from("بفيِّকিक्षनिไทยกำ가각かが\u3099漢\u212b\u2126👩👧❤\ufe0f🏳🌈"),
        st.sampled_from(["&amp;", "&", "#", "38;", "x26", ";", "&lt;", "&shy;", "&#39;", "amp", "&#x301;", "&nbsp;"]),
    )
).map("".join)


@settings(deadline=None, max_examples=500)
@given(AWKWARD)
@example("e\u200d\u0301\u200dα")
@example("e\u200b\u0301")
@example("\u1100\u200d\u1161")
@example("か\u200d\u3099\u200dか")
def test_normalized_text_is_stable_and_clean(text: str) -> None:
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
        ("Tom&#39;s &quot;R&amp;D&quot; &lt;b&gt;", 'Tom\'s "R&D" <b>'),
        ("&amp;amp;amp;lt;", "<"),
        ("&am&#112;;", "&"),
        ("so&shy;ft&nbsp;&nbsp;x", "soft x"),
        ("e&#x301;te&#769;", "été"),
        ("&#10;a&#9;b", "a b"),
    ],
)
def test_normalize(text: str, clean: str) -> None:
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


@pytest.mark.parametrize(
    ("text", "decoded"),
    [
        ("&amp; &AMP; &#38; &#x26; &#038;", "& & & & &"),
        ("&eacute;&#233;&#xE9;&hellip;", "ééé…"),
        ("&amp;#39;", "'"),
        ("&amp;quot;", '"'),
        ("R&D; AT&T &foo; &copy &; & ;", "R&D; AT&T &foo; &copy &; & ;"),
        ("a=1&b=2;c", "a=1&b=2;c"),
        ("none", "none"),
    ],
)
def test_entities(text: str, decoded: str) -> None:
    assert decode_entities(text) == decoded


def test_long_text_is_read_once() -> None:
    """If every ampersand were tried anew, this would take hours."""
    for text in ("&", "&amp;", "&#38", "&amp", "&a;", "&#", "« ", '"', "\u200d", "' "):
        long = text * 100_000
        assert len(normalize(long)) <= len(long)
        counter = FormCounter()
        counter.add(long)
        assert counter.result().apply(long)


def test_letters_for_items_are_of_private_use_and_not_reserved() -> None:
    assert FIRST_LETTER < LAST_LETTER < min(RESERVED)
    assert unicodedata.category(FIRST_LETTER) == unicodedata.category(LAST_LETTER) == "Co"


def learn(*texts: str, times: int = 100) -> CharacterForms:
    counter = FormCounter()
    for _ in range(times):
        for text in texts:
            counter.add(text)
    return counter.result()


STRAIGHT = """It's "one" - two... (x), y: z; w! v?"""
CURLY = "It’s “one” – two… (x), y"
FRENCH = "c'est « un » — deux..."
CHINESE = "我（是），好：吧！“好”；？"
GERMAN = "„eins“ – zwei"


@pytest.mark.parametrize(
    ("training", "typed", "expected"),
    [
        (STRAIGHT, STRAIGHT, STRAIGHT),
        (STRAIGHT, "It’s Tom‘s and Tomʼs", "It's Tom's and Tom's"),
        (STRAIGHT, "“one” „two“ «three» « four »", '"one" "two" "three" "four"'),
        (STRAIGHT, "a – b — c", "a - b - c"),
        (STRAIGHT, "a–b or 1990–1995", "a - b or 1990-1995"),
        (STRAIGHT, "two…", "two..."),
        (STRAIGHT, "ｙ，ｚ！（x）：？；", "ｙ,ｚ!(x):?;"),
        (STRAIGHT, "don`t and don´t", "don't and don't"),
        (STRAIGHT, "`code` ´", "`code` ´"),
        (STRAIGHT, "well\u2010known\u2011word", "well-known-word"),
        (CURLY, CURLY, CURLY),
        (CURLY, 'It\'s "one" - two... "three".', "It’s “one” – two… “three”."),
        (CURLY, '("one") and "two," x', "(“one”) and “two,” x"),
        (CURLY, "« one » and «two»", "“one” and “two”"),
        (CURLY, "well-known", "well-known"),
        (FRENCH, FRENCH, FRENCH),
        (FRENCH, 'c’est "un" – “deux”…', "c'est « un » — « deux »..."),
        (GERMAN, '"eins" «zwei»', "„eins“ „zwei“"),
        ("„raz” – dwa", '"raz" «dwa»', "„raz” „dwa”"),
        ("”ett” – två", '"ett" «två»', "”ett” ”två”"),
        (CHINESE, CHINESE, CHINESE),
        (CHINESE, "我(是),好:吧!好;?", "我（是），好：吧！好；？"),
        (CHINESE, "我1,000个,好12:30", "我1,000个，好12:30"),
        (CHINESE, '我"好"吧', "我”好”吧"),
    ],
)
def test_what_is_typed_has_the_forms_of_the_training_text(training: str, typed: str, expected: str) -> None:
    assert normalize(learn(training).apply(typed)) == expected


def test_what_is_not_rare_stays() -> None:
    usual = learn(*["It's"] * 99, "It’s")
    assert usual.apply("Tom’s Tom‘s") == "Tom’s Tom's"
    assert learn(*['"a"'] * 9, "“a”").rare_quotes == "„‟«»〝〞"
    few = ["It's"] * round(2 / RARE)
    assert learn(*few, "It’s").apply("Tom’s") == "Tom's"


def test_too_few_show_nothing() -> None:
    assert learn("It's", times=MIN_EVIDENCE - 1) == CharacterForms()
    assert learn("It's", times=MIN_EVIDENCE).replace["’"] == "'"
    assert learn('"', times=MIN_EVIDENCE - 1).quotes is None
    assert learn() == CharacterForms()
    assert CharacterForms().apply(CURLY + FRENCH) == CURLY + FRENCH


def test_other_shapes_of_letters_are_made_plain_if_they_are_not_known() -> None:
    known = frozenset("fulabcdefghijklmnopqrstuvwxyz1 ")
    assert CharacterForms().apply("ｆｕｌｌ １２ ﬁn 𝐛𝐨𝐥𝐝 ﻋ", known) == "full 12 fin bold ع"
    assert CharacterForms().apply("x² ½ ™ ① Ⅳ ㎏", known) == "x² ½ ™ ① Ⅳ ㎏"
    assert CharacterForms().apply("ｆｕｌｌ", known | frozenset("ｆｕｌ")) == "ｆｕｌｌ"
    assert CharacterForms().apply("ｆｕｌｌ") == "ｆｕｌｌ"


FORMS = [learn(text) for text in (STRAIGHT, CURLY, FRENCH, CHINESE, GERMAN)]


@settings(deadline=None)
@given(
    st.text(st.sampled_from("""'’‘"“”„«»–—-….,，!！:()（） aé1我""") | st.characters()).map(normalize),
    st.sampled_from(FORMS),
)
def test_nothing_but_forms_is_changed_and_once_is_enough(text: str, forms: CharacterForms) -> None:
    made = normalize(forms.apply(text))
    assert [c for c in made if c.isalnum()] == [c for c in normalize(text) if c.isalnum()]
    assert normalize(forms.apply(made)) == made
