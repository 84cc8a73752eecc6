"""What may be copied, where it stands, and which kinds of it the training text copies."""

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_prep.copyable import (
    COPIED_SHARE,
    MIN_EVIDENCE,
    EvidenceCounter,
    Item,
    evidence_key,
    find_items,
    find_numbers,
    find_unknown,
    is_listed,
    merge,
    unite,
)
from data_prep.normalization import normalize


def items(text: str) -> list[tuple[str, str]]:
    return [(text[one.start : one.end], one.kind) for one in find_items(text)]


KINDS = {
    "number": [
        "25", "-5", "+3", "−12", "±4", "1,000", "3.5", "-3,5", "1 234 567,89", "13 481", "13.481", "1,299.99",
        "٣", "١٣٬٤٨١", "٣٫٥", "1990", "007", "2 000 000 000 000", "1'000'000",
    ],
    "amount": [
        "$25", "-$5", "+€3", "$-5", "$1,299.99", "25 €", "25€", "-25 €", "£3.50", "US$5", "€5m", "$3bn", "₹1 200",
        "USD 20", "20 EUR", "1 234,50 €", "$20k",
    ],
    "phone": [
        "01 23 45 67 89", "+33 6 12 34 56 78", "(555) 123-4567", "555-123-4567", "+1 (555) 123-4567", "+33612345678",
        "01.23.45.67.89", "+44 20 7946 0958",
    ],
    "date": ["2024-12-31", "31/12/2024", "31.12.2024", "1/2/24"],
    "time": ["3:30", "19:45", "7:45pm", "7:45a.m.", "7:45:30", "07:45PM"],
    "fraction": ["½", "1½", "1 ½", "-½", "3/4", "-3/4", "1⁄2", "24/7"],
    "series": ["5-3", "2024-2025", "16:9", "192.168.0.1:8080", "10.0.0.0/8", "2×4", "555-1234"],
    "unit": ["10km", "5°C", "-5°C", "100m²", "60km/h", "2.5kg", "21st", "1990s", "7pm", "4K"],
    "code": ["AF1234", "B-204", "A4", "x86", "COVID-19", "H2O", "iPhone12", "ABC-123-XYZ", "v2.0.1", "A4.5"],
    "template": [
        "{name}", "{0}", "{}", "{{x.y}}", "{{ user name }}", "${foo}", "%s", "%1$s", "%d", "%(name)s", "%.2f", "%-5d",
        "%@", "$NAME", "$HOME_DIR", "%ld",
    ],
    "tag": ["<b>", "</b>", '<a href="x y" id=z>', "<br/>", "<br />", "<g id='1'>", "<!-- a note -->", "<x:y-z>"],
    "escape": ["\\n", "\\t", "\\r"],
    "address": ["https://example.org/a?b=c#d", "www.example.org/a_b", "ftp://x.y/z", "C:\\Users\\x"],
    "email": ["jean.dupont+x@mail.example.fr"],
    "handle": ["@someone", "#this", "#5"],
    "code_span": ["`make train`", "`x = 3`"],
}  # fmt: skip


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in KINDS.items() for text in texts])
def test_one_thing_is_one_item_wherever_it_stands(kind: str, text: str) -> None:
    for before, behind in (("", ""), ("see ", " now"), ("see ", "."), ("see ", ", and"), ("(", ")"), ("“", "”!")):
        assert items(before + text + behind) == [(text, kind)], (before, behind)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("我想要3个苹果，13,481个", ["3", "13,481"]),
        ("사과 3개를 13,481개", ["3", "13,481"]),
        ("أريد ٣ تفاحات و١٣٬٤٨١", ["٣", "١٣٬٤٨١"]),
        ("我5点见", ["5"]),
        ("25% 100% sure, 5% so", ["25", "100", "5"]),
        ("3 < 5 > 2, a<b", ["3", "5", "2"]),
        ("He is 5. He left in 1990.", ["5", "1990"]),
        ("at 5 p.m. and 7:45 pm", ["5", "7:45"]),
        ("See (www.example.org/a_b), or http://x.y/z!", ["www.example.org/a_b", "http://x.y/z"]),
        ("`` x ` y", ["` x `"]),
        ("it costs $ and {", []),
        ("well-known, e.g. a@b or x@", []),
        ("One\\n5 and\\t12:30", ["\\n", "5", "\\t", "12:30"]),
        ("you'll see 5'3", ["5'3"]),
        ("1 800 12 34", ["1", "800 12 34"]),
        ("", []),
    ],
)
def test_items_of_a_text(text: str, found: list[str]) -> None:
    assert [said for said, _ in items(text)] == found


