"""From the batch of a file to batch 1.

A file that was exported with a batch B > 1 holds B in its constants: targets of Reshape and Expand, masks, initial
states. It is evaluated at B, where all shapes are as the exporter meant them, and again at 1. There, every tensor knows
its shape at B (`Tensor.full`), so the axis that holds the batch is the one whose size changed, and constants made for B
are recognised by their alignment with that axis.
"""

from __future__ import annotations

from math import prod

import numpy as np

from onnx_bench.importing.call import MAX_LIST, Call, KeepBatchError
from onnx_bench.importing.seen import Seen
from onnx_bench.importing.tensor import Tensor, learned_tensor
from onnx_bench.node import Shape

_ALIGNED = frozenset((
    "Add", "Sub", "Mul", "Div", "Pow", "Mod", "Max", "Min", "Sum", "Mean", "And", "Or", "Xor", "Equal", "Greater",
    "Less", "GreaterOrEqual", "LessOrEqual", "Where", "Concat", "MatMul", "Einsum", "GatherElements",
    "ScatterElements",
))  # fmt: skip
_STATES = {"LSTM": (5, 6), "GRU": (5,), "RNN": (5,)}


def batch_axes(tensor: Tensor) -> list[int]:
    """The axes that hold the batch of the file; several where examples of one batch are compared with each other."""
    full, shape = tensor.full, tensor.shape
    if full is None or shape is None or full == shape:
        return []
    if len(full) != len(shape):
        raise KeepBatchError
    axes = [i for i, d in enumerate(full) if d != shape[i]]
    if any(shape[i] == 0 or full[i] % shape[i] for i in axes):
        raise KeepBatchError
    return axes


def batch_axis(tensor: Tensor) -> int | None:
    """The axis that holds the batch of the file, if there is one.

    Raises:
        KeepBatchError: There are several, so it is not clear which constants were made for which.
    """
    axes = batch_axes(tensor)
    if len(axes) > 1:
        raise KeepBatchError
    return axes[0] if axes else None


