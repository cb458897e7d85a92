"""What a network costs: the quantities that budgets limit."""

from __future__ import annotations

from onnx_bench.graph import ArchGraph
from onnx_bench.ops import spec

_WEIGHTED = frozenset(("conv", "linear", "matmul", "attention", "recurrent"))


def depth(graph: ArchGraph) -> int:
    """Convolutions, linear maps, matrix products, attentions and recurrences on the longest path."""
    longest: list[int] = []
    for node in graph.nodes:
        before = max((longest[i] for i in node.inputs), default=0)
        longest.append(before + (spec(node.op).kind in _WEIGHTED))
    return max((longest[i] for i in graph.outputs), default=0)


def costs(graph: ArchGraph) -> dict[str, int]:
    """Learned scalars, multiply-accumulates of one input, and depth in layers."""
    return {"params": graph.params, "macs": graph.macs, "depth": depth(graph)}
