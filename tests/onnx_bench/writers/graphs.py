"""Small graphs that together use every canonical operator, for the tests of the writers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from onnx_bench.builder import GraphBuilder
from onnx_bench.node import Graph, Shape

PLANE = (1, 4, 9, 8)
WINDOW: dict[str, Any] = {"kernel": (3, 2), "strides": (2, 1), "pads": (1, 0, 1, 1), "dilations": (1, 1)}
EVEN: dict[str, Any] = {"kernel": (3, 3), "strides": (2, 2), "pads": (1, 1, 1, 1), "dilations": (1, 1)}
UNARY = (
    "Relu", "Sigmoid", "Tanh", "Silu", "HardSwish", "Mish", "Selu", "Softplus", "Softsign", "Erf", "Abs", "Atan",
    "Asinh", "Ceil", "Cos", "Exp", "Floor", "Neg", "Round", "Sign", "Sin", "Sinh", "Tan",
)  # fmt: skip
POSITIVE = ("Log", "Sqrt", "Reciprocal", "Acosh")  # of x^2 + 1.5
BOUNDED = ("Acos", "Asin", "Atanh", "Cosh")  # of tanh(x) / 2
REDUCTIONS = ("Mean", "Sum", "Max", "Min", "Prod", "L1", "L2", "SumSquare", "LogSumExp")
BINARY = ("Sub", "Div", "Max", "Min", "Add", "Mul")


def one(op: str, shape: Shape, **attrs: Any) -> Graph:
    """One operator on one input."""
    b = GraphBuilder()
    return b.build(b.add(op, b.input(shape), **attrs))


def of(op: str, *shapes: Shape, **attrs: Any) -> Graph:
    """One operator on several inputs."""
    b = GraphBuilder()
    return b.build(b.add(op, *(b.input(shape) for shape in shapes), **attrs))


def positive(op: str) -> Graph:
    b = GraphBuilder()
    x = b.input((1, 6))
    x = b.add("Add", b.add("Mul", x, x), b.add("Constant", shape=(), value=(1.5,)))
    return b.build(b.add(op, x))


def log_sum() -> Graph:
    b = GraphBuilder()
    return b.build(b.add("ReduceLogSum", b.add("Exp", b.input((1, 4, 5))), axes=(1, 2), keepdims=False))


def bounded(op: str) -> Graph:
    b = GraphBuilder()
    x = b.add("Mul", b.add("Tanh", b.input((1, 6))), b.add("Constant", shape=(), value=(0.5,)))
    return b.build(b.add(op, x))


def logic() -> Graph:
    b = GraphBuilder()
    x, y = b.input((1, 6)), b.input((1, 6))
    zero = b.add("Constant", shape=(), value=(0.0,))
    tests = [b.add(op, x, y) for op in ("Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Equal")]
    tests += [b.add(op, b.add("Div", x, zero)) for op in ("IsInf", "IsNaN")]
    joined = b.add("Xor", b.add("And", tests[0], b.add("Not", tests[2])), b.add("Or", *tests[3:]), tests[1])
    joined = b.add("And", joined, tests[0], tests[1])
    number = b.add("Cast", joined, to="float")
    return b.build(b.add("Where", joined, x, b.add("Mul", y, number)), joined)


def integers() -> Graph:
    b = GraphBuilder()
    x = b.input((1, 6), dtype="int")
    three = b.add("Constant", shape=(), value=(3,), dtype="int")
    minus = b.add("Constant", shape=(), value=(-7,), dtype="int")
    x = b.add("Add", b.add("Mul", x, minus), three)
    divided, rest = b.add("Div", x, three), b.add("Mod", x, three)
    return b.build(b.add("Cast", b.add("Concat", divided, rest, axis=1), to="float"), b.add("Cast", rest, to="bool"))


def floats() -> Graph:
    b = GraphBuilder()
    x = b.input((1, 6))
    two = b.add("Constant", shape=(), value=(2.0,))
    whole = b.add("Cast", b.add("Cast", b.add("Mul", x, two), to="int"), to="float")
    return b.build(b.add("Pow", x, two), b.add("Mod", x, two), whole)


def indexing() -> Graph:
    b = GraphBuilder()
    tokens = b.input((1, 5), dtype="int")
    x = b.add("Embedding", tokens, entries=11, features=8)
    x = b.add("Add", x, b.add("Parameter", shape=(1, 5, 8)))
    index = b.add("Constant", shape=(2, 2), value=(0, 3, 1, 1), dtype="int")
    return b.build(b.add("Gather", x, index, axis=1))


def class_token() -> Graph:
    b = GraphBuilder()
    x = b.conv(b.input((1, 3, 8, 8)), 12, 4, 4, padding=0, bias=True)
    x = b.add("Transpose", b.add("Reshape", x, shape=(1, 12, 4)), perm=(0, 2, 1))
    x = b.add("Concat", b.add("Parameter", shape=(1, 1, 12)), x, axis=1)
    x = b.add("Add", x, b.add("Parameter", shape=(1, 5, 12)))
    for _ in range(3):
        x = transformer_block(b, x)
    x = b.add("LayerNorm", x)
    x = b.add("Reshape", b.add("Slice", x, axis=1, start=0, end=1), shape=(1, 12))
    return b.build(b.linear(x, 7))


def transformer_block(b: GraphBuilder, x: int) -> int:
    length, width = b.shape(x)[1:]
    y = b.linear(b.add("LayerNorm", x, epsilon=1e-6), 3 * width)
    y = b.add("Transpose", b.add("Reshape", y, shape=(1, length, 3, 2, width // 2)), perm=(2, 0, 3, 1, 4))
    parts = [b.add("Slice", y, axis=0, start=i, end=i + 1) for i in range(3)]
    parts = [b.add("Reshape", p, shape=(1, 2, length, width // 2)) for p in parts]
    y = b.add("Attention", *parts, scale=0.408248)
    y = b.add("Reshape", b.add("Transpose", y, perm=(0, 2, 1, 3)), shape=(1, length, width))
    x = b.sum([x, b.linear(y, width)])
    y = b.add("Gelu", b.linear(b.add("LayerNorm", x, epsilon=1e-6), 4 * width))
    return b.sum([x, b.linear(y, width)])


def windows() -> Graph:
    """Swin's windows: the batch is the slower part of axis 0."""
    b = GraphBuilder()
    x = b.add("Reshape", b.input((1, 4, 4, 6)), shape=(1, 2, 2, 2, 2, 6))
    x = b.add("Reshape", b.add("Transpose", x, perm=(0, 1, 3, 2, 4, 5)), shape=(4, 4, 6))
    x = b.add("Add", b.linear(x, 6), b.add("Parameter", shape=(4, 1, 6)))
    heads = [b.add("Reshape", b.linear(x, 6), shape=(4, 4, 2, 3)) for _ in range(3)]
    heads = [b.add("Transpose", head, perm=(0, 2, 1, 3)) for head in heads]
    x = b.add("Attention", *heads, b.add("Parameter", shape=(4, 1, 4, 4)), scale=0.577350)
    x = b.add("Reshape", b.add("Transpose", x, perm=(0, 2, 1, 3)), shape=(4, 4, 6))
    x = b.add("Transpose", b.add("Reshape", x, shape=(1, 2, 2, 2, 2, 6)), perm=(0, 1, 3, 2, 4, 5))
    return b.build(b.add("Reshape", x, shape=(1, 4, 4, 6)))


