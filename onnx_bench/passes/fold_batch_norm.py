"""Batch normalisation after a layer with weights is part of those weights."""

from __future__ import annotations

from onnx_bench.draft import Draft, DraftNode
from onnx_bench.passes.absorb_norms import BATCH_NORM_EPSILON
from onnx_bench.passes.base import Pass, on
from onnx_bench.passes.values import data

_LAYERS = frozenset(("Conv", "ConvTranspose", "Linear", "BatchNorm"))


class FoldBatchNorm(Pass):
    """Folds per-channel scales and shifts into the layer before, where nothing else reads that layer.

    1. `BatchNorm` after `Conv`, `ConvTranspose` or `BatchNorm`, or after `Linear` on the same axis, gives that layer a
       bias.
    2. `Mul` (`Add`) with a learned tensor of one value per channel does the same (`Add`: gives a bias).
    3. `Add` of a per-channel tensor to a `Mul` with one, where there is nothing to fold into, is a `BatchNorm`.
    """

    @on("BatchNorm")
    def fold_norm(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 1."""
        layer = data(node)
        if layer.op not in _LAYERS or layer.only_user is not node or len(layer.inputs) != 1:
            return False
        if layer.op == "Linear" and (layer.shape is None or len(layer.shape) != 2):
            return False
        if layer.op != "BatchNorm":
            layer.attrs["bias"] = True
        draft.replace(node, layer)
        return True

    @on("Mul", "Add")
    def fold_affine(self, draft: Draft, node: DraftNode) -> bool:
        """Rules 2 and 3."""
        if len(node.inputs) != 2:
            return False
        left, right = data(node), data(node, 1)
        if right.op == "Parameter":
            layer, factor = left, right
        elif left.op == "Parameter":
            layer, factor = right, left
        else:
            return False
        if layer.only_user is not node or layer.shape is None or layer.shape != node.shape:
            return False
        if layer.op in _LAYERS and len(layer.inputs) == 1:
            axis = len(layer.shape) - 1 if layer.op == "Linear" else 1
            if not _is_per_channel(factor, layer, axis):
                return False
            if node.op == "Add" and layer.op != "BatchNorm":
                layer.attrs["bias"] = True
            draft.replace(node, layer)
            return True
        return node.op == "Add" and self.make_norm(draft, node, layer, factor)

    def make_norm(self, draft: Draft, node: DraftNode, product: DraftNode, shift: DraftNode) -> bool:
        """Rule 3."""
        if product.op != "Mul" or len(product.inputs) != 2 or len(product.shape or ()) < 3:
            return False
        for i in (0, 1):
            x, scale = data(product, i), data(product, 1 - i)
            if (
                scale.op == "Parameter" and x.shape == product.shape
                and _is_per_channel(scale, product, 1) and _is_per_channel(shift, product, 1)
            ):  # fmt: skip
                draft.become(node, "BatchNorm", [x], epsilon=BATCH_NORM_EPSILON)
                return True
        return False


def _is_per_channel(factor: DraftNode, layer: DraftNode, axis: int) -> bool:
    """Whether `factor` has one value for each place on `axis` of `layer`, and that axis alone."""
    shape, full = factor.shape, layer.shape
    if shape is None or full is None or len(shape) > len(full):
        return False
    padded = (1,) * (len(full) - len(shape)) + shape
    return all(d == (full[i] if i == axis else 1) for i, d in enumerate(padded))
