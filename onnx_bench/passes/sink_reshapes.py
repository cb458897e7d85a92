"""Reshapes stand as late as they can."""

from __future__ import annotations

from onnx_bench.draft import Draft, DraftNode
from onnx_bench.node import Shape
from onnx_bench.ops import OPS
from onnx_bench.passes.base import Pass, on
from onnx_bench.passes.values import data, is_held, scalar

_ACTIVATIONS = (n for n, spec in OPS.items() if spec.kind == "activation" and "axis" not in spec.defaults)
POINTWISE = (
    *(n for n in _ACTIVATIONS if n != "PRelu"),
    "Abs", "Exp", "Log", "Sqrt", "Reciprocal", "Sin", "Cos", "Not", "Sign", "Cast",
)  # fmt: skip
"""Operators of one input that look at no neighbour."""


def same_tail(before: Shape, after: Shape, dims: int) -> bool:
    """Whether a reshape from `before` to `after` leaves the last `dims` axes as they are."""
    return len(before) >= dims <= len(after) and before[len(before) - dims :] == after[len(after) - dims :]


def merged_tail(before: Shape, after: Shape) -> Shape:
    """The shape in which the last axis of `after` is made of `before`, as rule 5 wants it."""
    size = 1
    for place in range(len(before) - 1, -1, -1):
        size *= before[place]
        if size >= after[-1]:
            break
    else:
        return after
    if size == after[-1]:
        return (*before[:place], after[-1])
    return (1, *after) if before[0] == 1 != after[0] and len(after) > 1 else after


class SinkReshapes(Pass):
    """Moves a Reshape behind the operators that do not care for it, where it may meet another and vanish.

    1. Behind operators on single elements.
    2. Behind Linear, LayerNorm, RMSNorm and Softmax where the axes these work on stay as they are.
    3. Behind sums, products and differences whose operands are reshaped alike; scalars and learned tensors that only
       have axes which stay as they are go along.
    4. Behind Attention, where all that is reshaped is that a first axis of size 1 is dropped.
    5. Before rules 1 and 2, a Reshape that makes the last axis of several stands as two: the first merges these axes
       alone, the second changes the others. Where there are no such axes the first has a first axis of size 1 if the
       tensor before has one.
    """

    @on(*POINTWISE)
    def pass_pointwise(self, draft: Draft, node: DraftNode) -> bool:
        return self.swap(draft, node, 0)

    @on("Linear", "LayerNorm", "RMSNorm", "Softmax", "LogSoftmax")
    def pass_rows(self, draft: Draft, node: DraftNode) -> bool:
        x = node.inputs[0]
        if x is None or x.op != "Reshape" or x.shape is None or len(node.inputs) != 1:
            return False
        axis = node.attrs.get("axis")
        if axis is None:
            return self.swap(draft, node, node.attrs.get("dims", 1))
        before = data(x).shape
        if axis not in (-1, len(x.shape) - 1) or before is None or not same_tail(before, x.shape, 1):
            return False
        moved = draft.add(node.op, [data(x)], before, axis=len(before) - 1)
        draft.become(node, "Reshape", [moved])
        return True

    @on("Attention")
    def pass_attention(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 4."""
        inputs = []
        for x in node.inputs[:3]:
            if x is None or x.op != "Reshape" or x.shape is None or data(x).shape != (1, *x.shape):
                return False
            if x.shape[0] == 1:
                return False
            inputs.append(data(x))
        moved = draft.add("Attention", [*inputs, *node.inputs[3:]], **node.attrs)
        draft.become(node, "Reshape", [moved])
        return True

    @on("Add", "Mul", "Sub", "Div")
    def pass_arithmetic(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 3."""
        first = next((i for i in node.inputs if i is not None and i.op == "Reshape"), None)
        if first is None or first.shape != node.shape or first.shape is None:
            return False
        before = data(first).shape
        if before is None:
            return False
        inputs: list[DraftNode | None] = []
        for each in node.inputs:
            if each is None or each.shape is None:
                return False
            if each.op == "Reshape" and each.shape == first.shape and data(each).shape == before:
                inputs.append(data(each))
                continue
            dims = len(each.shape)
            while dims and each.shape[len(each.shape) - dims] == 1:
                dims -= 1
            if not is_held(each) or (scalar(each) is None and not same_tail(before, first.shape, dims)):
                return False
            if len(each.shape) > dims and each.op == "Parameter":
                each = draft.add("Reshape", [each], each.shape[len(each.shape) - dims :])
            inputs.append(each)
        moved = draft.add(node.op, inputs, before, **node.attrs)
        draft.become(node, "Reshape", [moved])
        return True

    @staticmethod
    def swap(draft: Draft, node: DraftNode, dims: int) -> bool:
        """Put the Reshape that `node` reads behind it, if that leaves the last `dims` axes as they are."""
        x = node.inputs[0]
        if x is None or x.op != "Reshape" or x.shape is None or node.shape is None or len(node.inputs) != 1:
            return False
        source = data(x)
        if source.shape is None:
            return False
        if not same_tail(source.shape, x.shape, dims):
            shape = merged_tail(source.shape, x.shape)
            if dims > 1 or shape == x.shape:
                return False
            source = draft.add("Reshape", [source], shape)
        before = source.shape or ()
        shape = before[: len(before) - dims] + node.shape[len(node.shape) - dims :]
        moved = draft.add(node.op, [source], shape, params=node.params, **node.attrs)
        draft.become(node, "Reshape", [moved])
        return True