def layout() -> Graph:
    b = GraphBuilder()
    x = b.input((1, 4, 6, 6))
    x = b.add("SpaceToDepth", x, blocksize=2)
    x = b.add("Slice", x, axis=1, start=14, end=1, step=-3)
    x = b.add("Slice", x, axis=1, start=4, end=-1, step=-1)
    x = b.add("Tile", x, repeats=(1, 4, 1, 2))
    x = b.add("Slice", x, axis=1, start=0, end=16)
    x = b.add("DepthToSpace", x, blocksize=2)
    x = b.add("DepthToSpace", x, blocksize=2, mode="CRD")
    x = b.add("Expand", x, shape=(1, 3, 12, 24))
    x = b.add("Pad", x, pads=(0, 1, 2, 0, 0, 0, -1, 3), value=1.5)
    return b.build(b.add("Transpose", x, perm=(0, 2, 3, 1)))


def pad_modes() -> Graph:
    b = GraphBuilder()
    x = b.input((1, 3, 5, 6))
    for mode in ("reflect", "edge", "wrap"):
        x = b.add("Pad", x, pads=(0, 0, 1, 2, 0, 0, 0, 1), mode=mode)
        x = b.add("Pad", x, pads=(0, 1, 0, 0, 0, 1, 1, 0), mode=mode)
    return b.build(x)


