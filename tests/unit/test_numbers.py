"""Numbers are known by their value and written as the target text writes them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_prep.numbers import MIN_EVIDENCE, NUMBER, NumberCounter, NumberFormat, number_key

FRENCH = NumberFormat(
    zero="0", separators={"4+": " ", "4-": "", "5+": " ", "5-": " "}, decimal=",", source_decimals="."
)
ENGLISH = NumberFormat(zero="0", separators={"4-": "", "5+": ",", "5-": ","}, decimal=".", source_decimals=",")
ARABIC = NumberFormat(zero="٠", separators={"5+": "٬"}, decimal="٫", source_decimals=".")


@pytest.mark.parametrize("text", ["13,481", "13 481", "13.481", "13481", "13'481", "١٣٤٨١", "١٣٬٤٨١"])
def test_one_number_in_several_ways_has_one_key(text: str) -> None:
    assert number_key(text) == "13481"
    assert re.fullmatch(NUMBER, text)


def test_other_numbers_have_other_keys() -> None:
    assert len({number_key(text) for text in ("007", "7", "70", "1,234", "12,345", "٣", "٤")}) == 7


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("1 234 567,89 euros", ["1 234 567,89"]),
        ("3 apples, 5 pears", ["3", "5"]),
        ("It was 1990. He left.", ["1990"]),
        ("1,299.99.", ["1,299.99"]),
        ("12 34", ["12", "34"]),
        ("12 345 6", ["12", "345", "6"]),
        ("٣٫٥ و ٤", ["٣٫٥", "٤"]),
    ],
)
def test_what_a_number_is(text: str, numbers: list[str]) -> None:
    assert re.findall(NUMBER, text) == numbers


@pytest.mark.parametrize(
    ("numbers", "text", "expected"),
    [
        (FRENCH, "13,481", "13 481"),
        (FRENCH, "13481", "13 481"),
        (FRENCH, "1,990", "1 990"),
        (FRENCH, "1990", "1990"),
        (FRENCH, "1,234,567.89", "1 234 567,89"),
        (FRENCH, "3.5", "3,5"),
        (FRENCH, "0.005", "0,005"),
        (FRENCH, "-5", "-5"),
        (FRENCH, "+13,481", "+13 481"),
        (FRENCH, "٣٬٤٥٦", "3 456"),
        (FRENCH, "007", "007"),
        (FRENCH, "0012", "0012"),
        (FRENCH, "00123456", "00123456"),
        (FRENCH, "1,2,3,4", "1,2,3,4"),
        (FRENCH, "192.168.0.1", "192.168.0.1"),
        (FRENCH, "12.34.56", "12.34.56"),
        (FRENCH, "1,23,456", "1,23,456"),
        (ENGLISH, "13 481", "13,481"),
        (ENGLISH, "13.481", "13,481"),
        (ENGLISH, "1 990", "1 990"),
        (ENGLISH, "2,5", "2.5"),
        (ENGLISH, "1'000'000", "1,000,000"),
        (ENGLISH, "12345,6", "12,345.6"),
        (ARABIC, "3", "٣"),
        (ARABIC, "13,481", "١٣٬٤٨١"),
        (ARABIC, "3.5", "٣٫٥"),
        (NumberFormat(), "13,481.5", "13,481.5"),
        (NumberFormat(), "٣", "٣"),
        (NumberFormat(separators={"5-": ""}), "13,481", "13481"),
    ],
)
def test_a_number_is_written_as_the_target_writes_it(numbers: NumberFormat, text: str, expected: str) -> None:
    assert numbers.render(text) == expected


@given(
    st.from_regex(re.compile(rf"[-+]?{NUMBER}"), fullmatch=True) | st.text(" .,'0123456789٠٣٬٫", max_size=20),
    st.sampled_from([FRENCH, ENGLISH, ARABIC]),
)
def test_rendering_keeps_the_value(text: str, numbers: NumberFormat) -> None:
    assert number_key(numbers.render(text)) == number_key(text)


def counted(*pairs: tuple[str, str], times: int = MIN_EVIDENCE) -> NumberFormat:
    counter = NumberCounter()
    for _ in range(times):
        for source, target in pairs:
            counter.add(source, target)
    return counter.result()


def test_the_way_of_writing_is_learned() -> None:
    french = counted(("13,481", "13 481"), ("1990", "1990"), ("2.5", "2,5"), ("1,500", "1 500"))
    assert french == NumberFormat(
        zero="0", separators={"4+": " ", "4-": "", "5+": " "}, decimal=",", source_decimals="."
    )
    arabic = counted(("3", "٣"), ("13,481", "١٣٬٤٨١"), ("2.5", "٢٫٥"))
    assert (arabic.zero, arabic.separators, arabic.decimal) == ("٠", {"5+": "٬"}, "٫")
    assert counted(("13481", "13.481")).separators == {"5-": "."}
    assert counted(("1.500", "1,500")).source_decimals == ""
    assert counted() == NumberFormat()


def test_what_is_rare_or_mixed_is_not_known() -> None:
    assert counted(("13,481", "13 481"), times=MIN_EVIDENCE - 1) == NumberFormat()
    mixed = counted(("13,481", "13 481"), ("13,481", "13,481"), ("1.5", "1,5"), ("1.5", "1.5"), ("2", "٢"))
    assert (mixed.zero, mixed.separators, mixed.decimal) == (None, {}, None)
    assert mixed.render("13,481.5") == "13,481.5"
