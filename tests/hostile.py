"""Runs and corpora as somebody who means harm would make them: right checksums, wrong contents."""

import json
import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import torch
from safetensors.torch import load_file, save_file

from data_prep.corpus import MANIFEST, SCHEMA, Corpus
from data_prep.files import SUMS, digest, file_digest, write_sums
from data_prep.untrusted import check_manifest

CHECKPOINT = Path("checkpoints/0000001")
Craft = Callable[[Path], None]


def seal(folder: Path) -> None:
    """Write the checksums of a folder anew, as its maker would."""
    manifest = folder / MANIFEST
    if manifest.exists():
        try:
            about = json.loads(manifest.read_bytes())
            about["files"] = {
                n: file_digest(folder / n) if (folder / n).is_file() else d for n, d in about["files"].items()
            }
            manifest.write_text(json.dumps(about), encoding="utf-8")
            (folder / SUMS).unlink()
            check_manifest(about)
            write_sums(folder, {MANIFEST: file_digest(manifest), **about["files"]})
        except (ValueError, RecursionError, AttributeError, TypeError, KeyError):
            (folder / SUMS).unlink(missing_ok=True)
        return
    for where in (folder, folder / CHECKPOINT):
        if (where / SUMS).is_file():
            names = [line.split()[1] for line in (where / SUMS).read_text(encoding="utf-8").splitlines()]
            there = [name for name in names if (where / name).is_file()]
            # What is too large to be read is to be refused unread.
            small = [name for name in there if (where / name).stat().st_size < 1 << 30]
            write_sums(where, dict.fromkeys(there, "0" * 64) | {name: file_digest(where / name) for name in small})


def rewrite(name: str, change: Callable[[str], str]) -> Craft:
    """Change the text of a file."""

    def craft(folder: Path) -> None:
        path = folder / name
        path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")

    return craft


def edit(name: str, *keys: str, to: Any) -> Craft:
    """Set a value in a JSON file."""

    def craft(folder: Path) -> None:
        about = json.loads((folder / name).read_bytes())
        inner = about
        for key in keys[:-1]:
            inner = inner[key]
        inner[keys[-1]] = to
        (folder / name).write_text(json.dumps(about), encoding="utf-8")

    return craft


def put(name: str, data: bytes) -> Craft:
    """Write a file."""

    def craft(folder: Path) -> None:
        (folder / name).write_bytes(data)

    return craft


def link(name: str, to: str) -> Craft:
    """Put a link in the place of a file or folder."""

    def craft(folder: Path) -> None:
        path = folder / name
        if path.exists():
            path.rename(folder.parent / f"moved-{path.name}")
        path.symlink_to(to)

    return craft


def pipe(name: str) -> Craft:
    """Put a pipe in the place of a file: reading it would not end."""

    def craft(folder: Path) -> None:
        (folder / name).unlink(missing_ok=True)
        os.mkfifo(folder / name)

    return craft


def tensors(name: str, change: Callable[[dict[str, torch.Tensor]], object]) -> Craft:
    """Change what is in a file of tensors."""

    def craft(folder: Path) -> None:
        path = folder / CHECKPOINT / name
        found = load_file(path)
        change(found)
        save_file(found, path)

    return craft


def tensor_file(name: str, header: dict[str, Any], size: int = 0, claimed: int | None = None) -> Craft:
    """A file of tensors with a header of one's own, and so many zeros behind it, on disk or only claimed."""
    text = json.dumps(header).encode()

    def craft(folder: Path) -> None:
        with (folder / CHECKPOINT / name).open("wb") as file:
            file.write(struct.pack("<Q", len(text) if claimed is None else claimed) + text)
            file.truncate(file.tell() + size)

    return craft


def arrow(change: Callable[[pa.Table], pa.Table], **options: Any) -> Craft:
    """Change what is in the test split."""

    def craft(folder: Path) -> None:
        path = folder / "test.arrow"
        table = change(pa.ipc.open_file(path).read_all())
        with pa.ipc.new_file(str(path), table.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
            writer.write_table(table)

    return craft


def column(name: str, value: pa.Array) -> Callable[[pa.Table], pa.Table]:
    """Put another column in the place of one."""
    return lambda table: table.set_column(SCHEMA.get_field_index(name), SCHEMA.field(name), value)


def ids_beyond(corpus: Corpus) -> pa.Array:
    """Ids that the corpus's subword model does not have."""
    rows = len(corpus.split("test"))
    return pa.array([[corpus.subwords.source_size]] * rows, SCHEMA.field("source_ids").type)


def offsets_beyond(folder: Path) -> None:
    """Let the text of the test split begin and end far outside its bytes."""
    rows = pa.ipc.open_file(folder / "test.arrow").read_all().num_rows
    arrow(column("source", pa.array(["x"] * rows)))(folder)
    honest, wrong = (struct.pack(f"<{rows + 1}i", *range(0, (rows + 1) * step, step)) for step in (1, 1 << 24))
    whole = (folder / "test.arrow").read_bytes()
    assert whole.count(honest) == 1
    (folder / "test.arrow").write_bytes(whole.replace(honest, wrong))


def with_sums(name: str) -> Craft:
    """Name another file among the checksums of a run."""

    def craft(folder: Path) -> None:
        with (folder / SUMS).open("a", encoding="utf-8") as file:
            file.write(f"{digest(b'')}  {name}\n")

    return craft
