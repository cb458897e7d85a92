"""Lowering to PyTorch: elementwise operators, products, reductions and layout. Layers are in `torch_layers`."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from math import sqrt

from onnx_bench.writers.lowered import Lowered, Site, keywords, literal, operands

Rule = Callable[[Site], Lowered]

_DTYPES = {"float": "torch.float32", "int": "torch.int64", "bool": "torch.bool"}
_CASTS = {"float": "float", "int": "long", "bool": "bool"}

# Operators of one operand (and no attributes) that are one call.
_CALLS = {
    "Relu": "F.relu($0)", "Sigmoid": "torch.sigmoid($0)", "Tanh": "torch.tanh($0)", "Silu": "F.silu($0)",
    "HardSwish": "F.hardswish($0)", "Mish": "F.mish($0)", "Selu": "F.selu($0)", "Softplus": "F.softplus($0, threshold=50)",
    "Softsign": "F.softsign($0)", "Erf": "torch.erf($0)", "Neg": "torch.neg($0)", "Not": "torch.logical_not($0)",
    "IsInf": "torch.isinf($0)", "IsNaN": "torch.isnan($0)", "MatMul": "torch.matmul($0, $1)",
    "Where": "torch.where($0, $1, $2)", "Identity": "$0",
} | {
    op: f"torch.{op.lower()}($0)"
    for op in "Abs Acos Acosh Asin Asinh Atan Atanh Ceil Cos Cosh Exp Floor Log Reciprocal Round Sign Sin Sinh Sqrt Tan".split()
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
    """A tensor without batch, such as a class token, is repeated for every example first."""
    parts = operands(len(site.node.inputs))
    batched = [i for i, source in enumerate(site.node.inputs) if site.view.batch[source] is not None]
    if site.batch is not None:
        for i in set(range(len(parts))) - set(batched):
            sizes = ["-1"] * len(site.out)
            sizes[site.batch] = f"${batched[0]}.shape[{site.batch}]"
            parts[i] = f"{parts[i]}.expand({', '.join(sizes)})"
    return Lowered(f"torch.cat(({', '.join(parts)}), dim={site.attrs['axis']})")


def _slice(site: Site) -> Lowered:
    axis, start, end, step = (site.attrs[key] for key in ("axis", "start", "end", "step"))
    taken = range(start, end, step)
    backward = ""
    if step < 0:
        taken, backward = taken[::-1], f".flip({axis})"
    stop = "" if taken.stop >= site.x[axis] else str(taken.stop)
    stride = "" if taken.step == 1 else f":{taken.step}"
    return Lowered(f"$0[{':, ' * axis}{taken.start or ''}:{stop}{stride}]{backward}")


def _reshape(site: Site) -> Lowered:
    sizes = ["-1" if axis == site.batch else str(dim) for axis, dim in enumerate(site.out)]
    if len(site.out) == 2 and len(site.x) > 2 and sizes[0] == "-1" and site.x[0] == site.out[0]:
        return Lowered("$0.flatten(1)")
    return Lowered(f"$0.reshape({', '.join(sizes) or '()'})")


def _transpose(site: Site) -> Lowered:
    perm = site.attrs["perm"]
    moved = [i for i, p in enumerate(perm) if i != p]
    if len(moved) == 2:
        return Lowered(f"$0.transpose({moved[0]}, {moved[1]})")
    return Lowered(f"$0.permute({', '.join(map(str, perm))})")


def _expand(site: Site) -> Lowered:
    """ONNX expansion is two-way broadcasting; `-1` keeps a length."""
    added = len(site.out) - len(site.x)
    sizes = ["-1" if i >= added and dim == site.x[i - added] else str(dim) for i, dim in enumerate(site.out)]
    return Lowered(f"$0.expand({', '.join(sizes)})")


def _tile(site: Site) -> Lowered:
    return Lowered(f"$0.repeat({', '.join(map(str, site.attrs['repeats']))})")


def torch_pads(pads: tuple[int, ...]) -> str:
    """ONNX pads (all begins, all ends) in the order of `F.pad`: last axis first, untouched leading axes left out."""
    rank = len(pads) // 2
    pairs = [(pads[i], pads[rank + i]) for i in range(rank)]
    while len(pairs) > 1 and pairs[0] == (0, 0):
        pairs.pop(0)
    return literal(tuple(pad for pair in reversed(pairs) for pad in pair))


def _pad(site: Site) -> Lowered:
    pads, mode, value = site.attrs["pads"], site.attrs["mode"], site.attrs["value"]
    if mode == "constant":
        return Lowered(f"F.pad($0, {torch_pads(pads)}{keywords(value=(literal(value), value != 0))})")
    modes = {"reflect": "reflect", "edge": "replicate", "wrap": "circular"}
    if mode not in modes:
        raise site.unsupported(f"with mode {mode!r}")
    rank = len(site.x)
    if rank in (3, 4, 5) and not any(pads[:2] + pads[rank : rank + 2]) and min(pads) >= 0:
        inner = torch_pads(pads[2:rank] + pads[rank + 2 :])
        if len(pads[2:rank]) * 2 == inner.count(",") + 1 and max(pads) < min(site.x[2:]):
            return Lowered(f'F.pad($0, {inner}, mode="{modes[mode]}")')
    return Lowered(f'pad_mirrored($0, {torch_pads(pads)}, "{mode}")', helpers=("pad_mirrored",))


def _resize(site: Site) -> Lowered:
    mode, where, nearest = (site.attrs[key] for key in ("mode", "coordinates", "nearest_mode"))
    sizes = literal(site.out[2:]) if len(site.out) > 3 else str(site.out[-1])
    plane = len(site.x) in (3, 4, 5) and site.x[:2] == site.out[:2] and not site.attrs["antialias"]
    native = {
        ("nearest", "asymmetric", "floor"): "", ("linear", "half_pixel"): "linear",
        ("linear", "pytorch_half_pixel"): "linear", ("linear", "align_corners"): "linear",
    }  # fmt: skip
    key = (mode, where, nearest) if mode == "nearest" else (mode, where)
    if plane and key in native and (where != "pytorch_half_pixel" or min(site.out[2:]) > 1):
        if mode == "nearest":
            return Lowered(f"F.interpolate($0, size={sizes})")
        kind = ("linear", "bilinear", "trilinear")[len(site.x) - 3]
        corners = keywords(align_corners=("True", where == "align_corners"))
        return Lowered(f'F.interpolate($0, size={sizes}, mode="{kind}"{corners})')
    a = site.attrs["cubic_coeff_a"]
    if plane and len(site.x) == 4 and mode == "cubic" and a == -0.75 and where in ("half_pixel", "align_corners"):
        corners = keywords(align_corners=("True", where == "align_corners"))
        return Lowered(f'F.interpolate($0, size={sizes}, mode="bicubic"{corners})')
    known = {
        "mode": ("nearest", "linear", "cubic"),
        "coordinates": ("half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric"),
        "nearest_mode": ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil"),
        "antialias": (False,),
    }
    for name, values in known.items():
        if site.attrs[name] not in values:
            raise site.unsupported(f"with {name} {site.attrs[name]!r}")
    full = ["-1" if i == site.batch else str(d) for i, d in enumerate(site.out)]
    options = keywords(
        nearest_mode=(literal(nearest), mode == "nearest"), a=(literal(a), mode == "cubic")
    )  # fmt: skip
    return Lowered(f'resize($0, ({", ".join(full)}), "{mode}", "{where}"{options})', helpers=("resize",))


def _depth_to_space(site: Site) -> Lowered:
    block = site.attrs["blocksize"]
    if site.attrs["mode"] == "CRD":
        return Lowered(f"F.pixel_shuffle($0, {block})")
    return Lowered(f"depth_to_space($0, {block})", helpers=("depth_to_space",))


def _space_to_depth(site: Site) -> Lowered:
    return Lowered(f"space_to_depth($0, {site.attrs['blocksize']})", helpers=("space_to_depth",))


def _gather(site: Site) -> Lowered:
    return Lowered(f"$0[{':, ' * site.attrs['axis']}$1]")


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
    "Slice": _slice,
    "Reshape": _reshape,
    "Transpose": _transpose,
    "Expand": _expand,
    "Tile": _tile,
    "Pad": _pad,
    "Resize": _resize,
    "DepthToSpace": _depth_to_space,
    "SpaceToDepth": _space_to_depth,
    "Gather": _gather,
    "Cast": lambda site: Lowered(f"$0.{_CASTS[site.attrs['to']]}()"),
    "Constant": _constant,
    "Parameter": _parameter,
}
