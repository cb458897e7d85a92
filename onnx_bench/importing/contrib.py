"""Operators of onnxruntime's optimiser, replaced by the standard operators they fuse."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import TYPE_CHECKING

from onnx_bench.importing.call import Call, MisfitError
from onnx_bench.importing.quantisation import activated
from onnx_bench.importing.tensor import Tensor, learned_tensor

if TYPE_CHECKING:
    from onnx_bench.importing.evaluator import Evaluator

_PARAMETERS: dict[str, tuple[str, ...]] = {
    "LeakyRelu": ("alpha",), "Elu": ("alpha",), "HardSigmoid": ("alpha", "beta"), "Clip": ("min", "max"),
    "ThresholdedRelu": ("alpha",), "Relu": (), "Sigmoid": (), "Tanh": (), "HardSwish": (), "Softplus": (), "Gelu": (),
}  # fmt: skip
_QUANTISED: dict[str, tuple[str, tuple[int, ...]]] = {
    "QLinearAdd": ("Add", (0, 3)), "QLinearMul": ("Mul", (0, 3)), "QLinearSigmoid": ("Sigmoid", (0,)),
    "QLinearLeakyRelu": ("LeakyRelu", (0,)), "QLinearSoftmax": ("Softmax", (0,)),
    "QLinearGlobalAveragePool": ("GlobalAveragePool", (0,)), "QLinearAveragePool": ("AveragePool", (0,)),
    "QLinearReduceMean": ("ReduceMean", (0,)), "QGemm": ("Gemm", (0, 3, 6)), "QLinearWhere": ("Where", (0, 1, 4)),
}  # fmt: skip
_FORMATS = {"QLinearAdd": 6, "QLinearMul": 6, "QGemm": 7}
"""Where the scale of the output stands, of operators that onnxruntime leaves an activation out of."""
_RENAMED = ("Gelu", "Trilu", "GridSample", "QuantizeLinear", "DequantizeLinear")


def _activate(e: Evaluator, x: Tensor, c: Call) -> Tensor:
    """The activation that a fused operator ends with."""
    name = c.attrs.pop("activation", "")
    if not name:
        return x
    if name not in _PARAMETERS:
        raise MisfitError(f"{c.op} ends with an activation that is not known")
    given = c.attrs.pop("activation_params", ())
    attrs = {}
    for i, key in enumerate(_PARAMETERS[name]):
        if i < len(given):
            attrs[key] = given[i]
        elif (value := c.attrs.pop(f"activation_{key}", None)) is not None:
            attrs[key] = value
    return e.apply(name, x, **attrs)


def fused_conv(e: Evaluator, c: Call) -> list[Tensor]:
    """Conv, then the sum with input 3, then an activation."""
    attrs = {k: v for k, v in c.attrs.items() if not k.startswith("activation")}
    x = e.apply("Conv", *c.ins[:3], **attrs)
    if c.has(3):
        x = e.apply("Add", x, c.tensor(3))
    return [_activate(e, x, c)]


def fused_gemm(e: Evaluator, c: Call) -> list[Tensor]:
    attrs = {k: v for k, v in c.attrs.items() if not k.startswith("activation")}
    return [_activate(e, e.apply("Gemm", *c.ins, **attrs), c)]


def _swapped(e: Evaluator, x: Tensor, attrs: dict[str, object], side: str) -> Tensor:
    """`x` as FusedMatMul multiplies it."""
    if x.shape is None or len(x.shape) < 2:
        return x
    rank = len(x.shape)
    perm = list(range(rank))
    if attrs.get(f"transBatch{side}"):
        perm = [*perm[1:-1], 0, perm[-1]]
    if attrs.get(f"trans{side}"):
        perm[-1], perm[-2] = perm[-2], perm[-1]
    return x if perm == list(range(rank)) else e.apply("Transpose", x, perm=tuple(perm))


def fused_matmul(e: Evaluator, c: Call) -> list[Tensor]:
    """MatMul of transposed operands, times alpha. Also TransposeMatMul and FusedMatMulActivation."""
    a, b = _swapped(e, c.tensor(0), c.attrs, "A"), _swapped(e, c.tensor(1), c.attrs, "B")
    product, alpha = e.apply("MatMul", a, b), c.attrs.get("alpha", 1.0)
    if alpha != 1:
        product = e.apply("Mul", product, e.scalar(alpha))
    return [_activate(e, product, c)]


def bias_gelu(e: Evaluator, c: Call) -> list[Tensor]:
    """BiasGelu and FastGelu: an optional sum, then GELU, for FastGelu by tanh."""
    x = e.apply("Add", c.tensor(0), c.tensor(1)) if c.has(1) else c.tensor(0)
    return [e.apply("Gelu", x, approximate="tanh" if c.op.endswith("FastGelu") else "none")]


def quick_gelu(e: Evaluator, c: Call) -> list[Tensor]:
    """x * sigmoid(alpha x)."""
    x, alpha = c.tensor(0), c.attrs.get("alpha", 1.702)
    inner = x if alpha == 1 else e.apply("Mul", x, e.scalar(alpha))
    return [e.apply("Mul", x, e.apply("Sigmoid", inner))]


def _is_product(e: Evaluator, tensor: Tensor) -> bool:
    return tensor.node >= 0 and e.nodes[tensor.node].op == "MatMul"


def skip_norm(e: Evaluator, c: Call) -> list[Tensor]:
    """SkipLayerNormalization and its simplified form; output 3 is the sum before the norm.

    The bias is that of the product which is one of the operands.
    """
    simple = "Simplified" in c.op
    x, skip, bias_at = c.tensor(0), c.tensor(1), 3 if simple else 4
    if c.has(bias_at):
        if _is_product(e, skip) and not _is_product(e, x):
            x, skip = skip, x
        x = e.apply("Add", x, c.tensor(bias_at))
    x = e.apply("Add", x, skip)
    epsilon = c.attrs.get("epsilon", 1e-5)
    if simple:
        y = e.apply("RMSNormalization", x, c.tensor(2), axis=-1, epsilon=epsilon)
    else:
        beta = c.ins[3] if c.has(3) else None
        y = e.apply("LayerNormalization", x, c.tensor(2), beta, axis=-1, epsilon=epsilon)
    return [y, Tensor(None), Tensor(None), x][: c.count]


def simplified_norm(e: Evaluator, c: Call) -> list[Tensor]:
    """SimplifiedLayerNormalization is RMSNormalization."""
    attrs = {k: c.attrs[k] for k in ("axis", "epsilon") if k in c.attrs}
    return [e.apply("RMSNormalization", c.tensor(0), c.tensor(1), **attrs)]


def bias_add(e: Evaluator, c: Call) -> list[Tensor]:
    """BiasAdd: x + bias + skip. BiasDropout alike."""
    x = e.apply("Add", c.tensor(0), c.tensor(1))
    return [e.apply("Add", x, c.tensor(2)) if c.has(2) and c.op.endswith("BiasAdd") else x]


def multi_head_attention(e: Evaluator, c: Call) -> list[Tensor] | None:
    """MultiHeadAttention on separate q, k, v of rank 3, without masks or a past: the standard Attention."""
    heads = c.attrs.get("num_heads", 0)
    if c.count > 1 or not (c.has(1) and c.has(2)) or any(c.has(i) for i in (4, 6, 7)):
        return None
    if len(c.shape()) != 3 or len(c.shape(1)) != 3:
        return None
    q, k, v = c.tensor(0), c.tensor(1), c.tensor(2)
    if c.has(3):
        width, value_width = c.shape()[-1], c.shape(2)[-1]
        sizes = (width, width, value_width)
        biases = e.apply_all("Split", [c.tensor(3)], 3, axis=0, split=sizes)
        q, k, v = (e.apply("Add", t, b) for t, b in zip((q, k, v), biases, strict=True))
    attrs = {"q_num_heads": heads, "kv_num_heads": heads}
    if "scale" in c.attrs:
        attrs["scale"] = c.attrs["scale"]
    if c.attrs.get("unidirectional"):
        attrs["is_causal"] = 1
    mask = c.ins[5] if c.has(5) else None
    return [e.apply("Attention", q, k, v, mask, **attrs)]


def packed_attention(e: Evaluator, c: Call) -> list[Tensor] | None:
    """Attention with one weight for q, k and v, without masks or a past: a linear map, its parts, the standard one."""
    if c.count > 1 or any(c.has(i) for i in (3, 4, 6)):
        return None
    heads, width = c.attrs.get("num_heads", 0), c.shape(1)[-1]
    sizes = tuple(c.attrs.get("qkv_hidden_sizes") or (width // 3,) * 3)
    x = e.apply("MatMul", c.tensor(0), c.tensor(1))
    if c.has(2):
        x = e.apply("Add", x, c.tensor(2))
    q, k, v = e.apply_all("Split", [x], 3, axis=-1, split=sizes)
    attrs = {"q_num_heads": heads, "kv_num_heads": heads, "is_causal": c.attrs.get("unidirectional", 0)}
    if "scale" in c.attrs:
        attrs["scale"] = c.attrs["scale"]
    return [e.apply("Attention", q, k, v, c.ins[5] if c.has(5) else None, **attrs)]


def _as_weight(tensor: Tensor | None) -> Tensor | None:
    """A stored integer tensor of several elements as the learned tensor it stands for."""
    if tensor is None or tensor.node >= 0 or tensor.sources or tensor.shape is None or prod(tensor.shape) <= 1:
        return tensor
    return learned_tensor(tensor.shape)


def quantised(e: Evaluator, c: Call) -> list[Tensor]:
    """An operator on integers that stands for one on floats."""
    name = c.op.rpartition("::")[2]
    op, places = _QUANTISED[name]
    attrs = dict(c.attrs)
    attrs.pop("channels_last", None)
    result = e.apply(op, *(_as_weight(c.ins[i]) if c.has(i) else None for i in places), **attrs)
    return [activated(e, result, c, _FORMATS[name]) if name in _FORMATS else result]


def quantised_concat(e: Evaluator, c: Call) -> list[Tensor]:
    """QLinearConcat: the tensors stand at inputs 2, 5, 8, ..."""
    return [e.apply("Concat", *map(_as_weight, c.ins[2::3]), axis=c.attrs["axis"])]


def quantised_lstm(e: Evaluator, c: Call) -> list[Tensor]:
    """DynamicQuantizeLSTM: an LSTM whose weights are stored transposed."""
    w, r = (e.apply("Transpose", _as_weight(c.tensor(i)), perm=(0, 2, 1)) for i in (1, 2))
    return e.apply_all("LSTM", [c.tensor(0), w, r, *c.ins[3:8]], c.count, **c.attrs)


def reorder(e: Evaluator, c: Call) -> list[Tensor]:
    """ReorderInput, ReorderOutput: memory layout alone. The latter drops channels that were added to fill a block."""
    x, channels = c.tensor(0), c.attrs.get("channels")
    if channels is None or x.shape is None or x.shape[1] <= channels:
        return [x]
    bounds = {"axes": (1,), "starts": (0,), "ends": (channels,)}
    return [e.apply("Slice", x, **bounds)]


def renamed(e: Evaluator, c: Call) -> list[Tensor]:
    """An operator that is or has since become a standard one."""
    return e.apply_all(c.op.rpartition("::")[2], c.ins, c.count, **c.attrs)


_TABLE: dict[str, Callable[[Evaluator, Call], list[Tensor] | None]] = {
    "FusedConv": fused_conv, "FusedGemm": fused_gemm, "FusedMatMul": fused_matmul, "TransposeMatMul": fused_matmul,
    "FusedMatMulActivation": fused_matmul, "BiasGelu": bias_gelu, "FastGelu": bias_gelu, "QuickGelu": quick_gelu,
    "SkipLayerNormalization": skip_norm, "SkipSimplifiedLayerNormalization": skip_norm,
    "SimplifiedLayerNormalization": simplified_norm, "BiasAdd": bias_add, "BiasDropout": bias_add,
    "MultiHeadAttention": multi_head_attention, "Attention": packed_attention,
    "DynamicQuantizeLSTM": quantised_lstm, "QLinearConcat": quantised_concat,
    **dict.fromkeys(_QUANTISED, quantised), **dict.fromkeys(_RENAMED, renamed),
}  # fmt: skip
_BLOCKED: dict[str, Callable[[Evaluator, Call], list[Tensor] | None]] = {
    "Conv": fused_conv, "ReorderInput": reorder, "ReorderOutput": reorder,
    **dict.fromkeys(("MaxPool", "AveragePool", "GlobalMaxPool", "GlobalAveragePool", "Upsample"), renamed),
}  # fmt: skip
SPECIALS: dict[str, Callable[[Evaluator, Call], list[Tensor] | None]] = {
    **{f"com.microsoft::{name}": rule for name, rule in _TABLE.items()},
    "SimplifiedLayerNormalization": simplified_norm,
    **{f"com.microsoft.nchwc::{name}": rule for name, rule in _BLOCKED.items()},
}
