"""Activations have one form."""

from __future__ import annotations

from math import inf

from onnx_bench.draft import Draft, DraftNode
from onnx_bench.passes.base import Pass, on
from onnx_bench.passes.values import bound, constant, data, element_class, get_input, scalar


class CanonicaliseActivations(Pass):
    """Gives activations their canonical attributes.

    1. `Clip` has attributes `min` and `max`; computed bounds are `Max` and `Min`. `Clip` to [0, inf) is `Relu`, one
       without bounds is dropped, one of a `Clip` or `Relu` is one; so are `Max` and `Min` with a constant.
    2. `Relu` of what is not negative is dropped.
    3. `HardSigmoid` without attributes has those of ONNX; the constants of `Selu` are not attributes.
    4. `Swish` is `Silu` where its factor is 1, else the product it stands for.
    5. `Softmax` between two transposes stands behind both: exporters of old opsets put the axis last and back.
    """

    @on("Clip")
    def clip(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 1."""
        low, high = bound(node, "min", 1), bound(node, "max", 2)
        x = data(node)
        if low is None or high is None:
            if len(node.inputs) < 2:
                return False
            lower, upper = get_input(node, 1), get_input(node, 2)
            if upper is None:
                draft.become(node, "Max", [x, lower])
            else:
                inner = x if lower is None else draft.add("Max", [x, lower], node.shape)
                draft.become(node, "Min", [inner, upper])
            return True
        if x.op == "Clip" or x.op == "Relu":
            first = (0.0, inf) if x.op == "Relu" else (bound(x, "min", 1), bound(x, "max", 2))
            if first[0] is not None and first[1] is not None:
                low, high = min(max(first[0], low), high), max(min(first[1], high), low)
                x = data(x)
        if low == -inf and high == inf:
            draft.replace(node, x)
            return True
        if low == 0 and high == inf:
            draft.become(node, "Relu", [x])
            return True
        if node.attrs == {"min": low, "max": high} and len(node.inputs) == 1 and x is node.inputs[0]:
            return False
        draft.become(node, "Clip", [x], min=low, max=high)
        return True

    @on("Max", "Min")
    def bound_by_constant(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 1."""
        if len(node.inputs) != 2 or element_class(node) != "float":
            return False
        for i in (1, 0):
            value, x = scalar(get_input(node, i)), data(node, 1 - i)
            if value is not None and x.shape is not None and x.shape == node.shape:
                low, high = (value, inf) if node.op == "Max" else (-inf, value)
                draft.become(node, "Clip", [x], min=low, max=high)
                return True
        return False

    @on("Relu")
    def drop_relu(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 2."""
        x = data(node)
        if x.op in ("Relu", "Sigmoid", "HardSigmoid", "Abs", "Softmax", "Softplus"):
            draft.replace(node, x)
            return True
        if x.op != "Clip" or "min" not in x.attrs or len(x.inputs) > 1:
            return False
        if x.attrs["min"] >= 0:
            draft.replace(node, x)
        else:
            draft.become(node, "Clip", [data(x)], min=0.0, max=max(x.attrs.get("max", inf), 0.0))
        return True

    @on("HardSigmoid")
    def complete_hard_sigmoid(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 3."""
        if "alpha" in node.attrs and "beta" in node.attrs:
            return False
        node.attrs.setdefault("alpha", 0.2)
        node.attrs.setdefault("beta", 0.5)
        return True

    @on("Selu")
    def strip_selu(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 3."""
        if not node.attrs:
            return False
        node.attrs.clear()
        return True

    @on("Swish")
    def use_silu(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 4."""
        x, factor = data(node), node.attrs.get("alpha", 1.0)
        if factor == 1.0:
            draft.become(node, "Silu", [x])
        else:
            scaled = draft.add("Mul", [x, constant(draft, factor)], node.shape)
            draft.become(node, "Mul", [x, draft.add("Sigmoid", [scaled], node.shape)])
        return True

    @on("Softmax", "LogSoftmax")
    def pass_transposes(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 5."""
        before, behind = data(node), node.only_user
        if before.op != "Transpose" or behind is None or behind.op != "Transpose" or before.shape is None:
            return False
        perm = behind.attrs["perm"]
        turned = draft.add("Transpose", [before], perm=perm)
        draft.become(behind, node.op, [turned], axis=perm.index(node.attrs["axis"] % len(perm)))
        return True
