"""What `make fuzz` tries, on a few hundred inputs; and what tells an answer that is wrong."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import TARGETS
from tests.inputs.texts import TEXTS
from tests.odd import TYPED, loops, odd_lines

BYTES = "09|0a|0d0a|ff|22|7b|efbbbf|1f8b08|c285|e280a8|eda080|f48fbfb0"
WRITTEN = (
    *('{"en": "a", "fr": "b"}\n', "en\tfr\n", "https://a.b/c", "a@b.cd", "`x`", "Tom 1.5", "13,481", "7:45pm", "10km"),
    *("<b>", "</b>", "<br/>", '<a href="', "{x}", "%1$s", "\\n", "❤️", " • ", " ", " ", ". ", "Zorb ", "O'Brannock "),
    *("€5", "½", "+33 6 12 34", "\U0010f000", "\U0010f001", "\U0010fff1", "“", "’", "…", "&amp;", "hE", "THE "),
)
PIECES = [
    *(text.data for text in TEXTS.values() if len(text.data) < 500),
    *map(bytes.fromhex, BYTES.split("|")),
    *map(str.encode, WRITTEN),
]
DATA = st.lists(st.sampled_from(PIECES) | st.binary(max_size=8) | st.text(max_size=8).map(str.encode), max_size=8)


@pytest.mark.parametrize(("target", "examples"), [("clean", 400), ("read", 400), ("pipeline", 400), ("translate", 60)])
def test_any_bytes(target: str, examples: int) -> None:
    @settings(max_examples=examples, deadline=None)
    @given(st.integers(0, 255), DATA)
    def holds(first: int, pieces: list[bytes]) -> None:
        TARGETS[target](bytes([first]) + b"".join(pieces))

    holds()


def test_odd_lines_are_the_same_for_a_seed_and_of_all_kinds() -> None:
    lines = odd_lines(500, 1)
    assert lines == odd_lines(500, 1)
    assert lines != odd_lines(500, 2)
    assert len(TYPED) * 20 == 500
    assert len(set(lines)) > 450


def test_what_repeats_itself_is_seen() -> None:
    assert loops("a cat", "un chat " * 8)
    assert loops("a cat", "le " + "chat " * 9)
    assert not loops("a cat", "un chat qui dort")
    assert not loops("cat " * 20, "chat " * 20)
