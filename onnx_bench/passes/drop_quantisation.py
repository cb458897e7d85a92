"""Number formats are no architecture."""

from __future__ import annotations

from onnx_bench.draft import Draft, DraftNode
from onnx_bench.passes.base import Pass, on
from onnx_bench.passes.values import cast_class, constant, data, element_class, get_input, is_held


class DropQuantisation(Pass):
    """Removes conversions between number formats.

    1. `QuantizeLinear` and `DequantizeLinear` are dropped.
    2. `DynamicQuantizeLinear` passes its input on; its scale is 1, also that times the scale of weights, and its zero
       point 0.
    3. `QLinearConv`, `ConvInteger`, `QLinearMatMul`, `MatMulInteger` are `Conv` and `MatMul`.
    4. `Cast` inside a class (float, int, bool) is dropped; any other names its class.
    """

    @on("QuantizeLinear", "DequantizeLinear")
    def drop(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 1."""
        draft.replace(node, data(node))
        return True

    @on("DynamicQuantizeLinear")
    def drop_dynamic(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 2."""
        for user in list(node.users):
            if user.op == "Output":
                is_scale = user.attrs["index"] == 1
                for product in [p for p in user.users if is_scale and p.op == "Mul"]:
                    if all(i is user or is_held(i) for i in product.inputs):
                        draft.replace(product, constant(draft, 1.0))
                draft.replace(user, constant(draft, 1.0) if is_scale else constant(draft, 0, "int"))
        draft.replace(node, data(node))
        return True

    @on("QLinearConv", "ConvInteger")
    def use_conv(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 3."""
        places = (0, 3, 8) if node.op == "QLinearConv" else (0, 1)
        draft.become(node, "Conv", [get_input(node, i) for i in places], **node.attrs)
        return True

    @on("QLinearMatMul", "MatMulInteger")
    def use_matmul(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 3."""
        places = (0, 3) if node.op == "QLinearMatMul" else (0, 1)
        draft.become(node, "MatMul", [get_input(node, i) for i in places])
        return True

    @on("Cast", "CastLike")
    def drop_cast(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 4."""
        x = data(node)
        to = element_class(data(node, 1)) if node.op == "CastLike" else cast_class(node.attrs.get("to", 1))
        if element_class(x) == to:
            draft.replace(node, x)
            return True
        if node.op == "Cast" and node.attrs == {"to": to}:
            return False
        draft.become(node, "Cast", [x], to=to)
        return True
