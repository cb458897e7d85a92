"""Follow the batch axis through a graph, so that what is written works for any batch size.

Shapes are stored for batch 1. An axis of length m that carries the batch has length m * B for a batch of B, with the
batch as the slower index (Swin's windows: axis 0 of [64, 49, 96] becomes 64 * B).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

from onnx_bench.node import Graph, Node, Shape
from onnx_bench.ops import spec
from onnx_bench.writers.canonical import is_canonical

Axis = int | None
_Rule = Callable[[Node, Sequence[Shape], Sequence[Axis]], Axis]


class _Fixed(Exception):
    """The graph mixes the batch with something else."""


def batch_axes(graph: Graph) -> tuple[tuple[Axis, ...], str]:
    """The axis of every node's output that grows with the batch, `None` for those that do not depend on it.

    Returns:
        The axes and an empty string; or `None` throughout and the reason why the batch size must stay 1.
    """
    axes: list[Axis] = []
    for position, node in enumerate(graph.nodes):
        try:
            axes.append(_axis(graph, node, axes))
        except _Fixed as reason:
            return (None,) * len(graph.nodes), f"node {position} ({node.op}) {reason}"
    if all(axis is None for axis in axes):
        return tuple(axes), "no input has a leading axis of length 1"
    return tuple(axes), ""


def _axis(graph: Graph, node: Node, axes: Sequence[Axis]) -> Axis:
    if node.op == "Input":
        return 0 if node.shape and node.shape[0] == 1 else None
    present = [i for i in node.inputs if i >= 0]
    own = [axes[i] for i in present]
    if all(axis is None for axis in own):
        return None
    shapes = [graph.nodes[i].shape for i in present]
    if node.shape is None or any(shape is None for shape in shapes):
        raise _Fixed("has an unknown shape")
    rule = _ONNX_RULES.get(node.op)
    if is_canonical(node):
        rule = _RULES.get(node.op) or _KIND_RULES.get(spec(node.op).kind)
    if rule is None:
        raise _Fixed("is an operator with unknown treatment of the batch")
    return rule(node, shapes, own)  # type: ignore[arg-type]  # `None` shapes were refused above


def _ints(value: Any) -> tuple[int, ...]:
    return (value,) if isinstance(value, int) else tuple(value)


def _broadcast(node: Node, shapes: Sequence[Shape], axes: Sequence[Axis], rank: int | None = None) -> Axis:
    """Numpy broadcasting: batched inputs agree on the axis, counted from the right; along it the others are 1 long, or
    as long for one example (see `writers.repeated`)."""
    rank = max(len(s) for s in shapes) if rank is None else rank
    found = {(len(s) - a, s[a]) for s, a in zip(shapes, axes, strict=True) if a is not None}
    if len(found) != 1:
        raise _Fixed("combines different batch axes")
    from_right, length = found.pop()
    for shape, axis in zip(shapes, axes, strict=True):
        if axis is None and len(shape) >= from_right and shape[-from_right] not in (1, length):
            raise _Fixed("adds something along the batch axis")
    return rank - from_right


def _kept(forbidden: Callable[[Node, Shape], Sequence[int]]) -> _Rule:
    """The first input's axis stays, unless it is among those that the operator mixes."""

    def rule(node: Node, shapes: Sequence[Shape], axes: Sequence[Axis]) -> Axis:
        axis = axes[0]
        if axis is None or any(a is not None for a in axes[1:]):
            raise _Fixed("has a batched secondary input")
        if axis in [f % len(shapes[0]) for f in forbidden(node, shapes[0])]:
            raise _Fixed("works along the batch axis")
        return axis

    return rule


def _leading(node: Node, shapes: Sequence[Shape], axes: Sequence[Axis]) -> Axis:
    return _kept(lambda n, x: range(1, len(x)))(node, shapes, axes)


def _conv(node: Node, shapes: Sequence[Shape], axes: Sequence[Axis]) -> Axis:
    if any(axis is not None for axis in axes[1:]):
        raise _Fixed("has weights that depend on the example")
    return _leading(node, shapes, axes)


