"""Branches that carry zeros are no branches."""

from __future__ import annotations

from onnx_bench.draft import Draft, DraftNode
from onnx_bench.passes.base import Pass
from onnx_bench.passes.values import HELD, same_shape_without

_LAYERS = frozenset(("Conv", "ConvTranspose", "BatchNorm"))


class DropIdleTerms(Pass):
    """Removes what a zero branch (`none` of NAS-Bench-201) contributes to sums.

    1. A node is idle if it is a `Constant` of zeros, or reads idle nodes and held tensors alone: a convolution of
       zeros has a constant output, and training would not have it.
    2. Idle terms of an `Add` are dropped.
    3. An `Add` of idle terms alone is a `Constant` of zeros.
    4. So is an idle convolution or batch norm. A network of idle nodes alone thereby becomes its classifier on zeros,
       whatever its branches hold and whether batch norms were folded.
    """

    def __call__(self, draft: Draft) -> bool:
        changed = False
        idle: set[DraftNode] = set()
        for node in draft.nodes:
            if node.op == "Constant":
                if node.attrs["value"] == (0.0,):
                    idle.add(node)
            elif idle and node.inputs:
                if node.op == "Add":
                    changed |= self.drop(draft, node, idle)
                elif any(i in idle for i in node.inputs) and all(
                    i is None or i in idle or i.op in HELD for i in node.inputs
                ):
                    idle.add(node)
                    if node.op in _LAYERS and node.shape is not None:
                        draft.become(node, "Constant", (), value=(0.0,), dtype="float")
                        changed = True
        return changed

    def drop(self, draft: Draft, node: DraftNode, idle: set[DraftNode]) -> bool:
        """Rules 2 and 3 at an `Add`."""
        live = [i for i in node.inputs if i is not None and i not in idle]
        if len(live) == len(node.inputs):
            return False
        if not live:
            if node.shape is None:
                idle.add(node)
                return False
            draft.become(node, "Constant", (), value=(0.0,), dtype="float")
            idle.add(node)
            return True
        if not same_shape_without(node, live):
            return False
        if len(live) == 1:
            draft.replace(node, live[0])
        else:
            draft.set_inputs(node, live)
        return True
