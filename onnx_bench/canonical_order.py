"""`canonical_order`: one order of nodes and operands for all isomorphic graphs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from onnx_bench.colours import backward, forward, labels, unordered, users_of
from onnx_bench.node import Attrs, Graph, Node, Shape
from onnx_bench.passes.values import HELD
from onnx_bench.vocabulary import closed_attrs, closed_operator

_LOOK_BACK = 3
_LOOK_AHEAD = 3
_FAN_OUT = 16
_FAN_IN = 4


def canonical_order(graph: Graph) -> Graph:
    """The same graph with operands and nodes in canonical order.

    Operands whose order is without meaning: longest path from an input first (the main branch before the shortcut),
    then by operator and attributes, by those of their producers, by those of their readers, and last by the colour of
    their place in the whole graph; what then is still equal is so by symmetry. All but the last are local, so repeated
    blocks come out alike.
    Nodes: graph inputs as given, then every node right after what it reads, depth first from the outputs.
    """
    order = _Order(graph)
    inputs = [order.operands(i) for i in range(len(graph.nodes))]
    place: dict[int, int] = {}
    for i, node in enumerate(graph.nodes):
        if node.op == "Input":
            place[i] = len(place)
    for output in graph.outputs:
        _visit(output, inputs, place)
    nodes = []
    for i in place:
        op, _, attrs, shape, params, macs = graph.nodes[i]
        nodes.append(Node(op, tuple([place[j] if j >= 0 else -1 for j in inputs[i]]), attrs, shape, params, macs))
    return Graph(tuple(nodes), tuple(place[o] for o in graph.outputs))


def _visit(root: int, inputs: Sequence[Sequence[int]], place: dict[int, int]) -> None:
    """Number what `root` is computed from, and it last, where not numbered yet."""
    stack = [(root, iter(inputs[root]))]
    while stack:
        node, pending = stack[-1]
        for child in pending:
            if child >= 0 and child not in place:
                stack.append((child, iter(inputs[child])))
                break
        else:
            stack.pop()
            if node not in place:
                place[node] = len(place)


class _Order:
    """Sorts operands; what is needed for ties alone is computed when the first one occurs."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.users = users_of(graph)
        self.free = unordered(graph, self.users)
        self.sorted: list[tuple[int, ...]] = []
        self.depth: list[int] = []
        self.colour: list[bytes] | None = None
        self.text: dict[int, str] = {}

    def operands(self, i: int) -> tuple[int, ...]:
        """The inputs of node `i` in canonical order; nodes are asked for in topological order."""
        node = self.graph.nodes[i]
        inputs, depth = node.inputs, self.depth
        deepest = 0
        for j in inputs:
            if j >= 0 and depth[j] >= deepest:
                deepest = depth[j] + 1
        depth.append(-1 if node.op in HELD else deepest)
        if self.free[i] and len(inputs) > 1:
            inputs = self.sort(inputs)
        self.sorted.append(inputs)
        return inputs

    def sort(self, inputs: tuple[int, ...]) -> tuple[int, ...]:
        depth = self.depth
        if len(set(inputs)) == len({depth[j] for j in inputs}):
            return tuple(sorted(inputs, key=lambda j: -depth[j]))
        keys: dict[int, Any] = {j: (-depth[j], self.near(j, _LOOK_BACK)) for j in inputs}
        if len(set(keys.values())) < len(keys):
            keys = {j: (*key, self.ahead(j, _LOOK_AHEAD)) for j, key in keys.items()}
        if len(set(keys.values())) < len(keys):
            colour = self.colours()
            keys = {j: (*key, colour[j]) for j, key in keys.items()}
        return tuple(sorted(inputs, key=keys.__getitem__))

    def near(self, i: int, steps: int) -> tuple[Any, ...]:
        """Operator and attributes of node `i` and of what it reads, a few steps back."""
        if steps == 0:
            return (self.words(i),)
        return (self.words(i), *(self.near(j, steps - 1) for j in self.sorted[i][:_FAN_IN] if j >= 0))

    def ahead(self, i: int, steps: int) -> tuple[Any, ...]:
        """Operators and attributes of what reads node `i`, a few steps ahead as far as few nodes read one."""
        further = steps > 1 and len(self.users[i]) <= _FAN_OUT
        return tuple(sorted((self.words(j), self.ahead(j, steps - 1) if further else ()) for j in self.users[i]))

    def words(self, i: int) -> str:
        """Operator, attributes and shape of node `i`."""
        text = self.text.get(i)
        if text is None:
            node = self.graph.nodes[i]
            text = self.text[i] = _words(node.op, node.attrs, node.shape, repr(node.attrs))
        return text

    def colours(self) -> list[bytes]:
        """Colours of all nodes in the whole graph."""
        if self.colour is None:
            self.colour = backward(self.graph, forward(self.graph, labels(self.graph), self.free), self.free)
        return self.colour


@lru_cache(maxsize=1 << 13)
def _words(op: str, attrs: Attrs, shape: Shape | None, written: str) -> str:
    """Operator, attributes and shape in closed words; `written` keeps 1, 1.0 and True apart in the cache."""
    return f"{closed_operator(op)}{closed_attrs(op, attrs)}{shape}"
