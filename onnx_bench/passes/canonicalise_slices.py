"""Everything that cuts a tensor is a slice of one axis."""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import Any

from onnx_bench.draft import Draft, DraftNode
from onnx_bench.node import Shape
from onnx_bench.passes.base import Pass, on
from onnx_bench.passes.values import data, get_input, ints, is_held

MAX_BLOCK = 4
"""Largest block of SpaceToDepth that is written as slices."""


class CanonicaliseSlices(Pass):
    """Cuts tensors by `Slice` of one axis.

    1. `Split` is one `Slice` per output that is read.
    2. A `Slice` of several axes is a chain, the first axis first; bounds are inside the tensor, `end` follows the last
       element taken.
    3. `Gather` of evenly spaced constant positions is a `Slice`, and a `Reshape` unless they are a list. The dynamo
       exporter writes the pooling of permuted images with one of all positions.
    4. A `Slice` that takes everything is dropped; a `Slice` of a `Slice` of the same axis is one.
    5. `SpaceToDepth` of small blocks is a `Concat` of slices, which onnxruntime makes it from, and so is the `Gather`
       with which it brings whole operands of a `Concat` into another order.
    """

    @on("Split")
    def split(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 1."""
        x = data(node)
        sizes, axis = node.attrs.get("split"), node.attrs.get("axis", 0)
        if sizes is None or x.shape is None:
            return False
        starts = [0, *accumulate(sizes)]
        for user in list(node.users):
            if user.op == "Output" and not user.dead:
                start, size = starts[user.attrs["index"]], sizes[user.attrs["index"]]
                draft.become(user, "Slice", [x], axis=axis, start=start, end=start + size, step=1)
        if not node.dead:
            draft.become(node, "Slice", [x], axis=axis, start=0, end=sizes[0], step=1)
        return True

    @on("Slice")
    def separate_axes(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 2."""
        raw, x = node.attrs, data(node)
        if "axes" not in raw or x.shape is None:
            return False
        columns = list(zip(raw["axes"], raw["starts"], raw["ends"], raw["steps"], strict=True))
        if not columns:
            draft.replace(node, x)
            return True
        for axis, start, end, step in columns[:-1]:
            x = draft.add("Slice", [x], **_bounds(x.shape, axis, start, end, step))
        assert x.shape is not None, "slices of a known shape have one"
        draft.become(node, "Slice", [x], **_bounds(x.shape, *columns[-1]))
        return True

    @on("Slice")
    def merge(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 4."""
        x, attrs = data(node), node.attrs
        if "axis" not in attrs:
            return False
        if x.shape is not None and x.shape == node.shape and attrs["step"] == 1:
            draft.replace(node, x)
            return True
        if x.op != "Slice" or x.attrs.get("axis") != attrs["axis"]:
            return False
        base = data(x).shape
        inner = range(x.attrs["start"], x.attrs["end"], x.attrs["step"])
        taken = inner[attrs["start"] : None if attrs["end"] < 0 else attrs["end"] : attrs["step"]]
        if base is None or not taken:
            return False
        merged = _bounds(base, attrs["axis"], taken.start, taken.stop, taken.step)
        draft.become(node, "Slice", [data(x)], **merged)
        return True

    @on("Gather")
    def take(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 3."""
        x, index = data(node), get_input(node, 1)
        where = ints(index)
        if where is None or index is None or index.shape is None or not where:
            return False
        if x.shape is None or is_held(x):
            return False
        axis = node.attrs.get("axis", 0) % len(x.shape)
        places = [w % x.shape[axis] for w in where]
        step = places[1] - places[0] if len(places) > 1 else 1
        if step == 0 or any(b - a != step for a, b in pairwise(places)):
            return False
        bounds = _bounds(x.shape, axis, places[0], places[-1] + (1 if step > 0 else -1), step)
        if len(index.shape) != 1:
            draft.become(node, "Reshape", [draft.add("Slice", [x], **bounds)])
        else:
            draft.become(node, "Slice", [x], **bounds)
        return True

    @on("SpaceToDepth")
    def cut_blocks(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 5."""
        x, size = data(node), node.attrs["blocksize"]
        if x.shape is None or len(x.shape) != 4 or not 1 <= size <= MAX_BLOCK:
            return False
        height, width = x.shape[2:]
        if height % size or width % size:
            return False
        rows = [draft.add("Slice", [x], **_bounds(x.shape, 2, i, height, size)) for i in range(size)]
        parts = [draft.add("Slice", [r], **_bounds(x.shape, 3, i, width, size)) for r in rows for i in range(size)]
        draft.become(node, "Concat", parts, axis=1)
        return True

    @on("Gather")
    def reorder(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 5."""
        joined, index = data(node), get_input(node, 1)
        where = ints(index)
        if joined.op != "Concat" or where is None or index is None or len(index.shape or ()) != 1:
            return False
        axis = joined.attrs["axis"]
        if joined.shape is None or node.attrs.get("axis", 0) % len(joined.shape) != axis % len(joined.shape):
            return False
        parts, start = {}, 0
        for part in joined.inputs:
            size = part.shape[axis] if part is not None and part.shape else 0
            if size:
                parts[start] = (part, size)
            start += size
        taken, at = [], 0
        while at < len(where):
            part, size = parts.get(where[at], (None, 0))
            if part is None or size > len(where) - at:
                return False
            if where[at : at + size] != tuple(range(where[at], where[at] + size)):
                return False
            taken.append(part)
            at += size
        draft.become(node, "Concat", taken, axis=axis)
        return True


def _bounds(shape: Shape, axis: int, start: int, end: int, step: int) -> dict[str, Any]:
    """Attributes of a Slice of a resolved range: the end follows the last element, one element has step 1."""
    count = len(range(start, end, step))
    if count == 0:
        return {"axis": axis, "start": 0, "end": 0, "step": 1}
    if count == 1:
        return {"axis": axis, "start": start, "end": start + 1, "step": 1}
    return {"axis": axis, "start": start, "end": start + (count - 1) * step + (1 if step > 0 else -1), "step": step}
