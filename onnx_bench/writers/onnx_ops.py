"""Lowering to ONNX: one rule per canonical operator."""

from __future__ import annotations

from functools import reduce
from typing import Any

from onnx_bench.writers.onnx_file import ELEM_TYPES
from onnx_bench.writers.onnx_norms import NORMS
from onnx_bench.writers.onnx_site import OnnxSite, Rule
from onnx_bench.writers.weights import Weight, node_weights


def _same(op: str, *attributes: str) -> Rule:
    """An operator that ONNX has under the name `op` with equal attributes."""
    return lambda site: site.emit(op, *site.ins, **{a: site.attrs[a] for a in attributes})


def _chain(site: OnnxSite) -> None:
    """ONNX has these for two operands only."""
    op = site.node.op
    *inner, last = site.ins[1:]
    left = reduce(lambda a, b: site.file.op(op, [a, b]), inner, site.ins[0])
    site.emit(op, left, last)


def _window(site: OnnxSite) -> dict[str, Any]:
    a = site.attrs
    return {"kernel_shape": a["kernel"], "strides": a["strides"], "pads": a["pads"], "dilations": a["dilations"]}


def _conv(site: OnnxSite) -> None:
    extra = {"output_padding": site.attrs["output_padding"]} if site.node.op == "ConvTranspose" else {}
    inputs = [*site.ins, *site.held("weight", "bias")]
    site.emit(site.node.op, *inputs, group=site.attrs["groups"], **_window(site), **extra)


def _linear(site: OnnxSite) -> None:
    """Gemm for matrices, else MatMul (and Add): weights are stored as [features, inputs] in both cases."""
    if len(site.x) == 2:
        site.emit("Gemm", site.ins[0], *site.held("weight", "bias"), transB=1)
        return
    weight = site.file.op("Transpose", site.held("weight"), perm=(1, 0))
    if not site.attrs["bias"]:
        site.emit("MatMul", site.ins[0], weight)
        return
    site.emit("Add", site.file.op("MatMul", [site.ins[0], weight]), site.weights["bias"])


def _embedding(site: OnnxSite) -> None:
    site.emit("Gather", site.weights["weight"], site.ins[0], axis=0)


def _attention(site: OnnxSite) -> None:
    """softmax(scale * q k^T + mask) v, spelled out; a causal one is a single operator of opset 23 where that fits."""
    q, k, v, *mask = site.ins
    shapes = site.view.in_shapes(site.node)[:3]
    file, scale = site.file, site.attrs["scale"]
    if site.attrs["causal"] and all(len(s) == 4 for s in shapes) and len({s[:2] for s in shapes}) == 1:
        file.need(23)
        site.emit("Attention", q, k, v, *mask, scale=scale, is_causal=1)
        return
    rank = len(shapes[1])
    swapped = (*range(rank - 2), rank - 1, rank - 2)
    scores = file.op("MatMul", [q, file.op("Transpose", [k], perm=swapped)])
    if scale != 1:
        scores = file.op("Mul", [scores, file.constant(scale, "float", ())])
    if site.attrs["causal"]:
        full = file.filled(float("-inf"), "float", (shapes[0][-2], shapes[1][-2]))
        scores = file.op("Add", [scores, file.op("Trilu", [full, file.constant(1, "int", ())], upper=1)])
    if mask:
        scores = file.op("Add", [scores, mask[0]])
    site.emit("MatMul", file.op("Softmax", [scores], axis=-1), v)


def _silu(site: OnnxSite) -> None:
    site.emit("Mul", site.ins[0], site.file.op("Sigmoid", [site.ins[0]]))


def _hard_sigmoid(site: OnnxSite) -> None:
    """The canonical slope has six digits; where it stands for 1/6, deep networks need all of them (see `torch_ops`)."""
    alpha = site.attrs["alpha"]
    site.emit("HardSigmoid", site.ins[0], alpha=1 / 6 if abs(alpha - 1 / 6) < 1e-5 else alpha, beta=site.attrs["beta"])


def _clip(site: OnnxSite) -> None:
    low, high = site.attrs["min"], site.attrs["max"]
    scalar = site.file.constant
    bounds = ["" if abs(b) == float("inf") else scalar(b, site.dtype, ()) for b in (low, high)]
    while bounds and not bounds[-1]:
        bounds.pop()
    site.emit("Clip", site.ins[0], *bounds)


def _prelu(site: OnnxSite) -> None:
    """ONNX broadcasts slopes from the right, so those of channels get trailing axes."""
    slope = next(iter(site.weights.values()))
    weight: Weight = node_weights(site.view, site.position)[0]
    if weight.shape != (1,) and len(weight.shape) == 1 and len(site.x) > 2:
        slope = site.file.op("Reshape", [slope, site.file.ints((-1, *(1,) * (len(site.x) - 2)))])
    site.emit("PRelu", site.ins[0], slope)


def _pool(site: OnnxSite) -> None:
    """Ceil mode leaves out a window that would start in the padding; the standard says so from opset 22 on."""
    a = site.attrs
    if a["ceil_mode"]:
        site.file.need(22)
    extra = {}
    if "count_include_pad" in a:
        extra["count_include_pad"] = int(a["count_include_pad"])
    if "p" in a:
        extra["p"] = a["p"]
    site.emit(site.node.op, site.ins[0], ceil_mode=int(a["ceil_mode"]), **_window(site), **extra)


