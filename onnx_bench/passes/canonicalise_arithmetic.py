"""Arithmetic with constants has one form."""

from __future__ import annotations

from onnx_bench.draft import Draft, DraftNode
from onnx_bench.node import Shape
from onnx_bench.passes.base import Pass, on
from onnx_bench.passes.values import constant, data, element_class, is_held, scalar

_OPPOSITE = {"Less": "GreaterOrEqual", "Greater": "LessOrEqual", "GreaterOrEqual": "Less", "LessOrEqual": "Greater"}


class CanonicaliseArithmetic(Pass):
    """Writes arithmetic by sums and products.

    1. `Neg` is `Mul` by -1. `Sub` of a constant is `Add` of its opposite, `Sub` from a constant or learned tensor the
       sum of that and the negated operand. Learned tensors absorb signs and inversions.
    2. `Div` by a constant is `Mul` by its inverse, `Div` of a constant is `Mul` of it and `Reciprocal` (except of
       integers, whose division rounds). `Mul` by a `Reciprocal` is `Div`.
    3. `Pow` by 1, 2, 3, -1, 0.5, -0.5 is the product, `Reciprocal`, `Sqrt`, `Reciprocal` of `Sqrt`.
    4. `Sum` and `Mean` of tensors are `Add`, the latter times the inverse of their number; `Sum`, `Mean`, `Max`, `Min`
       of one tensor are that tensor.
    5. The logarithm of a `Softmax` that nothing else reads is `LogSoftmax`.
    6. `Mod` has no attribute: of integers it has the sign of the divisor, of floats that of the dividend.
    7. `Not` of a comparison is the opposite one: opsets before 12 lack `GreaterOrEqual` and `LessOrEqual`.
       `Where` by a `Not` is one by what is negated.
    """

    @on("Mod")
    def drop_fmod(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 6."""
        return node.attrs.pop("fmod", None) is not None

    @on("Not")
    def oppose(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 7."""
        comparison = data(node)
        if comparison.op not in _OPPOSITE:
            return False
        draft.become(node, _OPPOSITE[comparison.op], comparison.inputs)
        return True

    @on("Where")
    def choose(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 7."""
        condition, kept, other = node.inputs
        if condition is None or condition.op != "Not":
            return False
        draft.set_inputs(node, [data(condition), other, kept])
        return True

    @on("Neg")
    def negate(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 1."""
        draft.become(node, "Mul", [data(node), self.number(draft, node, -1)])
        return True

    @on("Sub")
    def subtract(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 1."""
        left, right = data(node), data(node, 1)
        value = scalar(right)
        if value is not None:
            draft.become(node, "Add", [left, self.number(draft, node, -value, right.shape)])
        elif right.op == "Parameter":
            draft.become(node, "Add", [left, right])
        elif is_held(left):
            negated = draft.add("Mul", [right, self.number(draft, node, -1)], right.shape)
            draft.become(node, "Add", [negated, left])
        else:
            return False
        return True

    @on("Div")
    def divide(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 2."""
        left, right = data(node), data(node, 1)
        if element_class(node) == "int":
            return False
        value = scalar(right)
        if value is not None and value != 0:
            draft.become(node, "Mul", [left, constant(draft, 1 / value, shape=right.shape or ())])
        elif right.op == "Parameter":
            draft.become(node, "Mul", [left, right])
        elif is_held(left):
            if scalar(left) == 1 and right.shape is not None and right.shape == node.shape:
                draft.become(node, "Reciprocal", [right])
            else:
                draft.become(node, "Mul", [draft.add("Reciprocal", [right], right.shape), left])
        else:
            return False
        return True

    @on("Mul")
    def divide_by_reciprocal(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 2."""
        if len(node.inputs) != 2:
            return False
        for i in (1, 0):
            inverse, other = data(node, i), data(node, 1 - i)
            if inverse.op == "Reciprocal" and inverse.only_user is node and not is_held(other):
                draft.become(node, "Div", [other, data(inverse)])
                return True
        return False

    @on("Pow")
    def expand_power(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 3."""
        base, exponent = data(node), scalar(data(node, 1))
        if exponent is None or base.shape != node.shape:
            return False
        if exponent == 1:
            draft.replace(node, base)
        elif exponent in (2, 3):
            draft.become(node, "Mul", [base] * int(exponent))
        elif exponent == -1:
            draft.become(node, "Reciprocal", [base])
        elif exponent == 0.5:
            draft.become(node, "Sqrt", [base])
        elif exponent == -0.5:
            draft.become(node, "Reciprocal", [draft.add("Sqrt", [base], base.shape)])
        else:
            return False
        return True

    @on("Sum", "Mean", "Max", "Min")
    def add_many(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 4."""
        count = len(node.inputs)
        if count == 1:
            draft.replace(node, data(node))
        elif node.op == "Sum":
            draft.become(node, "Add")
        elif node.op == "Mean":
            total = draft.add("Add", node.inputs, node.shape)
            draft.become(node, "Mul", [total, constant(draft, 1 / count)])
        else:
            return False
        return True

    @on("Log")
    def take_log(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 5."""
        softmax = data(node)
        if softmax.op != "Softmax" or softmax.only_user is not node:
            return False
        draft.become(node, "LogSoftmax", [data(softmax)], **softmax.attrs)
        return True

    def number(self, draft: Draft, like: DraftNode, value: float, shape: Shape | None = ()) -> DraftNode:
        """A constant of the element class of `like`."""
        if element_class(like) == "int":
            return constant(draft, int(value), "int", shape or ())
        return constant(draft, value, shape=shape or ())
