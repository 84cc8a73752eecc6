"""Measurements that are kept, and tables."""

import json
import re
from pathlib import Path

import pytest
from matplotlib.image import imread

from seq2seq.lesson.runner import AFTER, PAGE, PICTURES, SECTIONS, divided, page, section
from seq2seq.lesson.section import Keep, table
from tests.quoting import unfounded


def test_what_was_measured_is_not_measured_again(tmp_path: Path) -> None:
    calls = []

    def measure() -> object:
        calls.append(1)
        return {"a": (1, 2.5), 3: "b"}

    small, full = (Keep(tmp_path, full=form) for form in (False, True))
    first = small.get("key", measure)
    assert first == {"a": [1, 2.5], "3": "b"}
    assert small.get("key", measure) == first
    assert len(calls) == 1
    # The whole lesson measures anew, and so does one that broke off while it wrote.
    assert full.get("key", measure) == first
    (tmp_path / "small" / "key.json").write_text('{"a": [1, ')
    assert small.get("key", measure) == first
    assert len(calls) == 3


def test_a_table_is_markdown() -> None:
    assert table([["a", "b"], [1, 2.5]]) == "| a | b |\n|---|---|\n| 1 | 2.5 |\n"


def test_every_section_is_one() -> None:
    found = [section(name) for name in SECTIONS]
    assert len({of.NAME for of in found}) == len(found)
    assert {name for name in SECTIONS if divided(name)} <= set(AFTER) <= set(SECTIONS)
    for of in found:
        assert callable(of.measure)
        assert callable(of.draw)
        assert callable(of.tell)
    assert divided("translators")
    assert not divided("one_to_one")


def test_the_lesson_in_docs_is_what_its_json_says() -> None:
    docs = Path(__file__).parents[2] / "docs"
    results = {
        name: json.loads((docs / PICTURES / f"{section(name).NAME}.json").read_text(encoding="utf-8"))
        for name in SECTIONS
    }
    text = (docs / PAGE).read_text(encoding="utf-8")
    assert text == page(results), "make lesson writes it anew"
    for name, found in results.items():
        assert unfounded(section(name).tell(found), found) == [], name
    shown = re.findall(r"\]\((lesson/[\w-]+\.png)\)", text)
    assert len(shown) > 10
    for path in shown:
        assert imread(docs / path)[..., :3].std() > 0.01


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("12.3 of 1,234, or 45 %.", []),
        ("12.4", ["12.4"]),
        ("12", []),
        ("`99` and $x^{99}$ by [them](99.png) (Elman 1990)", []),
        ("3e-4", []),
        ("4e-4 and 2 lists", ["4e-4"]),
    ],
)
def test_numbers_that_were_not_measured_are_found(text: str, missing: list[str]) -> None:
    assert unfounded(text, {"a": 12.34, "b": [1234, 0.45], "c": "of 3e-4"}) == missing
