"""`as_exported`: what an exporter leaves of a network as it was trained."""

from __future__ import annotations

from onnx_bench.node import Graph, Node
from onnx_bench.ops import make_node


def as_exported(graph: Graph) -> Graph:
    """Fold zeros as exporters for phones and boards do.

    1. A product with zeros (`none` of NAS-Bench-201) is a `Constant` of zeros.
    2. Zeros are no terms of a sum; a sum of one term is that term, a sum of zeros is zeros.
    3. What no output needs is gone. Graph inputs stay.

    Unlike in `DropIdleTerms`, layers that read zeros stay: they are run on zeros.

    Args:
        graph: Canonical operators, not normalised; in a normalised graph nothing is left to fold.
    """
    nodes: list[Node] = []
    place: list[int] = []
    zeros: set[int] = set()
    for node in graph.nodes:
        inputs = tuple([place[i] if i >= 0 else i for i in node.inputs])
        live = [i for i in inputs if i not in zeros]
        if len(live) == len(inputs) or node.op not in ("Add", "Mul") or node.shape is None:
            if node.op == "Constant" and node.get("value") == (0.0,):
                zeros.add(len(nodes))
        elif node.op == "Mul" or not live:
            zeros.add(len(nodes))
            node, inputs = make_node("Constant", (), (), node.shape, value=(0.0,)), ()
        elif all(nodes[i].shape == node.shape for i in live):
            if len(live) == 1:
                place.append(live[0])
                continue
            inputs = tuple(live)
        place.append(len(nodes))
        nodes.append(node if inputs == node.inputs else node._replace(inputs=inputs))
    return _reached(nodes, [place[i] for i in graph.outputs])


def _reached(nodes: list[Node], outputs: list[int]) -> Graph:
    """The nodes that outputs need, and the graph inputs."""
    needed = {i for i, node in enumerate(nodes) if node.op == "Input"}
    pending = list(outputs)
    while pending:
        i = pending.pop()
        if i >= 0 and i not in needed:
            needed.add(i)
            pending += nodes[i].inputs
    if len(needed) == len(nodes):
        return Graph(tuple(nodes), tuple(outputs))
    place = {old: new for new, old in enumerate(sorted(needed))} | {-1: -1}
    kept = [nodes[i]._replace(inputs=tuple([place[j] for j in nodes[i].inputs])) for i in sorted(needed)]
    return Graph(tuple(kept), tuple([place[i] for i in outputs]))
