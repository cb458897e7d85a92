"""Group norm written as another norm of a reshaped tensor."""

from __future__ import annotations

from math import prod

from onnx_bench.draft import Draft, DraftNode
from onnx_bench.passes.base import Pass, on


class FuseGroupNorm(Pass):
    """Gives group norm and instance norm their one form.

    1. InstanceNorm, or LayerNorm over all but the first two axes, between a Reshape of [B, C, ...] to [B, G, ...] and
       one back becomes GroupNorm with G groups; its weights, one per group, hold nothing. Of rows [B, C], or where the
       first Reshape has met another, only if what it makes is scaled: it could be a flattened InstanceNorm.
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
        if source is None or source.shape is None or node.shape is None:
            return False
        if (source.shape != node.shape or len(node.shape) < 3) and not _is_scaled(node):
            return False
        groups = inner.shape[1]
        if inner.shape[0] != node.shape[0] or len(node.shape) < 2 or groups < 1 or node.shape[1] % groups:
            return False
        if norm.op == "LayerNorm" and (norm.attrs["dims"] != len(inner.shape) - 2 or norm.attrs["scale"]):
            return False
        epsilon = norm.attrs["epsilon"]
        if source.shape != node.shape:
            source = draft.add("Reshape", [source], node.shape)
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


def _is_scaled(node: DraftNode) -> bool:
    """Whether learned factors are all that reads `node`."""
    user = node.only_user
    return user is not None and user.op == "Mul" and any(i is not None and i.op == "Parameter" for i in user.inputs)
