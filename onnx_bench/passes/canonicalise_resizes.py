"""Resizing has one form."""

from __future__ import annotations

from typing import Any

from onnx_bench.draft import Draft, DraftNode
from onnx_bench.ops import OPS
from onnx_bench.passes.base import Pass, on
from onnx_bench.passes.values import data

_DEFAULTS = OPS["Resize"].defaults
_FLOORING = {
    ("asymmetric", "floor"), ("half_pixel", "round_prefer_floor"), ("pytorch_half_pixel", "round_prefer_floor"),
    ("half_pixel", "round_prefer_ceil"), ("tf_half_pixel_for_nn", "floor"),
}  # fmt: skip


class CanonicaliseResizes(Pass):
    """Gives `Resize` its canonical attributes; the target is the shape of the node.

    1. Attributes that the mode does not use have their default.
    2. Nearest-neighbour growth by whole factors has the default coordinates, however they were chosen: all repeat.
    3. A `Resize` to the same shape is dropped.
    """

    @on("Resize")
    def canonicalise(self, draft: Draft, node: DraftNode) -> bool:
        """Rules 1 to 3."""
        x, raw = data(node), node.attrs
        if node.shape is None or x.shape is None:
            return False
        if x.shape == node.shape:
            draft.replace(node, x)
            return True
        attrs: dict[str, Any] = dict(_DEFAULTS)
        attrs["mode"] = raw.get("mode", "nearest")
        coordinates = raw.get("coordinates", raw.get("coordinate_transformation_mode", "half_pixel"))
        attrs["coordinates"] = coordinates
        if attrs["mode"] == "nearest":
            nearest = raw.get("nearest_mode", attrs["nearest_mode"])
            factors = zip(node.shape, x.shape, strict=True)
            if (coordinates, nearest) in _FLOORING and all(b and a % b == 0 for a, b in factors):
                attrs["coordinates"] = "half_pixel"
            else:
                attrs["nearest_mode"] = nearest
        else:
            attrs["antialias"] = bool(raw.get("antialias", False))
            if coordinates == "pytorch_half_pixel" and 1 not in node.shape[2:]:
                attrs["coordinates"] = "half_pixel"
            if attrs["mode"] == "cubic":
                attrs["cubic_coeff_a"] = float(raw.get("cubic_coeff_a", attrs["cubic_coeff_a"]))
        if raw == attrs and len(node.inputs) == 1:
            return False
        draft.become(node, "Resize", [x], **attrs)
        return True
