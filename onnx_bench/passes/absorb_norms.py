"""Scales and shifts become part of the normalisation that reads them."""

from __future__ import annotations

from onnx_bench.draft import Draft, DraftNode
from onnx_bench.ops import OPS
from onnx_bench.passes.base import Pass, on
from onnx_bench.passes.values import data, get_input, is_held, scalar

BATCH_NORM_EPSILON = OPS["BatchNorm"].defaults["epsilon"]


class AbsorbNorms(Pass):
    """Turns the normalisation operators of ONNX into layers that own scale and shift.

    1. `BatchNormalization` with held statistics is `BatchNorm`. Its epsilon is part of the scale at inference, so
       every `BatchNorm` has the default one.
    2. `InstanceNormalization`, `LayerNormalization`, `GroupNormalization`, `RMSNormalization` with held scale and shift
       are `InstanceNorm`, `LayerNorm`, `GroupNorm`, `RMSNorm`; a scale of ones or a shift of zeros is none. Over last
       axes of size 1, [C, 1, 1], a `LayerNorm` or `RMSNorm` is one over C between reshapes.
    3. Operators whose scale or shift is computed from data stay as they are.
    """

    @on("BatchNormalization")
    def absorb_batch_norm(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 1."""
        held = node.inputs[1:5]
        if len(held) < 4:
            return False
        for each in held:
            if each is None or not is_held(each) or not each.shape or len(each.shape) != 1:
                return False
        if any(user.op == "Output" for user in node.users):
            return False
        draft.become(node, "BatchNorm", [data(node)], epsilon=BATCH_NORM_EPSILON)
        return True

    @on("BatchNorm")
    def fix_epsilon(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 1."""
        if node.attrs.get("epsilon") == BATCH_NORM_EPSILON:
            return False
        node.attrs["epsilon"] = BATCH_NORM_EPSILON
        return True

    @on("LayerNormalization", "RMSNormalization")
    def absorb_layer_norm(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 2."""
        x = data(node)
        axis = int(node.attrs.get("axis", -1))
        if not _owns(node) or any(user.op == "Output" for user in node.users) or (x.shape is None and axis >= 0):
            return False
        dims = -axis if x.shape is None else len(x.shape) - axis % len(x.shape)
        name = "LayerNorm" if node.op == "LayerNormalization" else "RMSNorm"
        attrs = {"epsilon": node.attrs.get("epsilon", 1e-5), **_affine(node)}
        if x.shape is None or dims < 2 or x.shape[-1] != 1:
            draft.become(node, name, [x], dims=dims, **attrs)
            return True
        rows = x.shape[: len(x.shape) - dims]
        kept = tuple(d for d in x.shape[len(rows) :] if d != 1) or (1,)
        flat = draft.add("Reshape", [x], (*rows, *kept))
        draft.become(node, "Reshape", [draft.add(name, [flat], flat.shape, dims=len(kept), **attrs)])
        return True

    @on("InstanceNormalization")
    def absorb_instance_norm(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 2."""
        if not _owns(node):
            return False
        epsilon = node.attrs.get("epsilon", 1e-5)
        draft.become(node, "InstanceNorm", [data(node)], epsilon=epsilon, **_affine(node))
        return True

    @on("GroupNormalization")
    def absorb_group_norm(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 2."""
        if not _owns(node) or "num_groups" not in node.attrs:
            return False
        groups, epsilon = node.attrs["num_groups"], node.attrs.get("epsilon", 1e-5)
        draft.become(node, "GroupNorm", [data(node)], groups=groups, epsilon=epsilon, **_affine(node))
        return True


def _owns(node: DraftNode) -> bool:
    """Whether scale and shift, where given, are held."""
    return all(i is None or is_held(i) for i in node.inputs[1:3])


def _affine(node: DraftNode) -> dict[str, bool]:
    """Whether there is a scale and a shift that do something."""
    scale, bias = get_input(node, 1), get_input(node, 2)
    return {
        "scale": scale is not None and not _is_filled(scale, 1.0),
        "bias": bias is not None and not _is_filled(bias, 0.0),
    }


def _is_filled(node: DraftNode, value: float) -> bool:
    """Whether `node` is known to hold nothing but `value`; a single learned number is not."""
    return scalar(node) == value and node.shape not in ((), (1,))