def _matmul(node: Node, shapes: Sequence[Shape], axes: Sequence[Axis]) -> Axis:
    (a, b), (left, right) = shapes, axes
    rank = len(node.shape or ())
    if right is None and left == len(a) - 2 and len(b) == 2:
        return rank - 2
    if left is None and right == len(b) - 1 and len(a) == 2:
        return rank - 1
    return _stacked(node, shapes, axes)


def _stacked(node: Node, shapes: Sequence[Shape], axes: Sequence[Axis]) -> Axis:
    """Matrices stacked along leading axes, which broadcast."""
    if any(axis is not None and axis >= len(s) - 2 for s, axis in zip(shapes, axes, strict=True)):
        raise _Fixed("multiplies along the batch axis")
    return _broadcast(node, shapes, axes, len(node.shape or ()))


def _reduce(node: Node, shapes: Sequence[Shape], axes: Sequence[Axis]) -> Axis:
    reduced = [a % len(shapes[0]) for a in _ints(node.get("axes", ()))]
    axis = axes[0]
    if axis is None or axis in reduced:
        raise _Fixed("reduces the batch axis")
    return axis if node.get("keepdims", True) else axis - sum(a < axis for a in reduced)


def _concat(node: Node, shapes: Sequence[Shape], axes: Sequence[Axis]) -> Axis:
    axis = _broadcast(node, shapes, axes)
    if axis == _ints(node.get("axis"))[0]:
        raise _Fixed("concatenates along the batch axis")
    return axis


def _transpose(node: Node, shapes: Sequence[Shape], axes: Sequence[Axis]) -> Axis:
    return _ints(node.get("perm")).index(axes[0])


def _tile(node: Node, shapes: Sequence[Shape], axes: Sequence[Axis]) -> Axis:
    return _kept(lambda n, x: [i for i, r in enumerate(_ints(n.get("repeats"))) if r != 1])(node, shapes, axes)


def _pad(node: Node, shapes: Sequence[Shape], axes: Sequence[Axis]) -> Axis:
    def padded(n: Node, x: Shape) -> list[int]:
        return [i % len(x) for i, pad in enumerate(_ints(n.get("pads"))) if pad]

    return _kept(padded)(node, shapes, axes)


def _same_length(node: Node, shapes: Sequence[Shape], axes: Sequence[Axis]) -> Axis:
    """Resize: axes that change their length may not be the batch."""
    out = node.shape or ()
    return _kept(lambda n, x: [i for i, d in enumerate(x) if d != out[i]] + [1])(node, shapes, axes)


def _gather(node: Node, shapes: Sequence[Shape], axes: Sequence[Axis]) -> Axis:
    along = _ints(node.get("axis", 0))[0]
    data, index = axes
    if data is not None and index is None and data != along:
        return data if data < along else data + len(shapes[1]) - 1
    if data is None and index is not None:
        return along + index
    raise _Fixed("gathers along the batch axis")


def _recurrent(node: Node, shapes: Sequence[Shape], axes: Sequence[Axis]) -> Axis:
    """[length, batch, width] -> [length, directions, batch, hidden]; initial states are [directions, batch, hidden]."""
    if axes[0] != 1 or any(a not in (None, 1) for a in axes):
        raise _Fixed("is recurrent along the batch axis")
    return 2


def _output(node: Node, shapes: Sequence[Shape], axes: Sequence[Axis]) -> Axis:
    """A final state of a recurrence; else as the first output, if of its shape."""
    if node.shape == shapes[0]:
        return axes[0]
    if len(shapes[0]) != 4 or axes[0] != 2 or len(node.shape or ()) != 3:
        raise _Fixed("is a further output with unknown treatment of the batch")
    return 1


def _arg(node: Node, shapes: Sequence[Shape], axes: Sequence[Axis]) -> Axis:
    along, axis = _ints(node.get("axis", 0))[0] % len(shapes[0]), axes[0]
    if axis is None or axis == along:
        raise _Fixed("works along the batch axis")
    return axis if node.get("keepdims", 1) or axis < along else axis - 1


