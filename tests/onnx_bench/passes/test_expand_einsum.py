"""Einstein sums of two tensors."""

from __future__ import annotations

import numpy as np
import pytest

from onnx_bench.builder import GraphBuilder
from onnx_bench.node import Graph, Shape
from onnx_bench.normalise import normalise
from tests.onnx_bench.passes.interpreter import evaluate

SIZES = {"b": 1, "h": 2, "i": 5, "j": 6, "d": 4, "n": 3}


def einsum(equation: str) -> tuple[Graph, list[Shape]]:
    terms, _, result = equation.partition("->")
    shapes = [tuple(SIZES[c] for c in term) for term in terms.split(",")]
    b = GraphBuilder()
    places = [b.input(shape) for shape in shapes]
    out = tuple(SIZES[c] for c in result)
    return b.build(b.add("Einsum", *places, shape=out, equation=equation)), shapes


@pytest.mark.parametrize("equation", [
    "bhid,bhjd->bhij", "bhij,bhjd->bhid", "bhid,bhjd->bhji", "bihd,bjhd->bhij", "id,jd->ij", "bid,dj->bij", "i,j->ij",
    "bhid,ijd->bhij", "bhid,nhd->bhin", "ij,ij->i",
])  # fmt: skip
def test_sum_is_a_product_of_matrices(equation: str) -> None:
    graph, shapes = einsum(equation)
    normal, _ = normalise(graph)
    assert "Einsum" not in {n.op for n in normal.nodes}
    rng = np.random.default_rng(0)
    inputs = [rng.normal(size=shape) for shape in shapes]
    np.testing.assert_allclose(evaluate(normal, inputs)[0], np.einsum(equation, *inputs), rtol=1e-6)


@pytest.mark.parametrize("equation", ["bij,jd->id", "bij,id->bi"])
def test_other_sums_stay(equation: str) -> None:
    graph, _ = einsum(equation)
    assert [n.op for n in normalise(graph)[0].nodes if n.op != "Input"] == ["Einsum"]


def test_attention_by_einsum_is_attention() -> None:
    b = GraphBuilder()
    q, k, v = (b.input((1, 2, 6, 8)) for _ in range(3))
    scores = b.add("Einsum", q, k, shape=(1, 2, 6, 6), equation="bhid,bhjd->bhij")
    scaled = b.add("Mul", scores, b.add("Constant", shape=(), value=(0.353553,)))
    weights = b.add("Softmax", scaled, axis=3)
    graph, _ = normalise(b.build(b.add("Einsum", weights, v, shape=(1, 2, 6, 8), equation="bhij,bhjd->bhid")))
    assert [n.op for n in graph.nodes if n.op != "Input"] == ["Attention"]
