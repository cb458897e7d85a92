"""Differences between exports that the export table brought to light, each in its smallest form."""

from __future__ import annotations

import pytest

from onnx_bench.builder import GraphBuilder
from onnx_bench.fingerprint import fingerprint
from onnx_bench.normalise import normalise


def test_padding_no_window_reaches_is_dropped() -> None:
    """Opset 9 has no ceil_mode; its exporter pads the end by a whole stride."""
    prints = set()
    for end in (1, 2):
        b = GraphBuilder()
        x = b.input((1, 4, 16, 16))
        pool = b.add("MaxPool", x, kernel=(3, 3), strides=(2, 2), pads=(0, 0, end, end), dilations=(1, 1))
        prints.add(fingerprint(normalise(b.build(pool))[0]))
    assert len(prints) == 1


def test_padding_alike_on_both_sides_stays() -> None:
    b = GraphBuilder()
    graph, _ = normalise(b.build(b.max_pool(b.input((1, 4, 16, 16)), 3, 2, 1)))
    assert graph.nodes[-1].get("pads") == (1, 1, 1, 1)


def test_words_are_integers_but_their_embeddings_are_not() -> None:
    """A division behind an embedding was taken for one of integers and left as it was."""
    b = GraphBuilder()
    x = b.add("Embedding", b.input((1, 6), dtype="int"), entries=10, features=8)
    graph, _ = normalise(b.build(b.add("Div", b.relu(x), b.add("Constant", shape=(), value=(4.0,)))))
    assert [n.op for n in graph.nodes] == ["Input", "Embedding", "Relu", "Constant", "Mul"]


@pytest.mark.parametrize("nested", [True, False])
def test_bias_inside_a_residual_sum_goes_to_its_layer(nested: bool) -> None:
    b = GraphBuilder()
    x = b.relu(b.input((1, 6, 16)))
    y, bias = b.linear(x, 16, bias=False), b.add("Parameter", shape=(16,))
    total = b.add("Add", x, b.add("Add", bias, y)) if nested else b.add("Add", b.add("Add", y, bias), x)
    graph, _ = normalise(b.build(total))
    assert [n.op for n in graph.nodes] == ["Input", "Relu", "Linear", "Add"]
    assert graph.nodes[2].get("bias") is True


def test_weights_of_a_norm_are_no_part_of_the_identity() -> None:
    """A norm without weights is written with ones and zeros by opset 17, without either by opset 13."""
    prints = set()
    for affine in (True, False):
        b = GraphBuilder()
        x = b.add("LayerNorm", b.input((1, 6, 16)), scale=affine, bias=affine)
        prints.add(fingerprint(normalise(b.build(x))[0]))
    assert len(prints) == 1
