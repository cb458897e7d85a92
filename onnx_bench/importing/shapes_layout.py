"""Shapes of operators that arrange, repeat, join or resize tensors."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import numpy as np

from onnx_bench.importing.batch import expand_target, reshape_target, resize_target
from onnx_bench.importing.call import Call, MisfitError, UnknownShapeError, as_list, axis_of, own_axis
from onnx_bench.importing.shapes_math import broadcast
from onnx_bench.node import Shape

Shapes = Shape | list[Shape | None]


def reshape(c: Call) -> Shapes:
    """One input; the target is the node's shape."""
    given = c.moved("shape", 1)
    if given is None:
        raise UnknownShapeError
    target, zero = as_list(given), c.attrs.pop("allowzero", 0)
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
    axes = c.attrs["axes"] = tuple(sorted({axis_of(a, len(x)) for a in as_list(axes)}))
    if any(x[a] != 1 for a in axes):
        raise MisfitError(f"Squeeze of axes {list(axes)} of {list(x)}")
    return tuple(d for i, d in enumerate(x) if i not in axes)


def unsqueeze(c: Call) -> Shapes:
    """Attribute `axes`."""
    axes = as_list(c.moved("axes", 1))
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
    axis = own_axis(c, 1 if c.opset < 4 else 0)
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
    axis = own_axis(c)
    dim = x[axis]
    if sizes is None:
        parts = c.attrs.pop("num_outputs", c.count)
        if parts != c.count:
            raise MisfitError(f"Split into {parts} parts with {c.count} outputs")
        size = -(-dim // parts)
        sizes = [max(min(size, dim - i * size), 0) for i in range(parts)]
    c.attrs.pop("num_outputs", None)
    sizes = c.attrs["split"] = tuple(as_list(sizes))
    if sum(sizes) != dim or len(sizes) < c.count:
        raise MisfitError(f"Split of {dim} into {list(sizes)[:8]}")
    return [(*x[:axis], s, *x[axis + 1 :]) for s in sizes[: c.count]]


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
        c.note = "an Expand to sizes that its input cannot take: the input's own sizes are assumed"
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
    value, axes = c.scalar(2), c.moved("axes", 3)
    if c.has(2) and c.value(2) is None:
        raise UnknownShapeError
    if value is not None:
        c.attrs["value"] = float(value)
    c.attrs.setdefault("mode", "constant")
    c.keep(0)
    x = c.shape()
    rank = len(x)
    pads = as_list(pads)
    if axes is not None:
        places = [axis_of(a, rank) for a in as_list(axes)]
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


RULES: dict[str, Callable[[Call], Shapes]] = {
    "Reshape": reshape, "Flatten": flatten, "Squeeze": squeeze, "Unsqueeze": unsqueeze, "Transpose": transpose,
    "Concat": concat, "Split": split, "Expand": expand, "Tile": tile, "Pad": pad, "Resize": resize, "Upsample": resize,
}  # fmt: skip
