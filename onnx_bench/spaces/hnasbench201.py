"""Hierarchical NAS-Bench-201: a context-free grammar from the macro topology down to activation and normalisation."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import ClassVar

from onnx_bench.spaces.base import DrawnSpace, Head
from onnx_bench.spaces.drawing import Drawing
from onnx_bench.spaces.edge_cell import EDGES, live_edges
from onnx_bench.spaces.edge_graph import IDENTITY, ZERO, Term, draw_edge_graph
from onnx_bench.spaces.grammar import Grammar, NotDerivedError, Tree
from onnx_bench.spaces.nasbench201 import HEADS, draw_classifier

RULES = """
D2 -> Linear3 D1 D1 D0 | Linear3 D0 D1 D1 | Linear4 D1 D1 D0 D0
D1 -> Linear3 C C DOWN | Linear4 C C C DOWN | Residual3 C C DOWN DOWN
D0 -> Linear3 C C CELL | Linear4 C C C CELL | Residual3 C C CELL CELL
DOWN -> Linear2 CELL resBlock | Linear3 CELL CELL resBlock | Residual2 CELL resBlock resBlock
C -> Linear2 CELL CELL | Linear3 CELL CELL CELL | Residual2 CELL CELL CELL
CELL -> Cell OPS OPS OPS OPS OPS OPS
OPS -> id | zero | Linear1 CONVBLOCK [2] | avg_pool
CONVBLOCK -> Linear3 ACT CONV NORM
CONV -> conv3x3o | conv1x1o | dconv3x3o
NORM -> batch | instance | layer
ACT -> relu | hardswish | mish
"""

TOPOLOGIES: dict[str, tuple[tuple[int, int], ...]] = {
    "Linear2": ((0, 1), (1, 2)),
    "Linear3": ((0, 1), (1, 2), (2, 3)),
    "Linear4": ((0, 1), (1, 2), (2, 3), (3, 4)),
    "Residual2": ((0, 1), (0, 2), (1, 2)),
    "Residual3": ((0, 1), (1, 2), (0, 3), (2, 3)),
    "Cell": EDGES,
}
"""Where the parts of a derivation stand: from which node of the topology to which."""

REDUCTION = ((0, 1, "reduce"), (0, 2, "shortcut"), (1, 2, "refine"))
"""The edges of `resBlock`, the residual block of NAS-Bench-201 that halves the plane and doubles the width."""

_ACTIVATIONS = {"relu": "Relu", "hardswish": "HardSwish", "mish": "Mish"}


def _edge_ops(cell: Tree) -> list[str]:
    return [_operation(child) for child in cell.children]


def _operation(ops: Tree) -> str:
    """What a derivation of OPS puts on its edge; a convolution block is its three terminals, `relu conv3x3o batch`."""
    if not ops.children:
        return ops.terminal
    block = ops.children[0]
    return " ".join(part.terminal for part in block.children)


def is_connected(cell: Tree) -> bool:
    """a cell with a path from its input to its output that avoids `zero`"""
    return any(live_edges(_edge_ops(cell), ZERO))


GRAMMAR = Grammar.from_text(RULES, {"CELL": is_connected})


def expand(tree: Tree) -> list[list[Term]]:
    """The derivation as one graph with operations on its edges, in the form of `edge_graph.Nodes`."""
    nodes: list[list[Term]] = [[]]
    nodes.append(_expand(tree, 0, nodes))
    return nodes


def _expand(part: Tree | str, source: int, nodes: list[list[Term]]) -> list[Term]:
    """Write `part` from node `source` on. Inner nodes are appended; the terms of the node it leads to are returned."""
    edges = _edges(part)
    if not edges:
        return [Term(_operation(part) if isinstance(part, Tree) else part, source)]
    places, last = [source], max(j for _, j, _ in edges)
    for node in range(1, last + 1):
        terms = [term for i, j, inner in edges if j == node for term in _expand(inner, places[i], nodes)]
        if node < last:
            places.append(len(nodes))
            nodes.append(terms)
    return terms


def _edges(part: Tree | str) -> list[tuple[int, int, Tree | str]]:
    """What stands between which nodes of `part`; nothing if it is a single operation."""
    if isinstance(part, str):
        return list(REDUCTION) if part == "resBlock" else []
    if part.symbol == "OPS":
        return []
    return [(i, j, inner) for (i, j), inner in zip(TOPOLOGIES[part.terminal], part.items[1:], strict=True)]


def draw_operation(pen: Drawing, x: int, op: str) -> int:
    """Draw one operation of `expand`."""
    width = pen.shape(x)[1]
    match op:
        case "id":
            return x
        case "zero":
            return pen.add("Mul", x, pen.add("Constant", shape=(), value=(0.0,)))
        case "avg_pool":
            return pen.avg_pool(x, 3, 1, 1)
        case "reduce":
            return pen.relu_conv(x, 2 * width, 3, 2)
        case "refine":
            return pen.relu_conv(x, width, 3)
        case "shortcut":
            return pen.conv(pen.avg_pool(x, 2, 2), 2 * width, 1)
    return draw_block(pen, x, *op.split())


def draw_block(pen: Drawing, x: int, activation: str, convolution: str, norm: str) -> int:
    """Draw activation, convolution without bias and normalisation at constant width."""
    width = pen.shape(x)[1]
    x = pen.add(_ACTIVATIONS[activation], x)
    kernel, groups = (1 if "1x1" in convolution else 3), (width if convolution.startswith("d") else 1)
    x = pen.conv(x, width, kernel, groups=groups, batch_norm=norm == "batch")
    match norm:
        case "instance":
            return pen.add("InstanceNorm", x)
        case "layer":
            return pen.add("LayerNorm", x, dims=3)
    return x


@dataclass(frozen=True)
class HNASBench201(DrawnSpace[Tree]):
    """Networks derived from `RULES`: stages of cells in line or side by side, every cell with operations of its own.

    An architecture is its derivation as the authors' code writes it: `(D2 Linear3 (D1 ...) (D1 ...) (D0 ...))`, every
    symbol in a bracket with what it was written as. `LinearN` are N parts in line; `Residual2 a b c` is c(a(x)) + b(x),
    `Residual3 a b c d` is d(b(a(x))) + c(x); `Cell` is the cell of NAS-Bench-201; `resBlock` its reduction block. Each
    D1 halves the plane and doubles the width, and there are two of them. Stem and head are those of NAS-Bench-201, and
    so are the tasks.

    The grammar is that of the authors' code. It lists the convolution block twice among the operations of an edge;
    sampling keeps that (its weight is 2), while `size` counts every architecture once and only those whose cells are
    connected, which the authors' sampling ensures too. The paper's figure, about 10^446, counts the block twice and
    does not look at connections.

    Layer normalisation is over channels and plane, with a scale and a shift for every element, as is instance
    normalisation with one for every channel.

    Args:
        stem_channels: Width of the stem and of the first stage.
    """

    stem_channels: int = 16

    name: ClassVar[str] = "hnasbench201"
    title: ClassVar[str] = "Hierarchical NAS-Bench-201: a grammar from macro topology to normalisation, small images"
    reference: ClassVar[str] = (
        "Schrodi et al., Construction of Hierarchical Neural Architecture Search Spaces based on Context-free "
        "Grammars, NeurIPS 2023, arXiv:2211.01842"
    )
    tasks: ClassVar[Mapping[str, Head]] = HEADS
    default_task: ClassVar[str] = "cifar10"

    def parse(self, arch: str) -> Tree:
        try:
            return GRAMMAR.parse(arch)
        except NotDerivedError as error:
            raise self.bad(arch, error.found, error.expected) from error

    def sample(self, rng: random.Random) -> str:
        return str(GRAMMAR.sample(rng))

    def neighbours(self, arch: str) -> list[str]:
        """One symbol written by another production, see `Grammar.neighbours`; the macro topology changes too."""
        return [str(tree) for tree in GRAMMAR.neighbours(self.parse(arch))]

    def size(self) -> int | None:
        operations = GRAMMAR.count("OPS")
        assert operations is not None, "no symbol of the grammar derives itself"
        cells = sum(
            (operations - 1) ** sum(present)  # all but `zero`
            for present in product((False, True), repeat=len(EDGES))
            if any(live_edges([IDENTITY if p else ZERO for p in present], ZERO))
        )
        return GRAMMAR.count(known={"CELL": cells})

    def draw_backbone(self, pen: Drawing, parsed: Tree, head: Head) -> int:
        x = pen.conv(pen.input(head.input), self.stem_channels, 3, batch_norm=True)
        return draw_edge_graph(pen, x, expand(parsed), draw_operation)

    def draw_head(self, pen: Drawing, x: int, head: Head) -> int:
        return draw_classifier(pen, x, head.outputs)