def _gather_elements(node: Node, shapes: Sequence[Shape], axes: Sequence[Axis]) -> Axis:
    along = _ints(node.get("axis", 0))[0] % len(shapes[0])
    if axes[0] is None or axes[0] != axes[1] or axes[0] == along or shapes[0][axes[0]] != shapes[1][axes[0]]:
        raise _Fixed("gathers along the batch axis")
    return axes[0]


def _reshape(node: Node, shapes: Sequence[Shape], axes: Sequence[Axis]) -> Axis:
    """The batch goes to the axis before which as many elements lie as before; to the same axis if that fits."""
    x, out, axis = shapes[0], node.shape or (), axes[0]
    if axis is None:
        raise _Fixed("has a batched secondary input")
    before = prod(x[:axis])
    fitting = [t for t in range(len(out)) if prod(out[:t]) == before and prod(out[t:]) == prod(x[axis:])]
    if not fitting:
        raise _Fixed("splits the batch axis")
    return axis if axis in fitting and out[axis] == x[axis] else fitting[0]


def _expand(node: Node, shapes: Sequence[Shape], axes: Sequence[Axis]) -> Axis:
    x, out = shapes[0], node.shape or ()
    axis = (axes[0] or 0) + len(out) - len(x)
    if axes[0] is None or out[axis] != x[axes[0]]:
        raise _Fixed("expands the batch axis")
    return axis


def _einsum(node: Node, shapes: Sequence[Shape], axes: Sequence[Axis]) -> Axis:
    left, arrow, right = str(node.get("equation")).replace(" ", "").partition("->")
    terms = left.split(",")
    if not arrow or "." in left or len(terms) != len(shapes):
        raise _Fixed("is an Einsum in implicit form")
    letters = {t[a] for t, a in zip(terms, axes, strict=True) if a is not None}
    letter = letters.pop()
    unbatched = [t for t, a in zip(terms, axes, strict=True) if a is None]
    if letters or any(t.count(letter) > 1 for t in terms) or any(letter in t for t in unbatched) or letter not in right:
        raise _Fixed("sums over the batch axis")
    return right.index(letter)


_KIND_RULES: dict[str, _Rule] = {
    "elementwise": _broadcast,
    "activation": _broadcast,
    "conv": _conv,
    "pool": _leading,
    "recurrent": _recurrent,
    "reduce": _reduce,
}
_RULES: dict[str, _Rule] = {
    "Linear": _kept(lambda n, x: [-1]),
    "MatMul": _matmul,
    "Attention": _stacked,
    "Einsum": _einsum,
    "BatchNorm": _leading,
    "GroupNorm": _leading,
    "InstanceNorm": _kept(lambda n, x: range(2, len(x))),
    "LayerNorm": _kept(lambda n, x: range(len(x) - _ints(n.get("dims"))[0], len(x))),
    "RMSNorm": _kept(lambda n, x: range(len(x) - _ints(n.get("dims"))[0], len(x))),
    "Softmax": _kept(lambda n, x: _ints(n.get("axis"))),
    "LogSoftmax": _kept(lambda n, x: _ints(n.get("axis"))),
    "PRelu": _leading,
    "Concat": _concat,
    "Slice": _kept(lambda n, x: _ints(n.get("axis"))),
    "Reshape": _reshape,
    "Transpose": _transpose,
    "Expand": _expand,
    "Tile": _tile,
    "Pad": _pad,
    "Resize": _same_length,
    "DepthToSpace": _leading,
    "SpaceToDepth": _leading,
    "Gather": _gather,
    "Embedding": _kept(lambda n, x: []),
    "Cast": _kept(lambda n, x: []),
    "Output": _output,
}
_ALONG = _kept(lambda n, x: _ints(n.get("axis", -1)))
_ONNX_RULES: dict[str, _Rule] = {
    "LRN": _leading, "Identity": _kept(lambda n, x: []), "TopK": _ALONG, "CumSum": _ALONG, "ArgMax": _arg,
    "ArgMin": _arg, "GatherElements": _gather_elements,
}  # fmt: skip
