"""The two lists of versions say the same."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def versions(text: str) -> dict[str, str]:
    """Version by name, names as PyPI compares them."""
    found = re.findall(r"^([\w.-]+)==([^\s;\\]+)", text, re.MULTILINE)
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in found}


def test_every_version_has_its_hashes() -> None:
    pinned = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    hashed = (ROOT / "requirements-hashes.txt").read_text(encoding="utf-8")
    assert versions(hashed) == versions(pinned)
    assert len(versions(pinned)) == len(pinned.splitlines())
    for entry in re.split(r"\n(?=\w)", hashed.split("\n", 4)[4].rstrip()):
        assert re.fullmatch(r"\S+==[^\\]+( \\\n    --hash=sha256:[0-9a-f]{64})+(\n    # .*)*", entry), entry
