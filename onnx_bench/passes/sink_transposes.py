"""Transposes stand as late as they can."""

from __future__ import annotations

from onnx_bench.draft import Draft, DraftNode
from onnx_bench.passes.base import Pass, on
from onnx_bench.passes.sink_reshapes import POINTWISE
from onnx_bench.passes.values import data, is_held, scalar

REDUCTIONS = ("ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceL2")



class SinkTransposes(Pass):
    """Moves a Transpose behind the operators that do not care for it, where it may meet its inverse and vanish.

    1. Behind operators on single elements.
    2. Behind sums, products and differences whose operands are transposed alike; scalars go along.
    3. Behind Softmax, Concat and reductions, whose axes are renamed.
    """

    @on(*POINTWISE)
    def pass_pointwise(self, draft: Draft, node: DraftNode) -> bool:
        x = node.inputs[0]
        if x is None or x.op != "Transpose" or len(node.inputs) != 1:
            return False
        source = data(x)
        moved = draft.add(node.op, [source], source.shape, params=node.params, **node.attrs)
        draft.become(node, "Transpose", [moved], perm=x.attrs["perm"])
        return True

    @on("Add", "Mul", "Sub", "Div", "Concat")
    def pass_alike(self, draft: Draft, node: DraftNode) -> bool:
        """Rules 2 and 3."""
        found = [i for i in node.inputs if i is not None and i.op == "Transpose"]
        if not found or node.shape is None or found[0].shape is None or len(found[0].shape) != len(node.shape):
            return False
        perm = found[0].attrs["perm"]
        inputs: list[DraftNode | None] = []
        for each in node.inputs:
            if each is not None and each.op == "Transpose" and each.attrs["perm"] == perm:
                inputs.append(data(each))
            elif node.op != "Concat" and each is not None and is_held(each) and scalar(each) is not None:
                inputs.append(each)
            else:
                return False
        attrs = {"axis": perm[node.attrs["axis"]]} if node.op == "Concat" else {}
        draft.become(node, "Transpose", [draft.add(node.op, inputs, **attrs)], perm=perm)
        return True

    @on("Softmax", "LogSoftmax")
    def pass_softmax(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 3."""
        x = data(node)
        if x.op != "Transpose" or x.shape is None:
            return False
        perm = x.attrs["perm"]
        moved = draft.add(node.op, [data(x)], axis=perm[node.attrs["axis"] % len(perm)])
        draft.become(node, "Transpose", [moved], perm=perm)
        return True

    @on(*REDUCTIONS)
    def pass_reduction(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 3."""
        x = data(node)
        axes = node.attrs.get("axes")
        if x.op != "Transpose" or x.shape is None or axes is None:
            return False
        perm = x.attrs["perm"]
        keepdims = node.attrs.get("keepdims", True)
        moved = draft.add(node.op, [data(x)], axes=tuple(sorted(perm[a] for a in axes)), keepdims=keepdims)
        if keepdims:
            draft.become(node, "Transpose", [moved], perm=perm)
            return True
        kept = [p for i, p in enumerate(perm) if i not in axes]
        order = tuple(sorted(kept).index(p) for p in kept)
        draft.become(node, "Transpose", [moved], perm=order)
        return True
