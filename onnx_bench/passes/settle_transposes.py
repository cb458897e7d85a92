"""A Transpose between reshapes has one form."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod

from onnx_bench.draft import Draft, DraftNode
from onnx_bench.node import Shape
from onnx_bench.passes.base import Pass, on
from onnx_bench.passes.values import data, is_held, scalar


def blocks(before: Shape, after: Shape) -> Iterator[tuple[list[int], list[int]]]:
    """The smallest runs of axes of both shapes that hold the same elements. Axes of size 1 are left out."""
    left = [i for i, d in enumerate(before) if d != 1]
    right = [i for i, d in enumerate(after) if d != 1]
    i = j = 0
    while i < len(left) and j < len(right):
        ours, theirs = [left[i]], [right[j]]
        sizes = before[left[i]], after[right[j]]
        i, j = i + 1, j + 1
        while sizes[0] != sizes[1]:
            if sizes[0] < sizes[1]:
                ours.append(left[i])
                sizes = sizes[0] * before[left[i]], sizes[1]
                i += 1
            else:
                theirs.append(right[j])
                sizes = sizes[0], sizes[1] * after[right[j]]
                j += 1
        yield ours, theirs


def put_transpose(draft: Draft, node: DraftNode, x: DraftNode, groups: Sequence[Shape], order: Sequence[int]) -> None:
    """Turn `node` into a reshape of the transpose of `x`, whose axes are split into `groups`, in the given order."""
    source = data(x) if x.op == "Reshape" else x
    lead = (1,) if source.shape and source.shape[0] == 1 else ()
    split = draft.add("Reshape", [x], lead + tuple(d for group in groups for d in group))
    starts = [len(lead) + sum(len(g) for g in groups[:i]) for i in range(len(groups))]
    perm = tuple(starts[g] + i for g in order for i in range(len(groups[g])))
    moved = draft.add("Transpose", [split], perm=(*range(len(lead)), *perm))
    draft.become(node, "Reshape", [moved])


class SettleTransposes(Pass):
    """Gives a Transpose and the reshapes around it one form.

    1. The transposed tensor has no axis of size 1 but the first, and that where the producer of its elements has one:
       moving an axis of size 1 means nothing.
    2. Axes that move together are merged behind the Transpose, not before it.
    3. Axes that are split are split before the Transpose, not behind it.
    4. A Transpose stands before a Concat, not behind it, where that spares one of its parts: one that the network
       holds, or a single token.
    """

    @on("Transpose")
    def settle(self, draft: Draft, node: DraftNode) -> bool:
        """Rules 1 and 2."""
        x = data(node)
        perm = node.attrs.get("perm")
        if x.shape is None or node.shape is None or perm is None or 0 in x.shape:
            return False
        source = data(x) if x.op == "Reshape" else x
        if source.shape is None:
            return False
        if source is x and 1 not in x.shape[perm[0] == 0 :]:
            return False
        parts: dict[int, Shape] = {i: (d,) for i, d in enumerate(x.shape) if d != 1}
        if source is not x:
            for ours, theirs in blocks(source.shape, x.shape):
                if len(theirs) == 1:
                    parts[theirs[0]] = tuple(source.shape[i] for i in ours)
        lead = (1,) if source.shape[:1] == (1,) else ()
        shape = lead + tuple(d for i in sorted(parts) for d in parts[i])
        if shape == x.shape and perm[: len(lead)] == (0,) * len(lead):
            return False
        axes = sorted(parts)
        put_transpose(draft, node, x, [parts[i] for i in axes], [axes.index(p) for p in perm if p in parts])
        return True

    @on("Reshape")
    def split_before(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 3."""
        moved = data(node)
        if moved.op != "Transpose" or moved.shape is None or node.shape is None or prod(node.shape) == 0:
            return False
        x, perm = data(moved), moved.attrs.get("perm")
        if x.shape is None or perm is None:
            return False
        splits = [(o[0], t) for o, t in blocks(moved.shape, node.shape) if len(o) == 1 < len(t)]
        if not splits:
            return False
        parts: dict[int, Shape] = {perm[i]: (d,) for i, d in enumerate(moved.shape) if d != 1}
        for place, axes_after in splits:
            parts[perm[place]] = tuple(node.shape[i] for i in axes_after)
        axes = sorted(parts)
        put_transpose(draft, node, x, [parts[i] for i in axes], [axes.index(p) for p in perm if p in parts])
        return True

    @on("Transpose")
    def pass_concat(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 4."""
        joined, perm = data(node), node.attrs.get("perm")
        if joined.op != "Concat" or joined.only_user is not node or perm is None:
            return False
        parts = [each for each in joined.inputs if each is not None and each.shape is not None]
        if len(parts) < len(joined.inputs) or not any(is_held(part) or is_line(part) for part in parts):
            return False
        if any(part.op == "Constant" and scalar(part) is None for part in parts):
            return False
        draft.become(node, "Concat", [transposed(draft, p, perm) for p in parts], axis=perm.index(joined.attrs["axis"]))
        return True


def is_line(node: DraftNode) -> bool:
    """Whether no more than one axis is longer than 1: transposing such a tensor is a reshape."""
    return sum(dim != 1 for dim in node.shape or ()) <= 1


def transposed(draft: Draft, node: DraftNode, perm: Sequence[int]) -> DraftNode:
    """`node` with its axes in another order; what the network holds is held in that order."""
    assert node.shape is not None
    shape = tuple(node.shape[p] for p in perm)
    if is_held(node):
        return draft.add(node.op, (), shape, params=node.params, **node.attrs)
    return draft.add("Reshape", [node], shape) if is_line(node) else draft.add("Transpose", [node], perm=tuple(perm))
