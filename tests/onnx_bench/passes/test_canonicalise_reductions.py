from __future__ import annotations

import pytest

from onnx_bench.node import Shape
from onnx_bench.passes.canonicalise_reductions import CanonicaliseReductions
from tests.onnx_bench.passes.drafts import IMAGE, Sketch, applied, normal, only, ops


def test_attributes() -> None:
    s = Sketch()
    reduced = s.op("ReduceMax", s.input(), shape=(1, 4), axes=(3, 2), keepdims=0)
    graph = applied(CanonicaliseReductions(), s.done(reduced))
    assert dict(only(graph, "ReduceMax").attrs) == {"axes": (2, 3), "keepdims": False}


def test_axes_of_one_element_are_reshaped_away() -> None:
    s = Sketch()
    x = s.input((1, 4, 1, 1))
    assert ops(normal(s.done(s.op("ReduceMean", x, shape=(1, 4), axes=(2, 3), keepdims=0)))) == ["Reshape"]
    s = Sketch()
    x = s.input((1, 4, 1, 8))
    graph = normal(s.done(s.op("ReduceMean", x, shape=(1, 4), axes=(2, 3), keepdims=0)))
    assert ops(graph) == ["ReduceMean", "Reshape"] and only(graph, "ReduceMean").get("axes") == (3,)


def test_one_axis_after_the_other_is_both() -> None:
    s = Sketch()
    first = s.op("ReduceMean", s.input(), shape=(1, 4, 8), axes=(3,), keepdims=0)
    graph = normal(s.done(s.op("ReduceMean", first, shape=(1, 4), axes=(2,), keepdims=0)))
    assert only(graph, "ReduceMean").get("axes") == (2, 3)


def test_merged_axes_are_reduced_as_they_were() -> None:
    s = Sketch()
    flat = s.op("Reshape", s.input(), shape=(1, 4, 64))
    graph = normal(s.done(s.op("ReduceMean", flat, shape=(1, 4), axes=(2,), keepdims=0)))
    assert ops(graph) == ["ReduceMean"] and only(graph, "ReduceMean").get("axes") == (2, 3)


@pytest.mark.parametrize(("flat", "axes", "found"), [
    ((1, 4, 1, 8, 8), (3, 4), (2, 3)), ((4, 8, 8), (1, 2), (2, 3)), ((4, 1, 8, 1, 8), (0, 4), (1, 3)),
])  # fmt: skip
@pytest.mark.parametrize("keepdims", [0, 1])
def test_added_and_dropped_axes_do_not_matter(
    flat: Shape, axes: tuple[int, ...], found: tuple[int, ...], keepdims: int
) -> None:
    """The dynamo exporter pools over [B, C, L] as over [B, C, 1, L]."""
    s = Sketch()
    shape = tuple(1 if i in axes else d for i, d in enumerate(flat) if keepdims or i not in axes)
    y = s.op("ReduceMean", s.op("Reshape", s.input(), shape=flat), shape=shape, axes=axes, keepdims=keepdims)
    graph = normal(s.done(y))
    assert only(graph, "ReduceMean").get("axes") == found
    assert ops(graph)[0] == "ReduceMean" and graph.nodes[graph.outputs[0]].shape == shape


def test_forms_of_the_euclidean_norm() -> None:
    s = Sketch()
    x = s.input()
    squares = s.op("ReduceSum", s.op("Pow", x, s.number(2.0)), shape=(1, 1, 8, 8), axes=(1,), keepdims=1)
    graph = normal(s.done(s.op("Sqrt", squares, shape=(1, 1, 8, 8))))
    assert ops(graph) == ["ReduceL2"]


def test_global_pool_with_and_without_flatten() -> None:
    graphs = []
    for form in ("pool", "mean", "squeeze"):
        s = Sketch()
        x = s.input(IMAGE)
        if form == "mean":
            y = s.op("ReduceMean", x, shape=(1, 4), axes=(2, 3), keepdims=0)
        else:
            y = s.op("GlobalAveragePool", x, shape=(1, 4, 1, 1))
            y = s.op("Flatten" if form == "pool" else "Squeeze", y, shape=(1, 4), axis=1)
        graphs.append(normal(s.done(y)))
    assert graphs[0] == graphs[1] == graphs[2]
