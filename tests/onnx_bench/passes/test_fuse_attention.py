"""Attention as it is written by hand, by exporters and by onnx's own operator."""

from __future__ import annotations

import pytest

from onnx_bench.builder import GraphBuilder
from onnx_bench.fingerprint import fingerprint
from onnx_bench.node import Graph, Node, Shape
from onnx_bench.normalise import normalise

HEADS = (1, 2, 6, 8)  # [B, heads, L, D]
SCALE = 0.353553  # 8 ** -0.5


def number(b: GraphBuilder, value: float) -> int:
    return b.add("Constant", shape=(), value=(value,))


def times(b: GraphBuilder, x: int, value: float) -> int:
    return b.add("Mul", x, number(b, value))


def swapped(b: GraphBuilder, x: int) -> int:
    rank = len(b.shape(x))
    return b.add("Transpose", x, perm=(*range(rank - 2), rank - 1, rank - 2))


def heads(b: GraphBuilder, x: int, shape: Shape = (1, 6, 2, 8)) -> int:
    """Queries, keys or values of their own, split into heads."""
    return b.add("Transpose", b.add("Reshape", b.linear(x, 16), shape=shape), perm=(0, 2, 1, 3))


def canonical(b: GraphBuilder, *outputs: int) -> tuple[Graph, Node]:
    """The normal form, and the one Attention in it."""
    graph, _ = normalise(b.build(*outputs))
    (node,) = (n for n in graph.nodes if n.op == "Attention")
    assert not {"Softmax", "MatMul"} & {n.op for n in graph.nodes}
    return graph, node


@pytest.mark.parametrize("place", ["q", "k", "both", "after", "before heads"])
def test_scale_anywhere(place: str) -> None:
    b = GraphBuilder()
    x = b.input((1, 6, 16))
    q, k, v = (heads(b, x) for _ in range(3))
    if place == "before heads":
        split = b.add("Reshape", times(b, b.linear(x, 16), SCALE), shape=(1, 6, 2, 8))
        q = b.add("Transpose", split, perm=(0, 2, 1, 3))
    q = times(b, q, {"q": SCALE, "both": SCALE**0.5}.get(place, 1.0))
    k = times(b, swapped(b, k), {"k": SCALE, "both": SCALE**0.5}.get(place, 1.0))
    scores = times(b, b.add("MatMul", q, k), SCALE if place == "after" else 1.0)
    graph, node = canonical(b, b.add("MatMul", b.add("Softmax", scores, axis=3), v))
    assert dict(node.attrs) == {"causal": False, "scale": SCALE}
    assert not {"Mul", "Constant"} & {n.op for n in graph.nodes}
    assert node.shape == HEADS


def test_scale_in_float16_is_the_usual_one() -> None:
    b = GraphBuilder()
    x = b.input((1, 6, 16))
    q, k, v = (heads(b, x) for _ in range(3))
    scores = times(b, b.add("MatMul", q, swapped(b, k)), 0.35352)
    assert canonical(b, b.add("MatMul", b.add("Softmax", scores, axis=3), v))[1].get("scale") == SCALE


def attend(b: GraphBuilder, q: int, k: int, v: int, mask: int | None = None) -> int:
    scores = times(b, b.add("MatMul", q, swapped(b, k)), SCALE)
    if mask is not None:
        scores = b.add("Add", scores, mask)
    return b.add("MatMul", b.add("Softmax", scores, axis=len(b.shape(scores)) - 1), v)


def test_three_axes_equal_four() -> None:
    """The batched-matrix form of nn.MultiheadAttention, sequence first, against the usual one."""
    graphs = []
    for three in (True, False):
        b = GraphBuilder()
        x = b.input((1, 6, 16))
        if three:
            first = b.add("Transpose", x, perm=(1, 0, 2))
            parts = [b.add("Reshape", b.linear(first, 16), shape=(6, 2, 8)) for _ in range(3)]
            y = attend(b, *(b.add("Transpose", part, perm=(1, 0, 2)) for part in parts))
            y = b.add("Reshape", b.add("Transpose", y, perm=(1, 0, 2)), shape=(6, 16))
            y = b.add("Transpose", b.add("Reshape", b.linear(y, 16), shape=(6, 1, 16)), perm=(1, 0, 2))
        else:
            y = attend(b, *(heads(b, x) for _ in range(3)))
            y = b.linear(b.add("Reshape", b.add("Transpose", y, perm=(0, 2, 1, 3)), shape=(1, 6, 16)), 16)
        graphs.append(canonical(b, y)[0])
    assert fingerprint(graphs[0]) == fingerprint(graphs[1])


