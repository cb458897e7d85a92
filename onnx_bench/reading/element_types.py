"""The element types of ONNX tensors."""

from __future__ import annotations

from onnx import TensorProto

_IRREGULAR = {"BOOL": 8, "STRING": 0, "FLOAT": 32, "DOUBLE": 64}


def _bits(name: str) -> int:
    """The first number in a name is the width: UINT16, FLOAT8E4M3FN, INT4."""
    if name in _IRREGULAR:
        return _IRREGULAR[name]
    return int("".join(c if c.isdigit() else " " for c in name).split()[0])


BITS = {value: _bits(name) for name, value in TensorProto.DataType.items() if name != "UNDEFINED"}
"""Width of one element in `raw_data`, by number of the type; 0 for strings."""

INTEGERS = frozenset(
    value for name, value in TensorProto.DataType.items() if name.startswith(("INT", "UINT")) or name == "BOOL"
)
"""Integers and booleans: they may be indices or masks that shapes depend on."""

COMPLEX = frozenset({TensorProto.COMPLEX64, TensorProto.COMPLEX128})


MAX_COMPARED = 4 << 20
"""Bytes of a payload whose elements are compared: masks are this small, and what is larger is not touched."""


def repeated(raw: bytes | memoryview, kind: int) -> bytes:
    """The one element of type `kind` that fills `raw`; empty where elements differ, share bytes, or are too many."""
    width, size = BITS.get(kind, 0) // 8, len(raw)
    if not width or not size or size % width or size > MAX_COMPARED:
        return b""
    one = bytes(raw[:width])
    if raw[width : 2 * width] not in (b"", one):
        return b""
    return one if bytes(raw) == one * (size // width) else b""
