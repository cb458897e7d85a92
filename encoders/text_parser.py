"""One statement of the text form read back. See `encoders.text` for the grammar."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from encoders.text_schema import (
    DEPTHWISE,
    LONG,
    PARAMS,
    POSITIONAL,
    WINDOW,
    implied,
    is_tuple,
    operator_of,
    window_rank,
)
from onnx_bench.errors import MalformedModelError, UnsupportedGraphError
from onnx_bench.node import Node, Scalar, Shape
from onnx_bench.ops import OPS, make_node
from onnx_bench.size_limits import LARGEST
from onnx_bench.vocabulary import closed_attrs, closed_operator, is_attribute


class Value(NamedTuple):
    """The value of an attribute; `exact` where it stood in parentheses."""

    items: tuple[Scalar, ...]
    exact: bool


class Distances(NamedTuple):
    """Nodes so far back: from `first` in steps of `step` to `last`, which may be the smaller one."""

    first: int
    last: int
    step: int


Ref = str | Distances
"""An input: nodes by distance, `@0` for the first graph input, or `_`."""


class Parsed(NamedTuple):
    """A statement taken apart, before the shapes of its inputs are known.

    Attributes:
        op: Operator.
        refs: Its inputs, or `None` for the usual ones.
        values: Attributes by name, those written without a name included.
        shape: The shape that is written, if `shape_given`; `None` for `?`.
        shape_given: Whether a shape is written.
    """

    op: str
    refs: tuple[Ref, ...] | None
    values: dict[str, Value]
    shape: Shape | None
    shape_given: bool


def parse_statement(words: Sequence[str]) -> Parsed:
    """Take a statement apart.

    Raises:
        MalformedModelError: It breaks the grammar.
    """
    op = operator_of(words[0])
    if closed_operator(op) != op:
        raise MalformedModelError(f"{words[0]!r} is no operator")
    reader = _Reader(words)
    refs = reader.refs()
    values: dict[str, Value] = {}
    shape: Shape | None = None
    shape_given = False
    for name in POSITIONAL.get(op, ()):
        values[name] = reader.value(is_tuple(op, name))
    while not reader.done:
        word = reader.next()
        name = LONG.get(word, word) if op in OPS else word
        if word == ":" and not shape_given:
            shape, shape_given = reader.shape(), True
        elif name in values or word == ":":
            raise MalformedModelError(f"{word!r} is written twice in {op}")
        elif word == DEPTHWISE and op in ("Conv", "ConvTranspose"):
            values[DEPTHWISE] = Value((), True)
        elif word == PARAMS or (name in OPS[op].defaults if op in OPS else is_attribute(name)):
            values[name] = reader.value(is_tuple(op, name))
        else:
            raise MalformedModelError(f"{op} has no attribute {word!r}")
    return Parsed(op, refs, values, shape, shape_given)


def parse_number(word: str) -> int | float:
    """A whole number where it has neither point nor exponent.

    Raises:
        MalformedModelError: Not a number.
    """
    for kind in (int, float):
        try:
            return kind(word)
        except ValueError:
            continue
    raise MalformedModelError(f"found {word!r} where a number should stand")


def parse_refs(words: Sequence[str]) -> tuple[Ref, ...]:
    """Inputs or outputs, without their brackets.

    Raises:
        MalformedModelError: They break the grammar.
    """
    found: list[Ref] = []
    at = 0
    while at < len(words):
        if words[at][0] in "@_":
            found.append(words[at])
            at += 1
        elif words[at + 1 : at + 2] == ["to"] and words[at + 3 : at + 4] == ["by"] and at + 4 < len(words):
            found.append(Distances(*[_distance(words[at + i]) for i in (0, 2, 4)]))
            at += 5
        else:
            found.append(Distances(_distance(words[at]), _distance(words[at]), 1))
            at += 1
    return tuple(found)


def _distance(word: str) -> int:
    number = parse_number(word)
    if not isinstance(number, int) or number < 1:
        raise MalformedModelError(f"a node cannot read the node {word} before it")
    return number


class _Reader:
    """Walks over the words of one statement."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words = words
        self.at = 1

    @property
    def done(self) -> bool:
        return self.at >= len(self.words)

    def peek(self) -> str:
        return "" if self.done else self.words[self.at]

    def next(self) -> str:
        if self.done:
            raise MalformedModelError(f"{self.words[0]} ends before it is complete")
        self.at += 1
        return self.words[self.at - 1]

    def refs(self) -> tuple[Ref, ...] | None:
        return parse_refs(self.until("]")) if self.peek() == "[" else None

    def until(self, end: str) -> list[str]:
        self.at += 1
        found: list[str] = []
        while (word := self.next()) != end:
            found.append(word)
        return found

    def value(self, many: bool) -> Value:
        """One value, several if `many`, or any number of them in parentheses."""
        if self.peek() == "(":
            return Value(tuple([_scalar(word) for word in self.until(")")]), True)
        first = _scalar(self.next())
        return Value((first, *self.plain()) if many else (first,), False)

    def plain(self) -> list[Scalar]:
        """All numbers and truth values from here."""
        found: list[Scalar] = []
        while (word := self.peek()) and (word[0] in "-0123456789" or word in ("inf", "nan", "true", "false")):
            found.append(_scalar(self.next()))
        return found

    def shape(self) -> Shape | None:
        if self.peek() == "?":
            self.at += 1
            return None
        return tuple([_dimension(d) for d in self.plain()])


