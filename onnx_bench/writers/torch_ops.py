"""Lowering to PyTorch: elementwise operators, products, reductions, concatenation and held tensors."""

from __future__ import annotations

from functools import reduce
from math import sqrt

from onnx_bench.writers.lowered import Lowered, Rule, Site, keywords, literal, operands

_DTYPES = {"float": "torch.float32", "int": "torch.int64", "bool": "torch.bool"}
_CASTS = {"float": "float", "int": "long", "bool": "bool"}

_MATHS = (
    "Abs", "Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "Ceil", "Cos", "Cosh", "Erf", "Exp", "Floor", "IsInf",
    "IsNaN", "Log", "Neg", "Reciprocal", "Round", "Sigmoid", "Sign", "Sin", "Sinh", "Sqrt", "Tan", "Tanh",
)  # fmt: skip
# Operators without attributes that are one call.
_CALLS = {op: f"torch.{op.lower()}($0)" for op in _MATHS} | {
    "Relu": "F.relu($0)", "Silu": "F.silu($0)", "HardSwish": "F.hardswish($0)", "Mish": "F.mish($0)",
    "Selu": "F.selu($0)", "Softplus": "F.softplus($0, threshold=50)", "Softsign": "F.softsign($0)",
    "Not": "torch.logical_not($0)", "MatMul": "torch.matmul($0, $1)", "Where": "torch.where($0, $1, $2)",
    "Identity": "$0",
}  # fmt: skip
_INFIX = {
    "Add": " + ", "Mul": " * ", "Sub": " - ", "Equal": " == ", "Greater": " > ", "GreaterOrEqual": " >= ",
    "Less": " < ", "LessOrEqual": " <= ",
}  # fmt: skip
_FOLDS = {
    "Max": "torch.maximum", "Min": "torch.minimum", "And": "torch.logical_and", "Or": "torch.logical_or",
    "Xor": "torch.logical_xor",
}  # fmt: skip
_REDUCTIONS = {
    "ReduceMean": "$0.mean({})", "ReduceSum": "$0.sum({})", "ReduceMax": "$0.amax({})", "ReduceMin": "$0.amin({})",
    "ReduceL1": "$0.abs().sum({})", "ReduceL2": "torch.linalg.vector_norm($0, {})",
    "ReduceSumSquare": "$0.square().sum({})", "ReduceLogSum": "$0.sum({}).log()",
    "ReduceLogSumExp": "torch.logsumexp($0, {})",
}  # fmt: skip


def _call(site: Site) -> Lowered:
    return Lowered(_CALLS[site.node.op])


def _infix(site: Site) -> Lowered:
    return Lowered(_INFIX[site.node.op].join(operands(len(site.node.inputs))))


def _fold(site: Site) -> Lowered:
    call = _FOLDS[site.node.op]
    return Lowered(reduce(lambda left, right: f"{call}({left}, {right})", operands(len(site.node.inputs))))


def _div(site: Site) -> Lowered:
    """ONNX divides integers towards zero."""
    return Lowered('torch.div($0, $1, rounding_mode="trunc")' if site.dtype == "int" else "$0 / $1")


def _mod(site: Site) -> Lowered:
    return Lowered("torch.remainder($0, $1)" if site.dtype == "int" else "torch.fmod($0, $1)")


def _gelu(site: Site) -> Lowered:
    approximate = site.attrs["approximate"]
    if approximate not in ("none", "tanh"):
        raise site.unsupported(f"with approximate={approximate!r}")
    return Lowered("F.gelu($0)" if approximate == "none" else 'F.gelu($0, approximate="tanh")')


def _alpha(call: str) -> Rule:
    return lambda site: Lowered(f"{call}($0, {literal(site.attrs['alpha'])})")


def _thresholded_relu(site: Site) -> Lowered:
    return Lowered(f"F.threshold($0, {literal(site.attrs['alpha'])}, 0.0)")


def _hard_sigmoid(site: Site) -> Lowered:
    alpha, beta = site.attrs["alpha"], site.attrs["beta"]
    if abs(alpha - 1 / 6) < 1e-5 and beta == 0.5:
        return Lowered("F.hardsigmoid($0)")
    return Lowered(f"torch.clamp({literal(alpha)} * $0 + {literal(beta)}, 0.0, 1.0)")


