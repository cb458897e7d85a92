"""The same computation is done once."""

from __future__ import annotations

from typing import Any

from onnx_bench.draft import Draft, DraftNode
from onnx_bench.ops import OPS, OpSpec
from onnx_bench.passes.base import Pass

_NO_PARAMS = OpSpec("other").params
_MERGEABLE = frozenset(op for op, entry in OPS.items() if entry.params is _NO_PARAMS)


class DeduplicateNodes(Pass):
    """Merges equal nodes.

    1. Two nodes without parameters, of the same canonical operator, attributes, shape and inputs, are one. Constants
       count as equal by value.
    2. Layers with weights, learned tensors and whatever reads these directly are never merged: equal in form does not
       mean equal in value.
    """

    def __call__(self, draft: Draft) -> bool:
        if not any(_has_twin_readers(node) for node in draft.nodes):
            return False
        changed = False
        seen: dict[Any, DraftNode] = {}
        for node in _by_depth(draft):
            if not _may_repeat(node):
                continue
            first = seen.setdefault(_key(node), node)
            if first is not node:
                draft.replace(node, first)
                changed = True
        return changed


def _has_twin_readers(node: DraftNode) -> bool:
    """Whether two readers of `node` could be equal."""
    if len(node.users) < 2:
        return False
    readers = [user.op for user in node.users if user.op in _MERGEABLE]
    return len(set(readers)) < len(readers)


def _by_depth(draft: Draft) -> list[DraftNode]:
    """The nodes so that equal ones meet before their readers are looked at."""
    depth: dict[DraftNode, int] = {}
    for node in draft.nodes:
        deepest = 0
        for producer in node.inputs:
            if producer is not None and (found := depth.get(producer, 0)) > deepest:
                deepest = found
        depth[node] = deepest + 1
    return sorted(draft.nodes, key=depth.__getitem__)


def _may_repeat(node: DraftNode) -> bool:
    """Whether another node could be equal to this one: all that it reads is read more than once."""
    if node.op not in _MERGEABLE or not node.users:
        return False
    computed = 0
    for producer in node.inputs:
        if producer is None or producer.op == "Constant":
            continue
        if producer.op == "Parameter" or len(producer.users) < 2:
            return False
        computed += 1
    return computed > 0


def _key(node: DraftNode) -> Any:
    inputs: list[Any] = [_constant_key(i) if i is not None and i.op == "Constant" else id(i) for i in node.inputs]
    if OPS[node.op].commutative:
        inputs.sort(key=str)
    return node.op, tuple(sorted(node.attrs.items())), node.shape, tuple(inputs)


def _constant_key(node: DraftNode) -> Any:
    return node.attrs["value"], node.attrs.get("dtype"), node.shape
