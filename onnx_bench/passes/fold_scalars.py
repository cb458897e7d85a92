"""Layers with weights absorb constants."""

from __future__ import annotations

from onnx_bench.draft import Draft, DraftNode
from onnx_bench.passes.base import Pass, on
from onnx_bench.passes.values import data, scalar


class FoldScalars(Pass):
    """Folds constants after a `Conv`, `ConvTranspose`, `Linear` or `BatchNorm` that nothing else reads into it.

    1. `Mul` by a constant is part of the weights.
    2. `Add` of a constant is part of the bias.

    It runs after the fused patterns have been found: a hard sigmoid begins with the addition of 3.
    """

    @on("Mul", "Add")
    def fold(self, draft: Draft, node: DraftNode) -> bool:
        """Rules 1 and 2."""
        if len(node.inputs) != 2 or scalar(node.inputs[1]) is None:
            return False
        layer = data(node)
        if layer.op not in ("Conv", "ConvTranspose", "Linear", "BatchNorm") or layer.only_user is not node:
            return False
        if layer.shape != node.shape or len(layer.inputs) != 1:
            return False
        if node.op == "Add" and layer.op != "BatchNorm":
            layer.attrs["bias"] = True
        draft.replace(node, layer)
        return True
