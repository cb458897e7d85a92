"""Sums, products and concatenations take any number of operands."""

from __future__ import annotations

from onnx_bench.draft import Draft, DraftNode
from onnx_bench.passes.base import Pass, on
from onnx_bench.passes.values import constant, data, element_class, same_shape_without, scalar


class FlattenNary(Pass):
    """Merges nested `Add`, `Mul`, `Concat` and the constants in them.

    1. An operand of `Add` (`Mul`) that is itself an `Add` (`Mul`) and that nothing else reads is written out; one with
       learned operands only by the pass made with `learned`, after weights and norms could take these up.
    2. The constants of an `Add` (`Mul`) are one constant of shape [], the last operand; 0 (1) is left out. A constant
       that widens the result stays.
    3. A product with 0 is a `Constant` of zeros.
    4. A `Concat` of one tensor is that tensor; one along the same axis that nothing else reads is written out.
    """

    def __init__(self, learned: bool = False) -> None:
        self.learned = learned

    @on("Add", "Mul")
    def flatten(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 1, at the outermost of nested operators, so that a long chain is written out once."""
        op = node.op
        for producer in node.inputs:
            if producer is not None and producer.op == op and self.joins(producer, node):
                break
        else:
            return False
        reader = node.only_user
        if reader is not None and self.joins(node, reader):
            return False
        flat: list[DraftNode | None] = []
        pending = [(node, producer) for producer in reversed(node.inputs)]
        while pending:
            reader, operand = pending.pop()
            if operand is not None and self.joins(operand, reader):
                pending += [(operand, producer) for producer in reversed(operand.inputs)]
            else:
                flat.append(operand)
        draft.set_inputs(node, flat)
        return True

    def joins(self, operand: DraftNode | None, node: DraftNode) -> bool:
        """Whether `operand` is of the same operator and to be written out in `node`."""
        if operand is None or operand.op != node.op or operand.only_user is not node:
            return False
        return self.learned or not any(i is not None and i.op == "Parameter" for i in operand.inputs)

    @on("Add", "Mul")
    def merge_constants(self, draft: Draft, node: DraftNode) -> bool:
        """Rules 2 and 3."""
        found = [i for i in node.inputs if i is not None and i.op == "Constant"]
        found = [i for i in found if scalar(i) is not None] if found else found
        if not found or len(found) == len(node.inputs):
            return False
        rest = [i for i in node.inputs if i is not None and (i.op != "Constant" or scalar(i) is None)]
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
        reader = node.only_user
        if reader is not None and _continues(node, reader):
            return False
        flat: list[DraftNode | None] = []
        pending = [(node, producer) for producer in reversed(node.inputs)]
        axis = node.attrs["axis"]
        while pending:
            reader, part = pending.pop()
            if part is not None and _continues(part, reader):
                pending += [(part, producer) for producer in reversed(part.inputs)]
            elif part is None or part.shape is None or part.shape[axis] != 0:
                flat.append(part)
        if len(flat) == len(node.inputs) or not flat:
            return False
        draft.set_inputs(node, flat)
        return True


def _continues(part: DraftNode, whole: DraftNode) -> bool:
    """Whether `part` is a `Concat` along the same axis that only `whole`, another one, reads."""
    return (
        part.op == "Concat" and whole.op == "Concat" and part.only_user is whole
        and part.attrs["axis"] == whole.attrs["axis"]
    )  # fmt: skip