def _reduce(site: OnnxSite) -> None:
    a = site.attrs
    site.emit(site.node.op, site.ins[0], site.file.ints(a["axes"]), keepdims=int(a["keepdims"]))


def _mod(site: OnnxSite) -> None:
    site.emit("Mod", *site.ins, fmod=int(site.dtype == "float"))


def _slice(site: OnnxSite) -> None:
    a, file = site.attrs, site.file
    end = a["end"] if a["end"] >= 0 else -(2**63) + 1  # a backward slice up to the first element
    site.emit("Slice", site.ins[0], *(file.ints((v,)) for v in (a["start"], end, a["axis"], a["step"])))


def _reshape(site: OnnxSite) -> None:
    sizes = [-1 if axis == site.batch else dim for axis, dim in enumerate(site.out)]
    site.emit("Reshape", site.ins[0], site.file.ints(sizes))


def _expand(site: OnnxSite) -> None:
    """Expansion is two-way broadcasting, so a 1 keeps the batch."""
    sizes = [1 if axis == site.batch else dim for axis, dim in enumerate(site.out)]
    site.emit("Expand", site.ins[0], site.file.ints(sizes))


def _tile(site: OnnxSite) -> None:
    site.emit("Tile", site.ins[0], site.file.ints(site.attrs["repeats"]))


def _pad(site: OnnxSite) -> None:
    a, file = site.attrs, site.file
    value = [file.constant(a["value"], site.dtype, ())] if a["mode"] == "constant" and a["value"] else []
    site.emit("Pad", site.ins[0], file.ints(a["pads"]), *value, mode=a["mode"])


def _resize(site: OnnxSite) -> None:
    """Only the axes that change are named, so the batch stays free."""
    a = site.attrs
    axes = [i for i, (old, new) in enumerate(zip(site.x, site.out, strict=True)) if old != new] or [len(site.x) - 1]
    if len(site.x) > 2:
        axes = list(range(2, len(site.x))) if min(axes) >= 2 else axes
    sizes = site.file.ints([site.out[i] for i in axes])
    site.emit(
        "Resize", site.ins[0], "", "", sizes, axes=axes, mode=a["mode"], nearest_mode=a["nearest_mode"],
        coordinate_transformation_mode=a["coordinates"], cubic_coeff_a=a["cubic_coeff_a"],
        antialias=int(a["antialias"]),
    )  # fmt: skip


def _constant(site: OnnxSite) -> None:
    value, dtype = site.attrs["value"], site.view.dtypes[site.position]
    if len(value) == 1 and site.out != () and site.out != (1,):
        site.file.filled(value[0], dtype, site.out, site.name)
        return
    site.emit("Identity", site.file.constant(value, dtype, site.out))


def _parameter(site: OnnxSite) -> None:
    site.emit("Identity", site.weights["tensor"])


_SAME_NAME = (
    "Relu", "Sigmoid", "Tanh", "HardSwish", "Mish", "Selu", "Softplus", "Softsign", "Erf", "MatMul", "Max", "Min",
    "Equal", "Sub", "Div", "Pow", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Where", "Abs", "Acos", "Acosh",
    "Asin", "Asinh", "Atan", "Atanh", "Ceil", "Cos", "Cosh", "Exp", "Floor", "IsInf", "IsNaN", "Log", "Neg", "Not",
    "Reciprocal", "Round", "Sign", "Sin", "Sinh", "Sqrt", "Tan",
)  # fmt: skip

RULES: dict[str, Rule] = {
    **NORMS,
    **{op: _same(op) for op in _SAME_NAME},
    **{op: _same(op, "alpha") for op in ("LeakyRelu", "Elu", "Celu", "ThresholdedRelu")},
    **{op: _same(op, "axis") for op in ("Softmax", "LogSoftmax", "Gather", "Concat")},
    **dict.fromkeys(("Add", "Mul", "And", "Or", "Xor"), _chain),
    **dict.fromkeys(("Conv", "ConvTranspose"), _conv),
    **dict.fromkeys(("MaxPool", "AveragePool", "LpPool"), _pool),
    "Gelu": _same("Gelu", "approximate"),
    "HardSigmoid": _hard_sigmoid,
    "Einsum": _same("Einsum", "equation"),
    "Transpose": _same("Transpose", "perm"),
    "DepthToSpace": _same("DepthToSpace", "blocksize", "mode"),
    "SpaceToDepth": _same("SpaceToDepth", "blocksize"),
    "Silu": _silu,
    "Clip": _clip,
    "Linear": _linear,
    "Embedding": _embedding,
    "Attention": _attention,
    "PRelu": _prelu,
    "Mod": _mod,
    "Slice": _slice,
    "Reshape": _reshape,
    "Expand": _expand,
    "Tile": _tile,
    "Pad": _pad,
    "Resize": _resize,
    "Cast": lambda site: site.emit("Cast", site.ins[0], to=ELEM_TYPES[site.attrs["to"]]),
    "Constant": _constant,
    "Parameter": _parameter,
}
for _name in ("Mean", "Sum", "Max", "Min", "Prod", "L1", "L2", "SumSquare", "LogSum", "LogSumExp"):
    RULES[f"Reduce{_name}"] = _reduce