def test_one_projection_equals_three() -> None:
    """timm's reshape, permute and unbind of one qkv projection against three projections."""
    graphs = []
    for fused in (True, False):
        b = GraphBuilder()
        x = b.input((1, 6, 16))
        if fused:
            split = b.add("Reshape", b.linear(x, 48), shape=(1, 6, 3, 2, 8))
            split = b.add("Transpose", split, perm=(2, 0, 3, 1, 4))
            cuts = [b.add("Slice", split, axis=0, start=i, end=i + 1) for i in range(3)]
            parts = [b.add("Reshape", cut, shape=HEADS) for cut in cuts]
        else:
            parts = [heads(b, x) for _ in range(3)]
        graphs.append(canonical(b, attend(b, *parts))[0])
    assert fingerprint(graphs[0]) == fingerprint(graphs[1])


def test_computed_mask_is_an_input() -> None:
    b = GraphBuilder()
    x, mask = b.input((1, 6, 16)), b.input((1, 1, 1, 6))
    _, node = canonical(b, attend(b, *(heads(b, x) for _ in range(3)), mask))
    assert len(node.inputs) == 4
    assert node.get("causal") is False


@pytest.mark.parametrize("shape", [(6, 6), (1, 1, 6, 6)])
def test_held_square_mask_is_causal(shape: Shape) -> None:
    b = GraphBuilder()
    x = b.input((1, 6, 16))
    _, node = canonical(b, attend(b, *(heads(b, x) for _ in range(3)), b.add("Parameter", shape=shape, params=0)))
    assert len(node.inputs) == 3
    assert node.get("causal") is True


def test_learned_bias_for_each_head_is_a_mask() -> None:
    b = GraphBuilder()
    x = b.input((1, 6, 16))
    _, node = canonical(b, attend(b, *(heads(b, x) for _ in range(3)), b.add("Parameter", shape=(1, 2, 6, 6))))
    assert len(node.inputs) == 4
    assert node.get("causal") is False


def test_filled_scores_are_an_additive_mask() -> None:
    b = GraphBuilder()
    x, kept = b.input((1, 6, 16)), b.input((1, 1, 6, 6), dtype="bool")
    q, k, v = (heads(b, x) for _ in range(3))
    scores = times(b, b.add("MatMul", q, swapped(b, k)), SCALE)
    scores = b.add("Where", kept, scores, number(b, float("-inf")))
    graph, node = canonical(b, b.add("MatMul", b.add("Softmax", scores, axis=3), v))
    mask = graph.nodes[node.inputs[3]]
    assert (mask.op, mask.shape) == ("Where", (1, 1, 6, 6))


def test_softmax_over_queries_is_no_attention() -> None:
    b = GraphBuilder()
    x = b.input((1, 6, 16))
    q, k, v = (heads(b, x) for _ in range(3))
    graph, _ = normalise(b.build(b.add("MatMul", b.add("Softmax", b.add("MatMul", q, swapped(b, k)), axis=2), v)))
    assert "Attention" not in {n.op for n in graph.nodes}


def raw_attention(inputs: list[Shape], attrs: dict[str, int | float], shape: Shape) -> Graph:
    """Attention as opset 23 has it."""
    b = GraphBuilder()
    places = [b.input(s) for s in inputs]
    b.nodes.append(Node("Attention", tuple(places), tuple(sorted(attrs.items())), shape))
    return b.build(len(b.nodes) - 1)


