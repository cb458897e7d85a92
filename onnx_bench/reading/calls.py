"""Count what a model becomes when its functions are expanded, without expanding them.

A few kB of functions that each call the previous one twice become 2^27 nodes, on which shape inference, the full
checker, every inliner and onnxruntime hang. Here each function is counted once and the count is remembered.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import onnx

from onnx_bench.errors import MalformedModelError, ModelTooLargeError
from onnx_bench.reading.limits import DEPTH, EDGES, NODES
from onnx_bench.reading.order import subgraphs
from onnx_bench.reading.text import quote

Key = tuple[str, str, str]


class Size(NamedTuple):
    """Of a piece of graph, expanded."""

    nodes: int = 0
    edges: int = 0
    depth: int = 0


class Calls:
    """The functions of a model and their expanded sizes.

    Raises:
        MalformedModelError: Two functions have the same name.
    """

    def __init__(self, functions: Iterable[onnx.FunctionProto]) -> None:
        self.functions: dict[Key, onnx.FunctionProto] = {}
        for f in functions:
            if self.functions.setdefault((f.domain, f.name, f.overload), f) is not f:
                raise MalformedModelError(f"the function {quote(f.name)} is defined twice")
        self.sizes: dict[Key, Size] = {}
        self.open: set[Key] = set()

    def check(self, nodes: Sequence[onnx.NodeProto]) -> None:
        """Refuse the graph made of `nodes` if it is too large, or any function, called or not.

        Raises:
            ModelTooLargeError: Too many nodes or edges, or nested too deep.
            MalformedModelError: A function calls itself.
        """
        size = self.measure(nodes, 0)
        for count, limit, what in ((size.nodes, NODES, "nodes"), (size.edges, EDGES, "edges")):
            if count > limit:
                raise ModelTooLargeError(
                    f"the model has {count:,} {what} with its functions expanded; the limit is {limit:,}"
                )
        for key in self.functions:
            self.function(key, 0)

    def measure(self, nodes: Sequence[onnx.NodeProto], depth: int) -> Size:
        if depth > DEPTH:
            raise ModelTooLargeError(f"subgraphs and function calls are nested more than {DEPTH} deep")
        count, edges, deepest = 0, 0, 0
        for node in nodes:
            key = (node.domain, node.op_type, node.overload)
            if key in self.functions:  # the body takes the place of the call
                inner = [self.function(key, depth + 1)]
            else:
                inner = [self.measure(graph.node, depth + 1) for graph in subgraphs(node)]
                count += 1
                edges += len(node.input)
            for size in inner:
                count += size.nodes
                edges += size.edges
                deepest = max(deepest, size.depth + 1)
        if depth + deepest > DEPTH:
            raise ModelTooLargeError(f"subgraphs and function calls are nested more than {DEPTH} deep")
        return Size(count, edges, deepest)

    def function(self, key: Key, depth: int) -> Size:
        if key in self.open:
            raise MalformedModelError(f"the function {quote(key[1])} calls itself")
        if key not in self.sizes:
            self.open.add(key)
            self.sizes[key] = self.measure(self.functions[key].node, depth)
            self.open.remove(key)
        return self.sizes[key]
