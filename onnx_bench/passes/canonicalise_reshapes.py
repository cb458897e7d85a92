"""Changes of shape and of the order of axes have one form."""

from __future__ import annotations

from onnx_bench.draft import Draft, DraftNode
from onnx_bench.passes.base import Pass, on
from onnx_bench.passes.values import data, words

_REDUCE = words("""
    ReduceMean ReduceSum ReduceMax ReduceMin ReduceProd ReduceL1 ReduceL2 ReduceSumSquare ReduceLogSum ReduceLogSumExp
""")


class CanonicaliseReshapes(Pass):
    """Merges chains of layout operators.

    1. `Flatten`, `Squeeze`, `Unsqueeze` are `Reshape`, whose target is the shape of the node.
    2. A `Reshape` of a `Reshape` reads past it; one that changes nothing is dropped.
    3. A `Transpose` of a `Transpose` is one; one that moves only axes of size 1 is a `Reshape`.
    4. A `Reshape` after a reduction that nothing else reads: dropping (adding) the reduced axes alone is `keepdims`;
       any other reads a reduction that drops them.
    """

    @on("Flatten", "Squeeze", "Unsqueeze")
    def use_reshape(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 1."""
        if node.shape is None:
            return False
        draft.become(node, "Reshape", [data(node)])
        return True

    @on("Reshape")
    def merge_reshapes(self, draft: Draft, node: DraftNode) -> bool:
        """Rules 1 and 2."""
        if node.shape is None:
            return False
        if node.attrs or len(node.inputs) > 1:
            draft.become(node, "Reshape", [data(node)])
            return True
        x = data(node)
        if x.shape == node.shape:
            draft.replace(node, x)
            return True
        if x.op == "Reshape" and len(x.inputs) == 1:
            draft.set_inputs(node, x.inputs)
            return True
        return False

    @on("Reshape")
    def keep_dims(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 4."""
        reduced = data(node)
        if reduced.op not in _REDUCE or reduced.only_user is not node or node.shape is None:
            return False
        x, axes = data(reduced).shape, reduced.attrs.get("axes")
        if x is None or axes is None:
            return False
        dropped = tuple(d for i, d in enumerate(x) if i not in axes)
        kept = tuple(1 if i in axes else d for i, d in enumerate(x))
        if node.shape in (dropped, kept):
            draft.become(node, reduced.op, reduced.inputs, axes=axes, keepdims=node.shape == kept and kept != dropped)
            return True
        if not reduced.attrs["keepdims"]:
            return False
        reduced.attrs["keepdims"] = False
        reduced.shape = dropped
        return True

    @on("Transpose")
    def merge_transposes(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 3."""
        x = data(node)
        perm = node.attrs.get("perm")
        if perm is None:
            if x.shape is None:
                return False
            perm = tuple(range(len(x.shape) - 1, -1, -1))
            node.attrs["perm"] = perm
        if perm == tuple(range(len(perm))):
            draft.replace(node, x)
            return True
        if x.op == "Transpose" and "perm" in x.attrs:
            inner = x.attrs["perm"]
            draft.become(node, "Transpose", x.inputs, perm=tuple(inner[p] for p in perm))
            return True
        if x.shape is not None and node.shape is not None:
            real = [p for p in perm if x.shape[p] != 1]
            if real == sorted(real):
                draft.become(node, "Reshape", [x])
                return True
        return False
