"""What lowering gives: the PyTorch text of one operator."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from onnx_bench.errors import UnsupportedGraphError
from onnx_bench.writers.placed_node import PlacedNode
from onnx_bench.writers.view import View


@dataclass(frozen=True)
class Lowered:
    """One operator as text. `$0`, `$1`, ... stand for the operands and `@` for the operator's own attribute.

    Attributes:
        expr: The expression in `forward`, e.g. `self.@($0)`.
        init: Statements of `__init__`, e.g. `self.@ = nn.ReLU()`.
        first: What selects the first output where `expr` gives several.
        further: What selects outputs 1, 2, ...
        helpers: Functions of `onnx_bench.writers.helpers` that the expression calls.
    """

    expr: str
    init: tuple[str, ...] = ()
    first: str = ""
    further: tuple[str, ...] = ()
    helpers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Site(PlacedNode):
    """An operator where it stands: what a lowering rule sees."""

    attrs: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, view: View, position: int) -> Site:
        return cls(view, position, dict(view.node(position).attrs))

    def unsupported(self, what: str) -> UnsupportedGraphError:
        """An error that names the operator."""
        return UnsupportedGraphError(f"node {self.position}: {self.node.op} {what} cannot be written as PyTorch")


Rule = Callable[[Site], Lowered]


def literal(value: Any) -> str:
    """Python text of a number, a string or a tuple of them; nothing else can get into generated source."""
    if isinstance(value, tuple):
        inner = ", ".join(literal(v) for v in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return f'float("{value}")'
    if isinstance(value, bool | int | float | str):
        return repr(value)
    raise UnsupportedGraphError(f"a value of type {type(value).__name__} cannot be written as source")


def size(values: Sequence[int]) -> str:
    """A window size: one number where all axes agree."""
    return literal(values[0]) if len(set(values)) == 1 else literal(tuple(values))


def operands(count: int) -> list[str]:
    """`$0`, `$1`, ..."""
    return [f"${i}" for i in range(count)]


def keywords(**values: tuple[str, bool]) -> str:
    """`, name=text` for every keyword that is not at its default."""
    return "".join(f", {name}={text}" for name, (text, wanted) in values.items() if wanted)


def substitute(template: str, texts: Sequence[str]) -> str:
    """`template` with `texts[i]` for `$i`."""
    return re.sub(r"\$(\d+)", lambda match: texts[int(match[1])], template)
