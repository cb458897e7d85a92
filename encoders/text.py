"""The text form: `encode` writes an architecture as a short program, `decode` runs it.

A text is a list of statements, one per node. NAS-Bench-201's best cell, which its network of 170 nodes holds 15
times at three widths, and that network, in 106 words:

    A {
      Relu
      Conv $1 k3
      Relu
      Conv $1 k3
      Conv[4] $1 k3
      Add[2 1]
      Relu
      Conv $1 k3
      Conv[6] $1 k1
      Add[2 1 10]
    }
    B {
      Relu
      Conv $1 k3 s2
      Relu
      Conv $1 k3
      AveragePool[5] k2 s2
      Conv $1 k1 bias false
      Add[3 1]
      A $1 *5
    }
    Input: 1 3 32 32
    Conv 16 k3
    A 16 *5
    B 32
    B 64
    BatchNorm
    Relu
    ReduceMean keepdims false
    Linear 10

Grammar. Layout is free; the words are those of `tokens`.

    text       = (definition | statement | call)* outputs?
    definition = BLOCK "{" (statement | call)+ "}"
    call       = BLOCK number* ("*" number)?                 # the block with arguments, so many times in a row
    statement  = OPERATOR inputs? value* (name value*)* (":" (number* | "?"))?
    inputs     = "[" (number | number "to" number "by" number | "@"number | "_")* "]"
    outputs    = "out" inputs                                # counted back from the end; without it: the last node
    value      = number | "true" | "false" | string | "(" value* ")" | "$"number

- Inputs count back: 1 is the node before, `1 to 37 by 6` is 1 7 13 19 25 31 37. `@0` is the first graph input, `_` an
  omitted input. Without brackets the node reads the one before it; Input, Parameter and Constant read nothing.
- `$1` in a block stands for the first number behind its name in a call. Any number may be a parameter.
- Values without a name are those of `text_schema.POSITIONAL`: channels, features, axes and bounds. k, s, p, d, g, dw
  are kernel, strides, pads, dilations, groups and "as many groups as input channels"; one number stands for all axes.
- What the operator implies is left out (`text_schema.implied`): stride 1, padding that keeps the size, a bias, ...
- Behind a colon stands the shape where the operator does not determine it (`?`: unknown), behind `params` the parameter
  count where it differs from what operator and shapes give.
- `Slice#0` is a Slice of the ONNX standard without canonical form. Names that are not in `onnx_bench.vocabulary` appear
  as a number only: `Custom#17`, `attribute#4`, `"string#80"`.

Equal architectures have equal texts, and `decode(encode(g))` has the nodes of `g.normalise()` up to such names.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from encoders.text_lexer import tokens
from encoders.text_schema import OUTPUTS, SOURCES
from encoders.text_statement import Statement, statement
from encoders.text_unfold import unfold
from onnx_bench.canonical_order import canonical_order
from onnx_bench.folding import Call, Item, Step, fold
from onnx_bench.graph import ArchGraph
from onnx_bench.node import Graph
from onnx_bench.size_limits import check_sizes

__all__ = ["decode", "encode", "tokens"]

MIN_RANGE = 4
"""Inputs at equal distances that are written as a range."""


def encode(graph: ArchGraph) -> str:
    """The text of `graph`, which is normalised first. Weights and names are no part of it."""
    return write(canonical_order(graph.normalise()))  # spaces draw in an order of their own


def decode(text: str) -> ArchGraph:
    """The architecture that `text` describes. Shapes, parameters and MACs are inferred.

    Raises:
        MalformedModelError: The text breaks the grammar or describes what cannot be; the message gives line and column.
        ModelTooLargeError: The text, or what it unfolds to, is too large (50,000 nodes), or its sizes exceed the limits
            of `onnx_bench.size_limits`.
    """
    graph = unfold(text)
    check_sizes(graph.nodes)
    return ArchGraph(graph.nodes, graph.outputs)


def write(graph: Graph) -> str:
    """The text of `graph` as it is, in the order of its nodes."""
    folded = fold(_items(graph))
    lines: list[str] = []
    for number, body in enumerate(folded.blocks):
        lines += [f"{_name(number)} {{", *[f"  {_line(step)}" for step in body], "}"]
    lines += [_line(step) for step in folded.main]
    end = len(graph.nodes)
    if graph.outputs != (end - 1,):
        lines.append(f"{OUTPUTS}[{' '.join([str(end - o) for o in graph.outputs])}]")
    return "\n".join(lines) + "\n"


def _name(block: int) -> str:
    return chr(ord("A") + block % 26) + (str(block // 26) if block >= 26 else "")


def _line(step: Step) -> str:
    if isinstance(step, Call):
        words = [_name(step.block), *map(str, step.values)]
        return " ".join(words) + ("" if step.times == 1 else f" *{step.times}")
    return str(step.key) % step.values


def _items(graph: Graph) -> list[Item]:
    """One item per node; nodes that are written alike share it."""
    inputs: dict[int, str] = {}
    found: list[Item] = []
    nodes = graph.nodes
    for position, node in enumerate(nodes):
        in_shapes = tuple([nodes[i].shape for i in node.inputs if i >= 0])
        written = statement(node, in_shapes)
        item = _item(written, _refs(node.op, node.inputs, position, inputs))
        if node.op == "Input":
            inputs[position] = f"@{len(inputs)}"
        found.append(item)
    return found


def _refs(op: str, producers: Sequence[int], position: int, inputs: dict[int, str]) -> tuple[str, ...] | None:
    """Inputs as distances; `None` where they are the usual ones."""
    if len(producers) == 1 and producers[0] == position - 1 and position and op not in SOURCES:
        return None
    if not producers and op in SOURCES:
        return None
    return tuple([
        "_" if p < 0 else inputs[p] if p in inputs and p != position - 1 else str(position - p) for p in producers
    ])  # fmt: skip


@lru_cache(maxsize=16_384)
def _item(written: Statement, refs: tuple[str, ...] | None) -> Item:
    op, rest, values = written
    if refs is not None:
        words = _with_ranges(refs)
        op += f"[{' '.join(['%s' if w.isdigit() else w for w in words])}]"
        values = (*[w for w in words if w.isdigit()], *values)
    key = op + rest
    return Item(key, values, len(tokens(key % values)))


def _with_ranges(refs: Sequence[str]) -> list[str]:
    """Distances with a constant difference as `1 to 37 by 6`; dense connections fold only so."""
    words: list[str] = []
    at = 0
    while at < len(refs):
        end = at + 1
        if refs[at].isdigit() and end < len(refs) and refs[end].isdigit():
            step = int(refs[end]) - int(refs[at])
            while step and end < len(refs) and refs[end].isdigit() and int(refs[end]) - int(refs[end - 1]) == step:
                end += 1
        if end - at >= MIN_RANGE:
            words += [refs[at], "to", refs[end - 1], "by", str(abs(step))]
        else:
            end = at + 1
            words.append(refs[at])
        at = end
    return words
