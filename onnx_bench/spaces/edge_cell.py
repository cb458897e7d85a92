"""The cell that NAS-Bench-201, its size space and TransNAS-Bench-101 share: four nodes, an operation on every edge."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

from onnx_bench.node import Shape
from onnx_bench.spaces.drawing import Drawing

EDGES = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))
"""Edges in the order in which architecture strings list their operations. Node 0 is the input, node 3 the output."""

DrawEdge = Callable[[Drawing, int, str, bool], int]
"""`(pen, x, operation, first)`: draw an operation on `x`; `first` says that the edge leaves node 0, where alone the
stride and the width of the cell change."""


@lru_cache(maxsize=64)
def _live(present: tuple[bool, ...]) -> tuple[bool, ...]:
    edges = [e for e, p in zip(EDGES, present, strict=True) if p]
    reached, needed = {0}, {3}
    for i, j in edges:
        if i in reached:
            reached.add(j)
    for i, j in sorted(edges, reverse=True):
        if j in needed:
            needed.add(i)
    return tuple(p and i in reached and j in needed for (i, j), p in zip(EDGES, present, strict=True))


def live_edges(ops: Sequence[str], zero: str) -> tuple[bool, ...]:
    """Which edges lie on a path from the cell's input to its output that avoids the operation `zero`."""
    return _live(tuple([op != zero for op in ops]))


@lru_cache(maxsize=4096)
def _edge_params(draw_edge: DrawEdge, x: Shape, op: str, first: bool) -> int:
    """Parameters of an edge that is not drawn, in a cell with input shape `x`."""
    scratch = Drawing(folded=False)
    source = scratch.input(x)
    if not first:
        source = draw_edge(scratch, source, op, True)
    before = scratch.total_params
    draw_edge(scratch, source, op, first)
    return scratch.total_params - before


def draw_edge_cell(pen: Drawing, x: int, ops: Sequence[str], zero: str, identity: str, draw_edge: DrawEdge) -> int:
    """Draw one cell: node j is the sum over i < j of the operation of edge (i, j) on node i.

    The folded form leaves out edges that are not live; without a live one there is nothing to draw. A sum that only an
    identity edge reads is written into the sum at the edge's end; node 2 alone can be such a sum, since node 1 has one
    term.

    Args:
        pen: Where to draw.
        x: The input of the cell.
        ops: Operation of each edge, in the order of `EDGES`.
        zero: Name of the operation without output.
        identity: Name of the operation that passes its input on (from node 0 only if `draw_edge` does so).
        draw_edge: Draws one operation. Keep it the same object between calls: what it costs is remembered.
    """
    live = live_edges(ops, zero) if pen.folded else (True,) * 6
    if True not in live:
        pen.connected = False
        return x
    terms: list[list[int]] = [[x], [], [], []]
    for (i, j), op, is_live in zip(EDGES, ops, live, strict=True):
        if not is_live:
            if op != zero:
                pen.lost_params += _edge_params(draw_edge, pen.shape(x), op, i == 0)
        elif op == identity and i:
            terms[j] += terms[i]
        else:
            if len(terms[i]) > 1:
                terms[i] = [pen.sum(terms[i])]
            terms[j].append(draw_edge(pen, terms[i][0], op, i == 0))
    return pen.sum(terms[3])
