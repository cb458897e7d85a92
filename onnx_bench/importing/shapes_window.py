"""Shapes of convolutions, pooling and the other operators that slide a window."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from onnx_bench.importing.call import Call, MisfitError
from onnx_bench.node import Shape

Shapes = Shape | list[Shape | None]


def _per_axis(c: Call, name: str, rank: int, default: int) -> tuple[int, ...]:
    values: tuple[int, ...] | None = c.attrs.get(name)
    if not values:
        values = c.attrs[name] = (default,) * rank
    if len(values) != rank:
        raise MisfitError(f"{c.op} over {rank} axes has {len(values)} {name}")
    return values


def _explicit_pads(c: Call, rank: int) -> tuple[int, ...] | None:
    """`pads` where the file states them, `None` where they follow from the input size (auto_pad SAME)."""
    auto_pad = c.attrs.get("auto_pad")
    if auto_pad is not None:
        if auto_pad in ("SAME_UPPER", "SAME_LOWER"):
            return None
        del c.attrs["auto_pad"]
    pads: tuple[int, ...] | None = c.attrs.get("pads")
    if not pads:
        pads = c.attrs["pads"] = (0,) * (2 * rank)
    if len(pads) != 2 * rank:
        raise MisfitError(f"{c.op} over {rank} axes has {len(pads)} pads")
    return pads


def _split_pads(totals: list[int], upper: bool) -> tuple[int, ...]:
    """Padding per axis shared between its two ends; the odd one goes to the end if `upper`."""
    small = [t // 2 for t in totals]
    large = [t - s for t, s in zip(totals, small, strict=True)]
    return tuple(small + large if upper else large + small)


def _windows(c: Call, kernel: tuple[int, ...]) -> tuple[int, ...]:
    """Resolve strides, dilations and pads of `c`, and return its output sizes."""
    rank, x = len(kernel), c.shape()
    strides, dilations = _per_axis(c, "strides", rank, 1), _per_axis(c, "dilations", rank, 1)
    pads = _explicit_pads(c, rank)
    if len(x) != rank + 2:
        raise MisfitError(f"{c.op} over {rank} axes reads shape {list(x)}")
    if min(strides) < 1 or min(dilations) < 1 or min(kernel) < 1:
        raise MisfitError(f"{c.op} with kernel {kernel}, strides {strides}, dilations {dilations}")
    if pads is None:
        return _same_size(c, kernel)
    ceil_mode, sizes = c.attrs.get("ceil_mode"), []
    for i, (k, s, d) in enumerate(zip(kernel, strides, dilations, strict=True)):
        start = x[2 + i] + pads[i]
        room = start + pads[rank + i] - d * (k - 1) - 1
        if room < 0:
            raise MisfitError(f"{c.op} with kernel {kernel}, pads {pads} on a plane of {list(x[2:])}")
        size = room // s + 1
        # A last window, only partly inside, counts unless it would start in the padding at the end.
        if ceil_mode and room % s and size * s < start:
            size += 1
        sizes.append(size)
    return tuple(sizes)


def _same_size(c: Call, kernel: tuple[int, ...]) -> tuple[int, ...]:
    """Resolve auto_pad SAME_UPPER or SAME_LOWER: each output size is the input size over the stride, rounded up."""
    sizes, totals = [], []
    for n, k, s, d in zip(c.shape()[2:], kernel, c.attrs["strides"], c.attrs["dilations"], strict=True):
        sizes.append(-(-n // s))
        totals.append(max((sizes[-1] - 1) * s + d * (k - 1) + 1 - n, 0))
    c.attrs["pads"] = _split_pads(totals, c.attrs.pop("auto_pad") == "SAME_UPPER")
    return tuple(sizes)


def _groups(c: Call) -> int:
    groups = c.attrs.setdefault("group", 1)
    if not isinstance(groups, int) or groups < 1:
        raise MisfitError(f"{c.op} with {groups} groups")
    return groups


def conv(c: Call) -> Shapes:
    """Inputs x, w, bias; attributes kernel_shape, strides, pads, dilations, group."""
    w, groups = c.shape(1), _groups(c)
    kernel = c.attrs["kernel_shape"] = tuple(c.attrs.get("kernel_shape") or w[2:])
    sizes = _windows(c, kernel)
    x = c.shape()
    if x[1] != w[1] * groups or w[0] % groups:
        raise MisfitError(f"Conv of {x[1]} channels by weights {list(w)} in {groups} groups")
    return (x[0], w[0], *sizes)


def conv_transpose(c: Call) -> Shapes:
    """As Conv, with `output_padding`; `output_shape` and `auto_pad` are resolved to pads."""
    x, w, groups = c.shape(), c.shape(1), _groups(c)
    kernel = c.attrs["kernel_shape"] = tuple(c.attrs.get("kernel_shape") or w[2:])
    rank = len(kernel)
    if len(x) != rank + 2 or x[1] != w[0]:
        raise MisfitError(f"ConvTranspose of {list(x)} by weights {list(w)}")
    strides, dilations = _per_axis(c, "strides", rank, 1), _per_axis(c, "dilations", rank, 1)
    extra = _per_axis(c, "output_padding", rank, 0)
    full = [
        strides[i] * (x[2 + i] - 1) + extra[i] + (kernel[i] - 1) * dilations[i] + 1
        for i in range(rank)
    ]  # fmt: skip
    target = c.attrs.pop("output_shape", None)
    upper = c.attrs.get("auto_pad") == "SAME_UPPER"
    pads = _explicit_pads(c, rank)
    if target or pads is None:
        sizes = list(target)[-rank:] if target else [n * s for n, s in zip(x[2:], strides, strict=True)]
        c.attrs.pop("auto_pad", None)
        c.attrs["pads"] = _split_pads([f - s for f, s in zip(full, sizes, strict=True)], upper)
    else:
        sizes = [f - pads[i] - pads[rank + i] for i, f in enumerate(full)]
    return (x[0], w[1] * groups, *sizes)


def _clipped(c: Call, kernel: tuple[int, ...]) -> tuple[int, ...]:
    """`kernel` of a pool with `ceil_mode`, whose one window on an axis may be larger than the padded plane: cut to it.

    Nothing beyond the padding counts, not even in an average that counts the padding itself.
    """
    rank, x = len(kernel), c.shape()
    pads = _explicit_pads(c, rank)
    if not c.attrs.get("ceil_mode") or pads is None or len(x) != rank + 2:
        return kernel
    strides, dilations = _per_axis(c, "strides", rank, 1), _per_axis(c, "dilations", rank, 1)
    cut = []
    for i, (k, s, d) in enumerate(zip(kernel, strides, dilations, strict=True)):
        plane = x[2 + i] + pads[i] + pads[rank + i]
        cut.append(plane if d == 1 and plane < k < plane + s else k)
    c.attrs["kernel_shape"] = tuple(cut)
    return tuple(cut)


def pool(c: Call) -> Shapes:
    """MaxPool, AveragePool, LpPool; the indices of MaxPool are output 1."""
    sizes = _windows(c, _clipped(c, tuple(c.attrs["kernel_shape"])))
    c.attrs.pop("storage_order", None)
    out = (*c.shape()[:2], *sizes)
    c.dtypes = (c.tensor(0).dtype, "int")
    return [out, out]


def global_pool(c: Call) -> Shapes:
    x = c.shape()
    return (*x[:2], *(1,) * (len(x) - 2))


def max_unpool(c: Call) -> Shapes:
    """Inputs x, indices; the output shape is the node's."""
    x, kernel = c.shape(), tuple(c.attrs["kernel_shape"])
    if c.has(2):
        out = tuple(c.ints(2))
        c.keep(0, 1)
        return out
    strides, pads = _per_axis(c, "strides", len(kernel), 1), _explicit_pads(c, len(kernel)) or ()
    rank = len(kernel)
    sizes = [(x[2 + i] - 1) * strides[i] - pads[i] - pads[rank + i] + kernel[i] for i in range(rank)]
    return (*x[:2], *sizes)


