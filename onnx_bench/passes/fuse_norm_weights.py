"""Scale and shift behind a norm."""

from __future__ import annotations

from math import prod

from onnx_bench.draft import Draft, DraftNode
from onnx_bench.node import Shape
from onnx_bench.passes.base import Pass, on
from onnx_bench.passes.fuse_rms_norm import channels_last

LAST_AXES = ("LayerNorm", "RMSNorm")
CHANNELS = ("GroupNorm", "InstanceNorm")


def is_learned(node: DraftNode) -> bool:
    return node.op == "Parameter" and node.params != 0


def fits(weight: DraftNode, norm: DraftNode, read: DraftNode) -> bool:
    """Whether `weight` is a scale or shift of `norm`, read as `read`: one value for each feature or channel."""
    if not is_learned(weight) or weight.shape is None or norm.shape is None or read.shape is None:
        return False
    rank = len(norm.shape)
    wanted: Shape
    if norm.op in CHANNELS or norm is not read:
        wanted = (read.shape[1], *(1,) * (rank - 2))
    else:
        wanted = norm.shape[rank - norm.attrs.get("dims", 1) :]
    shape = weight.shape[-len(wanted) :]
    return shape == wanted and prod(weight.shape) == prod(wanted) and len(weight.shape) <= rank


def norm_behind(node: DraftNode, reader: DraftNode) -> DraftNode | None:
    """The norm that `node` is, or whose last axis it moves to the channels, if `reader` alone reads it."""
    if node.only_user is not reader:
        return None
    if node.op == "Transpose" and node.shape is not None and len(node.shape) > 2:
        norm = node.inputs[0]
        if node.attrs.get("perm") != channels_last(len(node.shape))[1] or norm is None or norm.only_user is not node:
            return None
        return norm if norm.op in LAST_AXES and norm.attrs.get("dims", 1) == 1 else None
    return node if node.op in (*LAST_AXES, *CHANNELS) else None


class FuseNormWeights(Pass):
    """Gives a norm the scale and the shift that follow it.

    1. A factor with one learned value for each feature behind LayerNorm or RMSNorm, or for each channel behind
       GroupNorm or InstanceNorm, becomes the scale of the norm, a further such factor merges with the one there.
    2. A term of that kind becomes the bias.
    3. Behind a norm of the last axis that a Transpose moves to the channels, the same goes for channels.
    4. A norm without weights that several nodes read, each with a scale of its own, is as many norms: those of parallel
       branches, whose common arithmetic was merged.

    Any other norm that several nodes read stays as it is.
    """

    @on("Mul")
    def take_scale(self, draft: Draft, node: DraftNode) -> bool:
        return self.take(draft, node, "scale")

    @on("Add")
    def take_bias(self, draft: Draft, node: DraftNode) -> bool:
        return self.take(draft, node, "bias")

    def take(self, draft: Draft, node: DraftNode, name: str) -> bool:
        """Give a norm among the operands of `node` a weight among them."""
        for read in node.inputs:
            norm = None if read is None or read.shape != node.shape else norm_behind(read, node)
            if norm is None or read is None:
                continue
            for weight in node.inputs:
                if weight is not None and fits(weight, norm, read):
                    norm.attrs[name] = True
                    rest = [i for i in node.inputs if i is not weight]
                    if len(rest) == 1:
                        draft.replace(node, read)
                    else:
                        draft.set_inputs(node, rest)
                    return True
        return False

    @on(*LAST_AXES, *CHANNELS)
    def part(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 4."""
        if len(node.users) < 2 or node.attrs["scale"] or node.attrs["bias"]:
            return False
        scales: dict[DraftNode, DraftNode] = {}
        for user in node.users:
            weight = next((w for w in user.inputs if w is not None and fits(w, node, node)), None)
            if user.op != "Mul" or weight is None or node.users[user] != 1 or user.shape != node.shape:
                return False
            scales[user] = weight
        for user, weight in scales.items():
            own = draft.add(node.op, node.inputs, node.shape, **{**node.attrs, "scale": True})
            rest = [own if i is node else i for i in user.inputs if i is not weight]
            if len(rest) == 1:
                draft.replace(user, own)
            else:
                draft.set_inputs(user, rest)
        return True
