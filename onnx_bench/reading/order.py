"""The order of evaluation of nodes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import onnx

from onnx_bench.errors import MalformedModelError
from onnx_bench.reading.text import quote

_GRAPH, _GRAPHS = onnx.AttributeProto.GRAPH, onnx.AttributeProto.GRAPHS


def subgraphs(node: onnx.NodeProto) -> Iterator[onnx.GraphProto]:
    """The bodies of control flow in the attributes of `node`."""
    for attr in node.attribute:
        if attr.type == _GRAPH:
            yield attr.g
        elif attr.type == _GRAPHS:
            yield from attr.graphs


def topological_order(nodes: Sequence[onnx.NodeProto]) -> list[int]:
    """Positions of `nodes` with producers before readers; those that stand so already keep their places.

    Reading inside a subgraph counts as reading by the node that holds it.

    Raises:
        MalformedModelError: The nodes form a cycle.
    """
    producer = {name: i for i, node in enumerate(nodes) for name in node.output if name}
    needs = [{producer[name] for name in _read_by(node) if name in producer} for node in nodes]
    if all(not need or max(need) < i for i, need in enumerate(needs)):
        return list(range(len(nodes)))
    waiting = [len(need) for need in needs]
    readers: list[list[int]] = [[] for _ in nodes]
    for i, need in enumerate(needs):
        for j in need:
            readers[j].append(i)
    order = [i for i, count in enumerate(waiting) if not count]
    for i in order:  # grows while it is walked
        for reader in readers[i]:
            waiting[reader] -= 1
            if not waiting[reader]:
                order.append(reader)
    if len(order) < len(nodes):
        stuck = next(node for node, count in zip(nodes, waiting, strict=True) if count)
        name = stuck.output[0] if stuck.output else stuck.name
        raise MalformedModelError(f"the graph has a cycle through or before the node that computes {quote(name)}")
    return order


def _read_by(node: onnx.NodeProto) -> Iterator[str]:
    """Names read by `node`; names that a subgraph defines itself may be among them."""
    yield from node.input
    for graph in subgraphs(node):
        own = {name for inner in graph.node for name in inner.output}
        for inner in graph.node:
            yield from (name for name in _read_by(inner) if name not in own)
        yield from (value.name for value in graph.output if value.name not in own)
