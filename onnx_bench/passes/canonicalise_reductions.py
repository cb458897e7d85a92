"""Reductions have one form."""

from __future__ import annotations

from math import prod
from typing import Any

from onnx_bench.draft import Draft, DraftNode
from onnx_bench.node import Shape
from onnx_bench.passes.base import Pass, on
from onnx_bench.passes.values import data

_PLAIN = ("ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceProd")
"""Reducing an axis of size 1 by these changes nothing, and reducing axes one by one is reducing them together."""
_OTHERS = ("ReduceL1", "ReduceL2", "ReduceSumSquare", "ReduceLogSum", "ReduceLogSumExp")


class CanonicaliseReductions(Pass):
    """Gives reductions their canonical attributes.

    1. `axes` are sorted; `keepdims` is a truth value. Axes of size 1 are not reduced but reshaped away.
    2. A mean (sum, maximum, ...) of a mean that nothing else reads is one over the axes of both.
    3. Reducing axes that a `Reshape` has just merged from several is reducing those.
    4. A `Reshape` that only adds or drops axes of size 1 stands behind a reduction that alone reads it.
    5. The sum of `Mul(x, x)` is `ReduceSumSquare`, its square root `ReduceL2`.
    """

    @on(*_PLAIN, *_OTHERS)
    def canonicalise(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 1."""
        x = data(node)
        raw = node.attrs
        if "axes" not in raw or x.shape is None:
            return False
        axes = tuple(sorted(a % len(x.shape) for a in raw["axes"])) if x.shape else ()
        keepdims = bool(raw.get("keepdims", True))
        if node.op in _PLAIN:
            real = tuple(a for a in axes if x.shape[a] != 1)
            if not real:
                if node.shape is None:
                    return False
                draft.become(node, "Reshape", [x])
                return True
            if real != axes and not keepdims and node.shape is not None:
                inner = draft.add(node.op, [x], axes=real, keepdims=False)
                draft.become(node, "Reshape", [inner])
                return True
            axes = real
        attrs: dict[str, Any] = {"axes": axes, "keepdims": keepdims}
        if raw == attrs and isinstance(raw["keepdims"], bool) and len(node.inputs) == 1:
            return False
        draft.become(node, node.op, [x], **attrs)
        return True

    @on(*_PLAIN)
    def merge(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 2."""
        inner = data(node)
        if inner.op != node.op or inner.only_user is not node or "axes" not in node.attrs or "axes" not in inner.attrs:
            return False
        x = data(inner)
        if x.shape is None:
            return False
        if inner.attrs["keepdims"]:
            outer_axes = node.attrs["axes"]
        else:
            left = [i for i in range(len(x.shape)) if i not in inner.attrs["axes"]]
            outer_axes = tuple(left[a] for a in node.attrs["axes"])
        if inner.attrs["keepdims"] != node.attrs["keepdims"]:
            if node.attrs["keepdims"] or node.shape is None:
                return False
            both = draft.add(node.op, [x], axes=tuple(sorted({*inner.attrs["axes"], *outer_axes})), keepdims=False)
            draft.become(node, "Reshape", [both])
            return True
        node.attrs["axes"] = tuple(sorted({*inner.attrs["axes"], *outer_axes}))
        draft.set_inputs(node, [x])
        return True

    @on(*_PLAIN)
    def reach_through_reshape(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 3."""
        reshape = data(node)
        axes = node.attrs.get("axes")
        if reshape.op != "Reshape" or not axes or node.shape is None or reshape.shape is None:
            return False
        x = data(reshape)
        found = None if x.shape is None else _unmerged(x.shape, reshape.shape, axes)
        if found is None or len(found) <= len(axes):
            return False
        if node.attrs["keepdims"]:
            inner = draft.add(node.op, [x], axes=found, keepdims=False)
            draft.become(node, "Reshape", [inner])
        else:
            node.attrs["axes"] = found
            draft.set_inputs(node, [x])
        return True

    @on(*_PLAIN)
    def pass_units(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 4."""
        reshape = data(node)
        axes, after = node.attrs.get("axes"), reshape.shape
        if reshape.op != "Reshape" or reshape.only_user is not node or not axes or after is None:
            return False
        before = data(reshape).shape or ()
        real = [i for i, dim in enumerate(before) if dim != 1]
        if [before[i] for i in real] != [dim for dim in after if dim != 1] or any(after[a] == 1 for a in axes):
            return False
        places = tuple(real[sum(dim != 1 for dim in after[:a])] for a in axes)
        draft.become(node, "Reshape", [draft.add(node.op, [data(reshape)], axes=places, keepdims=False)])
        return True

    @on("ReduceSum")
    def sum_squares(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 5."""
        square = data(node)
        if square.op != "Mul" or len(square.inputs) != 2 or square.inputs[0] is not square.inputs[1]:
            return False
        if "axes" not in node.attrs:
            return False
        draft.become(node, "ReduceSumSquare", [square.inputs[0]], **node.attrs)
        return True

    @on("Sqrt")
    def take_norm(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 5."""
        squares = data(node)
        if squares.op != "ReduceSumSquare" or squares.only_user is not node:
            return False
        draft.become(node, "ReduceL2", [squares.inputs[0]], **squares.attrs)
        return True


def _unmerged(before: Shape, after: Shape, axes: tuple[int, ...]) -> tuple[int, ...] | None:
    """The axes of `before` that neighbouring `axes` of its reshaped form `after` were merged from."""
    first, last = axes[0], axes[-1]
    if axes != tuple(range(first, last + 1)):
        return None
    tail = len(after) - last - 1
    end = len(before) - tail
    if end <= first or before[:first] != after[:first] or before[end:] != after[last + 1 :]:
        return None
    if prod(before[first:end]) != prod(after[first : last + 1]) or 1 in before[first:end]:
        return None
    return tuple(range(first, end))
