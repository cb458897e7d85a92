"""Write operators of the ONNX standard as they stand: those without canonical form, and graphs as read from files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import onnx

from onnx_bench.errors import UnsupportedGraphError
from onnx_bench.node import Node
from onnx_bench.writers.onnx_file import OnnxFile
from onnx_bench.writers.view import View

NEWEST = 24
"""The newest opset written."""
_PREFIX = "ai.onnx::"

# Attributes of the graph form that are inputs 1, 2, ... of the standard's operator, with the rank of that input.
_AS_INPUTS: dict[str, tuple[tuple[str, int], ...]] = {
    "Squeeze": (("axes", 1),),
    "Unsqueeze": (("axes", 1),),
    "Slice": (("starts", 1), ("ends", 1), ("axes", 1), ("steps", 1)),
    "Split": (("split", 1),),
    "TopK": (("k", 1),),
    "CumSum": (("axis", 0),),
    "CumProd": (("axis", 0),),
    "Col2Im": (("image_shape", 1), ("block_shape", 1)),
    "OneHot": (("depth", 0),),
    "Trilu": (("k", 0),),
    "Pad": (("pads", 1), ("value", 0)),
    "Clip": (("min", 0), ("max", 0)),
}
_TO_SHAPE = ("Reshape", "Expand")
_TYPES = {
    onnx.defs.OpSchema.AttrType.FLOAT: float,
    onnx.defs.OpSchema.AttrType.INT: int,
    onnx.defs.OpSchema.AttrType.STRING: str,
}
_TYPES_OF_LISTS = {
    onnx.defs.OpSchema.AttrType.FLOATS: float,
    onnx.defs.OpSchema.AttrType.INTS: int,
    onnx.defs.OpSchema.AttrType.STRINGS: str,
}


def write_verbatim(
    file: OnnxFile, view: View, position: int, ins: Sequence[str], outputs: Sequence[str]
) -> None:  # fmt: skip
    """Write the node at `position` under its own name.

    Raises:
        UnsupportedGraphError: The ONNX standard has no such operator, or not these attributes.
    """
    node = view.node(position)
    op = node.op.removeprefix(_PREFIX)
    schema = _schema(op, position)
    attrs = dict(node.attrs)
    inputs = list(ins)
    if op in _TO_SHAPE and len(inputs) == 1:
        batch, keep = view.batch[position], -1 if op == "Reshape" else 1
        inputs.append(file.ints([keep if axis == batch else d for axis, d in enumerate(view.shape(position))]))
        attrs.pop("allowzero", None)
    elif op == "Resize":
        shape = view.shape(position)
        inputs = [inputs[0], inputs[1] if len(inputs) > 1 else "", "", file.ints(shape[2:])]
        attrs |= {"axes": tuple(range(2, len(shape)))}
        attrs.pop("scales", None)
    moved = _AS_INPUTS.get(op, ())
    if any(name in attrs for name, _ in moved):
        if "ends" in attrs:
            attrs["ends"] = tuple(_BEFORE_FIRST if end < 0 else end for end in _vector(attrs["ends"]))
        given = [_as_input(file, view, node, attrs.pop(name, None), rank) for name, rank in moved]
        inputs[1:1] = given
        while not inputs[-1]:
            inputs.pop()
    file.need(schema.since_version)
    known = {name: _coerced(schema, op, name, value) for name, value in attrs.items()}
    if lost := [name for name, attribute in schema.attributes.items() if attribute.required and name not in known]:
        raise UnsupportedGraphError(
            f"node {position}: {op} cannot be written without its {' and '.join(lost)}; the graph form does not hold it"
        )
    file.multi(op, inputs, outputs, **known)


def _schema(op: str, position: int) -> onnx.defs.OpSchema:
    if "::" not in op and onnx.defs.has(op, NEWEST):
        return onnx.defs.get_schema(op, NEWEST)
    raise UnsupportedGraphError(
        f"node {position}: the operator {op} is not of the ONNX standard up to opset {NEWEST} and cannot be written"
    )


def _as_input(file: OnnxFile, view: View, node: Node, value: Any, rank: int) -> str:
    if value is None:
        return ""
    if rank:
        return file.ints(_vector(value))
    return file.constant(value, view.dtypes[node.inputs[0]] if isinstance(value, float) else "int", ())


_BEFORE_FIRST = -(2**63) + 1
"""Where a backward slice ends that takes the first element too."""


def _vector(value: Any) -> list[int]:
    return list(value) if isinstance(value, tuple) else [value]


def _coerced(schema: onnx.defs.OpSchema, op: str, name: str, value: Any) -> Any:
    if name not in schema.attributes:
        raise UnsupportedGraphError(
            f"the ONNX operator {op} has no attribute {name}; it has {sorted(schema.attributes)}"
        )
    kind = schema.attributes[name].type
    cast: Callable[[Any], Any] | None = _TYPES.get(kind)
    if cast is not None and not isinstance(value, tuple):
        return cast(value)
    each: Callable[[Any], Any] | None = _TYPES_OF_LISTS.get(kind)
    if each is None:
        raise UnsupportedGraphError(f"the attribute {name} of {op} is of a kind that the graph form does not hold")
    return [each(v) for v in (value if isinstance(value, tuple) else (value,))]
