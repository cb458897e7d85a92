"""Group norm written as another norm of a reshaped tensor."""

from __future__ import annotations

from math import prod

from onnx_bench.draft import Draft, DraftNode
from onnx_bench.passes.base import Pass, on


class FuseGroupNorm(Pass):
    """Gives group norm and instance norm their one form.

    1. InstanceNorm, or LayerNorm over all but the first two axes, between a Reshape of [1, C, ...] to [1, G, ...] and
       one back becomes GroupNorm with G groups; its weights, one per group, hold nothing.
    2. GroupNorm with as many groups as channels is InstanceNorm.
    3. LayerNorm without weights over two or more axes, all but the first two, is InstanceNorm.
    """

    @on("Reshape")
    def fuse(self, draft: Draft, node: DraftNode) -> bool:
        norm = node.inputs[0]
        if norm is None or norm.op not in ("InstanceNorm", "LayerNorm") or norm.only_user is not node:
            return False
        inner = norm.inputs[0]
        if inner is None or inner.op != "Reshape" or inner.shape is None or len(inner.shape) < 3:
            return False
        source = inner.inputs[0]
        if source is None or source.shape is None or source.shape != node.shape or len(source.shape) < 3:
            return False
        groups = inner.shape[1]
        if inner.shape[0] != source.shape[0] or groups < 1 or source.shape[1] % groups:
            return False
        if norm.op == "LayerNorm" and (norm.attrs["dims"] != len(inner.shape) - 2 or norm.attrs["scale"]):
            return False
        epsilon = norm.attrs["epsilon"]
        draft.become(node, "GroupNorm", [source], groups=groups, epsilon=epsilon, scale=False, bias=False)
        return True

    @on("GroupNorm")
    def split_channels(self, draft: Draft, node: DraftNode) -> bool:
        if node.shape is None or node.attrs["groups"] != node.shape[1]:
            return False
        attrs = {k: v for k, v in node.attrs.items() if k != "groups"}
        draft.become(node, "InstanceNorm", **attrs)
        return True

    @on("LayerNorm")
    def take_layer_norm(self, draft: Draft, node: DraftNode) -> bool:
        dims = node.attrs["dims"]
        if node.shape is None or dims < 2 or dims != len(node.shape) - 2 or node.attrs["scale"] or node.attrs["bias"]:
            return False
        if prod(node.shape[:2]) == 1:
            return False
        draft.become(node, "InstanceNorm", epsilon=node.attrs["epsilon"], scale=False, bias=False)
        return True
