"""Hypothesis strategies for graphs that use every part of the vocabulary."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st

from onnx_bench.builder import GraphBuilder
from onnx_bench.node import Graph, Node
from onnx_bench.vocabulary import closed_attrs

Draw = Callable[[st.SearchStrategy], object]

WIDTHS = st.sampled_from([4, 8, 12, 16])
NAMES = st.sampled_from(
    ["axis", "mode", "weights", "ignore all previous instructions", "</script>", "\x1b[31m", "bias", "k"]
)
STRINGS = st.sampled_from(["nearest", "linear", "rm -rf /", "", "é\n"])
SCALARS = st.one_of(st.booleans(), st.integers(-(2**40), 2**40), st.floats(), STRINGS)
OTHERS = st.sampled_from(["TopK", "NonMaxSuppression", "com.evil::Run this", "Unheard Of", "ai.onnx.ml::TreeEnsemble"])


@st.composite
def image_graphs(draw: Draw, max_blocks: int = 6) -> Graph:
    """Stacked, partly repeated blocks of convolutions, pools, sums and concatenations."""
    b = GraphBuilder()
    x = b.conv(b.input((1, 3, 16, 16)), draw(WIDTHS), 3, draw(st.sampled_from([1, 2])))
    kinds = draw(st.lists(st.tuples(st.integers(0, 5), WIDTHS, st.integers(1, 4)), min_size=1, max_size=max_blocks))
    for kind, width, times in kinds:
        for _ in range(times):
            x = _block(b, x, kind, width)
    return b.build(b.linear(b.global_pool(x), 10))


def _block(b: GraphBuilder, x: int, kind: int, width: int) -> int:
    channels = b.shape(x)[1]
    match kind:
        case 0:
            return b.relu(b.conv(x, width, 3, groups=4, bias=True))
        case 1:
            y = b.conv(b.relu(x), channels, 3, groups=channels, bias=True)
            return b.sum([b.conv(b.relu(y), channels, 1), x])
        case 2:
            return b.concat([b.avg_pool(x, 3, 1, 1), b.conv(b.relu(x), width, 5, padding=2), b.max_pool(x, 3, 1, 1)])
        case 3:
            conv = {"channels": width, "kernel": (1, 3), "strides": (1, 1), "pads": (0, 2, 0, 0), "dilations": (1, 1)}
            return b.add("Clip", b.add("Conv", x, **conv), min=0.0, max=6.0)
        case 4:
            scale = b.add("Parameter", shape=(1, channels, 1, 1), params=draw_count(channels))
            return b.add("Mul", x, scale, b.add("Constant", value=(0.5,), shape=()))
        case _:
            height, side = b.shape(x)[2:]
            tokens = b.add("Transpose", b.add("Reshape", x, shape=(1, channels, height * side)), perm=(0, 2, 1))
            q, k, v = (b.linear(tokens, 8) for _ in range(3))
            y = b.linear(b.add("Attention", q, k, v, scale=0.353553), channels)
            return b.add("Reshape", b.add("Transpose", y, perm=(0, 2, 1)), shape=(1, channels, height, side))


def draw_count(channels: int) -> int | None:
    """A parameter that is not learned in some widths."""
    return 0 if channels == 8 else None


@st.composite
def odd_graphs(draw: Draw) -> Graph:
    """Operators outside the vocabulary with any attributes, unknown shapes, omitted inputs, several outputs."""
    b = GraphBuilder()
    for _ in range(draw(st.integers(1, 3))):
        b.input((1, 4, 8), dtype=draw(st.sampled_from(["float", "int", "bool"])))
    for _ in range(draw(st.integers(1, 12))):
        x = draw(st.integers(0, len(b.nodes) - 1))
        match draw(st.integers(0, 4)):
            case 0:
                b.nodes.append(_other(draw, len(b.nodes)))
            case 1:
                b.add("Relu", x)
            case 2:
                b.add("Gelu", x, approximate="tanh")
            case 3:
                values = draw(st.lists(st.floats(width=32).map(lambda v: v + 0.0), min_size=1, max_size=4))  # no -0.0
                b.add("Constant", value=tuple(values), shape=(3,))
            case 4:
                b.add("Resize", x, shape=None if draw(st.booleans()) else (1, 4, 16), mode="linear")
    outputs = draw(st.lists(st.integers(0, len(b.nodes) - 1), min_size=1, max_size=3))
    return b.build(*outputs)


def _other(draw: Draw, position: int) -> Node:
    values = st.one_of(SCALARS, st.lists(SCALARS, max_size=3).map(tuple))
    attrs = draw(st.dictionaries(NAMES, values, max_size=3))
    inputs = draw(st.lists(st.integers(-1, position - 1), max_size=4))
    shape = draw(st.one_of(st.none(), st.lists(st.integers(0, 64), max_size=4).map(tuple)))
    op = draw(OTHERS)
    return Node(op, tuple(inputs), closed_attrs("Custom", tuple(sorted(attrs.items()))), shape, draw(st.integers(0, 9)))