def _clip(site: Site) -> Lowered:
    low, high = site.attrs["min"], site.attrs["max"]
    if (low, high) == (0.0, 6.0):
        return Lowered("F.relu6($0)")
    bounds = keywords(min=(literal(low), low != float("-inf")), max=(literal(high), high != float("inf")))
    return Lowered(f"torch.clamp($0{bounds})" if bounds else "$0")


def _softmax(site: Site) -> Lowered:
    call = "F.softmax" if site.node.op == "Softmax" else "F.log_softmax"
    return Lowered(f"{call}($0, dim={site.attrs['axis']})")


def _attention(site: Site) -> Lowered:
    """softmax(scale q k^T + mask) v; PyTorch takes a mask or causality, not both."""
    scale, causal = site.attrs["scale"], site.attrs["causal"]
    masked = len(site.node.inputs) > 3
    usual = abs(scale * sqrt(site.x[-1]) - 1) < 1e-5
    mask = "$3"
    if masked and causal:
        length, keys = site.x[-2], site.view.shape(site.node.inputs[1])[-2]
        mask = f'$3 + torch.full(({length}, {keys}), float("-inf"), device=$3.device).triu(1)'
    options = keywords(
        attn_mask=(mask, masked), is_causal=("True", causal and not masked), scale=(literal(scale), not usual)
    )
    return Lowered(f"F.scaled_dot_product_attention($0, $1, $2{options})")


def _einsum(site: Site) -> Lowered:
    terms = "".join(f", {o}" for o in operands(len(site.node.inputs)))
    return Lowered(f"torch.einsum({literal(site.attrs['equation'])}{terms})")


def _reduction(site: Site) -> Lowered:
    axes, keep = site.attrs["axes"], site.attrs["keepdims"]
    if not axes:
        raise site.unsupported("over no axes")
    option = keywords(keepdim=("True", keep))
    if site.node.op == "ReduceProd":
        return Lowered("$0" + "".join(f".prod(dim={axis}{option})" for axis in sorted(axes, reverse=True)))
    dim = f"dim={axes[0] if len(axes) == 1 else literal(tuple(axes))}{option}"
    return Lowered(_REDUCTIONS[site.node.op].format(dim))


def _concat(site: Site) -> Lowered:
    return Lowered(f"torch.cat(({', '.join(operands(len(site.node.inputs)))}), dim={site.attrs['axis']})")


def _constant(site: Site) -> Lowered:
    value, dtype = site.attrs["value"], site.view.dtypes[site.position]
    if len(value) == 1:
        tensor = f"torch.full({literal(site.out)}, {literal(value[0])}, dtype={_DTYPES[dtype]})"
    else:
        tensor = f"torch.tensor({literal(value)}, dtype={_DTYPES[dtype]})"
        tensor += f".reshape({literal(site.out)})" if len(site.out) != 1 else ""
    return Lowered("self.@", (f'self.register_buffer("@", {tensor}, persistent=False)',))


def _parameter(site: Site) -> Lowered:
    dtype = site.view.dtypes[site.position]
    if site.node.params and dtype == "float":
        return Lowered("self.@", (f"self.@ = nn.Parameter(torch.ones({literal(site.out)}))",))
    kind = "" if dtype == "float" else f", dtype={_DTYPES[dtype]}"
    return Lowered("self.@", (f'self.register_buffer("@", torch.zeros({literal(site.out)}{kind}))',))


RULES: dict[str, Rule] = {
    **dict.fromkeys(_CALLS, _call),
    **dict.fromkeys(_INFIX, _infix),
    **dict.fromkeys(_FOLDS, _fold),
    **dict.fromkeys((*_REDUCTIONS, "ReduceProd"), _reduction),
    "Div": _div,
    "Mod": _mod,
    "Pow": lambda site: Lowered("torch.pow($0, $1)"),
    "Gelu": _gelu,
    "LeakyRelu": _alpha("F.leaky_relu"),
    "Elu": _alpha("F.elu"),
    "Celu": _alpha("F.celu"),
    "ThresholdedRelu": _thresholded_relu,
    "HardSigmoid": _hard_sigmoid,
    "Clip": _clip,
    "Softmax": _softmax,
    "LogSoftmax": _softmax,
    "Attention": _attention,
    "Einsum": _einsum,
    "Concat": _concat,
    "Cast": lambda site: Lowered(f"$0.{_CASTS[site.attrs['to']]}()"),
    "Constant": _constant,
    "Parameter": _parameter,
}
