"""The Attention operator of ONNX in elementary operators."""

from __future__ import annotations

from collections.abc import Sequence

from onnx_bench.draft import Draft, DraftNode
from onnx_bench.op_rules import broadcast
from onnx_bench.passes.base import Pass, on
from onnx_bench.passes.fuse_attention import filled_mask
from onnx_bench.passes.values import constant, data, element_class, get_input


class ExpandAttention(Pass):
    """Writes ONNX `Attention` (opset 23) as products and a softmax, which `FuseAttention` takes up.

    1. Inputs of rank 3 are split into heads, past keys and values are put before the new ones, and fewer key heads than
       query heads are repeated.
    2. Scale, cap and mask become operators; causality becomes a held mask.

    The canonical Attention has the attribute `causal`; that of ONNX never does.
    """

    @on("Attention")
    def expand(self, draft: Draft, node: DraftNode) -> bool:
        if "causal" in node.attrs or any(i is None or i.shape is None for i in node.inputs[:3]):
            return False
        if any(user.op == "Output" for user in node.users):
            return False
        attrs = node.attrs
        heads = (attrs.get("q_num_heads"), attrs.get("kv_num_heads"), attrs.get("kv_num_heads"))
        q, k, v = (split_heads(draft, data(node, i), heads[i]) for i in range(3))
        for i in (4, 5):
            past = get_input(node, i)
            if past is not None:
                k, v = (joined(draft, past, k), v) if i == 4 else (k, joined(draft, past, v))
        k, v = repeat_heads(draft, k, q), repeat_heads(draft, v, q)
        assert q.shape is not None
        scores = draft.add("MatMul", [q, draft.add("Transpose", [k], perm=(0, 1, 3, 2))])
        scale = attrs.get("scale") or q.shape[-1] ** -0.5
        scores = draft.add("Mul", [scores, constant(draft, scale)])
        cap = attrs.get("softcap", 0.0)
        if cap:
            capped = draft.add("Tanh", [draft.add("Mul", [scores, constant(draft, 1 / cap)])])
            scores = draft.add("Mul", [capped, constant(draft, cap)])
        masks = self.masks(draft, node, scores)
        if masks:
            scores = draft.add("Add", [scores, *masks])
        result = draft.add("MatMul", [draft.add("Softmax", [scores], axis=3), v])
        if node.shape is not None and len(node.shape) == 3:
            draft.become(node, "Reshape", [draft.add("Transpose", [result], perm=(0, 2, 1, 3))])
        else:
            draft.replace(node, result)
        return True

    @staticmethod
    def masks(draft: Draft, node: DraftNode, scores: DraftNode) -> list[DraftNode]:
        """The terms that `node` adds to its scores."""
        masks = []
        mask = get_input(node, 3)
        if mask is not None and mask.attrs.get("value") != (True,):  # which masks nothing
            if element_class(mask) == "bool":
                mask = filled_mask(draft, mask, keeps=True)
            masks.append(mask)
        if node.attrs.get("is_causal", 0):
            assert scores.shape is not None
            masks.append(draft.add("Parameter", (), scores.shape[-2:], params=0))
        return masks


def split_heads(draft: Draft, node: DraftNode, heads: int | None) -> DraftNode:
    """[B, L, heads * D] as [B, heads, L, D]; rank 4 stays."""
    shape = node.shape
    assert shape is not None
    if len(shape) != 3 or not heads:
        return node
    split = draft.add("Reshape", [node], (*shape[:2], heads, shape[2] // heads))
    return draft.add("Transpose", [split], perm=(0, 2, 1, 3))


def joined(draft: Draft, past: DraftNode, new: DraftNode) -> DraftNode:
    return draft.add("Concat", [past, new], axis=2)


def repeat_heads(draft: Draft, node: DraftNode, like: DraftNode) -> DraftNode:
    """`node` with each head repeated until there are as many as in `like`."""
    assert node.shape is not None and like.shape is not None
    batch, heads, length, width = node.shape
    wanted = like.shape[1]
    if heads == wanted or heads == 1:
        return node
    shape: Sequence[int] = (batch, heads, wanted // heads, length, width)
    apart = draft.add("Reshape", [node], (batch, heads, 1, length, width))
    spread = draft.add("Expand", [apart], tuple(broadcast((apart.shape or (), tuple(shape)))))
    return draft.add("Reshape", [spread], (batch, wanted, length, width))
