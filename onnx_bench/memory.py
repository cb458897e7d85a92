"""How much memory the activations of a network need at once."""

from __future__ import annotations

from math import prod

from onnx_bench.node import Graph

BYTES = 4
"""Of one activation: float32."""
_HELD = frozenset({"Parameter", "Constant"})


def peak_activation_bytes(graph: Graph) -> int | None:
    """Largest total of outputs alive at one time, in bytes for one example in float32.

    Nodes run in the stored order, nothing is computed in place, a Reshape is a view, and a tensor dies after its last
    reader. Weights are not counted. `None` where a shape is not known.
    """
    owner: list[int] = []  # the node whose memory holds the output of each node
    for i, node in enumerate(graph.nodes):
        owner.append(owner[node.inputs[0]] if node.op == "Reshape" and node.inputs else i)
    last_reader = list(range(len(graph.nodes)))
    for i, node in enumerate(graph.nodes):
        for source in node.inputs:
            if source >= 0:
                last_reader[owner[source]] = i
    for i in graph.outputs:
        last_reader[owner[i]] = len(graph.nodes)
    dying: dict[int, int] = {}
    alive = peak = 0
    for i, node in enumerate(graph.nodes):
        if owner[i] == i and node.op not in _HELD:
            if node.shape is None:
                return None
            size = prod(node.shape) * BYTES
            alive += size
            dying[last_reader[i]] = dying.get(last_reader[i], 0) + size
        peak = max(peak, alive)
        alive -= dying.pop(i, 0)
    return peak
