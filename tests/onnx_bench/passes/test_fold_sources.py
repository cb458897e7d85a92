"""Held tensors: folding, zero branches, one node per reading."""

from __future__ import annotations

from onnx_bench.passes.drop_idle_terms import DropIdleTerms
from onnx_bench.passes.fold_sources import FoldSources
from onnx_bench.passes.split_sources import SplitSources
from tests.onnx_bench.passes.drafts import IMAGE, Sketch, applied, normal, only, ops


def test_constants_are_evaluated() -> None:
    s = Sketch()
    scale = s.op("Div", s.number(1.0), s.op("Sqrt", s.number(64.0), shape=()), shape=())
    graph = applied(FoldSources(), s.done(s.op("Mul", s.input(), scale)))
    assert only(graph, "Constant").get("value") == (0.125,)


def test_vectors_are_concatenated_and_divided_as_integers() -> None:
    s = Sketch()
    a, b = s.number(7, dtype="int", shape=(2,)), s.number(1, 2, dtype="int", shape=(2,))
    joined = s.op("Concat", a, b, shape=(4,), axis=0)
    half = s.op("Div", joined, s.number(2, dtype="int"), shape=(4,))
    graph = applied(FoldSources(), s.done(s.op("Add", s.input((4,), "int"), half, shape=(4,))))
    assert only(graph, "Constant").get("value") == (3, 3, 0, 1)


def test_learned_tensors_are_counted_once_per_use() -> None:
    s = Sketch()
    p, q = s.held(1, 5, 8), s.held(1, 1, 8)
    table = s.op("Add", s.op("Add", p, q, shape=(1, 5, 8)), p, shape=(1, 5, 8))
    graph = applied(FoldSources(), s.done(s.op("Add", s.input((1, 5, 8)), table, shape=(1, 5, 8))))
    assert only(graph, "Parameter").params == 40 + 8 + 40


def test_a_selection_counts_no_more_than_it_takes() -> None:
    s = Sketch()
    part = s.op("Slice", s.held(10, 8), shape=(2, 8), axes=(0,), starts=(0,), ends=(2,), steps=(1,))
    graph = applied(FoldSources(), s.done(s.op("Add", s.input((2, 8)), part, shape=(2, 8))))
    assert only(graph, "Parameter").params == 16


def test_zero_times_anything_leaves_no_branch() -> None:
    s = Sketch()
    x = s.input()
    nothing = s.conv(s.op("Relu", s.op("Mul", x, s.number(0.0))))
    graph = normal(s.done(s.op("Tanh", s.op("Add", s.op("BatchNorm", nothing), s.conv(x, kernel=1)))))
    assert ops(graph) == ["Conv", "Tanh"] and only(graph, "Conv").get("kernel") == (1, 1)


def test_a_decomposed_mish_of_zeros_leaves_no_branch() -> None:
    s = Sketch()
    x = s.input()
    zeros = s.op("Add", s.op("Mul", x, s.number(0.0)), s.op("Mul", s.op("Relu", x), s.number(0.0)))
    mish = s.op("Mul", zeros, s.op("Tanh", s.op("Softplus", zeros)))
    graph = normal(s.done(s.op("Tanh", s.op("Add", s.conv(mish), s.conv(x, kernel=1)))))
    assert ops(graph) == ["Conv", "Tanh"] and only(graph, "Conv").get("kernel") == (1, 1)


def test_idle_terms_alone_are_zeros() -> None:
    s = Sketch()
    zeros = s.number(0.0, shape=IMAGE)
    idle = [s.op("Linear", zeros, shape=(1, 4, 8, 6), features=6) for _ in range(2)]
    graph = applied(DropIdleTerms(), s.done(s.op("Tanh", s.op("Add", *idle, shape=(1, 4, 8, 6)), shape=(1, 4, 8, 6))))
    assert ops(graph) == ["Constant", "Tanh"]


def test_a_network_without_a_path_keeps_its_head() -> None:
    s = Sketch()
    x = s.op("BatchNorm", s.conv(s.op("Mul", s.input(), s.number(0.0))))
    mean = s.op("ReduceMean", s.op("Relu", x), shape=(1, 4), axes=(2, 3), keepdims=False)
    graph = normal(s.done(s.op("Linear", mean, shape=(1, 10), features=10, bias=True)))
    assert ops(graph) == ["Constant", "Linear"]
    assert graph.nodes[1].get("value") == (0.0,) and graph.nodes[1].shape == (1, 4)


def test_every_reading_has_its_own_tensor() -> None:
    s = Sketch()
    p, c, x = s.held(4, 1, 1), s.number(2.0), s.input()
    y = s.op("Mul", s.op("Mul", x, p), s.op("Add", s.op("Sin", x), p))
    graph = applied(SplitSources(), s.done(s.op("Pow", s.op("Mul", y, c), c)))
    assert ops(graph).count("Parameter") == ops(graph).count("Constant") == 2
    assert sum(n.params for n in graph.nodes) == 8