def norms() -> Graph:
    b = GraphBuilder()
    x = b.add("BatchNorm", b.input((1, 6, 5, 5)), epsilon=1e-3)
    outputs = [x]
    for scale in (True, False):
        for bias in (True, False):
            x = b.add("GroupNorm", x, groups=3, scale=scale, bias=bias)
            x = b.add("InstanceNorm", x, scale=scale, bias=bias)
            y = b.add("LayerNorm", x, dims=2, scale=scale, bias=bias)
            outputs.append(b.add("RMSNorm", y, scale=scale, bias=bias))
    return b.build(*outputs)


def activations() -> Graph:
    b = GraphBuilder()
    x = b.input((1, 6, 3, 3))
    outputs = [
        b.add("Gelu", x, approximate="tanh"), b.add("LeakyRelu", x, alpha=0.2), b.add("Elu", x, alpha=0.5),
        b.add("Celu", x, alpha=2.0), b.add("HardSigmoid", x), b.add("HardSigmoid", x, alpha=0.2, beta=0.4),
        b.add("Clip", x, min=0.0, max=6.0), b.add("Clip", x, min=float("-inf"), max=0.5),
        b.add("Clip", x, min=-1.0, max=0.5), b.add("ThresholdedRelu", x, alpha=0.7),
        b.add("PRelu", x), b.add("PRelu", x, slopes=6), b.add("PRelu", x, slopes=54),
        b.add("Softmax", x, axis=1), b.add("LogSoftmax", x, axis=3),
    ]  # fmt: skip
    return b.build(*outputs)


def attentions(causal: bool) -> Graph:
    b = GraphBuilder()
    q, k, v, w = (b.input((1, 2, 5, 4)) for _ in range(4))
    mask = b.add("Parameter", shape=(1, 2, 5, 5))
    plain = b.add("Attention", q, k, v, scale=0.5, causal=causal)
    return b.build(plain, b.add("Attention", plain, w, v, mask, scale=0.7, causal=causal))


def stacked_attention() -> Graph:
    """Attention of rank 3, causal and with a mask."""
    b = GraphBuilder()
    q, k, v = (b.input((1, 5, 4)) for _ in range(3))
    mask = b.add("Parameter", shape=(5, 5))
    return b.build(b.add("Attention", q, k, v, mask, scale=0.25, causal=True))


def recurrent(op: str, **attrs: Any) -> Graph:
    b = GraphBuilder()
    x = b.add("Transpose", b.input((1, 6, 5)), perm=(1, 0, 2))
    y = b.add(op, x, hidden=7, **attrs)
    x = b.add("Reshape", b.add("Transpose", y, perm=(0, 2, 1, 3)), shape=(6, 1, 7 * b.shape(y)[1]))
    last = b.add(op, x, hidden=3)
    states = [b.add("Output", last, index=i, shape=(1, 1, 3)) for i in ((1, 2) if op == "LSTM" else (1,))]
    return b.build(b.add("Transpose", x, perm=(1, 0, 2)), last, *states)


def initial_state(op: str) -> Graph:
    b = GraphBuilder()
    x = b.add("Transpose", b.input((1, 6, 5)), perm=(1, 0, 2))
    states = [b.add("Parameter", shape=(1, 1, 3)) for _ in range(2 if op == "LSTM" else 1)]
    return b.build(b.add(op, x, *states, hidden=3))


def resizes(mode: str, coordinates: str, **attrs: Any) -> Graph:
    b = GraphBuilder()
    x = b.input((1, 2, 5, 6))
    larger = b.add("Resize", x, shape=(1, 2, 11, 12), mode=mode, coordinates=coordinates, **attrs)
    smaller = b.add("Resize", x, shape=(1, 2, 3, 4), mode=mode, coordinates=coordinates, **attrs)
    return b.build(larger, smaller)


