"""Padding belongs to the layer that needs it."""

from __future__ import annotations

from onnx_bench.draft import Draft, DraftNode
from onnx_bench.passes.base import Pass, on
from onnx_bench.passes.values import FLOAT_LIMIT, data, get_input, scalar


class CanonicalisePads(Pass):
    """Gives `Pad` its canonical attributes and folds it into convolutions.

    1. A `Pad` by nothing is dropped; one by negative amounts takes slices.
    2. A `Pad` of the spatial axes by zeros before a `Conv` is padding of the `Conv`
       (before a pool: `CanonicalisePools`).
    """

    @on("Pad")
    def canonicalise(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 1."""
        x, pads = data(node), node.attrs.get("pads")
        if pads is None or x.shape is None or len(pads) != 2 * len(x.shape):
            return False
        if not any(pads):
            draft.replace(node, x)
            return True
        mode = node.attrs.get("mode", "constant")
        value = node.attrs.get("value", scalar(get_input(node, 2)) or 0.0) if mode == "constant" else 0.0
        value = max(min(float(value), float("inf")), float("-inf"))
        if abs(value) > FLOAT_LIMIT:
            value = float("inf") if value > 0 else float("-inf")
        if min(pads) < 0:
            rank = len(x.shape)
            for axis in range(rank):
                start, end = -min(pads[axis], 0), x.shape[axis] + min(pads[rank + axis], 0)
                if (start, end) != (0, x.shape[axis]):
                    x = draft.add("Slice", [x], axis=axis, start=start, end=end, step=1)
                    assert x.shape is not None, "a slice of a known shape has one"
            pads = tuple(max(p, 0) for p in pads)
        attrs = {"pads": tuple(pads), "mode": mode, "value": value}
        if attrs == node.attrs and len(node.inputs) == 1:
            return False
        draft.become(node, "Pad", [x], **attrs)
        return True

    @on("Conv")
    def fold(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 2."""
        pad = data(node)
        if pad.op != "Pad" or "kernel" not in node.attrs or pad.attrs.get("mode") != "constant":
            return False
        extra, rank = pad.attrs["pads"], len(node.attrs["kernel"])
        if pad.attrs.get("value") != 0 or min(extra) < 0 or any(extra[:2]) or any(extra[rank + 2 : rank + 4]):
            return False
        both = extra[2 : 2 + rank] + extra[4 + rank :]
        node.attrs["pads"] = tuple(a + b for a, b in zip(node.attrs["pads"], both, strict=True))
        draft.set_inputs(node, [data(pad), *node.inputs[1:]])
        return True
