"""Operators that do nothing."""

from __future__ import annotations

from onnx_bench.draft import Draft, DraftNode
from onnx_bench.passes.base import Pass, on
from onnx_bench.passes.values import data, same_shape_without


class RemoveNoOps(Pass):
    """Removes operators that change no value at inference.

    1. `Identity` and `Dropout` are dropped.
    2. `Tile` by ones and `Expand` to the same shape are dropped; `Tile` of axes of size 1 is `Expand`.
    3. An `Expand` read by an operator that broadcasts is passed by where that operator repeats it anyway.
    """

    @on("Identity", "Dropout")
    def drop(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 1. The mask of a `Dropout`, if anything reads it, stays."""
        masks = [user for user in node.users if user.op == "Output"]
        if len(masks) == len(node.users):
            return False
        draft.replace(node, data(node), keep=masks)
        return True

    @on("Expand", "Tile")
    def drop_repeat(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 2."""
        x = data(node)
        if x.shape is None or node.shape is None:
            return False
        if x.shape == node.shape:
            draft.replace(node, x)
            return True
        if node.op == "Expand":
            if len(node.inputs) == 1 and not node.attrs:
                return False
            draft.become(node, "Expand", [x])
            return True
        if any(r != 1 and d != 1 for r, d in zip(node.attrs.get("repeats", ()), x.shape, strict=False)):
            return False
        draft.become(node, "Expand", [x])
        return True

    @on("Add", "Mul", "Sub", "Div", "Pow", "Max", "Min", "Where", "Equal", "Greater", "Less", "And", "Or")
    def pass_by_expand(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 3."""
        for i, producer in enumerate(node.inputs):
            if producer is not None and producer.op == "Expand" and producer.inputs:
                past = [*node.inputs[:i], data(producer), *node.inputs[i + 1 :]]
                if same_shape_without(node, [p for p in past if p is not None]):
                    draft.set_inputs(node, past)
                    return True
        return False