def nearest_whole() -> Graph:
    """Growth by whole factors, which canonical graphs write in one way."""
    b = GraphBuilder()
    return b.build(b.add("Resize", b.input((1, 2, 5, 6)), shape=(1, 2, 10, 18)))


def routing() -> Graph:
    """The best of several candidates for each example, as experts are chosen; places cumulated and compared."""
    b = GraphBuilder()
    x = b.input((1, 6, 4))
    best = b.add("TopK", x, axis=1, k=3, largest=1, sorted=1, shape=(1, 3, 4))
    places = b.add("Output", best, index=1, shape=(1, 3, 4))
    chosen = b.add("GatherElements", b.add("Tanh", x), places, axis=1, shape=(1, 3, 4))
    mixed = b.add("CumSum", b.add("Mul", chosen, best), axis=2, shape=(1, 3, 4))
    return b.build(mixed, b.add("ArgMax", mixed, axis=1, keepdims=0, shape=(1, 4)))


def fixed_batch() -> Graph:
    """The batch axis is summed, so the batch size is fixed."""
    b = GraphBuilder()
    return b.build(b.add("ReduceSum", b.linear(b.input((1, 6)), 4), axes=(0, 1), keepdims=False))


def constants() -> Graph:
    b = GraphBuilder()
    x = b.input((1, 6))
    filled = b.add("Constant", shape=(1, 6), value=(-0.25,))
    x = b.add("Max", b.add("Add", x, filled), b.add("Constant", shape=(), value=(0.1,)))
    table = b.add("Parameter", shape=(100,), params=0, dtype="int")
    return b.build(b.add("Gather", x, table, axis=1))


def held() -> Graph:
    """Parts that depend on no input."""
    b = GraphBuilder()
    several = b.add("Constant", shape=(6,), value=(1.0, -2.0, 0.5, 3.0, 0.0, 1e-5))
    lonely = b.linear(b.add("Constant", shape=(1, 100), value=(0.0,)), 3)
    return b.build(b.add("Add", b.input((1, 6)), several), lonely, b.add("Cast", several, to="int"))


def blocks() -> Graph:
    """Repeated blocks of two widths, one of which reads a value shared by all."""
    b = GraphBuilder()
    x = b.input((1, 3, 16, 16))
    for channels in (8, 12):
        x = b.conv(x, channels, 3, 2, batch_norm=True)
        for _ in range(3):
            y = b.relu(b.conv(b.relu(x), channels, 3, batch_norm=True))
            x = b.sum([x, b.conv(y, channels, 3, bias=True), b.avg_pool(y, 3, 1, 1)])
    gate = b.add("Sigmoid", b.conv(x, 12, 1, bias=True))
    for _ in range(4):
        y = b.conv(b.relu(b.conv(b.add("Mul", x, gate), 24, 1, bias=True)), 12, 3, groups=12, bias=True)
        y = b.add("Clip", y, min=0.0, max=6.0)
        x = b.sum([x, b.conv(y, 12, 1, bias=True)])
    return b.build(b.linear(b.global_pool(x), 10))


def computed_weights() -> Graph:
    b = GraphBuilder()
    x = b.input(PLANE)
    channels, made = b.shape(x)[1], b.linear(b.global_pool(x), 6 * b.shape(x)[1] * 9)
    layers = [
        b.add(op, x, b.add("Reshape", made, shape=shape), channels=6, kernel=(3, 3), strides=(2, 2), pads=pads,
              dilations=(1, 1), bias=bias, **more)
        for op, shape, more in (
            ("Conv", (6, channels, 3, 3), {}), ("ConvTranspose", (channels, 6, 3, 3), {"output_padding": (0, 0)}),
        )
        for pads in ((1, 1, 1, 1), (0, 1, 1, 0))
        for bias in (False, True)
    ]  # fmt: skip
    return b.build(*layers)


def pools() -> Graph:
    b = GraphBuilder()
    x = b.input(PLANE)
    outputs = []
    for window in (WINDOW, EVEN, {**EVEN, "strides": (3, 3)}, {**WINDOW, "dilations": (2, 1)}):
        for ceil_mode in (False, True):
            outputs.append(b.add("MaxPool", x, **window, ceil_mode=ceil_mode))
            outputs.append(b.add("LpPool", x, **window, ceil_mode=ceil_mode))
            for count in (False, True):
                outputs.append(b.add("AveragePool", x, **window, ceil_mode=ceil_mode, count_include_pad=count))
    return b.build(*outputs)


