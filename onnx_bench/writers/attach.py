"""Give a network without any path from its input something to read, so that it answers every example of a batch."""

from __future__ import annotations

from onnx_bench.draft import Draft, DraftNode
from onnx_bench.node import Graph


def attached(graph: Graph) -> Graph:
    """The graph, constants replaced by `0 * mean(input) + value` where no output depends on an input.

    Such a network is the head of one whose cells are not connected. It is written with one row for every example, and
    read back as it was, because normalisation knows that a product with zero is no path.
    """
    inputs = [i for i, node in enumerate(graph.nodes) if node.op == "Input" and node.get("dtype") == "float"]
    batched = [i for i in inputs if (graph.nodes[i].shape or (0,))[0] == 1]
    if not batched or _depends_on_input(graph):
        return graph
    draft = Draft.from_graph(graph)
    source = draft.nodes[batched[0]]
    assert source.shape is not None
    mean = draft.add("ReduceMean", [source], axes=tuple(range(1, len(source.shape))), keepdims=False)
    zero = draft.add("Mul", [mean, draft.add("Constant", [], (), value=(0.0,))])
    for node in draft.nodes[: len(graph.nodes)]:
        if node.op == "Constant" and node.attrs["dtype"] == "float" and len(node.attrs["value"]) == 1:
            _attach(draft, node, zero)
    return draft.freeze()


def _attach(draft: Draft, constant: DraftNode, zero: DraftNode) -> None:
    shape = constant.shape
    if not shape or shape[0] != 1:
        return
    row = zero
    if constant.attrs["value"] != (0.0,):
        row = draft.add("Add", [zero, draft.add("Constant", [], (), value=constant.attrs["value"])])
    row = draft.add("Reshape", [row], (1,) * len(shape))
    draft.replace(constant, draft.add("Expand", [row], shape))


def _depends_on_input(graph: Graph) -> bool:
    reached: list[bool] = []
    for node in graph.nodes:
        reached.append(node.op == "Input" or any(reached[i] for i in node.inputs if i >= 0))
    return any(reached[o] for o in graph.outputs)