def test_numbers_inside_of_other_items() -> None:
    text = "12/05/2024 $-25.5 AF123 5kg ٣个 -7"
    assert [text[one.start : one.end] for one in find_numbers(text)] == ["12", "05", "2024", "-25.5", "٣", "-7"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("see ❤ the cat", [("❤", "symbol")]),
        ("a→b ©, & 👩\u200d👧", [("→", "symbol"), ("©", "symbol"), ("&", "symbol"), ("👩\u200d👧", "symbol")]),
        ("see 漢字, Москва and naïve", [("漢字", "foreign"), ("Москва", "foreign"), ("naïve", "foreign")]),
        ("see हिन्दी here", [("हिन्दी", "foreign")]),
        ("nothing, is new.", []),
        ("a,❤!", [("❤!", "symbol")]),
        ("می\u200cخواهم, ab\u0323c", [("می\u200cخواهم", "foreign"), ("ab\u0323c", "foreign")]),
        ("", []),
    ],
)
def test_what_the_training_text_does_not_have(text: str, found: list[tuple[str, str]]) -> None:
    known = frozenset("abcdefghijklmnopqrstuvwxyz ,.")
    assert [(text[one.start : one.end], one.kind) for one in find_unknown(text, known)] == found


@pytest.mark.parametrize(
    ("text", "united"),
    [
        ("10:30-11:30", [("10:30-11:30", "compound")]),
        ("{name}/{id}{x}", [("{name}/{id}{x}", "compound")]),
        ("<b>5</b>", [("<b>5</b>", "compound")]),
        ("<b><i>x</i></b>", [("<b><i>", "tag"), ("</i></b>", "tag")]),
        ("\\n\\n", [("\\n\\n", "escape")]),
        ("5\\n6", [("5", "number"), ("\\n", "escape"), ("6", "number")]),
        ("5, 6 7", [("5", "number"), ("6", "number"), ("7", "number")]),
        ("3:16-18", [("3:16-18", "compound")]),
    ],
)
def test_what_is_glued_together_is_one(text: str, united: list[tuple[str, str]]) -> None:
    found = unite(text, list(find_items(text)))
    assert [(text[one.start : one.end], one.kind) for one in found] == united


def test_names_stay_by_themselves() -> None:
    glued = [Item(0, 2, "name"), Item(2, 4, "number"), Item(4, 6, "foreign")]
    assert unite("Ab12漢字", glued) == glued


def test_merging_leaves_out_what_overlaps() -> None:
    first = [Item(2, 4, "number"), Item(6, 9, "date")]
    more = [Item(0, 2, "a"), Item(1, 3, "b"), Item(4, 6, "c"), Item(5, 10, "d"), Item(7, 8, "e"), Item(9, 11, "f")]
    assert merge(first, more) == [Item(0, 2, "a"), first[0], Item(4, 6, "c"), first[1], Item(9, 11, "f")]
    assert merge([], more[:1]) == more[:1]
    assert merge(first, []) == first


@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(1, 5))),
    st.lists(st.tuples(st.integers(0, 40), st.integers(1, 5))),
)
def test_merging_agrees_with_trying_all(first: list[tuple[int, int]], more: list[tuple[int, int]]) -> None:
    def spans(pairs: list[tuple[int, int]]) -> list[Item]:
        found: list[Item] = []
        for start, length in sorted(pairs):
            if not found or start >= found[-1].end:
                found.append(Item(start, start + length, "x"))
        return found

    ours, others = spans(first), spans(more)
    free = [one for one in others if not any(one.start < item.end and item.start < one.end for item in ours)]
    assert merge(ours, others) == sorted(ours + free)


@pytest.mark.parametrize(
    ("text", "listed"),
    [("5, 6", True), ("5 6", True), ("5 and 6", False), ("5. 6", False), ("5! 6", False), ("5、6", True)],
)
def test_lists(text: str, listed: bool) -> None:
    first, second = (Item(*match.span(), "number") for match in re.finditer(r"\d", text))
    assert is_listed(text, first, second) is listed
    assert not is_listed(text, first, second._replace(kind="date"))


