"""Layer norm written out in arithmetic."""

from __future__ import annotations

from math import prod

from onnx_bench.draft import Draft, DraftNode
from onnx_bench.node import Shape
from onnx_bench.passes.base import Pass, on
from onnx_bench.passes.fuse_rms_norm import divided, mean_of, put_norm, round_epsilon, squared, with_epsilon
from onnx_bench.passes.values import data, scalar


def difference(node: DraftNode) -> tuple[DraftNode, DraftNode] | None:
    """a and b where `node` is a - b."""
    if len(node.inputs) != 2:
        return None
    left, right = node.inputs
    if left is None or right is None:
        return None
    if node.op == "Sub":
        return left, right
    if node.op == "Add":
        for one, other in ((left, right), (right, left)):
            if other.op == "Mul" and len(other.inputs) == 2:
                for factor, rest in (other.inputs, other.inputs[::-1]):
                    if scalar(factor) == -1 and rest is not None:
                        return one, rest
    return None


def centred(node: DraftNode) -> tuple[DraftNode, Shape] | None:
    """x and the axes of the mean where `node` is x - mean(x)."""
    parts = difference(node)
    if parts is None:
        return None
    over = mean_of(parts[1]) or mean_before_reshape(*parts)
    return over if over is not None and over[0] is parts[0] else None


def mean_before_reshape(x: DraftNode, mean: DraftNode) -> tuple[DraftNode, Shape] | None:
    """x and the axes of its mean where x is a Reshape and the mean was taken before it."""
    reduced = mean.inputs[0] if mean.op == x.op == "Reshape" else None
    if reduced is None or reduced.op != "ReduceMean" or reduced.inputs[0] is not x.inputs[0]:
        return None
    before, after = data(x).shape, x.shape
    if before is None or after is None or mean.shape is None or len(mean.shape) != len(after):
        return None
    axes = tuple(i for i, size in enumerate(after) if size != mean.shape[i])
    over = reduced.attrs["axes"]
    if axes != tuple(range(len(after) - len(axes), len(after))) or not are_rows(before, over):
        return None
    return (x, axes) if prod(before[a] for a in over) == prod(after[a] for a in axes) else None


def are_rows(shape: Shape, axes: Shape) -> bool:
    """Whether what lies along `axes` lies together in memory: they are all from the first of them on, save units."""
    return bool(axes) and prod(shape[axes[0] :]) == prod(shape[a] for a in axes)


class FuseLayerNorm(Pass):
    """Writes (x - mean(x)) / sqrt(var(x) + epsilon) over the last axes as one operator.

    1. RMSNorm of x - mean(x) over the same axes becomes LayerNorm of x, also where a Transpose or Reshape lies between,
       or the mean was taken before x was reshaped.
    2. (x - mean(x)) / sqrt(mean(x * x) - mean(x) * mean(x) + epsilon) becomes LayerNorm of x without weights.
    3. Epsilons of all norms have two significant digits.
    """

    @on("RMSNorm")
    def take_mean(self, draft: Draft, node: DraftNode) -> bool:
        x = data(node)
        moved = x.op in ("Transpose", "Reshape")
        found = centred(data(x) if moved else x)
        if found is None or x.shape is None or found[0].shape is None:
            return False
        source, axes = found
        dims = node.attrs["dims"]
        if x.op == "Reshape":
            shape = found[0].shape
            if not are_rows(shape, axes) or prod(shape[a] for a in axes) != prod(x.shape[len(x.shape) - dims :]):
                return False
            source = draft.add("Reshape", [source], x.shape)
        else:
            perm = x.attrs["perm"] if moved else tuple(range(len(x.shape)))
            if perm[len(perm) - dims :] != axes:
                return False
            if moved:
                source = draft.add("Transpose", [source], perm=perm)
        draft.become(node, "LayerNorm", [source], **node.attrs)
        return True

    @on("Div", "Mul")
    def fuse_moments(self, draft: Draft, node: DraftNode) -> bool:
        found = divided(node)
        if found is None:
            return False
        candidates, variance, factors = found
        moments, epsilon = with_epsilon(variance)
        parts = difference(moments)
        if parts is None:
            return False
        over, mean = mean_of(parts[0]), squared(parts[1])
        if over is None or mean is None or mean_of(mean) != (squared(over[0]), over[1]):
            return False
        for candidate in candidates:
            source = centred(candidate)
            if source is not None and source == mean_of(mean):
                put_norm(draft, node, "LayerNorm", source[0], factors, candidate, source[1], epsilon)
                return True
        return False

    @on("LayerNorm", "RMSNorm", "GroupNorm", "InstanceNorm", "BatchNorm")
    def shorten_epsilon(self, draft: Draft, node: DraftNode) -> bool:
        epsilon = node.attrs.get("epsilon")
        if epsilon is None or round_epsilon(epsilon) == epsilon:
            return False
        node.attrs["epsilon"] = round_epsilon(epsilon)
        return True
