"""The same computation is done once."""

from __future__ import annotations

from typing import Any

from onnx_bench.draft import Draft, DraftNode
from onnx_bench.ops import OPS, OpSpec
from onnx_bench.passes.base import Pass

_NO_PARAMS = OpSpec("other").params


class DeduplicateNodes(Pass):
    """Merges equal nodes.

    1. Two nodes without parameters, of the same canonical operator, attributes, shape and inputs, are one. Constants
       count as equal by value.
    2. Layers with weights, learned tensors and whatever reads these directly are never merged: equal in form does not
       mean equal in value.
    """

    def __call__(self, draft: Draft) -> bool:
        seen: dict[Any, DraftNode] = {}
        twins: dict[DraftNode, DraftNode] = {}  # readers are rewired at the end, each once: one may read all of them
        shared: set[DraftNode] = set()
        for node in draft.nodes:
            if not node.inputs or node.dead:
                continue
            inputs = [i and twins.get(i, i) for i in node.inputs]
            if _may_repeat(node, inputs, shared):
                first = seen.setdefault(_key(node, inputs), node)
                if first is not node:
                    twins[node] = first
                    shared.add(first)
        for reader in dict.fromkeys(reader for node in twins for reader in node.users):
            if reader not in twins:
                draft.set_inputs(reader, [i and twins.get(i, i) for i in reader.inputs])
        return bool(twins)


def _may_repeat(node: DraftNode, producers: list[DraftNode | None], shared: set[DraftNode]) -> bool:
    """Whether another node could be equal to this one: all that it reads is read more than once."""
    for producer in producers:
        if producer is None:
            continue
        if producer.op == "Parameter":
            return False
        if producer.op != "Constant" and len(producer.users) < 2 and producer not in shared:
            return False
    entry = OPS.get(node.op)
    return entry is not None and entry.params is _NO_PARAMS


def _key(node: DraftNode, producers: list[DraftNode | None]) -> Any:
    inputs: list[Any] = [_constant_key(i) if i is not None and i.op == "Constant" else id(i) for i in producers]
    if OPS[node.op].commutative:
        inputs.sort(key=str)
    return node.op, tuple(sorted(node.attrs.items())), node.shape, tuple(inputs)


def _constant_key(node: DraftNode) -> Any:
    return node.attrs["value"], node.attrs.get("dtype"), node.shape