TEXT = st.text(st.sampled_from(" .,:/@#`'-−+$€%{}<>\\½25٣aAéZ中°_=\"") | st.characters(), max_size=60).map(normalize)


@given(TEXT)
def test_items_are_in_order_and_do_not_overlap(text: str) -> None:
    for found in (list(find_items(text)), list(find_numbers(text)), list(find_unknown(text, frozenset(" aé5")))):
        assert all(0 <= one.start < one.end <= len(text) for one in found)
        assert all(one.end <= other.start for one, other in itertools.pairwise(found))
        united = unite(text, found)
        assert all(one.end <= other.start for one, other in itertools.pairwise(united))


def evidence(*pairs: tuple[str, str]) -> dict[str, bool]:
    counter = EvidenceCounter()
    for pair in pairs:
        counter.add(*pair)
    return counter.result()[0]


@pytest.mark.parametrize("same", [0, 29, 30, 100])
def test_a_kind_is_copied_if_enough_of_it_is(same: int) -> None:
    copied = evidence(*[("at 3:30", "à 3:30")] * same, *[("at 3:30", "à 8:15")] * (100 - same))
    assert copied == {"time": same >= 100 * COPIED_SHARE}


def test_too_few_show_nothing() -> None:
    assert evidence(*[("at 3:30", "à 8")] * (MIN_EVIDENCE - 1)) == {}
    assert evidence(*[("3 cats", "trois chats")] * 100) == {}


def test_units_are_apart() -> None:
    pairs = [("the 21st of 5kg", "le 21 de 5kg"), ("the 3rd", "le 3e"), ("the 1st", "le 1er"), ("-2.5KG", "-2.5KG")]
    assert evidence(*pairs * MIN_EVIDENCE) == {"unit st": False, "unit kg": True, "unit rd": False}
    assert evidence_key("unit", "-2.5KG") == "unit kg"
    assert evidence_key("time", "3:30") == "time"


@pytest.mark.parametrize(
    ("source", "target", "kind", "copied"),
    [
        ("3 apples", "3个苹果", "number", True),
        ("13,481 people", "13 481 personnes", "number", True),
        ("13,481 people", "١٣٤٨١ شخص", "number", True),
        ("25 cats", "26 chats", "number", False),
        ("for $25", "pour 25 dollars", "amount", True),
        ("on 12/31/2024", "le 31/12/2024", "date", True),
        ("on 12/31/2024", "le 31/01/2023", "date", False),
        ("write to a@b.org", "écris à a@b.org", "email", True),
        ("write to a@b.org", "écris-lui", "email", False),
        ("press <b>", "appuie", "tag", False),
        ("flight AF1234", "vol AF1234", "code", True),
    ],
)
def test_evidence_by_kind(source: str, target: str, kind: str, copied: bool) -> None:
    assert evidence(*[(source, target)] * MIN_EVIDENCE) == {kind: copied}


LONG = [
    *("1", "1.", "1,", "1 ", "1 11", "11 1", "111 ", "111.", "1.11.", ".11.", ",11,", "1:", "1-", "1/", "11-11.", "1½"),
    *("1'", "1٫1", "١", "+1", "-1", "(1) ", "+1 (1", "$1", "$1 ", "1 €", "A$", "$A", "1 USD", "a1", "A1-", "A-", "a-1"),
    *(
        "a",
        "a.",
        "www.",
        "www.a",
        "a://",
        "a+",
        "x://",
        "http://.,",
        "a:\\",
        "`",
        "@",
        "a@a.",
        "a@a",
        "+a1",
        "a@-",
        "#",
    ),
    *(
        "<a ",
        "<a b=",
        "<a b='",
        '<a b=" ',
        "<a b",
        "<!--",
        "</",
        "{",
        "{{",
        "{a",
        "$",
        "%",
        "%(",
        "%0",
        "%1",
        "%1$",
        "\\",
    ),
    *("❤", "❤1", "中1", "中", "é", "\u0301", "5°", "1x", "1×1", "_", "a_1", "A'", "A'a-"),
]


@pytest.mark.parametrize("text", LONG)
def test_long_text_is_read_once(text: str) -> None:
    """If every part of a long text were tried anew, this would take hours."""
    long = text * 20_000
    for found in (find_items(long), find_numbers(long), find_unknown(long, frozenset("aA1 ."))):
        assert all(one.start < one.end for one in found)
