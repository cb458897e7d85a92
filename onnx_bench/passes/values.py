"""What rules ask about nodes: constants, settings, element classes."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, prod
from typing import Any

from onnx_bench.draft import Draft, DraftNode
from onnx_bench.errors import MalformedModelError
from onnx_bench.node import Shape

HELD = frozenset(("Parameter", "Constant"))
FLOAT_LIMIT = 3.3e38
"""Clip bounds beyond it are what exporters write for "no bound"."""
MAX_INTS = 1 << 12
"""Longest constant that is read as a list of integers, such as the axes of a reduction."""


def words(text: str) -> frozenset[str]:
    """A set of names."""
    return frozenset(text.split())


_BOOL_OPS = words("And Or Xor Not Equal Greater GreaterOrEqual Less LessOrEqual IsInf IsNaN")
_INT_OPS = words("ArgMax ArgMin NonZero Shape Size")
_FLOAT_OPS = words("Embedding Linear Conv LayerNorm RMSNorm Softmax")


def is_held(node: DraftNode | None) -> bool:
    """Whether the network holds this tensor, learned or constant."""
    return node is not None and node.op in HELD


def tidy(value: float) -> float:
    """`value` with the 6 significant digits that the graph form keeps."""
    return float(f"{value:.6g}")


def get_input(node: DraftNode, index: int) -> DraftNode | None:
    """Input `index`, `None` if it is omitted."""
    return node.inputs[index] if index < len(node.inputs) else None


def data(node: DraftNode, index: int = 0) -> DraftNode:
    """Input `index`, which must be there.

    Raises:
        MalformedModelError: It is not.
    """
    found = node.inputs[index] if index < len(node.inputs) else None
    if found is None:
        raise MalformedModelError(f"{node.op} lacks its input {index}")
    return found


def scalar(node: DraftNode | None) -> float | None:
    """The value of a `Constant` that is a single number or filled with one, else `None`."""
    if node is None or node.op != "Constant":
        return None
    values = node.attrs["value"]
    if len(values) != 1 or isinstance(values[0], (str, bool)):
        return None
    return float(values[0])


def ints(node: DraftNode | None) -> tuple[int, ...] | None:
    """The values of a `Constant` as integers, flat and written out in full, else `None`."""
    if node is None or node.op != "Constant" or node.shape is None:
        return None
    values = node.attrs["value"]
    if len(values) == 1 and prod(node.shape) != 1:
        if prod(node.shape) > MAX_INTS:
            return None
        values = values * prod(node.shape)
    return tuple(int(v) for v in values)


def setting(node: DraftNode, name: str, index: int) -> tuple[int, ...] | None:
    """A list of integers that is attribute `name` in some opsets and constant input `index` in others."""
    if name in node.attrs:
        value = node.attrs[name]
        return tuple(value) if isinstance(value, (tuple, list)) else (int(value),)
    return ints(get_input(node, index))


def shape_of(node: DraftNode, index: int = 0) -> Shape | None:
    """The shape of input `index`, `None` where unknown."""
    found = get_input(node, index)
    return None if found is None else found.shape


def axis_of(value: Any, rank: int) -> int:
    """`value` as an axis counted from the front.

    Raises:
        MalformedModelError: There is no such axis.
    """
    axis = int(value)
    if not -rank <= axis < rank:
        raise MalformedModelError(f"axis {axis} of a tensor of rank {rank}")
    return axis % rank


def element_class(node: DraftNode) -> str:
    """`float`, `int` or `bool`: the class of the elements of `node`.

    Rewriting never changes the value of a node, so the answer is kept on it.
    """
    path: list[DraftNode] = []
    current = node
    found = current.dtype
    while found is None:
        path.append(current)
        op = current.op
        if op in ("Input", "Parameter", "Constant"):
            found = str(current.attrs.get("dtype", "float"))
        elif op == "Cast":
            found = cast_class(current.attrs["to"])
        elif op in _BOOL_OPS:
            found = "bool"
        elif op in _INT_OPS:
            found = "int"
        elif op in _FLOAT_OPS:
            found = "float"
        else:
            producer = get_input(current, 1 if op == "Where" else 0)
            if producer is None or len(path) > 100_000:
                found = "float"
            else:
                current = producer
                found = current.dtype
    for each in path:
        each.dtype = found
    return found


def cast_class(to: Any) -> str:
    """The element class of `to`, a class name or a number of `onnx.TensorProto.DataType`."""
    if isinstance(to, str):
        return to
    if to == 9:
        return "bool"
    return "int" if to in (2, 3, 4, 5, 6, 7, 12, 13, 21, 22) else "float"


def constant(draft: Draft, value: float | int | bool, dtype: str = "float", shape: Shape = ()) -> DraftNode:
    """A new `Constant` filled with `value`."""
    return draft.add("Constant", (), shape, value=(tidy(value) if dtype == "float" else value,), dtype=dtype)


def bound(node: DraftNode, name: str, index: int) -> float | None:
    """A Clip bound from attribute or input; infinite where there is none, `None` where it is computed."""
    value = node.attrs.get(name)
    if value is None:
        source = get_input(node, index)
        value = (-inf if name == "min" else inf) if source is None else scalar(source)
    if value is None:
        return None
    return tidy(value) if abs(value) < FLOAT_LIMIT else (inf if value > 0 else -inf)


def same_shape_without(node: DraftNode, others: Sequence[DraftNode]) -> bool:
    """Whether `others` alone broadcast to the shape of `node`."""
    shape = node.shape
    if shape is None:
        return False
    dims = [1] * len(shape)
    longest = 0
    for other in others:
        if other.shape is None:
            return False
        longest = max(longest, len(other.shape))
        for i, dim in enumerate(other.shape, start=len(shape) - len(other.shape)):
            if dim != 1:
                dims[i] = dim
    return longest == len(shape) and tuple(dims) == shape
