"""Arrow files as a stranger may have made them: what is read is in its bounds, and takes no memory but the file's."""

import struct
from pathlib import Path

import pyarrow as pa

MAGIC = b"ARROW1\0\0"


def read_batches(path: Path, schema: pa.Schema) -> list[pa.RecordBatch]:
    """The record batches of an Arrow file, memory-mapped, every value in its bounds.

    Raises ArrowInvalid, or an OSError, if that is not what the file has: another schema, a null, an offset beyond the
    data, text that is not UTF-8, or a compressed part, of which nobody knows how much memory it takes.
    """
    mapped = pa.memory_map(str(path))
    expected = pa.ipc.open_file(mapped).num_record_batches
    mapped.seek(len(MAGIC))
    batches = []
    # Within, a file is a stream of messages.  Read as such they are seen before their data are.
    for message in pa.ipc.MessageReader.open_stream(mapped):
        if message.type == "schema":
            if pa.ipc.read_schema(message) != schema:
                raise pa.ArrowInvalid("it has other columns")
            continue
        if message.type != "record batch" or _is_compressed(message.metadata.to_pybytes()):
            raise pa.ArrowInvalid(f"a {message.type} that is compressed, or not of a corpus")
        batch = pa.ipc.read_record_batch(message, schema)
        batch.validate(full=True)
        for column in batch.columns:
            if column.null_count or (pa.types.is_list(column.type) and column.values.null_count):
                raise pa.ArrowInvalid("a value is missing")
        batches.append(batch)
    if len(batches) != expected:
        raise pa.ArrowInvalid(f"{len(batches)} parts of {expected}")
    return batches


def is_whole(path: Path, schema: pa.Schema) -> bool:
    """Whether `read_batches` reads the file."""
    try:
        read_batches(path, schema)
    except (pa.ArrowException, OSError):
        return False
    return True


def _is_compressed(message: bytes) -> bool:
    """Whether a message of Arrow says that its data are compressed, in its header or as old versions said it.

    It is a FlatBuffer: a table begins with the distance back to the list of where its fields are.
    """

    def field(table: int, number: int) -> int:
        """Where the field of a table is, 0 if it has none."""
        fields = table - struct.unpack_from("<i", message, table)[0]
        size, place = struct.unpack_from("<H", message, fields)[0], 4 + 2 * number
        offset = struct.unpack_from("<H", message, fields + place)[0] if place < size else 0
        return table + offset if offset else 0

    def pointed(place: int) -> int:
        return place + int(struct.unpack_from("<I", message, place)[0])

    root = pointed(0)
    header, custom_metadata = field(root, 2), field(root, 4)
    return bool(custom_metadata or not header or field(pointed(header), 3))
