"""One node as a statement of the text form. See `encoders.text` for the grammar."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from encoders.text_schema import (
    DEPTHWISE,
    PARAMS,
    POSITIONAL,
    SHORT,
    WINDOW,
    implied,
    is_tuple,
    operator_word,
    window_rank,
)
from onnx_bench.errors import UnsupportedGraphError
from onnx_bench.node import Attrs, AttrValue, Node, Scalar, Shape
from onnx_bench.ops import OPS, make_node
from onnx_bench.vocabulary import closed_attrs, closed_operator


class Statement(NamedTuple):
    """A node without its inputs.

    Attributes:
        op: The word for its operator.
        rest: What follows the inputs, `%s` where a number stands.
        values: Those numbers.
    """

    op: str
    rest: str
    values: tuple[str, ...]


class _Pen:
    """Collects the words of a statement; `short` writes 6.0 as 6, where the reader knows the type."""

    def __init__(self, short: bool) -> None:
        self.short = short
        self.glue = False
        self.parts: list[str] = []
        self.values: list[str] = []

    def name(self, name: str) -> None:
        self.parts.append(f" {name}")
        self.glue = len(name) == 1  # k3 rather than k 3

    def scalar(self, value: Scalar) -> None:
        if isinstance(value, bool):
            self.parts.append(" true" if value else " false")
        elif isinstance(value, str):
            self.parts.append(f' "{value}"')
        else:
            self.parts.append("%s" if self.glue else " %s")
            self.glue = False
            self.values.append(str(int(value)) if self.short and _is_whole(value) else repr(value))

    def numbers(self, values: tuple[Scalar, ...]) -> None:
        for value in values:
            self.scalar(value)

    def literal(self, value: AttrValue) -> None:
        """A value of an attribute whose type is not known beforehand: tuples in parentheses."""
        if isinstance(value, tuple):
            self.parts.append(" (")
            self.numbers(value)
            self.parts.append(")")
        else:
            self.scalar(value)

    def attribute(self, name: str, value: AttrValue) -> None:
        self.parts.append(f" {name}")
        self.literal(value)


def statement(node: Node, in_shapes: tuple[Shape | None, ...]) -> Statement:
    """Write `node`, leaving out what its operator and the shapes of its inputs imply."""
    if node.op in OPS:
        return _canonical(node.op, node.attrs, node.shape, node.params, in_shapes)
    return _other(node)


def _other(node: Node) -> Statement:
    op = closed_operator(node.op)
    pen = _Pen(short=False)
    for name, value in closed_attrs(op, node.attrs):
        pen.attribute(name, value)
    return _finish(op, pen, node.shape, None, node.params, 0)


@lru_cache(maxsize=16_384)
def _canonical(
    op: str, attrs: Attrs, shape: Shape | None, params: int, in_shapes: tuple[Shape | None, ...]
) -> Statement:
    values = dict(closed_attrs(op, attrs))
    pen = _Pen(short=True)
    _write_attributes(pen, op, values, in_shapes)
    inferred, counted = _inferred(op, values, shape, in_shapes)
    return _finish(op, pen, shape, inferred, params, counted)


def _finish(
    op: str, pen: _Pen, shape: Shape | None, inferred: Shape | None, params: int, counted: int
) -> Statement:
    """Add what does not follow from the operator: shape and parameters."""
    if shape != inferred:
        pen.parts.append(":")
        if shape is None:
            pen.parts.append(" ?")
        else:
            pen.numbers(shape)
    if params != counted:
        pen.attribute(PARAMS, params)
    return Statement(operator_word(op), "".join(pen.parts), tuple(pen.values))


def _inferred(
    op: str, attrs: dict[str, Any], shape: Shape | None, in_shapes: tuple[Shape | None, ...]
) -> tuple[Shape | None, int]:
    """Shape that follows from the operator, and parameters that follow from the shape."""
    try:
        free = make_node(op, (), in_shapes, **attrs)
    except (UnsupportedGraphError, ValueError, IndexError, TypeError, ArithmeticError):
        return None, make_node(op, (), in_shapes, shape, **attrs).params
    if free.shape == shape:
        return shape, free.params
    return free.shape, make_node(op, (), in_shapes, shape, **attrs).params


def _write_attributes(pen: _Pen, op: str, attrs: dict[str, Any], in_shapes: tuple[Shape | None, ...]) -> None:
    left_out = implied(op, attrs, in_shapes)
    positional = POSITIONAL.get(op, ())
    for name in positional:
        if is_tuple(op, name) and attrs[name]:
            pen.numbers(attrs[name])
        else:
            pen.literal(attrs[name])
    for name in OPS[op].defaults:
        value = attrs[name]
        if name in positional or (name in left_out and left_out[name] == value):
            continue
        if name == "groups" and in_shapes and in_shapes[0] is not None and in_shapes[0][1:2] == (value,):
            pen.parts.append(f" {DEPTHWISE}")
            continue
        pen.name(SHORT.get(name, name))
        if not is_tuple(op, name) or not isinstance(value, tuple) or not value:
            pen.literal(value)
        elif name in WINDOW:
            _window(pen, name, value, attrs, in_shapes)
        else:
            pen.numbers(value)


def _window(
    pen: _Pen, name: str, value: tuple[Scalar, ...], attrs: dict[str, Any], in_shapes: tuple[Shape | None, ...]
) -> None:
    """One number where it is the same for all axes; in parentheses what would be taken for that and is not."""
    kernel = attrs["kernel"]
    # Where the input has no shape, one number alone is read as a window over one axis.
    rank = window_rank(in_shapes[0] if in_shapes else None, kernel[:1]) if name == "kernel" else len(kernel)
    length = 2 * rank if name == "pads" else rank
    if len(value) == length and value.count(value[0]) == length:
        pen.numbers(value[:1])
    elif len(value) == 1:
        pen.literal(value)
    else:
        pen.numbers(value)


def _is_whole(value: float) -> bool:
    return isinstance(value, int) or (value.is_integer() and abs(value) < 1e15)
