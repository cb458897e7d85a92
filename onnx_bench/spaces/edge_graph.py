"""Networks whose operations stand on the edges of a directed acyclic graph, and how they are drawn in either form."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

from onnx_bench.node import Shape
from onnx_bench.spaces.drawing import Drawing

ZERO, IDENTITY = "zero", "id"
"""The operations without output, and without effect."""

DrawOperation = Callable[[Drawing, int, str], int]
"""`(pen, x, operation)`: draw an operation on `x` and return its output."""


class Term(NamedTuple):
    """An edge, seen from the node it leads to: an operation on the value of an earlier node."""

    op: str
    source: int


Nodes = Sequence[Sequence[Term]]
"""The terms that every node sums. Node 0 is the input and has none, the last node is the output."""


def live_terms(nodes: Nodes) -> list[list[Term]]:
    """The same nodes with those terms alone that are on a path from the input to the output without `ZERO`."""
    reached = {0}
    for place, terms in enumerate(nodes):
        if any(term.op != ZERO and term.source in reached for term in terms):
            reached.add(place)
    needed = {len(nodes) - 1}
    live: list[list[Term]] = [[] for _ in nodes]
    for place in reversed(range(len(nodes))):
        if place in needed:
            live[place] = [term for term in nodes[place] if term.op != ZERO and term.source in reached]
            needed.update(term.source for term in live[place])
    return live


def draw_edge_graph(pen: Drawing, x: int, nodes: Nodes, draw: DrawOperation) -> int:
    """Draw the network on `x` and return the position of its output.

    The folded form leaves out the terms that are not live; their parameters are lost. A path from the input to the
    output must be left.

    Args:
        pen: Where to draw.
        x: Position of the input.
        nodes: The network.
        draw: Draws one operation. Keep it the same object between calls: what an operation costs is remembered.
    """
    if pen.folded:
        live = live_terms(nodes)
        pen.lost_params += _dead_params(pen.shape(x), nodes, live, draw)
        return _draw_folded(pen, x, live, draw)
    values = [x]
    for terms in nodes[1:]:
        values.append(pen.sum([draw(pen, values[term.source], term.op) for term in terms]))
    return values[-1]


def _draw_folded(pen: Drawing, x: int, live: Nodes, draw: DrawOperation) -> int:
    """Draw live terms. A sum that one other sum alone reads is written out in that one."""
    nodes, output = _without_aliases(live)
    readings = Counter(term.source for terms in nodes for term in terms)
    readings[output] += 1
    written_out = {
        term.source
        for terms in nodes
        for term in terms
        if term.op == IDENTITY and readings[term.source] == 1 and len(nodes[term.source]) > 1
    }
    values: dict[int, list[int]] = {0: [x]}
    for place, terms in enumerate(nodes):
        if terms:
            parts: list[int] = []
            for op, source in terms:
                parts += values[source] if op == IDENTITY else [draw(pen, values[source][0], op)]
            values[place] = parts if place in written_out else [pen.sum(sorted(parts))]
    return values[output][0]


def _without_aliases(nodes: Nodes) -> tuple[list[list[Term]], int]:
    """Nodes that pass another one on are left empty and read no more; also the node that is the output then."""
    root = list(range(len(nodes)))
    kept: list[list[Term]] = []
    for place, terms in enumerate(nodes):
        resolved = [Term(op, root[source]) for op, source in terms]
        if len(terms) == 1 and terms[0].op == IDENTITY:
            root[place], resolved = resolved[0].source, []
        kept.append(resolved)
    return kept, root[-1]


def _dead_params(x: Shape, nodes: Nodes, live: Nodes, draw: DrawOperation) -> int:
    """Parameters of the terms that are not live, in a network with input shape `x`."""
    shapes, lost = [x], 0
    for terms, kept in zip(nodes[1:], live[1:], strict=True):
        dead = Counter(terms) - Counter(kept)
        lost += sum(_measure(draw, shapes[term.source], term.op)[1] * times for term, times in dead.items())
        shapes.append(_measure(draw, shapes[terms[0].source], terms[0].op)[0])
    return lost


@lru_cache(maxsize=4096)
def _measure(draw: DrawOperation, x: Shape, op: str) -> tuple[Shape, int]:
    """Output shape and parameters of an operation on an input of shape `x`."""
    scratch = Drawing(folded=False)
    y = draw(scratch, scratch.input(x), op)
    return scratch.shape(y), scratch.total_params
