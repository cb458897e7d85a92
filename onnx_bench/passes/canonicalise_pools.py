"""Pooling has one form."""

from __future__ import annotations

from math import inf
from typing import Any

from onnx_bench.draft import Draft, DraftNode
from onnx_bench.passes.base import Pass, on
from onnx_bench.passes.values import data, words

_POOLS = ("MaxPool", "AveragePool", "LpPool")
_GLOBAL = {"GlobalAveragePool": "ReduceMean", "GlobalMaxPool": "ReduceMax", "AveragePool": "ReduceMean",
           "MaxPool": "ReduceMax"}  # fmt: skip
_NOT_NEGATIVE = words("Relu Sigmoid HardSigmoid Abs Softmax Softplus Exp")


class CanonicalisePools(Pass):
    """Gives pools their canonical attributes.

    1. Strides, pads and dilations are written out; `ceil_mode` becomes padding at the end where that is the same.
       Padding at the end that no window reaches is dropped, as far as there is more than at the beginning.
    2. An `AveragePool` that has no padding does not count it.
    3. Pools over the whole plane, and global pools, are `ReduceMean` or `ReduceMax` of the spatial axes.
    4. A pool with windows of one element and stride 1 is dropped.
    5. A `Pad` before a pool becomes padding of the pool where the result is the same.
    """

    @on("GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool")
    def reduce_globally(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 3."""
        x = data(node)
        if x.shape is None:
            return False
        op = _GLOBAL.get(node.op)
        if op is None:
            order = node.attrs.get("p", 2)
            if order not in (1, 2):
                return False
            op = f"ReduceL{order}"
        draft.become(node, op, [x], axes=tuple(range(2, len(x.shape))), keepdims=True)
        return True

    @on(*_POOLS)
    def canonicalise(self, draft: Draft, node: DraftNode) -> bool:
        """Rules 1 to 4."""
        raw = node.attrs
        kernel = raw.get("kernel") or raw.get("kernel_shape")
        if not kernel or data(node).shape is None:
            return False
        attrs = _attributes(node.op, raw, tuple(kernel))
        if attrs["ceil_mode"]:
            _resolve_ceil_mode(node, attrs)
        _trim_end(node, attrs)
        indices_read = any(user.op == "Output" for user in node.users)
        if not indices_read and (self.drop_trivial(draft, node, attrs) or self.reduce_plane(draft, node, attrs)):
            return True
        if attrs == raw and len(node.inputs) == 1:
            return False
        draft.become(node, node.op, [data(node)], **attrs)
        return True

    def drop_trivial(self, draft: Draft, node: DraftNode, attrs: dict[str, Any]) -> bool:
        """Rule 4."""
        if node.op == "LpPool" or set(attrs["kernel"] + attrs["strides"]) != {1} or any(attrs["pads"]):
            return False
        draft.replace(node, data(node))
        return True

    def reduce_plane(self, draft: Draft, node: DraftNode, attrs: dict[str, Any]) -> bool:
        """Rule 3."""
        x = data(node)
        if node.op == "LpPool" or x.shape is None or attrs["kernel"] != x.shape[2:] or any(attrs["pads"]):
            return False
        draft.become(node, _GLOBAL[node.op], [x], axes=tuple(range(2, len(x.shape))), keepdims=True)
        return True

    @on("MaxPool", "AveragePool")
    def absorb_pad(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 5."""
        pad = data(node)
        pads = node.attrs.get("pads")
        if pad.op != "Pad" or pads is None or pad.attrs.get("mode") != "constant" or "kernel" not in node.attrs:
            return False
        extra, value, rank = pad.attrs["pads"], pad.attrs["value"], len(node.attrs["kernel"])
        if min(extra) < 0 or any(extra[:2]) or any(extra[rank + 2 : rank + 4]):
            return False
        if node.op == "MaxPool":
            source = data(pad)
            if value > -3e38 and not (value == 0 and _is_not_negative(source)):
                return False
        else:
            if value != 0 or (any(pads) and not node.attrs["count_include_pad"]):
                return False
            node.attrs["count_include_pad"] = True
        both = extra[2 : 2 + rank] + extra[4 + rank :]
        node.attrs["pads"] = tuple(a + b for a, b in zip(pads, both, strict=True))
        draft.set_inputs(node, [data(pad)])
        return True


def _attributes(op: str, raw: dict[str, Any], kernel: tuple[int, ...]) -> dict[str, Any]:
    """Rules 1 and 2."""
    rank = len(kernel)
    pads = tuple(raw.get("pads") or (0,) * (2 * rank))
    attrs: dict[str, Any] = {
        "kernel": kernel, "strides": tuple(raw.get("strides") or (1,) * rank), "pads": pads,
        "dilations": tuple(raw.get("dilations") or (1,) * rank), "ceil_mode": bool(raw.get("ceil_mode", False)),
    }  # fmt: skip
    if op == "AveragePool":
        attrs["count_include_pad"] = bool(raw.get("count_include_pad", False)) and any(pads)
    if op == "LpPool":
        attrs["p"] = int(raw.get("p", 2))
    return attrs


def _resolve_ceil_mode(node: DraftNode, attrs: dict[str, Any]) -> None:
    """Rule 1: pad the end by what the last windows need."""
    x = data(node).shape
    if node.shape is None or x is None:
        return
    rank = len(attrs["kernel"])
    pads = list(attrs["pads"])
    for i, (kernel, stride, dilation) in enumerate(
        zip(attrs["kernel"], attrs["strides"], attrs["dilations"], strict=True)
    ):
        needed = (node.shape[2 + i] - 1) * stride + dilation * (kernel - 1) + 1
        missing = needed - (x[2 + i] + pads[i] + pads[rank + i])
        if missing > 0:
            pads[rank + i] += missing
    counts_pads = node.op == "LpPool" or attrs.get("count_include_pad", False)
    if tuple(pads) == attrs["pads"] or not counts_pads:
        attrs["pads"], attrs["ceil_mode"] = tuple(pads), False


def _trim_end(node: DraftNode, attrs: dict[str, Any]) -> None:
    """Rule 1: an exporter without `ceil_mode` pads the end by a whole stride."""
    x, pads, rank = data(node).shape, list(attrs["pads"]), len(attrs["kernel"])
    if node.shape is None or x is None or attrs["ceil_mode"]:
        return
    for i in range(rank):
        if pads[rank + i] > pads[i]:
            span = attrs["dilations"][i] * (attrs["kernel"][i] - 1) + 1
            needed = (node.shape[2 + i] - 1) * attrs["strides"][i] + span - x[2 + i] - pads[i]
            pads[rank + i] = max(pads[i], min(needed, pads[rank + i]))
    attrs["pads"] = tuple(pads)


def _is_not_negative(node: DraftNode) -> bool:
    """Whether zeros beside `node` cannot change a maximum."""
    while node.op in ("MaxPool", "AveragePool", "Reshape", "Slice", "Transpose"):
        node = data(node)
    return node.op in _NOT_NEGATIVE or (node.op == "Clip" and float(node.attrs.get("min", -inf)) >= 0)
