"""Shapes of operators that move, select, repeat or join elements, and of those that make tensors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np

from onnx_bench.importing.batch import expand_target, reshape_target, resize_target
from onnx_bench.importing.call import Call, KeepBatchError, MisfitError, UnknownShapeError, axis_of
from onnx_bench.importing.shapes_math import broadcast
from onnx_bench.importing.tensor import dtype_class
from onnx_bench.node import Shape

Shapes = Shape | list[Shape | None]


def _axis(c: Call, default: int = 0, rank: int | None = None) -> int:
    """Attribute `axis`, counted from the front."""
    axis = axis_of(c.attrs.get("axis", default), len(c.shape()) if rank is None else rank)
    c.attrs["axis"] = axis
    return axis


def _as_list(value: Any) -> list[int]:
    return [int(v) for v in value] if isinstance(value, (list, tuple)) else [int(value)]


def _changed(c: Call, axis: int) -> bool:
    """Whether `axis` of the first input holds the batch of the file."""
    full, shape = c.tensor(0).full, c.tensor(0).shape
    return full is not None and shape is not None and full[axis] != shape[axis]


def reshape(c: Call) -> Shapes:
    """One input; the target is the node's shape."""
    given = c.moved("shape", 1)
    if given is None:
        raise UnknownShapeError
    target, zero = _as_list(given), c.attrs.pop("allowzero", 0)
    c.attrs.pop("shape", None)
    c.attrs.pop("consumed_inputs", None)
    x = c.shape()
    corrected = reshape_target(c) if c.batch > 1 else None
    c.keep(0)
    if corrected is not None:
        return corrected
    if not zero:
        if any(d == 0 and i >= len(x) for i, d in enumerate(target)):
            raise MisfitError(f"Reshape of {list(x)} copies an axis that is not there")
        target = [x[i] if d == 0 else d for i, d in enumerate(target)]
    if -1 in target:
        rest = -prod(target)
        if target.count(-1) > 1 or rest < 0:
            raise MisfitError(f"Reshape to {target[:8]}")
        target[target.index(-1)] = prod(x) // rest if rest else 0
    if prod(target) != prod(x) or min(target, default=0) < 0:
        raise MisfitError(f"Reshape of {list(x)} to {target[:8]}")
    return tuple(target)


def flatten(c: Call) -> Shapes:
    x = c.shape()
    axis = c.attrs.get("axis", 1)
    axis = c.attrs["axis"] = len(x) if axis == len(x) else axis_of(axis, len(x))
    return (prod(x[:axis]), prod(x[axis:]))


def squeeze(c: Call) -> Shapes:
    """Attribute `axes`, all written out."""
    axes = c.moved("axes", 1)
    c.keep(0)
    x = c.shape()
    if axes is None:
        # A batch of the file is no axis of size 1, so it stays.
        sizes = c.tensor(0).full or x
        axes = tuple(i for i, d in enumerate(sizes) if d == 1)
    axes = c.attrs["axes"] = tuple(sorted({axis_of(a, len(x)) for a in _as_list(axes)}))
    if any(x[a] != 1 for a in axes):
        raise MisfitError(f"Squeeze of axes {list(axes)} of {list(x)}")
    return tuple(d for i, d in enumerate(x) if i not in axes)


def unsqueeze(c: Call) -> Shapes:
    """Attribute `axes`."""
    axes = _as_list(c.moved("axes", 1))
    c.keep(0)
    x = c.shape()
    rank = len(x) + len(axes)
    axes = sorted({axis_of(a, rank) for a in axes})
    c.attrs["axes"] = tuple(axes)
    out = list(x)
    for a in axes:
        out.insert(a, 1)
    return tuple(out)


def transpose(c: Call) -> Shapes:
    x = c.shape()
    perm = c.attrs["perm"] = tuple(c.attrs.get("perm", range(len(x) - 1, -1, -1)))
    if sorted(perm) != list(range(len(x))):
        raise MisfitError(f"Transpose of rank {len(x)} by {list(perm)[:8]}")
    return tuple(x[p] for p in perm)


def concat(c: Call) -> Shapes:
    first = c.shape()
    axis = _axis(c, 1 if c.opset < 4 else 0)
    total = 0
    for i in range(len(c.ins)):
        x = c.shape(i)
        if len(x) != len(first) or x[:axis] != first[:axis] or x[axis + 1 :] != first[axis + 1 :]:
            raise MisfitError(f"Concat of {list(first)} and {list(x)} along axis {axis}")
        total += x[axis]
    return (*first[:axis], total, *first[axis + 1 :])


