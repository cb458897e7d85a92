"""Shapes of elementwise operators, reductions and matrix products."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from onnx_bench.importing.call import Call, KeepBatchError, MisfitError, axis_of
from onnx_bench.importing.tensor import Tensor
from onnx_bench.node import Shape

Shapes = Shape | list[Shape | None]


def broadcast(ins: Sequence[Shape]) -> Shape:
    """Numpy broadcasting."""
    first = ins[0]
    if all(s == first for s in ins):
        return first
    rank = max(map(len, ins))
    out = [1] * rank
    for shape in ins:
        for i, dim in enumerate(shape, start=rank - len(shape)):
            if dim != 1 and dim != out[i]:
                if out[i] != 1:
                    raise MisfitError(f"shapes {[list(s) for s in ins][:4]} do not broadcast")
                out[i] = dim
    return tuple(out)


def same(c: Call) -> Shapes:
    return c.shape()


def same_bool(c: Call) -> Shapes:
    c.dtypes = ("bool",)
    return c.shape()


def elementwise(c: Call) -> Shapes:
    """Broadcasting; before opset 7 the second operand was aligned by `axis`."""
    c.attrs.pop("consumed_inputs", None)
    if c.opset < 7 and c.attrs.pop("broadcast", 0):
        axis = c.attrs.pop("axis", None)
        a, b = c.shape(), c.tensor(1)
        if axis is not None and b.shape is not None:
            tail = len(a) - axis_of(axis, len(a)) - len(b.shape)
            if tail and b.node < 0:
                shape = b.shape + (1,) * tail
                c.ins[1] = Tensor(shape, b.dtype, -1, None if b.value is None else b.value.reshape(shape), b.sources)
    return broadcast([c.shape(i) for i in range(len(c.ins))])


def compare(c: Call) -> Shapes:
    c.dtypes = ("bool",)
    return elementwise(c)


def where(c: Call) -> Shapes:
    c.dtypes = (c.tensor(1).dtype,)
    return broadcast((c.shape(0), c.shape(1), c.shape(2)))


def clip(c: Call) -> Shapes:
    """Bounds become `min` and `max` where they are known; a missing attribute means no bound."""
    low, high = c.scalar(1), c.scalar(2)
    if len(c.ins) > 1 and (low is not None or not c.has(1)) and (high is not None or not c.has(2)):
        c.attrs |= {name: float(v) for name, v in (("min", low), ("max", high)) if v is not None}
        c.keep(0)
    for name in ("min", "max"):
        if abs(c.attrs.get(name, 0.0)) > 3.4e38:
            del c.attrs[name]
    return c.shape()


def prelu(c: Call) -> Shapes:
    if c.opset < 7 and len(c.shape()) > 1 and len(c.shape(1)) == 1:  # one slope a channel, without the trailing axes
        slope = c.tensor(1)
        if slope.node < 0 and slope.shape != (1,):
            shape = c.shape(1) + (1,) * (len(c.shape()) - 2)
            c.ins[1] = Tensor(shape, "float", -1, None if slope.value is None else slope.value.reshape(shape),
                              slope.sources)  # fmt: skip
    return c.shape()


def _on_batch(c: Call, axes: Sequence[int]) -> None:
    """An operator that mixes along the first axis shows that it is no batch axis."""
    tensor = c.tensor(0)
    full, shape = tensor.full, tensor.shape
    if full is not None and shape is not None and any(full[a] != shape[a] for a in axes):
        raise KeepBatchError


def reduce(c: Call) -> Shapes:
    """`axes` counted from the front and sorted, all axes written out; `keepdims` 0 or 1."""
    axes = c.moved("axes", 1)
    noop = c.attrs.pop("noop_with_empty_axes", 0)
    keep = c.attrs.setdefault("keepdims", 1)
    c.keep(0)
    x = c.shape()
    if not axes:
        axes = () if noop else range(len(x))
    axes = c.attrs["axes"] = tuple(sorted({axis_of(a, len(x)) for a in axes}))
    _on_batch(c, axes)
    if keep:
        return tuple(1 if i in axes else d for i, d in enumerate(x))
    return tuple(d for i, d in enumerate(x) if i not in axes)


def arg_extreme(c: Call) -> Shapes:
    """ArgMax, ArgMin."""
    c.dtypes = ("int",)
    x = c.shape()
    axis = c.attrs["axis"] = axis_of(c.attrs.get("axis", 0), len(x))
    _on_batch(c, (axis,))
    keep = c.attrs.setdefault("keepdims", 1)
    return x[:axis] + ((1,) if keep else ()) + x[axis + 1 :]


def along_axis(c: Call) -> Shapes:
    """Softmax and its like: the axis is counted from the front."""
    x = c.shape()
    default = 1 if c.opset < 13 or c.op == "LpNormalization" else -1
    if c.op == "LpNormalization":
        default = -1
    axis = c.attrs["axis"] = axis_of(c.attrs.get("axis", default), len(x)) if x else 0
    if x:
        _on_batch(c, (axis,))
    return x


def cumulative(c: Call) -> Shapes:
    """CumSum, CumProd: `axis` is an attribute; switches that are off are left out."""
    x, axis = c.shape(), c.moved("axis", 1)
    for switch in ("exclusive", "reverse"):
        if not c.attrs.get(switch):
            c.attrs.pop(switch, None)
    axis = axis[0] if isinstance(axis, list) else axis
    c.attrs["axis"] = axis_of(axis, len(x))
    c.keep(0)
    _on_batch(c, (c.attrs["axis"],))
    return x


def top_k(c: Call) -> Shapes:
    """`k` and `axis` are attributes; outputs are values and positions."""
    c.dtypes = (c.tensor(0).dtype, "int")
    k = c.moved("k", 1)
    k = k[0] if isinstance(k, list) else k
    x = c.shape()
    axis = c.attrs["axis"] = axis_of(c.attrs.get("axis", -1), len(x))
    c.attrs["k"] = k
    c.keep(0)
    _on_batch(c, (axis,))
    out = (*x[:axis], k, *x[axis + 1 :])
    return [out, out]


def matmul(c: Call) -> Shapes:
    a, b = c.shape(0), c.shape(1)
    if not a or not b:
        raise MisfitError("MatMul of a scalar")
    left = a if len(a) > 1 else (1, *a)
    right = b if len(b) > 1 else (*b, 1)
    if left[-1] != right[-2]:
        raise MisfitError(f"MatMul of {list(a)} and {list(b)}")
    full = c.tensor(0).full
    if full is not None and full[-1] != a[-1]:
        raise KeepBatchError
    out = broadcast((left[:-2], right[:-2])) if len(left) > 2 or len(right) > 2 else ()
    return out + (left[-2:-1] if len(a) > 1 else ()) + (right[-1:] if len(b) > 1 else ())


def gemm(c: Call) -> Shapes:
    """Inputs a, b, c; attributes alpha, beta, transA, transB."""
    c.attrs.pop("broadcast", None)
    a, b = c.shape(0), c.shape(1)
    if len(a) != 2 or len(b) != 2:
        raise MisfitError(f"Gemm of {list(a)} and {list(b)}")
    if c.attrs.get("transA"):
        a = a[::-1]
    if c.attrs.get("transB"):
        b = b[::-1]
    if a[1] != b[0]:
        raise MisfitError(f"Gemm of {list(a)} and {list(b)}")
    return (a[0], b[1])


def einsum(c: Call) -> Shapes:
    """Output axes from the equation, with an ellipsis where it has one."""
    left, arrow, right = str(c.attrs["equation"]).replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(c.ins):
        raise MisfitError(f"Einsum of {len(c.ins)} inputs with {len(terms)} terms")
    sizes: dict[str, int] = {}
    dots: list[Shape] = []
    for i, term in enumerate(terms):
        shape = c.shape(i)
        head, ellipsis, tail = term.partition("...")
        middle = len(shape) - len(head) - len(tail)
        if middle < 0 or (middle and not ellipsis):
            raise MisfitError(f"Einsum term {i} does not fit rank {len(shape)}")
        if ellipsis:
            dots.append(shape[len(head) : len(head) + middle])
        for letter, dim in zip(head + tail, shape[: len(head)] + shape[len(head) + middle :], strict=True):
            if sizes.setdefault(letter, dim) != dim:
                if 1 not in (dim, sizes[letter]):
                    raise MisfitError(f"Einsum has two sizes, {dim} and {sizes[letter]}, for one axis")
                sizes[letter] = max(dim, sizes[letter])
    if not arrow:
        once = sorted(k for k in sizes if left.count(k) == 1)
        right = ("..." if dots else "") + "".join(once)
    c.attrs["equation"] = f"{left}->{right}"
    head, ellipsis, tail = right.partition("...")
    middle_shape = broadcast(dots) if ellipsis and dots else ()
    return tuple(sizes[k] for k in head) + middle_shape + tuple(sizes[k] for k in tail)


def determinant(c: Call) -> Shapes:
    return c.shape()[:-2]


_SAME = (
    "Abs", "Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "BitwiseNot", "Ceil", "Celu", "Cos", "Cosh", "Elu",
    "Erf", "Exp", "Floor", "Gelu", "HardSigmoid", "HardSwish", "LeakyRelu", "Log", "Mish", "Neg", "Reciprocal",
    "Relu", "Round", "Selu", "Shrink", "Sigmoid", "Sign", "Sin", "Sinh", "Softplus", "Softsign", "Sqrt", "Swish",
    "Tan", "Tanh", "ThresholdedRelu", "Trilu", "Bernoulli", "Binarizer",
)  # fmt: skip
_REDUCE = (
    "ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2", "ReduceSumSquare",
    "ReduceLogSum", "ReduceLogSumExp",
)  # fmt: skip

RULES: dict[str, Callable[[Call], Shapes]] = {
    **dict.fromkeys(_SAME, same),
    **dict.fromkeys(("Not", "IsInf", "IsNaN"), same_bool),
    **dict.fromkeys(
        ("Add", "Sub", "Mul", "Div", "Pow", "Mod", "Max", "Min", "Sum", "Mean", "And", "Or", "Xor", "BitShift",
         "BitwiseAnd", "BitwiseOr", "BitwiseXor"), elementwise,
    ),
    **dict.fromkeys(("Equal", "Greater", "Less", "GreaterOrEqual", "LessOrEqual"), compare),
    **dict.fromkeys(_REDUCE, reduce),
    **dict.fromkeys(("Softmax", "LogSoftmax", "Hardmax", "LpNormalization"), along_axis),
    **dict.fromkeys(("CumSum", "CumProd"), cumulative),
    **dict.fromkeys(("ArgMax", "ArgMin"), arg_extreme),
    "Where": where, "Clip": clip, "PRelu": prelu, "TopK": top_k, "MatMul": matmul, "Gemm": gemm, "Einsum": einsum,
    "Det": determinant,
}  # fmt: skip
