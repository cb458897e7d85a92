"""Root-mean-square norm written out in arithmetic."""

from __future__ import annotations

from typing import Any

from onnx_bench.draft import Draft, DraftNode
from onnx_bench.node import Shape
from onnx_bench.passes.base import Pass, on
from onnx_bench.passes.values import scalar


def mean_of(node: DraftNode) -> tuple[DraftNode, Shape] | None:
    """What `node` is the mean of, and over which axes: the last ones, or the channels; `None` if it is no such mean."""
    if node.op != "ReduceMean" or not node.attrs.get("keepdims", True):
        return None
    source = node.inputs[0]
    if source is None or source.shape is None:
        return None
    rank, axes = len(source.shape), tuple(sorted(node.attrs.get("axes", ())))
    last = bool(axes) and axes == tuple(range(rank - len(axes), rank))
    return (source, axes) if last or (axes == (1,) and rank > 2) else None


def squared(node: DraftNode) -> DraftNode | None:
    """x where `node` is x * x or x ** 2."""
    if len(node.inputs) == 2:
        left, right = node.inputs
        if (node.op == "Mul" and left is right) or (node.op == "Pow" and scalar(right) == 2):
            return left
    return None


def with_epsilon(node: DraftNode) -> tuple[DraftNode, float]:
    """The term and the constant of a sum of both; the node itself and zero where it is no such sum."""
    if node.op == "Add" and len(node.inputs) == 2:
        for term, other in (node.inputs, node.inputs[::-1]):
            value = scalar(other)
            if value is not None and term is not None:
                return term, round_epsilon(value)
    return node, 0.0


def round_epsilon(value: float) -> float:
    """Two significant digits: what an epsilon keeps when it passes through float16."""
    return float(f"{value:.2g}")


def root_of(node: DraftNode) -> DraftNode | None:
    """v where `node` is 1 / sqrt(v)."""
    if node.op == "Reciprocal" or (node.op == "Div" and scalar(node.inputs[0]) == 1):
        root = node.inputs[-1]
        return root.inputs[0] if root is not None and root.op == "Sqrt" else None
    if node.op == "Pow" and scalar(node.inputs[1]) == -0.5:
        return node.inputs[0]
    return None


def divided(node: DraftNode) -> tuple[list[DraftNode], DraftNode, list[DraftNode]] | None:
    """`node` as product / sqrt(v): candidates for the numerator, v, and every factor but 1 / sqrt(v)."""
    if node.op == "Div":
        top, bottom = node.inputs
        if top is not None and bottom is not None and bottom.op == "Sqrt" and bottom.inputs[0] is not None:
            return [top], bottom.inputs[0], [top]
        return None
    for factor in node.inputs:
        if factor is not None and factor.op in ("Reciprocal", "Div", "Pow"):
            variance = root_of(factor)
            if variance is not None:
                others = [i for i in node.inputs if i is not None and i is not factor]
                return others, variance, others
    return None


class FuseRmsNorm(Pass):
    """Writes x / sqrt(mean(x * x) + epsilon) as one operator.

    1. x / sqrt(v) and x * (1 / sqrt(v)), with the square as a product or a power, become RMSNorm without weights;
       other factors of the product stay. (`FuseNormWeights` takes up the scale.)
    2. A mean over the channels, axis 1, makes it a norm of the last axis between two transposes.
    """

    @on("Div", "Mul")
    def fuse(self, draft: Draft, node: DraftNode) -> bool:
        found = divided(node)
        if found is None:
            return False
        candidates, variance, factors = found
        mean, epsilon = with_epsilon(variance)
        over = mean_of(mean)
        if over is None:
            return False
        square, axes = over
        source = squared(square)
        if source is None or not any(source is c for c in candidates):
            return False
        put_norm(draft, node, "RMSNorm", source, factors, source, axes, epsilon)
        return True


def channels_last(rank: int) -> tuple[Shape, Shape]:
    """The order of axes that puts axis 1 last, and its inverse."""
    return (0, *range(2, rank), 1), (0, rank - 1, *range(1, rank - 1))


def put_norm(
    draft: Draft, node: DraftNode, op: str, source: DraftNode, factors: list[DraftNode], numerator: DraftNode,
    axes: Shape, epsilon: float,
) -> None:  # fmt: skip
    """Turn `node`, the product of `factors` over a root, into the norm `op` of `source` times the other factors."""
    rest = list(factors)
    rest.remove(numerator)
    assert source.shape is not None
    rank = len(source.shape)
    attrs: dict[str, Any] = {"dims": len(axes), "epsilon": epsilon, "scale": False, "bias": False}
    if axes[-1] == rank - 1:
        norm = draft.add(op, [source], source.shape, **attrs)
    else:
        there, back = channels_last(rank)
        turned = draft.add("Transpose", [source], perm=there)
        norm = draft.add("Transpose", [draft.add(op, [turned], turned.shape, **attrs)], perm=back)
    if rest:
        draft.become(node, "Mul", [norm, *rest])
    else:
        draft.replace(node, norm)
