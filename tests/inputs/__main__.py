"""All classes of bad input, and the table of docs/robustness.md.  Exit code 1 if one is not answered as it should be.

python -m tests.inputs [--write]
"""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.faults.processes import warm_up
from tests.inputs.trying import ROW, set_up, try_all

PAGE = Path(__file__).parents[2] / "docs" / "robustness.md"
BEGIN, END = "<!-- inputs: written by `python -m tests.inputs --write` -->\n", "<!-- inputs: end -->\n"


def main() -> int:
    """Try all; write the table, or compare it with what is written."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the table into docs/robustness.md")
    asked = parser.parse_args()
    warm_up()
    with tempfile.TemporaryDirectory(prefix="inputs-") as folder:
        scratch = Path(folder).resolve()
        # For those who are not the one who made it.
        scratch.chmod(0o755)
        set_up(scratch)
        tried = try_all(scratch)
    table = ROW.format("input", "what you see", "exit code") + "|---|---|---|\n" + "".join(one.row for one in tried)
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    written, _, after = rest.partition(END)
    if asked.write:
        PAGE.write_text(before + BEGIN + table + END + after, encoding="utf-8")
    failures = [f"{one.name}, {one.command or 'case'}: {one.failure}" for one in tried if one.failure]
    if not asked.write and written != table:
        odd = sorted(set(table.splitlines()) ^ set(written.splitlines()))
        failures.append("docs/robustness.md says otherwise; `python -m tests.inputs --write`: " + "\n".join(odd[:4]))
    for failure in failures:
        print(f"FAILED {failure}", file=sys.stderr)
    print(f"inputs: {len(tried)} tried, {len(failures)} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