def _scalar(word: str) -> Scalar:
    if word in ("true", "false"):
        return word == "true"
    return word[1:-1] if word.startswith('"') else parse_number(word)


def _dimension(value: Scalar) -> int:
    if type(value) is not int or not 0 <= value <= LARGEST:
        raise MalformedModelError(f"found {value!r} in a shape, which is made of whole numbers from 0 to 2^63 - 1")
    return value


def build_node(parsed: Parsed, in_shapes: tuple[Shape | None, ...]) -> Node:
    """The node that a statement describes, without its inputs.

    Raises:
        MalformedModelError: An attribute is missing, or the operator cannot be applied to such inputs.
    """
    try:
        node = (_canonical if parsed.op in OPS else _other)(parsed, in_shapes)
    except UnsupportedGraphError as error:
        raise MalformedModelError(str(error)) from error
    except (ValueError, LookupError, TypeError, ArithmeticError) as error:
        shapes = ", ".join(str(s) for s in in_shapes)
        raise MalformedModelError(f"{parsed.op} cannot be applied to {shapes or 'no input'}: {error}"[:300]) from error
    for dim in node.shape or ():
        _dimension(dim)
    return node


def _params(values: dict[str, Value]) -> int | None:
    if PARAMS not in values:
        return None
    count = values.pop(PARAMS).items[0]
    if type(count) is not int or count < 0:
        raise MalformedModelError(f"found {count!r} as number of parameters")
    return count


def _other(parsed: Parsed, in_shapes: tuple[Shape | None, ...]) -> Node:
    values = dict(parsed.values)
    params = _params(values) or 0
    attrs = tuple([(name, v.items if v.exact else v.items[0]) for name, v in values.items()])
    return Node(parsed.op, (), closed_attrs(parsed.op, attrs), parsed.shape, params)


def _canonical(parsed: Parsed, in_shapes: tuple[Shape | None, ...]) -> Node:
    op, values = parsed.op, dict(parsed.values)
    first = in_shapes[0] if in_shapes else None
    params = _params(values)
    attrs: dict[str, Any] = {}
    if values.pop(DEPTHWISE, None) is not None:
        if first is None:
            raise MalformedModelError(f"{DEPTHWISE!r} needs an input of known shape")
        attrs["groups"] = first[1]
    rank = 0
    if "kernel" in values:
        rank = window_rank(first, values["kernel"].items)
        attrs["kernel"] = _spread(values.pop("kernel"), rank)
    for name, value in values.items():
        if not rank or name not in WINDOW:
            attrs[name] = value.items if value.exact or is_tuple(op, name) else value.items[0]
        else:
            attrs[name] = _spread(value, 2 * rank if name == "pads" else rank)
    attrs = implied(op, attrs, in_shapes) | attrs
    node = make_node(op, (), in_shapes, parsed.shape, params, **dict(closed_attrs(op, tuple(attrs.items()))))
    if parsed.shape_given and parsed.shape is None:
        node = node._replace(shape=None, params=params or 0, macs=0)
    return node


def _spread(value: Value, length: int) -> tuple[Scalar, ...]:
    """One plain number stands for all axes."""
    return value.items * length if len(value.items) == 1 and not value.exact else value.items

