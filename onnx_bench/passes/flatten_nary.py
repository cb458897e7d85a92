"""Sums, products and concatenations take any number of operands."""

from __future__ import annotations

from onnx_bench.draft import Draft, DraftNode
from onnx_bench.passes.base import Pass, on
from onnx_bench.passes.values import constant, data, element_class, same_shape_without, scalar


class FlattenNary(Pass):
    """Merges nested `Add`, `Mul`, `Concat` and the constants in them.

    1. An operand of `Add` (`Mul`) that is itself an `Add` (`Mul`) and that nothing else reads is written out.
    2. The constants of an `Add` (`Mul`) are one constant of shape [], the last operand; 0 (1) is left out. A constant
       that widens the result stays.
    3. A product with 0 is a `Constant` of zeros.
    4. A `Concat` of one tensor is that tensor; one along the same axis that nothing else reads is written out.
    """

    @on("Add", "Mul")
    def flatten(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 1."""
        op = node.op
        for producer in node.inputs:
            if producer is not None and producer.op == op and producer.only_user is node:
                break
        else:
            return False
        flat: list[DraftNode | None] = []
        for producer in node.inputs:
            if producer is not None and producer.op == op and producer.only_user is node:
                flat += producer.inputs
            else:
                flat.append(producer)
        draft.set_inputs(node, flat)
        return True

    @on("Add", "Mul")
    def merge_constants(self, draft: Draft, node: DraftNode) -> bool:
        """Rules 2 and 3."""
        found = [i for i in node.inputs if i is not None and i.op == "Constant" and scalar(i) is not None]
        if not found or len(found) == len(node.inputs):
            return False
        rest = [i for i in node.inputs if i is not None and i not in found]
        if not same_shape_without(node, rest):
            return False
        neutral = 0 if node.op == "Add" else 1
        value: float = neutral
        for each in found:
            number = each.attrs["value"][0]
            value = value + number if node.op == "Add" else value * number
        dtype = element_class(node)
        if node.op == "Mul" and value == 0 and dtype == "float":
            draft.become(node, "Constant", (), value=(0.0,), dtype=dtype)
            return True
        if value == neutral:
            if len(rest) == 1:
                draft.replace(node, rest[0])
            else:
                draft.set_inputs(node, rest)
            return True
        if len(found) == 1 and found[0].shape == () and node.inputs[-1] is found[0]:
            return False
        last = found[0] if len(found) == 1 and found[0].shape == () else constant(draft, value, dtype)
        draft.set_inputs(node, [*rest, last])
        return True

    @on("Concat")
    def flatten_concat(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 4."""
        if len(node.inputs) == 1:
            draft.replace(node, data(node))
            return True
        axis = node.attrs["axis"]
        flat: list[DraftNode | None] = []
        for producer in node.inputs:
            if (
                producer is not None and producer.op == "Concat" and producer.only_user is node
                and producer.attrs["axis"] == axis
            ):  # fmt: skip
                flat += producer.inputs
            elif producer is None or producer.shape is None or producer.shape[axis] != 0:
                flat.append(producer)
        if len(flat) == len(node.inputs) or not flat:
            return False
        draft.set_inputs(node, flat)
        return True
