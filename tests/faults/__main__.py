"""`make faults`: everything that may befall a run and a corpus, counted.  Exit code 1 if anything was lost."""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.faults import disks, preparation
from tests.faults.damage import damage_files
from tests.faults.preparation import kill_preparation
from tests.faults.processes import run, warm_up
from tests.faults.training import kill_training
from tests.phrases import write_source


def main() -> int:
    """Try all, print a table of counts, and what failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="of training, and as many of preparation")
    parser.add_argument("--bytes", type=int, default=500, help="changed in files of a run and a corpus")
    parser.add_argument("--disks", type=int, default=5, help="sizes of a disk or a file that are too small")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    warm_up()
    failures: list[str] = []
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        scratch = Path(folder).resolve()
        source, prepared = write_source(scratch), scratch / "data"
        made = run(preparation.command(source, "data"), scratch)
        assert made.code == 0, made.said
        begun = time.monotonic()

        def told(line: str, failed: list[str]) -> None:
            print(f"{line}; {len(failed)} failed ({time.monotonic() - begun:.0f} s)", flush=True)
            failures.extend(failed)

        def within(name: str) -> Path:
            (scratch / name).mkdir()
            return scratch / name

        kills = kill_training(prepared, within("1"), asked.kills, asked.seed)
        told(
            f"training: {kills.kills} kills, {kills.while_saving} of them while a checkpoint was saved; "
            f"{kills.finished} runs ended as the one that was not killed",
            kills.failures,
        )
        kills = kill_preparation(source, within("2"), asked.kills, asked.seed)
        told(
            f"preparation: {kills.kills} kills, {kills.while_saving} of them while the corpus was put in its place; "
            f"{kills.finished} corpora as the one that was not killed",
            kills.failures,
        )
        damages = damage_files(prepared, within("3"), asked.bytes, max(4, asked.bytes // 25), asked.seed)
        told(
            f"bytes: {sum(damages.tried.values())} changed in {len(damages.tried)} files, {damages.found} found; "
            f"{damages.recovered} runs went on from the last good checkpoint",
            damages.failures,
        )
        tries: dict[str, Callable[[], disks.Stops | None]] = {
            "limited sizes of files": lambda: disks.limited(source, prepared, within("4"), asked.disks),
            "full disk": lambda: disks.full(prepared, within("5"), asked.disks),
            "read-only disk": lambda: disks.read_only(source, prepared, within("6")),
        }
        for name, attempt in tries.items():
            stops = attempt()
            if stops is None:
                print(f"{name}: not tried, as no file system can be mounted here", flush=True)
            else:
                told(f"{name}: {stops.stopped} commands stopped with one line", stops.failures)
    for failure in failures:
        print(f"FAILED {failure}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