def split(c: Call) -> Shapes:
    """Attributes `axis` and `split`, the sizes of the parts."""
    sizes = c.moved("split", 1)
    c.keep(0)
    x = c.shape()
    axis = _axis(c)
    dim = x[axis]
    if sizes is None:
        parts = c.attrs.pop("num_outputs", c.count)
        size = -(-dim // parts)
        sizes = [max(min(size, dim - i * size), 0) for i in range(parts)]
    c.attrs.pop("num_outputs", None)
    sizes = c.attrs["split"] = tuple(_as_list(sizes))
    if sum(sizes) != dim or len(sizes) < c.count:
        raise MisfitError(f"Split of {dim} into {list(sizes)[:8]}")
    return [(*x[:axis], s, *x[axis + 1 :]) for s in sizes[: c.count]]


def slice_(c: Call) -> Shapes:
    """Attributes axes, starts, ends, steps: non-negative and inside the tensor (an end of -1 is before the first)."""
    starts, ends = c.moved("starts", 1), c.moved("ends", 2)
    axes, steps = c.moved("axes", 3), c.moved("steps", 4)
    if starts is None or ends is None:
        raise MisfitError("Slice without bounds")
    starts, ends = _as_list(starts), _as_list(ends)
    c.keep(0)
    x = c.shape()
    places = [axis_of(a, len(x)) for a in _as_list(axes)] if axes is not None else list(range(len(starts)))
    steps = _as_list(steps) if steps is not None else [1] * len(starts)
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
    axis = _axis(c)
    if _changed(c, axis) and indices.shape != () and (indices.full in (None, indices.shape)):
        raise KeepBatchError
    value = indices.value
    if value is not None and value.size and value.dtype.kind == "i":
        low, high = int(value.min()), int(value.max())
        if low < -x[axis] or high >= x[axis]:
            raise MisfitError(f"Gather of position {low if low < -x[axis] else high} from an axis of {x[axis]}")
        if low < 0:
            c.ins[1] = positive(c, value, x[axis])
    return (*x[:axis], *c.shape(1), *x[axis + 1 :])


def positive(c: Call, value: np.ndarray, size: int) -> Any:
    """The positions `value`, counted from the front."""
    tensor = c.tensor(1)
    return type(tensor)(tensor.shape, "int", value=np.where(value < 0, value + size, value))


def gather_elements(c: Call) -> Shapes:
    _axis(c)
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
        _axis(c)
    return c.shape()


def expand(c: Call) -> Shapes:
    """One input; the target is the node's shape."""
    target = tuple(c.ints(1))
    x = c.shape()
    try:
        out = broadcast((x, target))
    except MisfitError:
        # Exporters have written sizes other than -1 for axes that are to stay; no other target can be meant.
        if len(target) != len(x):
            raise
        out = x
    if c.batch > 1:
        out = expand_target(c, out)
    c.keep(0)
    return out


def tile(c: Call) -> Shapes:
    """Attribute `repeats`."""
    x = c.shape()
    if c.opset < 6 and c.has(2):
        repeats = [1] * len(x)
        repeats[axis_of(c.ints(2)[0], len(x))] = c.ints(1)[0]
    else:
        repeats = c.ints(1)
    if len(repeats) != len(x) or min(repeats, default=0) < 0:
        raise MisfitError(f"Tile of rank {len(x)} by {repeats[:8]}")
    c.attrs["repeats"] = tuple(repeats)
    c.keep(0)
    return tuple(d * r for d, r in zip(x, repeats, strict=True))


def pad(c: Call) -> Shapes:
    """Attributes `pads` (starts of all axes, then ends), `mode`, `value`."""
    pads = c.attrs.pop("paddings", None) or c.moved("pads", 1)
    value, axes = c.value(2), c.moved("axes", 3)
    if c.has(2) and value is None:
        raise UnknownShapeError
    if value is not None and value.size:
        c.attrs["value"] = float(value.ravel()[0])
    c.attrs.setdefault("mode", "constant")
    c.keep(0)
    x = c.shape()
    rank = len(x)
    pads = _as_list(pads)
    if axes is not None:
        places = [axis_of(a, rank) for a in _as_list(axes)]
        spread = [0] * (2 * rank)
        for i, place in enumerate(places):
            spread[place], spread[rank + place] = pads[i], pads[len(places) + i]
        pads = spread
    c.attrs["pads"] = tuple(pads)
    if len(pads) != 2 * rank:
        raise MisfitError(f"Pad of rank {rank} with {len(pads)} pads")
    out = tuple(d + pads[i] + pads[rank + i] for i, d in enumerate(x))
    if min(out, default=0) < 0:
        raise MisfitError(f"Pad of {list(x)} by {pads[:8]}")
    return out


_OLD_RESIZE = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}


