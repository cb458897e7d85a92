"""Weights become part of the layer that reads them."""

from __future__ import annotations

from typing import Any

from onnx_bench.draft import Draft, DraftNode
from onnx_bench.passes.base import Pass, on
from onnx_bench.passes.values import data, element_class, get_input, is_held


class AbsorbWeights(Pass):
    """Turns ONNX layers that read their weights into layers that own them.

    1. `Conv`, `ConvTranspose`: channels, kernel and groups come from the weights; `bias` tells whether there is one.
       Weights that are computed from data stay the second input; such a layer owns none.
    2. `MatMul` by held weights of rank 2 on the right, and `Gemm`, are `Linear`; factors are part of the weights.
       A third operand of `Gemm` that is no bias vector is added.
    3. `Gather` of rows of a learned table of rank 2 is `Embedding`.
    4. `PRelu` owns its slopes.
    """

    @on("Conv")
    def absorb_conv(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 1."""
        return self.absorb_kernel(draft, node, transposed=False)

    @on("ConvTranspose")
    def absorb_conv_transpose(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 1."""
        return self.absorb_kernel(draft, node, transposed=True)

    def absorb_kernel(self, draft: Draft, node: DraftNode, transposed: bool) -> bool:
        """Rule 1."""
        if "channels" in node.attrs or len(node.inputs) < 2:
            return False
        x, weights, bias = data(node), data(node, 1), get_input(node, 2)
        if weights.shape is None or len(weights.shape) < 3:
            return False
        attrs = _window_attrs(node.attrs, weights.shape[2:])
        attrs["channels"] = weights.shape[1] * attrs["groups"] if transposed else weights.shape[0]
        if transposed:
            attrs["output_padding"] = tuple(node.attrs.get("output_padding") or (0,) * len(attrs["kernel"]))
        attrs["bias"] = is_held(bias)
        inputs = [x] if is_held(weights) else [x, weights]
        if bias is None or is_held(bias):
            draft.become(node, node.op, inputs, **attrs)
            return True
        layer = draft.add(node.op, inputs, node.shape, **attrs)
        row = draft.add("Reshape", [bias], (attrs["channels"], *(1,) * len(attrs["kernel"])))
        draft.become(node, "Add", [layer, row])
        return True

    @on("MatMul")
    def absorb_matmul(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 2. Leading axes of size 1 of the weights only add axes to the result."""
        x, weights = data(node), data(node, 1)
        if not is_held(weights) or weights.shape is None or len(weights.shape) < 2 or x.op == "Parameter":
            return False
        if x.op == "Constant" and weights.op == "Constant":
            return False
        if len(weights.shape) > 2 and (x.shape is None or len(x.shape) < len(weights.shape)):
            return False
        if any(dim != 1 for dim in weights.shape[:-2]):
            return False
        draft.become(node, "Linear", [x], features=weights.shape[-1], bias=False)
        return True

    @on("Gemm")
    def absorb_gemm(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 2. A Gemm of two computed operands is a MatMul."""
        left, right, added = data(node), data(node, 1), get_input(node, 2)
        alpha, beta = node.attrs.get("alpha", 1.0), node.attrs.get("beta", 1.0)
        if node.attrs.get("transA"):
            left = _swapped(draft, left)
        if is_held(right) and right.shape is not None:
            features = right.shape[0 if node.attrs.get("transB") else 1]
            bias = beta != 0 and is_held(added) and added is not None and _is_row(added, features)
            product: tuple[str, list[DraftNode], dict[str, Any]] = (
                "Linear", [left], {"features": features, "bias": bias}
            )  # fmt: skip
            alpha = 1.0
        else:
            bias = False
            if node.attrs.get("transB"):
                right = _swapped(draft, right)
            product = ("MatMul", [left, right], {})
        if added is None or bias or beta == 0:
            if alpha == 1.0:
                draft.become(node, product[0], product[1], **product[2])
                return True
            layer = draft.add(product[0], product[1], node.shape, **product[2])
            draft.become(node, "Mul", [layer, _number(draft, alpha)])
            return True
        layer = draft.add(product[0], product[1], node.shape, **product[2])
        if alpha != 1.0:
            layer = draft.add("Mul", [layer, _number(draft, alpha)], node.shape)
        if beta != 1.0:
            added = draft.add("Mul", [added, _number(draft, beta)], added.shape)
        draft.become(node, "Add", [layer, added])
        return True

    @on("Gather")
    def absorb_table(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 3."""
        table, index = data(node), data(node, 1)
        if table.op != "Parameter" or is_held(index) or table.shape is None or len(table.shape) != 2:
            return False
        if node.attrs.get("axis", 0) != 0 or element_class(table) != "float":
            return False
        draft.become(node, "Embedding", [index], entries=table.shape[0], features=table.shape[1])
        return True

    @on("PRelu")
    def absorb_slopes(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 4. Slopes that are computed from data stay an input."""
        if "slopes" in node.attrs or len(node.inputs) < 2:
            return False
        slopes = data(node, 1)
        if not is_held(slopes) or slopes.shape is None:
            draft.become(node, "PRelu", slopes=0)
            return True
        count = 1
        for dim in slopes.shape:
            count *= dim
        draft.become(node, "PRelu", [data(node)], slopes=count)
        return True


def _window_attrs(raw: dict[str, Any], kernel: tuple[int, ...]) -> dict[str, Any]:
    """Canonical attributes of a window from those of ONNX."""
    rank = len(kernel)
    dilations = tuple(raw.get("dilations") or (1,) * rank)
    pads = raw.get("pads")
    if not pads:
        # SAME is only left here where the input size is not known; this is what it means at stride 1.
        half = tuple(d * (k - 1) // 2 for d, k in zip(dilations, kernel, strict=True))
        pads = half * 2 if str(raw.get("auto_pad", "")).startswith("SAME") else (0,) * (2 * rank)
    return {
        "kernel": tuple(kernel), "strides": tuple(raw.get("strides") or (1,) * rank), "pads": tuple(pads),
        "dilations": dilations, "groups": int(raw.get("group", 1)),
    }  # fmt: skip


def _is_row(node: DraftNode, features: int) -> bool:
    """Whether `node` holds one value per feature, or one for all."""
    shape = node.shape
    return shape is not None and (shape == () or (shape[-1] in (1, features) and all(d == 1 for d in shape[:-1])))


def _swapped(draft: Draft, node: DraftNode) -> DraftNode:
    return draft.add("Transpose", [node], perm=(1, 0))


def _number(draft: Draft, value: float) -> DraftNode:
    return draft.add("Constant", (), (), value=(float(value),), dtype="float")


