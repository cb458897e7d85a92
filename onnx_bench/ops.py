"""The canonical operators: their attributes, output shapes, parameter counts and MACs.

Shapes are for batch 1. The rules themselves are in `onnx_bench.op_rules`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

from onnx_bench import op_rules as rules
from onnx_bench.errors import UnsupportedGraphError
from onnx_bench.node import Attrs, AttrValue, Node, Shape


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
    shape: rules.ShapeFn | None = None
    params: rules.CountFn = rules.zero
    macs: rules.CountFn = rules.zero
    commutative: bool = False


def _recurrent(gates: int, **extra: Any) -> OpSpec:
    params, macs = rules.recurrent_counts(gates)
    defaults = {"hidden": ..., "direction": "forward", "bias": True, **extra}
    return OpSpec("recurrent", defaults, rules.recurrent_shape, params, macs)


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
                   rules.conv_shape, rules.conv_params, rules.conv_macs),
    "ConvTranspose": OpSpec("conv", {"channels": ..., **_WINDOW, "output_padding": ..., "groups": 1, "bias": False},
                            rules.conv_transpose_shape, rules.conv_transpose_params, rules.conv_transpose_macs),
    # Affine map of the last axis.
    "Linear": OpSpec("linear", {"features": ..., "bias": False},
                     rules.linear_shape, rules.linear_params, rules.linear_macs),
    "MatMul": OpSpec("matmul", {}, rules.matmul_shape, macs=rules.matmul_macs),
    # softmax(scale * q k^T + mask) v over the last two axes; inputs q, k, v and optionally an additive mask.
    "Attention": OpSpec("attention", {"scale": ..., "causal": False}, rules.attention_shape, macs=rules.attention_macs),
    "Einsum": OpSpec("matmul", {"equation": ...}),
    # Inference form: scale and shift per channel (axis 1); running statistics are not parameters.
    "BatchNorm": OpSpec("norm", {"epsilon": 1e-5}, rules.same, rules.channels2),
    # Over the last `dims` axes.
    "LayerNorm": OpSpec("norm", {"dims": 1, "epsilon": 1e-5, "scale": True, "bias": True},
                        rules.same, rules.norm_params),
    "RMSNorm": OpSpec("norm", {"dims": 1, "epsilon": 1e-6, "scale": True, "bias": False},
                      rules.same, rules.norm_params),
    "GroupNorm": OpSpec("norm", {"groups": ..., "epsilon": 1e-5, "scale": True, "bias": True},
                        rules.same, rules.channel_norm_params),
    "InstanceNorm": OpSpec("norm", {"epsilon": 1e-5, "scale": True, "bias": True},
                           rules.same, rules.channel_norm_params),
    "Softmax": OpSpec("activation", {"axis": ...}, rules.same),
    "LogSoftmax": OpSpec("activation", {"axis": ...}, rules.same),
    "PRelu": OpSpec("activation", {"slopes": 1}, rules.same, rules.prelu_params),
    "MaxPool": OpSpec("pool", {**_WINDOW, "ceil_mode": False}, rules.pool_shape),
    "AveragePool": OpSpec("pool", {**_WINDOW, "ceil_mode": False, "count_include_pad": False}, rules.pool_shape),
    "LpPool": OpSpec("pool", {**_WINDOW, "ceil_mode": False, "p": 2}, rules.pool_shape),
    "Add": OpSpec("elementwise", {}, rules.broadcast_shape, commutative=True),  # two or more terms
    "Mul": OpSpec("elementwise", {}, rules.broadcast_shape, commutative=True),  # two or more factors
    "Max": OpSpec("elementwise", {}, rules.broadcast_shape, commutative=True),
    "Min": OpSpec("elementwise", {}, rules.broadcast_shape, commutative=True),
    "And": OpSpec("elementwise", {}, rules.broadcast_shape, commutative=True),
    "Or": OpSpec("elementwise", {}, rules.broadcast_shape, commutative=True),
    "Xor": OpSpec("elementwise", {}, rules.broadcast_shape, commutative=True),
    "Equal": OpSpec("elementwise", {}, rules.broadcast_shape, commutative=True),
    "Concat": OpSpec("concat", {"axis": ...}, rules.concat_shape),
    "Slice": OpSpec("layout", {"axis": ..., "start": ..., "end": ..., "step": 1}, rules.slice_shape),
    "Reshape": OpSpec("layout", {}),  # the target is the node's shape
    "Transpose": OpSpec("layout", {"perm": ...}, rules.transpose_shape),
    "Expand": OpSpec("layout", {}),  # the target is the node's shape
    "Tile": OpSpec("layout", {"repeats": ...}, rules.tile_shape),
    "Pad": OpSpec("layout", {"pads": ..., "mode": "constant", "value": 0.0}, rules.pad_shape),
    # To the node's shape.
    "Resize": OpSpec("layout", {"mode": "nearest", "coordinates": "half_pixel", "nearest_mode": "round_prefer_floor",
                                "cubic_coeff_a": -0.75, "antialias": False}),
    "DepthToSpace": OpSpec("layout", {"blocksize": ..., "mode": "DCR"}, rules.depth_to_space_shape),
    "SpaceToDepth": OpSpec("layout", {"blocksize": ...}, rules.space_to_depth_shape),
    "Gather": OpSpec("layout", {"axis": 0}, rules.gather_shape),
    # Rows of a learned table, chosen by integer input.
    "Embedding": OpSpec("linear", {"entries": ..., "features": ...}, rules.embedding_shape, rules.embedding_params),
    # Conversion between float, int and bool; conversions inside a class are dropped.
    "Cast": OpSpec("layout", {"to": ...}, rules.same),
    "Where": OpSpec("elementwise", {}, rules.broadcast_shape),
    # Sequence first: [length, batch, width] -> [length, directions, batch, hidden]; `Output` 1 and 2 are final states.
    "LSTM": _recurrent(4),
    "GRU": _recurrent(3, linear_before_reset=False),
    "RNN": _recurrent(1, activation="Tanh"),
}  # fmt: skip
for _name in ("ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2",
              "ReduceSumSquare", "ReduceLogSum", "ReduceLogSumExp"):  # fmt: skip
    OPS[_name] = OpSpec("reduce", {"axes": ..., "keepdims": True}, rules.reduce_shape)
for _name in ("Sub", "Div", "Pow", "Mod", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"):
    OPS[_name] = OpSpec("elementwise", {}, rules.broadcast_shape)
for _name in _UNARY_MATH:
    OPS[_name] = OpSpec("elementwise", {}, rules.same)
for _name, _defaults in _ACTIVATIONS.items():
    OPS[_name] = OpSpec("activation", _defaults, rules.same)

OTHER = OpSpec("other")


def spec(op: str) -> OpSpec:
    """The specification of `op`; `OTHER` for operators outside the canonical table."""
    return OPS.get(op, OTHER)


def pack_attrs(attrs: Mapping[str, AttrValue]) -> Attrs:
    """Attributes as a sorted tuple of pairs, lists as tuples."""
    for value in attrs.values():
        if isinstance(value, list):
            attrs = {k: tuple(v) if isinstance(v, list) else v for k, v in attrs.items()}
            break
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
    if entry is not OTHER and attrs.keys() != entry.defaults.keys():
        if unknown := attrs.keys() - entry.defaults.keys():
            raise UnsupportedGraphError(f"{op} has no attribute {sorted(unknown)}; it has {sorted(entry.defaults)}")
        attrs = {**entry.defaults, **attrs}
        if missing := [k for k, v in attrs.items() if v is ...]:
            raise UnsupportedGraphError(f"{op} needs the attribute {missing}")
    known = [s for s in in_shapes if s is not None]
    complete = len(known) == len(in_shapes)
    macs = 0
    try:
        if "strides" in attrs:
            rules.check_window(attrs)
        if shape is None and entry.shape is not None and complete:
            shape = entry.shape(attrs, known)
        if shape is not None and complete:
            macs = entry.macs(attrs, known, shape)
            params = entry.params(attrs, known, shape) if params is None else params
    except (IndexError, TypeError, ValueError, ZeroDivisionError) as error:  # ranks that no rule expected
        raise UnsupportedGraphError(f"{op} cannot be applied to inputs of shapes {[list(s) for s in known]}") from error
    params = params or 0
    if min(params, macs) < 0:
        raise UnsupportedGraphError(f"the attributes of {op} give {params} parameters, {macs} multiply-accumulates")
    return Node(op, tuple(inputs), pack_attrs(attrs), shape, params, macs)
