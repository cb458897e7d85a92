"""TFRecord files and `ModelMetrics` messages, written byte by byte from their specifications."""

from __future__ import annotations

import struct


def crc32c(data: bytes) -> int:
    """CRC-32C bit by bit, as RFC 3720 defines it."""
    state = 0xFFFFFFFF
    for byte in data:
        state ^= byte
        for _ in range(8):
            state = state >> 1 ^ (0x82F63B78 if state & 1 else 0)
    return state ^ 0xFFFFFFFF


def masked(data: bytes) -> bytes:
    """The stored form of a checksum."""
    crc = crc32c(data)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def frame(data: bytes) -> bytes:
    """One record of a TFRecord file."""
    length = struct.pack("<Q", len(data))
    return length + masked(length) + data + masked(data)


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def evaluation(epoch: float, validation: float, test: float) -> bytes:
    """An `EvaluationData` message: doubles 1 to 5 and the string 6."""
    values = (epoch, 7.5 * epoch, 1.0, validation, test)
    body = b"".join(bytes([i << 3 | 1]) + struct.pack("<d", value) for i, value in enumerate(values, start=1))
    return body + b"\x32\x04ckpt"


def model_metrics(evaluations: list[bytes], params: int) -> bytes:
    """A `ModelMetrics` message: evaluations 1, the count 2, a double 3."""
    body = b"".join(b"\x0a" + varint(len(e)) + e for e in evaluations)
    return body + b"\x10" + varint(params) + b"\x19" + struct.pack("<d", 99.0)
