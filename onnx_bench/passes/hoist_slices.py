"""Slices stand as early as they can."""

from __future__ import annotations

from itertools import pairwise
from math import prod

from onnx_bench.draft import Draft, DraftNode
from onnx_bench.passes.base import Pass, on
from onnx_bench.passes.values import data


class HoistSlices(Pass):
    """Moves a Slice before the layout operators it follows, and into a Linear.

    1. Before a Transpose.
    2. Before a Reshape, where the elements it takes are a slice of the tensor before.
    3. A Linear read by slices of its features alone, none of which overlap, is one Linear for each slice: queries, keys
       and values made in one product or in three are the same.
    """

    @on("Slice")
    def pass_transpose(self, draft: Draft, node: DraftNode) -> bool:
        x, attrs = data(node), node.attrs
        if x.op != "Transpose" or "axis" not in attrs or node.shape is None:
            return False
        perm = x.attrs["perm"]
        part = draft.add("Slice", [data(x)], **{**attrs, "axis": perm[attrs["axis"]]})
        draft.become(node, "Transpose", [part], perm=perm)
        return True

    @on("Slice")
    def pass_reshape(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 2."""
        x, attrs = data(node), node.attrs
        if x.op != "Reshape" or "axis" not in attrs or x.shape is None or node.shape is None:
            return False
        before = data(x).shape
        if before is None:
            return False
        axis = attrs["axis"]
        outer, inner = prod(x.shape[:axis]), prod(x.shape[axis + 1 :])
        for place, size in enumerate(before):
            if size != 1 and prod(before[:place]) == outer:
                break
        else:
            return False
        rest = prod(before[place + 1 :])
        start, end = attrs["start"] * inner, attrs["end"] * inner
        if attrs["step"] != 1:
            if rest != inner or size != x.shape[axis]:
                return False
        elif start % rest or end % rest or end > size * rest:
            return False
        bounds = {"start": start // rest, "end": end // rest, "step": attrs["step"]}
        draft.become(node, "Reshape", [draft.add("Slice", [data(x)], axis=place, **bounds)])
        return True

    @on("Linear")
    def split_linear(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 3."""
        if node.shape is None or len(node.users) < 2 or len(node.inputs) != 1:
            return False
        users = list(node.users)
        last = len(node.shape) - 1
        if any(u.op != "Slice" or u.attrs.get("axis") != last or u.attrs["step"] != 1 for u in users):
            return False
        cuts = sorted((u.attrs["start"], u.attrs["end"]) for u in users)
        if any(a[1] > b[0] for a, b in pairwise(cuts)):
            return False
        source, bias = data(node), node.attrs.get("bias", False)
        for user in users:
            features = user.attrs["end"] - user.attrs["start"]
            draft.become(user, "Linear", [source], features=features, bias=bias)
        return True
