"""DARTS cells: the notation of genotypes, and how one cell is drawn."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from onnx_bench.spaces.drawing import Drawing

OPERATIONS = (
    "max_pool_3x3", "avg_pool_3x3", "skip_connect", "sep_conv_3x3", "sep_conv_5x5", "dil_conv_3x3", "dil_conv_5x5",
)  # fmt: skip
NODES = 4
"""Intermediate nodes. States 0 and 1 are the outputs of the two cells before, states 2 to 5 the nodes."""
ALL = tuple(range(2, 2 + NODES))

_PAIR = r"""\(\s*['"](\w+)['"]\s*,\s*([0-9]{1,2})\s*,?\s*\)"""
_EDGES = rf"\[\s*((?:{_PAIR}\s*,?\s*)*)\]"
_STATES = r"(\[[0-9,\s]*\]|range\(\s*2\s*,\s*6\s*\))"
_GENOTYPE = re.compile(
    rf"\s*Genotype\(\s*normal\s*=\s*{_EDGES}\s*,\s*normal_concat\s*=\s*{_STATES}\s*,"
    rf"\s*reduce\s*=\s*{_EDGES}\s*,\s*reduce_concat\s*=\s*{_STATES}\s*,?\s*\)\s*"
)


class Edge(NamedTuple):
    """An operation on a state."""

    op: str
    source: int


class Cell(NamedTuple):
    """A cell.

    Attributes:
        nodes: The two edges into every intermediate node, the one from the lower state first.
        concat: The states that are concatenated to the output.
    """

    nodes: tuple[tuple[Edge, Edge], ...]
    concat: tuple[int, ...] = ALL

    @property
    def edges(self) -> list[Edge]:
        """All edges in the order of the notation."""
        return [edge for node in self.nodes for edge in node]

    @property
    def is_live(self) -> bool:
        """Whether every node is on a path to the output, and with them both inputs."""
        return set(ALL) == {*self.concat} | {edge.source for edge in self.edges} - {0, 1}


class Genotype(NamedTuple):
    """The two cells of an architecture."""

    normal: Cell
    reduce: Cell


def genotype_string(genotype: Genotype) -> str:
    """The notation of the DARTS code: `Genotype(normal=[('sep_conv_3x3', 0), ...], normal_concat=[2, ...], ...)`."""
    parts = [
        f"{name}=[{', '.join(f'({edge.op!r}, {edge.source})' for edge in cell.edges)}], "
        f"{name}_concat={list(cell.concat)}"
        for name, cell in zip(Genotype._fields, genotype, strict=True)
    ]
    return f"Genotype({', '.join(parts)})"


def read_genotype(text: str) -> Genotype:
    """Inverse of `genotype_string`; also reads `range(2, 6)` and edges of a node in either order.

    Raises:
        ValueError: With what was found and what is expected.
    """
    match = _GENOTYPE.fullmatch(text)
    if match is None:
        raise ValueError("another form", "Genotype(normal=[('op', 0), ...], normal_concat=[2, 3, 4, 5], reduce=..., "
                         "reduce_concat=...)")  # fmt: skip
    normal, _, _, normal_concat, reduce, _, _, reduce_concat = match.groups()
    return Genotype(_read_cell(normal, normal_concat), _read_cell(reduce, reduce_concat))


def _read_cell(edges: str, concat: str) -> Cell:
    pairs = [Edge(op, int(source)) for op, source in re.findall(_PAIR, edges)]
    if len(pairs) != 2 * NODES:
        raise ValueError(f"{len(pairs)} edges", f"{2 * NODES}, two for each of {NODES} nodes")
    nodes = []
    for place in range(NODES):
        first, second = sorted(pairs[2 * place : 2 * place + 2], key=lambda edge: edge.source)
        for edge in (first, second):
            if edge.op not in OPERATIONS:
                raise ValueError(f"operation {edge.op!r}", f"one of {', '.join(OPERATIONS)}")
        if first.source == second.source or second.source > place + 1:
            raise ValueError(f"node {place + 2} on states {first.source} and {second.source}",
                             f"two different ones of 0 to {place + 1}")  # fmt: skip
        nodes.append((first, second))
    states = ALL if concat.startswith("range") else tuple(int(word) for word in re.findall("[0-9]+", concat))
    if not states or list(states) != sorted(set(states) & set(ALL)):
        raise ValueError(f"concat {concat[:40]}", "some of 2, 3, 4, 5, in this order")
    return Cell(tuple(nodes), states)


def draw_cell(
    pen: Drawing, inputs: Sequence[int], cell: Cell, channels: int, reduces: bool, after_reduction: bool
) -> int:
    """Draw a cell.

    Args:
        pen: Where to draw.
        inputs: Outputs of the cell before the last one and of the last one.
        cell: Its edges.
        channels: Width of every node.
        reduces: Whether the edges from both inputs have stride 2.
        after_reduction: Whether the first input has twice the plane of the second and must be halved.
    """
    before, last = inputs
    halved = draw_factorised_reduction(pen, before, channels) if after_reduction else pen.relu_conv(before, channels, 1)
    states = [halved, pen.relu_conv(last, channels, 1)]
    for node in cell.nodes:
        terms = [draw_operation(pen, states[s], op, 2 if reduces and s < 2 else 1) for op, s in node]
        states.append(pen.sum(sorted(terms)))
    return pen.concat([states[state] for state in cell.concat])


def draw_operation(pen: Drawing, x: int, op: str, stride: int) -> int:
    """Draw one operation at the width of `x`."""
    kernel = 5 if op.endswith("5x5") else 3
    match op.split("_")[0]:
        case "max":
            return pen.max_pool(x, 3, stride, 1)
        case "avg":
            return pen.avg_pool(x, 3, stride, 1)
        case "sep":
            x = draw_separable(pen, x, kernel, stride)
            return draw_separable(pen, x, kernel, 1)
        case "dil":
            return draw_separable(pen, x, kernel, stride, dilation=2)
    return x if stride == 1 else draw_factorised_reduction(pen, x, pen.shape(x)[1])


def draw_separable(pen: Drawing, x: int, kernel: int, stride: int, dilation: int = 1) -> int:
    """ReLU, depthwise convolution, 1x1 convolution, batch norm."""
    width = pen.shape(x)[1]
    x = pen.add("Conv", pen.relu(x), channels=width, kernel=(kernel,) * 2, strides=(stride,) * 2, groups=width,
                pads=(kernel // 2 * dilation,) * 4, dilations=(dilation,) * 2)  # fmt: skip
    return pen.conv(x, width, 1, batch_norm=True)


def draw_factorised_reduction(pen: Drawing, x: int, channels: int) -> int:
    """Two 1x1 convolutions of stride 2 side by side, the second on the input shifted by one pixel."""
    x = pen.relu(x)
    _, _, height, width = pen.shape(x)
    shifted = pen.add("Slice", x, axis=2, start=1, end=height)
    shifted = pen.add("Slice", shifted, axis=3, start=1, end=width)
    halves = [pen.conv(x, channels // 2, 1, 2), pen.conv(shifted, channels - channels // 2, 1, 2)]
    return pen.batch_norm(pen.concat(halves))
