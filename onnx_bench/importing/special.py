"""Operators that the evaluator computes away or replaces."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from onnx_bench.importing.call import Call, MisfitError, UnknownShapeError, own_axis
from onnx_bench.importing.shapes_math import broadcast
from onnx_bench.importing.shapes_select import constant_of_shape
from onnx_bench.importing.tensor import (
    MAX_VALUE,
    Tensor,
    constant,
    dtype_class,
    filled,
    is_filled,
    learned_tensor,
    numpy_type,
    one_value,
    stored_tensor,
)
from onnx_bench.node import Shape

if TYPE_CHECKING:
    from onnx_bench.importing.evaluator import Evaluator

_ATTRIBUTE_TYPES = {
    "value_int": np.int64, "value_ints": np.int64, "value_float": np.float32, "value_floats": np.float32,
}  # fmt: skip
_OLD_TYPES = {"FLOAT": 1, "INT32": 6, "INT64": 7, "BOOL": 9, "DOUBLE": 11}


def constant_node(e: Evaluator, c: Call) -> list[Tensor]:
    """Constant: a stored tensor; one of zeros or of ones is in the code of the network, nobody learns it."""
    for name, value in c.attrs.items():
        if name == "value":
            tensor = stored_tensor(value)
            one = one_value(value) if tensor.sources and tensor.shape else None
            return [tensor if one is None or one not in (0, 1) else filled(one, tensor.shape or ())]
        if name in _ATTRIBUTE_TYPES:
            return [constant(np.array(value, _ATTRIBUTE_TYPES[name]))]
        if name == "sparse_value":
            stored = stored_tensor(value.values)
            return [Tensor(tuple(value.dims), stored.dtype, sources=stored.sources)]
        if name.startswith("value_string"):
            return [Tensor((len(value),) if isinstance(value, tuple) else (), "string")]
    raise MisfitError("Constant without a value")


def identity(e: Evaluator, c: Call) -> list[Tensor]:
    """Identity: the tensor itself. A learned tensor becomes another of the same shape: exporters merge equal ones."""
    tensor = c.tensor(0)
    if tensor.node < 0 and tensor.sources and tensor.shape is not None:
        copy = learned_tensor(tensor.shape, tensor.dtype, tensor.value)
        if copy.learned == tensor.learned:
            return [copy]
    return [tensor]


def dropout(e: Evaluator, c: Call) -> list[Tensor]:
    """Dropout does nothing at inference; its mask is all true."""
    x = c.tensor(0)
    mask = Tensor(None, "bool") if x.shape is None else filled(np.bool_(True), x.shape)
    return [x, mask][: c.count]


def cast(e: Evaluator, c: Call) -> list[Tensor] | None:
    """Cast inside one class (float, int, bool) does nothing; `to` names the class."""
    to = c.attrs.get("to", 1)
    elem_type = _OLD_TYPES.get(to, 1) if isinstance(to, str) else to
    x, target = c.tensor(0), dtype_class(elem_type)
    c.attrs = {"to": target}
    c.dtypes = (target,)
    if x.value is not None and target != "string":
        kind = numpy_type(elem_type)
        size_one = x.value.size == 1 or not any(x.value.strides)
        if size_one and x.shape is not None:
            result = filled(x.value[(0,) * x.value.ndim].astype(kind), x.shape) if x.value.size else constant(x.value)
        else:
            result = constant(x.value.astype(kind))
        result.sources = x.sources
        return [result]
    if x.dtype == target:
        return [x]
    c.op = "Cast"
    c.keep(0)
    return e.finish(c, [x.shape])


def cast_like(e: Evaluator, c: Call) -> list[Tensor] | None:
    """CastLike: a Cast to the class of the second input."""
    like = c.tensor(1)
    c.attrs["to"] = {"float": 1, "int": 7, "bool": 9, "string": 8}[like.dtype]
    return cast(e, c)


def shape_of(e: Evaluator, c: Call) -> list[Tensor] | None:
    """Shape: known integers."""
    c.dtypes = ("int",)
    shape = c.tensor(0).shape
    if shape is None:
        return e.finish(c, [None])
    part = shape[slice(c.attrs.get("start", 0), c.attrs.get("end"))]
    if any(d >= 1 << 63 for d in part):
        raise UnknownShapeError
    return [constant(np.array(part, np.int64))]


def size_of(e: Evaluator, c: Call) -> list[Tensor] | None:
    """Size: a known integer."""
    c.dtypes = ("int",)
    size = prod(c.shape())
    return [constant(np.array(size, np.int64))] if size < 1 << 63 else None


def make_filled(e: Evaluator, c: Call) -> list[Tensor] | None:
    """ConstantOfShape: one value in every place, or, where a file without weights uses it so, a learned tensor."""
    proto = c.attrs.get("value")
    target = c.tensor(0)
    if target.value is None:
        c.dtypes = ("float" if proto is None else dtype_class(proto.data_type),)
        return e.finish(c, [None])
    stored = c.node is not None and c.node.inputs[0] in e.stored
    shape = constant_of_shape(c)
    assert isinstance(shape, tuple)
    value = None if proto is None else stored_tensor(proto).value
    number = np.float32(0) if value is None or not value.size else value[(0,) * value.ndim]
    if stored and number.dtype.kind == "f" and 0 < abs(number) < 1:
        if c.batch == 1 and c.node is not None and c.node.form is not None:
            e.weights[c.node.form, c.node.inputs[0], target] = shape
        return [learned_tensor(shape)]
    return [filled(number, shape)]


def expand(e: Evaluator, c: Call) -> list[Tensor] | None:
    """Expand of one held value: that value in every place."""
    x, target = c.tensor(0), c.value(1)
    if x.value is None or not (x.value.size == 1 or is_filled(x.value)) or target is None:
        return None
    out = broadcast((c.shape(), tuple(c.ints(1))))
    result = filled(x.value[(0,) * x.value.ndim], out)
    result.sources = x.sources
    return [result]


def coerced_softmax(e: Evaluator, c: Call) -> list[Tensor] | None:
    """Before opset 13, Softmax and its like ran over all axes from `axis` on, as one."""
    if c.opset >= 13:
        return None
    x = c.tensor(0)
    shape = c.shape()
    axis = c.attrs.get("axis", 1)
    axis = axis + len(shape) if axis < 0 else axis
    wide = [i for i in range(axis, len(shape)) if shape[i] != 1]
    if len(wide) <= 1:
        c.attrs["axis"] = wide[0] if wide else min(axis, len(shape) - 1)
        return None
    flat = e.apply("Flatten", x, axis=axis)
    return [e.apply("Reshape", e.apply(c.op, flat, axis=1), shape=shape)]


def gather_all(e: Evaluator, c: Call) -> None:
    """Gather, GatherND of all elements in their order, as exporters write masks of attention: a Reshape.

    Positions that were made for the batch of the file take all elements there.
    """
    x, index = c.tensor(0), c.tensor(1)
    shape, value = x.shape, index.value
    if x.node < 0 or not shape or value is None or value.ndim == 0 or not 0 < value.size <= MAX_VALUE:
        return
    target = value.shape
    if not _takes_all(c, value, x.full or shape):  # the first of a batch is all that is left of it, but not all
        return
    if not _takes_all(c, value, shape):
        if x.outer > 1 or target[0] % c.batch:
            return
        target = (target[0] // c.batch, *target[1:])
    if c.op == "GatherND":
        out = target[:-1] + shape[target[-1] :]
    else:
        axis = own_axis(c)
        out = shape[:axis] + target + shape[axis + 1 :]
    c.op, c.attrs, c.ins = "Reshape", {}, [x, constant(np.array(out, np.int64))]


def _takes_all(c: Call, positions: np.ndarray, shape: Shape) -> bool:
    """Whether `positions` are those of all elements of a tensor of this shape, along the axes they refer to."""
    if c.op == "Gather":
        count = shape[own_axis(c)]  # of a large tensor few elements are taken: positions of all take memory
        return positions.size == count and np.array_equal(positions.ravel(), np.arange(count))
    count = positions.shape[-1]
    axes = shape[: 0 if c.attrs.get("batch_dims") else count]
    return prod(axes) * count == positions.size and np.array_equal(
        positions.reshape(-1, count), np.indices(axes).reshape(count, -1).T
    )


SPECIALS: dict[str, Callable[[Evaluator, Call], list[Tensor] | None]] = {
    "Constant": constant_node, "Identity": identity, "Dropout": dropout, "Cast": cast, "CastLike": cast_like,
    "Shape": shape_of, "Size": size_of, "ConstantOfShape": make_filled, "Expand": expand,
    **dict.fromkeys(("Softmax", "LogSoftmax", "Hardmax"), coerced_softmax),
    "Gather": gather_all, "GatherND": gather_all,
}  # fmt: skip