def col_to_image(c: Call) -> Shapes:
    """Col2Im; attributes image_shape, block_shape."""
    x, image, block = c.shape(), tuple(c.ints(1)), tuple(c.ints(2))
    c.attrs |= {"image_shape": image, "block_shape": block}
    c.keep(0)
    return (x[0], x[1] // prod(block), *image)


def roi_pool(c: Call) -> Shapes:
    """RoiAlign and MaxRoiPool."""
    if c.op == "MaxRoiPool":
        size = tuple(c.attrs["pooled_shape"])
    else:
        size = (c.attrs.get("output_height", 1), c.attrs.get("output_width", 1))
    return (c.shape(1)[0], c.shape()[1], *size)


def _block(c: Call) -> tuple[tuple[int, int, int, int], int]:
    x, block = c.shape(), c.attrs["blocksize"]
    if len(x) != 4 or block < 1:
        raise MisfitError(f"{c.op} of shape {list(x)} with blocks of {block}")
    return (x[0], x[1], x[2], x[3]), block


def depth_to_space(c: Call) -> Shapes:
    (n, ch, h, w), b = _block(c)
    return (n, ch // (b * b), h * b, w * b)


def space_to_depth(c: Call) -> Shapes:
    (n, ch, h, w), b = _block(c)
    return (n, ch * b * b, h // b, w // b)


def grid_sample(c: Call) -> Shapes:
    x, grid = c.shape(), c.shape(1)
    return (*x[:2], *grid[1:-1])


RULES: dict[str, Callable[[Call], Shapes]] = {
    "Conv": conv, "ConvTranspose": conv_transpose, "MaxPool": pool, "AveragePool": pool, "LpPool": pool,
    "GlobalAveragePool": global_pool, "GlobalMaxPool": global_pool, "GlobalLpPool": global_pool,
    "MaxUnpool": max_unpool, "Col2Im": col_to_image, "RoiAlign": roi_pool, "MaxRoiPool": roi_pool,
    "DepthToSpace": depth_to_space, "SpaceToDepth": space_to_depth, "GridSample": grid_sample,
}  # fmt: skip
