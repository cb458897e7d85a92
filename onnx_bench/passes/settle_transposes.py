"""Transposes do not move axes of size 1."""

from __future__ import annotations

from onnx_bench.draft import Draft, DraftNode
from onnx_bench.passes.base import Pass, on
from onnx_bench.passes.values import data


class SettleTransposes(Pass):
    """Gives a Transpose of a tensor with axes of size 1 one form, for moving these means nothing.

    1. The tensor has no axis of size 1 but the first, and that where the producer of its elements has one; reshapes
       before and behind the Transpose see to that.
    """

    @on("Transpose")
    def settle(self, draft: Draft, node: DraftNode) -> bool:
        x = data(node)
        perm = node.attrs.get("perm")
        if x.shape is None or node.shape is None or perm is None:
            return False
        source = data(x) if x.op == "Reshape" else x
        lead = (1,) if source.shape and source.shape[0] == 1 else ()
        axes = [i for i, d in enumerate(x.shape) if d != 1]
        shape = lead + tuple(x.shape[i] for i in axes)
        if shape == x.shape and perm[: len(lead)] == (0,) * len(lead):
            return False
        place = {axis: i for i, axis in enumerate(axes, start=len(lead))}
        order = (0,) * len(lead) + tuple(place[p] for p in perm if p in place)
        moved = draft.add("Transpose", [draft.add("Reshape", [x], shape)], perm=order)
        draft.become(node, "Reshape", [moved])
        return True