def test_onnx_operator_of_rank_three() -> None:
    graph, _ = normalise(raw_attention([(1, 6, 16)] * 3, {"q_num_heads": 2, "kv_num_heads": 2}, (1, 6, 16)))
    (node,) = (n for n in graph.nodes if n.op == "Attention")
    assert (node.shape, node.get("scale")) == (HEADS, SCALE)


def test_onnx_operator_with_fewer_key_heads() -> None:
    small = (1, 2, 6, 8)
    graph, _ = normalise(raw_attention([(1, 4, 6, 8), small, small], {"is_causal": 1}, (1, 4, 6, 8)))
    (node,) = (n for n in graph.nodes if n.op == "Attention")
    assert node.get("causal") is True
    assert [n.op for n in graph.nodes].count("Expand") == 2


def test_learned_factor_for_each_head_is_on_the_queries() -> None:
    """Cosine attention of Swin v2 scales the scores of each head."""
    b = GraphBuilder()
    x = b.input((1, 6, 16))
    q, k, v = (heads(b, x) for _ in range(3))
    scores = b.add("Mul", b.add("MatMul", q, swapped(b, k)), b.add("Parameter", shape=(2, 1, 1)))
    graph, node = canonical(b, b.add("MatMul", b.add("Softmax", scores, axis=3), v))
    assert graph.nodes[node.inputs[0]].op == "Mul"
    assert node.get("scale") == 1.0


def test_values_before_transposed_weights() -> None:
    """v w' instead of w v, as in attention over the pixels of an image."""
    b = GraphBuilder()
    x = b.input((1, 6, 16))
    q, k, v = (heads(b, x) for _ in range(3))
    weights = b.add("Softmax", times(b, b.add("MatMul", q, swapped(b, k)), SCALE), axis=3)
    _, node = canonical(b, b.add("MatMul", swapped(b, v), swapped(b, weights)))
    assert node.shape == HEADS


@pytest.mark.parametrize(("value", "fused"), [(0.0, True), (1.0, False)])
def test_a_guard_of_queries_without_keys_is_dropped(value: float, fused: bool) -> None:
    """PyTorch writes it where a mask might mask everything."""
    b = GraphBuilder()
    x = b.input((1, 6, 16))
    q, k, v = (heads(b, x) for _ in range(3))
    weights = b.add("Softmax", times(b, b.add("MatMul", q, swapped(b, k)), SCALE), axis=3)
    guarded = b.add("Where", b.add("IsNaN", weights), number(b, value), weights)
    graph, _ = normalise(b.build(b.add("MatMul", guarded, v)))
    assert ("Attention" in [n.op for n in graph.nodes]) is fused


@pytest.mark.parametrize("values", [(0.0, float("-inf")), (0.0, -3.40282e38), (float("-inf"), 0.0)])
def test_a_choice_between_zero_and_a_large_negative_number_is_a_mask(values: tuple[float, float]) -> None:
    b = GraphBuilder()
    x, kept = b.input((1, 6, 16)), b.input((1, 1, 6, 6), dtype="bool")
    mask = b.add("Where", kept, *(b.add("Constant", shape=(1,), value=(v,)) for v in values))
    graph, node = canonical(b, attend(b, *(heads(b, x) for _ in range(3)), mask))
    chosen = [graph.nodes[i] for i in graph.nodes[node.inputs[3]].inputs[1:]]
    assert [n.shape for n in chosen] == [(), ()]
    assert {n.get("value") for n in chosen} == {(0.0,), (float("-inf"),)}


@pytest.mark.parametrize(("held", "causal"), [("Parameter", True), ("Constant", False)])
def test_held_bool_mask_of_the_onnx_operator(held: str, causal: bool) -> None:
    """A causal one as PyTorch's dynamo exporter stores it, and one that masks nothing."""
    b = GraphBuilder()
    q, k, v = (b.input(HEADS) for _ in range(3))
    known = {"value": (True,)} if held == "Constant" else {"params": 0}
    mask = b.add(held, shape=(1, 1, 6, 6), dtype="bool", **known)
    b.nodes.append(Node("Attention", (q, k, v, mask), (), HEADS))
    _, node = canonical(b, len(b.nodes) - 1)
    assert (node.get("causal"), len(node.inputs)) == (causal, 3)
