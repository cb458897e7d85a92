"""`Tensor`: what the importer knows of a tensor while it walks a file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import count
from math import prod
from typing import Any

import numpy as np
import onnx

from onnx_bench.errors import MalformedModelError
from onnx_bench.node import Shape

Sources = tuple[tuple[int, int], ...]
MAX_SOURCES = 64
"""Stored tensors one computed weight remembers; beyond that only their total is kept."""
MAX_VALUE = 1 << 14
"""Largest tensor, in elements, whose values are read from a file or computed."""
MAX_SCALES = 8
"""Largest learned tensor whose values are read: enough for the scales of a Resize, written as an initialiser."""
MIN_MASK = 1e4
"""What fills a tensor and is as large as this stands for infinity."""
MAX_FILLED = 1 << 40
"""Largest tensor, in elements, that is remembered as one value filling a shape (this allocates nothing)."""

_CLASSES = {"f": "float", "i": "int", "u": "int", "b": "bool", "c": "float"}
_NUMPY: dict[int, Any] = {
    1: np.float32, 2: np.uint8, 3: np.int8, 4: np.uint16, 5: np.int16, 6: np.int32, 7: np.int64, 9: np.bool_,
    10: np.float16, 11: np.float64, 12: np.uint32, 13: np.uint64,
}  # fmt: skip
_INTEGERS = {2, 3, 4, 5, 6, 7, 12, 13, 21, 22, 25, 26}  # int4, uint4, int2, uint2 are the last four
_TYPED = {1: "float_data", 11: "double_data", 7: "int64_data", 12: "uint64_data", 13: "uint64_data"}
_keys = count()


def dtype_class(elem_type: int) -> str:
    """`float`, `int`, `bool` or `string` for a number of onnx.TensorProto.DataType."""
    if elem_type == 9:
        return "bool"
    return "string" if elem_type == 8 else "int" if elem_type in _INTEGERS else "float"


def numpy_type(elem_type: int) -> Any:
    """The numpy type in which values of an ONNX element type are computed."""
    return _NUMPY.get(elem_type) or (np.int64 if elem_type in _INTEGERS else np.float32)


class Tensor:
    """A tensor of the file under import.

    A tensor that does not depend on a graph input is *held*: it has no node until a data operator reads it, and then
    one node for each reading, because readers own their weights.

    Attributes:
        shape: Its shape, `None` where unknown.
        dtype: float, int, bool or string.
        node: Position of the node that computes it, -1 for a held tensor.
        value: Its values where it is held, small and known. One value that fills a shape has only zero strides.
        sources: The learned tensors a held tensor was computed from, as (key, number of elements).
        items: The members, where it is a sequence.
        ints: Its values as Python integers, once a rule has asked for them (`Call.ints`).
        full: Its shape for the batch of the file, while a file of batch > 1 is evaluated for batch 1.
        outer: How many places in its batch axis lie outside the batch: T for [T * batch, C].
    """

    items: list[Tensor] | None = None
    ints: list[int] | None = None
    full: Shape | None = None
    outer = 1

    def __init__(
        self, shape: Shape | None, dtype: str = "float", node: int = -1, value: np.ndarray | None = None,
        sources: Sources = (),
    ) -> None:  # fmt: skip
        self.shape = shape
        self.dtype = dtype
        self.node = node
        self.value = value
        self.sources = sources

    @property
    def learned(self) -> int:
        """Learned scalars behind a held tensor."""
        sources = self.sources
        return sources[0][1] if len(sources) == 1 else sum([n for _, n in sources])


def constant(value: np.ndarray) -> Tensor:
    """A held tensor of known value that is not learned."""
    return Tensor(value.shape, _CLASSES.get(value.dtype.kind, "string"), value=value)


def filled(value: Any, shape: Shape) -> Tensor:
    """A held tensor with one value in every place; nothing is allocated."""
    scalar = np.asarray(value)
    if prod(shape) > MAX_FILLED:
        return Tensor(shape, _CLASSES.get(scalar.dtype.kind, "string"))
    return constant(np.broadcast_to(scalar.reshape(()), shape))


def uniform(value: np.ndarray) -> Tensor:
    """A held tensor of known value; a mask that masks nothing, or all, is one value filling a shape."""
    alike = value.dtype == np.bool_ and value.size > 1 and value.all() == value.any()
    return filled(value[(0,) * value.ndim], value.shape) if alike else constant(value)


def is_filled(value: np.ndarray) -> bool:
    """Whether `value` is one value in every place."""
    return value.size > 1 and not any(value.strides)


def learned_tensor(shape: Shape, dtype: str = "float", value: np.ndarray | None = None) -> Tensor:
    """A held tensor whose elements all count as parameters."""
    return Tensor(shape, dtype, value=value, sources=((next(_keys), prod(shape)),))


def merge_sources(tensors: Iterable[Tensor | None]) -> Sources:
    """The learned tensors behind an expression; one that is used twice counts once."""
    parts = [t.sources for t in tensors if t is not None and t.sources]
    if len(parts) < 2:
        return parts[0] if parts else ()
    merged = {key: n for part in parts for key, n in part}
    if len(merged) > MAX_SOURCES:
        return ((next(_keys), sum(merged.values())),)
    return tuple(merged.items())


def read_values(proto: onnx.TensorProto, shape: Shape, size: int) -> np.ndarray | None:
    """The values of a stored tensor, `None` where they are stripped, external, too many or of an unusual type."""
    kind = proto.data_type
    dtype = _NUMPY.get(kind)
    if proto.data_location == 1 or len(shape) > 32:
        return None
    if dtype is None:
        return _read_unusual(proto, shape, size)
    raw = proto.raw_data
    if raw:
        values = np.frombuffer(raw, dtype) if len(raw) == size * np.dtype(dtype).itemsize else None
    else:
        stored: Sequence[Any] = getattr(proto, _TYPED.get(kind, "int32_data"))[:]  # numpy is slow on protobuf's own
        if len(stored) != size:
            return None
        values = np.array(stored, np.uint16).view(np.float16) if kind == 10 else np.array(stored).astype(dtype)
    if values is not None and kind == 10 and size <= MAX_SCALES:
        values = np.array([_meant(v) for v in values], np.float32)
    return None if values is None else values.reshape(shape)


def _meant(value: np.float16) -> float:
    """The number that was rounded to `value`, where it is a fraction: the shortest of those that are."""
    return float(value) if not np.isfinite(value) or value == np.round(value) else float(str(value))


def _read_unusual(proto: onnx.TensorProto, shape: Shape, size: int) -> np.ndarray | None:
    """bfloat16, float8, int4 and their like, widened; strings have no value here."""
    if dtype_class(proto.data_type) == "string":
        return None
    try:
        return onnx.numpy_helper.to_array(proto).astype(numpy_type(proto.data_type)).reshape(shape)
    except (ValueError, TypeError, KeyError, AssertionError):  # data that does not fill the dims, or no such type
        return None


def one_value(proto: onnx.TensorProto) -> np.generic | None:
    """The value in every place of a tensor, of which the reader may have left only one; `None` where they differ."""
    dtype, raw = _NUMPY.get(proto.data_type), proto.raw_data
    if dtype is None or not raw or len(raw) % np.dtype(dtype).itemsize:
        return None
    values: np.ndarray = np.frombuffer(raw, dtype)
    # Weights differ in the first few already.
    return values[0] if (values[:16] == values[0]).all() and (values == values[0]).all() else None


def _is_mask(shape: Shape, one: np.generic) -> bool:
    """Whether a tensor filled with `one` masks attention scores: by its shape, [1, 1, L, L], or a value not learned."""
    square = len(shape) == 4 and shape[:2] == (1, 1) and shape[2] == shape[3] > 1
    return square or (one.dtype.kind == "f" and abs(float(one)) >= MIN_MASK)


def stored_tensor(proto: onnx.TensorProto) -> Tensor:
    """The tensor of an initialiser or of a Constant.

    Raises:
        MalformedModelError: A negative dimension.
    """
    shape = tuple(proto.dims[:])  # quicker by way of a list
    size = prod(shape)
    if size < 0 or (shape and min(shape) < 0):
        raise MalformedModelError(f"a stored tensor has the dimensions {list(shape)[:8]}; none may be negative")
    dtype = dtype_class(proto.data_type)
    if dtype in ("bool", "float") and size > 1 and (one := one_value(proto)) is not None:
        if dtype == "bool" or _is_mask(shape, one):
            return filled(one, shape)  # exporters compute masks that mask nothing, or all: nobody learns them
        if one == 0:
            return learned_tensor(shape, dtype, filled(0.0, shape).value)
    if dtype != "float":
        return Tensor(shape, dtype, value=read_values(proto, shape, size) if size <= MAX_VALUE else None)
    if size == 1:
        value = read_values(proto, shape, size)
        return Tensor(shape, dtype, value=value) if value is not None else learned_tensor(shape)
    return learned_tensor(shape, dtype, read_values(proto, shape, size) if size <= MAX_SCALES else None)
