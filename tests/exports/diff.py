"""Where two graphs that should be equal part.

`python -m tests.exports.diff NETWORK WAY WAY` prints it for two exports of a network.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from itertools import zip_longest

from onnx_bench.node import Graph, Node
from tests.exports.exporters import Exports
from tests.exports.table import export


def describe(node: Node, place: int) -> str:
    attrs = ", ".join(f"{k}={v}" for k, v in node.attrs)
    shape = "?" if node.shape is None else "x".join(map(str, node.shape)) or "scalar"
    return f"%{place} = {node.op}({', '.join(f'%{i}' for i in node.inputs)}{'; ' if attrs else ''}{attrs}) -> {shape}"


def keys(graph: Graph) -> list[int]:
    """For every node a number that stands for all that leads to it; equal keys mean equal subgraphs."""
    found: list[int] = []
    for node in graph.nodes:
        inputs = [found[i] if i >= 0 else -1 for i in node.inputs]
        if node.op in ("Add", "Mul", "Max", "Min"):
            inputs.sort()
        found.append(hash((node.op, node.attrs, node.shape, tuple(inputs))))
    return found


def differences(left: Graph, right: Graph, limit: int = 6) -> str:
    """The first nodes of either graph that the other lacks although it has their inputs, and operators counted."""
    ops = [Counter(n.op for n in graph.nodes) for graph in (left, right)]
    lines = [f"more on the left: {dict(ops[0] - ops[1])}; more on the right: {dict(ops[1] - ops[0])}"]
    sides = keys(left), keys(right)
    for name, graph, own, other in (("left", left, sides[0], set(sides[1])), ("right", right, sides[1], set(sides[0]))):
        lines.append(f"only on the {name}:")
        news = [i for i, n in enumerate(graph.nodes)
                if own[i] not in other and all(j < 0 or own[j] in other for j in n.inputs)]  # fmt: skip
        lines += [f"    {describe(graph.nodes[i], i)}" for i in news[:limit]]
        for i in news[:1]:
            lines += [f"        input {describe(graph.nodes[j], j)}" for j in graph.nodes[i].inputs if j >= 0]
    return "\n".join(lines)


def side_by_side(left: Graph, right: Graph) -> str:
    """Both graphs, one node a line."""
    columns = [[describe(n, i) for i, n in enumerate(graph.nodes)] for graph in (left, right)]
    return "\n".join(f"{a[:95]:96}| {b[:95]}" for a, b in zip_longest(*columns, fillvalue=""))


def main(argv: Sequence[str]) -> None:
    network, *ways = argv
    exports = Exports(network)
    cells = [export(network, way, exports) for way in ways]
    left, right = (cell.graph for cell in cells)
    assert left is not None and right is not None, [cell.failure for cell in cells]
    print(side_by_side(left, right))
    print(differences(left, right))


if __name__ == "__main__":
    main(sys.argv[1:])
