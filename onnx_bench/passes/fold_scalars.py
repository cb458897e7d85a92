"""Layers with weights absorb constants."""

from __future__ import annotations

from math import prod

from onnx_bench.draft import Draft, DraftNode
from onnx_bench.passes.base import Pass, on
from onnx_bench.passes.values import data, scalar


class FoldScalars(Pass):
    """Folds constants after a `Conv`, `ConvTranspose`, `Linear` or `BatchNorm` that nothing else reads into it.

    1. `Mul` by a constant is part of the weights.
    2. `Add` of a constant is part of the bias.
    3. One learned number is a constant: a file that holds its value does not tell that it was learned.

    It runs after the fused patterns have been found: a hard sigmoid begins with the addition of 3.
    """

    @on("Mul", "Add")
    def fold(self, draft: Draft, node: DraftNode) -> bool:
        """Rules 1 to 3."""
        if len(node.inputs) != 2:
            return False
        number, layer = sorted((data(node), data(node, 1)), key=is_number, reverse=True)
        if not is_number(number):
            return False
        if layer.op not in ("Conv", "ConvTranspose", "Linear", "BatchNorm") or layer.only_user is not node:
            return False
        if layer.shape != node.shape or len(layer.inputs) != 1:
            return False
        if node.op == "Add" and layer.op != "BatchNorm":
            layer.attrs["bias"] = True
        draft.replace(node, layer)
        return True


def is_number(node: DraftNode) -> bool:
    """Whether `node` is one number that the network holds, wherever it is added or multiplied."""
    single = node.op == "Parameter" and node.shape is not None and prod(node.shape) == 1
    return single or scalar(node) is not None