def reshape_target(c: Call) -> Shape | None:
    """The target of a Reshape whose constant was made for the batch of the file; `None` where it needs no correction.

    The batch covers the places [P, P * B) of the row-major order, counted in prefix products; the same interval of
    the target at B is divided out of the target axes that it covers.
    """
    x, out = c.tensor(0), c.out_full
    axis = batch_axis(x)
    if axis is None or out is None or x.shape is None or x.full is None:
        return None
    if c.before is not None and c.node is not None and len(c.node.inputs) > 1:
        before = c.before.get(c.node.inputs[1])
        then, now = None if before is None else before.value, c.tensor(1).value
        if then is not None and now is not None and then.size <= MAX_LIST and not np.array_equal(then, now):
            return None  # the file computes its target from the batch
    low = prod(x.shape[:axis]) * x.outer
    high = low * (x.full[axis] // x.shape[axis])
    start, shape = 1, []
    for dim in out:
        stop = start * dim
        left, right = max(start, low), min(stop, high)
        if left < right:
            if right % left or dim % (right // left):
                raise KeepBatchError
            if left == low:
                c.outer = max(low // start, 1)
            dim //= right // left
        shape.append(dim)
        start = stop
    return tuple(shape) if prod(shape) == prod(x.shape) else None


def expand_target(c: Call, out: Shape) -> Shape:
    """The target of an Expand: along the batch axis of the data it is the data's size."""
    x = c.tensor(0)
    axis = batch_axis(x)
    if axis is None or x.shape is None:
        return out
    place = axis + len(out) - len(x.shape)
    return (*out[:place], x.shape[axis], *out[place + 1 :])


def resize_target(c: Call, out: Shape) -> Shape:
    """The target of a Resize: the batch axis keeps its size."""
    x = c.tensor(0)
    axis = batch_axis(x)
    return out if axis is None or x.shape is None else (*out[:axis], x.shape[axis], *out[axis + 1 :])


def _shrink(tensor: Tensor, axis: int, size: int) -> Tensor:
    """A held tensor made for the batch of the file, cut to the part for batch 1."""
    assert tensor.shape is not None
    if tensor.node >= 0:
        raise KeepBatchError
    shape = (*tensor.shape[:axis], size, *tensor.shape[axis + 1 :])
    value = None if tensor.value is None else tensor.value[(slice(None),) * axis + (slice(size),)]
    if not tensor.sources:
        return Tensor(shape, tensor.dtype, value=value)
    cut = learned_tensor(shape, tensor.dtype, value)
    if tensor.learned < cut.learned:  # an expanded parameter of one example
        cut.sources = tensor.sources
    return cut


def _labels(c: Call, i: int, shape: Shape) -> list[int | str]:
    """A label for each axis of input `i`; axes of different inputs that belong together have the same one."""
    rank = len(shape)
    if c.op == "Einsum":
        terms = str(c.attrs["equation"]).replace(" ", "").partition("->")[0].split(",")
        return list(terms[i]) if i < len(terms) and len(terms[i]) == rank else []
    labels: list[int | str] = list(range(-rank, 0))
    if c.op == "MatMul":
        return [k for k in labels if isinstance(k, int) and k < -2] + [f"{i}row", f"{i}column"][2 - rank :]
    if c.op in ("Concat", "GatherElements", "ScatterElements") and rank:
        labels[c.attrs.get("axis", 0)] = f"{i}"
    return labels


def align(c: Call) -> None:
    """Cut held operands of `c` that are as long as the batch axis of its data."""
    if c.op in _STATES:
        _align_states(c)
    elif c.op in _ALIGNED:
        changed: dict[int | str, tuple[int, int]] = {}  # label -> (size at the batch of the file, size now)
        for i, t in enumerate(c.ins):
            if t is not None and t.full is not None and t.shape is not None and t.full != t.shape:
                labels = _labels(c, i, t.shape)
                changed |= {labels[a]: (t.full[a], t.shape[a]) for a in batch_axes(t) if labels}
        for i, t in enumerate(c.ins) if changed else ():
            if t is None or t.shape is None or (t.full is not None and t.full != t.shape):
                continue
            for axis, label in enumerate(_labels(c, i, t.shape)):
                full, size = changed.get(label, (0, 0))
                if full and t.shape is not None and t.shape[axis] == full:
                    c.ins[i] = t = _shrink(t, axis, size)


def _align_states(c: Call) -> None:
    """Cut initial states of a recurrent layer to the batch of its data."""
    x, axis = c.tensor(0), 0 if c.attrs.get("layout") else 1
    if x.full is None or x.shape is None or batch_axis(x) != axis:
        return
    for i in _STATES[c.op]:
        state = c.ins[i] if i < len(c.ins) else None
        if state is not None and state.shape is not None and state.shape[axis : axis + 1] == (x.full[axis],):
            c.ins[i] = _shrink(state, axis, x.shape[axis])


def outer_of(c: Call, out: Tensor) -> int:
    """How many places of the batch axis of `out` lie outside the batch."""
    if c.outer:
        return c.outer
    axes = batch_axes(out)
    if len(axes) != 1 or out.shape is None:
        return 1
    axis = axes[0]
    if c.op == "Flatten":
        reshape_target(c)
        return c.outer or 1
    if c.op == "Concat" and c.attrs.get("axis") == axis:
        return out.shape[axis]
    outer = max((t.outer for t in c.ins if t is not None), default=1)
    return outer if out.shape[axis] % outer == 0 else 1


def consistent(before: Seen, now: Seen, batch: int) -> bool:
    """Whether every computed tensor shrank by the batch, by its square (pairs within a batch) or not at all."""
    if not all(consistent(before.turn(*key), turn, batch) for key, turn in now.turns.items()):
        return False
    for name, tensor in now.maps[0].items():
        if tensor.node < 0:
            continue
        then = before.get(name)
        if then is None or then.shape is None:
            continue
        if tensor.shape is None or prod(then.shape) not in {prod(tensor.shape) * batch**k for k in range(3)}:
            return False
    return True