def resize(c: Call) -> Shapes:
    """Resize and Upsample: one input, the target is the node's shape; attributes mode, coordinate_transformation_mode,
    nearest_mode, cubic_coeff_a, antialias, exclude_outside, extrapolation_value as in the newest opset."""
    old = c.op == "Upsample" or c.opset < 11
    scales_at, sizes_at = (1, 9) if old else (2, 3)
    if "height_scale" in c.attrs:
        c.attrs["scales"] = (1.0, 1.0, c.attrs.pop("height_scale"), c.attrs.pop("width_scale"))
    scales, sizes = c.moved("scales", scales_at), c.moved("sizes", sizes_at)
    if old:
        c.attrs |= _OLD_RESIZE
    c.op = "Resize"
    c.attrs.pop("scales", None)
    mode = c.attrs.get("mode", "nearest")
    c.attrs["mode"] = "linear" if mode == "bilinear" else mode
    axes, policy = c.attrs.pop("axes", None), c.attrs.pop("keep_aspect_ratio_policy", "stretch")
    c.keep(0)
    x = c.shape()
    places = [axis_of(a, len(x)) for a in axes] if axes else list(range(len(x)))
    given = sizes if sizes else scales
    if not given or len(given) != len(places):
        raise MisfitError(f"Resize of {list(x)} by {given}")
    out = list(x)
    if sizes:
        if policy != "stretch":
            ratios = [s / x[p] for s, p in zip(sizes, places, strict=True)]
            ratio = min(ratios) if policy == "not_larger" else max(ratios)
            sizes = [int(np.floor(x[p] * ratio + 0.5)) for p in places]
        for p, s in zip(places, sizes, strict=True):
            out[p] = int(s)
    else:
        for p, s in zip(places, given, strict=True):
            out[p] = int(np.floor(np.float32(x[p]) * np.float32(s)))
    return resize_target(c, tuple(out)) if c.batch > 1 else tuple(out)


def one_hot(c: Call) -> Shapes:
    """Attributes `axis`, `depth`; inputs positions and, where not 0 and 1, the two values."""
    values = c.tensor(2)
    c.dtypes = (values.dtype,)
    depth, x = c.ints(1)[0], c.shape()
    axis = axis_of(c.attrs.get("axis", -1), len(x) + 1)
    c.attrs |= {"axis": axis, "depth": depth}
    known = values.value is not None and values.value.ravel().tolist() == [0, 1]
    c.keep(*(0,) if known else (0, 2))
    return (*x[:axis], depth, *x[axis:])


def compress(c: Call) -> Shapes:
    condition = c.value(1)
    if condition is None:
        raise UnknownShapeError
    kept, x = int(condition.astype(bool).sum()), c.shape()
    if "axis" not in c.attrs:
        return (kept,)
    axis = _axis(c)
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


def non_zero(c: Call) -> Shapes:
    c.dtypes = ("int",)
    value = c.value(0)
    if value is None:
        raise UnknownShapeError
    return (max(value.ndim, 1), int(np.count_nonzero(value)))


def _names(rule: Callable[[Call], Shapes], names: Sequence[str]) -> dict[str, Callable[[Call], Shapes]]:
    return dict.fromkeys(names, rule)


RULES: dict[str, Callable[[Call], Shapes]] = {
    "Reshape": reshape, "Flatten": flatten, "Squeeze": squeeze, "Unsqueeze": unsqueeze, "Transpose": transpose,
    "Concat": concat, "Split": split, "Slice": slice_, "Gather": gather, "GatherElements": gather_elements,
    "GatherND": gather_nd, "Expand": expand, "Tile": tile, "Pad": pad, "Resize": resize, "Upsample": resize,
    "OneHot": one_hot, "Compress": compress, "ReverseSequence": reverse, "Range": range_,
    "ConstantOfShape": constant_of_shape, "EyeLike": like, "BitCast": bit_cast, "NonZero": non_zero,
    **_names(scatter, ("Scatter", "ScatterElements", "ScatterND", "TensorScatter")),
    **_names(made, ("RandomNormal", "RandomUniform")),
    **_names(like, ("RandomNormalLike", "RandomUniformLike")),
    **_names(window_function, ("HannWindow", "HammingWindow", "BlackmanWindow")),
}  # fmt: skip
