"""What bounds files of strangers: links, sizes, depth, names."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_prep.errors import UserError
from data_prep.untrusted import DEEPEST, check_manifest, parse_json, parse_toml, read_small, refuse_links

MANIFEST = {"languages": {"source": "en", "target": "pt_BR"}, "splits": {"train": {"pairs": 1}}, "files": {}}
JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=20,
)


@settings(deadline=None)
@given(JSON)
def test_json_comes_back(value: object) -> None:
    import json

    assert parse_json(json.dumps(value).encode()) == value
    assert parse_json(json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")) == value


@pytest.mark.parametrize(("open_", "close"), [("[", "]"), ('{"a":', "}")])
def test_depth_is_bounded_and_brackets_in_text_do_not_count(open_: str, close: str) -> None:
    parse_json((open_ * DEEPEST + "1" + close * DEEPEST).encode())
    with pytest.raises(ValueError, match=f"more than {DEEPEST} levels deep"):
        parse_json((open_ * (DEEPEST + 1) + "1" + close * (DEEPEST + 1)).encode())
    assert parse_json(b'["[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\"[[[[["]')


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 50 + "]" * 50,
        "a = " + "[" * 100_000,
        "a = " + "{a = " * 50_000,
        "a." * 100_000 + "a = 1",
        "'a b' . " * 30_000 + "a = 1",
        '"\\" x".' * 30_000 + "a = 1",
        "[" + "a." * 100_000 + "a]",
        "a = {" + "a." * 100_000 + "a = 1}",
    ],
)
def test_toml_that_is_deep_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="levels deep"):
        parse_toml(text)


def test_toml_of_any_sensible_depth_is_read() -> None:
    assert parse_toml('[a.b]\nc = [[1, 0.5], [2, 0.75]]\nd = "a.b.c.d"') == {
        "a": {"b": {"c": [[1, 0.5], [2, 0.75]], "d": "a.b.c.d"}}
    }
    assert parse_toml("a = " + "[" * (DEEPEST - 1) + "]" * (DEEPEST - 1))


@pytest.mark.parametrize("data", [b"[" * 100_000, b'"' * 100_001, b'"\\"' * 100_000, b"\\" * 100_000, b'"\\', b"\xff"])
def test_json_that_could_take_for_ever_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  several kinds
        parse_json(data)


def test_files_have_a_largest_size(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"12345")
    assert read_small(tmp_path / "file", 5) == b"12345"
    with pytest.raises(UserError, match="larger than the 4 bytes"):
        read_small(tmp_path / "file", 4)
    if Path("/proc/self/maps").exists():  # which says that it is empty
        with pytest.raises(UserError, match="larger than the 9 bytes"):
            read_small(Path("/proc/self/maps"), 9)
    with pytest.raises(UserError, match="neither a file nor a folder"):
        read_small(Path("/dev/zero"), 9)


def test_links_may_stay_inside(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    (folder / "deep").mkdir(parents=True)
    (folder / "file").write_text("x")
    (folder / "deep" / "link").symlink_to("../file")
    refuse_links(folder)
    refuse_links(folder / "file")
    refuse_links(tmp_path / "nowhere")
    (tmp_path / "other").symlink_to(folder)
    refuse_links(tmp_path / "other")


@pytest.mark.parametrize("target", ["/etc/passwd", "../secret", "../../nowhere", "loop", "../run-2"])
@pytest.mark.parametrize("place", ["link", "deep/link"])
def test_links_that_lead_out_are_refused(tmp_path: Path, place: str, target: str) -> None:
    folder = tmp_path / "run"
    (folder / "deep").mkdir(parents=True)
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "run-2").mkdir()
    (folder / "loop").symlink_to("loop")
    (folder / place).symlink_to("../" * place.count("/") + target if not target.startswith("/") else target)
    with pytest.raises(UserError, match="a link out of its folder is not followed"):
        refuse_links(folder)


def test_pipes_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UserError, match="pipe: neither a file nor a folder"):
        refuse_links(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        {"languages": {"source": "en"}},
        {"languages": {"source": "en", "target": "../fr"}},
        {"languages": {"source": "en", "target": 1}},
        {"languages": []},
        {"splits": {"../train": {"pairs": 1}}},
        {"splits": {"..": {"pairs": 1}}},
        {"splits": {"a/b": {"pairs": 1}}},
        {"splits": {"": {"pairs": 1}}},
        {"splits": {"train": {"pairs": 10**30}}},
        {"splits": {"train": {"pairs": -1}}},
        {"splits": {"train": {"pairs": "1"}}},
        {"splits": {"train": {}}},
        {"splits": {"train": {"pairs": 1, "dropped": {"copy": {}}}}},
        {"splits": {"train": {"pairs": 1, "dropped": []}}},
        {"files": {"../x": "0" * 64}},
        {"files": {"/etc/passwd": "0" * 64}},
        {"files": {".": "0" * 64}},
        {"files": {"x\n": "0" * 64}},
        {"files": {"x": "0"}},
        {"files": {"x": None}},
        {"stages": {"text": []}},
        {"stages": 1},
    ],
)
def test_manifests_that_are_none(change: dict[str, object]) -> None:
    check_manifest(MANIFEST)
    with pytest.raises(ValueError):  # noqa: PT011  what is wrong with it is in the parameters
        check_manifest(MANIFEST | change)
