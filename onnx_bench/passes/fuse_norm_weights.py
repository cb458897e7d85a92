"""Scale and shift behind a norm."""

from __future__ import annotations

from math import prod

from onnx_bench.draft import Draft, DraftNode
from onnx_bench.node import Shape
from onnx_bench.passes.base import Pass, on

LAST_AXES = ("LayerNorm", "RMSNorm")
CHANNELS = ("GroupNorm", "InstanceNorm")


def is_learned(node: DraftNode) -> bool:
    return node.op == "Parameter" and node.params != 0


def fits(weight: DraftNode, norm: DraftNode) -> bool:
    """Whether `weight` is a scale or shift of `norm`: one value for each feature or channel."""
    if not is_learned(weight) or weight.shape is None or norm.shape is None:
        return False
    rank = len(norm.shape)
    wanted: Shape
    if norm.op in LAST_AXES:
        wanted = norm.shape[rank - norm.attrs.get("dims", 1) :]
    else:
        wanted = (norm.shape[1], *(1,) * (rank - 2))
    shape = weight.shape[-len(wanted) :]
    return shape == wanted and prod(weight.shape) == prod(wanted) and len(weight.shape) <= rank


class FuseNormWeights(Pass):
    """Gives a norm the scale and the shift that follow it.

    1. A factor with one learned value for each feature behind LayerNorm or RMSNorm, or for each channel behind
       GroupNorm or InstanceNorm, becomes the scale of the norm, a further such factor merges with the one there.
    2. A term of that kind becomes the bias.

    A norm that several nodes read stays as it is.
    """

    @on("Mul")
    def take_scale(self, draft: Draft, node: DraftNode) -> bool:
        return self.take(draft, node, "scale")

    @on("Add")
    def take_bias(self, draft: Draft, node: DraftNode) -> bool:
        return self.take(draft, node, "bias")

    def take(self, draft: Draft, node: DraftNode, name: str) -> bool:
        for norm in node.inputs:
            if norm is None or norm.op not in (*LAST_AXES, *CHANNELS) or norm.only_user is not node:
                continue
            for weight in node.inputs:
                if weight is not None and fits(weight, norm) and norm.shape == node.shape:
                    norm.attrs[name] = True
                    rest = [i for i in node.inputs if i is not weight]
                    if len(rest) == 1:
                        draft.replace(node, norm)
                    else:
                        draft.set_inputs(node, rest)
                    return True
        return False
