"""The functions of einspace: what each makes of a tensor's shape, and how it is drawn.

A tensor is an image [1, C, H, W] or columns [1, S, D]; its rank tells which. Dimensions count from 1, as in the names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from math import prod, sqrt

from onnx_bench.node import Shape
from onnx_bench.op_rules import window_size
from onnx_bench.passes.values import tidy
from onnx_bench.spaces.drawing import Drawing
from onnx_bench.spaces.grammar import NotDerivedError
from onnx_bench.spaces.patches import draw_patches

IMAGE, COLUMNS = 4, 3
SLOPE = 0.01
_IM2COL = re.compile(r"im2col(\d+)k(\d+)s(\d+)p")
_GROUP = re.compile(r"group_dim(\d)s(\d)d")
_CAT = re.compile(r"cat_tensors(\d)d\dt")


def _refuse(function: str, shape: Shape, expected: str) -> NotDerivedError:
    return NotDerivedError(f"{function} of a tensor of shape {list(shape)}", expected)


def window(function: str) -> tuple[int, int, int]:
    """Kernel, stride and padding of an im2col."""
    match = _IM2COL.fullmatch(function)
    assert match is not None, "the grammar has no other"
    return int(match[1]), int(match[2]), int(match[3])


def grid_of(function: str, shape: Shape) -> tuple[int, int]:
    """Rows and columns of the patches that an im2col takes of an image.

    Raises:
        NotDerivedError: The image is smaller than a patch.
    """
    kernel, stride, padding = window(function)
    if len(shape) != IMAGE or min(shape[2:]) < kernel:
        raise _refuse(function, shape, f"an image of {kernel}x{kernel} at least")
    rows, columns = (window_size(side, kernel, stride, 1, 2 * padding) for side in shape[2:])
    return rows, columns


def route(function: str, shape: Shape, grid: tuple[int, int] | None = None) -> Shape:
    """The shape after a routing function; `grid` is that of the im2col which a col2im undoes.

    Raises:
        NotDerivedError: The function does not take such a tensor.
    """
    if function == "identity":
        return shape
    if function.startswith("permute"):
        order = permutation(function)
        if len(order) != len(shape):
            raise _refuse(function, shape, "an image" if len(order) == IMAGE else "columns")
        return tuple([shape[axis] for axis in order])
    if function == "col2im":
        if len(shape) != COLUMNS or grid is None or prod(grid) != shape[1]:
            raise _refuse(function, shape, "as many columns as the im2col before has patches")
        return (1, shape[2], *grid)
    rows, columns = grid_of(function, shape)
    return (1, rows * columns, shape[1] * window(function)[0] ** 2)


def permutation(function: str) -> tuple[int, ...]:
    """The order of axes, batch first, of a permute."""
    return (0, *map(int, function.removeprefix("permute")))


def split(function: str, shape: Shape) -> Shape:
    """The shape of every part after a branching function.

    Raises:
        NotDerivedError: The dimension does not divide, or there is none.
    """
    match = _GROUP.fullmatch(function)
    if match is None:  # clones
        return shape
    parts, axis = int(match[1]), int(match[2])
    if axis >= len(shape) or shape[axis] % parts:
        raise _refuse(function, shape, f"a dimension {axis} that divides by {parts}")
    return (*shape[:axis], shape[axis] // parts, *shape[axis + 1 :])


def join(function: str, shapes: Sequence[Shape]) -> Shape:
    """The shape after an aggregation function.

    Raises:
        NotDerivedError: The shapes do not fit each other.
    """
    first, last = shapes[0], shapes[-1]
    if function.endswith("dot_product"):
        if len(first) != len(last) or first[-1] != last[-2] or first[:-2] != last[:-2]:
            raise _refuse(function, first, f"one whose last dimension is the last but one of {list(last)}")
        return (*first[:-1], last[-1])
    if function == "add_tensors":
        if first != last:
            raise _refuse(function, first, f"the shape of the last branch, {list(last)}")
        return first
    axis = concatenated(function)
    if len(first) != len(last) or axis >= len(first) or _without(first, axis) != _without(last, axis):
        raise _refuse(function, first, f"one that differs from {list(last)} in dimension {axis} alone")
    return (*first[:axis], sum(shape[axis] for shape in shapes), *first[axis + 1 :])


def concatenated(function: str) -> int:
    match = _CAT.fullmatch(function)
    assert match is not None, "the grammar has no other"
    return int(match[1])


def _without(shape: Shape, axis: int) -> Shape:
    return shape[:axis] + shape[axis + 1 :]


def compute(function: str, shape: Shape) -> tuple[Shape, int]:
    """The shape after a computation function, and its parameters."""
    if function.startswith("linear"):
        width = int(function.removeprefix("linear"))
        return (*shape[:-1], width), width * (shape[-1] + 1)
    if function == "norm":
        return shape, 2 * shape[1 if len(shape) == IMAGE else 2]
    return shape, prod(shape) if function == "learnable_positional_encoding" else 0


def draw_route(pen: Drawing, x: int, function: str, grid: tuple[int, int] | None = None) -> int:
    shape = pen.shape(x)
    if function == "identity":
        return x
    if function.startswith("permute"):
        return pen.add("Transpose", x, perm=permutation(function))
    if function == "col2im":
        return pen.add("Reshape", pen.add("Transpose", x, perm=(0, 2, 1)), shape=route(function, shape, grid))
    return draw_patches(pen, x, *window(function))


def draw_split(pen: Drawing, x: int, function: str, parts: int) -> list[int]:
    match = _GROUP.fullmatch(function)
    if match is None:
        return [x] * parts
    axis = int(match[2])
    size = pen.shape(x)[axis] // parts
    return [pen.add("Slice", x, axis=axis, start=i * size, end=(i + 1) * size) for i in range(parts)]


def draw_join(pen: Drawing, parts: Sequence[int], function: str) -> int:
    if function == "add_tensors":
        return pen.add("Add", *parts)
    if not function.endswith("dot_product"):
        return pen.add("Concat", *parts, axis=concatenated(function))
    product = pen.add("MatMul", *parts)
    if function == "dot_product":
        return product
    scale = pen.add("Constant", shape=(), value=(tidy(1 / sqrt(pen.shape(parts[0])[-1])),))
    return pen.add("Mul", product, scale)


_SIMPLE: dict[str, Callable[[Drawing, int], int]] = {
    "identity": lambda pen, x: x,
    "leakyrelu": lambda pen, x: pen.add("LeakyRelu", x, alpha=SLOPE),
    "softmax": lambda pen, x: pen.add("Softmax", x, axis=len(pen.shape(x)) - 1),
    "learnable_positional_encoding": lambda pen, x: pen.add("Add", x, pen.add("Parameter", shape=pen.shape(x))),
}


def draw_compute(pen: Drawing, x: int, function: str) -> int:
    if function.startswith("linear"):
        return pen.linear(x, int(function.removeprefix("linear")))
    if function == "norm":
        return pen.add("BatchNorm", x) if len(pen.shape(x)) == IMAGE else pen.add("LayerNorm", x)
    return _SIMPLE[function](pen, x)
