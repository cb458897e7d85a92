"""Einstein sums of two tensors are matrix products."""

from __future__ import annotations

from math import prod

from onnx_bench.draft import Draft, DraftNode
from onnx_bench.passes.base import Pass, on
from onnx_bench.passes.values import data


def arranged(draft: Draft, node: DraftNode, labels: str, groups: tuple[str, str, str]) -> DraftNode:
    """`node`, whose axes have `labels`, with its axes in the order of `groups`, each but the first group one axis."""
    order = "".join(groups)
    if order != labels:
        node = draft.add("Transpose", [node], perm=tuple(labels.index(c) for c in order))
    assert node.shape is not None
    size = dict(zip(order, node.shape, strict=True))
    first, *rest = groups
    return draft.add("Reshape", [node], (*(size[c] for c in first), *(prod(size[c] for c in g) for g in rest)))


class ExpandEinsum(Pass):
    """Writes `Einsum` of two tensors as a product of matrices between changes of layout.

    1. Labels of both tensors and the result are batch axes, labels of both tensors alone are summed over. Sums with an
       ellipsis, a repeated label or one that a single tensor has and the result lacks stay.
    """

    @on("Einsum")
    def expand(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 1."""
        terms, arrow, result = str(node.attrs.get("equation", "")).replace(" ", "").partition("->")
        parts = terms.split(",")
        if len(parts) != 2 or len(node.inputs) != 2 or not arrow or node.shape is None:
            return False
        left, right = parts
        if any(len(set(p)) != len(p) or not p.isalpha() for p in (left, right)) or len(set(result)) != len(result):
            return False
        if set(result) - set(terms) or (set(left) ^ set(right)) - set(result):
            return False
        operands = data(node), data(node, 1)
        if any(x.shape is None or len(x.shape) != len(p) for x, p in zip(operands, parts, strict=True)):
            return False
        if any(size(operands[0], left, c) != size(operands[1], right, c) for c in set(left) & set(right)):
            return False
        batch = "".join(c for c in left if c in right and c in result)
        summed = "".join(c for c in left if c in right and c not in result)
        rows, columns = ("".join(c for c in part if c not in other) for part, other in ((left, right), (right, left)))
        product = draft.add("MatMul", [
            arranged(draft, operands[0], left, (batch, rows, summed)),
            arranged(draft, operands[1], right, (batch, summed, columns)),
        ])  # fmt: skip
        order = batch + rows + columns
        sizes = {**dict(zip(left, operands[0].shape or (), strict=True)),
                 **dict(zip(right, operands[1].shape or (), strict=True))}  # fmt: skip
        product = draft.add("Reshape", [product], tuple(sizes[c] for c in order))
        if order == result:
            draft.replace(node, product)
        else:
            draft.become(node, "Transpose", [product], perm=tuple(order.index(c) for c in result))
        return True


def size(node: DraftNode, labels: str, label: str) -> int:
    """The length of the axis of `node` with this label."""
    assert node.shape is not None
    return node.shape[labels.index(label)]
