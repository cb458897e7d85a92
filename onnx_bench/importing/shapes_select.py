"""Shapes of operators that select or place elements, and of those that make tensors."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from onnx_bench.importing.call import (
    Call,
    KeepBatchError,
    MisfitError,
    UnknownShapeError,
    as_list,
    axis_of,
    own_axis,
)
from onnx_bench.importing.tensor import MAX_VALUE, Tensor, dtype_class
from onnx_bench.node import Shape

Shapes = Shape | list[Shape | None]


def _changed(c: Call, axis: int) -> bool:
    """Whether `axis` of the first input holds the batch of the file."""
    full, shape = c.tensor(0).full, c.tensor(0).shape
    return full is not None and shape is not None and full[axis] != shape[axis]


def slice_(c: Call) -> Shapes:
    """Attributes axes, starts, ends, steps: non-negative and inside the tensor (an end of -1 is before the first)."""
    starts, ends = c.moved("starts", 1), c.moved("ends", 2)
    axes, steps = c.moved("axes", 3), c.moved("steps", 4)
    if starts is None or ends is None:
        raise MisfitError("Slice without bounds")
    starts, ends = as_list(starts), as_list(ends)
    c.keep(0)
    x = c.shape()
    places = [axis_of(a, len(x)) for a in as_list(axes)] if axes is not None else list(range(len(starts)))
    steps = as_list(steps) if steps is not None else [1] * len(starts)
    out = list(x)
    resolved = []
    for place, start, end, step in sorted(zip(places, starts, ends, steps, strict=True)):
        if step == 0 or place >= len(x):
            raise MisfitError(f"Slice with step {step} of axis {place}")
        bounds = slice(start, end, step).indices(x[place])
        out[place] = len(range(*bounds))
        if out[place] != x[place] or step != 1:
            if _changed(c, place):
                raise KeepBatchError
            resolved.append((place, *bounds))
    columns = zip(*resolved, strict=True) if resolved else [()] * 4
    for name, column in zip(("axes", "starts", "ends", "steps"), columns, strict=True):
        c.attrs[name] = tuple(column)
    return tuple(out)


def gather(c: Call) -> Shapes:
    """Attribute `axis`; known positions are counted from the front."""
    x, indices = c.shape(), c.tensor(1)
    axis = own_axis(c)
    if _changed(c, axis) and indices.shape != () and (indices.full in (None, indices.shape)):
        raise KeepBatchError
    value = indices.value
    if value is not None and 0 < value.size <= MAX_VALUE and value.dtype.kind == "i":
        low, high = int(value.min()), int(value.max())
        if low < -x[axis] or high >= x[axis]:
            raise MisfitError(f"Gather of position {low if low < -x[axis] else high} from an axis of {x[axis]}")
        if low < 0:
            c.ins[1] = Tensor(value.shape, "int", value=np.where(value < 0, value + x[axis], value))
    return (*x[:axis], *c.shape(1), *x[axis + 1 :])


def gather_elements(c: Call) -> Shapes:
    own_axis(c)
    return c.shape(1)


def gather_nd(c: Call) -> Shapes:
    x, indices, lead = c.shape(), c.shape(1), c.attrs.get("batch_dims", 0)
    if not indices or lead + indices[-1] > len(x):
        raise MisfitError(f"GatherND of {list(x)} at positions {list(indices)}")
    return indices[:-1] + x[lead + indices[-1] :]


def scatter(c: Call) -> Shapes:
    if c.op == "Scatter":
        c.op = "ScatterElements"
    if c.op == "ScatterElements":
        own_axis(c)
    if c.attrs.get("reduction") == "none":
        del c.attrs["reduction"]  # opsets before 16 lack it
    return c.shape()


def one_hot(c: Call) -> Shapes:
    """Attributes `axis`, `depth`; inputs positions and, where not 0 and 1, the two values."""
    values = c.tensor(2)
    c.dtypes = (values.dtype,)
    depth, x = c.ints(1)[0], c.shape()
    axis = axis_of(c.attrs.get("axis", -1), len(x) + 1)
    c.attrs |= {"axis": axis, "depth": depth}
    known = values.value is not None and values.shape == (2,) and values.value.tolist() == [0, 1]
    c.keep(*(0,) if known else (0, 2))
    return (*x[:axis], depth, *x[axis:])


def compress(c: Call) -> Shapes:
    condition = c.value(1)
    if condition is None or condition.size > MAX_VALUE:
        raise UnknownShapeError
    kept, x = int(condition.astype(bool).sum()), c.shape()
    if "axis" not in c.attrs:
        return (kept,)
    axis = own_axis(c)
    return (*x[:axis], kept, *x[axis + 1 :])


def reverse(c: Call) -> Shapes:
    return c.shape()


def range_(c: Call) -> Shapes:
    start, limit, delta = (c.value(i) for i in range(3))
    if start is None or limit is None or delta is None:
        raise UnknownShapeError
    step = delta.item()
    if not step:
        raise MisfitError("Range with a step of 0")
    span = limit.item() - start.item()
    length = -(-span // step) if isinstance(step, int) and isinstance(span, int) else np.ceil(span / step)
    if not np.isfinite(length):
        raise MisfitError("Range without an end")
    return (max(int(length), 0),)


def constant_of_shape(c: Call) -> Shapes:
    target = tuple(c.ints(0))
    if min(target, default=0) < 0:
        raise MisfitError(f"ConstantOfShape of {list(target)[:8]}")
    c.keep()
    return target


def like(c: Call) -> Shapes:
    """EyeLike, RandomNormalLike, RandomUniformLike: `dtype` is the class of the output."""
    if isinstance(dtype := c.attrs.pop("dtype", None), int):
        c.dtypes = (dtype_class(dtype),)
    return c.shape()


def bit_cast(c: Call) -> Shapes:
    c.dtypes = (dtype_class(c.attrs["to"]),)
    return c.shape()


def made(c: Call) -> Shapes:
    """RandomNormal, RandomUniform: the shape is an attribute."""
    c.dtypes = ("float",)
    return tuple(c.attrs.pop("shape"))


def window_function(c: Call) -> Shapes:
    """HannWindow, HammingWindow, BlackmanWindow."""
    c.dtypes = ("float",)
    return (c.ints(0)[0],)


def stft(c: Call) -> Shapes:
    """STFT: frames of the window's length, or of `frame_length`; half of the spectrum unless onesided is 0."""
    signal, step = c.shape(), c.ints(1)[0]
    length = c.shape(2)[0] if c.has(2) else c.ints(3)[0]
    bins = length // 2 + 1 if c.attrs.get("onesided", 1) else length
    return (signal[0], (signal[1] - length) // step + 1, bins, 2)


def non_zero(c: Call) -> Shapes:
    c.dtypes = ("int",)
    value = c.value(0)
    if value is None or value.size > MAX_VALUE:
        raise UnknownShapeError
    return (max(value.ndim, 1), int(np.count_nonzero(value)))


RULES: dict[str, Callable[[Call], Shapes]] = {
    "Slice": slice_, "Gather": gather, "GatherElements": gather_elements, "GatherND": gather_nd, "OneHot": one_hot,
    "Compress": compress, "ReverseSequence": reverse, "Range": range_, "ConstantOfShape": constant_of_shape,
    "BitCast": bit_cast, "NonZero": non_zero, "STFT": stft,
    **dict.fromkeys(("Scatter", "ScatterElements", "ScatterND", "TensorScatter"), scatter),
    **dict.fromkeys(("RandomNormal", "RandomUniform"), made),
    **dict.fromkeys(("EyeLike", "RandomNormalLike", "RandomUniformLike"), like),
    **dict.fromkeys(("HannWindow", "HammingWindow", "BlackmanWindow"), window_function),
}  # fmt: skip
