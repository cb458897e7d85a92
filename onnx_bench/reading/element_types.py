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
