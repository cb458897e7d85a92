"""The canonical operators: their attributes, output shapes, parameter counts and MACs.

Shapes are for batch 1. A shape function gets the attributes and the input shapes (all known) and returns the
output shape; it raises `UnsupportedGraphError` where the operator cannot be applied. All arithmetic is on Python
integers, so hostile sizes neither overflow nor allocate.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

from onnx_bench.errors import UnsupportedGraphError
from onnx_bench.node import Attrs, AttrValue, Node, Shape

Attributes = Mapping[str, Any]
ShapeFn = Callable[[Attributes, Sequence[Shape]], Shape]
CountFn = Callable[[Attributes, Sequence[Shape], Shape], int]


def _zero(attrs: Attributes, ins: Sequence[Shape], out: Shape) -> int:
    return 0


@dataclass(frozen=True)
class OpSpec:
    """What is known of one canonical operator.

    Attributes:
        kind: Coarse class used by features: source, conv, linear, matmul, attention, norm, activation, pool,
            reduce, elementwise, concat, layout, recurrent.
        defaults: Attribute names with default values; `...` marks a required one.
        shape: Output shape from attributes and input shapes; `None` when the shape must be given to `make_node`.
        commutative: Whether the order of inputs is without meaning.
    """

    kind: str
    defaults: Mapping[str, Any] = field(default_factory=dict)
    shape: ShapeFn | None = None
    params: CountFn = _zero
    macs: CountFn = _zero
    commutative: bool = False


def broadcast(ins: Sequence[Shape]) -> Shape:
    """Numpy broadcasting of several shapes."""
    rank = max((len(s) for s in ins), default=0)
    out = [1] * rank
    for shape in ins:
        for i, dim in enumerate(shape, start=rank - len(shape)):
            if dim != 1:
                if out[i] not in (1, dim):
                    raise UnsupportedGraphError(f"shapes {[list(s) for s in ins]} do not broadcast")
                out[i] = dim
    return tuple(out)


def _same(attrs: Attributes, ins: Sequence[Shape]) -> Shape:
    return ins[0]


def _broadcast(attrs: Attributes, ins: Sequence[Shape]) -> Shape:
    return broadcast(ins)


def window_size(size: int, kernel: int, stride: int, dilation: int, pad: int, ceil_mode: bool = False) -> int:
    """Output length of a sliding window over `size` positions with `pad` padding in total."""
    span = size + pad - dilation * (kernel - 1) - 1
    if stride < 1 or span < 0:
        raise UnsupportedGraphError(
            f"a window of kernel {kernel}, stride {stride}, dilation {dilation} does not fit a padded size of "
            f"{size + pad}"
        )
    return (-(-span // stride) if ceil_mode else span // stride) + 1


def _windows(attrs: Attributes, x: Shape) -> tuple[int, ...]:
    kernel, pads = attrs["kernel"], attrs["pads"]
    rank = len(kernel)
    if len(x) != rank + 2:
        raise UnsupportedGraphError(f"a {rank}-d window needs an input of rank {rank + 2}, found shape {list(x)}")
    ceil_mode, sizes = attrs.get("ceil_mode", False), []
    for i, stride in enumerate(attrs["strides"]):
        length = window_size(x[2 + i], kernel[i], stride, attrs["dilations"][i], pads[i] + pads[rank + i], ceil_mode)
        # ONNX and PyTorch leave out a window that would start in the padding at the end.
        sizes.append(length - (ceil_mode and (length - 1) * stride >= x[2 + i] + pads[i]))
    return tuple(sizes)


def _conv_shape(attrs: Attributes, ins: Sequence[Shape]) -> Shape:
    x, groups = ins[0], attrs["groups"]
    if groups < 1 or len(x) < 2 or x[1] % groups or attrs["channels"] % groups:
        raise UnsupportedGraphError(f"Conv of {list(x)} to {attrs['channels']} channels cannot have {groups} groups")
    return (x[0], attrs["channels"], *_windows(attrs, x))


def _conv_params(attrs: Attributes, ins: Sequence[Shape], out: Shape) -> int:
    weights = attrs["channels"] * (ins[0][1] // attrs["groups"]) * prod(attrs["kernel"])
    return (0 if len(ins) > 1 else weights) + attrs["bias"] * attrs["channels"]  # the second input: computed weights


def _conv_macs(attrs: Attributes, ins: Sequence[Shape], out: Shape) -> int:
    return prod(out) * (ins[0][1] // attrs["groups"]) * prod(attrs["kernel"])


def _conv_transpose_shape(attrs: Attributes, ins: Sequence[Shape]) -> Shape:
    x, kernel, pads = ins[0], attrs["kernel"], attrs["pads"]
    rank = len(kernel)
    if attrs["groups"] < 1 or len(x) != rank + 2 or x[1] % attrs["groups"]:
        raise UnsupportedGraphError(f"ConvTranspose of {list(x)} cannot have {attrs['groups']} groups")
    sizes = (
        (x[2 + i] - 1) * attrs["strides"][i] + attrs["dilations"][i] * (kernel[i] - 1) + 1
        + attrs["output_padding"][i] - pads[i] - pads[rank + i]
        for i in range(rank)
    )  # fmt: skip
    return (x[0], attrs["channels"], *sizes)


def _conv_transpose_params(attrs: Attributes, ins: Sequence[Shape], out: Shape) -> int:
    weights = ins[0][1] * (attrs["channels"] // attrs["groups"]) * prod(attrs["kernel"])
    return (0 if len(ins) > 1 else weights) + attrs["bias"] * attrs["channels"]  # the second input: computed weights


def _conv_transpose_macs(attrs: Attributes, ins: Sequence[Shape], out: Shape) -> int:
    return prod(ins[0]) * (attrs["channels"] // attrs["groups"]) * prod(attrs["kernel"])


def _linear_shape(attrs: Attributes, ins: Sequence[Shape]) -> Shape:
    return (*ins[0][:-1], attrs["features"])


def _linear_params(attrs: Attributes, ins: Sequence[Shape], out: Shape) -> int:
    return attrs["features"] * (ins[0][-1] + attrs["bias"])


def _linear_macs(attrs: Attributes, ins: Sequence[Shape], out: Shape) -> int:
    return prod(out) * ins[0][-1]


def _matmul_shape(attrs: Attributes, ins: Sequence[Shape]) -> Shape:
    a, b = ins
    if len(a) < 2 or len(b) < 2 or a[-1] != b[-2]:
        raise UnsupportedGraphError(f"MatMul of {list(a)} and {list(b)}")
    return (*broadcast((a[:-2], b[:-2])), a[-2], b[-1])


def _matmul_macs(attrs: Attributes, ins: Sequence[Shape], out: Shape) -> int:
    return prod(out) * ins[0][-1]


def _attention_shape(attrs: Attributes, ins: Sequence[Shape]) -> Shape:
    q, k, v = ins[:3]
    if min(len(q), len(k), len(v)) < 2 or q[-1] != k[-1] or k[-2] != v[-2]:
        raise UnsupportedGraphError(f"Attention of {list(q)}, {list(k)} and {list(v)}")
    return (*broadcast((q[:-2], k[:-2], v[:-2])), q[-2], v[-1])


def _attention_macs(attrs: Attributes, ins: Sequence[Shape], out: Shape) -> int:
    q, k, v = ins[:3]
    return prod(out[:-1]) * k[-2] * (q[-1] + v[-1])


def _channels2(attrs: Attributes, ins: Sequence[Shape], out: Shape) -> int:
    return 2 * ins[0][1]


def _norm_params(attrs: Attributes, ins: Sequence[Shape], out: Shape) -> int:
    return prod(ins[0][len(ins[0]) - attrs["dims"]:]) * (attrs["scale"] + attrs["bias"])  # fmt: skip


def _channel_norm_params(attrs: Attributes, ins: Sequence[Shape], out: Shape) -> int:
    return ins[0][1] * (attrs["scale"] + attrs["bias"])


def _pool_shape(attrs: Attributes, ins: Sequence[Shape]) -> Shape:
    return (*ins[0][:2], *_windows(attrs, ins[0]))


def _reduce_shape(attrs: Attributes, ins: Sequence[Shape]) -> Shape:
    axes = attrs["axes"]
    kept = ((i, d) for i, d in enumerate(ins[0]))
    return tuple(1 if i in axes else d for i, d in kept if attrs["keepdims"] or i not in axes)


def _concat_shape(attrs: Attributes, ins: Sequence[Shape]) -> Shape:
    axis = attrs["axis"]
    return (*ins[0][:axis], sum(s[axis] for s in ins), *ins[0][axis + 1 :])


def _slice_shape(attrs: Attributes, ins: Sequence[Shape]) -> Shape:
    axis, x = attrs["axis"], ins[0]
    return (*x[:axis], len(range(attrs["start"], attrs["end"], attrs["step"])), *x[axis + 1 :])


def _transpose_shape(attrs: Attributes, ins: Sequence[Shape]) -> Shape:
    return tuple(ins[0][i] for i in attrs["perm"])


def _pad_shape(attrs: Attributes, ins: Sequence[Shape]) -> Shape:
    pads, x = attrs["pads"], ins[0]
    return tuple(d + pads[i] + pads[len(x) + i] for i, d in enumerate(x))


def _tile_shape(attrs: Attributes, ins: Sequence[Shape]) -> Shape:
    return tuple(d * r for d, r in zip(ins[0], attrs["repeats"], strict=True))


def _gather_shape(attrs: Attributes, ins: Sequence[Shape]) -> Shape:
    x, axis = ins[0], attrs["axis"]
    return (*x[:axis], *ins[1], *x[axis + 1 :])


def _embedding_shape(attrs: Attributes, ins: Sequence[Shape]) -> Shape:
    return (*ins[0], attrs["features"])


def _embedding_params(attrs: Attributes, ins: Sequence[Shape], out: Shape) -> int:
    return attrs["entries"] * attrs["features"]


def _depth_to_space_shape(attrs: Attributes, ins: Sequence[Shape]) -> Shape:
    n, c, h, w = ins[0]
    b = attrs["blocksize"]
    return (n, c // (b * b), h * b, w * b)


def _space_to_depth_shape(attrs: Attributes, ins: Sequence[Shape]) -> Shape:
    n, c, h, w = ins[0]
    b = attrs["blocksize"]
    return (n, c * b * b, h // b, w // b)


def _directions(attrs: Attributes) -> int:
    return 2 if attrs["direction"] == "bidirectional" else 1


def _recurrent_shape(attrs: Attributes, ins: Sequence[Shape]) -> Shape:
    length, batch, _ = ins[0]
    return (length, _directions(attrs), batch, attrs["hidden"])


def _recurrent_counts(gates: int) -> tuple[CountFn, CountFn]:
    def params(attrs: Attributes, ins: Sequence[Shape], out: Shape) -> int:
        hidden = attrs["hidden"]
        return _directions(attrs) * gates * hidden * (ins[0][-1] + hidden + 2 * attrs["bias"])

    def macs(attrs: Attributes, ins: Sequence[Shape], out: Shape) -> int:
        length, batch, width = ins[0]
        return length * batch * _directions(attrs) * gates * attrs["hidden"] * (width + attrs["hidden"])

    return params, macs


def _recurrent(gates: int, **extra: Any) -> OpSpec:
    params, macs = _recurrent_counts(gates)
    defaults = {"hidden": ..., "direction": "forward", "bias": True, **extra}
    return OpSpec("recurrent", defaults, _recurrent_shape, params, macs)


def _prelu_params(attrs: Attributes, ins: Sequence[Shape], out: Shape) -> int:
    return attrs["slopes"]


_WINDOW = {"kernel": ..., "strides": ..., "pads": ..., "dilations": ...}
_UNARY_MATH = (
    "Abs", "Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "Ceil", "Cos", "Cosh", "Exp", "Floor",
    "IsInf", "IsNaN", "Log", "Neg", "Not", "Reciprocal", "Round", "Sign", "Sin", "Sinh", "Sqrt", "Tan",
)  # fmt: skip
_ACTIVATIONS: dict[str, dict[str, Any]] = {
    "Relu": {}, "Sigmoid": {}, "Tanh": {}, "Silu": {}, "HardSwish": {}, "Mish": {}, "Selu": {}, "Softplus": {},
    "Softsign": {}, "Erf": {}, "Gelu": {"approximate": "none"}, "LeakyRelu": {"alpha": 0.01}, "Elu": {"alpha": 1.0},
    "Celu": {"alpha": 1.0}, "HardSigmoid": {"alpha": 0.166667, "beta": 0.5}, "Clip": {"min": ..., "max": ...},
    "ThresholdedRelu": {"alpha": 1.0},
}  # fmt: skip

OPS: dict[str, OpSpec] = {
    # A graph input; `dtype` is float, int or bool.
    "Input": OpSpec("source", {"dtype": "float"}),
    # A tensor held by the network: learned, or a constant of more than 64 elements (then `params` is 0).
    "Parameter": OpSpec("source", {"dtype": "float"}, params=lambda a, i, o: prod(o)),
    # At most 64 values, or a single one that fills `shape`.
    "Constant": OpSpec("source", {"value": ..., "dtype": "float"}),
    # Output number `index` >= 1 of an operator with several outputs.
    "Output": OpSpec("layout", {"index": ...}),
    "Conv": OpSpec("conv", {"channels": ..., **_WINDOW, "groups": 1, "bias": False},
                   _conv_shape, _conv_params, _conv_macs),
    "ConvTranspose": OpSpec("conv", {"channels": ..., **_WINDOW, "output_padding": ..., "groups": 1, "bias": False},
                            _conv_transpose_shape, _conv_transpose_params, _conv_transpose_macs),
    # Affine map of the last axis.
    "Linear": OpSpec("linear", {"features": ..., "bias": False}, _linear_shape, _linear_params, _linear_macs),
    "MatMul": OpSpec("matmul", {}, _matmul_shape, macs=_matmul_macs),
    # softmax(scale * q k^T + mask) v over the last two axes; inputs q, k, v and optionally an additive mask.
    "Attention": OpSpec("attention", {"scale": ..., "causal": False}, _attention_shape, macs=_attention_macs),
    "Einsum": OpSpec("matmul", {"equation": ...}),
    # Inference form: scale and shift per channel (axis 1); running statistics are not parameters.
    "BatchNorm": OpSpec("norm", {"epsilon": 1e-5}, _same, _channels2),
    # Over the last `dims` axes.
    "LayerNorm": OpSpec("norm", {"dims": 1, "epsilon": 1e-5, "scale": True, "bias": True}, _same, _norm_params),
    "RMSNorm": OpSpec("norm", {"dims": 1, "epsilon": 1e-6, "scale": True, "bias": False}, _same, _norm_params),
    "GroupNorm": OpSpec("norm", {"groups": ..., "epsilon": 1e-5, "scale": True, "bias": True},
                        _same, _channel_norm_params),
    "InstanceNorm": OpSpec("norm", {"epsilon": 1e-5, "scale": True, "bias": True}, _same, _channel_norm_params),
    "Softmax": OpSpec("activation", {"axis": ...}, _same),
    "LogSoftmax": OpSpec("activation", {"axis": ...}, _same),
    "PRelu": OpSpec("activation", {"slopes": 1}, _same, _prelu_params),
    "MaxPool": OpSpec("pool", {**_WINDOW, "ceil_mode": False}, _pool_shape),
    "AveragePool": OpSpec("pool", {**_WINDOW, "ceil_mode": False, "count_include_pad": False}, _pool_shape),
    "LpPool": OpSpec("pool", {**_WINDOW, "ceil_mode": False, "p": 2}, _pool_shape),
    "Add": OpSpec("elementwise", {}, _broadcast, commutative=True),  # two or more terms
    "Mul": OpSpec("elementwise", {}, _broadcast, commutative=True),  # two or more factors
    "Max": OpSpec("elementwise", {}, _broadcast, commutative=True),
    "Min": OpSpec("elementwise", {}, _broadcast, commutative=True),
    "And": OpSpec("elementwise", {}, _broadcast, commutative=True),
    "Or": OpSpec("elementwise", {}, _broadcast, commutative=True),
    "Xor": OpSpec("elementwise", {}, _broadcast, commutative=True),
    "Equal": OpSpec("elementwise", {}, _broadcast, commutative=True),
    "Concat": OpSpec("concat", {"axis": ...}, _concat_shape),
    "Slice": OpSpec("layout", {"axis": ..., "start": ..., "end": ..., "step": 1}, _slice_shape),
    "Reshape": OpSpec("layout", {}),  # the target is the node's shape
    "Transpose": OpSpec("layout", {"perm": ...}, _transpose_shape),
    "Expand": OpSpec("layout", {}),  # the target is the node's shape
    "Tile": OpSpec("layout", {"repeats": ...}, _tile_shape),
    "Pad": OpSpec("layout", {"pads": ..., "mode": "constant", "value": 0.0}, _pad_shape),
    # To the node's shape.
    "Resize": OpSpec("layout", {"mode": "nearest", "coordinates": "half_pixel", "nearest_mode": "round_prefer_floor",
                                "cubic_coeff_a": -0.75, "antialias": False}),
    "DepthToSpace": OpSpec("layout", {"blocksize": ..., "mode": "DCR"}, _depth_to_space_shape),
    "SpaceToDepth": OpSpec("layout", {"blocksize": ...}, _space_to_depth_shape),
    "Gather": OpSpec("layout", {"axis": 0}, _gather_shape),
    # Rows of a learned table, chosen by integer input.
    "Embedding": OpSpec("linear", {"entries": ..., "features": ...}, _embedding_shape, _embedding_params),
    # Conversion between float, int and bool; conversions inside a class are dropped.
    "Cast": OpSpec("layout", {"to": ...}, _same),
    "Where": OpSpec("elementwise", {}, _broadcast),
    # Sequence first: [length, batch, width] -> [length, directions, batch, hidden]; `Output` 1 and 2 are final states.
    "LSTM": _recurrent(4),
    "GRU": _recurrent(3, linear_before_reset=False),
    "RNN": _recurrent(1, activation="Tanh"),
}  # fmt: skip
for _name in ("ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2",
              "ReduceSumSquare", "ReduceLogSum", "ReduceLogSumExp"):  # fmt: skip
    OPS[_name] = OpSpec("reduce", {"axes": ..., "keepdims": True}, _reduce_shape)
for _name in ("Sub", "Div", "Pow", "Mod", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"):
    OPS[_name] = OpSpec("elementwise", {}, _broadcast)
for _name in _UNARY_MATH:
    OPS[_name] = OpSpec("elementwise", {}, _same)
for _name, _defaults in _ACTIVATIONS.items():
    OPS[_name] = OpSpec("activation", _defaults, _same)

OTHER = OpSpec("other")


def spec(op: str) -> OpSpec:
    """The specification of `op`; `OTHER` for operators outside the canonical table."""
    return OPS.get(op, OTHER)


def pack_attrs(attrs: Mapping[str, AttrValue]) -> Attrs:
    """Attributes as a sorted tuple of pairs, lists as tuples."""
    if any(isinstance(v, list) for v in attrs.values()):
        attrs = {k: tuple(v) if isinstance(v, list) else v for k, v in attrs.items()}
    return tuple(sorted(attrs.items()))


def make_node(
    op: str, inputs: Sequence[int], in_shapes: Sequence[Shape | None], shape: Shape | None = None,
    params: int | None = None, **attrs: Any,
) -> Node:  # fmt: skip
    """Build a canonical node: fill defaults, infer the shape, count parameters and MACs.

    Args:
        op: Canonical operator name.
        inputs: Positions of the inputs.
        in_shapes: Their shapes; `None` where unknown (then the output shape must be given or stays unknown).
        shape: Output shape for operators that do not determine it (Input, Parameter, Reshape, Expand, Resize, ...).
        params: Overrides the counted parameters (a `Parameter` that is not learned holds 0).
        attrs: Attributes; those left out take their defaults.

    Raises:
        UnsupportedGraphError: A required attribute is missing, one is unknown, or the shapes do not fit.
    """
    entry = spec(op)
    if entry is not OTHER:
        if unknown := attrs.keys() - entry.defaults.keys():
            raise UnsupportedGraphError(f"{op} has no attribute {sorted(unknown)}; it has {sorted(entry.defaults)}")
        attrs = {**entry.defaults, **attrs}
        if missing := [k for k, v in attrs.items() if v is ...]:
            raise UnsupportedGraphError(f"{op} needs the attribute {missing}")
    known = [s for s in in_shapes if s is not None]
    complete = len(known) == len(in_shapes)
    macs = 0
    try:
        if shape is None and entry.shape is not None and complete:
            shape = entry.shape(attrs, known)
        if shape is not None and complete:
            macs = entry.macs(attrs, known, shape)
            params = entry.params(attrs, known, shape) if params is None else params
    except (IndexError, TypeError, ValueError, ZeroDivisionError) as error:  # ranks that no rule expected
        raise UnsupportedGraphError(f"{op} cannot be applied to inputs of shapes {[list(s) for s in known]}") from error
    return Node(op, tuple(inputs), pack_attrs(attrs), shape, params or 0, macs)
