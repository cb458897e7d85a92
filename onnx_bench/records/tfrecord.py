"""Read TFRecord files without TensorFlow: framed byte strings with checksums.

Every record is its length (8 bytes), a checksum of the length (4), the bytes, a checksum of the bytes (4), all little
endian. Source: TensorFlow, `tensorflow/core/lib/io/record_writer.h`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from onnx_bench.errors import MalformedRecordsError
from onnx_bench.records.crc32c import crc32c, masked

MAX_RECORD_BYTES = 1 << 20
_BATCH_RECORDS, _BATCH_BYTES = 4096, 1 << 23


class _Frame(NamedTuple):
    length: bytes
    length_sum: int
    body: bytes
    body_sum: int


def read_tfrecord(path: Path) -> Iterator[bytes]:
    """The records of a file in order; checksums of a few thousand are verified before they are given out.

    Raises:
        MalformedRecordsError: The file ends inside a record, a checksum is wrong, or a record is above 1 MiB.
    """
    with path.open("rb") as file:
        first, batch, longest = 0, list[_Frame](), 0
        while frame := _read_frame(file, path, first + len(batch)):
            longest = max(longest, len(frame.body))
            batch.append(frame)
            if len(batch) >= _BATCH_RECORDS or len(batch) * longest >= _BATCH_BYTES:
                yield from _verified(batch, path, first)
                first, batch, longest = first + len(batch), [], 0
        yield from _verified(batch, path, first)


def _read_frame(file: BinaryIO, path: Path, index: int) -> _Frame | None:
    """The next frame, `None` at the end of the file."""
    head = file.read(12)
    if not head:
        return None
    length = int.from_bytes(head[:8], "little")
    if len(head) == 12 and length > MAX_RECORD_BYTES:
        raise MalformedRecordsError(
            f"{path}: record {index} claims {length:,} bytes, above the limit of {MAX_RECORD_BYTES:,}; "
            "is this a TFRecord file?"
        )
    rest = file.read(length + 4) if len(head) == 12 else b""
    if len(head) < 12 or len(rest) < length + 4:
        raise MalformedRecordsError(f"{path} ends inside record {index}; download it again")
    return _Frame(head[:8], struct.unpack("<I", head[8:])[0], rest[:-4], struct.unpack("<I", rest[-4:])[0])


def _verified(batch: list[_Frame], path: Path, first: int) -> Iterator[bytes]:
    lengths = masked(crc32c([frame.length for frame in batch])).tolist()
    bodies = masked(crc32c([frame.body for frame in batch])).tolist()
    for i, frame in enumerate(batch):
        if (lengths[i], bodies[i]) != (frame.length_sum, frame.body_sum):
            raise MalformedRecordsError(f"{path}: the checksum of record {first + i} is wrong; download it again")
        yield frame.body
