"""Values of small tensors that do not depend on the graph inputs, computed with numpy.

Every function gets a call whose inputs have known values and the shape of its output, which is small. Shapes have been
checked before, so nothing here allocates on the say-so of a file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from onnx_bench.importing.call import Call
from onnx_bench.node import Shape

Array = np.ndarray[Any, Any]
_CLASS_TYPES = {"float": np.float32, "int": np.int64, "bool": np.bool_}
Fold = Callable[[Call, Sequence[Array], Shape], Array | list[Array] | None]


def _divide(c: Call, v: Sequence[Array], out: Shape) -> Array | None:
    a, b = v
    if a.dtype.kind == "f":
        return a / b
    if not b.all():
        return None
    quotient = a // b
    inexact = (quotient * b != a) & (quotient < 0)
    return quotient + inexact.astype(quotient.dtype)  # ONNX truncates towards zero


def _mod(c: Call, v: Sequence[Array], out: Shape) -> Array | None:
    if v[1].dtype.kind != "f" and not v[1].all():
        return None
    return np.fmod(v[0], v[1]) if c.attrs.get("fmod") else np.mod(v[0], v[1])


def _power(c: Call, v: Sequence[Array], out: Shape) -> Array | None:
    base, exponent = v
    if base.dtype.kind != "f" and (exponent < 0).any():
        return None
    return np.power(base, exponent).astype(base.dtype)


def _unary(function: Callable[[Array], Array]) -> Fold:
    return lambda c, v, out: function(v[0])


def _binary(function: Callable[[Array, Array], Array]) -> Fold:
    return lambda c, v, out: function(v[0], v[1])


def _many(function: Callable[[Array, Array], Array]) -> Fold:
    def fold(c: Call, v: Sequence[Array], out: Shape) -> Array:
        result = v[0]
        for other in v[1:]:
            result = function(result, other)
        return result

    return fold


def _reduce(function: Callable[..., Array]) -> Fold:
    def fold(c: Call, v: Sequence[Array], out: Shape) -> Array:
        x = v[0]
        axes = c.attrs["axes"]
        return np.asarray(function(x, axis=axes)).reshape(out).astype(x.dtype) if axes else x

    return fold


def _slice(c: Call, v: Sequence[Array], out: Shape) -> Array:
    index: list[slice] = [slice(None)] * v[0].ndim
    a = c.attrs
    for axis, start, end, step in zip(a["axes"], a["starts"], a["ends"], a["steps"], strict=True):
        index[axis] = slice(start, None if end < 0 else end, step)
    return v[0][tuple(index)]


def _split(c: Call, v: Sequence[Array], out: Shape) -> list[Array]:
    return np.split(v[0], np.cumsum(c.attrs["split"])[:-1], axis=c.attrs["axis"])


def _gather(c: Call, v: Sequence[Array], out: Shape) -> Array:
    return np.take(v[0], v[1], axis=c.attrs["axis"])


def _gather_nd(c: Call, v: Sequence[Array], out: Shape) -> Array | None:
    if c.attrs.get("batch_dims"):
        return None
    return v[0][tuple(np.moveaxis(v[1], -1, 0))].reshape(out)


def _scatter_nd(c: Call, v: Sequence[Array], out: Shape) -> Array | None:
    if c.attrs.get("reduction", "none") != "none":
        return None
    result = np.array(v[0])
    result[tuple(np.moveaxis(v[1], -1, 0))] = v[2]
    return result


def _scatter_elements(c: Call, v: Sequence[Array], out: Shape) -> Array | None:
    if c.attrs.get("reduction", "none") != "none":
        return None
    result = np.array(v[0])
    np.put_along_axis(result, v[1], v[2], c.attrs["axis"])
    return result


def _cumulate(c: Call, v: Sequence[Array], out: Shape) -> Array | None:
    if c.attrs.get("reverse") or c.attrs.get("exclusive"):
        return None
    return np.cumsum(v[0], axis=c.attrs["axis"], dtype=v[0].dtype)


def _trilu(c: Call, v: Sequence[Array], out: Shape) -> Array:
    k = int(v[1].ravel()[0]) if len(v) > 1 else 0
    return np.triu(v[0], k) if c.attrs.get("upper", 1) else np.tril(v[0], k)


def _range(c: Call, v: Sequence[Array], out: Shape) -> Array:
    return (v[0].ravel()[0] + np.arange(out[0]) * v[2].ravel()[0]).astype(v[0].dtype)


def _clip(c: Call, v: Sequence[Array], out: Shape) -> Array:
    low, high = c.attrs.get("min"), c.attrs.get("max")
    return v[0] if low is None and high is None else np.clip(v[0], low, high).astype(v[0].dtype)


def _arg(function: Callable[..., Array]) -> Fold:
    def fold(c: Call, v: Sequence[Array], out: Shape) -> Array | None:
        return None if c.attrs.get("select_last_index") else function(v[0], axis=c.attrs["axis"]).reshape(out)

    return fold


def _is_inf(c: Call, v: Sequence[Array], out: Shape) -> Array:
    low, high = c.attrs.get("detect_negative", 1), c.attrs.get("detect_positive", 1)
    return (np.isposinf(v[0]) & bool(high)) | (np.isneginf(v[0]) & bool(low))


def _eye_like(c: Call, v: Sequence[Array], out: Shape) -> Array:
    kind = _CLASS_TYPES[c.dtypes[0]] if c.dtypes else v[0].dtype
    return np.eye(out[0], out[1], c.attrs.get("k", 0), dtype=kind)


FOLDS: dict[str, Fold] = {
    "Add": _binary(np.add), "Sub": _binary(np.subtract), "Mul": _binary(np.multiply), "Div": _divide, "Mod": _mod,
    "Pow": _power, "Max": _many(np.maximum), "Min": _many(np.minimum), "Sum": _many(np.add),
    "Equal": _binary(np.equal), "Greater": _binary(np.greater), "Less": _binary(np.less),
    "GreaterOrEqual": _binary(np.greater_equal), "LessOrEqual": _binary(np.less_equal),
    "And": _binary(np.logical_and), "Or": _binary(np.logical_or), "Xor": _binary(np.logical_xor),
    "Not": _unary(np.logical_not), "Neg": _unary(np.negative), "Abs": _unary(np.abs), "Sqrt": _unary(np.sqrt),
    "Exp": _unary(np.exp), "Log": _unary(np.log), "Floor": _unary(np.floor), "Ceil": _unary(np.ceil),
    "Round": _unary(np.round), "Sin": _unary(np.sin), "Cos": _unary(np.cos), "Sign": _unary(np.sign),
    "Reciprocal": _unary(np.reciprocal), "IsNaN": _unary(np.isnan), "IsInf": _is_inf,
    "Relu": lambda c, v, out: np.maximum(v[0], v[0].dtype.type(0)),
    "Where": lambda c, v, out: np.where(v[0], v[1], v[2]),
    "MatMul": _binary(np.matmul),
    "Reshape": lambda c, v, out: v[0].reshape(out), "Flatten": lambda c, v, out: v[0].reshape(out),
    "Squeeze": lambda c, v, out: v[0].reshape(out), "Unsqueeze": lambda c, v, out: v[0].reshape(out),
    "Transpose": lambda c, v, out: v[0].transpose(c.attrs["perm"]),
    "Expand": lambda c, v, out: np.broadcast_to(v[0], out),
    "Tile": lambda c, v, out: np.tile(v[0], c.attrs["repeats"]),
    "Concat": lambda c, v, out: np.concatenate(v, axis=c.attrs["axis"]),
    "Slice": _slice, "Split": _split, "Gather": _gather, "GatherND": _gather_nd,
    "GatherElements": lambda c, v, out: np.take_along_axis(v[0], v[1], c.attrs["axis"]),
    "ScatterND": _scatter_nd, "ScatterElements": _scatter_elements,
    "CumSum": _cumulate, "Trilu": _trilu, "Range": _range, "Clip": _clip, "EyeLike": _eye_like,
    "NonZero": lambda c, v, out: np.asarray(np.nonzero(np.atleast_1d(v[0])), dtype=np.int64),
    "ReduceSum": _reduce(np.sum), "ReduceProd": _reduce(np.prod), "ReduceMax": _reduce(np.max),
    "ReduceMin": _reduce(np.min), "ReduceMean": _reduce(np.mean),
    "ArgMax": _arg(np.argmax), "ArgMin": _arg(np.argmin),
}  # fmt: skip
ELEMENTWISE = frozenset((
    "Add", "Sub", "Mul", "Div", "Mod", "Pow", "Max", "Min", "Sum", "Equal", "Greater", "Less", "GreaterOrEqual",
    "LessOrEqual", "And", "Or", "Xor", "Not", "Neg", "Abs", "Sqrt", "Exp", "Log", "Floor", "Ceil", "Round", "Sin",
    "Cos", "Sign", "Reciprocal", "IsNaN", "IsInf", "Relu", "Where", "Clip",
))  # fmt: skip
"""Operators that give one value in every place if all their inputs do."""