GRAPHS: dict[str, Callable[[], Graph]] = {
    **{op: partial(one, op, (1, 6)) for op in UNARY},
    **{op: partial(positive, op) for op in POSITIVE},
    **{op: partial(bounded, op) for op in BOUNDED},
    **{f"Reduce{op}": partial(one, f"Reduce{op}", PLANE, axes=(1, 3), keepdims=op == "Mean") for op in REDUCTIONS},
    "ReduceLogSum": log_sum,
    **{op: partial(of, op, (1, 4, 5), (1, 1, 5)) for op in BINARY},
    "Add3": partial(of, "Add", (1, 4, 5), (1, 1, 5), (1, 4, 1)),
    "MatMul": partial(of, "MatMul", (1, 4, 5), (1, 5, 3)),
    "Einsum": partial(of, "Einsum", (1, 4, 5), (1, 3, 5), equation="bqd,bkd->bqk", shape=(1, 4, 3)),
    "Conv": partial(one, "Conv", PLANE, channels=6, **WINDOW, groups=2, bias=True),
    "Conv1d": partial(one, "Conv", (1, 3, 9), channels=4, kernel=(3,), strides=(1,), pads=(2, 2), dilations=(2,)),
    "Conv3d": partial(one, "Conv", (1, 2, 4, 5, 6), channels=4, kernel=(1, 3, 3), strides=(1, 2, 2), pads=(0, 1, 1) * 2,
                      dilations=(1, 1, 1), bias=True),
    "ConvTranspose": partial(one, "ConvTranspose", PLANE, channels=6, **EVEN, output_padding=(1, 0), groups=2,
                             bias=True),
    "ConvTransposeUneven": partial(one, "ConvTranspose", PLANE, channels=6, kernel=(3, 4), strides=(2, 3),
                                   pads=(1, 0, 0, 2), dilations=(1, 1), output_padding=(1, 1), bias=True),
    "Linear1": partial(one, "Linear", (1, 6), features=3),
    "Linear3": partial(one, "Linear", (1, 4, 6), features=3, bias=True),
    "Linear3NoBias": partial(one, "Linear", (1, 4, 6), features=3),
    "logic": logic,
    "integers": integers,
    "floats": floats,
    "indexing": indexing,
    "class_token": class_token,
    "windows": windows,
    "layout": layout,
    "pad_modes": pad_modes,
    "norms": norms,
    "activations": activations,
    "attention": partial(attentions, False),
    "causal": partial(attentions, True),
    "stacked_attention": stacked_attention,
    "initial_states": partial(initial_state, "LSTM"),
    "initial_state": partial(initial_state, "GRU"),
    "LSTM": partial(recurrent, "LSTM", direction="bidirectional"),
    "LSTMReverse": partial(recurrent, "LSTM", direction="reverse", bias=False),
    "GRU": partial(recurrent, "GRU", linear_before_reset=True, direction="bidirectional"),
    "GRUResetFirst": partial(recurrent, "GRU", direction="bidirectional"),
    "RNN": partial(recurrent, "RNN", activation="Relu"),
    "nearest": partial(resizes, "nearest", "asymmetric", nearest_mode="floor"),
    "nearest_half": partial(resizes, "nearest", "half_pixel"),
    "nearest_whole": nearest_whole,
    "linear": partial(resizes, "linear", "half_pixel"),
    "linear_corners": partial(resizes, "linear", "align_corners"),
    "linear_asymmetric": partial(resizes, "linear", "asymmetric"),
    "cubic": partial(resizes, "cubic", "half_pixel"),
    "cubic_asymmetric": partial(resizes, "cubic", "asymmetric", cubic_coeff_a=-0.5),
    "computed_weights": computed_weights,
    "pools": pools,
    "fixed_batch": fixed_batch,
    "routing": routing,
    "constants": constants,
    "held": held,
    "blocks": blocks,
}  # fmt: skip

# Not in the form that normalisation gives, so they come back from a file as other graphs.
NOT_CANONICAL = {"logic", "norms", "stacked_attention", "initial_states", "initial_state", "held"}
